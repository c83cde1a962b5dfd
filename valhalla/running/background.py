"""The jobs that can wait: they run at low priority in the queue ``background``, beside imports and never before them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from db import Database
from jobs import JobQueue
from valhalla.home import Home
from valhalla.reevaluation.jobs import QUEUE, Reevaluating
from valhalla.scripts.moving import review


class Background:
    """Declares every kind of background job on a queue. Whoever enqueues one or works on them makes one of these."""

    def __init__(self, database: Database, queue: JobQueue, home: Home) -> None:
        self.database = database
        self.queue = queue
        self.home = home
        self.reevaluating = Reevaluating(database, queue, self._afterwards)

    def schedule(self, zone: str | None) -> None:
        """What a running instance does by itself, on the operator's clock: leads mature with the days, so they are decided
        again each night."""
        here = ZoneInfo(zone) if zone else None
        self.queue.cron("10 3 * * *", name="stages.nightly", zone=here, queue=QUEUE)(self._nightly)

    def _nightly(self) -> None:
        self.reevaluating.ask()

    def _afterwards(self) -> None:
        """What follows from new knowledge: scripts may move, and packets may have to be made again."""
        if review(self.database):
            self.reevaluating.ask()


__all__ = ["QUEUE", "Background"]
