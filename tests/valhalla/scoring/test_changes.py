"""A person's changes to what decides on leads: each asks for its re-evaluation, in the same transaction."""

from __future__ import annotations

from typing import Any

import pytest

from db import Database
from jobs import JobQueue
from valhalla.leads.outcomes import Outcome, record_all, undo_all
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring import changes, policies
from valhalla.scoring.jobs import JOB, Reevaluating


@pytest.fixture
def reevaluating(database: Database) -> Reevaluating:
    return Reevaluating(database, JobQueue(database))


def asked(database: Database) -> int:
    return int(database.value("SELECT count(*) FROM task WHERE name = ?", (JOB,)))


def test_a_change_of_the_policy_asks_once_and_no_change_does_not(
    database: Database, reevaluating: Reevaluating
) -> None:
    made, job_id = changes.set_policy(reevaluating, "packet.fee", "12000")
    assert made.changes and job_id is not None and asked(database) == 1
    again, none = changes.set_policy(reevaluating, "packet.fee", "12000")
    assert (again.changes, none) == ([], None)
    assert policies.history(database)[-1].reason == "packet.fee was set"


def test_a_rule_is_tried_before_it_is_switched_on(
    database: Database, reevaluating: Reevaluating, load: Any
) -> None:
    load(
        *(
            f'P {n},p{n}@x.com,{100_000 + n * 9_000},"Houston, TX",713555{n:04d},{n} Main St,,,,'
            for n in range(60)
        )
    )
    for key in ("score.spread_most", "score.source_record"):  # what remains tells them apart by size alone
        changes.set_policy(reevaluating, key, "0")
    with pytest.raises(
        UsageError, match=r"not switched on: .* different scores.*policy shadow score\.size 0"
    ):
        changes.set_policy(reevaluating, "score.size", "0")
    made, job_id = changes.set_policy(reevaluating, "score.size", "0", anyway=True)
    assert made.changes and job_id is not None


def test_a_change_that_is_refused_asks_for_nothing(database: Database, reevaluating: Reevaluating) -> None:
    with pytest.raises(UsageError):
        changes.set_policy(reevaluating, "packet.nonsense", "1")
    with pytest.raises(NotFound):
        changes.stop_experiment(reevaluating, "nobody")
    assert asked(database) == 0


def test_outcomes_are_recorded_all_or_none_and_asked_for_when_new(
    database: Database, reevaluating: Reevaluating, people: Any
) -> None:
    people(2)
    now = database.clock()
    with pytest.raises(NotFound):
        record_all(reevaluating, [Outcome(1, "contacted", now), Outcome(99, "contacted", now)])
    assert database.value("SELECT count(*) FROM outcome") == 0 and asked(database) == 0
    made, job_id = record_all(reevaluating, [Outcome(1, "contacted", now), Outcome(2, "lost", now)])
    assert [each.standing.status for each in made] == ["contacted", "lost"] and job_id is not None
    known, none = record_all(reevaluating, [Outcome(1, "contacted", now)])
    assert (known[0].new, none) == (False, None)
    undone, job_id = undo_all(reevaluating, [each.id for each in made])
    assert [each.standing.status for each in undone] == ["new", "new"] and job_id is not None
