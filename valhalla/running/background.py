"""The jobs that can wait: they run at low priority in the queue ``background``, beside imports and never before them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from db import Database
from jobs import JobQueue
from valhalla.home import Home
from valhalla.reevaluation.jobs import PRIORITY, QUEUE, Reevaluating
from valhalla.scripts.moving import review

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

    def schedule(self, zone: str | None) -> None:
        """What a running instance does by itself, on the operator's clock: leads mature with the days, so they are decided
        again each night."""
        here = ZoneInfo(zone) if zone else None
        self.queue.cron("10 3 * * *", name="stages.nightly", zone=here, queue=QUEUE)(self._nightly)
        self.queue.cron("0 18 * * *", name=DIGEST_JOB, zone=here, queue=QUEUE, retries=3)(self._digest)
        self.queue.every(PACKET_SECONDS, name=PACKETS_JOB, at_start=True, queue=QUEUE, priority=PRIORITY)(self._packets)

    def _digest(self) -> None:
        from valhalla.digest.writing import write

        write(self.database, self.home)

    def _packets(self) -> int:
        from valhalla.packets.keeping import refresh

        return len(refresh(self.database, self.home))

    def _nightly(self) -> None:
        self.reevaluating.ask()

    def _afterwards(self) -> None:
        """What follows from new knowledge: scripts may move."""
        if review(self.database):
            self.reevaluating.ask()


__all__ = ["QUEUE", "Background"]
