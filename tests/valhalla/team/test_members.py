"""Who works here, and under whose name something is recorded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from db import Database
from db.verifying import verify
from valhalla.program.database import memory_database
from valhalla.program.errors import UsageError
from valhalla.team import members


@pytest.fixture
def database() -> Iterator[Database]:
    with memory_database() as database:
        yield database


def test_members_come_and_go_and_stay_in_the_chain(database: Database) -> None:
    members.add(database, "Dana", "caller")
    members.add(database, " Lee  Ann ", "manager")
    assert [each.to_json() for each in members.everybody(database)] == [
        {"name": "Dana", "role": "caller"},
        {"name": "Lee Ann", "role": "manager"},
    ]
    members.remove(database, "DANA")
    assert [each.name for each in members.everybody(database)] == ["Lee Ann"]
    assert members.add(database, "Dana", "auditor").role == "auditor", "a name is free again"
    actions = [
        action
        for (action,) in database.sql("SELECT action FROM audit WHERE action LIKE 'team.%' ORDER BY seq")
    ]
    assert actions == ["team.add", "team.add", "team.remove", "team.add"]
    assert verify(database).ok


@pytest.mark.parametrize(
    ("name", "role", "says"),
    [("dana", "caller", "already"), ("", "caller", "a name has"), ("x" * 61, "caller", "a name has"),
     ("-x", "caller", "a name has"), ("A\nB\x1b", "caller", "a name has"), ("Eve", "boss", "not a role")],
)  # fmt: skip
def test_what_cannot_be_added_is_said(database: Database, name: str, role: str, says: str) -> None:
    members.add(database, "Dana", "caller")
    with pytest.raises(UsageError, match=says):
        members.add(database, name, role)
    assert len(members.everybody(database)) == 1


def test_somebody_acts_under_their_name_while_the_team_is_on(database: Database) -> None:
    assert members.acting(database, None) == "operator"
    members.add(database, "Dana", "caller")
    members.add(database, "Rob", "auditor")
    with pytest.raises(UsageError, match="team on"):
        members.acting(database, "Dana")
    members.switch(database, True)
    assert members.acting(database, "dana") == "Dana"
    with pytest.raises(UsageError, match="did you mean Dana"):
        members.acting(database, "Dan")
    with pytest.raises(UsageError, match="only reads"):
        members.acting(database, "Rob")
    assert members.acting(database, "Rob", reads=True) == "Rob"
    members.switch(database, False)
    assert not members.enabled(database)
