"""Which number is dialled next, and what calls teach about numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from db import Database
from db.verifying import verify
from valhalla.effects.erasure import forget
from valhalla.leads import numbers
from valhalla.leads.call_list import numbers as listed
from valhalla.leads.outcomes import undo
from valhalla.leads.view import Viewer
from valhalla.program import settings

ONE, TWO, THREE = "+17135550101", "+17135550102", "+17135550103"


def three(people: Any, database: Database) -> None:
    people(2)
    with database.write():
        database.sql(
            """UPDATE lead SET phone = '713-555-0101', phone_key = 17135550101, details = json_object('phones', json_array(
            json_object('number', '713-555-0101', 'key', 17135550101, 'type', 'mobile', 'flags', json_array(), 'status', NULL, 'column', 'Phone 1'),
            json_object('number', '713-555-0102', 'key', 17135550102, 'type', 'landline', 'flags', json_array(), 'status', NULL, 'column', 'Phone 2'),
            json_object('number', '713-555-0103', 'key', 17135550103, 'type', NULL, 'flags', json_array('do_not_call'), 'status', NULL, 'column', 'Phone 3')))
            WHERE id = 1"""
        )


def dial(database: Database, lead: int = 1) -> str | None:
    found = numbers.next_number(database, lead)
    return found and found.number.e164


def row(database: Database) -> tuple[Any, ...]:
    phone, key, details, *rest = database.sql(
        "SELECT phone, phone_key, details, status, contacts, suppressed FROM lead WHERE id = 1"
    )[0]
    return phone, key, json.loads(details or "{}"), *rest


def call_list(database: Database) -> list[int]:
    return listed(
        database,
        Viewer(
            database,
            database.clock(),
            settings.effective(database) | {"quiet_hours": "00:00-00:00", "timezone": None},
        ),
        10,
    )


def test_untried_numbers_first_until_one_is_right(database: Database, people: Any, tell: Any) -> None:
    three(people, database)
    assert dial(database) == ONE
    tell(1, "no_answer", days_ago=3)
    assert dial(database) == TWO
    tell(1, "voicemail", days_ago=2)
    assert dial(database) == ONE, "tried longest ago"
    tell(1, "contacted", days_ago=1, number=TWO)
    assert dial(database) == TWO, "known to be right"
    assert [each.dials for each in numbers.of_lead(database, 1)] == [1, 2, 0]


@pytest.mark.parametrize("latest_first", [True, False])
def test_a_wrong_number_brings_the_next_and_the_last_one_takes_the_lead_off_the_list(
    database: Database, people: Any, tell: Any, latest_first: bool
) -> None:
    three(people, database)
    before = row(database)
    first = tell(1, "wrong_number")
    assert dial(database) == TWO
    assert row(database)[:2] == ("713-555-0102", 17135550102)
    assert 1 in call_list(database)
    second = tell(1, "disconnected")
    assert dial(database) is None
    assert numbers.needs_number(numbers.of_lead(database, 1))
    assert row(database)[:2] == (None, None)
    assert 1 not in call_list(database)
    for each in (second, first) if latest_first else (first, second):
        undo(database, each.id)
    assert row(database) == before


def test_a_single_number_comes_back_as_it_was(database: Database, people: Any, tell: Any) -> None:
    people(1)
    before = row(database)
    recorded = tell(1, "wrong_number")
    assert row(database)[:2] == (None, None)
    assert call_list(database) == []
    undo(database, recorded.id)
    assert row(database) == before


def test_a_wrong_number_is_wrong_for_this_person_and_a_dead_one_for_everybody(
    database: Database, people: Any, tell: Any
) -> None:
    three(people, database)
    with database.write():
        database.sql(
            "UPDATE lead SET phone = '713-555-0101', phone_key = 17135550101, details = NULL WHERE id = 2"
        )
        database.sql("INSERT OR IGNORE INTO lead_phone (phone_key, lead_id) VALUES (17135550101, 2)")
    tell(1, "wrong_number", number=ONE)
    assert dial(database, 2) == ONE
    tell(1, "disconnected", number=ONE)
    assert dial(database, 2) is None


def test_the_number_of_somebody_erased_stays_only_with_those_who_have_it(
    database: Database, people: Any, tell: Any
) -> None:
    people(3)
    own = f"+{database.value('SELECT phone_key FROM lead WHERE id = 1')}"
    tell(2, "inbound", number=own)
    other = f"+{database.value('SELECT phone_key FROM lead WHERE id = 3')}"
    tell(3, "inbound", number=other)
    forget(database, [1])
    assert database.sql("SELECT lead_id, number FROM outcome ORDER BY id") == [(2, None), (3, other)]
    assert verify(database).ok
