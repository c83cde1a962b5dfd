"""What is removed when it is old enough, and the summary that stays.

Leads, outcomes, effects, policies and the chain are never removed by age. What may go are jobs that ended and their events,
cycles, logs of the safety blocks, alerts that were closed and refused rows that are settled. Rows of evidence leave their hashes; jobs
leave a digest; and a summary, signed if there is a key, names what went with the head of the chain that witnesses it.
"""

from __future__ import annotations

from db import Database, audit
from db.clock import DAY
from jobs import prune_jobs
from valhalla.audit import signing, sql
from valhalla.program.settings import effective

BATCH = 2_000
"""Rows removed in one transaction, so that nobody waits long to write."""

JOB_STATES = ("done", "canceled", "expired")
"""Dead letters stay until somebody looks at them."""


def prune(database: Database, actor: str = "valhalla") -> dict[str, int]:
    """Remove what the settings ``retention.*`` call old; how many rows of each table. 0 days: that is kept for good.

    Can be interrupted at any moment: what was removed until then is witnessed, and the next time goes on.
    """
    days = {name: effective(database)[f"retention.{name}_days"] for name in ("jobs", "logs", "evidence")}
    now, first = database.clock(), audit.head(database).entries + 1
    removed: dict[str, int] = {}
    if days["jobs"]:
        removed["task"] = sum(
            prune_jobs(database, older_than=days["jobs"] * DAY, state=state) for state in JOB_STATES
        )
    for name, statements in (("logs", sql.WORKING), ("evidence", sql.EVIDENCE)):
        for table, statement in statements.items() if days[name] else ():
            removed[table] = _remove(database, table, statement, now - days[name] * DAY, actor)
    removed = {table: count for table, count in removed.items() if count}
    if removed:
        _sum_up(database, removed, days, first, actor)
    return removed


def _remove(database: Database, table: str, statement: str, before: int, actor: str) -> int:
    total = 0
    while True:
        with database.write():
            database.sql(statement, (before, BATCH))
            count = database.changes()
            if count:  # so that anyone who reads the entry that witnesses the rows learns why
                body = {"before": before, "rows": count}
                audit.append(database, "retention.remove", f"table:{table}", body, actor=actor)
        total += count
        if count < BATCH:
            return total


def _sum_up(
    database: Database, removed: dict[str, int], days: dict[str, int], first: int, actor: str
) -> None:
    """One entry for all of it. It names the head up to which the chain holds the details, so that a signature covers them."""
    with database.write(durable=True):
        head = audit.head(database)
        facts = {
            "removed": removed,
            "days": days,
            "first": first,
            "entries": head.entries,
            "head": head.hash,
        }
        audit.append(database, signing.RETENTION, "file", signing.sign(database, facts), actor=actor)
