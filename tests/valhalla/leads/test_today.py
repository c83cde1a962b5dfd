"""Today's list: its groups, their order, and that a person stands once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from db import Database
from db.clock import DAY, HOUR, MINUTE, SECOND
from valhalla.leads import editing, outcomes, promises, sql, tags, today, working
from valhalla.leads.outcomes import Outcome
from valhalla.leads.view import Entries, Viewer
from valhalla.program import settings
from valhalla.scoring.policies import change

LEADS = "".join(f"Lead {n},l{n}@example.com,{100_000 + n},713-555-21{n:02},Houston TX\n" for n in range(1, 9))
TRADE = "Owner Name,Address,City,State,Zip,Phone 1\n"
NOON = 1_795_024_800_000_000
"""2026-11-18 12:00 in Houston, a Wednesday."""


@pytest.fixture
def at_noon(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    now = [NOON]
    monkeypatch.setattr(desk.database, "clock", lambda: now[0])
    desk.now = now
    return desk


def record(database: Database, lead: int, event: str, ago: int = 0, **more: Any) -> None:
    outcomes.record(database, Outcome(lead, event, database.clock() - ago, **more))


def listed(database: Database, **asked: Any) -> dict[str, list[int]]:
    viewer = Viewer.now(database)
    return {
        each.heading: [row.record.lead.id for row in each.rows]
        for each in today.groups(database, viewer, **asked)
    }


def test_the_first_rows_are_those_of_the_groups(at_noon: Any) -> None:
    """The command line shows rows and counts of one walk, and JSON the rows alone."""
    database = at_noon.database
    at_noon.take("a.csv", LEADS)
    record(database, 1, "callback", until=NOON + 5 * MINUTE)
    record(database, 4, "interested", 10 * DAY)
    record(database, 5, "no_answer", 10 * DAY)
    viewer = Viewer.now(database)
    for limit in range(1, 10):
        first = [row.record.lead.id for row in today.top(database, viewer, limit)]
        found = listed(database, each=limit)
        assert first == [number for rows in found.values() for number in rows][:limit]
        assert len(first) == min(limit, 8)


def test_each_group_has_its_leads_and_an_empty_one_is_left_out(at_noon: Any) -> None:
    database = at_noon.database
    at_noon.take("a.csv", LEADS)
    assert {heading: sorted(ids) for heading, ids in listed(database).items()} == {
        "New": [1, 2, 3, 4, 5, 6, 7, 8]
    }
    record(database, 1, "callback", until=NOON + 5 * MINUTE)
    record(database, 2, "appointment", until=NOON + 3 * HOUR)
    record(database, 3, "offer", 20 * DAY, amount=9_000_000)
    record(database, 4, "interested", 10 * DAY)
    record(database, 5, "no_answer", 10 * DAY)
    record(database, 6, "no_answer")  # today: not before another day
    record(database, 7, "opted_out")
    found = listed(database)
    assert found == {
        "Promised": [1],
        "Appointments": [2],
        "Deals": [3],
        "Warm": [4],
        "New": [8],
        "Retries": [5],
    }
    assert [*found] == [*today.HEADINGS.values()]
    viewer = Viewer.now(database)
    rows = [row.to_json(viewer, rank) for rank, row in enumerate(today.top(database, viewer, 4), 1)]
    assert [(each["rank"], each["id"], each["group"]) for each in rows] == [
        (1, 1, "promised"),
        (2, 2, "appointments"),
        (3, 3, "deals"),
        (4, 4, "warm"),
    ]
    assert (rows[0]["promise"]["kind"], rows[0]["promise"]["late"]) == ("callback", False)
    assert rows[2]["deal"]["stage"] == "offer" and "No answer to the offer" in rows[2]["deal"]["why"]


def test_a_late_promise_comes_first_and_a_later_day_is_not_yet_there(at_noon: Any) -> None:
    database = at_noon.database
    at_noon.take("a.csv", LEADS)
    record(database, 3, "callback", until=NOON + 2 * HOUR)
    record(database, 2, "callback", until=NOON + HOUR)
    record(database, 4, "callback", until=NOON + 2 * DAY)
    promises.add(database, 5, "task", NOON + MINUTE)
    assert listed(database)["Promised"] == [5, 2, 3]
    at_noon.now[0] = NOON + 90 * MINUTE
    (group, *_) = today.groups(database, Viewer.now(database))
    assert [
        row.promise is not None and row.promise.to_json(database.clock())["late"] for row in group.rows
    ] == [
        True,
        True,
        False,
    ]


def test_a_confirmed_appointment_of_tomorrow_waits_and_one_that_has_been_asks_how_it_went(
    at_noon: Any,
) -> None:
    database = at_noon.database
    at_noon.take("a.csv", LEADS)
    for lead, at in ((1, DAY), (2, DAY + HOUR), (3, 3 * DAY), (4, HOUR)):
        record(database, lead, "appointment", until=NOON + at)
    (first, *_) = [each for each in promises.listed(database) if each.promise.lead_id == 1]
    promises.confirm(database, first.promise.id)
    assert listed(database)["Appointments"] == [4, 2]
    at_noon.now[0] = NOON + 20 * HOUR
    assert listed(database)["Appointments"] == [4, 1, 2], (
        "today, and yesterday's of which nobody said how it went"
    )


def test_somebody_warm_who_was_spoken_with_today_stays_warm_and_is_marked(at_noon: Any) -> None:
    database = at_noon.database
    at_noon.take("a.csv", LEADS)
    record(database, 3, "interested")
    viewer = Viewer.now(database)
    (row,) = [each for each in today.top(database, viewer, 20) if each.group == "warm"]
    entry = row.to_json(viewer)
    assert (entry["id"], entry["next_action"]) == (3, "hold") and entry["next_action_due"] is not None


def test_a_person_with_several_properties_stands_once(at_noon: Any) -> None:
    houses = "".join(f"Mary Jaxon,{n} Oak St,Houston,TX,77018,713-555-2101\n" for n in (12, 14, 16))
    at_noon.take("a.csv", houses + "Ann Ames,1 Elm St,Houston,TX,77018,713-555-2102\n", header=TRADE)
    assert len(at_noon.leads()) == 4
    assert len(listed(at_noon.database)["New"]) == 2
    record(at_noon.database, 2, "interested", 20 * DAY)
    found = listed(at_noon.database)
    assert found["Warm"] == [2] and len(found["New"]) == 1


def test_a_market_is_kept_to_in_every_group(at_noon: Any) -> None:
    database = at_noon.database
    at_noon.take("a.csv", LEADS + "Dan,dan@example.com,5,214-555-2101,Dallas TX\n")
    record(database, 1, "callback", until=NOON + HOUR)
    assert listed(database, market="Dallas, TX") == {"New": [9]}


def test_nobody_is_missed_while_others_call(at_noon: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads the list on after the first few finds everybody, though those were called meanwhile and the rest moved up."""
    monkeypatch.setattr(today, "FIRST", 3)
    at_noon.take("a.csv", LEADS)
    database = at_noon.database
    rows = today.walk(database, Viewer.now(database))
    found = [next(rows).record.lead.id for _ in range(3)]
    for lead in found:
        record(database, lead, "not_interested")
    found += [row.record.lead.id for row in rows]
    assert sorted(found) == [number for number, *_ in at_noon.leads()]


def test_counting_ends_where_nobody_calls_any_more(at_noon: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(today, "COUNTED", 3)
    at_noon.take("a.csv", LEADS)
    viewer = Viewer.now(at_noon.database)
    assert {each.key: each.says for each in today.groups(at_noon.database, viewer, each=0)} == {"new": "3+"}
    assert [len(each.rows) for each in today.groups(at_noon.database, viewer, each=2)] == [2]


def test_retries_and_the_warm_are_read_through_their_indexes(desk: Any) -> None:
    for text, index in ((sql.AGAIN, "lead_by_last_contact"), (sql.WARM, "lead_by_standing")):
        asked = sql.chosen(text, 0, "0", part="again") if "{which}" in text else text
        plan = desk.database.sql("EXPLAIN QUERY PLAN " + asked, {"now": 0})
        assert any(index in str(row) for row in plan), plan


def test_an_entry_that_is_kept_is_the_one_that_would_be_made(at_noon: Any) -> None:
    database = at_noon.database
    at_noon.take("a.csv", LEADS)
    kept = Entries()

    def entries(kept: Entries | None = None) -> list[dict[str, Any]]:
        viewer = Viewer.now(database, entries=kept)
        return [row.to_json(viewer) for row in today.top(database, viewer, 20)]

    assert entries(kept) == entries(kept) == entries()
    steps: list[Callable[[], object]] = [
        lambda: record(database, 1, "callback", until=NOON + 5 * MINUTE),
        lambda: record(database, 2, "busy"),
        lambda: promises.done(database, 1, "dropped"),
        lambda: tags.put(database, [3], ["hot"]),
        lambda: editing.correct(database, 4, name="Dana Lee", phone="713-555-9999"),
        lambda: at_noon.now.__setitem__(0, NOON + 29 * MINUTE + 59 * SECOND),
        lambda: at_noon.now.__setitem__(0, NOON + 30 * MINUTE),  # the busy line may be tried again
        lambda: change(database, "calling.call_now_from", 99, "only the best at once"),
        lambda: settings.save(database, "quiet_hours", "12:00-08:00"),
        lambda: at_noon.now.__setitem__(0, NOON + 3 * DAY),
    ]
    for step in steps:
        step()
        assert entries(kept) == entries()


def test_as_many_as_were_asked_for_are_ready(at_noon: Any) -> None:
    at_noon.take("a.csv", LEADS)
    viewer = Viewer.now(at_noon.database)
    everybody, opens = working.ready(at_noon.database, viewer, 50)
    assert len(everybody) == 8 and opens is None
    for count in range(1, 9):
        rows, _ = working.ready(at_noon.database, viewer, count)
        assert [row.record.lead.id for row in rows] == [row.record.lead.id for row in everybody[:count]]


def test_who_is_next_is_read_from_the_groups_where_they_show_it(at_noon: Any) -> None:
    database = at_noon.database
    at_noon.take("a.csv", LEADS)
    record(database, 2, "appointment", until=NOON + 3 * HOUR)
    record(database, 4, "interested", 10 * DAY)
    for without in (set(), {4}, {4, 8}, {4, 8, 7, 6, 5, 3, 1}):
        for each in (1, 5, 50):
            viewer = Viewer.now(database)
            found = working.first_of(viewer, today.groups(database, viewer, each=each), without)
            right = working.next_row(database, viewer, without=without).row
            assert found is None or found.record.lead.id == right.record.lead.id
            assert each < 50 or (found is None) == (right is None)


@pytest.mark.parametrize("formula", [1, 2])
def test_a_line_of_a_table_says_what_the_entry_says(at_noon: Any, formula: int) -> None:
    database = at_noon.database
    change(database, "formula", formula, "the one to be tried")
    at_noon.take("a.csv", LEADS)
    for lead, event in ((2, "no_answer"), (3, "interested"), (4, "not_interested"), (5, "opted_out")):
        record(database, lead, event, DAY)
    record(database, 6, "callback", until=NOON + 3 * HOUR)
    at_noon.now[0] += 40 * DAY  # less fresh than when it was decided
    viewer = Viewer.now(database)
    entries = [viewer.entry(viewer.record(lead)) for lead in range(1, 9)]
    lines = [viewer.line(viewer.record(lead)) for lead in range(1, 9)]
    assert lines == [{name: entry[name] for name in lines[0]} for entry in entries]
    assert {entry["status"] for entry in entries} >= {"new", "contacted", "opted_out"}
    assert len({entry["score"] for entry in entries}) > 1 and entries[4]["score"] == 0
