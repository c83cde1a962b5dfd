"""Deciding again on leads that are known: after a merge, an undo, a change of the do-not-contact list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from valhalla.leads import sql
from valhalla.scoring import store as stages
from valhalla.scoring.stages import StoredLead
from valhalla.scoring.stages.pipeline import redecide

if TYPE_CHECKING:
    from db import Database

BLOCK = 5_000


def decide_again(
    database: Database,
    lead_ids: Iterable[int],
    change: Callable[[StoredLead], StoredLead] = lambda lead: lead,
) -> int:
    """Run the six stages on stored leads by the policy of now, after ``change`` to ``suppressed`` or ``lists``.

    Inside the caller's transaction, which also moves ``lead_generation``. Returns how many leads were decided on.
    """
    numbers, now, count = sorted(lead_ids), database.clock(), 0
    if not numbers:
        return 0
    context = stages.load(database, now)
    for start in range(0, len(numbers), BLOCK):
        rows = []
        for stored in stages.stored_leads(database, numbers[start : start + BLOCK]):
            lead = change(stored)
            rows.append((lead.suppressed, lead.lists, now, *redecide(lead, context), lead.id))
        database.many(sql.STORE_DECISION, rows)
        count += len(rows)
    return count
