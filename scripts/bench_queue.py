"""Measures the queue against others, in one run, side by side.

``python3 scripts/bench_queue.py`` prints, for Valhalla's queue, stock ``SqliteHuey`` (as it comes, and in WAL with
synchronous NORMAL), ``litequeue``, ``persist-queue`` and ``DBOS`` on SQLite, and for Valhalla's queue and ``Procrastinate`` on a PostgreSQL
server where there can be one (who is not installed is left out: ``pip install dbos procrastinate``):

- *enqueue*: jobs/s put in one by one, and in bulk where there is such a thing;
- *run*: no-op jobs/s from the queue to their end with one worker thread, all of them waiting at the start;
- *start*: from enqueueing to the handler, p50 and p99 in ms: idle, next to a busy producer, and from another process;
- *idle*: share of one CPU that a worker with four threads takes when there is nothing to do;
- *threads*: as *run*, with four threads, where there are such;
- *kill*: jobs of 3 ms whose worker is killed five times; how many are lost at the end, and how many were done twice;
- *growth*: jobs/s with 1,000, 100,000 and 1,000,000 waiting rows, and the CPU time of each, which says the same on a
  machine that has other things to do.

Each figure is the median of ``--rounds`` processes of their own, which take turns so that a slow minute of the machine
hits all of them. litequeue and persist-queue run no jobs; theirs is a loop that takes, calls and acknowledges. DBOS runs what is
enqueued at once, so its time is that of enqueueing and running. ``--write`` puts the table into docs/queue/comparing.md.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from bootstrap import ROOT, clean_environment, enter

GROWTH = "1000,100000,1000000"
QUIET = 3.0
"""Seconds without a job after which *kill* takes the others to be lost."""
PAGE = ROOT / "docs" / "queue" / "comparing.md"
WARM, RUN = 2_000, 5_000
SERVER = "BENCH_QUEUE_POSTGRES"
"""Variable of the environment with the URL of a database on the server that is measured."""


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
        self.marks = os.open(folder / "marks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def handle(self, sent_ns: int = 0) -> None:
        """The job: nothing but counting, and noting when it began. In *kill* a nap, and a line in a file."""
        if sent_ns < 0:
            time.sleep(0.003)
            os.write(self.marks, f"{-sent_ns}\n".encode())
            return
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

    def __init__(self, folder: Path, atomic: bool, durable: bool, memory: bool = False) -> None:
        super().__init__(folder)
        from db import Database
        from jobs import JobQueue

        self.database = Database.memory() if memory else Database.open(folder / "queue.db")
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


def database_on_server(folder: Path) -> str:
    """The URL of the database that ``folder`` names, or of a new one."""
    import psycopg

    server, named = os.environ[SERVER], folder / "database"
    if not named.exists():
        name = f"bench{time.time_ns()}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        named.write_text(name)
    return server.rpartition("/")[0] + "/" + named.read_text()


class OnServer(Valhalla):
    """The same queue on a PostgreSQL server; the database that ``folder`` names, or a new one."""

    def __init__(self, folder: Path) -> None:
        Engine.__init__(self, folder)
        from jobs import JobQueue, PostgresEngine

        url = database_on_server(folder)
        self.queue = JobQueue(PostgresEngine(url))
        self.database = self.queue.engine.store  # type: ignore[assignment]
        self.task = self.queue.task(name="noop")(self.handle)


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


class Dbos(Engine):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import dbos

        address = f"sqlite:///{folder / 'queue.sqlite'}"
        dbos.DBOS(config={"name": "bench", "system_database_url": address, "log_level": "ERROR"})
        handle = self.handle

        def noop(sent_ns: int) -> None:
            handle(sent_ns)

        self.task = dbos.DBOS.workflow(name="noop")(noop)
        dbos.DBOS.launch()
        self.queue = dbos.DBOS.register_queue("bench", worker_concurrency=1, polling_interval_sec=0.01)

    def put(self, sent_ns: int = 0) -> None:
        self.queue.enqueue(self.task, sent_ns)

    @contextmanager
    def working(self, threads: int) -> Any:
        yield


class Procrastinate(Engine):
    bulk = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import procrastinate

        url = database_on_server(folder)
        self.app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=url))
        handle = self.handle

        def noop(sent_ns: int = 0) -> None:
            handle(sent_ns)

        self.task = self.app.task(name="noop")(noop)
        self.works = self.app.with_connector(procrastinate.PsycopgConnector(conninfo=url))
        self.app.open()
        if not self.app.check_connection():
            self.app.schema_manager.apply_schema()

    def put(self, sent_ns: int = 0) -> None:
        self.task.defer(sent_ns=sent_ns)

    def put_many(self, count: int) -> None:
        for first in range(0, count, 1_000):
            given: list[Any] = [{"sent_ns": 0}] * min(1_000, count - first)
            self.task.batch_defer(*given)

    @contextmanager
    def working(self, threads: int) -> Any:
        begun: list[Any] = []
        ready = threading.Event()

        async def work() -> None:
            begun.extend((asyncio.get_running_loop(), asyncio.current_task()))
            ready.set()
            async with self.works.open_async():
                await self.works.run_worker_async(concurrency=threads, install_signal_handlers=False)

        def loop() -> None:
            with suppress(asyncio.CancelledError):
                asyncio.run(work())

        thread = threading.Thread(target=loop)
        thread.start()
        ready.wait()
        try:
            yield
        finally:
            begun[0].call_soon_threadsafe(begun[1].cancel)
            thread.join()


ON_SERVER = "valhalla on PostgreSQL (FULL)"
PEER = "Procrastinate on PostgreSQL (FULL)"
ENGINES: dict[str, Callable[[Path], Engine]] = {
    "valhalla atomic FULL": lambda folder: Valhalla(folder, atomic=True, durable=True),
    "valhalla FULL": lambda folder: Valhalla(folder, atomic=False, durable=True),
    "huey as it comes (FULL)": lambda folder: Huey(folder, normal=False),
    "valhalla atomic NORMAL": lambda folder: Valhalla(folder, atomic=True, durable=False),
    "valhalla NORMAL": lambda folder: Valhalla(folder, atomic=False, durable=False),
    "huey NORMAL": lambda folder: Huey(folder, normal=True),
    "valhalla in memory": lambda folder: Valhalla(folder, atomic=False, durable=False, memory=True),
    ON_SERVER: OnServer,
    "litequeue": Litequeue,
    "persist-queue": Persist,
    "DBOS on SQLite": Dbos,
    PEER: Procrastinate,
}
SLOW = ("DBOS on SQLite", ON_SERVER, PEER)
"""Engines that are measured with a tenth of the jobs."""
NOT_KEPT = ("valhalla in memory",)
"""Engines that keep nothing when their process ends."""


# -- one measurement, in a process of its own ---------------------------------------------------------------


def measure_enqueue(engine: Engine, count: int) -> dict[str, float]:
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        engine.put()
    figures = {"single/s": count / (time.perf_counter() - began)}
    figures["single CPU us"] = 1e6 * (time.process_time() - cpu) / count
    if engine.bulk:
        began = time.perf_counter()
        engine.put_many(count * 5)
        figures["bulk/s"] = count * 5 / (time.perf_counter() - began)
    return figures


def measure_run(engine: Engine, count: int, threads: int = 1) -> dict[str, float]:
    engine.target = count
    began = time.perf_counter()
    engine.put_many(count)
    if not isinstance(engine, Dbos):
        began = time.perf_counter()
    cpu, trips = time.process_time(), _trips(engine)
    with engine.working(threads):
        engine.reached.wait()
        engine.settle()
        seconds = time.perf_counter() - began
    spent = time.process_time() - cpu
    figures = {"jobs/s": count / seconds, "CPU us/job": 1e6 * spent / count, "MB": _megabytes()}
    return figures | ({"trips/job": (_trips(engine) - trips) / count} if isinstance(engine, OnServer) else {})


def _trips(engine: Engine) -> int:
    """How often the server was asked."""
    return int(engine.queue.engine.trips) if isinstance(engine, OnServer) else 0  # type: ignore[attr-defined]


def measure_threads(engine: Engine, count: int) -> dict[str, float]:
    return measure_run(engine, count, threads=4)


def _megabytes() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_kill(engine: Engine, count: int) -> dict[str, float]:
    """The worker of ``kill``, until nothing has come for a while; puts the jobs in when it is the first."""
    marks = engine.folder / "marks"
    put = engine.folder / "put"  # as long as there are jobs in the queue
    put.touch()
    for number in range(put.stat().st_size + 1, count + 1):
        with put.open("ab") as noted:
            noted.write(b".")
        engine.put(-number)
    with engine.working(1):
        size, since = -1, time.monotonic()
        while time.monotonic() - since < QUIET:
            time.sleep(0.05)
            if marks.stat().st_size != size:
                size, since = marks.stat().st_size, time.monotonic()
    return {}


def kill(engine: str, count: int, folder: Path, kills: int) -> dict[str, float]:
    """Let workers of ``engine`` be killed while they run jobs, then one run to the end; what became of the jobs."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        command = [sys.executable, __file__, "--engine", engine, "--measure", "kill", "--count", str(count)]
        environment = clean_environment() | {"PYTHONPATH": str(ROOT), SERVER: os.environ.get(SERVER, "")}
        marks = Path(place) / "marks"
        marks.touch()
        for number in range(kills + 1):
            worker = subprocess.Popen(
                [*command, "--folder", place], env=environment, stdout=subprocess.DEVNULL
            )
            size = marks.stat().st_size
            while number < kills and worker.poll() is None and marks.stat().st_size < size + 40:
                time.sleep(0.002)  # until it has done some
            if number < kills:
                time.sleep(chance.random() / 100)
                worker.kill()
            worker.wait()
        done = Counter(marks.read_text().split())
        count = (Path(place) / "put").stat().st_size
    return {"lost": count - len(done), "twice": sum(each - 1 for each in done.values())}


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
    "threads": measure_threads,
    "kill": measure_kill,
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
    count = count // 10 if engine in SLOW else count
    with tempfile.TemporaryDirectory(dir=folder) as place:
        command = [sys.executable, __file__, "--engine", engine, "--measure", measure, "--count", str(count)]
        environment = clean_environment() | {"PYTHONPATH": str(ROOT), SERVER: os.environ.get(SERVER, "")}
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
    with server(arguments.postgres) as there:
        return measured(arguments, [engine for engine in ENGINES if there or engine not in (ON_SERVER, PEER)])


@contextmanager
def server(url: str | None) -> Any:
    """The server at ``url``, or one of our own where its programs are installed. False: there is none."""
    own: Any = None
    if url is None:
        spec = importlib.util.spec_from_file_location(
            "postgres_server", ROOT / "tests" / "postgres_server.py"
        )
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        try:
            own = module.Server(flushes=True)
        except module.NoServer as reason:
            print(f"without PostgreSQL: {reason}")
            yield False
            return
    os.environ[SERVER] = own.url() if own is not None else str(url)
    try:
        yield True
    finally:
        if own is not None:
            own.close()


def measured(arguments: argparse.Namespace, engines: list[str]) -> int:
    engines = [engine for engine in engines if arguments.only is None or arguments.only in engine]
    ours = [engine for engine in engines if engine.startswith("valhalla")]
    hueys = [engine for engine in engines if "huey" in engine]
    peers = [engine for engine in engines if engine == PEER]
    unflushed = [
        engine for engine in (*ours, *hueys) if "FULL" not in engine and "atomic" not in engine
    ]  # what waits costs no flush
    rounds, folder = arguments.rounds, Path(arguments.folder or tempfile.gettempdir())
    every: dict[str, Any] = {}
    parts = {
        "enqueue": ([arguments.jobs // 4], engines, rounds),
        "run": ([arguments.jobs], engines, rounds),
        "start": ([max(20, arguments.jobs // 200)], [*ours, *hueys, *peers], 1),
        "idle": ([5], [*ours[:1], *hueys[:1]], 1),
        "threads": ([arguments.jobs], [*ours, *hueys, *peers], rounds),
        "growth": ([int(each) for each in arguments.waiting.split(",")], unflushed, rounds),
    }
    for part in arguments.parts.split(","):
        if part == "kill":
            kept = [engine for engine in engines if engine not in NOT_KEPT]
            every[part] = {engine: kill(engine, 100, folder, arguments.kills) for engine in kept}
            print("\nkill (100)", *(f"  {name:26} {each}" for name, each in every[part].items()), sep="\n")
            continue
        counts, who, turns = parts[part]
        for count, figures in table(part, counts, who, turns, folder).items():
            every[f"growth {count}" if part == "growth" else part] = figures
    ratios(every)
    if arguments.write:
        write_page(every, arguments.kills)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(every, indent=1), encoding="utf-8")
    return 0


def write_page(every: dict[str, Any], kills: int) -> None:
    """The table, into the page."""

    def cell(part: str, engine: str, *keys: str) -> str:
        figures = every.get(part, {}).get(engine, {})
        return " / ".join(_told(figures[key]) for key in keys) if all(key in figures for key in keys) else "–"

    most = max(
        (key for key in every if key.startswith("growth ")), key=lambda key: int(key[7:]), default="growth"
    )
    head = ["queue", "1 thread, jobs/s", "4 threads, jobs/s", "enqueued one by one/s", "wake-up p50 / p99, ms",
            f"CPU per job at {int(most[7:] or 0):,} waiting, µs", "memory, MB", f"after {kills} × kill −9: lost / done twice"]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for engine in ENGINES:
        cells = [
            cell("run", engine, "jobs/s"), cell("threads", engine, "jobs/s"), cell("enqueue", engine, "single/s"),
            cell("start", engine, "idle p50", "idle p99"), cell(most, engine, "CPU us/job"), cell("run", engine, "MB"),
            "nothing is kept" if engine in NOT_KEPT else cell("kill", engine, "lost", "twice"),
        ]  # fmt: skip
        lines.append("| " + " | ".join([engine, *cells]) + " |")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- table -->\n")
    after = rest.partition("<!-- end -->")[2]
    PAGE.write_text(
        before + "<!-- table -->\n" + "\n".join(lines) + "\n<!-- end -->" + after, encoding="utf-8"
    )


def _told(value: float) -> str:
    return f"{value:,.1f}" if value < 100 and value != int(value) else f"{value:,.0f}"


def ratios(every: dict[str, Any]) -> None:
    """What was promised, next to what came out."""
    runs, puts = every.get("run", {}), every.get("enqueue", {})
    print()
    for ours, theirs, wanted in (
        ("valhalla atomic FULL", "huey as it comes (FULL)", 2.5),
        ("valhalla FULL", "huey as it comes (FULL)", 1.0),
        ("valhalla atomic NORMAL", "huey NORMAL", 1.0),
        ("valhalla NORMAL", "huey NORMAL", 1.0),
    ):
        if ours in runs and theirs in runs:
            ratio = runs[ours]["jobs/s"] / runs[theirs]["jobs/s"]
            print(f"run: {ours} / {theirs} = {ratio:.2f} (wanted at least {wanted})")
        if ours in puts and theirs in puts:
            ratio = puts[ours]["bulk/s"] / puts[theirs]["single/s"]
            print(f"enqueue: {ours} bulk / {theirs} single = {ratio:.1f}")
    shared = every.get("threads", {})
    if {"valhalla FULL", "huey as it comes (FULL)"} <= shared.keys():
        ratio = shared["valhalla FULL"]["jobs/s"] / shared["huey as it comes (FULL)"]["jobs/s"]
        print(f"4 threads: valhalla FULL / huey as it comes (FULL) = {ratio:.2f} (wanted at least 2.5)")
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
    parser.add_argument("--parts", default="enqueue,run,threads,start,idle,growth,kill")
    parser.add_argument("--waiting", default=GROWTH, help="numbers of waiting rows, with commas between")
    parser.add_argument(
        "--postgres", help="URL of a database on the server to measure (default: a server of its own)"
    )
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the table into docs/queue/comparing.md")
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
