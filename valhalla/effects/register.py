"""The register of effects: drafting, approving, denying, and putting one back for another try."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from db import audit
from db.clock import DAY, SECOND, iso
from db.orm import Case, fn
from valhalla.effects import recipients, sql
from valhalla.effects.models import Effect, StandingApproval
from valhalla.effects.outcome import EffectError
from valhalla.leads.traces import Traces
from valhalla.program import addresses, correlation, settings
from valhalla.program.errors import NotFound
from valhalla.program.secrets import SecretMissing
from valhalla.sandbox import idempotency
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.governor import GovernorEnforcer

if TYPE_CHECKING:
    from db import Database

KINDS = ("webhook", "email", "export", "purge")
MAY_STAND = ("webhook", "email", "export")
"""Kinds that may be approved by themselves; a purge never is."""

STANDING_ACTOR = "standing approval "
"""Who approved an effect that was approved by itself: this and the approval's number."""

STATES = ("drafted", "approved", "running", "done", "denied", "blocked", "failed", "uncertain")
UNSENT = ("drafted", "approved", "blocked")
"""States in which nothing has been sent yet."""

AGAIN = ("blocked", "denied", "failed", "uncertain")
"""States from which a person may send an effect on its way again."""

NAMES = list(Effect._meta.sorted_field_names)
"""The keys of an effect."""


def draft(
    database: Database,
    kind: str,
    target: str,
    payload: Mapping[str, Any],
    *,
    about: str,
    lead_id: int | None = None,
    actor: str = "valhalla",
) -> dict[str, Any]:
    """Note an effect that somebody may approve; drafting the same thing ``about`` the same subject again gives the first.

    ``about`` says which occasion it is ("lead 4, price 500000"): kind, target and occasion make the idempotency key.
    Raises :class:`EffectError` for a mail to several addresses, :class:`NotToBeContacted` for people who must not be.
    """
    if kind not in KINDS:
        raise EffectError(f"there is no effect {kind!r}; there are {', '.join(KINDS)}")
    if kind == "email":
        target = recipients.one_address(target)
    key = hashlib.blake2b("\x1f".join((kind, target, about)).encode(), digest_size=16).hexdigest()
    with correlation.using(None) as correlation_id, database.write(durable=not database.in_write()):
        why = recipients.against(database, kind, target, lead_id, payload)
        if why is not None:
            raise recipients.NotToBeContacted(why)
        text = json.dumps(payload, ensure_ascii=False)
        row = Effect.insert(
            kind=kind,
            state="drafted",
            target=target,
            payload=text,
            lead_id=lead_id,
            key=key,
            correlation_id=correlation_id,
            drafted_at=database.clock(),
            drafted_by=actor,
        )
        # The same effect about the same occasion is drafted once: its key is unique.
        row.on_conflict(conflict_target=(Effect.key,), action="ignore").execute(database)
        is_new = database.changes() == 1
        effect = _named(Effect.select().where(Effect.key == key).dicts().first(database))
        if is_new:
            _audit(database, "effect.draft", effect, actor)
    return effect


def approve(database: Database, number: int, actor: str = "operator") -> dict[str, Any]:
    """A person says yes to a draft. Raises :class:`NotFound`, :class:`EffectError`."""
    effect = show(database, number)
    with database.write(durable=not database.in_write()):
        # Only a draft: of two people who answer at once one decides.
        yes = Effect.update(
            state="approved", approved_at=database.clock(), approved_by=actor, reason=None
        ).where(Effect.id == number, Effect.state == "drafted")
        if not yes.execute(database):
            raise EffectError(f"effect {number} is {effect['state']}; only a draft can be approved")
        _audit(database, "effect.approve", effect, actor)
    return show(database, number)


def approve_by_standing(database: Database, number: int) -> bool:
    """Approve a draft if a standing approval covers its kind and address, and has not used up its day."""
    effect = show(database, number)
    end_outdated(database)
    goes_to = _bound_to(database, effect["kind"], effect["target"])
    for each in _in_force(database, effect["kind"]):
        if each.address != goes_to:
            continue
        governor = GovernorEnforcer(database=database)
        resource = f"standing:{each.id}"
        if governor.get_status(resource).get("max_actions") != each.per_day:
            governor.set_limit(resource, each.per_day, DAY // SECOND)
        with database.write(durable=not database.in_write()):
            if effect["state"] == "drafted" and governor.check_limit(resource)[0]:
                approve(database, number, f"{STANDING_ACTOR}{each.id}")
                return True
    return False


def stand(database: Database, kind: str, per_day: int, actor: str = "operator") -> int:
    """Approve drafts of ``kind`` from now on, up to ``per_day`` in any 24 hours; returns the approval's number."""
    if kind not in MAY_STAND:
        raise EffectError(f"{kind} is approved one by one")
    address = _bound_to(database, kind)
    if address is None:
        raise EffectError(
            "a standing approval is for one address, and none is set or can be read; use: valhalla config set webhook.url URL"
        )
    with database.write(durable=True):
        _end_standing(database, kind, actor)
        # The number names the governor's limit, which counts a day of it.
        number = StandingApproval.insert(
            kind=kind, per_day=per_day, created_at=database.clock(), created_by=actor, address=address
        ).execute(database)
        body = {"kind": kind, "per_day": per_day, "address": address}
        audit.append(database, "effect.stand", f"standing:{number}", body, actor=actor)
    return int(number)


def standing(database: Database) -> list[dict[str, Any]]:
    """Each kind that may be approved by itself: how many a day (0: one by one), and how many were in the last 24 hours."""
    governor = GovernorEnforcer(database=database)
    found = []
    for kind in MAY_STAND:
        rows = _in_force(database, kind)
        used = sum(governor.get_status(f"standing:{each.id}").get("current_actions", 0) for each in rows)
        found.append({"kind": kind, "per_day": sum(each.per_day for each in rows), "used": used})
    return found


def end_standing(database: Database, kind: str, actor: str = "operator") -> bool:
    """End the standing approval of ``kind``. False: there was none."""
    with database.write(durable=True):
        ended = _end_standing(database, kind, actor)
        if ended:
            audit.append(database, "effect.unstand", f"standing:{kind}", {}, actor=actor)
    return ended


def end_outdated(database: Database) -> list[str]:
    """End the standing approvals of kinds whose address is no longer the one they were given for; returns the kinds."""
    ended = []
    for kind in MAY_STAND:
        rows = _in_force(database, kind)
        changed = bool(rows) and rows[-1].address != _bound_to(database, kind)
        if changed and end_standing(database, kind, "valhalla"):
            ended.append(kind)
            reason = f"the address that {kind}s go to has changed, so their standing approval has ended; give it again"
            AlertSystem(database=database).repeat(f"standing:{kind}", reason, "warning")
    return ended


def still_covered(database: Database, effect: Mapping[str, Any]) -> bool:
    """Whether an approved effect may go where it would go now: one approved by itself, only to its approval's address."""
    _, is_standing, number = str(effect["approved_by"]).rpartition(STANDING_ACTOR)
    if not is_standing or not number.isdecimal():
        return True
    # Of one that ended, too: what it approved may still wait to be sent.
    row = StandingApproval.select(StandingApproval.address).where(StandingApproval.id == int(number))
    address = row.scalar(database)
    return address is not None and address == _bound_to(database, effect["kind"], effect["target"])


def _in_force(database: Database, kind: str) -> list[Any]:
    """The standing approvals of ``kind``, the oldest first."""
    row = StandingApproval
    query = row.select(row.id, row.per_day, row.address).where(row.kind == kind, row.ended_at.is_null())
    return list(query.order_by(row.id).namedtuples().execute(database))


def _end_standing(database: Database, kind: str, actor: str) -> bool:
    """End them; whether there was one. They stay in the database: who approved in whose name is evidence."""
    ended = StandingApproval.update(ended_at=database.clock(), ended_by=actor)
    standing_ones = ended.where(StandingApproval.kind == kind, StandingApproval.ended_at.is_null())
    return bool(standing_ones.execute(database))


def _bound_to(database: Database, kind: str, target: str | None = None) -> str | None:
    """The hash of what a standing approval is bound to: a webhook's address (``target``, or the setting's), the mail server
    and sender. An export's file is named by the operator each time. None: there is none, or it cannot be read."""
    if kind == "export":
        return addresses.digest(kind)
    values = settings.effective(database)
    if kind == "email":
        server = [values[f"mail.{name}"] for name in ("host", "port", "tls", "user", "from")]
        return addresses.digest(json.dumps(server))
    address = target or values["webhook.url"]
    try:
        return addresses.digest(addresses.resolved(address)) if address else None
    except SecretMissing:
        return None


def deny(database: Database, number: int, reason: str = "denied", actor: str = "operator") -> dict[str, Any]:
    """A person says no. Raises :class:`NotFound`, :class:`EffectError`."""
    effect = show(database, number)
    with database.write(durable=True):
        # Also what is approved, until its call has begun.
        no = Effect.update(state="denied", reason=reason, finished_at=database.clock())
        if not no.where(Effect.id == number, Effect.state.in_(UNSENT)).execute(database):
            raise EffectError(f"effect {number} is {effect['state']}; it can no longer be denied")
        _audit(database, "effect.deny", effect, actor)
    return show(database, number)


def deny_all(
    database: Database, numbers: Sequence[int], reason: str = "denied", actor: str = "operator"
) -> list[dict[str, Any]]:
    """A person says no to effects: to all of them or to none."""
    with database.write(durable=True):
        return [deny(database, number, reason, actor) for number in numbers]


def put_back(database: Database, number: int, actor: str = "operator") -> dict[str, Any]:
    """Send an effect that was blocked, denied, failed or became uncertain on its way again, under the same key.

    Of an uncertain one nobody knows whether it was done: the receiver recognises it by its key. Raises
    :class:`NotFound`, :class:`EffectError`.
    """
    effect = show(database, number)
    if effect["state"] not in AGAIN:
        raise EffectError(f"effect {number} is {effect['state']}; {', '.join(AGAIN)} ones can be tried again")
    with database.write(durable=not database.in_write()):
        again = Effect.update(
            state="approved",
            approved_at=database.clock(),
            approved_by=actor,
            reason=None,
            tries=0,
            sending=0,
            owner=None,
            finished_at=None,
        ).where(Effect.id == number, Effect.state == effect["state"], Effect.payload != "{}")
        if not again.execute(database):
            raise EffectError(f"effect {number} has nothing left to send: its person was forgotten")
        idempotency.free(database, effect["key"])
        _audit(database, "effect.retry", effect, actor)
    return show(database, number)


def show(database: Database, number: int) -> dict[str, Any]:
    """One effect. Raises :class:`NotFound`."""
    row = Effect.select().where(Effect.id == number).dicts().first(database)
    if row is None:
        raise NotFound(f"there is no effect {number}; see: valhalla effects list")
    return _named(row)


def find(
    database: Database,
    *,
    state: str | None = None,
    kind: str | None = None,
    limit: int = 100,
    before: int | None = None,
) -> list[dict[str, Any]]:
    """The newest effects (older than ``before``), oldest first."""
    query = Effect.select().order_by(Effect.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Effect.state == state)
    if kind is not None:
        query = query.where(Effect.kind == kind)
    if before is not None:
        query = query.where(Effect.id < before)
    return [_named(row) for row in reversed(list(query.dicts().execute(database)))]


class Brief(NamedTuple):
    """An effect in a line; ``drafted_at`` in UTC microseconds."""

    id: int
    kind: str
    state: str
    target: str
    drafted_at: int
    reason: str | None


def of_lead(database: Database, lead_id: int, limit: int = 20) -> list[Brief]:
    """The newest effects about a lead, the newest first."""
    row = Effect
    query = row.select(row.id, row.kind, row.state, row.target, row.drafted_at, row.reason)
    newest = query.where(row.lead_id == lead_id).order_by(row.id.desc()).limit(limit)
    return [Brief(*each) for each in newest.tuples().execute(database)]


def counts(database: Database) -> dict[str, int]:
    """How many effects are in each state."""
    numbers = Effect.select(Effect.state, fn.count()).group_by(Effect.state).tuples()
    return {**dict.fromkeys(STATES, 0), **dict(numbers.execute(database))}


def blank_to(database: Database, traces: Traces) -> int:
    """Erase what effects under any lead say to or of the people, as :func:`blank` does. Call inside a write."""
    row = Effect  # all of them: the people may be mentioned in each
    query = row.select(row.id, row.target, row.payload, row.response, row.reason)
    query = query.where(row.target != "", row.kind != "purge").order_by(row.id).tuples()
    found = [
        number
        for number, *texts in query.execute(database)
        if any(traces.in_text(text, by_name=True) for text in texts)
    ]
    for number in found:
        _blank(database, Effect.id == number)
    return len(found)


def blank(database: Database, lead_ids: list[int]) -> int:
    """Erase what effects say about leads (right to erasure); what was not sent yet is denied. Call inside a write."""
    return sum(_blank(database, Effect.lead_id == number) for number in lead_ids)


def _blank(database: Database, which: Any) -> int:
    """A purge is the erasure itself, and stays."""
    state = Case(None, [(Effect.state.in_(UNSENT), "denied")], Effect.state)
    blanked = Effect.update(
        payload="{}", target="", response=None, state=state, reason="the person was forgotten"
    )
    return int(blanked.where(which, Effect.kind != "purge").execute(database))


def as_json(effect: Mapping[str, Any]) -> dict[str, Any]:
    """An effect as ``effects list --json`` shows it."""
    times = {
        name: None if effect[name] is None else iso(effect[name])
        for name in ("drafted_at", "approved_at", "finished_at")
    }
    shown = {name: effect[name] for name in NAMES if name not in ("owner", "sending", *times)}
    return {**shown, **times}


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    response = json.loads(row["response"]) if row["response"] else None
    return {**row, "payload": json.loads(row["payload"]), "response": response}


def approved_in_chain(database: Database, effect: Mapping[str, Any]) -> bool:
    """Whether the chain's last word on the effect is that somebody approved this very effect. What only the row says may have
    been put there behind the program's back."""
    row = database.one(sql.LAST_WORD, (f"effect:{effect['id']}",))
    if (
        row is None
        or row[4] not in ("effect.approve", "effect.retry")
        or audit.entry_hash(*row[:8]) != row[8]
    ):
        return False
    approved, facts = audit.parsed(row[6]), _facts(effect)
    return all(approved[name] == facts.get(name) for name in approved)


def _facts(effect: Mapping[str, Any]) -> dict[str, Any]:
    """What entries say of an effect. ``whole`` is missing in those of version 0.1."""
    content = hashlib.sha256(json.dumps(effect["payload"], sort_keys=True).encode()).hexdigest()
    whole = json.dumps([effect["target"], effect["payload"]], sort_keys=True)
    facts = {"kind": effect["kind"], "key": effect["key"], "content": content}
    facts["whole"] = hashlib.sha256(whole.encode()).hexdigest()
    if effect["kind"] == "webhook":
        facts["address"] = addresses.digest(effect["target"])
    return facts


def _audit(database: Database, action: str, effect: Mapping[str, Any], actor: str) -> None:
    audit.append(
        database,
        action,
        f"effect:{effect['id']}",
        _facts(effect),
        actor=actor,
        correlation_id=effect["correlation_id"],
    )
