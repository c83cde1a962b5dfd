"""The background service of a home: started apart from the terminal, found by its lock, stopped through the file."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from db.clock import SECOND
from jobs import count_by_state
from valhalla.effects import live, register
from valhalla.program import stopping
from valhalla.program.database import open_database
from valhalla.program.errors import ValhallaError
from valhalla.program.executable import own_environment, program
from valhalla.program.home import Home
from valhalla.program.instance import Running, running
from valhalla.safety import blocks
from valhalla.sandbox import AlertSystem, GovernorEnforcer, SandboxOrchestrator
from valhalla.sandbox.heartbeat import seen_from_outside

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 20.0
STOP_SECONDS = 10.0
ERRORS_NAME = "service-errors.log"


def start(home: Home, options: list[str]) -> Running:
    """Start the service and wait until it holds the home. Raises :class:`ValhallaError` with what it complained of."""
    other = running(home.path)
    if other is not None:
        raise ValhallaError(f"process {other.pid} runs on this home already ({other.command})")
    home.prepare()
    complaints = home.logs / ERRORS_NAME
    with open(complaints, "wb") as errors:
        child = subprocess.Popen(
            [*program(), "--home", str(home.path), "run", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            cwd=home.path,
            **_apart(),
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = running(home.path)
        if found is not None and _is_of(found.pid, child.pid) and _beats(home):
            return found
        if child.poll() is not None:
            raise ValhallaError(
                _complaint(complaints) or f"the service ended at once with code {child.returncode}"
            )
        time.sleep(0.05)
    child.kill()
    raise ValhallaError(f"the service was not ready after {START_SECONDS:.0f} s; see {complaints}")


def stop(home: Home) -> Running | None:
    """Stop the instance of this home in good order; one that hangs is ended, if it is ours. None: nothing ran."""
    found = running(home.path)
    if found is None:
        return None
    with open_database(home.database, create=False) as database:
        stopping.ask(database)
        if _wait(lambda: running(home.path) is None, STOP_SECONDS):
            return found
        _end(home, found)
        stopping.forget_request(database)
    return found


def _end(home: Home, found: Running) -> None:
    """Kill the process that holds the home's lock: the number in the lock, if that process is older than the lock."""
    import psutil

    try:
        process = psutil.Process(found.pid)
        is_ours = found.pid > 0 and process.create_time() * SECOND <= found.started_at + SECOND
    except psutil.Error:
        return
    if not is_ours:
        raise ValhallaError(
            f"process {found.pid} does not stop, and is not the one that took this home; end it by hand"
        )
    process.kill()
    _wait(lambda: running(home.path) is None, STOP_SECONDS)


def status(home: Home) -> dict[str, Any]:
    """The service, and the thirty blocks, each checked now in this process."""
    found = running(home.path)
    answer: dict[str, Any] = {"running": found is not None, "instance": asdict(found) if found else None}
    with SandboxOrchestrator() as sandbox:
        sandbox.is_ready()
        answer["self_check"] = sandbox.readiness_checker.get_status()["checks"]
    if home.database.exists():
        with open_database(home.database, create=False) as database:
            answer["heartbeat"] = seen_from_outside(database) if found else None
            answer["live"] = live.current(database) is not None
            answer["governor"] = GovernorEnforcer(database=database).get_status()
            answer["alerts"] = AlertSystem(database=database).counts()
            answer["effects"] = register.counts(database)
            answer["queue"] = count_by_state(database)
            answer["blocks"] = blocks.board(database)
    else:
        answer["blocks"] = blocks.board()
    return answer


def _is_of(pid: int, started: int) -> bool:
    """Whether the process is the one we started, or the child of it: a one-file executable is a loader and its child."""
    if pid == started:
        return True
    import psutil

    try:
        return psutil.Process(pid).ppid() == started
    except psutil.Error:
        return False


def _apart() -> dict[str, Any]:
    """So that the service outlives the terminal: no console window on Windows, a session of its own elsewhere."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags, "env": own_environment()}
    return {"start_new_session": True, "env": {**own_environment(), "PYTHONUNBUFFERED": "1"}}


def _beats(home: Home) -> bool:
    if not home.database.exists():
        return False
    with open_database(home.database, create=False) as database:
        seen = seen_from_outside(database)
    return seen is not None and bool(seen["is_healthy"])


def _complaint(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _wait(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return true()
