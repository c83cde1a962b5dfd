"""Workers of a queue on a server, killed, frozen and cut off; and the server killed: nothing lost, nothing twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from jobs import count_by_state, prove, seal_events

pytestmark = [pytest.mark.crash, pytest.mark.postgres]
LONG = os.environ.get("VALHALLA_LONG") == "1"
KILLS, FREEZES, RESTARTS, CUTS = (1_000, 100, 50, 100) if LONG else (8, 2, 1, 2)
LEASE = 2.0
FROZEN = 2.5
WORKERS = 3
ENOUGH = 40
"""Jobs that wait already when no more are made."""
STILL = 120.0
"""Seconds in which at least one job must end once nobody is killed any more, and one begin while workers are killed, also on a machine
that has much else to do."""
BUSY = """
SELECT DISTINCT w.pid FROM task t JOIN worker w ON t.owner = w.id WHERE t.state = 'running' AND t.started_at IS NOT NULL
"""


class Crew:
    """Worker processes, and what is done to them."""

    def __init__(self, start: Callable[..., Any], arguments: tuple[str, ...], queue: Any) -> None:
        self._start, self._arguments, self._queue = start, arguments, queue
        self.children: dict[int, Any] = {}
        self.frozen: dict[int, float] = {}
        self.busy_kills = 0

    def start(self) -> None:
        child = self._start(*self._arguments)
        self.children[child.pid] = child

    def asked(self, ask: Callable[[], Any]) -> Any:
        """The answer of a server that may be away."""
        deadline = time.monotonic() + STILL
        while True:
            try:
                return ask()
            except self._queue.engine.errors:
                assert time.monotonic() < deadline, "the server does not come back"
                time.sleep(0.05)

    def busy(self) -> list[int]:
        pids = [pid for (pid,) in self.asked(lambda: self._queue.engine.sql(BUSY))]
        return [pid for pid in pids if pid in self.children and pid not in self.frozen]

    def one_busy(self) -> int | None:
        deadline = time.monotonic() + STILL
        while time.monotonic() < deadline:
            if found := self.busy():
                return random.choice(found)
            self.thaw()
            time.sleep(0.01)
        return None

    def seen(self) -> dict[str, Any]:
        """What there is to say of workers that do nothing."""
        running = "SELECT t.id, t.started_at, w.pid FROM task t LEFT JOIN worker w ON t.owner = w.id WHERE t.state = 'running'"
        return {
            "alive": {pid: psutil.pid_exists(pid) and psutil.Process(pid).status() for pid in self.children},
            "frozen": [*self.frozen],
            "running": self.asked(lambda: self._queue.engine.sql(running)),
            "states": self.asked(lambda: count_by_state(self._queue.engine)),
        }

    def kill_one(self) -> None:
        pid = self.one_busy()
        assert pid is not None, f"no worker is busy: {self.seen()}"
        self.children.pop(pid).kill()
        self.busy_kills += 1
        self.start()

    def freeze_one(self) -> None:
        pid = self.one_busy()
        if pid is not None and len(self.frozen) < WORKERS - 1:
            os.kill(pid, signal.SIGSTOP)
            self.frozen[pid] = time.monotonic() + FROZEN

    def thaw(self, everyone: bool = False) -> None:
        for pid, at in list(self.frozen.items()):
            if everyone or time.monotonic() > at:
                os.kill(pid, signal.SIGCONT)
                del self.frozen[pid]

    def end(self) -> None:
        self.thaw(everyone=True)
        for child in self.children.values():
            child.kill()


@pytest.fixture
def work(module: Callable[[Path], Any]) -> Any:
    return module(Path(__file__).with_name("on_server.py"))


@pytest.fixture
def place(postgres_server: Any, work: Any, tmp_path: Path) -> tuple[str, Path]:
    url = postgres_server.empty()
    postgres_server.admin("CREATE TABLE effect (job bigint)", url)
    work.Shards(tmp_path).make()
    return url, tmp_path


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs a process that can be stopped")
def test_what_dies_loses_nothing_and_does_nothing_twice(
    place: tuple[str, Path],
    postgres_server: Any,
    work: Any,
    nursery: Callable[[str], Any],
    count_kills: Callable[[str, int], None],
) -> None:
    url, folder = place
    queue, shards, handlers = work.build(url, folder, lease=LEASE)
    crew = Crew(nursery("on_server").start, (url, str(folder), "applied", str(LEASE)), queue)
    made: list[tuple[str, int]] = []

    def produce(number: int) -> None:
        for _ in range(number):
            kind, key = work.KINDS[len(made) % 2], f"job-{len(made)}"
            job = handlers[kind].s(len(made))
            # whether an enqueueing whose connection broke came through is nobody's to know: with the key it may be done again
            given = {"unique": key, "scope": "period", "period": 86_400.0}
            made.append((kind, int(crew.asked(lambda job=job, given=given: queue.enqueue(job, **given)))))

    for _ in range(WORKERS):
        crew.start()
    acts = ["kill"] * KILLS + ["freeze"] * FREEZES + ["restart"] * RESTARTS + ["cut"] * CUTS
    random.Random(1).shuffle(acts)
    for number, act in enumerate(acts):
        if crew.asked(lambda: queue.storage.queue_size()) < ENOUGH:
            produce(20)
        crew.thaw()
        if act == "kill":
            crew.kill_one()
        elif act == "freeze":
            crew.freeze_one()
        elif act == "cut":
            crew.asked(lambda: postgres_server.cut(url))
        else:
            postgres_server.restart()
        time.sleep(random.random() * 0.1)
        if LONG and number % 100 == 0:
            print(number, crew.asked(lambda: count_by_state(queue.engine)), flush=True)
    left = "SELECT count(*) FROM task WHERE state IN ('waiting', 'scheduled', 'running')"
    deadline, before = time.monotonic() + STILL, -1
    while before:
        crew.thaw()
        now = int(crew.asked(lambda: queue.engine.value(left)))
        if now != before:
            deadline, before = time.monotonic() + STILL, now
        assert time.monotonic() < deadline, f"{before} jobs do not end"
        time.sleep(0.05)
    crew.end()

    errors = queue.engine.sql("SELECT name, error FROM task WHERE state <> 'done' LIMIT 3")
    assert (count_by_state(queue.engine), errors) == ({"done": len(made)}, [])
    found = Counter(shards.effects()) + Counter(job for (job,) in queue.engine.sql("SELECT job FROM effect"))
    numbers = {job for _, job in made}
    assert len(numbers) == len(made), "an enqueueing was doubled"
    assert sorted(numbers - set(found)) == [], "lost"
    assert {job: times for job, times in found.items() if times != 1} == {}, "doubled"
    seal_events(queue.engine)
    seal_events(queue.engine)
    proof = prove(queue.engine)
    assert proof.violations == []
    count_kills("workers of a server", crew.busy_kills)
    events = dict(queue.engine.sql("SELECT event, count(*) FROM job_event GROUP BY event"))
    print(
        f"{crew.busy_kills} kills of busy workers, {FREEZES} freezes, {RESTARTS} restarts, {CUTS} cuts: "
        f"{len(made)} jobs, 0 lost, 0 doubled; {events}"
    )
    assert crew.busy_kills == KILLS
    queue.shut()


@pytest.mark.parametrize("mode", ["raw", "applied"])
def test_a_death_between_effect_and_end_doubles_what_is_not_noted(
    place: tuple[str, Path], work: Any, nursery: Callable[[str], Any], mode: str
) -> None:
    url, folder = place
    queue, shards, handlers = work.build(url, folder, lease=LEASE)
    start = nursery("on_server").start
    for _ in range(30):
        queue.enqueue(handlers["note"].s(1))
    children = [start(url, str(folder), mode, str(LEASE))]
    for _ in range(3):
        seen = len(shards.effects())
        while len(shards.effects()) == seen:
            time.sleep(0.002)
        children.pop().kill()
        children.append(start(url, str(folder), mode, str(LEASE)))
    queue.drain(60)
    children.pop().kill()
    times = Counter(shards.effects())
    assert len(times) == 30
    doubled = sum(1 for each in times.values() if each > 1)
    assert doubled == 0 if mode == "applied" else doubled > 0
    queue.shut()


def test_a_restart_of_the_server_robs_no_worker_that_lives(
    place: tuple[str, Path], postgres_server: Any, work: Any, nursery: Callable[[str], Any]
) -> None:
    url, folder = place
    queue, _, handlers = work.build(url, folder, lease=30.0)
    start = nursery("on_server").start
    children = [start(url, str(folder), "applied", "30") for _ in range(2)]
    jobs = [queue.enqueue(handlers["long"].s(4.0)) for _ in range(4)]
    crew = Crew(start, (), queue)
    while len(crew.asked(lambda: queue.engine.sql("SELECT 1 FROM task WHERE state = 'running'"))) < 4:
        time.sleep(0.02)
    postgres_server.restart()
    for job in jobs:
        while not (state := crew.asked(lambda job=job: queue.state(job))).ended:
            time.sleep(0.05)
        assert (state.state, state.claims, state.lost) == ("done", 1, 0)
    assert queue.engine.sql("SELECT 1 FROM job_event WHERE event = 'rescued'") == []
    for child in children:
        child.tell("stop")
        child.wait()
    queue.shut()
