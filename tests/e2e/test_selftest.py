"""``valhalla selftest`` on Python with packages; the built products have their own tests."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from valhalla.safety import selftest
from valhalla.safety.preflight import Check


def test_everything_works_here_next_to_a_list_and_nothing_is_left(valhalla: Any, tmp_path: Path) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    begun_in = tmp_path / "begun in"
    begun_in.mkdir()
    (begun_in / "real_leads.csv").write_text("name,email,value\nJo Hart,jo@example.com,5\n", encoding="utf-8")
    done = valhalla("selftest", cwd=begun_in, TMPDIR=str(place), TEMP=str(place))
    assert done.code == 0, done.out + done.err
    assert done.out.endswith("The program works.\n")
    assert list(place.iterdir()) == []


def test_the_step_that_fails_is_named_and_ends_the_test(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(selftest, "_parts", lambda: "all there")

    def broken(home: object) -> str:
        raise selftest.Failed("no sample leads in this build")

    monkeypatch.setattr(selftest, "_home", broken)
    seen: list[Check] = []

    checks = selftest.run(seen.append)

    assert checks == seen
    assert [(check.name, check.ok) for check in checks] == [("parts", True), ("home", False)]
    assert checks[-1].detail == "no sample leads in this build"
