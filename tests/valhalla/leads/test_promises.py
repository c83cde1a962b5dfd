"""Promises: made by outcomes and by hand, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from db import Database
from db.clock import DAY, HOUR, MINUTE
from valhalla.leads import promises
from valhalla.leads.outcomes import as_typed, record, undo
from valhalla.leads.settling import read_lead
from valhalla.program.errors import NotFound, UsageError


def states(database: Database, lead: int) -> list[tuple[str, str]]:
    return [(each.kind, each.state) for each in promises.of_lead(database, lead)]


def test_a_callback_is_a_promise_and_holds_the_lead_until_then(
    database: Database, people: Any, tell: Any
) -> None:
    people(1)
    now = database.clock()
    recorded = tell(1, "callback", until=now + 3 * MINUTE, note="about the roof")
    assert recorded.standing[:4] == ("contacted", 1, now, now + 3 * MINUTE)
    (found,) = promises.listed(database)
    assert (found.promise.id, found.promise.kind, found.promise.note) == (
        recorded.promise_id,
        "callback",
        "about the roof",
    )
    assert promises.due(database, now) == []
    assert [each.promise.id for each in promises.due(database, now + 3 * MINUTE)] == [recorded.promise_id]


def test_what_is_recorded_afterwards_ends_it_and_undoing_that_opens_it_again(
    database: Database, people: Any, tell: Any
) -> None:
    people(1)
    now = database.clock()
    tell(1, "callback", days_ago=1, until=now + MINUTE)
    assert states(database, 1) == [("callback", "open")]
    called = tell(1, "no_answer")
    assert states(database, 1) == [("callback", "kept")], "called as promised, fifteen minutes early at most"
    undo(database, called.id)
    assert states(database, 1) == [("callback", "open")]
    assert read_lead(database, 1).hold_until == now + MINUTE


@pytest.mark.parametrize(
    ("event", "more", "state"),
    [
        ("no_answer", {}, "open"),
        ("contacted", {}, "open"),
        ("callback", {"until": 9 * DAY}, "dropped"),
        ("not_interested", {}, "dropped"),
        ("sold", {}, "dropped"),
        ("opted_out", {}, "dropped"),
    ],
)
def test_before_its_time_a_promise_ends_only_by_what_makes_it_pointless(
    database: Database, people: Any, tell: Any, event: str, more: dict[str, int], state: str
) -> None:
    people(1)
    now = database.clock()
    tell(1, "callback", days_ago=1, until=now + 2 * DAY)
    tell(1, event, **{name: now + value for name, value in more.items()})
    assert states(database, 1)[0] == ("callback", state)


def test_an_appointment_ahead_is_typed_as_its_time(database: Database, people: Any) -> None:
    people(1)
    given = as_typed(database, 1, "appointment", at="2w", place="at the house")
    now = database.clock()
    assert (given.at, given.until, given.place) == (now, now + 14 * DAY, "at the house")
    record(database, given)
    (found,) = promises.appointments(database, now, now + 20 * DAY)
    assert found.promise.place == "at the house"


def test_a_promise_by_hand_is_moved_confirmed_kept_and_reopened(database: Database, people: Any) -> None:
    people(2)
    now = database.clock()
    made = promises.add(database, 2, "appointment", now + DAY, place="her office")
    assert read_lead(database, 2).hold_until == now + DAY
    promises.confirm(database, made.id)
    moved = promises.move(database, made.id, now + 2 * DAY)
    assert (moved.at, moved.confirmed_at) == (now + 2 * DAY, None)
    assert read_lead(database, 2).hold_until == now + 2 * DAY
    assert promises.done(database, made.id, "missed").state == "missed"
    assert read_lead(database, 2).hold_until is None
    with pytest.raises(UsageError, match="was missed"):
        promises.move(database, made.id, now + DAY)
    assert promises.reopen(database, made.id).state == "open"
    promises.add(database, 2, "task", now + HOUR)
    assert read_lead(database, 2).hold_until == now + 2 * DAY, "a task keeps nobody from calling"


@pytest.mark.parametrize(
    ("kind", "ahead", "says"), [("party", 1, "not a kind"), ("task", 0, "ahead"), ("task", 2_000, "too far")]
)
def test_nonsense_is_refused(database: Database, people: Any, kind: str, ahead: int, says: str) -> None:
    people(1)
    with pytest.raises(UsageError, match=says):
        promises.add(database, 1, kind, database.clock() + ahead * DAY)
    with pytest.raises(NotFound):
        promises.add(database, 9, "task", database.clock() + DAY)
    assert promises.of_lead(database, 1) == []


def test_who_must_not_be_contacted_is_promised_nothing(database: Database, people: Any, tell: Any) -> None:
    people(1)
    now = database.clock()
    promises.add(database, 1, "task", now + 1)
    assert len(promises.due(database, now + 2)) == 1
    tell(1, "opted_out")
    assert promises.due(database, now + 2) == []
