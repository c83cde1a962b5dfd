"""The register of effects: drafting, approving, denying, and putting one back for another try."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from db import audit
from db.clock import DAY, SECOND, iso
from valhalla.effects import recipients, sql
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
AGAIN = ("blocked", "denied", "failed", "uncertain")
"""States from which a person may send an effect on its way again."""

NAMES = sql.COLUMNS.split(", ")
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
        database.sql(sql.ADD, (kind, target, text, lead_id, key, correlation_id, database.clock(), actor))
        (row,) = database.sql(sql.BY_KEY, (key,))
        effect = _named(row)
        if database.changes() and effect["state"] == "drafted" and effect["correlation_id"] == correlation_id:
            _audit(database, "effect.draft", effect, actor)
    return effect


def approve(database: Database, number: int, actor: str = "operator") -> dict[str, Any]:
    """A person says yes to a draft. Raises :class:`NotFound`, :class:`EffectError`."""
    effect = show(database, number)
    with database.write(durable=not database.in_write()):
        database.sql(sql.APPROVE, (database.clock(), actor, number))
        if not database.changes():
            raise EffectError(f"effect {number} is {effect['state']}; only a draft can be approved")
        _audit(database, "effect.approve", effect, actor)
    return show(database, number)


def approve_by_standing(database: Database, number: int) -> bool:
    """Approve a draft if a standing approval covers its kind and address, and has not used up its day."""
    effect = show(database, number)
    end_outdated(database)
    goes_to = _bound_to(database, effect["kind"], effect["target"])
    for standing, per_day, address in database.sql(sql.STANDING, (effect["kind"],)):
        if address != goes_to:
            continue
        governor = GovernorEnforcer(database=database)
        resource = f"standing:{standing}"
        if governor.get_status(resource).get("max_actions") != per_day:
            governor.set_limit(resource, per_day, DAY // SECOND)
        with database.write(durable=not database.in_write()):
            if effect["state"] == "drafted" and governor.check_limit(resource)[0]:
                approve(database, number, f"{STANDING_ACTOR}{standing}")
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
        database.sql(sql.END_STANDING, (database.clock(), actor, kind))
        ((number,),) = database.sql(sql.ADD_STANDING, (kind, per_day, database.clock(), actor, address))
        body = {"kind": kind, "per_day": per_day, "address": address}
        audit.append(database, "effect.stand", f"standing:{number}", body, actor=actor)
    return int(number)


def standing(database: Database) -> list[dict[str, Any]]:
    """Each kind that may be approved by itself: how many a day (0: one by one), and how many were in the last 24 hours."""
    governor = GovernorEnforcer(database=database)
    found = []
    for kind in MAY_STAND:
        rows = database.sql(sql.STANDING, (kind,))
        used = sum(governor.get_status(f"standing:{number}").get("current_actions", 0) for number, *_ in rows)
        found.append({"kind": kind, "per_day": sum(per_day for _, per_day, _ in rows), "used": used})
    return found


def end_standing(database: Database, kind: str, actor: str = "operator") -> bool:
    """End the standing approval of ``kind``. False: there was none."""
    with database.write(durable=True):
        database.sql(sql.END_STANDING, (database.clock(), actor, kind))
        ended = database.changes() > 0
        if ended:
            audit.append(database, "effect.unstand", f"standing:{kind}", {}, actor=actor)
    return ended


def end_outdated(database: Database) -> list[str]:
    """End the standing approvals of kinds whose address is no longer the one they were given for; returns the kinds."""
    ended = []
    for kind in MAY_STAND:
        rows = database.sql(sql.STANDING, (kind,))
        if rows and rows[-1][2] != _bound_to(database, kind) and end_standing(database, kind, "valhalla"):
            ended.append(kind)
            reason = f"the address that {kind}s go to has changed, so their standing approval has ended; give it again"
            AlertSystem(database=database).repeat(f"standing:{kind}", reason, "warning")
    return ended


def still_covered(database: Database, effect: Mapping[str, Any]) -> bool:
    """Whether an approved effect may go where it would go now: one approved by itself, only to its approval's address."""
    _, is_standing, number = str(effect["approved_by"]).rpartition(STANDING_ACTOR)
    if not is_standing or not number.isdecimal():
        return True
    address = database.value(sql.STANDING_ADDRESS, (int(number),))
    return address is not None and address == _bound_to(database, effect["kind"], effect["target"])


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
        database.sql(sql.DENY, (reason, database.clock(), number))
        if not database.changes():
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
        database.sql(sql.PUT_BACK, (database.clock(), actor, number, effect["state"]))
        if not database.changes():
            raise EffectError(f"effect {number} has nothing left to send: its person was forgotten")
        idempotency.free(database, effect["key"])
        _audit(database, "effect.retry", effect, actor)
    return show(database, number)


def show(database: Database, number: int) -> dict[str, Any]:
    """One effect. Raises :class:`NotFound`."""
    row = database.one(sql.SHOW, (number,))
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
    return [_named(row) for row in database.sql(sql.LIST, (state, kind, limit, before))]


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
    return [Brief(*row) for row in database.sql(sql.OF_LEAD, (lead_id, limit))]


def counts(database: Database) -> dict[str, int]:
    """How many effects are in each state."""
    return {**dict.fromkeys(STATES, 0), **dict(database.sql(sql.COUNTS))}


def blank_to(database: Database, traces: Traces) -> int:
    """Erase what effects under any lead say to or of the people, as :func:`blank` does. Call inside a write."""
    found = [
        (number,)
        for number, *texts in database.sql(sql.TEXTS)
        if any(traces.in_text(text, by_name=True) for text in texts)
    ]
    database.many(sql.BLANK_ONE, found)
    return len(found)


def blank(database: Database, lead_ids: list[int]) -> int:
    """Erase what effects say about leads (right to erasure); what was not sent yet is denied. Call inside a write."""
    blanked = 0
    for number in lead_ids:
        database.sql(sql.BLANK, (number,))
        blanked += database.changes()
    return blanked


def as_json(effect: Mapping[str, Any]) -> dict[str, Any]:
    """An effect as ``effects list --json`` shows it."""
    times = {
        name: None if effect[name] is None else iso(effect[name])
        for name in ("drafted_at", "approved_at", "finished_at")
    }
    shown = {name: effect[name] for name in NAMES if name not in ("owner", "sending", *times)}
    return {**shown, **times}


def _named(row: tuple[Any, ...]) -> dict[str, Any]:
    effect = dict(zip(NAMES, row, strict=True))
    effect["payload"] = json.loads(effect["payload"])
    effect["response"] = json.loads(effect["response"]) if effect["response"] else None
    return effect


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
