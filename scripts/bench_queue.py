"""Measures the queue against others, in one run, side by side.

``python3 scripts/bench_queue.py`` prints, for Valhalla's queue, stock ``SqliteHuey`` (as it comes, and in WAL with
synchronous NORMAL), ``litequeue`` and ``persist-queue``:

- *enqueue*: jobs/s put in one by one, and in bulk where there is such a thing;
- *run*: no-op jobs/s from the queue to their end with one worker thread, all of them waiting at the start;
- *start*: from enqueueing to the handler, p50 and p99 in ms: idle, next to a busy producer, and from another process;
- *idle*: share of one CPU that a worker with four threads takes when there is nothing to do;
- *growth*: jobs/s with 1,000, 100,000 and 1,000,000 waiting rows, and the CPU time of each, which says the same on a
  machine that has other things to do.

Each figure is the median of ``--rounds`` processes of their own, which take turns so that a slow minute of the machine
hits all of them. litequeue and persist-queue run no jobs; theirs is a loop that takes, calls and acknowledges.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from bootstrap import ROOT, clean_environment, enter

GROWTH = (1_000, 100_000, 1_000_000)
WARM, RUN = 10_000, 10_000


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` of the sorted ``values`` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Engine:
    """What is measured of each queue. ``handled`` counts calls of the handler; ``starts`` keeps its latencies."""

    bulk = False
    worker = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.handled = 0
        self.starts: list[float] = []
        self.reached = threading.Event()
        self.target = -1

    def handle(self, sent_ns: int = 0) -> None:
        """The job: nothing but counting, and noting when it began."""
        if sent_ns:
            self.starts.append((time.time_ns() - sent_ns) / 1e6)
        self.handled += 1
        if self.handled == self.target:
            self.reached.set()

    def put(self, sent_ns: int = 0) -> None:
        raise NotImplementedError

    def put_many(self, count: int) -> None:
        for _ in range(count):
            self.put()

    def working(self, threads: int) -> AbstractContextManager[Any]:
        """A worker for the length of the block."""
        raise NotImplementedError

    def settle(self) -> None:
        """Wait until what was handled is also acknowledged."""


class Valhalla(Engine):
    bulk = True

    def __init__(self, folder: Path, atomic: bool, durable: bool) -> None:
        super().__init__(folder)
        from db import Database
        from jobs import JobQueue

        self.database = Database.open(folder / "queue.db")
        self.queue = JobQueue(self.database)
        self.task = self.queue.task(name="noop", atomic=atomic, durable=durable)(self.handle)

    def put(self, sent_ns: int = 0) -> None:
        self.queue.enqueue(self.task.s(sent_ns) if sent_ns else self.task.s())

    def put_many(self, count: int) -> None:
        self.queue.enqueue_many(self.task, ((),) * count)

    @contextmanager
    def working(self, threads: int) -> Any:
        worker = self.queue.worker(threads=threads)
        worker.start()
        try:
            yield
        finally:
            worker.stop(timeout=10)

    def settle(self) -> None:
        while self.database.value("SELECT EXISTS (SELECT 1 FROM task WHERE state = 'running')"):
            time.sleep(0.0005)


class Huey(Engine):
    def __init__(self, folder: Path, normal: bool) -> None:
        super().__init__(folder)
        from huey import SqliteHuey
        from huey.storage import SqliteStorage

        class NormalStorage(SqliteStorage):  # type: ignore[misc]
            def _create_connection(self) -> Any:
                connection = super()._create_connection()
                connection.execute("PRAGMA synchronous = 1")
                return connection

        kind = NormalStorage if normal else SqliteStorage
        self.huey = SqliteHuey("bench", filename=str(folder / "queue.db"), storage_class=kind)
        self.task = self.huey.task(name="noop")(self.handle)

    def put(self, sent_ns: int = 0) -> None:
        self.task(sent_ns) if sent_ns else self.task()

    def put_many(self, count: int) -> None:
        data = self.huey.serialize_task(self.task.s())  # by hand: Huey has no way to enqueue many
        with self.huey.storage.db(commit=True) as cursor:
            cursor.executemany(
                "insert into task (queue, data, priority) values (?, ?, 0)",
                (("bench", data) for _ in range(count)),
            )

    @contextmanager
    def working(self, threads: int) -> Any:
        consumer = self.huey.create_consumer(workers=threads)
        consumer.start()
        try:
            yield
        finally:
            consumer.stop(graceful=True)

    def settle(self) -> None:
        pass


class _Loop(Engine):
    """For libraries that have a queue but no worker."""

    worker = False

    def take(self) -> bool:
        raise NotImplementedError

    @contextmanager
    def working(self, threads: int) -> Any:
        stop = threading.Event()

        def loop() -> None:
            while not stop.is_set():
                if not self.take():
                    stop.wait(0.01)

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


class Litequeue(_Loop):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import litequeue

        self.queue = litequeue.LiteQueue(str(folder / "queue.db"))

    def put(self, sent_ns: int = 0) -> None:
        self.queue.put(str(sent_ns))

    def take(self) -> bool:
        message = self.queue.pop()
        if message is None:
            return False
        self.handle(int(message.data))
        self.queue.done(message.message_id)
        return True


class Persist(_Loop):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import persistqueue

        self.queue = persistqueue.SQLiteAckQueue(str(folder / "queue"), multithreading=True, auto_commit=True)

    def put(self, sent_ns: int = 0) -> None:
        self.queue.put(sent_ns)

    def take(self) -> bool:
        import persistqueue

        try:
            item = self.queue.get(block=False)
        except persistqueue.exceptions.Empty:
            return False
        self.handle(item)
        self.queue.ack(item)
        return True


ENGINES: dict[str, Callable[[Path], Engine]] = {
    "valhalla atomic FULL": lambda folder: Valhalla(folder, atomic=True, durable=True),
    "valhalla FULL": lambda folder: Valhalla(folder, atomic=False, durable=True),
    "huey as it comes (FULL)": lambda folder: Huey(folder, normal=False),
    "valhalla atomic NORMAL": lambda folder: Valhalla(folder, atomic=True, durable=False),
    "valhalla NORMAL": lambda folder: Valhalla(folder, atomic=False, durable=False),
    "huey NORMAL": lambda folder: Huey(folder, normal=True),
    "litequeue": Litequeue,
    "persist-queue": Persist,
}


# -- one measurement, in a process of its own ---------------------------------------------------------------


def measure_enqueue(engine: Engine, count: int) -> dict[str, float]:
    began = time.perf_counter()
    for _ in range(count):
        engine.put()
    figures = {"single/s": count / (time.perf_counter() - began)}
    if engine.bulk:
        began = time.perf_counter()
        engine.put_many(count * 5)
        figures["bulk/s"] = count * 5 / (time.perf_counter() - began)
    return figures


def measure_run(engine: Engine, count: int) -> dict[str, float]:
    engine.put_many(count)
    engine.target = count
    began = time.perf_counter()
    with engine.working(1):
        engine.reached.wait()
        engine.settle()
        seconds = time.perf_counter() - began
    return {"jobs/s": count / seconds}


def measure_growth(engine: Engine, waiting: int) -> dict[str, float]:
    """Run ``RUN`` jobs while never fewer than ``waiting`` others wait; the first ``WARM`` are not measured."""
    engine.put_many(waiting + WARM + RUN)
    os.sync()  # what is measured is the waiting rows, not the writing of them
    engine.target = WARM
    with engine.working(1):
        engine.reached.wait()
        began, cpu, first = time.perf_counter(), time.process_time(), engine.handled
        engine.reached.clear()
        engine.target = first + RUN
        engine.reached.wait()
        seconds, spent = time.perf_counter() - began, time.process_time() - cpu
    return {"jobs/s": RUN / seconds, "CPU us/job": 1e6 * spent / RUN}


def measure_start(engine: Engine, count: int) -> dict[str, float]:
    figures: dict[str, float] = {}
    with engine.working(1):
        time.sleep(0.5)
        for name, pause, jobs in (("idle", 0.02, count), ("busy", 0.0005, count * 5)):
            engine.starts = []
            for _ in range(jobs):
                engine.put(time.time_ns())
                time.sleep(pause)
            time.sleep(1.0)
            figures |= {
                f"{name} p50": percentile(engine.starts, 0.5),
                f"{name} p99": percentile(engine.starts, 0.99),
            }
        engine.starts = []
        command = [
            sys.executable,
            __file__,
            "--measure",
            "produce",
            "--engine",
            _name_of(engine),
            "--count",
            str(count),
        ]
        subprocess.run([*command, "--folder", str(engine.folder)], check=True, stdout=subprocess.DEVNULL)
        time.sleep(1.0)
    if engine.starts:
        figures |= {
            "across p50": percentile(engine.starts, 0.5),
            "across p99": percentile(engine.starts, 0.99),
        }
    return figures


def measure_produce(engine: Engine, count: int) -> dict[str, float]:
    """The other process of ``start``."""
    for _ in range(count):
        engine.put(time.time_ns())
        time.sleep(0.03)
    return {}


def measure_idle(engine: Engine, seconds: int) -> dict[str, float]:
    with engine.working(4):
        time.sleep(1.5)
        cpu, began = time.process_time(), time.perf_counter()
        time.sleep(seconds)
        return {"cpu %": 100 * (time.process_time() - cpu) / (time.perf_counter() - began)}


MEASURES: dict[str, Callable[[Engine, int], dict[str, float]]] = {
    "enqueue": measure_enqueue,
    "run": measure_run,
    "growth": measure_growth,
    "start": measure_start,
    "idle": measure_idle,
    "produce": measure_produce,
}


def _name_of(engine: Engine) -> str:
    return os.environ["BENCH_QUEUE_ENGINE"] if engine else ""


def one(arguments: argparse.Namespace) -> int:
    os.environ["BENCH_QUEUE_ENGINE"] = arguments.engine
    import logging

    logging.getLogger("huey").setLevel(logging.ERROR)
    engine = ENGINES[arguments.engine](Path(arguments.folder))
    print(json.dumps(MEASURES[arguments.measure](engine, arguments.count)), flush=True)
    os._exit(0)  # not measured: closing


# -- all of them --------------------------------------------------------------------------------------------


def run(engine: str, measure: str, count: int, folder: Path) -> dict[str, float] | None:
    """One measurement; None when the library is not installed or the process failed."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        command = [sys.executable, __file__, "--engine", engine, "--measure", measure, "--count", str(count)]
        environment = clean_environment() | {"PYTHONPATH": str(ROOT)}
        try:
            done = subprocess.run(
                [*command, "--folder", place], capture_output=True, text=True, env=environment, timeout=600
            )
        except subprocess.TimeoutExpired:
            return None
        if done.returncode:
            print(f"  {engine}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}")
            return None
        figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
        return figures


def table(
    measure: str, counts: Iterable[int], engines: list[str], rounds: int, folder: Path
) -> dict[int, dict[str, dict[str, float]]]:
    """Let ``engines`` take turns, and each all ``counts`` in its turn; medians by count, engine and figure."""
    taken: dict[int, dict[str, list[dict[str, float]]]] = {count: {} for count in counts}
    for _ in range(rounds):
        for engine in engines:
            for count, by_engine in taken.items():
                figures = run(engine, measure, count, folder)
                if figures:
                    by_engine.setdefault(engine, []).append(figures)
    medians = {
        count: {
            engine: {key: statistics.median(each[key] for each in runs if key in each) for key in runs[0]}
            for engine, runs in by_engine.items()
        }
        for count, by_engine in taken.items()
    }
    for count, rows in medians.items():
        print(f"\n{measure} ({count:,})")
        for engine, figures in rows.items():
            shown = (
                f"{key} {value:,.2f}" if value < 100 else f"{key} {value:,.0f}"
                for key, value in figures.items()
            )
            print(f"  {engine:26} {'   '.join(shown)}", flush=True)
    return medians


def main(arguments: argparse.Namespace) -> int:
    engines = [engine for engine in ENGINES if arguments.only is None or arguments.only in engine]
    ours = [engine for engine in engines if engine.startswith("valhalla")]
    hueys = [engine for engine in engines if "huey" in engine]
    rounds, folder = arguments.rounds, Path(arguments.folder or tempfile.gettempdir())
    every: dict[str, Any] = {}
    parts = {
        "enqueue": ([arguments.jobs // 4], engines, rounds),
        "run": ([arguments.jobs], engines, rounds),
        "start": ([100], [*ours, *hueys], 1),
        "idle": ([5], [*ours[:1], *hueys[:1]], 1),
        "growth": ([waiting for waiting in GROWTH if waiting <= arguments.most], [*ours, *hueys], rounds),
    }
    for part in arguments.parts.split(","):
        counts, who, turns = parts[part]
        for count, figures in table(part, counts, who, turns, folder).items():
            every[f"growth {count}" if part == "growth" else part] = figures
    ratios(every)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(every, indent=1), encoding="utf-8")
    return 0


def ratios(every: dict[str, Any]) -> None:
    """What was promised, next to what came out."""
    runs, puts = every.get("run", {}), every.get("enqueue", {})
    print()
    for ours, theirs, wanted in (
        ("valhalla atomic FULL", "huey as it comes (FULL)", 2.5),
        ("valhalla FULL", "huey as it comes (FULL)", 0.8),
        ("valhalla atomic NORMAL", "huey NORMAL", 1.0),
        ("valhalla NORMAL", "huey NORMAL", 0.6),
    ):
        if ours in runs and theirs in runs:
            ratio = runs[ours]["jobs/s"] / runs[theirs]["jobs/s"]
            print(f"run: {ours} / {theirs} = {ratio:.2f} (wanted at least {wanted})")
        if ours in puts and theirs in puts:
            ratio = puts[ours]["bulk/s"] / puts[theirs]["single/s"]
            print(f"enqueue: {ours} bulk / {theirs} single = {ratio:.1f}")
    for engine in every.get("growth 1000", {}):
        most = every.get("growth 1000000", {}).get(engine)
        if most and engine.startswith("valhalla"):
            ratio = most["jobs/s"] / every["growth 1000"][engine]["jobs/s"]
            print(f"growth: {engine} with 1,000,000 / with 1,000 waiting = {ratio:.2f} (wanted at least 0.8)")
            spent = every["growth 1000"][engine]["CPU us/job"] / most["CPU us/job"]
            print(f"growth: the same by CPU time = {spent:.2f}")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=20_000, help="no-op jobs per run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="engines whose name contains this")
    parser.add_argument("--parts", default="enqueue,run,start,idle,growth")
    parser.add_argument("--most", type=int, default=GROWTH[-1], help="largest number of waiting rows")
    parser.add_argument("--json", help="also write the figures there")
    parser.add_argument("--folder", help="where the queues' files go")
    for hidden in ("--engine", "--measure"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    chosen = options()
    if chosen.measure:
        sys.exit(one(chosen))
    enter("dev")
    sys.exit(main(chosen))
