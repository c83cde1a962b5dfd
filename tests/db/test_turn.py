"""The order of writers."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db.turn import FairLock, Turn, turn_for

Eventually = Callable[[Callable[[], bool]], None]


def test_waiters_get_the_lock_in_the_order_in_which_they_came(eventually: Eventually) -> None:
    lock, order = FairLock(), list[int]()
    assert lock.acquire(1)

    def wait(number: int) -> None:
        assert lock.acquire(30)
        order.append(number)
        lock.release()

    threads = []
    for number in range(8):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        eventually(lambda number=number: lock.waiting == number + 1)  # type: ignore[misc]
    lock.release()
    for thread in threads:
        thread.join()
    assert order == list(range(8))
    assert lock.waiting == 0


def test_the_one_who_releases_cannot_take_it_again_before_those_who_wait(eventually: Eventually) -> None:
    lock, order = FairLock(), list[str]()

    def other() -> None:
        lock.acquire(30)
        order.append("other")
        lock.release()

    lock.acquire(1)
    thread = threading.Thread(target=other)
    thread.start()
    eventually(lambda: lock.waiting == 1)
    lock.release()
    lock.acquire(30)
    order.append("first again")
    lock.release()
    thread.join()
    assert order == ["other", "first again"]


def test_it_is_held_by_one_at_a_time() -> None:
    lock, inside, most = FairLock(), 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(300):
            assert lock.acquire(30)
            inside += 1
            most = max(most, inside)
            inside -= 1
            lock.release()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert (inside, most) == (0, 1)


def test_a_waiter_who_gives_up_is_passed_over(eventually: Eventually) -> None:
    lock = FairLock()
    lock.acquire(1)
    assert not lock.acquire(0.01)
    assert lock.waiting == 0
    got = threading.Event()
    thread = threading.Thread(target=lambda: lock.acquire(30) and got.set())
    thread.start()
    eventually(lambda: lock.waiting == 1)
    lock.release()
    assert got.wait(30)
    thread.join()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs a signal to a thread")
def test_a_waiter_who_is_interrupted_does_not_get_the_lock(
    eventually: Eventually, request: pytest.FixtureRequest
) -> None:
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # it is ignored where tests run side by side
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    lock = FairLock()
    lock.acquire(1)
    main = threading.get_ident()

    def interrupt() -> None:
        eventually(lambda: lock.waiting == 1)
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        lock.acquire(30)
    thread.join()
    assert lock.waiting == 0
    lock.release()
    assert lock.acquire(0)  # nobody holds it: it was not handed to the one who left


def test_the_turn_of_one_file_is_one_object_and_that_of_another_file_another(tmp_path: Path) -> None:
    turn = turn_for(tmp_path / "a.db")
    assert turn_for(tmp_path / "a.db") is turn
    assert turn_for(tmp_path / "b.db") is not turn


def test_nobody_waits_for_a_file_of_one_process_alone() -> None:
    turn = Turn(None)
    turn.threads.acquire(1)
    assert not turn.contended()


def test_a_process_that_waits_is_seen(tmp_path: Path, process: Any) -> None:
    turn = Turn(tmp_path / "writer.turn")
    code = """
from db.filelock import FileLock
lock = FileLock(path)
assert lock.acquire(30)
tell("waiting")
hear()
"""
    assert not turn.contended()
    assert not turn.contended()  # looking takes nothing
    other = process(code, tmp_path / "writer.turn")
    other.expect("waiting")
    assert turn.contended()
    other.kill()
    assert not turn.contended()


def test_the_lock_file_is_closed_with_the_last_who_uses_the_turn(tmp_path: Path) -> None:
    turn = turn_for(tmp_path / "valhalla.db")
    assert not turn.contended() and turn.processes is not None
    file = weakref.ref(turn.processes)
    gc.disable()
    try:
        del turn
        assert file() is None, "not only when the collector comes: Windows removes no file that is open"
    finally:
        gc.enable()
