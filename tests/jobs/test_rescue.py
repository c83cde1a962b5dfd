"""Who is dead, and what becomes of their jobs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from db import Database
from jobs import JobQueue, liveness, rescue
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


@pytest.mark.parametrize("progress", [False, True])
def test_progress_clears_what_earlier_deaths_left(database: Database, progress: bool) -> None:
    from jobs import sql

    queue = JobQueue(database, max_lost=3)
    job = queue.enqueue(queue.task(name="long")(lambda: None).s())
    for _ in range(5):
        victim = WorkerRegistration(database, "default")
        if queue.state(job).state == "waiting":
            claim(queue, job, victim.id, started=True)
            if progress:
                with database.write():
                    assert database.sql(sql.FENCE, (0, None, job, queue.state(job).claims))
        victim.release_lock()
        rescue.rescue_dead(queue)

    assert queue.state(job).state == ("waiting" if progress else "dead")


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
