from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from db import audit
from db.verifying import verify
from jobs import admin, sealing
from jobs.schema import EVENTS
from jobs.sealing import digest
from jobs.testing import Bench


def test_events_are_witnessed_in_ranges_and_changes_are_found() -> None:
    with Bench() as bench:
        bench.queue.enqueue_many(bench.queue.task(name="one")(lambda: None), ((),) * 10)
        bench.run()
        database = bench.database
        assert sealing.count_unsealed_events(database) == 30
        assert sealing.seal_events(database) == 30
        assert sealing.seal_events(database) == 0
        assert sealing.count_unsealed_events(database) == 0
        (body,) = [
            json.loads(body)
            for (body,) in database.sql("SELECT body FROM audit WHERE action = 'jobs.sealed'")
        ]
        assert (body["first"], body["last"], body["events"]) == (1, 30, 30)
        assert audit.check_chain(database) == []
        assert sealing.check_sealed_events(database) == []

        with database.write():
            database.sql("UPDATE job_event SET reason = 'something else' WHERE id = 7")
        assert sealing.check_sealed_events(database) == [
            "job events 1 to 30 were changed after they were sealed"
        ]


def test_events_are_witnessed_before_they_are_pruned() -> None:
    with Bench() as bench:
        bench.queue.enqueue_many(bench.queue.task(name="one")(lambda: None), ((),) * 10)
        bench.run()
        bench.advance(1)
        assert admin.prune_jobs(bench.database, older_than=0) == 10
        assert sealing.count_unsealed_events(bench.database) == 0
        assert sealing.check_sealed_events(bench.database) == []
        assert bench.database.value("SELECT count(*) FROM audit WHERE action = 'jobs.sealed'") == 1


def test_what_pruning_leaves_is_witnessed_and_what_was_changed_is_not_pruned_away() -> None:
    with Bench() as bench:
        handler = bench.queue.task(name="one")(lambda: None)
        bench.queue.enqueue_many(handler, ((),) * 10)
        bench.run()
        sealing.seal_events(bench.database)
        bench.queue.enqueue(handler.s())
        bench.advance(1)
        assert admin.prune_jobs(bench.database, older_than=0) == 10
        assert bench.database.value("SELECT count(*) FROM job_event") < 5
        assert sealing.check_sealed_events(bench.database) == []
        assert verify(bench.database).ok

        with bench.database.write():
            bench.database.sql(
                "UPDATE job_event SET reason = 'forged' WHERE id = (SELECT max(id) FROM job_event)"
            )
        bench.run()
        bench.advance(1)
        admin.prune_jobs(bench.database, older_than=0)
        assert [problem.table for problem in verify(bench.database).problems] == ["job_event"]


def test_range_that_another_process_sealed_meanwhile_is_sealed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with Bench() as bench:
        bench.queue.enqueue_many(bench.queue.task(name="one")(lambda: None), ((),) * 4)
        digest, others = sealing.digest, []

        def slow(*given: Any) -> str:
            if not others:
                others.append(0)
                others[0] = sealing.seal_events(bench.database)  # the other one is faster
            return digest(*given)

        monkeypatch.setattr(sealing, "digest", slow)
        assert (sealing.seal_events(bench.database), others) == (0, [4])
        assert bench.database.value("SELECT count(*) FROM audit WHERE action = 'jobs.sealed'") == 1
        assert bench.database.value("SELECT count(*) FROM job_seal") == 1


@pytest.mark.parametrize(
    "row",
    [
        (1, 2, 3, "started", 4, 5, None, None),
        (1, 2, 3, "done", None, 5, None, None),
        (1, 2, 3, "enqueued", None, None, None, None),
        (1, 2, 3, 'done",4,5,null,null]', 4, 5, None, None),
        (1, 2, 3, "dead", 4, 5, 'Ü\n"', "x"),
    ],
)
def test_an_event_is_hashed_as_the_json_that_an_auditor_makes_of_it(row: tuple[Any, ...]) -> None:
    text = EVENTS.domain + "\n" + json.dumps(row, separators=(",", ":"))
    assert digest([row]) == hashlib.sha256(text.encode("ascii")).hexdigest()
