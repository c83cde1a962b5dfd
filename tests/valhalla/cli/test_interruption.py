"""Ctrl+C, once and twice."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from valhalla.cli import run
from valhalla.program import executable


@pytest.mark.parametrize(
    ("unpacked", "heard_again_until"),
    [(None, run.TWICE_SECONDS), (Path("_MEI12"), run.LOADER_SECONDS)],
    ids=["no loader", "a loader that passes on what it was told"],
)
def test_the_first_stops_in_good_order_and_the_second_at_once(
    monkeypatch: pytest.MonkeyPatch, unpacked: Path | None, heard_again_until: float
) -> None:
    now = 100.0
    monkeypatch.setattr(run.time, "monotonic", lambda: now)
    monkeypatch.setattr(executable, "unpacked_folder", lambda: unpacked)
    stop, interruption = threading.Event(), run._Interruption()
    interruption.add(stop)

    interruption()
    assert stop.is_set()
    assert interruption.happened

    now += heard_again_until - 0.1
    interruption()  # the same, once more

    now += 0.2
    with pytest.raises(KeyboardInterrupt):
        interruption()
