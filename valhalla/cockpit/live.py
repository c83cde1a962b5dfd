"""The pages' own WebSocket: counters, running work and new alerts, as they change.

Nothing is read while nobody looks. While somebody does, a look at the file's version each second costs microseconds, and
only a file that has changed is read; then everybody is sent the same text.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, WebSocket

from db import Database, DatabaseError
from valhalla.cockpit.work import running_work
from valhalla.console.hub import Hub, Outbox, pack
from valhalla.sandbox import alerts

EACH = 1.0
"""Seconds between two looks at the file while somebody is connected."""

BEAT = 15.0
"""Seconds after which the counters are sent again though nothing has changed: a page knows by them that it is connected."""

SHOWN = 4
"""New alerts that are shown at once; of more, the newest."""

router = APIRouter()


@router.websocket("/ws/live")
async def live(socket: WebSocket) -> None:
    """Counters, running imports and alerts, for the pages."""
    feed: Feed = socket.app.state.feed
    await feed.serve(socket)


class Feed:
    """Sends the pages what changes. ``frame`` gathers what stands around every page; ``news`` is another value after a change."""

    def __init__(
        self, database: Database, frame: Callable[[], dict[str, Any]], news: Callable[[], object]
    ) -> None:
        self.database = database
        self._news = news
        self.clients = Hub()
        self._frame = frame
        self._version: object = None
        self._newest_alert: int | None = None
        self._counters = ""
        self._reported_at = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While inside, everybody who is connected is kept up to date."""
        self.clients.begin()
        # One thread for every look: each connection counts the versions of the file for itself, and connections belong to threads.
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
                found = await loop.run_in_executor(thread, self._look)
            except DatabaseError as error:
                found = ([("counters", pack({"type": "problem", "message": str(error)}))], [])
            newest, each = found
            for kind, message in newest:
                self.clients.publish(kind, message)
            for message in each:
                self.clients.announce(message)
            await asyncio.sleep(EACH)

    def _look(self) -> tuple[list[tuple[str, str]], list[str]]:
        """In a reader's thread: what is new since the last look."""
        version, now = self._news(), time.monotonic()
        if version == self._version and now - self._reported_at < BEAT:
            return [], []
        self._version, self._reported_at = version, now
        around = self._frame()
        around.pop("home")
        work = running_work(self.database)
        self._counters = pack({"type": "counters", **around, "work": work})
        return [("counters", self._counters)], self._alerts()

    def _alerts(self) -> list[str]:
        seen = self._newest_alert
        self._newest_alert = alerts.newest_number(self.database)
        if seen is None or self._newest_alert == seen:
            return []
        return [
            pack(
                {
                    "type": "alert",
                    "id": each.id,
                    "severity": each.severity,
                    "task": each.task,
                    "reason": each.reason,
                }
            )
            for each in reversed(alerts.since(self.database, seen, SHOWN))
        ]
