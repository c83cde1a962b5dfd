"""What becomes of a promise, worked out from everything that was recorded after it was made.

Always from all outcomes, so that undoing one opens the promise again; a person's own word about it stands above that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from db.clock import DAY, MINUTE
from valhalla.leads import sql
from valhalla.leads.standing import CONVERSATIONS, ENDS
from valhalla.program.later import later

if TYPE_CHECKING:
    from db import Database
    from valhalla.leads import work_models
else:
    work_models = later("valhalla.leads.work_models")

FURTHEST = 3 * 366 * DAY
"""A promise further ahead than this is a typing mistake."""

EARLY = 15 * MINUTE
"""A call so much before the promised time counts as the promised one."""

BY_OUTCOME = "outcome "
"""Begins ``ended_by`` where an outcome, and not a person, ended a promise."""


class Promise(NamedTuple):
    """One row of table ``promise``; times are UTC microseconds."""

    id: int
    lead_id: int
    outcome_id: int | None
    kind: str
    at: int
    place: str | None
    note: str | None
    state: str
    made_at: int
    made_by: str
    confirmed_at: int | None
    ended_at: int | None
    ended_by: str | None


class Happened(NamedTuple):
    """An outcome, as far as promises go."""

    id: int
    event: str
    at: int
    until: int | None


class Fate(NamedTuple):
    """What became of a promise."""

    state: str = "open"
    ended_at: int | None = None
    ended_by: str | None = None


def of_lead(database: Database, lead_id: int) -> list[Promise]:
    """Every promise made to a lead, in the order of their times."""
    return [Promise._make(row) for row in database.sql(sql.PROMISES_OF_LEAD, (lead_id,))]


def every() -> Any:
    """A query for promises; its rows are each a :class:`Promise`."""
    row = work_models.Promise
    return row.select(*(getattr(row, name) for name in Promise._fields)).objects(Promise)


def make(
    database: Database,
    lead_id: int,
    kind: str,
    at: int,
    *,
    outcome_id: int | None = None,
    place: str | None = None,
    note: str | None = None,
    actor: str = "operator",
) -> int:
    """Write a promise down and return its number; inside the caller's transaction, who appends the audit entry."""
    row = {"lead_id": lead_id, "outcome_id": outcome_id, "kind": kind, "at": at, "place": place, "note": note}
    made = work_models.Promise.insert(**row, made_at=database.clock(), made_by=actor)
    return int(made.execute(database))


def settle(database: Database, lead_id: int) -> list[int]:
    """Work out what became of a lead's promises, and return the times of its open call-backs and appointments; inside the
    caller's transaction."""
    promises = of_lead(database, lead_id)
    if not promises:
        return []
    happened = [Happened._make(row) for row in database.sql(sql.HAPPENED, (lead_id,))]
    times = []
    for promise in promises:
        if promise.ended_by is None or promise.ended_by.startswith(BY_OUTCOME):
            now_is = fate(promise, happened)
            if now_is != (promise.state, promise.ended_at, promise.ended_by):
                row = work_models.Promise
                row.update(**now_is._asdict()).where(row.id == promise.id).execute(database)
                promise = promise._replace(**now_is._asdict())
        if promise.state == "open" and promise.kind != "task":
            times.append(promise.at)
    return times


def fate(promise: Promise, happened: Iterable[Happened]) -> Fate:
    """What the outcomes that stand, in the order in which they happened, say has become of a promise."""
    outcomes = list(happened)
    own = next((each for each in outcomes if each.id == promise.outcome_id), None)
    if promise.outcome_id is not None and own is None:  # it was undone
        return Fate("dropped", promise.made_at, f"{BY_OUTCOME}{promise.outcome_id}")
    made = (promise.made_at, 0) if own is None else (own.at, own.id)
    for each in outcomes:
        if (each.at, each.id) <= made:
            continue
        state = _ends(promise, each)
        if state is not None:
            return Fate(state, each.at, f"{BY_OUTCOME}{each.id}")
    return Fate()


def _ends(promise: Promise, each: Happened) -> str | None:
    """The state in which an outcome leaves a promise; None: it stays open."""
    event, kind = each.event, promise.kind
    if event == "opted_out":
        return "dropped"
    if kind == "task":
        return None
    reached = each.at >= promise.at - EARLY
    if event in CONVERSATIONS:
        if reached:
            return "kept"
        # They settled on another time, or on nothing.
        return "dropped" if event == "not_interested" or (event == kind and each.until is not None) else None
    if event in ENDS:
        return "kept" if reached else "dropped"
    if kind == "callback" and event in ("no_answer", "voicemail", "someone_else") and reached:
        return "kept"
    return None
