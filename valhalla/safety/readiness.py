"""GO or NO-GO: every check made now, through the readiness block."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from db import audit
from db.clock import MINUTE
from db.orm import fn
from valhalla.effects import live
from valhalla.program.file_models import Entry
from valhalla.program.instance import running
from valhalla.safety import preflight
from valhalla.safety.preflight import Check
from valhalla.sandbox.dry_run import DryRunLock
from valhalla.sandbox.heartbeat import seen_from_outside
from valhalla.sandbox.models import Heartbeat
from valhalla.sandbox.readiness import SandboxReadinessChecker

if TYPE_CHECKING:
    from db import Database
    from valhalla.program.home import Home


def checks(database: Database, home: Home, sources: Iterable[Path] = ()) -> list[Check]:
    """All readiness checks with what was found."""
    made = preflight.check(database, home, sources)
    made += [_heartbeat(database, home), check_clock(database), check_chain(database), _lock(database)]
    checker = SandboxReadinessChecker(database=database)
    for check in made:
        checker.register_check(check.name, lambda ok=check.ok: ok)  # type: ignore[misc]
    results = checker.run_all_checks()
    return [Check(check.name, results[check.name], check.detail) for check in made]


def _heartbeat(database: Database, home: Home) -> Check:
    instance = running(home.path)
    seen = seen_from_outside(database)
    beats = seen is not None and seen["pid"] == os.getpid() and seen["is_running"]
    if instance is None or (instance.pid == os.getpid() and not beats):
        return Check("heartbeat", True, "no other instance runs, so none has to beat")
    if seen is None or not seen["is_healthy"]:
        return Check("heartbeat", False, f"process {instance.pid} runs, but has no heartbeat")
    return Check("heartbeat", True, f"{seen['seconds_since_heartbeat']:.0f} s ago")


def check_clock(database: Database) -> Check:
    """Whether the clock was set back behind what is in the file."""
    moments = Entry.select(fn.max(Entry.at)), Heartbeat.select(fn.max(Heartbeat.beat_at))
    newest = max(each.scalar(database) or 0 for each in moments)
    behind = newest - database.clock()
    if behind > MINUTE:
        return Check(
            "clock",
            False,
            f"the computer's clock is {behind // 1_000_000} s behind what is in the file; set it right",
        )
    return Check("clock", True, "not behind what is in the file")


def check_chain(database: Database) -> Check:
    """Whether the audit chain is whole."""
    problems = audit.check_chain(database)
    return Check(
        "audit chain", not problems, problems[0] if problems else f"{audit.head(database).entries} entries"
    )


def _lock(database: Database) -> Check:
    if live.current(database) is not None:
        return Check("dry-run lock", True, "off: a live session is open")
    lock = DryRunLock(lambda: live.is_dry(database, None), database=database, fail_closed=True)
    closed = lock.blocks("an action that nobody declared")
    return Check(
        "dry-run lock",
        closed,
        "blocks what nobody declared" if closed else "lets an undeclared action through",
    )
