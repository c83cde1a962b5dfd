"""The ten blocks, each made to keep its promise now, on a private file in memory: nothing of the home is touched."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from db import Database
from valhalla.program.database import memory_database
from valhalla.sandbox import sql
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.database import SandboxDatabaseManager
from valhalla.sandbox.dry_run import DryRunLock
from valhalla.sandbox.governor import GovernorEnforcer
from valhalla.sandbox.heartbeat import SchedulerHeartbeat
from valhalla.sandbox.idempotency import IdempotencyManager
from valhalla.sandbox.logger import StructuredLogger
from valhalla.sandbox.readiness import SandboxReadinessChecker
from valhalla.sandbox.retry import RetryBackoffManager
from valhalla.sandbox.worker import WorkerProcess

SECRET = "ann.probe@example.com"
WAIT = 10.0
"""Seconds that the worker gets for a job that takes none."""


class Broken(Exception):
    """A block did not do what it promises; the text says what it did."""


def check_blocks(*names: str) -> list[dict[str, Any]]:
    """``{name, ok, detail, seconds}`` of each of :data:`CHECKS` (or those called ``names``), in the order of docs/blocks.md.
    All of them take well under a second."""
    found = []
    with memory_database() as database:
        for name in names or CHECKS:
            began = time.perf_counter()
            try:
                ok, detail = True, CHECKS[name](database)
            except Exception as error:  # whatever it was, the block did not keep its promise
                ok = False
                detail = str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"
            seconds = round(time.perf_counter() - began, 4)
            found.append({"name": name, "ok": ok, "detail": detail, "seconds": seconds})
    return found


def must(holds: bool, otherwise: str) -> None:
    """Raise :class:`Broken` with ``otherwise`` unless it ``holds``."""
    if not holds:
        raise Broken(otherwise)


def _database(database: Database) -> str:
    manager = SandboxDatabaseManager.of(database)
    with manager.get_session() as session:
        session.execute(sql.MAKE_PROBE)
        session.commit()
        session.execute(sql.FILL_PROBE)
        session.rollback()
        kept = session.execute(sql.COUNT_PROBE).scalar()
    must(kept == 0, "what was rolled back stayed")
    must(manager.health_check(), "it says that it is not well")
    return "a transaction that was rolled back left nothing"


def _lock(database: Database) -> str:
    called: list[str] = []
    lock = DryRunLock(database=database, fail_closed=True)
    names = (*sorted(lock.IRREVERSIBLE_ACTIONS), "what nobody declared")
    for name in names:
        lock.execute(name, called.append, name)
    must(not called, f"{', '.join(called[:3])} went through the closed lock")
    open_lock = DryRunLock(dry_run=False, database=database)
    must(open_lock.execute("payment", lambda: "done") == "done", "the open lock held an action back")
    return f"{len(names)} actions that cannot be undone were blocked"


def _worker(database: Database) -> str:
    worker = WorkerProcess(database=database)
    worker.start()
    try:
        state = worker.queue.wait(worker.submit_job("probe", lambda: 6 * 7), timeout=WAIT)
        must(state.result == 42, f"a job ended as {state.state}: {state.error}")
    finally:
        worker.close()
    return "a job was run and its result kept"


def _heartbeat(database: Database) -> str:
    heart = SchedulerHeartbeat(interval=60, timeout=120, database=database, name="probe")
    must(not heart.is_healthy(), "it was healthy before it began")
    heart.start()
    try:
        must(heart.is_healthy(), "it was not healthy after its first beat")
    finally:
        heart.stop()
    must(not heart.is_healthy(), "it was healthy after it had stopped")
    return "healthy while it beats, and only then"


def _retry(database: Database) -> str:
    tries: list[int] = []

    def third_time() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("not yet")
        return "done"

    retries = RetryBackoffManager(max_retries=3, base_delay=0.001, max_delay=0.002, database=database)
    must(retries.execute_with_retry(third_time, "probe") == "done", "it gave up too early")
    must(len(tries) == 3, f"it tried {len(tries)} times instead of three")
    return "an action that failed twice was done at the third try"


def _idempotency(database: Database) -> str:
    called: list[int] = []
    keys = IdempotencyManager(database=database)
    try:
        threads = [
            threading.Thread(target=keys.process_idempotent, args=("probe", called.append, 1))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
    finally:
        keys.close()
    must(len(called) == 1, f"four calls with one key ran {len(called)} times")
    return "four calls at once with one key ran once"


def _governor(database: Database) -> str:
    governor = GovernorEnforcer(database=database)
    governor.set_limit("probe", 3, 3600)
    answers = [governor.check_limit("probe")[0] for _ in range(5)]
    must(answers == [True, True, True, False, False], f"a limit of three answered {answers}")
    return "a limit of three allowed three of five"


def _alerts(database: Database) -> str:
    heard: list[dict[str, Any]] = []
    system = AlertSystem(database=database)

    def raising(alert: dict[str, Any]) -> None:
        raise LookupError("a subscriber that fails")

    ends = [system.subscribe("probe", raising), system.subscribe("probe", heard.append)]
    here = threading.get_ident()

    def elsewhere(record: logging.LogRecord) -> bool:
        return record.thread != here

    logger = logging.getLogger("valhalla.alerts")
    logger.addFilter(elsewhere)  # a probe is no news for the log
    try:
        number = system.alert("probe", "a probe", "info")["id"]
    finally:
        logger.removeFilter(elsewhere)
        for end in ends:
            end()
    must([each["id"] for each in heard] == [number], "a subscriber that fails kept others from hearing")
    must(system.acknowledge(number)["state"] == "acknowledged", "it could not be acknowledged")
    return "reported to all, though one of them fails; acknowledged"


def _logger(database: Database) -> str:
    entry = StructuredLogger(_silent(), database=database).log_action("probe", email=SECRET)
    must(SECRET not in str(entry), "an e-mail address was written into the log")
    must(bool(entry["correlation_id"]), "an entry has no correlation id")
    return "an address was masked, the entry has its correlation id"


def _silent() -> logging.Logger:
    logger = logging.getLogger("valhalla.selfcheck")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return logger


def _readiness(database: Database) -> str:
    checker = SandboxReadinessChecker(database=database)
    must(not checker.is_ready(), "it was ready without a check")
    checker.register_check("good", lambda: True)
    must(not checker.is_ready(), "it was ready before its check was made")
    checker.run_all_checks()
    must(checker.is_ready(), "it was not ready with every check passed")

    def raising() -> bool:
        raise OSError

    checker.register_check("raises", raising)
    checker.run_all_checks()
    must(not checker.is_ready(), "it was ready with a check that raises")
    return "ready only with every check made and passed"


CHECKS: dict[str, Callable[[Database], str]] = {
    "database": _database,
    "dry-run lock": _lock,
    "worker": _worker,
    "heartbeat": _heartbeat,
    "retry": _retry,
    "idempotency": _idempotency,
    "governor": _governor,
    "alerts": _alerts,
    "log": _logger,
    "readiness": _readiness,
}
"""By name, in the order of docs/blocks.md."""
