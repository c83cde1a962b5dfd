"""Working through the list at the terminal: ten leads, one key each."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from db.clock import DAY, HOUR, MINUTE
from valhalla.leads import outcomes
from valhalla.program.database import open_database
from valhalla.program.errors import UsageError

NOON = 1_795_024_800_000_000
"""2026-11-18 12:00 in Houston, a Wednesday."""
HEADER = "Owner Name,Address,City,State,Zip,Phone 1,Phone 2,Estimated Value,Equity Percent\n"
ROWS = [
    f"Person {n},{n} Oak St,Houston,TX,77018,713-555-21{n:02},713-555-31{n:02},300000,{98 - 4 * n}\n"
    for n in range(1, 13)
]

Press = Callable[..., str]


class Day:
    """A home on a day whose clock the test moves."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Any]) -> None:
        self.now = NOON
        self.list = folder / "a.csv"
        self.list.write_text(HEADER + "".join(ROWS), encoding="utf-8")
        self._patch, self._command = monkeypatch, command
        monkeypatch.setattr("db.clock.now", lambda: self.now)
        self.say("config", "set", "timezone", "America/Chicago")
        self.say("ingest", str(self.list))

    def press(self, keys: Iterable[str], *words: str) -> str:
        """What ``valhalla call`` prints when these keys are pressed; the input ends then."""
        waiting = iter(keys)

        def answer(_: str = "") -> str:
            self.now += MINUTE
            try:
                return next(waiting)
            except StopIteration:
                raise EOFError from None

        self._patch.setattr("builtins.input", answer)
        return self.say("call", *words)

    def say(self, *words: str, code: int = 0) -> str:
        return str(self._command(*words, code=code).out)

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self.say("--json", *words, code=code))

    def outcomes(self, lead: int) -> list[str]:
        return [
            each["event"]
            for each in self.json("leads", "show", str(lead))["outcomes"]
            if not each["undone_at"]
        ]


@pytest.fixture
def day(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Any]) -> Day:
    return Day(tmp_path, monkeypatch, command)


def test_ten_leads_are_called_with_ten_keys_and_tomorrow_knows_it(day: Day) -> None:
    out = day.press(["1", "2", "5", "7", "9", "1", "1", "2", "1", "1", "q"])
    assert "10 of 50 dials today · 2 talked · 0 appointments" in out
    assert [day.outcomes(lead) for lead in range(1, 11)] == [
        *(
            ["no_answer"],
            ["voicemail"],
            ["interested"],
            ["not_interested"],
            ["opted_out"],
            ["no_answer"],
            ["no_answer"],
        ),
        *(["voicemail"], ["no_answer"], ["no_answer"]),
    ]
    assert day.json("leads", "next")["lead"]["id"] == 11
    day.now += 2 * DAY
    groups = [(each["group"], each["id"]) for each in day.json("today", "--limit", "20")]
    assert groups[:3] == [("warm", 3), ("new", 11), ("new", 12)] and groups[3][0] == "retries"
    assert {4, 5} & {number for _, number in groups} == set()


def test_a_wrong_number_brings_the_next_one_and_an_undo_the_first(day: Day) -> None:
    out = day.press(["3"])
    assert out.index("713-555-2101") < out.index("713-555-3101")
    assert day.json("leads", "next")["lead"]["phone"] == "713-555-3101"
    out = day.press(["z"])
    assert "Undone: wrong number of Person 1" in out
    assert day.json("leads", "next")["lead"]["phone"] == "713-555-2101"


def test_a_call_back_stands_on_top_when_it_is_due(day: Day) -> None:
    out = day.press(["4 1d", "y", "q"])
    assert "Thu Nov 19" in out and "Person 1: callback" in out
    assert day.json("leads", "next")["lead"]["id"] == 2
    day.now += DAY
    found = day.json("leads", "next")
    assert (found["lead"]["id"], found["lead"]["group"], found["lead"]["promise"]["late"]) == (
        1,
        "promised",
        True,
    )
    assert found["hold"]["by"] == "operator"


def test_notes_tags_corrections_and_skips_stay_with_the_lead(day: Day) -> None:
    day.press(["n daughter handles it", "t hot", "e 713-555-9999", "s", "q"])
    lead = day.json("leads", "show", "1")
    assert [each["text"] for each in lead["notes"]] == ["daughter handles it"]
    assert (lead["tags"], lead["phone"]) == (["hot"], "713-555-9999")
    day.list.write_text(HEADER + "".join(ROWS).replace("77018", "77019"), encoding="utf-8")
    day.say("ingest", str(day.list))
    assert day.json("leads", "show", "1")["phone"] == "713-555-9999"


def test_an_appointment_of_tuesday_is_in_this_week_and_in_the_calendar(day: Day) -> None:
    out = day.press(["6 tue 3pm", "y", "q"])
    assert "Tue Nov 24, 3:00 pm" in out and "Person 1: appointment" in out and "1 appointment\n" in out
    assert day.json("week")["appointments"] == 1
    calendar = day.say("calendar")
    assert "DTSTART:20261124T210000Z" in calendar and "Person 1" in calendar
    assert "Person 1  " not in day.say("today"), "not before its day"
    day.now += 6 * DAY
    first = day.json("today")[0]
    assert (first["group"], first["name"]) == ("appointments", "Person 1")


@pytest.mark.parametrize("typed", ["4 whenever", "6 2020-01-01", "x", "n "])
def test_what_cannot_be_understood_is_said_and_records_nothing(day: Day, typed: str) -> None:
    out = day.press([typed, "q"])
    assert day.outcomes(1) == [] and "Traceback" not in out
    assert out.count("1 Oak St, Houston") == 1, "the lead stays, with what can be pressed"


def test_a_time_comes_with_its_place_and_note_and_more_than_the_number_is_put_right(day: Day) -> None:
    out = day.press(["4 1d; wife decides", "y", "6 tue 3pm; at the house; bring comps", "y", "q"])
    assert "12:00 pm in Houston, fine to call until 8:00 pm · never tried yet" in out
    made = {each["lead"]: (each["place"], each["note"]) for each in day.json("promises", "list")}
    assert made == {1: (None, "wife decides"), 2: ("at the house", "bring comps")}
    day.press(["e name Dana Lee", "e 713-555-9999", "q"])
    assert [day.json("leads", "show", "3")[each] for each in ("name", "phone")] == [
        "Dana Lee",
        "713-555-9999",
    ]
    whole = day.json("leads", "show", "1")
    assert [each["kind"] for each in whole["timeline"]] == ["call", "list"]
    assert "callback at (713) 555-2101: Thu Nov 19" in day.say("leads", "show", "1")


def test_a_no_to_the_time_that_was_understood_records_nothing(day: Day) -> None:
    day.press(["4 1d", "n", "q"])
    assert day.outcomes(1) == []


def test_outside_calling_hours_it_says_when_calling_may_go_on(day: Day) -> None:
    day.now += 10 * HOUR  # 10 pm in Houston
    found = day.json("leads", "next", code=1)
    assert found["lead"] is None and found["opens"].startswith("2026-11-19T15:00")
    assert "Calling may continue Thu Nov 19" in day.say("leads", "next", code=1)
    assert "Calling may continue" in day.say("call", code=1)
    assert len(day.json("today", "--limit", "20")) == 12, "listed as by day"


def test_when_everybody_was_called_nobody_is_left(day: Day) -> None:
    out = day.press(["9"] * 12)
    assert "Nobody is left to call today" in out
    assert day.json("leads", "next", code=1)["opens"] is None


def test_a_group_that_does_not_exist_is_refused(day: Day) -> None:
    day.say("call", "--only", "cold", code=2)


def test_a_saved_filter_is_counted_worked_tagged_and_exported(day: Day, tmp_path: Path) -> None:
    day.say("leads", "tag", "7", "hot")
    day.say("leads", "tag", "9", "hot")
    made = day.json("filters", "save", "my hot ones", "#hot, never called")
    assert made["count"] == 2
    out = day.press(["1", "1"], "--filter", "my hot ones")
    assert "Person 7: no answer" in out and "Nobody is left" in out
    assert [each["count"] for each in day.json("filters", "list")] == [0]
    day.say("filters", "save", "my hot ones", "#hot")
    assert day.json("filters", "tag", "my hot ones", "second try")["leads"] == 2
    assert day.json("leads", "show", "9")["tags"] == ["hot", "second try"]
    assert day.json("filters", "export", "my hot ones", str(tmp_path / "hot.csv"))["leads"] == 2
    day.say("filters", "remove", "my hot ones")
    assert day.json("filters", "list") == []
    day.say("filters", "save", "bad", "purple", code=2)


def test_a_call_back_in_three_minutes_is_next_when_it_is_due(day: Day) -> None:
    out = day.press(["4 in 3 min", "y", "1", "1", "1", "q"])
    assert "Person 1: callback" in out
    # A key takes a minute here: two leads later the promise is due, and its lead is on the screen again.
    assert out.index("Person 2  New") < out.index("Person 1  Promised")
    assert day.outcomes(1) == ["callback", "no_answer"]


def test_the_next_lead_is_shown_while_a_list_keeps_the_outcome_waiting(
    day: Day, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, keys = threading.Event(), iter(["1", "2", "q"])
    before: list[list[str]] = []
    with open_database(home / "valhalla.db") as other, ExitStack() as reading:

        def answer(_: str = "") -> str:
            key = next(keys)
            if key == "1":
                threading.Thread(target=hold).start()
                waiting.wait(20)
            elif key == "2":  # the second lead is on the screen
                before.append([event for (event,) in other.sql("SELECT event FROM outcome")])
                done.set()
            return key

        def hold() -> None:
            with other.write():
                waiting.set()
                done.wait(20)

        done = threading.Event()
        reading.callback(done.set)
        monkeypatch.setattr("builtins.input", answer)
        out = day.say("call")
    said = ["Person 1: no answer, is being stored.", "Person 2  New", "Person 1: no answer. (z undoes it)"]
    assert [out.index(each) for each in said] == sorted(out.index(each) for each in said)
    assert before == [[]] and [day.outcomes(lead) for lead in (1, 2)] == [["no_answer"], ["voicemail"]]


def test_an_outcome_that_could_not_be_stored_is_said_and_its_lead_comes_again(
    day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, store, tries = threading.Event(), outcomes.record_all, []

    def stored(*given: Any) -> Any:
        tries.append(given)
        if len(tries) == 1:
            shown.wait(20)
            raise UsageError("the disk was full")
        return store(*given)

    keys = iter(["1", "2", "q"])

    def answer(_: str = "") -> str:
        key = next(keys)
        if key == "2":
            shown.set()
        return key

    monkeypatch.setattr("valhalla.leads.outcomes.record_all", stored)
    monkeypatch.setattr("builtins.input", answer)
    out = day.say("call")
    said = ["is being stored.", "Person 2  New", "the disk was full", "Person 2: voicemail. (z"]
    assert [out.index(each) for each in said] == sorted(out.index(each) for each in said)
    assert [day.outcomes(lead) for lead in (1, 2)] == [[], ["voicemail"]]
    assert day.json("leads", "next")["lead"]["id"] == 1


def test_calling_goes_on_with_tomorrows_call_back(day: Day) -> None:
    day.press(["4 tomorrow 10am", "y", *["9"] * 10, "q"])
    day.say("outcome", "12", "opted_out")
    found = day.json("leads", "next", code=1)
    assert found["lead"] is None and found["opens"].startswith("2026-11-19T16:00")
