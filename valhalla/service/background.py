"""The jobs that can wait: they run at low priority in the queue ``background``, together with imports and never before them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from db import Database
from db.clock import to_datetime
from jobs import JobQueue, JobWrapper, PeriodicJob
from valhalla.audit.asked import Asked
from valhalla.leads import view
from valhalla.program.home import Home, digest_path
from valhalla.program.later import later
from valhalla.program.settings import effective
from valhalla.safety.jobs import CHECKS_DELAY, CHECKS_JOB, CHECKS_SECONDS, Checking
from valhalla.scoring.jobs import PRIORITY, QUEUE, Reevaluating

if TYPE_CHECKING:
    from valhalla.audit import copies, retention
    from valhalla.effects import erasure, register
    from valhalla.fleet import protecting
    from valhalla.reports import digest_mail, digest_page, packet_files
else:
    copies = later("valhalla.audit.copies")
    retention = later("valhalla.audit.retention")
    erasure = later("valhalla.effects.erasure")
    register = later("valhalla.effects.register")
    protecting = later("valhalla.fleet.protecting")
    digest_mail = later("valhalla.reports.digest_mail")
    digest_page = later("valhalla.reports.digest_page")
    packet_files = later("valhalla.reports.packet_files")

NIGHTLY_JOB = "stages.nightly"
DIGEST_JOB = "digest.write"
DIGEST_HOUR = 18
PACKETS_JOB = "packets.refresh"
PACKET_SECONDS = 300
"""How often packets are looked over, in seconds."""

COPY_JOB = "audit.copy"
COPY_SECONDS = 600
"""How often is asked whether an automatic audit copy or a protected one is due, in seconds."""

DRILL_JOB = "protect.drill"
DRILL_SECONDS = 3 * 3600
"""How often is asked whether the month's drill is due: an office's computer is off at night, and a slot then would go by."""

PRUNE_JOB = "retention.prune"


class Background:
    """Declares every kind of background job on a queue, in addition to the re-evaluation, which is handed in."""

    def __init__(self, database: Database, queue: JobQueue, home: Home, reevaluating: Reevaluating) -> None:
        self.database = database
        self.queue = queue
        self.home = home
        self.alone: Callable[[], AbstractContextManager[object]] = nullcontext
        """Entered while the database is written again: nobody who always reads is at it then."""
        self.approved: Callable[[int], object] = lambda effect: None
        """Called with an effect that a standing approval has let pass."""
        self.reevaluating = reevaluating
        self.auditing = Asked(database, queue, home, QUEUE)
        self.checking = Checking(database, queue, home, QUEUE)
        self._declare(NIGHTLY_JOB, self._nightly)
        self._declare(PACKETS_JOB, self._packets)
        self._declare(COPY_JOB, self._copy)
        self._declare(PRUNE_JOB, self._prune)
        self._declare(DRILL_JOB, self._drill)
        self._digest_handler = self._declare(DIGEST_JOB, self._digest)

    def _declare(self, name: str, handler: Callable[[], Any]) -> JobWrapper:
        return self.queue.task(name=name, queue=QUEUE, priority=PRIORITY, retries=3)(handler)

    def schedule(self, zone: str | None) -> None:
        """What a running instance does by itself, on the operator's clock (``zone``; None: the computer's)."""
        here = ZoneInfo(zone) if zone else None
        self.queue.periodic.add(PeriodicJob.cron(NIGHTLY_JOB, "10 3 * * *", here))
        self.queue.periodic.add(PeriodicJob.cron(DIGEST_JOB, f"0 {DIGEST_HOUR} * * *", here))
        self.queue.periodic.add(PeriodicJob.each(PACKETS_JOB, PACKET_SECONDS))
        self.queue.periodic.add(PeriodicJob.each(COPY_JOB, COPY_SECONDS))
        self.queue.periodic.add(PeriodicJob.cron(PRUNE_JOB, "40 3 * * *", here))
        self.queue.periodic.add(PeriodicJob.each(DRILL_JOB, DRILL_SECONDS))
        self.queue.periodic.add(
            PeriodicJob.each(CHECKS_JOB, CHECKS_SECONDS, at_start=True, delay=CHECKS_DELAY)
        )
        self._catch_up(here)

    def _catch_up(self, here: ZoneInfo | None) -> None:
        """Anyone who starts the program after six has not missed the day's digest."""
        now = to_datetime(self.database.clock()).astimezone(here)
        if now.hour >= DIGEST_HOUR and not digest_path(self.home, f"{now:%Y-%m-%d}").exists():
            self.queue.enqueue(self._digest_handler.s(), unique=DIGEST_JOB)

    def _nightly(self) -> None:
        """Leads mature with the days, so they are decided again each night."""
        self.reevaluating.ask()

    def _digest(self) -> None:
        digest_page.write(self.database, self.home)
        to = effective(self.database)["digest.mail"]
        if to:
            self._draft_mail(to)

    def _draft_mail(self, to: str) -> None:
        effect = digest_mail.draft(self.database, self.home, to)
        if effect["state"] == "drafted" and register.approve_by_standing(self.database, effect["id"]):
            self.approved(effect["id"])

    def _copy(self) -> str | None:
        """A protected and an audit copy, each when the newest one is old enough; the name of the latter."""
        protecting.copy_if_due(self.database, self.home)
        settings = effective(self.database)
        if not copies.due(self.database, self.home, settings["audit.copy_hours"]):
            return None
        made = copies.make_automatic(self.database, self.home, settings["audit.copies_kept"])
        return str(made["path"])

    def _drill(self) -> dict[str, Any] | None:
        """Once a month: whether the newest protected copy can be restored."""
        return protecting.drill_if_due(self.database, self.home)

    def _prune(self) -> dict[str, int]:
        if erasure.uncleaned(self.database):
            with self.alone():
                erasure.clean(self.database)
        return retention.prune(self.database)

    def _packets(self) -> int:
        if not view.count(self.database):
            return 0
        return len(packet_files.refresh(self.database, self.home))


__all__ = ["QUEUE", "Background"]
