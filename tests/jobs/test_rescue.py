"""Who is dead, and what becomes of their jobs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from db import Database
from jobs import JobQueue, admin, liveness, rescue, sql
from jobs.liveness import WorkerRegistration
from jobs.schema import SCHEMA


def claim(queue: JobQueue, job: int, owner: int, *, started: bool) -> None:
    with queue.database.write():
        got = queue.storage.claim_one(job, owner, queue.lease)
        assert got is not None
        if started:
            queue.database.sql("UPDATE task SET started_at = 1, tries = tries + 1 WHERE id = ?", (job,))


def test_living_worker_is_not_dead_and_a_closed_one_is(database: Database) -> None:
    owner = WorkerRegistration(database, "default")
    assert not liveness.worker_is_dead(database, owner.id)
    owner.release_lock()
    assert liveness.worker_is_dead(database, owner.id)
    assert liveness.worker_is_dead(database, 12345)


def test_worker_of_another_process_is_dead_when_the_process_is(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "queue.db", SCHEMA)
    code = (
        "import sys; from pathlib import Path; from db import Database; from jobs.liveness import WorkerRegistration\n"
        "owner = WorkerRegistration(Database.open(Path(sys.argv[1])), 'default'); print(owner.id, flush=True); sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "queue.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    other = int(process.stdout.readline())
    assert not liveness.worker_is_dead(database, other)
    process.kill()
    process.communicate()
    assert liveness.worker_is_dead(database, other)
    database.close_all()


def test_worker_of_another_machine_is_left_to_its_lease(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "queue.db", SCHEMA)
    owner = WorkerRegistration(database, "default")
    with database.write():
        database.sql("UPDATE worker SET host = 'elsewhere'")
    owner.release_lock()
    assert not liveness.worker_is_dead(database, owner.id)
    database.close_all()


def test_rows_of_a_dead_worker_go_back_and_only_begun_ones_count_as_lost(
    database: Database, queue: JobQueue
) -> None:
    task = queue.task(name="one")(lambda: None)
    begun, unbegun, living = (queue.enqueue(task.s()) for _ in range(3))
    dying, other = WorkerRegistration(database, "default"), WorkerRegistration(database, "default")
    claim(queue, begun, dying.id, started=True)
    claim(queue, unbegun, dying.id, started=False)
    claim(queue, living, other.id, started=True)
    queue.lock_task("door")
    queue.storage.put_if_empty("door", b"1", owner=dying.id)
    dying.release_lock()

    rescue.rescue_dead(queue)

    assert [queue.state(job).state for job in (begun, unbegun, living)] == ["waiting", "waiting", "running"]
    assert [queue.state(job).lost for job in (begun, unbegun)] == [1, 0]
    assert not queue.storage.has_data_for_key("door")
    other.close()


def test_job_that_kills_every_worker_ends_as_a_dead_letter(database: Database) -> None:
    queue = JobQueue(database, max_lost=3)
    task = queue.task(name="poison")(lambda: None)
    job = queue.enqueue(task.s(), unique="poison")
    for _ in range(3):
        victim = WorkerRegistration(database, "default")
        claim(queue, job, victim.id, started=True)
        victim.release_lock()
        rescue.rescue_dead(queue)

    state = queue.state(job)
    assert (state.state, state.lost) == ("dead", 3)
    assert state.error == "its worker died or went silent 3 times while it ran"
    assert queue.enqueue(task.s(), unique="poison") != job


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([None] * 5, "dead"),  # a fence that moved nothing
        (["1"] * 5, "dead"),
        (["1", "2", "3", "4", "5"], "waiting"),
        (["1", "1", "2", "2", "3"], "waiting"),
        (["1", "2", "2", "2", "3"], "dead"),
    ],
)
def test_only_progress_clears_what_earlier_deaths_left(
    database: Database, told: list[str | None], state: str
) -> None:
    queue = JobQueue(database, max_lost=3)
    job = queue.enqueue(queue.task(name="long")(lambda: None).s())
    for value in told:
        victim = WorkerRegistration(database, "default")
        if queue.state(job).state == "waiting":
            claim(queue, job, victim.id, started=True)
            with database.write():
                for step in ("0", value):  # from its beginning each time
                    assert database.sql(sql.FENCE, (0, step, job, queue.state(job).claims))
        victim.release_lock()
        rescue.rescue_dead(queue)

    assert queue.state(job).state == state


def test_what_ran_beside_the_job_that_kills_is_not_buried_with_it(database: Database) -> None:
    queue = JobQueue(database)
    task = queue.task(name="work")(lambda: None)
    bad, good = queue.enqueue(task.s()), queue.enqueue(task.s())
    for _ in range(3):
        victim = WorkerRegistration(database, "default")
        with database.write():
            ran = [each.id for _ in range(2) for each in queue.storage.claim(1, victim.id, queue.lease)]
            database.sql("UPDATE task SET started_at = 1 WHERE owner = ?", (victim.id,))
        assert bad in ran
        victim.release_lock()
        rescue.rescue_dead(queue)
    assert [queue.state(job).state for job in (bad, good)] == ["dead", "waiting"]
    assert queue.state(good).lost == 1
    assert queue.killers("work") == [queue.state(bad)]
    admin.retry_job(database, bad)
    assert database.sql("SELECT lane, lost FROM task WHERE id = ?", (bad,)) == [("", 0)]


POISON = """
import os, sys, threading
from pathlib import Path
from db import Database
from jobs import JobQueue, current_job
from jobs.worker_thread import WorkerThread
database = Database.open(Path(sys.argv[1]))
queue = JobQueue(database)
@queue.task(name="work", atomic=sys.argv[2] == "atomic")
def work(bad):
    job = current_job()
    with database.write():
        job.fence()
        insert = 'INSERT OR IGNORE' if bad else 'INSERT'
        database.sql(f"{insert} INTO kv (queue, key, value) VALUES ('done', ?, x'00')", (job.id,))
    if bad:
        os._exit(9)
queue.worker().maintenance.begin()
thread = WorkerThread(queue, threading.Event())
thread._size = 64
while thread.work():
    pass
"""


@pytest.mark.parametrize("kind", ["atomic", "other"])
def test_job_that_ends_its_process_is_buried_and_the_others_are_done_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "queue.db"
    with Database.open(path, SCHEMA) as database:
        queue = JobQueue(database)
        task = queue.task(name="work")(lambda bad: None)
        jobs = [queue.enqueue(task.s(number == 1)) for number in range(4)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    ends = []
    while len(ends) < 8 and 0 not in ends:
        process = subprocess.run(
            [sys.executable, "-c", POISON, str(path), kind], env=environment, capture_output=True
        )
        ends.append(process.returncode)
    with Database.open(path, SCHEMA) as database:
        assert database.sql("SELECT state, count(*) FROM task GROUP BY state") == [("dead", 1), ("done", 3)]
        good = [(str(job),) for job in jobs if job != jobs[1]]
        keys = database.sql("SELECT key FROM kv WHERE queue = 'done' ORDER BY key")
        assert [key for key in keys if key != (str(jobs[1]),)] == good
        lost = database.value("SELECT lost FROM task WHERE state = 'dead'")
    # in a group nobody knows which of them it was, so the first death of an atomic kind is not counted
    assert (lost, ends) == (3, [9, 9, 9, *([9] if kind == "atomic" else []), 0])


@pytest.mark.parametrize("lease", [None, 0, 2**62])
def test_row_that_was_edited_into_running_comes_back(
    database: Database, queue: JobQueue, lease: int | None
) -> None:
    job = queue.enqueue(queue.task(name="one")(lambda: None).s())
    with database.write():
        database.sql("UPDATE task SET state = 'running', owner = NULL, lease = ? WHERE id = ?", (lease, job))
    rescue.rescue_stale(queue)
    assert queue.state(job).state == "waiting"


def test_job_that_only_its_worker_can_run_dies_with_it(database: Database, queue: JobQueue) -> None:
    task = queue.task(name="callable")(lambda: None)
    gone = JobQueue(database)
    gone.task(name="callable")(lambda: None)
    job = queue.enqueue(task.s(), lane=gone.own_lane)
    rescue.sweep_workers(queue)
    assert queue.state(job).state == "waiting"

    gone.owner.release_lock()
    rescue.sweep_workers(queue)
    assert (queue.state(job).state, queue.state(job).error) == (
        "dead",
        "process ended: nobody else can run it",
    )


def test_job_in_a_worker_lane_is_run_by_that_worker_alone(database: Database) -> None:
    queues = [JobQueue(database), JobQueue(database)]
    ran: list[int] = []
    tasks = [
        queue.task(name="callable")(lambda index=index: ran.append(index))
        for index, queue in enumerate(queues)
    ]
    workers = [queue.worker(threads=2) for queue in queues]
    for worker in workers:
        worker.start()
    for _ in range(10):
        queues[0].enqueue(tasks[0].s(), lane=queues[1].own_lane)
    queues[0].drain(timeout=20)
    for worker in workers:
        worker.stop(timeout=20)
    assert ran == [1] * 10


def test_lock_files_that_belong_to_nobody_are_removed_when_they_are_old(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "queue.db", SCHEMA)
    owner = WorkerRegistration(database, "default")
    place = liveness.folder(database)
    assert place is not None
    (mine,) = place.iterdir()
    for name in ("old", "young"):
        (place / f"{name}.lock").touch()
    for path in (mine, place / "old.lock"):
        os.utime(path, (0, 0))

    liveness.sweep_files(database)

    assert sorted(path.name for path in place.iterdir()) == sorted([mine.name, "young.lock"])
    owner.close()
    database.close_all()
