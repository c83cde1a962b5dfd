"""What is tried again and again is not logged again and again."""

from __future__ import annotations

import pytest

from jobs import complaint
from jobs.complaint import Complaint


def test_the_same_warning_is_logged_once_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(complaint.time, "monotonic", lambda: now[0])
    about = Complaint("not now: %s")
    for second, error in (
        (0, "locked"),
        (1, "locked"),
        (59, "locked"),
        (60, "locked"),
        (61, "full"),
        (62, "locked"),
    ):
        now[0] = 100.0 + second
        about.log(OSError(error))
    assert caplog.messages == ["not now: locked", "not now: locked", "not now: full", "not now: locked"]
