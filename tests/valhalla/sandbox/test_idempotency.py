"""What has a key is done once, by whomever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from db import Database
from jobs.testing import FakeClock
from valhalla.program.database import open_database
from valhalla.sandbox import IdempotencyManager, ResultElsewhere
from valhalla.sandbox.errors import NestedKey


class Counted:
    """A function that counts its calls."""

    def __init__(self, result: object = "done") -> None:
        self.calls = 0
        self.result = result

    def __call__(self, *args: object, **kwargs: object) -> object:
        self.calls += 1
        return self.result


def test_a_key_is_executed_once_and_its_result_kept() -> None:
    manager, work = IdempotencyManager(), Counted({"paid": 100})
    assert not manager.is_duplicate("k")
    assert manager.get_cached_result("k") is None
    assert [manager.process_idempotent("k", work, 1, two=2) for _ in range(3)] == [{"paid": 100}] * 3
    assert work.calls == 1
    assert manager.is_duplicate("k") and manager.get_cached_result("k") == {"paid": 100}


def test_none_is_a_result() -> None:
    manager, work = IdempotencyManager(), Counted(None)
    assert manager.process_idempotent("k", work) is None
    assert manager.process_idempotent("k", work) is None
    assert work.calls == 1 and manager.is_duplicate("k")


@pytest.mark.parametrize("result", [(1, (2, 3)), {1: "a"}, {"s": {1, 2}}, object(), float("nan"), b"bytes"])
def test_a_result_comes_back_as_it_was_even_if_json_cannot_hold_it(result: object) -> None:
    manager, work = IdempotencyManager(), Counted(result)
    first, second = manager.process_idempotent("k", work), manager.process_idempotent("k", work)
    assert first is result and second is result and work.calls == 1


def test_a_failure_is_not_kept() -> None:
    manager, calls = IdempotencyManager(), []

    def fails_once() -> str:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("down")
        return "up"

    with pytest.raises(OSError, match="down"):
        manager.process_idempotent("k", fails_once)
    assert not manager.is_duplicate("k")
    assert manager.process_idempotent("k", fails_once) == "up"
    assert len(calls) == 2


def test_time_to_live_may_be_a_fraction(database: Database, clock: FakeClock) -> None:
    manager, work = IdempotencyManager(0.25, database=database), Counted()
    manager.process_idempotent("k", work)
    clock.advance(0.249_999)
    assert manager.is_duplicate("k") and manager.clear_expired() == 0
    clock.advance(0.000_001)
    assert not manager.is_duplicate("k") and manager.get_cached_result("k") is None
    assert manager.clear_expired() == 1
    manager.process_idempotent("k", work)
    assert work.calls == 2


def test_fifty_threads_execute_once_and_all_get_the_result(
    file: Database, together: Callable[..., list[object]]
) -> None:
    manager, inside = IdempotencyManager(database=file), threading.Event()
    calls: list[int] = []

    def slow(number: int) -> int:
        calls.append(number)
        inside.wait(0.05)
        return number

    results = together(50, lambda number: manager.process_idempotent("k", slow, number))
    assert len(calls) == 1 and results == [calls[0]] * 50


def test_the_next_waiter_runs_what_failed(file: Database, together: Callable[..., list[object]]) -> None:
    manager = IdempotencyManager(database=file)
    calls: list[int] = []

    def first_fails() -> str:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("down")
        return "up"

    results = together(10, lambda _: manager.process_idempotent("k", first_fails))
    assert len(calls) == 2
    assert sum(isinstance(each, OSError) for each in results) == 1 and results.count("up") == 9


FOUR_PROCESSES = """
import threading, time
from valhalla.sandbox import IdempotencyManager
manager = IdempotencyManager(database=database)
def work():
    with open(words[0], "a", encoding="utf-8") as file:
        file.write("x")
    time.sleep(0.2)
    return {"by": 7}
results = []
threads = [threading.Thread(target=lambda: results.append(manager.process_idempotent("pay-1", work))) for _ in range(13)]
print("ready", flush=True)
sys.stdin.readline()
for each in threads: each.start()
for each in threads: each.join()
print(sum(each == {"by": 7} for each in results))
"""


def test_fifty_callers_in_four_processes_execute_once(
    file: Database, process: Callable, tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    crowd = [process(FOUR_PROCESSES, marks) for _ in range(4)]
    for each in crowd:
        each.expect("ready")
    for each in crowd:
        each.say("go")
    assert [each.finish() for each in crowd] == ["13"] * 4
    assert marks.read_text() == "x"


def test_the_reservation_of_a_killed_process_lapses(file: Database, process: Callable) -> None:
    dying = process(
        """
from valhalla.sandbox import IdempotencyManager
def work():
    print("inside", flush=True)
    sys.stdin.readline()
IdempotencyManager(database=database).process_idempotent("k", work)
"""
    )
    dying.expect("inside")
    manager, work = IdempotencyManager(database=file), Counted("by me")
    assert manager.is_duplicate("k"), "its owner lives"
    assert not manager.reserve("k")
    dying.kill()
    assert not manager.is_duplicate("k")
    assert not manager.reserve("k", take_over=False), "unless told so, nobody takes over"
    assert manager.process_idempotent("k", work) == "by me"


def test_a_result_without_json_stays_where_it_was_made_and_is_not_executed_again(
    file: Database, process: Callable
) -> None:
    other = process(
        """
from valhalla.sandbox import IdempotencyManager
IdempotencyManager(database=database).process_idempotent("k", lambda: object())
"""
    )
    assert other.wait() == 0
    work = Counted()
    with pytest.raises(ResultElsewhere, match="'k'"):
        IdempotencyManager(database=file).process_idempotent("k", work)
    assert work.calls == 0


def test_results_survive_a_restart(path: Path) -> None:
    work = Counted([1, 2])
    for _ in range(2):
        with open_database(path) as database:
            assert IdempotencyManager(database=database).process_idempotent("k", work) == [1, 2]
    assert work.calls == 1


def test_a_function_that_asks_for_its_own_key_is_told_so() -> None:
    manager = IdempotencyManager()
    with pytest.raises(NestedKey, match="'k'"):
        manager.process_idempotent("k", lambda: manager.process_idempotent("k", Counted()))
    assert manager.process_idempotent("k", Counted()) == "done"


def test_a_transaction_does_not_wait_for_a_key(database: Database) -> None:
    with database.write(), pytest.raises(RuntimeError, match="transaction"):
        IdempotencyManager(database=database).process_idempotent("k", Counted())
