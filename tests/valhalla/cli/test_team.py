"""``valhalla team``, and what people do under their own names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from valhalla.cli.entry import run

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(home: Path, sample_leads: Path, capfd: pytest.CaptureFixture[str]) -> Say:
    """A function that runs a command on a home with the ten sample leads: (exit code, output, errors)."""
    assert run(["ingest", str(sample_leads)]) == 0
    capfd.readouterr()

    def say(*words: object) -> tuple[int, str, str]:
        try:
            code = run([str(word) for word in words])
        except SystemExit as left:
            code = int(left.code or 0)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return say


def test_a_team_is_made_and_left(say: Say) -> None:
    assert say("team", "on")[0] == 0
    assert say("team", "add", "Dana", "--role", "caller")[0] == 0
    assert json.loads(say("team", "list", "--json")[1]) == [{"name": "Dana", "role": "caller"}]
    assert say("team", "add", "dana")[0] == 2
    assert say("team", "remove", "Dana")[:2] == (0, "Dana is out of the team.\n")
    assert json.loads(say("team", "list", "--json")[1]) == []
    assert say("team", "off")[0] == 0


def test_an_outcome_stands_under_the_name_of_who_recorded_it(say: Say) -> None:
    say("team", "add", "Dana")
    assert say("outcome", "3", "no_answer", "--as", "Dana")[0] == 2, "the team is off"
    say("team", "on")
    assert say("outcome", "3", "no_answer", "--as", "dana")[0] == 0
    assert json.loads(say("outcome", "list", "3", "--json")[1])[0]["recorded_by"] == "Dana"
    code, _, err = say("outcome", "3", "no_answer", "--as", "Dona")
    assert (code, "did you mean Dana" in err) == (2, True)
    assert say("leads", "next", "--as", "Dona")[0] == 2
    assert say("leads", "next", "--release")[0] == 2
    assert json.loads(say("leads", "next", "--as", "Dana", "--release", "--json")[1]) == {"released": False}
