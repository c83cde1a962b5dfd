"""Recording what came of a lead, and undoing a mistake. What was said to be saved is on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple

from db import Database, audit
from db.clock import DAY, HOUR
from jobs import JobId
from valhalla.leads import (
    deals,
    do_not_contact,
    lookup,
    numbers,
    promise_fates,
    search,
    sql,
    suppression,
    when,
)
from valhalla.leads.settling import Settler, read_lead
from valhalla.leads.standing import (
    BAD_NUMBER,
    DIALS,
    EVENTS,
    PROMISED,
    SYNONYMS,
    Standing,
)
from valhalla.leads.suppression import OPTED_OUT, Entry
from valhalla.program import settings
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.moments import ahead, local_day, moment
from valhalla.program.wording import cents
from valhalla.scoring.jobs import Reevaluating
from valhalla.scoring.stages.channels import CHANNELS

__all__ = ["OPTED_OUT", "read_lead"]

AMOUNT_OF = ("won", "offer", "contract")
UNTIL_OF = ("paused", "not_interested", "contract", *PROMISED)
OLDEST = 25 * 366 * DAY
"""Outcomes further back than this are typing mistakes."""

_BY_PHONE = ("callback", "contacted", "interested", "not_interested", "appointment")
"""Conversations that are calls of ours unless somebody says another channel."""

FROM_LIST = "list"
"""``origin`` of what a list of outcomes says."""


class Outcome(NamedTuple):
    """What happened on a lead; times are UTC microseconds, money is cents."""

    lead_id: int
    event: str
    """One of :data:`valhalla.leads.standing.EVENTS`."""
    at: int
    """When it happened; never in the future."""
    amount: int | None = None
    """For ``won`` the fee, for ``offer`` and ``contract`` the price."""
    channel: str | None = None
    reason: str | None = None
    until: int | None = None
    """For ``paused`` and ``not_interested`` until when; for ``callback`` and ``appointment`` the promised time; for ``contract`` the
    closing date."""
    number: str | None = None
    """The number that was dialed or that called, ``+17135550123``; None: for a dial, the lead's next number."""
    note: str | None = None
    """What was said; for a promise also what it is about."""
    place: str | None = None
    """Where an appointment takes place."""
    origin: str | None = None
    """:data:`FROM_LIST` for an imported list; None: a person."""


class Recorded(NamedTuple):
    """An outcome in the file and where the lead stands since."""

    id: int
    lead_id: int
    new: bool
    """False: exactly this was recorded before, and nothing was changed."""
    standing: Standing
    suppressed: str | None
    promise_id: int | None = None
    """The promise that it made."""
    event: str = ""


class Recorder:
    """Records outcomes one after the other; keeps what many of them need. Use it inside ``database.write()``."""

    def __init__(self, database: Database, actor: str = "operator") -> None:
        self.database = database
        self.actor = actor
        self._settler = Settler(database, actor)

    def record(self, outcome: Outcome) -> Recorded:
        """Add an outcome and move its lead. Raises :class:`UsageError` or :class:`NotFound` before anything is changed."""
        database, now = self.database, self.database.clock()
        check(outcome, now)
        lead = read_lead(database, outcome.lead_id)
        same = (outcome.lead_id, outcome.event, outcome.at, outcome.amount, outcome.until, outcome.number)
        found = database.value(sql.SAME_OUTCOME, same)
        if found is not None:
            where = Standing(lead.status, lead.contacts, lead.last_contact, lead.hold_until, lead.standing)
            return Recorded(found, lead.id, False, where, lead.suppressed, None, outcome.event)
        decision = lead.decision
        outcome_id = database.value(
            sql.ADD_OUTCOME,
            (
                *(
                    outcome.lead_id,
                    outcome.event,
                    outcome.at,
                    outcome.amount,
                    outcome.channel,
                    outcome.reason,
                ),
                *(outcome.until, self._number(outcome), outcome.note, outcome.origin, now, self.actor),
                *(decision.variant_id, decision.script_id, decision.p_close),
                decision.decided_at if decision.p_close is not None else None,
            ),
        )
        if outcome.note is not None:
            search.index_again(database, lead.id)
        promise_id = self._promise(outcome, outcome_id, now)
        standing, suppressed = self._settle(lead.id, outcome.event, outcome_id)
        if outcome.event == "opted_out":
            entries = self._entries(lead.id)
            do_not_contact.add(database, entries, origin="opted_out", actor=self.actor)
        # Reason, note and number stay out of the chain: they are about a person, and must be erasable.
        body = {
            "outcome": outcome_id,
            "event": outcome.event,
            "at": outcome.at,
            "amount": outcome.amount,
            "until": outcome.until,
            "channel": outcome.channel,
            "status": standing.status,
        }
        if promise_id is not None:
            body["promise"] = promise_id
        audit.append(database, "outcome.record", f"lead:{lead.id}", body, actor=self.actor)
        return Recorded(outcome_id, lead.id, True, standing, suppressed, promise_id, outcome.event)

    def undo(self, outcome_id: int) -> Recorded:
        """Undo an outcome; the lead stands as if it had never been recorded."""
        database = self.database
        found = database.one(sql.FIND_OUTCOME, (outcome_id,))
        if found is None:
            raise NotFound(f"there is no outcome {outcome_id}; see: valhalla outcome list LEAD")
        lead_id, event, undone_at = found
        if undone_at is not None:
            raise UsageError(f"outcome {outcome_id} was undone before")
        database.sql(sql.UNDO_OUTCOME, (database.clock(), self.actor, outcome_id))
        search.index_again(database, lead_id)
        if event == "opted_out":
            entries = self._entries(lead_id)
            do_not_contact.remove(database, entries, origin="opted_out", actor=self.actor)
        standing, suppressed = self._settle(lead_id, event, outcome_id)
        body = {"outcome": outcome_id, "event": event, "status": standing.status}
        audit.append(database, "outcome.undo", f"lead:{lead_id}", body, actor=self.actor)
        return Recorded(outcome_id, lead_id, True, standing, suppressed, None, event)

    def _number(self, outcome: Outcome) -> str | None:
        """The number that the outcome is about: for a call of ours the one that was to be dialed."""
        if outcome.number is not None or outcome.channel not in (None, "call") or outcome.origin is not None:
            return outcome.number
        if outcome.event not in DIALS and outcome.event not in _BY_PHONE:
            return None
        dial = numbers.next_number(self.database, outcome.lead_id)
        return None if dial is None else dial.number.e164

    def _promise(self, outcome: Outcome, outcome_id: int, now: int) -> int | None:
        if outcome.event not in PROMISED or outcome.until is None or outcome.until <= now:
            return None
        return promise_fates.make(
            self.database,
            outcome.lead_id,
            outcome.event,
            outcome.until,
            outcome_id=outcome_id,
            place=outcome.place,
            note=outcome.note,
            actor=self.actor,
        )

    def _settle(self, lead_id: int, event: str, outcome_id: int) -> tuple[Standing, str | None]:
        """Settle the lead, and the others that what happened is about as well: the owner's, and those with the number."""
        cause = f"{promise_fates.BY_OUTCOME}{outcome_id}"
        if event == "opted_out" or event in BAD_NUMBER:
            also = set(lookup.of_same_owner(self.database, lead_id))
            if event == "disconnected":
                also |= {
                    number for (number,) in self.database.sql(sql.LEADS_OF_OUTCOME_NUMBER, (outcome_id,))
                }
            for other in sorted(also - {lead_id}):
                self._settler.settle(other, cause)
        settled = self._settler.settle(lead_id, cause)
        deals.settle(self.database, lead_id, actor=self.actor)
        return settled

    def _entries(self, lead_id: int) -> list[Entry]:
        """Everything that the owner of a lead is reached by, on whichever of their leads."""
        leads = {lead_id, *lookup.of_same_owner(self.database, lead_id)}
        found = [suppression.contacts(lookup.reach_of(self.database, each)) for each in sorted(leads)]
        return list(dict.fromkeys(entry for entries in found for entry in entries))


def record(database: Database, outcome: Outcome, *, actor: str = "operator") -> Recorded:
    """Record one outcome; it is on the disk when this returns."""
    with database.write(durable=True):
        return Recorder(database, actor).record(outcome)


def undo(database: Database, outcome_id: int, *, actor: str = "operator") -> Recorded:
    """Undo one outcome; durable."""
    with database.write(durable=True):
        return Recorder(database, actor).undo(outcome_id)


def as_typed(
    database: Database,
    lead_id: int,
    event: str,
    *,
    at: str | None = None,
    amount: str | None = None,
    channel: str | None = None,
    reason: str | None = None,
    until: str | None = None,
    number: str | None = None,
    note: str | None = None,
    place: str | None = None,
    closing: str | None = None,
) -> Outcome:
    """An outcome from what a person typed, on the operator's clock; blank is "not given", and without ``at`` it is now.

    ``at`` of a call-back or an appointment that lies ahead is the promised time, on the lead's clock. Raises :class:`UsageError`.
    """
    zone, now = settings.value(database, "timezone"), database.clock()
    at, amount, channel, reason, until, number, note, place = (
        text.strip() or None if text else None
        for text in (at, amount, channel, reason, until, number, note, place)
    )
    word = event.strip().lower().replace("-", "_").replace(" ", "_")
    event = SYNONYMS.get(word, word)
    promised = None
    if event in PROMISED and (until or at):
        promised = when.meant(database, lead_id, until or at or "").at
        if until or promised > now:
            at, until = (at if until else None), None
        else:
            promised = None
    ends = ahead(until, now, zone) if until else promised
    if closing and closing.strip():
        if event != "contract":
            raise UsageError(f"a closing date belongs to a contract, not to {event}")
        ends = local_day(ahead(closing, now, zone), zone)
    return Outcome(
        lead_id,
        event,
        moment(at, now, zone, noon=True) if at else now,
        cents(amount) if amount else None,
        channel.lower() if channel else None,
        reason,
        ends,
        numbers.as_typed(number) if number else None,
        note,
        place,
    )


def record_all(
    reevaluating: Reevaluating, outcomes: Sequence[Outcome], *, actor: str = "operator"
) -> tuple[list[Recorded], JobId | None]:
    """Record outcomes and ask for the re-evaluation that they call for: all of it, on the disk, or nothing. The job is None
    where everything had been recorded before."""

    def record_each(database: Database) -> list[Recorded]:
        recorder = Recorder(database, actor)
        return [recorder.record(each) for each in outcomes]

    return reevaluating.after(record_each, when=lambda recorded: any(each.new for each in recorded))


def undo_all(
    reevaluating: Reevaluating, outcome_ids: Sequence[int], *, actor: str = "operator"
) -> tuple[list[Recorded], JobId | None]:
    """Undo outcomes and ask for the re-evaluation that this calls for: all of it, on the disk, or nothing."""

    def undo_each(database: Database) -> list[Recorded]:
        recorder = Recorder(database, actor)
        return [recorder.undo(each) for each in outcome_ids]

    return reevaluating.after(undo_each)


def check(outcome: Outcome, now: int) -> None:
    """Raise :class:`UsageError` for an outcome that makes no sense."""
    event = outcome.event
    if event not in EVENTS:
        near = get_close_matches(event, [*EVENTS, *SYNONYMS], 1, 0.75)
        meant = f": did you mean {near[0]}?" if near else f"; use {', '.join(EVENTS)}"
        raise UsageError(f"{event!r} is not an outcome{meant}")
    if outcome.at > now + HOUR:
        raise UsageError("an outcome cannot lie in the future; record it when it has happened")
    if outcome.at < now - OLDEST:
        raise UsageError("that outcome lies too far in the past to be meant")
    if outcome.amount is not None and event not in AMOUNT_OF:
        raise UsageError(
            f"an amount belongs to won (it is the fee), offer or contract (the price), not to {event}"
        )
    if outcome.amount is not None and not 0 < outcome.amount <= 10**12:
        raise UsageError("an amount must be above zero and below ten billion")
    if event == "paused" and outcome.until is None:
        raise UsageError("say until when the lead is paused, such as --until 2w or --until 2027-01-15")
    if event == "callback" and outcome.until is None and outcome.origin is None:
        raise UsageError("say when they asked to be called, such as --at 'tue 3pm' or --at 'in 2 h'")
    if outcome.until is not None and event not in UNTIL_OF:
        raise UsageError(
            f"--until belongs to paused, not_interested, callback or appointment, not to {event}"
        )
    if outcome.until is not None and outcome.until <= outcome.at:
        what = {
            "paused": "a pause must end after it begins",
            "not_interested": "--until must lie ahead",
            "contract": "the closing date must come after the contract",
        }
        raise UsageError(
            what.get(event, f"the time of the {event} must come after the call it was agreed in")
        )
    if event in PROMISED and outcome.until is not None and outcome.until > now + promise_fates.FURTHEST:
        raise UsageError("that time lies too far ahead to be meant")
    if outcome.place is not None and event != "appointment":
        raise UsageError(f"a place belongs to an appointment, not to {event}")
    if outcome.channel is not None and outcome.channel not in CHANNELS:
        raise UsageError(f"{outcome.channel!r} is not a channel; use {', '.join(CHANNELS)}")
