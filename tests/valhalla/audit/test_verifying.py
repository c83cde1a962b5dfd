"""What the whole verification adds to that of the file: the manifest, and the queue's own seals."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from db import Database
from jobs import seal_events
from valhalla.audit import copies
from valhalla.audit.verifying import copy_of_file, home_file
from valhalla.program.database import open_database
from valhalla.program.home import Home


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
