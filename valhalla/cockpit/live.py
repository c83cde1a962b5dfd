"""The pages' own WebSocket: counters, running work and new alerts, as they change.

Nothing is read while nobody looks. While somebody does, a look at the file's version each second costs microseconds, and
only a file that has changed is read; then everybody is sent the same text.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import PurePath
from typing import Any

from fastapi import APIRouter, WebSocket

from db import Database, DatabaseError
from db.clock import iso
from valhalla.cockpit.state import Cockpit, cockpit_of
from valhalla.console.hub import Hub, Outbox, pack
from valhalla.intake.passes import IMPORT_JOB

EACH = 1.0
"""Seconds between two looks at the file while somebody is connected."""

BEAT = 15.0
"""Seconds after which the counters are sent again though nothing has changed: a page knows by them that it is connected."""

RUNNING = "SELECT id, name, payload, progress, started_at FROM task INDEXED BY task_running WHERE state = 'running' LIMIT 50"
NEWEST_ALERT = "SELECT coalesce(max(id), 0) FROM alert"
NEW_ALERTS = "SELECT id, severity, task, reason FROM alert WHERE id > ? ORDER BY id DESC LIMIT 4"
QUEUE = """
SELECT (SELECT count(*) FROM (SELECT 1 FROM task WHERE state = 'waiting' LIMIT 1000)),
  (SELECT count(*) FROM task WHERE state = 'running'),
  (SELECT count(*) FROM (SELECT 1 FROM task WHERE state = 'dead' LIMIT 1000))
"""

router = APIRouter()


@router.websocket("/ws/live")
async def live(socket: WebSocket) -> None:
    """Counters, running imports and alerts, for the pages."""
    await cockpit_of(socket).feed.serve(socket)


class Feed:
    """Sends the pages what changes."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clients = Hub()
        self._cockpit: Cockpit | None = None
        self._version: int | None = None
        self._newest_alert: int | None = None
        self._counters = ""
        self._told_at = 0.0

    @asynccontextmanager
    async def running(self, cockpit: Cockpit) -> AsyncIterator[None]:
        """While inside, everybody who is connected is told."""
        self._cockpit = cockpit
        self.clients.begin()
        # One thread for every look: the file's version is told per connection, and connections belong to threads.
        with ThreadPoolExecutor(1, "cockpit-live") as thread:
            task = asyncio.create_task(self._work(thread))
            try:
                yield
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def serve(self, socket: WebSocket) -> None:
        """One client, until it goes."""
        await self.clients.serve(socket, self._welcome)

    async def _welcome(self, outbox: Outbox) -> None:
        self._version = None  # a new client gets the counters as they are now
        if self._counters:
            outbox.put("counters", self._counters)

    async def _work(self, thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not len(self.clients):
                self._newest_alert = None
                await self.clients.somebody()
            try:
                told = await loop.run_in_executor(thread, self._look)
            except DatabaseError as error:
                told = ([("counters", pack({"type": "problem", "message": str(error)}))], [])
            newest, each = told
            for kind, message in newest:
                self.clients.publish(kind, message)
            for message in each:
                self.clients.announce(message)
            await asyncio.sleep(EACH)

    def _look(self) -> tuple[list[tuple[str, str]], list[str]]:
        """In a reader's thread: what is new since the last look."""
        from valhalla.cockpit import frame

        assert self._cockpit is not None
        version, now = self.database.version(), time.monotonic()
        if version == self._version and now - self._told_at < BEAT:
            return [], []
        self._version, self._told_at = version, now
        around = frame.gather(self._cockpit)
        around.pop("home")
        work = running_work(self.database)
        self._counters = pack({"type": "counters", **around, "work": work})
        return [("counters", self._counters)], self._alerts()

    def _alerts(self) -> list[str]:
        seen = self._newest_alert
        self._newest_alert = self.database.value(NEWEST_ALERT)
        if seen is None or self._newest_alert == seen:
            return []
        rows = self.database.sql(NEW_ALERTS, (seen,))
        return [
            pack({"type": "alert", "id": number, "severity": severity, "task": task, "reason": reason})
            for number, severity, task, reason in reversed(rows)
        ]


def running_work(database: Database) -> dict[str, Any]:
    """What the queue is doing, and how far each running import has come."""
    waiting, running, dead = database.sql(QUEUE)[0]
    imports = []
    for job, name, payload, progress, began in database.sql(RUNNING):
        if name == IMPORT_JOB:
            imports.append(
                {
                    "job": job,
                    "file": _file_of(payload),
                    "started_at": iso(began) if began is not None else None,
                    **_progress(progress),
                }
            )
    return {"waiting": waiting, "running": running, "dead": dead, "imports": imports}


def _progress(text: str | None) -> dict[str, Any]:
    """How far an import has come; null where it has not said yet."""
    found = json.loads(text) if text else {}
    return {
        "percent": percent_read(found),
        "rows": found.get("rows"),
        "rejected": found.get("rejected"),
        "rows_per_second": found.get("rows_per_second"),
        "seconds_left": found.get("seconds_left"),
    }


def percent_read(progress: Mapping[str, Any] | None) -> float | None:
    """How much of its list an import has read, by its progress; None where it has not said yet."""
    known = progress.get("of") if progress else None
    return min(100.0, round(100 * progress.get("bytes", 0) / known, 1)) if progress and known else None


def _file_of(payload: str) -> str:
    try:
        return PurePath(str(json.loads(payload)["args"][0])).name
    except (ValueError, LookupError, TypeError):
        return "a list"
