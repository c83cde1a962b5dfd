from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from huey.api import group

from jobs import PayloadError, UnknownHandler, current_job, prune_jobs
from jobs.testing import Bench


@pytest.fixture
def one(bench: Bench) -> Any:
    return bench.queue.task(name="one")(lambda *args: list(args))


def test_key_of_scope_waiting_is_free_once_the_job_begins(bench: Bench, one: Any) -> None:
    inside: list[int] = []

    @bench.queue.task(name="self")
    def itself() -> None:
        if len(inside) < 2:
            inside.append(bench.queue.enqueue(itself.s(), unique="key", scope="waiting"))

    first = bench.queue.enqueue(itself.s(), unique="key", scope="waiting")
    assert bench.queue.enqueue(itself.s(), unique="key", scope="waiting") == first
    assert len(bench.run()) == 3


def test_key_of_scope_running_is_free_once_the_job_ends(bench: Bench) -> None:
    inside: list[int] = []

    @bench.queue.task(name="self")
    def itself() -> None:
        inside.append(bench.queue.enqueue(itself.s(), unique="key"))

    first = bench.queue.enqueue(itself.s(), unique="key")
    bench.run()
    assert inside == [first]
    assert bench.queue.enqueue(itself.s(), unique="key") != first


def test_key_of_scope_period_is_free_once_the_period_is_over(bench: Bench, one: Any) -> None:
    first = bench.queue.enqueue(one.s(), unique="daily", scope="period", period=60)
    bench.run()
    bench.advance(59)
    assert bench.queue.enqueue(one.s(), unique="daily", scope="period", period=60) == first
    bench.advance(2)
    assert bench.queue.enqueue(one.s(), unique="daily", scope="period", period=60) != first


def test_key_stays_taken_while_a_failed_job_waits_for_its_retry(bench: Bench) -> None:
    @bench.queue.task(name="fail", retries=1, retry_delay=60)
    def fail() -> None:
        raise ValueError

    first = bench.queue.enqueue(fail.s(), unique="key")
    bench.run()
    assert bench.queue.state(first).state == "scheduled"
    assert bench.queue.enqueue(fail.s(), unique="key") == first


@pytest.mark.parametrize("wrong", [{"scope": "for ever"}, {"scope": "period"}, {"period": 5}])
def test_scope_that_makes_no_sense_is_refused(bench: Bench, one: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="scope is"):
        bench.queue.enqueue(one.s(), unique="key", **wrong)


def test_eta_is_a_moment_with_a_zone(bench: Bench, one: Any) -> None:
    at = datetime.datetime(2026, 1, 1, 9, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=-5)))
    job = bench.queue.enqueue(one.s(), eta=at)  # 14:00 UTC; the bench's clock shows 12:00
    assert bench.run() == []
    bench.advance(7200)
    assert [state.id for state in bench.run()] == [job]
    with pytest.raises(ValueError, match="no time zone"):
        bench.queue.enqueue(one.s(), eta=datetime.datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="not both"):
        bench.queue.enqueue(one.s(), eta=at, delay=1)


@pytest.mark.parametrize(
    "expires",
    [60, 60.0, datetime.timedelta(seconds=60), datetime.datetime(2026, 1, 1, 12, 1, tzinfo=datetime.UTC)],
)
def test_job_that_expired_never_runs(bench: Bench, one: Any, expires: Any) -> None:
    late, early = (
        bench.queue.enqueue(one.s(), expires=expires, delay=61),
        bench.queue.enqueue(one.s(), expires=expires),
    )
    assert [state.id for state in bench.run()] == [early]
    bench.advance(62)
    bench.run()
    assert bench.queue.state(late).state == "expired"
    assert bench.queue.state(late).tries == 1 or bench.queue.state(late).result is None


def test_arguments_that_are_no_json_are_refused_at_once(bench: Bench, one: Any) -> None:
    for arguments in ((Path("x"),), ({1, 2},), (b"",)):
        with pytest.raises(PayloadError, match="the arguments of one cannot be kept as JSON"):
            bench.queue.enqueue(one.s(*arguments))
        with pytest.raises(PayloadError):
            bench.queue.enqueue_many(one, [arguments])
    with pytest.raises(PayloadError, match=r"enqueue what handler\.s"):
        bench.queue.enqueue(lambda: None)
    assert bench.queue.pending_count() == 0


def test_many_jobs_are_like_as_many_single_ones(bench: Bench, one: Any) -> None:
    assert (
        bench.queue.enqueue_many(one, ((number,) for number in range(25)), block=10, correlation_id="c") == 25
    )
    ran = bench.run()
    assert [state.result for state in ran] == [[number] for number in range(25)]
    assert {state.correlation_id for state in ran} == {"c"}
    assert [event.event for event in bench.queue.history(ran[0].id)] == ["enqueued", "started", "done"]


def test_many_delayed_jobs_wait(bench: Bench, one: Any) -> None:
    bench.queue.enqueue_many(one, [(1,), (2,)], delay=30)
    assert bench.run() == []
    bench.advance(30)
    assert [state.result for state in bench.run()] == [[1], [2]]


def test_group_and_chord_keep_the_correlation_of_their_cause(bench: Bench, one: Any) -> None:
    @bench.queue.task(name="cause")
    def cause() -> None:
        bench.queue.enqueue(group([one.s(1), one.s(2)]).then(one))

    job = bench.queue.enqueue(cause.s(), correlation_id="why")
    ran = bench.run()
    assert [state.name for state in ran] == ["cause", "one", "one", "one"]
    assert {state.correlation_id for state in ran} == {"why"}
    assert ran[1].parent_id == job
    assert ran[3].result == [[[1], [2]]]


def test_chord_with_a_failed_member_still_calls_back(bench: Bench) -> None:
    got: list[Any] = []

    @bench.queue.task(name="half")
    def half(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        return number

    callback = bench.queue.task(name="callback")(got.append)
    bench.queue.enqueue(group([half.s(1), half.s(2)]).then(callback))
    bench.run()
    assert got[0][0] == 1
    assert "two" in got[0][1].metadata["error"]


def test_handler_of_errors_gets_the_error_in_words(bench: Bench) -> None:
    got: list[str] = []

    @bench.queue.task(name="fail")
    def fail() -> None:
        raise ValueError("why")

    tell = bench.queue.task(name="tell")(got.append)
    bench.queue.enqueue(fail.s().error(tell))
    bench.run()
    assert got == ["ValueError('why')"]


def test_job_knows_itself(bench: Bench) -> None:
    seen: list[Any] = []

    @bench.queue.task(name="look", retries=1, retry_delay=0)
    def look() -> None:
        job = current_job()
        assert job is not None
        seen.append((job.id, job.name, job.tries, job.correlation_id))
        if job.tries == 1:
            raise ValueError

    number = bench.queue.enqueue(look.s(), correlation_id="c")
    bench.run()
    assert seen == [(number, "look", 1, "c"), (number, "look", 2, "c")]
    assert current_job() is None


def test_retry_task_is_asked_for_and_costs_no_retry(bench: Bench) -> None:
    from huey.exceptions import RetryTask

    tries: list[int] = []

    @bench.queue.task(name="later")
    def later() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise RetryTask(delay=5)

    job = bench.queue.enqueue(later.s())
    bench.run()
    bench.advance(11, run=True)
    assert (bench.queue.state(job).state, len(tries), bench.queue.state(job).failures) == ("done", 3, 0)


def test_lock_that_is_taken_costs_a_retry(bench: Bench) -> None:
    @bench.queue.task(name="locked", retries=2, retry_delay=1)
    def locked() -> None:
        with bench.queue.lock_task("door"):
            raise AssertionError("the door was open")

    bench.queue.lock_task("door").acquire()
    job = bench.queue.enqueue(locked.s())
    bench.run()
    bench.advance(10, run=True)
    state = bench.queue.state(job)
    assert (state.state, state.tries, state.failures) == ("dead", 3, 3)


def test_lock_with_a_time_to_live_opens_by_itself(bench: Bench) -> None:
    assert bench.queue.lock_task("door", ttl=5).acquire()
    bench.advance(4)
    assert bench.queue.is_locked("door")
    bench.advance(2)
    assert not bench.queue.is_locked("door")
    assert bench.queue.lock_task("door").acquire()


def test_revoked_job_is_canceled_and_its_revocation_gone(bench: Bench, one: Any) -> None:
    job, other = bench.queue.enqueue(one.s()), bench.queue.enqueue(one.s())
    bench.queue.revoke_by_id(job)
    bench.run()
    assert (bench.queue.state(job).state, bench.queue.state(other).state) == ("canceled", "done")
    assert bench.queue.result_count() == 0


def test_run_now_enqueues_a_periodic_job_once() -> None:
    with Bench() as bench:
        bench.queue.every(3600, "often")(lambda: None)
        first = bench.queue.run_now("often")
        assert bench.queue.run_now("often") == first
        assert [job.id for job in bench.run()] == [first]
        assert bench.queue.run_now("often") != first


def test_run_now_of_an_unknown_handler_is_refused() -> None:
    with Bench() as bench, pytest.raises(UnknownHandler):
        bench.queue.run_now("missing")


def test_key_of_a_period_is_free_at_its_end_and_not_before() -> None:
    with Bench() as bench:
        task = bench.queue.task(name="one")(lambda: None)

        def put() -> int:
            return int(bench.queue.enqueue(task.s(), unique="key", scope="period", period=60))

        first = put()
        bench.run()
        bench.clock.advance(59.999999)
        assert put() == first
        assert prune_jobs(bench.database, older_than=0) == 0
        bench.clock.advance(0.000001)
        assert prune_jobs(bench.database, older_than=0) == 1
        second = put()
        assert second != first
        bench.clock.advance(60)
        assert put() != second
