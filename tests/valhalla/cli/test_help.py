"""What ``valhalla`` alone says."""

from __future__ import annotations

import pytest

from valhalla.cli.app import COMMANDS, GROUPS
from valhalla.cli.entry import run


def test_valhalla_alone_shows_every_command_below_its_heading(capfd: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    lines = capfd.readouterr().out.splitlines()
    headings = [line.rstrip(":") for line in lines if line.rstrip(":") in GROUPS]
    assert headings == ["Every day", "Lists", "Deals", "Safety", "Audit", "Engineers"]
    below = lines[lines.index("Every day:") :]
    assert [line.split()[0] for line in below if line.startswith("  ")] == [*COMMANDS]


def test_a_wrong_word_gets_the_nearest_right_one(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["lead"]) == 2
    assert "Did you mean 'leads'" in capfd.readouterr().err
