"""No number twice a day, a person three times in 24 hours at most, none after a conversation: for the person and the number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from db import Database
from db.clock import DAY, HOUR, MINUTE
from valhalla.leads.call_list import numbers as listed
from valhalla.leads.contact_rules import May, may_call
from valhalla.leads.view import Viewer
from valhalla.program import settings

ONE, TWO, THREE, FOUR = (f"+1713555010{last}" for last in range(1, 5))
NOON = int(datetime(2026, 6, 17, 12, tzinfo=ZoneInfo("America/Chicago")).timestamp()) * 1_000_000


@pytest.fixture(autouse=True)
def noon(database: Database) -> None:
    database.clock = lambda: NOON


def viewer(database: Database, at: int = NOON) -> Viewer:
    return Viewer(
        database,
        at,
        settings.effective(database) | {"quiet_hours": "00:00-00:00", "timezone": "America/Chicago"},
    )


def may(database: Database, lead: int = 1, at: int = NOON) -> May:
    return may_call(database, lead, viewer(database).calling, at)


def on_list(database: Database, at: int = NOON) -> list[int]:
    return sorted(listed(database, viewer(database, at), 10))


@pytest.fixture
def owner(database: Database, people: Any) -> Callable[..., None]:
    """Gives a lead these numbers, and an owner."""

    def give(lead: int, *numbers: str, person: int | None = None, state: str = "TX") -> None:
        phones = ",".join(
            f'{{"number":"{each}","key":{each[1:]},"type":null,"flags":[],"status":null,"column":null}}'
            for each in numbers
        )
        with database.write():
            database.sql(
                "UPDATE lead SET phone = ?, phone_key = ?, details = ?, person = ?, state = ? WHERE id = ?",
                (numbers[0], int(numbers[0][1:]), f'{{"phones":[{phones}]}}', person, state, lead),
            )
            database.many(
                "INSERT OR IGNORE INTO lead_phone (phone_key, lead_id) VALUES (?, ?)",
                [(int(each[1:]), lead) for each in numbers],
            )

    people(3)
    return give


def dialed(found: May) -> str | None:
    return found.dial.number.e164 if found.ok and found.dial else None


def test_the_next_number_today_and_the_same_one_tomorrow(database: Database, owner: Any, tell: Any) -> None:
    owner(1, ONE, TWO)
    assert dialed(may(database)) == ONE
    tell(1, "no_answer")
    assert dialed(may(database, at=NOON + HOUR)) == TWO
    tell(1, "voicemail")
    over = may(database, at=NOON + HOUR)
    assert (over.ok, over.why) == (False, "Every number was dialed today")
    assert over.opens == NOON + 21 * HOUR, "nine in the morning in Texas"
    assert dialed(may(database, at=NOON + DAY)) == ONE


def test_an_older_outcome_that_names_no_number_was_of_the_first(
    database: Database, owner: Any, tell: Any
) -> None:
    owner(1, ONE, TWO)
    tell(1, "no_answer")
    with database.write():
        database.sql("UPDATE outcome SET number = NULL")
    assert dialed(may(database, at=NOON + HOUR)) == TWO


def test_a_busy_line_may_be_dialed_again(database: Database, owner: Any, tell: Any) -> None:
    owner(1, ONE)
    tell(1, "busy")
    assert dialed(may(database, at=NOON + 30 * MINUTE)) == ONE
    assert 1 not in on_list(database, NOON + 29 * MINUTE)
    assert 1 in on_list(database, NOON + 30 * MINUTE)


def test_three_dials_in_a_day_at_most(database: Database, owner: Any, tell: Any) -> None:
    owner(1, ONE, TWO, THREE, FOUR)
    for hours in (20, 3, 1):
        tell(1, "no_answer", days_ago=hours / 24)
    over = may(database)
    assert (over.ok, over.why) == (False, "They were dialed 3 times in the last 24 hours")
    assert dialed(may(database, at=NOON + 4 * HOUR)) == FOUR


def test_nobody_is_dialed_after_a_conversation_that_day(database: Database, owner: Any, tell: Any) -> None:
    owner(1, ONE, TWO)
    tell(1, "inbound", days_ago=1 / 24)
    assert (may(database).ok, may(database).why) == (False, "They were spoken with today")
    assert may(database, at=NOON + DAY).ok


def test_it_holds_for_the_owner_on_whichever_property(database: Database, owner: Any, tell: Any) -> None:
    owner(1, ONE, person=7)
    owner(2, TWO, person=7)
    owner(3, THREE, person=8)
    assert on_list(database) == [1, 2, 3]
    tell(1, "contacted")
    assert may(database, 2).why == "They were spoken with today"
    assert on_list(database) == [3]


def test_a_number_is_not_dialed_twice_a_day_for_two_leads(database: Database, owner: Any, tell: Any) -> None:
    owner(1, ONE, person=7)
    owner(2, ONE, person=8)
    tell(1, "no_answer")
    assert may(database, 2).why == "Every number was dialed today"
    assert on_list(database) == [3]
    assert on_list(database, NOON + DAY) == [1, 2, 3]


def test_only_hours_that_are_open_at_home_and_where_the_number_is_from(
    database: Database, owner: Any
) -> None:
    owner(1, "+13105550101", state="NY")
    morning = NOON - 2 * HOUR  # eleven in New York, eight in Los Angeles
    assert may(database, at=morning).ok
    early = may(database, at=morning - HOUR)
    assert (early.ok, early.opens) == (False, morning)
    assert early.why == "Outside calling hours: it is 7:00 am there"
    found = datetime.fromtimestamp(may(database, at=NOON).until / 1_000_000, UTC)  # type: ignore[operator]
    assert found.astimezone(ZoneInfo("America/New_York")).hour == 21


def test_a_lead_without_a_number_that_is_left_says_so(database: Database, owner: Any, tell: Any) -> None:
    owner(1, ONE)
    tell(1, "disconnected")
    assert may(database).why == "Every number is wrong or disconnected: it needs a number"
    entry = viewer(database).entry(viewer(database).record(1))
    needs = "Every number is wrong or disconnected: it needs a number."
    assert entry["next_action_why"] == f"{needs} Skip trace it; until then there is an e-mail address."
    with database.write():
        database.sql("UPDATE lead SET email = NULL")
    entry = viewer(database).entry(viewer(database).record(1))
    assert entry["next_action_why"] == needs


def test_who_asked_to_be_called_is_called_that_day(database: Database, owner: Any, tell: Any) -> None:
    owner(1, ONE)
    tell(1, "callback", until=NOON + 3 * MINUTE)
    assert not may(database, at=NOON + 2 * MINUTE).ok
    assert dialed(may(database, at=NOON + 3 * MINUTE)) == ONE


def test_the_right_number_is_waited_for(database: Database, owner: Any, tell: Any) -> None:
    owner(1, ONE, TWO)
    tell(1, "contacted", days_ago=3, number=TWO)
    tell(1, "no_answer", days_ago=2.5 / 24)
    assert may(database).why == "Every number was dialed today", "the other one is not theirs for all we know"
    assert 1 not in on_list(database)
