"""The thirty blocks on one board: what each does, and whether it does it now.

The first ten are checked by :mod:`valhalla.sandbox.selfcheck`, the others here: each check uses the function that commands and pages use,
on a database of its own with a small list, and compares what it answers with what was worked out by hand. Nothing of the
home is touched; from there only comes when a block was last used.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from db.clock import iso
from db.orm import fn
from valhalla.intake.models import Source
from valhalla.leads.models import Duplicate, LeadMerge
from valhalla.leads.work_models import Deal
from valhalla.program.file_models import Entry, Task
from valhalla.reports.models import Packet
from valhalla.safety.proving_ground import PROBES, Ground
from valhalla.sandbox.models import Alert, DryRunLog, GovernorSlot, Heartbeat, IdempotencyKey, RetryLog
from valhalla.sandbox.selfcheck import Broken, check_blocks
from valhalla.scoring.lead_model import Lead
from valhalla.scoring.models import Outcome, ScriptMove

if TYPE_CHECKING:
    from db import Database


class Block(NamedTuple):
    """One of the thirty."""

    number: int
    name: str
    ours: str
    """Where it is: the documented class or the command."""
    does: str
    used: Any
    """The query that says when it was last used; None: it leaves no trace of its own."""


def _newest(at: Any) -> Any:
    """That time in the row with the highest number."""
    return at.model.select(at).order_by(at.model._meta.primary_key.desc()).limit(1)


def _latest(at: Any) -> Any:
    """The latest time of a small table."""
    return at.model.select(fn.max(at))


def _of(*actions: str) -> Any:
    """The newest entry of the chain about one of these actions."""
    return _newest(Entry.at).where(Entry.action.in_(actions))


_JOBS = _newest(Task.finished_at).where(Task.finished_at.is_null(False))


BLOCKS = (
    Block(
        1,
        "Sandbox service and database",
        "SandboxDatabaseManager",
        "sessions that are whole or not at all",
        _newest(Entry.at),
    ),
    Block(
        2,
        "Dry-run locks",
        "DryRunLock",
        "while it is closed, nothing that cannot be undone happens",
        _newest(DryRunLog.at),
    ),
    Block(
        3,
        "Worker process",
        "WorkerProcess",
        "a job is run, also after a restart, and its end is kept",
        _JOBS,
    ),
    Block(
        4,
        "Scheduler heartbeat",
        "SchedulerHeartbeat",
        "somebody notices when the program stands still",
        _latest(Heartbeat.beat_at),
    ),
    Block(
        5,
        "Retry and backoff",
        "RetryBackoffManager",
        "what fails is tried again, more and more slowly, and not for ever",
        _newest(RetryLog.at),
    ),
    Block(
        6,
        "Idempotency",
        "IdempotencyManager",
        "what must happen once happens once",
        _latest(IdempotencyKey.created_at),
    ),
    Block(
        7,
        "Governor",
        "GovernorEnforcer",
        "nothing happens more often than its limit",
        _latest(GovernorSlot.at),
    ),
    Block(8, "Alerts", "AlertSystem", "what goes wrong is reported and kept", _newest(Alert.last_at)),
    Block(
        9, "Structured log", "StructuredLogger", "what was done can be followed, without personal data", None
    ),
    Block(
        10,
        "Readiness checks",
        "SandboxReadinessChecker, valhalla ready",
        "GO only when every check was made and passed",
        None,
    ),
    Block(
        11,
        "Source registry",
        "valhalla sources list",
        "where leads come from, how many, since when, and what they cost",
        _latest(Source.created_at),
    ),
    Block(
        12,
        "Source quality",
        "valhalla sources show",
        "one figure of a source with its parts, n and interval; unknown under 20 worked leads",
        _newest(Outcome.recorded_at),
    ),
    Block(
        13,
        "Source pause and stop",
        "valhalla sources pause",
        "leads of a paused source leave the call list, and come back by themselves",
        _of("source.pause", "source.stop", "source.resume"),
    ),
    Block(
        14,
        "Market profiles",
        "valhalla markets list",
        "markets side by side: leads, prices, contacts, closes, buyers",
        _newest(Lead.created_at),
    ),
    Block(
        15,
        "Deal caps that adjust",
        "valhalla markets cap",
        "the share of ARV that own deals and buyers bear out, within bounds",
        _latest(Deal.updated_at),
    ),
    Block(
        16,
        "Identity resolution",
        "valhalla leads duplicates",
        "one person and one property is one lead, whatever list names it",
        LeadMerge.select(fn.max(LeadMerge.at)).union_all(Duplicate.select(fn.max(Duplicate.found_at))),
    ),
    Block(
        17,
        "Stuck stages",
        "valhalla deals list",
        "deals that wait too long are alerts that escalate",
        _latest(Alert.last_at).where(fn.substr(Alert.task, 1, 6) == "stuck:"),
    ),
    Block(
        18,
        "Top ten",
        "valhalla leads top",
        "whom to call next, best first, with reasons",
        _newest(Outcome.recorded_at),
    ),
    Block(
        19,
        "Shield thresholds",
        "valhalla risk",
        "each risk rule with its value, threshold and trend",
        _JOBS.where(Task.name == "safety.risk"),
    ),
    Block(
        20,
        "Decision log",
        "valhalla decisions list",
        "every decision with who and why, from the audit chain",
        _newest(Entry.at),
    ),
    Block(
        21,
        "A/B tracking",
        "valhalla experiments show",
        "each person has one variant and keeps it",
        _newest(Lead.created_at),
    ),
    Block(
        22,
        "Script promotion",
        "valhalla scripts promote",
        "a script comes into use when the evidence says so, and not before",
        _newest(ScriptMove.at),
    ),
    Block(
        23,
        "Deal packets",
        "valhalla packet",
        "what can be offered, with the numbers put into the formula",
        _newest(Packet.created_at),
    ),
    Block(
        24,
        "Learning from allowed sources",
        "setting learning.origins",
        "only outcomes of allowed origins teach",
        _newest(Outcome.recorded_at),
    ),
    Block(
        25,
        "Outcome evaluation",
        "valhalla policy drift",
        "as many closes as were expected, month by month, or it says so",
        _newest(Outcome.recorded_at),
    ),
    Block(
        26,
        "Safe model update",
        "valhalla policy shadow, policy revert",
        "what a rule would change is seen before it is in force, and undone whole",
        _of("policy.set"),
    ),
    Block(
        27,
        "Clone readiness",
        "valhalla clone",
        "a market is a model for others when every gate is passed",
        _newest(Outcome.recorded_at),
    ),
    Block(28, "Clone gates", "valhalla clone apply", "what is not proven is not copied", _of("clone.apply")),
    Block(
        29,
        "Clone audit and rollback",
        "valhalla clone undo",
        "a copy is one decision in the chain, and undone whole",
        _of("clone.apply", "clone.undo"),
    ),
    Block(
        30,
        "Verification",
        "valhalla audit verify, selftest, validate",
        "whatever was changed behind the program's back is named",
        _of("audit.copy"),
    ),
)
"""In the order of docs/blocks.md."""

_FIRST = (
    *("database", "dry-run lock", "worker", "heartbeat", "retry"),
    *("idempotency", "governor", "alerts", "log", "readiness"),
)
"""What the self-check calls the first ten."""


def board(database: Database | None = None) -> list[dict[str, Any]]:
    """``{number, name, ours, does, ok, detail, last_used, seconds}`` of all thirty, each checked now. ``database``: of the home, which
    says when each was last used. Takes about a second."""
    found = check()
    for block, row in zip(BLOCKS, found, strict=True):
        times = [] if database is None or block.used is None else block.used.tuples().execute(database)
        known = [at for (at,) in times if at is not None]
        row["last_used"] = iso(max(known)) if known else None
    return found


def check() -> list[dict[str, Any]]:
    """The same without when they were last used."""
    first = {each["name"]: each for each in check_blocks()}
    found = []
    with Ground() as ground:
        for block in BLOCKS:
            if block.number <= len(_FIRST):
                outcome = first[_FIRST[block.number - 1]]
                ok, detail, seconds = outcome["ok"], outcome["detail"], outcome["seconds"]
            else:
                ok, detail, seconds = _probed(block.number, ground)
            found.append(
                {
                    "number": block.number,
                    "name": block.name,
                    "ours": block.ours,
                    "does": block.does,
                    "ok": ok,
                    "detail": detail,
                    "seconds": seconds,
                }
            )
    return found


def _probed(number: int, ground: Ground) -> tuple[bool, str, float]:
    began = time.perf_counter()
    try:
        ok, detail = True, PROBES[number](ground)
    except Exception as error:  # whatever it was, the block did not keep its promise
        ok, detail = False, str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"
    return ok, detail, round(time.perf_counter() - began, 4)
