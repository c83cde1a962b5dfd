"""What goes wrong where several write at the same time, each race forced: one writer stands where the other comes along."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jobs import (
    JobQueue,
    JobsError,
    PostgresEngine,
    check_sealed_events,
    current_job,
    job_history,
    pause_queue,
    prove,
    seal_events,
    show_job,
)
from jobs import postgres_sql as text
from jobs.postgres_links import ServerLost
from jobs.rescue import rescue_dead, rescue_stale
from jobs.testing import Bench
from jobs.worker_thread import WorkerThread

pytestmark = pytest.mark.postgres

LEASE = 30_000_000


class Machine:
    """A queue as a machine of its own would have it."""

    def __init__(self, url: str, **options: Any) -> None:
        self.engine = PostgresEngine(url, grace=0)
        self.queue = JobQueue(self.engine)
        self.task = self.queue.task(name="noop", **options)(lambda *_: None)

    def claim(self, number: int = 1) -> list[int]:
        claims = self.queue.storage.claim(number, self.queue.owner.id, LEASE)
        return [claim.id for claim in claims]


@pytest.fixture
def machines(postgres_url: str) -> Iterator[Callable[..., list[Machine]]]:
    """A function that makes so many machines on one queue."""
    made: list[Machine] = []

    def make(number: int = 2, **options: Any) -> list[Machine]:
        made.extend(Machine(postgres_url, **options) for _ in range(number))
        return made

    yield make
    for each in made:
        each.queue.shut()


def in_thread(work: Callable[[], Any]) -> Callable[[], Any]:
    """Begin ``work``; what is returned waits for its end and returns its value."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()

    def end() -> Any:
        thread.join(20)
        assert found, "it still waits"
        if isinstance(found[0], BaseException):
            raise found[0]
        return found[0]

    return end


def waits_for_lock(engine: PostgresEngine) -> None:
    """Return when a statement on the server waits for a lock."""
    deadline = time.monotonic() + 10
    while not engine.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        assert time.monotonic() < deadline, "nobody waits"


def test_a_worker_that_lets_go_is_dead_at_once(machines: Any) -> None:
    """The server ends a session some time after its client."""
    one, other = machines()
    for _ in range(20):
        worker = one.queue.owner
        assert not other.engine.is_dead(worker.id)
        worker.release_lock()
        one.queue._owner = None
        assert other.engine.is_dead(worker.id)


def test_two_that_begin_at_once_make_the_tables_once(postgres_url: str) -> None:
    first, second = PostgresEngine(postgres_url), PostgresEngine(postgres_url)
    with first.write():
        first.install()
        other = in_thread(second.install)  # has looked, found none, and waits for the lock
        waits_for_lock(first)
    other()
    assert second.value("SELECT count(*) FROM task") == 0
    first.close_all()
    second.close_all()


def test_a_job_that_one_claims_is_passed_over_by_the_other(machines: Any) -> None:
    first, second = machines()
    jobs = [first.queue.enqueue(first.task.s()) for _ in range(2)]
    with first.engine.write():
        assert first.claim() == [jobs[0]]
        assert in_thread(second.claim)() == [jobs[1]]
    assert [show_job(first.engine, job).claims for job in jobs] == [1, 1]


def test_without_skip_locked_the_other_waits_for_it(machines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test before: it can fail."""
    monkeypatch.setattr(text, "CLAIM", text.CLAIM.replace(" SKIP LOCKED", ""))
    first, second = machines()
    first.queue.enqueue(first.task.s())
    with first.engine.write():
        assert first.claim()
        other = in_thread(second.claim)
        waits_for_lock(first.engine)
    assert other() == []


def test_a_limit_holds_over_machines(machines: Any) -> None:
    first, second = machines(concurrency=1)
    for _ in range(2):
        first.queue.enqueue(first.task.s())
    with first.engine.write():
        assert len(first.claim()) == 1
        other = in_thread(second.claim)
        waits_for_lock(first.engine)  # for the count, which the claim that is not committed is a part of
    assert other() == []


def test_without_the_lock_the_limit_is_broken(machines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test before."""
    monkeypatch.setattr(text, "LOCK_FOR_TRANSACTION", "SELECT %s::int")
    first, second = machines(concurrency=1)
    for _ in range(2):
        first.queue.enqueue(first.task.s())
    with first.engine.write():
        assert len(first.claim()) == len(in_thread(second.claim)()) == 1


def test_a_rate_holds_over_machines(machines: Any) -> None:
    first, second = machines(rate=(1, 3600))
    for _ in range(2):
        first.queue.enqueue(first.task.s())
    with first.engine.write():
        assert len(first.claim()) == 1
        other = in_thread(second.claim)
        waits_for_lock(first.engine)
    assert other() == []


def test_a_pause_is_seen_by_the_claim_itself(machines: Any) -> None:
    first, second = machines()
    first.queue.enqueue(first.task.s())
    pause_queue(second.engine, "default")
    assert first.queue.owner and first.engine.clock()
    trips = first.engine.trips
    assert first.claim() == [] and first.engine.trips == trips + 1


def test_events_beside_an_open_transaction_are_sealed_when_it_is_over(machines: Any) -> None:
    """The one with the lower number is committed after the one with the higher."""
    first, second = machines()
    with first.engine.write():
        first.queue.enqueue(first.task.s())
        in_thread(lambda: second.queue.enqueue(second.task.s()))()
        in_thread(lambda: seal_events(second.engine))()
    third = first.queue.enqueue(first.task.s())
    seal_events(second.engine)
    seal_events(second.engine)  # by now the mark of the time before is over
    assert second.engine.value("SELECT count(*), min(id), max(id) FROM job_event") == 3
    assert check_sealed_events(second.engine) == []
    proof = prove(second.engine)
    assert (proof.violations, proof.events, proof.unsealed) == ([], 3, 0)
    assert job_history(first.engine, third)


def test_a_seal_up_to_what_is_seen_would_miss_an_event(
    machines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the test before."""
    monkeypatch.setattr(PostgresEngine, "settled_events", lambda engine: None)
    first, second = machines()
    with first.engine.write():
        first.queue.enqueue(first.task.s())
        in_thread(lambda: second.queue.enqueue(second.task.s()))()
        in_thread(lambda: seal_events(second.engine))()
    seal_events(second.engine)
    assert check_sealed_events(second.engine) == []
    assert prove(second.engine).events == 1


def test_a_chain_that_was_changed_is_found(machines: Any) -> None:
    (first,) = machines(1)
    for _ in range(2):
        first.queue.enqueue(first.task.s())
        seal_events(first.engine)
    first.engine.sql("UPDATE audit SET body = replace(body, '1', '2') WHERE seq = 1")
    assert any("does not follow" in each.what for each in prove(first.engine).violations)


def test_time_is_the_servers(machines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = machines()
    ahead = time.time
    monkeypatch.setattr(time, "time", lambda: ahead() + 3600)
    first.queue.enqueue(first.task.s())
    with first.engine.write():
        assert first.claim()
    assert rescue_stale(second.queue) == []
    assert abs(second.engine.clock() - ahead() * 1_000_000) < 60_000_000


def test_a_key_that_is_let_go_between_insert_and_look_up_is_taken(
    machines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = machines()
    held = first.queue.enqueue(first.task.s(), unique="key")
    ran = PostgresEngine._execute

    def execute(engine: PostgresEngine, statement: str, params: Any) -> Any:
        rows = ran(engine, statement, params)
        if statement == text.INSERT_UNIQUE and not rows:  # it is in the way: and gone in the next moment
            second.engine.sql("UPDATE task SET state = 'done', unique_live = 0 WHERE id = ?", (held,))
        return rows

    monkeypatch.setattr(first.engine, "_execute", lambda *given: execute(first.engine, *given))
    job = first.queue.enqueue(first.task.s(), unique="key")
    assert job != held and show_job(second.engine, job).state == "waiting"


def test_two_that_insert_one_key_get_one_job(machines: Any) -> None:
    first, second = machines()
    with first.engine.write():
        job = first.queue.enqueue(first.task.s(), unique="key")
        other = in_thread(lambda: second.queue.enqueue(second.task.s(), unique="key"))
        waits_for_lock(first.engine)
    assert other() == job


def test_due_jobs_are_moved_once_with_one_event(machines: Any) -> None:
    first, second = machines()
    job = first.queue.enqueue(first.task.s(), delay=0.001)
    now = first.engine.clock() + 1_000_000
    with first.engine.write():
        assert first.engine.promote(now) == 1
        assert in_thread(lambda: second.engine.promote(now))() == 0
    assert [each.event for each in job_history(first.engine, job)] == ["scheduled", "due"]


def test_many_jobs_and_their_events_are_one_statement(machines: Any) -> None:
    first, second = machines()
    with first.engine.write():
        trips = first.engine.trips
        first.queue.enqueue_many(first.task, [(number,) for number in range(100)])
        assert first.engine.trips == trips + 1
        assert second.engine.value("SELECT count(*) FROM job_event") == 0
    assert first.engine.value("SELECT count(*) FROM job_event") == 100


def test_numbers_of_a_batch_are_its_own(machines: Any) -> None:
    first, second = machines()
    follows = first.queue.task(name="follows")(lambda summary: summary)
    with first.queue.batch(follows.s()) as batch:
        first.queue.enqueue(first.task.s())
        other = in_thread(lambda: second.queue.enqueue(second.task.s()))
        waits_for_lock(first.engine)
        first.queue.enqueue(first.task.s())
    other()
    bench = Bench(first.engine)
    bench.queue.task(name="noop")(lambda *_: None)
    bench.queue.task(name="follows")(lambda summary: summary)
    bench.clock.at = second.engine.clock()
    bench.run()
    assert batch.job is not None
    assert show_job(second.engine, batch.job).result == {"jobs": 2, "done": 2}


def test_a_rescue_passes_over_a_job_that_ends_at_this_moment(machines: Any) -> None:
    first, second = machines()
    job = first.queue.enqueue(first.task.s())
    with first.engine.write():
        first.claim()
    first.engine.sql("UPDATE task SET lease = 1")
    with first.engine.write():
        first.engine.sql("UPDATE task SET state = 'done', owner = NULL WHERE id = ?", (job,))
        assert in_thread(lambda: rescue_stale(second.queue))() == []
    assert show_job(second.engine, job).state == "done"


def test_a_worker_whose_session_is_there_is_alive(machines: Any) -> None:
    first, second = machines()
    first.queue.enqueue(first.task.s())
    with first.engine.write():
        first.claim()
    owner = first.queue.owner
    assert not second.engine.is_dead(owner.id)
    assert rescue_dead(second.queue) == []
    owner.release_lock()
    assert second.engine.is_dead(owner.id)
    assert len(rescue_dead(second.queue)) == 1


def test_atomic_kinds_are_refused_with_a_sentence(machines: Any) -> None:
    (first,) = machines(1)
    with pytest.raises(Exception, match=r"cannot be atomic here: the queue is kept on a server"):
        first.queue.task(name="atomic", atomic=True)(lambda: None)


def test_a_process_has_five_connections(machines: Any) -> None:
    (first,) = machines(1)
    first.queue.enqueue_many(first.task, [()] * 50)
    worker = first.queue.worker(threads=8)
    worker.start()
    first.queue.drain(20)
    count = first.engine.value(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'valhalla-%'"
    )
    assert worker.stop(10)
    assert count <= 5


def test_a_job_takes_three_trips_at_most(machines: Any) -> None:
    (first,) = machines(1)
    first.queue.owner.beat(1)
    first.engine.clock()
    thread = WorkerThread(first.queue, threading.Event())
    for number in (1, 4):
        for _ in range(number):
            first.queue.enqueue(first.task.s())
        before = first.engine.trips
        while thread.work():
            pass
        assert first.engine.trips - before <= 3 * number


def test_a_notice_is_sent_once_a_second(machines: Any, eventually: Any) -> None:
    first, second = machines()
    second.queue.owner.beat(1)
    heard = second.engine.presence.news
    for _ in range(20):
        first.queue.enqueue(first.task.s())
    eventually(lambda: second.engine.presence.news != heard)
    assert second.engine.presence.news - heard <= 3


@pytest.mark.parametrize("comes_through", [True, False])
@pytest.mark.parametrize("begins", [True, False])
def test_a_connection_that_breaks_at_commit_is_asked_about(
    machines: Any, postgres_server: Any, postgres_url: str, begins: bool, comes_through: bool
) -> None:
    """The end of a job alone, or of one with a transaction of its own; cut before the server has it, or before it has answered."""
    (first,) = machines(1)
    engine, tries = first.engine, []

    @first.queue.task(name="effect")
    def effect() -> None:
        job = current_job()
        assert job is not None
        tries.append(job.claims)
        if begins:
            job.begin()
            engine.sql("INSERT INTO counter VALUES ('', 'effect', ?)", (job.claims,))
        if len(tries) == 1:
            setattr(engine, "_end" if begins else "_together", cut)

    def cut(*given: Any) -> Any:
        name = "_end" if begins else "_together"
        delattr(engine, name)  # the next is as ever
        if comes_through:
            getattr(engine, name)(*given)
            raise engine._psycopg.OperationalError("cut") if not begins else ServerLost("cut")
        postgres_server.cut(postgres_url)
        return getattr(engine, name)(*given)

    job = first.queue.enqueue(effect.s())
    thread = WorkerThread(first.queue, threading.Event())
    assert first.queue.owner
    for _ in range(4):
        thread.work()
    ended = show_job(engine, job)
    again = begins and not comes_through  # an end that is alone is written again, without the job
    assert (ended.state, ended.tries, ended.failures) == ("done", 1 + again, 0)
    assert tries == ([1, 2] if again else [1])
    if begins:
        assert engine.sql("SELECT value FROM counter") == [(tries[-1],)]
    events = [each.event for each in job_history(engine, job)]
    assert events == ["enqueued", "started", *(["released", "started"] if again else []), "done"]


def test_after_a_restart_the_lock_is_taken_before_anything_is_claimed(
    machines: Any, postgres_server: Any
) -> None:
    first, second = machines()
    first.queue.enqueue(first.task.s())
    owner = first.queue.owner
    held: list[bool] = []
    once = first.engine._once

    def claimed(link: Any, statement: str, *more: Any, **options: Any) -> Any:
        if statement == text.CLAIM:
            held.append(second.engine._execute(text.LIFE, (owner.id,))[0][2])
        return once(link, statement, *more, **options)

    first.engine._once = claimed
    postgres_server.restart()
    for _ in range(100):
        try:
            with first.engine.write():
                claims = first.claim()
            break
        except ServerLost:
            time.sleep(0.05)
    assert (claims, held) == ([1], [True])


def test_a_session_that_is_cut_alone_gets_its_lock_back(machines: Any, eventually: Any) -> None:
    first, second = machines()
    owner, presence = first.queue.owner, first.engine.presence
    before = presence._pid
    second.engine.sql("SELECT pg_terminate_backend(?)", (before,))
    eventually(lambda: presence._pid != before and presence._ready.is_set())
    assert second.engine._execute(text.LIFE, (owner.id,))[0][2]


def test_a_free_lock_is_a_death_only_after_the_grace(machines: Any) -> None:
    first, second = machines()
    owner = first.queue.owner
    second.engine.grace = 3600
    owner.release_lock()
    assert not second.engine.is_dead(owner.id)
    assert not second.engine.is_dead(owner.id)
    second.engine.grace = 0
    assert second.engine.is_dead(owner.id)


def test_without_psycopg_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(JobsError, match=r"pip install 'valhalla\[postgres\]'"):
        PostgresEngine("postgresql://localhost/nothing")


def test_one_operator_does_not_load_it() -> None:
    code = "import sys, valhalla.__main__, jobs.queue; print([name for name in sys.modules if 'psycopg' in name or name == 'jobs.postgres'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_server_that_does_not_answer_is_a_sentence() -> None:
    with pytest.raises(ServerLost, match="PostgreSQL does not answer"):
        JobQueue(PostgresEngine("postgresql://nobody@127.0.0.1:1/nothing"))
