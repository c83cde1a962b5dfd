"""What the whole verification adds to that of the file: the manifest, and the queue's own seals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

from db import Database, copying
from jobs import seal_events
from valhalla.audit import copies, restoring, signing
from valhalla.audit.verifying import copy_of_file, home_file
from valhalla.program.database import open_database
from valhalla.program.home import Home
from valhalla.program.settings import save


@pytest.fixture
def database(place: Home) -> Iterator[Database]:
    with open_database(place.database) as database:
        with database.write():
            for number in range(3):
                database.sql(
                    "INSERT INTO job_event (task_id, at, event) VALUES (?, 1, 'enqueued')", (number,)
                )
        seal_events(database)
        yield database


def test_seals_that_do_not_say_what_the_chain_says_are_told(database: Database, place: Home) -> None:
    assert home_file(database, place.audit).notes == []
    with database.write():
        database.sql("UPDATE job_seal SET digest = 'x'")
    verdict = home_file(database, place.audit)
    assert verdict.ok, "it is working data"
    assert "job_seal" in verdict.notes[0]
    with database.write():
        database.sql("DELETE FROM job_seal")
    assert "job_seal" in home_file(database, place.audit).notes[0]


def test_events_that_were_changed_are_a_problem_once(database: Database, place: Home) -> None:
    with database.write():
        database.sql("UPDATE job_event SET reason = 'x' WHERE id = 2")
    verdict = home_file(database, place.audit)
    assert [(each.table, each.key) for each in verdict.problems] == [("job_event", [1, 3])]
    assert not any("job_seal" in note for note in verdict.notes)


def test_a_manifest_fits_only_when_bytes_and_head_do(database: Database, place: Home) -> None:
    copies.make(database, place, place.audit / "c.db")
    manifest = place.audit / "c.db.manifest.json"
    assert any("fits" in note for note in copy_of_file(place.audit / "c.db").notes)
    whole = manifest.read_text()
    for name, value in (("sha256", "0" * 64), ("head", "0" * 64)):
        manifest.write_text(json.dumps({**json.loads(whole), name: value}))
        verdict = copy_of_file(place.audit / "c.db")
        assert [each.table for each in verdict.problems] == ["manifest"]
        assert not any("fits" in note for note in verdict.notes), name


@pytest.mark.parametrize("noted_in", ["the home", "beside a copy"])
def test_a_home_that_is_older_than_a_head_noted_in_it_is_told(
    noted_in: str, place: Home, script: Callable[[str], ModuleType]
) -> None:
    standalone = script("verify_audit").verify
    with open_database(place.database) as database:
        save(database, "interval", "60")
        copying.copy(database, place.path / "before.db")
        save(database, "interval", "61")
        noted = signing.note(database, place.audit, "test")
        assert home_file(database, place.audit).ok
    assert copy_of_file(place.database).ok and standalone(place.database)["ok"]

    (place.path / "before.db").replace(
        place.database
    )  # as somebody puts an older state back, around audit restore
    if noted_in == "beside a copy":  # a copy may well be older than what was noted since
        place.database.rename(place.audit / "before.db")
        assert copy_of_file(place.audit / "before.db").ok
        assert standalone(place.audit / "before.db")["ok"]
        return

    with open_database(place.database, create=False) as database:
        in_use = home_file(database, place.audit)
    for found in (in_use, copy_of_file(place.database)):
        assert [(each.table, each.key) for each in found.problems] == [("audit", noted.entries)]
        assert "the file is older" in found.problems[0].what
    theirs = standalone(place.database)["problems"]
    assert [(each["table"], each["key"]) for each in theirs] == [("audit", noted.entries)]
    assert "the file is older" in theirs[0]["what"]


def test_a_home_that_was_restored_is_not_taken_for_an_older_one(
    place: Home, script: Callable[[str], ModuleType]
) -> None:
    with open_database(place.database) as database:
        save(database, "interval", "60")
        copies.make(database, place, place.audit / "then.db")
        for number in range(5):
            save(database, "interval", str(70 + number))
        signing.note(database, place.audit, "test")
    restoring.restore(place, place.audit / "then.db")
    assert copy_of_file(place.database).ok
    assert script("verify_audit").verify(place.database)["ok"]
