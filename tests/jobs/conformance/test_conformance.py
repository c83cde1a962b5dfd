"""What any storage for jobs must do. Each test is a promise; its name says it."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest


def declare(engine: Any, name: str = "note", **options: Any) -> tuple[Any, list[Any]]:
    """A handler that keeps what it was called with."""
    calls: list[Any] = []

    def note(*args: Any, **kwargs: Any) -> Any:
        calls.append((*args, *kwargs.values()) if kwargs or len(args) != 1 else args[0])
        return args[0] if args else None

    return engine.task(name, **options)(note), calls


def test_job_runs_once_with_its_arguments(engine: Any) -> None:
    note, calls = declare(engine)
    engine.put(note.s(1, "two", three=[3, None]))
    engine.run()
    engine.run()
    assert calls == [(1, "two", [3, None])]


def test_jobs_run_in_the_order_in_which_they_came(engine: Any) -> None:
    note, calls = declare(engine)
    for number in range(20):
        engine.put(note.s(number))
    engine.run()
    assert calls == list(range(20))


def test_higher_priority_runs_first(engine: Any) -> None:
    note, calls = declare(engine)
    for priority in (0, 5, -3, 5):
        engine.put(note.s(priority), priority=priority)
    engine.run()
    assert calls == [5, 5, 0, -3]


def test_delayed_job_runs_when_it_is_due_and_not_before(engine: Any) -> None:
    note, calls = declare(engine)
    engine.put(note.s("late"), delay=60)
    engine.run()
    assert calls == []
    engine.advance(61)
    engine.run()
    assert calls == ["late"]


def test_expired_job_does_not_run(engine: Any) -> None:
    note, calls = declare(engine)
    engine.put(note.s("stale"), expires=10)
    engine.advance(3600)
    engine.run()
    assert calls == []


def test_failing_job_is_tried_as_often_as_declared(engine: Any) -> None:
    tries: list[int] = []

    @engine.task("fail", retries=2, retry_delay=1)
    def fail() -> None:
        tries.append(1)
        raise ValueError("no")

    engine.put(fail.s())
    for _ in range(6):
        engine.run()
        engine.advance(10)
    assert len(tries) == 3


def test_failed_job_is_kept_with_its_reason(engine: Any) -> None:
    @engine.task("fail")
    def fail() -> None:
        raise ValueError("the reason")

    engine.put(fail.s())
    engine.run()
    (kept,) = engine.kept_failures()
    assert "the reason" in kept


def test_result_can_be_read(engine: Any) -> None:
    note, _ = declare(engine)
    job = engine.put(note.s(7))
    engine.run()
    assert engine.result(job) == 7


def test_pipeline_passes_results_on(engine: Any) -> None:
    note, calls = declare(engine)
    add = engine.task("add")(lambda a, b: a + b)
    engine.put(add.s(1, 2).then(add, 10).then(note))
    engine.run()
    assert calls == [13]


def test_chord_calls_back_with_all_results(engine: Any) -> None:
    from huey.api import group

    note, calls = declare(engine)
    double = engine.task("double")(lambda value: value * 2)
    engine.put(group([double.s(1), double.s(2), double.s(3)]).then(note))
    engine.run()
    assert calls == [[2, 4, 6]]


def test_revoked_kind_does_not_run(engine: Any) -> None:
    note, calls = declare(engine)
    other, others = declare(engine, "other")
    engine.put(note.s("revoked"))
    engine.put(other.s("not revoked"))
    engine.revoke(note)
    engine.run()
    assert (calls, others) == ([], ["not revoked"])


def test_two_workers_never_get_the_same_job(engine: Any) -> None:
    note, _ = declare(engine)
    engine.put(note.s("only one"))
    first, second = engine.two_takes()
    assert first is not None
    assert second is None


def test_job_survives_a_restart(engine: Any) -> None:
    note, _ = declare(engine)
    engine.put(note.s("before"))
    engine.restart()
    _, calls = declare(engine)
    engine.run()
    assert calls == ["before"]


def test_job_survives_the_death_of_its_worker(engine: Any) -> None:
    note, _ = declare(engine)
    engine.put(note.s("again"))
    engine.take_and_die()
    engine.restart()
    _, calls = declare(engine)
    engine.run()
    assert calls == ["again"]


def test_job_survives_the_death_of_the_other_process_that_ran_it(engine: Any) -> None:
    from jobs import accept_report

    note, calls = declare(engine)
    reports = iter(["", '["done", null, null]'])
    engine.queue.middleware(lambda job, call: (call(), accept_report(engine.queue, job, next(reports))))
    engine.put(note.s("again"))
    engine.run()
    assert calls == ["again", "again"]


def test_due_jobs_survive_the_death_of_the_scheduler(engine: Any) -> None:
    note, _ = declare(engine)
    engine.put(note.s("due"), delay=1)
    engine.run()
    engine.advance(60)
    engine.take_schedule_and_die()
    engine.restart()
    _, calls = declare(engine)
    engine.run()
    assert calls == ["due"]


def test_effects_of_an_attempt_that_failed_are_undone(engine: Any) -> None:
    @engine.task("half", atomic=True, retries=1, retry_delay=1)
    def half() -> None:
        engine.effect("half")
        raise ValueError("after the effect")

    engine.put(half.s())
    for _ in range(4):
        engine.run()
        engine.advance(10)
    assert engine.effects() == []


def test_enqueue_in_a_transaction_that_is_rolled_back_leaves_nothing(engine: Any) -> None:
    note, _ = declare(engine)
    with pytest.raises(KeyError), engine.transaction():
        engine.put(note.s("never"))
        raise KeyError
    assert engine.waiting() == 0


def test_payload_cannot_carry_code(engine: Any) -> None:
    import json

    note, _ = declare(engine)
    engine.put(note.s("data"))
    for payload in engine.stored():
        json.loads(payload)


def test_job_of_an_unknown_handler_is_kept(engine: Any) -> None:
    note, _ = declare(engine, "renamed")
    engine.put(note.s("still here"))
    engine.restart()
    declare(engine, "new name")
    with contextlib.suppress(Exception):
        engine.run()
    assert engine.waiting() == 1 or "renamed" in engine.kept_failures()[0]


def test_unique_key_admits_one_job(engine: Any) -> None:
    note, calls = declare(engine)
    engine.put(note.s(1), unique="key")
    engine.put(note.s(2), unique="key")
    engine.run()
    assert calls == [1]


def test_paused_queue_begins_nothing(engine: Any) -> None:
    note, calls = declare(engine)
    engine.put(note.s("later"))
    engine.pause()
    engine.run()
    assert (calls, engine.waiting()) == ([], 1)


def test_cycle_runs_once_per_slot_also_after_a_restart(engine: Any) -> None:
    calls: list[int] = []
    engine.every(5, "cycle")(lambda: calls.append(1))
    engine.run()
    engine.restart()
    engine.every(5, "cycle")(lambda: calls.append(1))
    engine.run()
    assert len(calls) == 1
    engine.advance(5)
    engine.run()
    assert len(calls) == 2


def test_lock_dies_with_its_holder(engine: Any) -> None:
    note, _ = declare(engine)
    engine.put(note.s(1))
    engine.lock("door").acquire()
    engine.take_and_die()
    engine.restart()
    declare(engine)
    engine.run()
    assert engine.lock("door").acquire()


def test_empty_queue_gives_nothing(engine: Any) -> None:
    declare(engine)
    engine.run()
    assert engine.waiting() == 0
    assert engine.scheduled() == 0
