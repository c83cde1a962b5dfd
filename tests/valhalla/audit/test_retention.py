"""What is old goes, what is left says what went, and the chain stays whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from db import Database, audit
from db.clock import DAY
from db.verifying import verify
from jobs import JobQueue, find_jobs
from valhalla.audit import retention, signing
from valhalla.program.database import open_database
from valhalla.program.settings import save

START = 1_700_000_000_000_000


class Life:
    """A file with a clock that is set by hand."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = START
        database.clock = self._tick

    def _tick(self) -> int:
        self.now += 1
        return self.now

    def alert(self, number: int, state: str) -> None:
        with self.database.write():
            self.database.sql(
                "INSERT INTO alert (id, task, severity, reason, state, at, last_at) VALUES (?, 't', 'info', ?, ?, ?, ?)",
                (number, f"secret of {number}", state, self.now, self.now),
            )

    def work(self) -> int:
        queue = JobQueue(self.database)
        task = queue.task(name="sum")(lambda a, b: a + b)
        job = queue.enqueue(task.s(1, 2))
        worker = queue.worker(threads=1)
        worker.start()
        queue.wait(job)
        worker.stop()
        queue.close()
        return int(job)

    def cycles(self) -> None:
        with self.database.write():
            run = self.database.value(
                "INSERT INTO run (pid, version, settings, started_at) VALUES (1, '0', '{}', 1) RETURNING id"
            )
            for number in (1, 2):
                self.database.sql(
                    "INSERT INTO cycle (run_id, number, started_at) VALUES (?, ?, ?)", (run, number, self.now)
                )

    def blocked(self) -> None:
        with self.database.write():
            self.database.sql(
                "INSERT INTO dry_run_log (at, action, status) VALUES (?, 'email', 'executed')", (self.now,)
            )


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with open_database(tmp_path / "valhalla.db") as database:
        yield Life(database)


def test_old_jobs_logs_and_closed_alerts_go_and_the_rest_stays(life: Life) -> None:
    database = life.database
    old = life.work()
    for number, state in ((1, "closed"), (2, "open"), (3, "closed")):
        life.alert(number, state)
    life.blocked()
    life.cycles()
    life.now += 800 * DAY
    new = life.work()
    life.alert(4, "closed")
    life.blocked()
    before = {
        key: bytes(row) for key, row in database.sql("SELECT key, hash FROM witness WHERE tbl = 'alert'")
    }

    removed = retention.prune(database)

    assert removed == {"task": 1, "alert": 2, "dry_run_log": 1, "cycle": 1}
    assert [job.id for job in find_jobs(database)] == [new] != [old]
    assert database.sql("SELECT id FROM alert ORDER BY id") == [(2,), (4,)]
    assert verify(database).ok
    kept = database.sql("SELECT key, hash, salt FROM witness WHERE tbl = 'alert' AND key = 1 ORDER BY entry")
    assert (bytes(kept[0][1]), kept[1][1]) == (before[1], None), "the hash of what it said stays"
    assert [salt for _, _, salt in kept] == [None, None], "and says nothing of what it was"
    ((subject, body),) = database.sql("SELECT subject, body FROM audit WHERE action = 'jobs.removed'")
    told = audit.parsed(body)
    assert subject == f"task:{old}-{old}" and (told["first"], told["last"], told["jobs"]) == (old, old, 1)


def test_the_summary_names_the_head_that_witnesses_the_details_and_nothing_old_needs_none(life: Life) -> None:
    life.alert(1, "closed")
    life.alert(2, "open")
    assert retention.prune(life.database) == {}
    life.now += 800 * DAY
    assert retention.prune(life.database, "ann") == {"alert": 1}
    ((actor, body),) = life.database.sql("SELECT actor, body FROM audit WHERE action = 'retention.prune'")
    facts = json.loads(body)
    assert (actor, facts["removed"], facts["days"]["evidence"]) == ("ann", {"alert": 1}, 730)
    assert life.database.sql("SELECT hash FROM audit WHERE seq = ?", (facts["entries"],)) == [
        (facts["head"],)
    ]
    actions = life.database.sql(
        "SELECT action FROM audit WHERE seq BETWEEN ? AND ?", (facts["first"], facts["entries"])
    )
    assert actions == [("retention.remove",), ("rows",)]
    assert retention.prune(life.database) == {}
    assert life.database.value("SELECT count(*) FROM audit WHERE action = 'retention.prune'") == 1


@pytest.mark.parametrize("name", ["jobs", "logs", "evidence"])
def test_zero_days_keep_everything(life: Life, name: str) -> None:
    save(life.database, f"retention.{name}_days", "0")
    life.work()
    life.alert(1, "closed")
    life.alert(2, "open")
    life.blocked()
    life.blocked()
    life.now += 8000 * DAY
    of = {"jobs": "task", "logs": "dry_run_log", "evidence": "alert"}
    # the newest row of a table stays in any case, so the job's number is not given twice
    assert {*retention.prune(life.database)} == {"task", "dry_run_log", "alert"} - {of[name]}


def test_many_rows_go_in_several_steps(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for number in range(1, 9):
        life.alert(number, "closed")
    life.now += 800 * DAY
    assert retention.prune(life.database) == {"alert": 7}
    assert life.database.value("SELECT count(*) FROM audit WHERE action = 'retention.remove'") == 3
    assert verify(life.database).ok


def test_the_summary_is_signed(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    public, secret = signing.make(life.database, "env:AUDIT_KEY")
    assert secret is not None
    monkeypatch.setenv("AUDIT_KEY", secret)
    life.alert(1, "closed")
    life.alert(2, "open")
    life.now += 800 * DAY
    retention.prune(life.database)
    facts = audit.parsed(life.database.value("SELECT body FROM audit WHERE action = 'retention.prune'"))
    assert facts["key"] == public and signing.fits(facts)
    assert not signing.fits({**facts, "removed": {"alert": 2}})
