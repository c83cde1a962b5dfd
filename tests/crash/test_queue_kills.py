"""Worker processes killed at random moments: nothing lost, nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from db import Database
from jobs import JobQueue, prove, seal_events

pytestmark = pytest.mark.crash
LONG = os.environ.get("VALHALLA_LONG") == "1"
KILLS = 800 if LONG else 8
"""Per number of processes; two numbers are tried."""
ENOUGH = 300
"""Jobs that wait already when no more are made."""
STILL = 60.0
"""Seconds in which at least one job must end once nobody is killed any more."""
UNENDED = "SELECT count(*) FROM task WHERE state NOT IN ('done', 'dead') AND name <> 'cycle'"


class Pack:
    """Worker processes on one file."""

    def __init__(self, path: Path, script: Path, *arguments: str) -> None:
        self._command = [sys.executable, str(script), str(path), *arguments]
        self._environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
        self.processes: list[subprocess.Popen[str]] = []

    def start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=self._environment,
        )
        self.processes.append(process)
        return process

    def ready(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.wait()
        self.processes.remove(process)
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()

    def kill_all(self) -> None:
        for process in list(self.processes):
            self.kill(process)


@pytest.mark.parametrize("number_of_processes", [1, 3])
def test_killed_workers_lose_nothing_and_do_nothing_twice(
    tmp_path: Path,
    workload: ModuleType,
    number_of_processes: int,
    nursery: Callable[[str], Any],
    count_kills: Callable[[str, int], None],
) -> None:
    chance = random.Random(number_of_processes)
    database = Database.open(tmp_path / "queue.db")
    work = workload.build(database)
    workers = nursery("workload")
    processes: list[Any] = []
    command = (str(tmp_path / "queue.db"), "3", "cycle")
    produced = 0

    def produce(number: int) -> None:
        nonlocal produced
        for _ in range(number):
            work.produce(produced)
            produced += 1

    def left() -> int:
        return int(database.value(UNENDED))

    interrupted = 0
    running: Counter[str] = Counter()
    for _ in range(number_of_processes):
        processes.append(workers.start(*command))
        processes[-1].hear("ready")
    for _ in range(KILLS):
        if left() < ENOUGH:
            produce(6)
        time.sleep(chance.random() * 0.12)
        now = {name for (name,) in database.sql("SELECT name FROM task WHERE state = 'running'")}
        interrupted += bool(now)
        running.update(now)
        processes.pop(chance.randrange(len(processes))).kill()
        processes.append(workers.start(*command))
        if number_of_processes == 1 or chance.random() < 0.5:
            processes[-1].hear("ready")
    deadline, before = time.monotonic() + STILL, left()
    while before:
        time.sleep(0.05)
        if (now_left := left()) < before:
            deadline, before = time.monotonic() + STILL, now_left
        assert time.monotonic() < deadline, f"{before} jobs do not end"
    for each in processes:
        each.kill()

    assert workload.problems(database, produced) == []
    seal_events(database)
    proof = prove(database)
    assert proof.violations == []
    assert proof.unsealed == 0 and proof.events > produced
    count_kills("queue", KILLS)
    print(f"{KILLS} kills, {interrupted} of them while jobs ran: {dict(running)}; {produced * 8} jobs")
    assert interrupted >= KILLS // 3, "the kills came between the jobs"
    claims, tries = database.sql("SELECT sum(claims), sum(tries) FROM task")[0]
    assert claims >= tries
    assert database.value("PRAGMA integrity_check") == "ok"
    database.close_all()


def test_two_processes_race_for_every_claim(tmp_path: Path) -> None:
    races = 10_000 if LONG else 2_000
    database = Database.open(tmp_path / "queue.db")
    queue = JobQueue(database)
    task = queue.task(name="prize")(lambda: None)
    queue.enqueue_many(task, ((),) * races)
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from db import Database\n"
        "from jobs import JobQueue\n"
        "database = Database.open(Path(sys.argv[1])); queue = JobQueue(database); owner = queue.owner.id\n"
        "print('ready', flush=True); sys.stdin.readline(); won = []\n"
        "for number in range(1, int(sys.argv[2]) + 1):\n"
        "    with database.write():\n"
        "        claim = queue.storage.claim_one(number, owner, 60_000_000)\n"
        "    if claim is not None: won.append(str(claim.id))\n"
        "print(' '.join(won), flush=True)\n"
    )
    (tmp_path / "racer.py").write_text(script, encoding="utf-8")
    pack = Pack(tmp_path / "queue.db", tmp_path / "racer.py", str(races))
    racers = [pack.start(), pack.start()]
    for racer in racers:
        pack.ready(racer)
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [racer.communicate(timeout=120)[0].split() for racer in racers]

    assert sorted(map(int, won[0] + won[1])) == list(range(1, races + 1))
    assert min(map(len, won)) > 0, "only one of them ever won"
    assert database.value("SELECT count(*) FROM task WHERE claims <> 1") == 0
    queue.close()
    database.close_all()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs a process that can be stopped")
def test_worker_that_was_stopped_longer_than_its_lease_cannot_commit(tmp_path: Path) -> None:
    script = (
        "import sys, time, threading\n"
        "from pathlib import Path\n"
        "from db import Database\n"
        "from jobs import JobQueue, current_job\n"
        "database = Database.open(Path(sys.argv[1])); queue = JobQueue(database, lease=1.0)\n"
        "@queue.task(name='slow')\n"
        "def slow():\n"
        "    time.sleep(float(sys.argv[2])); current_job().begin()\n"
        "    database.sql('INSERT INTO footprint VALUES (?)', (queue.owner.id,))\n"
        "queue.events.subscribe(lambda signal: print(signal.event, flush=True))\n"
        "worker = queue.worker(threads=1); print('ready', flush=True)\n"
        "worker.start()  # may rescue at once, when this process took longer than the lease to start\n"
        "sys.stdin.readline(); worker.stop(timeout=5)\n"
    )
    (tmp_path / "worker.py").write_text(script, encoding="utf-8")
    database = Database.open(tmp_path / "queue.db")
    with database.write():
        database.sql("CREATE TABLE footprint (worker INTEGER) STRICT")
    queue = JobQueue(database)
    task = queue.task(name="slow")(lambda: None)
    job = queue.enqueue(task.s())
    stopped = Pack(tmp_path / "queue.db", tmp_path / "worker.py", "0.4")
    first = stopped.start()
    stopped.ready(first)
    while queue.state(job).state != "running":
        time.sleep(0.005)
    time.sleep(0.1)  # past the transaction of its start
    os.kill(first.pid, signal.SIGSTOP)
    try:
        second_pack = Pack(tmp_path / "queue.db", tmp_path / "worker.py", "0.01")
        second = second_pack.start()
        second_pack.ready(second)
        ended = queue.wait(job, timeout=30)
    finally:
        os.kill(first.pid, signal.SIGCONT)
    assert first.stdout is not None
    assert first.stdout.readline() == "lease lost\n"
    stopped.kill_all()
    second_pack.kill_all()

    assert ended.state == "done"
    assert [worker for (worker,) in database.sql("SELECT worker FROM footprint")] == [
        event.worker for event in queue.history(job) if event.event == "done"
    ]
    assert "rescued" in [event.event for event in queue.history(job)]
    database.close_all()
