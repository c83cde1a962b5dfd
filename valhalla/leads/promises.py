"""Promises: call-backs, appointments and tasks with a time.

A call-back or an appointment is made by the outcome of that name, or by hand. What becomes of it follows from what is recorded
afterwards (:mod:`valhalla.leads.promise_fates`), unless a person says it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from db import audit
from db.clock import iso
from valhalla.leads import promise_fates, sql
from valhalla.leads.promise_fates import Promise, of_lead
from valhalla.leads.settling import Settler, read_lead
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.later import later

if TYPE_CHECKING:
    from db import Database
    from valhalla.leads import work_models
else:
    work_models = later("valhalla.leads.work_models")

__all__ = ["Promise", "of_lead"]

KINDS = ("callback", "appointment", "task")
STATES = ("open", "kept", "missed", "dropped")


class Listed(NamedTuple):
    """A promise with the lead it was made to."""

    promise: Promise
    name: str
    suppressed: str | None

    def to_json(self, now: int) -> dict[str, Any]:
        """Its documented shape; ``late``: it is open and due."""
        each = self.promise
        return {
            "id": each.id,
            "lead": each.lead_id,
            "name": self.name,
            "kind": each.kind,
            "at": iso(each.at),
            "note": each.note,
            "state": each.state,
            "place": each.place,
            "confirmed": each.confirmed_at is not None,
            "late": each.state == "open" and each.at <= now,
        }


def find(database: Database, promise_id: int) -> Promise:
    """One promise; :class:`NotFound` when there is none with this number."""
    query = promise_fates.every().where(work_models.Promise.id == promise_id)
    found: Promise | None = query.first(database)
    if found is None:
        raise NotFound(f"there is no promise {promise_id}; see: valhalla promises list")
    return found


def listed(
    database: Database,
    *,
    state: str | None = "open",
    since: int = 0,
    until: int = 2**62,
    limit: int = 1_000,
    by: str | None = None,
) -> list[Listed]:
    """Promises from ``since`` to before ``until`` by time, the earliest first; ``state`` None: all of them; ``by``: those that
    this person made."""
    text = sql.OPEN_PROMISES if state == "open" else sql.PROMISES
    given = {"since": since, "until": until, "limit": limit, "by": by}
    rows = database.sql(text, given if state == "open" else {**given, "state": state})
    return [Listed(Promise._make(row[:-2]), row[-2], row[-1]) for row in rows]


def listed_as(database: Database, promise: Promise) -> Listed:
    """A promise with the lead it was made to."""
    lead = read_lead(database, promise.lead_id)
    return Listed(promise, lead.name, lead.suppressed)


def due(database: Database, now: int, limit: int = 1_000) -> list[Listed]:
    """Open call-backs and tasks whose time has come, the longest due first: they come before everybody else. Left out are
    those of people who must not be contacted."""
    rows = listed(database, until=now + 1, limit=limit)
    return [each for each in rows if each.suppressed is None and each.promise.kind != "appointment"]


def appointments(database: Database, since: int, until: int, limit: int = 1_000) -> list[Listed]:
    """Open appointments between two times, by time. Left out are those of people who must not be contacted."""
    rows = listed(database, since=since, until=until, limit=limit)
    return [each for each in rows if each.suppressed is None and each.promise.kind == "appointment"]


def add(
    database: Database,
    lead_id: int,
    kind: str,
    at: int,
    *,
    place: str | None = None,
    note: str | None = None,
    actor: str = "operator",
) -> Promise:
    """A promise by hand: audited and durable. Raises :class:`UsageError`, :class:`NotFound`."""
    with database.write(durable=True):
        if database.one(sql.ONE, (lead_id,)) is None:
            raise NotFound(f"there is no lead {lead_id}; see: valhalla leads list")
        if kind not in KINDS:
            raise UsageError(f"{kind!r} is not a kind of promise; use {', '.join(KINDS)}")
        check_time(at, database.clock())
        number = promise_fates.make(database, lead_id, kind, at, place=place, note=note, actor=actor)
        body = {"promise": number, "kind": kind, "at": at}
        audit.append(database, "promise.make", f"lead:{lead_id}", body, actor=actor)
        Settler(database).settle(lead_id)
        return find(database, number)


def move(database: Database, promise_id: int, at: int, *, actor: str = "operator") -> Promise:
    """Another time for an open promise: audited and durable. It has to be confirmed again."""
    with database.write(durable=True):
        promise = _open(database, promise_id)
        check_time(at, database.clock())
        _change(database, promise_id, at=at, confirmed_at=None)
        _note(database, "promise.move", promise, actor, at=at, before=promise.at)
        return find(database, promise_id)


def done(database: Database, promise_id: int, state: str = "kept", *, actor: str = "operator") -> Promise:
    """An open promise was ``kept`` or ``missed``, or is ``dropped``: audited and durable."""
    if state not in STATES[1:]:
        raise UsageError(f"a promise ends as kept, missed or dropped, not as {state!r}")
    with database.write(durable=True):
        promise = _open(database, promise_id)
        _change(database, promise_id, state=state, ended_at=database.clock(), ended_by=actor)
        _note(database, f"promise.{state}", promise, actor)
        return find(database, promise_id)


def confirm(database: Database, promise_id: int, *, actor: str = "operator") -> Promise:
    """The other side confirmed it: audited and durable."""
    with database.write(durable=True):
        promise = _open(database, promise_id)
        _change(database, promise_id, confirmed_at=database.clock())
        _note(database, "promise.confirm", promise, actor)
        return find(database, promise_id)


def reopen(database: Database, promise_id: int, *, actor: str = "operator") -> Promise:
    """Undo :func:`done`: audited and durable."""
    with database.write(durable=True):
        promise = find(database, promise_id)
        if promise.state == "open":
            raise UsageError(f"promise {promise_id} is open")
        _change(database, promise_id, state="open", ended_at=None, ended_by=None)
        _note(database, "promise.reopen", promise, actor)
        return find(database, promise_id)


def check_time(at: int, now: int) -> None:
    """Raise :class:`UsageError` for a time that cannot be promised."""
    if at <= now:
        raise UsageError(
            "a promise lies ahead: give a time that is still to come, such as 'tue 3pm' or 'in 2 h'"
        )
    if at > now + promise_fates.FURTHEST:
        raise UsageError("that time lies too far ahead to be meant")


def _open(database: Database, promise_id: int) -> Promise:
    promise = find(database, promise_id)
    if promise.state != "open":
        raise UsageError(f"promise {promise_id} is not open: it was {promise.state}")
    return promise


def _change(database: Database, promise_id: int, **values: Any) -> None:
    row = work_models.Promise
    row.update(**values).where(row.id == promise_id).execute(database)


def _note(database: Database, action: str, promise: Promise, actor: str, **more: int) -> None:
    body = {"promise": promise.id, **more}
    audit.append(database, action, f"lead:{promise.lead_id}", body, actor=actor)
    Settler(database).settle(promise.lead_id)
