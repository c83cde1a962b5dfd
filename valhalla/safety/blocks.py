"""The thirty blocks on one board: what each does, and whether it does it now.

The first ten are checked by :mod:`valhalla.sandbox.selfcheck`, the others here: each check uses the function that commands and pages use,
on a database of its own with a small list, and compares what it answers with what was worked out by hand. Nothing of the
home is touched; from there only comes when a block was last used.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from db.clock import iso
from valhalla.safety import sql
from valhalla.safety.proving_ground import PROBES, Ground
from valhalla.sandbox.selfcheck import Broken, check_blocks

if TYPE_CHECKING:
    from db import Database


class Block(NamedTuple):
    """One of the thirty."""

    number: int
    name: str
    ours: str
    """Where it is: the documented class or the command."""
    does: str
    used: str | None
    """The statement that says when it was last used; None: it leaves no trace of its own."""


def _of(*actions: str) -> str:
    return sql.LAST_ACTION.format(", ".join(f"'{action}'" for action in actions))


BLOCKS = (
    Block(
        1,
        "Sandbox service and database",
        "SandboxDatabaseManager",
        "sessions that are whole or not at all",
        sql.LAST_ENTRY,
    ),
    Block(
        2,
        "Dry-run locks",
        "DryRunLock",
        "while it is closed, nothing that cannot be undone happens",
        sql.LAST_BLOCKED,
    ),
    Block(
        3,
        "Worker process",
        "WorkerProcess",
        "a job is run, also after a restart, and its end is kept",
        sql.LAST_JOB,
    ),
    Block(
        4,
        "Scheduler heartbeat",
        "SchedulerHeartbeat",
        "somebody notices when the program stands still",
        sql.LAST_BEAT,
    ),
    Block(
        5,
        "Retry and backoff",
        "RetryBackoffManager",
        "what fails is tried again, more and more slowly, and not for ever",
        sql.LAST_RETRY,
    ),
    Block(6, "Idempotency", "IdempotencyManager", "what must happen once happens once", sql.LAST_KEY),
    Block(7, "Governor", "GovernorEnforcer", "nothing happens more often than its limit", sql.LAST_GOVERNED),
    Block(8, "Alerts", "AlertSystem", "what goes wrong is reported and kept", sql.LAST_ALERT),
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
        sql.LAST_SOURCE,
    ),
    Block(
        12,
        "Source quality",
        "valhalla sources show",
        "one figure of a source with its parts, n and interval; unknown under 20 worked leads",
        sql.LAST_OUTCOME,
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
        sql.LAST_LEAD,
    ),
    Block(
        15,
        "Deal caps that adjust",
        "valhalla markets cap",
        "the share of ARV that own deals and buyers bear out, within bounds",
        sql.LAST_DEAL,
    ),
    Block(
        16,
        "Identity resolution",
        "valhalla leads duplicates",
        "one person and one property is one lead, whatever list names it",
        sql.LAST_MERGE,
    ),
    Block(
        17,
        "Stuck stages",
        "valhalla deals list",
        "deals that wait too long are alerts that escalate",
        sql.LAST_STUCK,
    ),
    Block(
        18, "Top ten", "valhalla leads top", "whom to call next, best first, with reasons", sql.LAST_OUTCOME
    ),
    Block(
        19,
        "Shield thresholds",
        "valhalla risk",
        "each risk rule with its value, threshold and trend",
        sql.LAST_RISK,
    ),
    Block(
        20,
        "Decision log",
        "valhalla decisions list",
        "every decision with who and why, from the audit chain",
        sql.LAST_ENTRY,
    ),
    Block(
        21,
        "A/B tracking",
        "valhalla experiments show",
        "each person has one variant and keeps it",
        sql.LAST_LEAD,
    ),
    Block(
        22,
        "Script promotion",
        "valhalla scripts promote",
        "a script comes into use when the evidence says so, and not before",
        sql.LAST_SCRIPT,
    ),
    Block(
        23,
        "Deal packets",
        "valhalla packet",
        "what can be offered, with the numbers put into the formula",
        sql.LAST_PACKET,
    ),
    Block(
        24,
        "Learning from allowed sources",
        "setting learning.origins",
        "only outcomes of allowed origins teach",
        sql.LAST_OUTCOME,
    ),
    Block(
        25,
        "Outcome evaluation",
        "valhalla policy drift",
        "as many closes as were expected, month by month, or it says so",
        sql.LAST_OUTCOME,
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
        sql.LAST_OUTCOME,
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
        sql.LAST_COPY,
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
        at = database.value(block.used) if database is not None and block.used is not None else None
        row["last_used"] = None if at is None else iso(at)
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
