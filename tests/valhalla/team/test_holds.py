"""Nobody is called by two people: who is handed to one caller is not handed to another."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest

from db import Database
from valhalla.leads import call_list_index, outcomes
from valhalla.leads.outcomes import Outcome
from valhalla.leads.view import Viewer
from valhalla.team import holds, members

HEADER = "name,email,value,phone,address,location\n"


@pytest.fixture
def listed(database: Database, load: Any) -> Database:
    """Thirty people, of whom two have one number and one has two houses; it is morning where they are."""
    rows = [
        f"Person {n},p{n}@example.com,{100000 + n},713-555-{2100 + n},{n} Oak St,Houston TX"
        for n in range(1, 29)
    ]
    rows.append("Twin One,twin1@example.com,90000,713-555-2190,1 Elm St,Houston TX")
    rows.append("Twin Two,twin2@example.com,90000,713-555-2190,2 Elm St,Houston TX")
    rows.append("Person 1,p1@example.com,100001,713-555-2101,99 Far St,Houston TX")
    assert load(*rows, header=HEADER) == 31
    return database


def draw(database: Database, who: str) -> int | None:
    found = holds.draw(database, Viewer.now(database), who)
    return None if found.row is None else found.row.record.lead.id


def people(database: Database, leads: set[int]) -> set[str]:
    return {
        str(phone or name)
        for id, phone, name in database.sql("SELECT id, phone_key, name FROM lead")
        if id in leads
    }


def test_the_same_lead_again_until_something_is_recorded_or_it_is_given_back(listed: Database) -> None:
    first = draw(listed, "Ann")
    assert first is not None and draw(listed, "Ann") == first
    assert holds.release(listed, "Ann") and not holds.release(listed, "Ann")
    assert draw(listed, "Bo") == first, "given back"
    outcomes.record(listed, Outcome(first, "no_answer", listed.clock()), actor="Bo")
    assert draw(listed, "Bo") not in (None, first)


def test_ten_callers_are_handed_different_people(listed: Database) -> None:
    drawn = [draw(listed, f"caller {n}") for n in range(10)]
    assert None not in drawn and len(set(drawn)) == 10
    assert len(people(listed, {each for each in drawn if each})) == 10


def test_everybody_is_handed_out_once_and_then_nobody(listed: Database) -> None:
    drawn = []
    while (each := draw(listed, f"caller {len(drawn)}")) is not None:
        drawn.append(each)
    assert len(people(listed, set(drawn))) == len(drawn) == 29, "two have one number, one has two houses"


def test_callers_at_the_same_moment_are_handed_different_people(
    listed: Database, together: Callable[..., list[object]]
) -> None:
    drawn = together(6, lambda number: draw(listed, f"caller {number}"))
    assert all(isinstance(each, int) for each in drawn) and len(set(drawn)) == 6


def test_a_caller_who_goes_away_gives_the_person_back(listed: Database, clock: Any) -> None:
    first = draw(listed, "Ann")
    assert draw(listed, "Bo") != first
    clock.advance(11 / 1440)
    assert draw(listed, "Cy") == first


def test_who_was_called_while_the_list_was_read_is_not_handed_out_again(
    listed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, called = holds._hold, []

    def late(database: Database, who: str, lead_id: int, *more: Any) -> int | None:
        if who == "Ann" and not called:
            called.append(draw(listed, "Bo"))
            outcomes.record(listed, Outcome(lead_id, "no_answer", listed.clock()), actor="Bo")
            assert draw(listed, "Bo") != lead_id
        return real(database, who, lead_id, *more)

    monkeypatch.setattr(holds, "_hold", late)
    mine = draw(listed, "Ann")
    assert mine is not None and called and mine not in called


LONG = os.environ.get("VALHALLA_LONG") == "1"


def test_ten_callers_draw_all_day_and_nobody_is_offered_twice(database: Database, load: Any) -> None:
    """10,000 draws by ten callers with VALHALLA_LONG=1, else 60, each of which ends in an outcome."""
    draws = 10_000 if LONG else 60
    rows = (
        f"P {n},p{n}@example.com,{n},713-{200 + n // 9000}-{1000 + n % 9000},{n} Oak St,Houston TX"
        for n in range(1, draws + 1)
    )
    load(*rows, header=HEADER)
    call_list_index.adapt(database)  # as after each import
    numbers = iter(range(draws))
    held: dict[int, str] = {}
    turn = threading.Lock()
    twice: list[tuple[int, str, str]] = []
    called: list[int] = []

    def caller(who: str) -> None:
        while next(numbers, None) is not None:
            lead = draw(database, who)
            if lead is None:
                return
            with turn:
                if held.get(lead, who) != who:
                    twice.append((lead, who, held[lead]))
                held[lead] = who
            outcomes.record(database, Outcome(lead, "not_interested", database.clock()), actor=who)
            with turn:
                called.append(lead)

    threads = [threading.Thread(target=caller, args=(f"caller {n}",)) for n in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert twice == [] and len(called) == len(set(called)) == len(held) == draws


def test_a_draw_reads_along_indexes_and_never_a_whole_table(listed: Database) -> None:
    """Of every statement that a draw makes, what SQLite would read: no scan of a table that grows with the leads."""
    members.add(listed, "Ann", "caller")
    call_list_index._move(listed, -1_000_000)  # as where there are enough leads to fill a list from the index
    draw(listed, "Bo")
    asked: dict[str, Any] = {}

    def see(cursor: Any, statement: str, bindings: Any) -> bool:
        asked[statement] = bindings
        return True

    connection = listed.connection()
    connection.exec_trace = see
    try:
        draw(listed, "Ann")
        draw(listed, "Ann")
    finally:
        connection.exec_trace = None
    growing = {"lead", "outcome", "promise", "lead_key", "lead_phone", "suppression", "number_fate"}
    scans = []
    for statement, bindings in asked.items():
        if not statement.lstrip().upper().startswith(("SELECT", "WITH")):
            continue
        names = dict(re.findall(r"(?:FROM|JOIN)\s+(\w+)\s+AS\s+(\w+)", statement))
        tables = {alias: table for table, alias in names.items()}
        for _, _, _, detail in connection.execute(f"EXPLAIN QUERY PLAN {statement}", bindings):
            found = re.match(r"SCAN (\w+)", detail)
            if found and "INDEX" not in detail and tables.get(found[1], found[1]) in growing:
                scans.append((detail, statement))
    assert len(asked) > 5 and scans == []
