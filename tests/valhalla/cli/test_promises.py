"""``valhalla promises`` and ``valhalla calendar``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NOON = 1_795_024_800_000_000
"""2026-11-18 12:00 in Houston, a Wednesday."""
LIST = "Owner Name,Address,City,State,Zip,Phone 1,Phone 2\n" + "".join(
    f"Person {n},{n} Oak St,Houston,TX,77018,713-555-21{n:02},713-555-31{n:02}\n" for n in (1, 2)
)

Say = Callable[..., Any]


@pytest.fixture
def say(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Any]) -> Say:
    def words(*given: str, code: int = 0) -> str:
        answer = command(*given, code=code)
        return str(answer.out if code == 0 else answer.err)

    monkeypatch.setattr("db.clock.now", lambda: NOON)
    (tmp_path / "a.csv").write_text(LIST, encoding="utf-8")
    words("config", "set", "timezone", "America/New_York")
    words("ingest", str(tmp_path / "a.csv"))
    return words


def test_a_call_back_is_promised_moved_kept_and_in_the_calendar(say: Say, tmp_path: Path) -> None:
    out = say("outcome", "1", "callback", "--at", "tue 3pm", "--note", "about the roof")
    assert "promised for Tue Nov 24, 3:00 pm in Chicago (Tue Nov 24, 4:00 pm here)" in out
    (row,) = json.loads(say("--json", "promises", "list"))
    assert {key: row[key] for key in ("lead", "name", "kind", "at", "note", "state")} == {
        "lead": 1,
        "name": "Person 1",
        "kind": "callback",
        "at": "2026-11-24T21:00:00+00:00",
        "note": "about the roof",
        "state": "open",
    }
    assert json.loads(say("--json", "promises", "list", "--due")) == []
    number = str(row["id"])
    moved = json.loads(say("--json", "promises", "move", number, "wed 10am my time"))
    assert moved["at"] == "2026-11-25T15:00:00+00:00"
    say("promises", "add", "2", "appointment", "--at", "tomorrow 9:30", "--place", "at the house")
    file = tmp_path / "my.ics"
    assert say("calendar", str(file)) == f"2 events written to {file}\n"
    assert b"DTSTART:20261125T150000Z\r\n" in file.read_bytes()
    assert say("calendar").count("BEGIN:VEVENT") == 2
    assert say("promises", "done", number).startswith(f"Promise {number} was kept.")
    assert [each["kind"] for each in json.loads(say("--json", "promises", "list"))] == ["appointment"]
    assert len(json.loads(say("--json", "promises", "list", "--all"))) == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["promises", "add", "1", "--at", "whenever"], "write it as tue 3pm"),
        (["promises", "add", "1"], "say when"),
        (["promises", "add", "1", "party", "--at", "3pm"], "not a kind"),
        (["promises", "add", "1", "--at", "2020-01-01"], "lies ahead"),
        (["promises", "add", "9", "--at", "3pm"], "no lead 9"),
        (["promises", "done", "9"], "no promise 9"),
        (["outcome", "1", "callback"], "when they asked to be called"),
        (["outcome", "1", "callback", "--at", "blue monday"], "write it as tue 3pm"),
        (["outcome", "1", "no_answer", "--number", "12"], "not a telephone number"),
    ],
)
def test_what_cannot_be_meant_is_said_and_changes_nothing(say: Say, words: list[str], says: str) -> None:
    assert says in say(*words, code=1 if says.startswith(("no lead", "no promise")) else 2)
    assert json.loads(say("--json", "promises", "list", "--all")) == []
