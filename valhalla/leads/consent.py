"""What a person agreed to, on which channel, in which words and when.

Consent to calls lifts what the national registry says of the numbers of this owner, and nothing else: anyone who asked never to be
called again is not called. Texts are never proposed without it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from db import audit
from db.clock import iso
from valhalla.leads import details, lookup, redecide, sql
from valhalla.leads.generation import touched
from valhalla.program.errors import NotFound, UsageError

if TYPE_CHECKING:
    from db import Database

Channel = Literal["call", "text", "email"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)


class Consent(NamedTuple):
    """A word of somebody; times are UTC microseconds."""

    id: int
    lead: int
    channel: Channel
    words: str
    at: int
    recorded_at: int
    by: str
    withdrawn_at: int | None

    def to_json(self) -> dict[str, Any]:
        """Its documented shape."""
        moments = {name: getattr(self, name) for name in ("at", "recorded_at", "withdrawn_at")}
        return {
            **self._asdict(),
            **{name: None if each is None else iso(each) for name, each in moments.items()},
        }


def record(
    database: Database,
    lead_id: int,
    channel: str,
    words: str,
    *,
    at: int | None = None,
    actor: str = "operator",
) -> int:
    """Record that the owner of a lead agreed; it holds for every lead of this owner. Audited and durable. Returns its number. Raises
    :class:`NotFound` and :class:`UsageError`."""
    words = " ".join(words.split())
    if channel not in CHANNELS:
        raise UsageError(f"{channel!r} is not a channel; use one of {', '.join(CHANNELS)}")
    if not words:
        raise UsageError("say in which words they agreed, such as: yes, call me about the house on Oak St")
    now = database.clock()
    if at is not None and at > now:
        raise UsageError("consent cannot have been given in the future")
    with database.write(durable=True):
        leads = _leads(database, lead_id)
        row = (lead_id, channel, words, now if at is None else at, now, actor)
        ((number,),) = database.sql(sql.ADD_CONSENT, row)
        _put(database, leads)
        audit.append(
            database,
            "consent.record",
            f"lead:{lead_id}",
            {"consent": number, "channel": channel},
            actor=actor,
        )
    return int(number)


def withdraw(database: Database, lead_id: int, channel: str, *, actor: str = "operator") -> int:
    """Record that they do not agree any longer. Audited and durable. Returns how many words of theirs this ended. Raises
    :class:`NotFound`."""
    with database.write(durable=True):
        leads = _leads(database, lead_id)
        database.sql(sql.WITHDRAW_CONSENT, (database.clock(), actor, json.dumps(leads), channel))
        ended = database.changes()
        _put(database, leads)
        audit.append(
            database, "consent.withdraw", f"lead:{lead_id}", {"channel": channel, "ended": ended}, actor=actor
        )
    return ended


def of_lead(database: Database, lead_id: int) -> list[Consent]:
    """Everything that the owner of a lead agreed to, also what was withdrawn, in the order in which it was recorded."""
    leads = lookup.of_same_owner(database, lead_id) or [lead_id]
    return [Consent(*row) for row in database.sql(sql.CONSENTS_OF, (json.dumps(leads),))]


def _leads(database: Database, lead_id: int) -> list[int]:
    if lookup.contact(database, lead_id) is None:
        raise NotFound(f"there is no lead {lead_id}")
    return lookup.of_same_owner(database, lead_id) or [lead_id]


def _put(database: Database, lead_ids: list[int]) -> None:
    """Note on the leads what stands, and choose the numbers to call by it."""
    rows = database.sql(sql.CONSENTS_OF, (json.dumps(lead_ids),))
    channels = sorted({each.channel for each in (Consent(*row) for row in rows) if each.withdrawn_at is None})
    for number, phone, key, text in database.sql(sql.NUMBERS_OF, (json.dumps(lead_ids),)):
        put = details.encoded({**details.decoded(text), "consent": channels})
        database.sql(sql.PUT_NUMBERS, (*details.to_call(put, phone, key), put, number))
    redecide.decide_again(database, lead_ids)
    touched(database)
