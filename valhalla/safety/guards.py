"""What guards a run: effects behind their gates, the risk cycle, the heartbeat, alerts and log lines from jobs."""

from __future__ import annotations

import contextlib
import shutil
import threading
from typing import TYPE_CHECKING, Any

from db import heads
from jobs import JobQueue, JobSignal
from valhalla.effects import live
from valhalla.effects.running import Effects
from valhalla.effects.sending import Senders
from valhalla.intake.disk_space import is_full
from valhalla.program import correlation, logs, settings
from valhalla.program.heap import give_back
from valhalla.program.later import later
from valhalla.safety.preflight import NEEDED_BYTES
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.heartbeat import SchedulerHeartbeat
from valhalla.sandbox.logger import StructuredLogger

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

    from db import Database
    from valhalla.program.home import Home
    from valhalla.safety import risk
else:
    risk = later("valhalla.safety.risk")

RISK_JOB = "risk.assess"
RISK_SECONDS = 60
LOW = -5


SAID = {
    "dead": "Failed, and is not tried again by itself",
    "overdue": "Has waited too long",
    "lease lost": "Was taken for stopped, and begun again",
}
"""What became of a background job, where an alert says it to a person."""


class Safety:
    """The guards of the run ``run_id``. ``values``: settings in force when it began; ``workspace``: the name of the home in a
    process that runs several, which keeps one log for all of them."""

    def __init__(
        self,
        database: Database,
        home: Home,
        queue: JobQueue,
        values: Mapping[str, Any],
        run_id: int,
        workspace: str | None = None,
    ) -> None:
        self.database = database
        self.home = home
        self.queue = queue
        self.run_id = run_id
        self.assessment: dict[str, Any] | None = None
        self.alerts = AlertSystem(database=database)
        self.log = StructuredLogger(database=database)
        self._workspace = workspace
        self._of: dict[str, Any] = {} if workspace is None else {"workspace": workspace}
        self.heartbeat = SchedulerHeartbeat(database=database, alerts=self.alerts)
        self.effects = Effects(database, queue, Senders(database, values), run_id=run_id, ready=self.unready)
        self._values = dict(values)
        self._mutex = threading.Lock()
        self._unsubscribe = queue.events.subscribe(self._hear)
        self._handlers: list[logging.Handler] = []

    def begin(self, *, is_live: bool = False, hold: bool = False) -> None:
        """A restart is a dry run; ``is_live`` opens the lock for this run, as a person asked. ``hold``: no effect begins
        before :meth:`let_go`."""
        if self._workspace is None:
            self._handlers = [logs.to_file(self.home.logs, instance=True)]
            wanted = self._values.get("log.console", "off")
            if wanted != "off":
                self._handlers.append(logs.to_console(readable=wanted == "text"))
        live.close(self.database, "restart")
        if is_live:
            live.open_for(self.database, self.run_id, "operator")
        self.heartbeat.start()
        self.effects.held = hold
        self.effects.prepare()
        self._risk = self.queue.every(RISK_SECONDS, name=RISK_JOB, priority=LOW, keep=False)(self.assess)
        self.log.log_action("run.start", run=self.run_id, live=is_live, **self._of)

    def let_go(self) -> None:
        """The gate has been passed: open the lock for this run and have the approved effects run."""
        live.open_for(self.database, self.run_id, "operator")
        self.effects.held = False
        self.effects.prepare()

    def after_cycle(self, number: int, totals: Mapping[str, int], seconds: float) -> None:
        """A cycle has ended: have the risk assessed. (Of the workspaces of a hub only where it brought something; the others
        have it assessed each minute, too.)"""
        self.log.log_action(
            "cycle", number=number, seconds=round(seconds, 3), **self._of, **dict[str, Any](totals)
        )
        if self._workspace is None or any(totals.get(name) for name in ("new", "updated", "rejected")):
            self.queue.enqueue(self._risk.s(), unique=f"cycle:{RISK_JOB}")

    def assess(self) -> None:
        """Assess the risk now and rewrite its report."""
        with self._mutex:
            values = {**settings.effective(self.database), "interval": self._values["interval"]}
            report = risk.assess(self.database, self.home, values)
            if values["json_export"]:
                self._save({**report, "audit": heads.report(self.database)})
            self.assessment = report
        give_back()

    def _save(self, report: dict[str, Any]) -> None:
        try:
            risk.save(report, self.home.logs)
        except OSError as error:
            if not is_full(error):
                raise
            self.log.log_action("risk.unsaved", "warning", reason="the disk is full", **self._of)

    def end(self) -> None:
        """The run is over: a last assessment, and the lock closes."""
        with contextlib.ExitStack() as rest:  # each of them, the last first, whatever the others raise
            rest.callback(self._end_log)
            rest.callback(self.effects.keys.close)
            rest.callback(self._unsubscribe)
            rest.callback(self.heartbeat.stop)
            rest.callback(live.close, self.database, "stop")
            self.database.require_in_place()
            self.assess()

    def _end_log(self) -> None:
        self.log.log_action("run.stop", run=self.run_id, **self._of)
        while self._handlers:
            logs.stop(self._handlers.pop())

    def unready(self) -> str | None:
        """Why no effect may go out now; None: it may."""
        if shutil.disk_usage(self.home.path).free < NEEDED_BYTES:
            return "the disk is full"
        if not self.heartbeat.is_healthy():
            return "there is no heartbeat"
        return None

    def _hear(self, signal: JobSignal) -> None:
        """What becomes of jobs, to the alerts and the log, under the job's own correlation id."""
        if signal.severity == "info":
            return
        with correlation.using(signal.correlation_id):
            self.log.log_action(
                f"job.{signal.event}",
                signal.severity,
                job=signal.job_id,
                name=signal.name,
                reason=signal.reason,
                **self._of,
            )
            if signal.severity == "error":
                reason = f"{SAID.get(signal.event, signal.event)}: {signal.reason}"
                self.alerts.repeat(f"job:{signal.name}", reason, "error", {"job": signal.job_id})
