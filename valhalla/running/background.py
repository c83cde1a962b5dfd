"""The jobs that can wait: they run at low priority in the queue ``background``, beside imports and never before them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from db import Database
from jobs import JobQueue
from jobs.cycles import Cycle
from valhalla.home import Home
from valhalla.reevaluation.jobs import PRIORITY, QUEUE, Reevaluating
from valhalla.scripts.moving import review

NIGHTLY_JOB = "stages.nightly"
DIGEST_JOB = "digest.write"
PACKETS_JOB = "packets.refresh"
PACKET_SECONDS = 300
"""How often packets are looked over, in seconds."""


class Background:
    """Declares every kind of background job on a queue. Whoever enqueues one or works on them makes one of these."""

    def __init__(self, database: Database, queue: JobQueue, home: Home) -> None:
        self.database = database
        self.queue = queue
        self.home = home
        self.reevaluating = Reevaluating(database, queue, self._afterwards)
        for name, handler in (
            (NIGHTLY_JOB, self._nightly),
            (DIGEST_JOB, self._digest),
            (PACKETS_JOB, self._packets),
        ):
            queue.task(name=name, queue=QUEUE, priority=PRIORITY, retries=3)(handler)

    def schedule(self, zone: str | None) -> None:
        """What a running instance does by itself, on the operator's clock (``zone``; None: the computer's)."""
        here = ZoneInfo(zone) if zone else None
        self.queue.cycles.add(Cycle.cron(NIGHTLY_JOB, "10 3 * * *", here))
        self.queue.cycles.add(Cycle.cron(DIGEST_JOB, "0 18 * * *", here))
        self.queue.cycles.add(Cycle.each(PACKETS_JOB, PACKET_SECONDS, at_start=True))

    def _nightly(self) -> None:
        """Leads mature with the days, so they are decided again each night."""
        self.reevaluating.ask()

    def _digest(self) -> None:
        from valhalla.digest.writing import write

        write(self.database, self.home)

    def _packets(self) -> int:
        from valhalla.packets.keeping import refresh

        return len(refresh(self.database, self.home))

    def _afterwards(self) -> None:
        """What follows from new knowledge: scripts may move."""
        if review(self.database):
            self.reevaluating.ask()


__all__ = ["QUEUE", "Background"]
