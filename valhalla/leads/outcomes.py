"""Recording what came of a lead, and taking a mistake back. What was told to be saved is on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from db import Database, audit
from db.clock import DAY, HOUR
from jobs import JobId
from valhalla.leads import deals, do_not_contact, lookup, sql, suppression
from valhalla.leads.generation import touched
from valhalla.leads.standing import EVENTS, Event, Standing, standing
from valhalla.program import settings
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.moments import ahead, moment
from valhalla.program.wording import cents
from valhalla.scoring import store as stages
from valhalla.scoring.jobs import Reevaluating
from valhalla.scoring.stages import Context, StoredLead, redecide
from valhalla.scoring.stages.calling import CHANNELS
from valhalla.scoring.stages.lead import SHOWN, STORED

OPTED_OUT = "asked not to be contacted"
"""Why a lead is suppressed that was recorded as opted out."""

AMOUNT_OF = ("won",)
OLDEST = 25 * 366 * DAY
"""Outcomes further back than this are typing mistakes."""


class Outcome(NamedTuple):
    """What happened on a lead; times are UTC microseconds, money is cents."""

    lead_id: int
    event: str
    at: int
    amount: int | None = None
    """For ``won``: the fee."""
    channel: str | None = None
    reason: str | None = None
    until: int | None = None
    """For ``paused``: until when."""


class Recorded(NamedTuple):
    """An outcome in the file and where the lead stands since."""

    id: int
    lead_id: int
    new: bool
    """False: exactly this was recorded before, and nothing was changed."""
    standing: Standing
    suppressed: str | None


class Recorder:
    """Records outcomes one after the other; keeps what many of them need. Use it inside ``database.write()``."""

    def __init__(self, database: Database, actor: str = "operator") -> None:
        self.database = database
        self.actor = actor
        self._contexts: dict[tuple[int, int], Context] = {}

    def record(self, outcome: Outcome) -> Recorded:
        """Add an outcome and move its lead. Raises :class:`UsageError` or :class:`NotFound` before anything is changed."""
        database, now = self.database, self.database.clock()
        check(outcome, now)
        lead = read_lead(database, outcome.lead_id)
        found = database.value(
            sql.SAME_OUTCOME, (outcome.lead_id, outcome.event, outcome.at, outcome.amount, outcome.until)
        )
        if found is not None:
            where = Standing(lead.status, lead.contacts, lead.last_contact, lead.hold_until)
            return Recorded(found, lead.id, False, where, lead.suppressed)
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
                *(outcome.until, now, self.actor, decision.variant_id, decision.script_id),
                *(decision.p_close, decision.decided_at if decision.p_close is not None else None),
            ),
        )
        moved = self._settle(lead)
        if outcome.event == "opted_out":
            self._keep_out(lead)
        # The reason stays out of the chain: it is somebody's words about a person, and must be erasable.
        body = {
            "outcome": outcome_id,
            "event": outcome.event,
            "at": outcome.at,
            "amount": outcome.amount,
            "until": outcome.until,
            "channel": outcome.channel,
            "status": moved.standing.status,
        }
        audit.append(database, "outcome.record", f"lead:{lead.id}", body, actor=self.actor)
        return moved._replace(id=outcome_id)

    def _keep_out(self, lead: StoredLead) -> None:
        """Whoever opted out is on the do-not-contact list, whatever list names them next."""
        do_not_contact.add(
            self.database,
            suppression.contacts(lookup.reach_of(self.database, lead.id)),
            origin="opted_out",
            actor=self.actor,
        )

    def undo(self, outcome_id: int) -> Recorded:
        """Take an outcome back; the lead stands as if it had never been recorded."""
        database = self.database
        found = database.one(sql.FIND_OUTCOME, (outcome_id,))
        if found is None:
            raise NotFound(f"there is no outcome {outcome_id}; see: valhalla outcome list LEAD")
        lead_id, event, undone_at = found
        if undone_at is not None:
            raise UsageError(f"outcome {outcome_id} was taken back before")
        database.sql(sql.UNDO_OUTCOME, (database.clock(), self.actor, outcome_id))
        lead = read_lead(database, lead_id)
        if event == "opted_out":
            do_not_contact.remove(
                database,
                suppression.contacts(lookup.reach_of(database, lead_id)),
                origin="opted_out",
                actor=self.actor,
            )
            lead = read_lead(database, lead_id)
        moved = self._settle(lead)
        body = {"outcome": outcome_id, "event": event, "status": moved.standing.status}
        audit.append(database, "outcome.undo", f"lead:{lead_id}", body, actor=self.actor)
        return moved._replace(id=outcome_id)

    def _settle(self, lead: StoredLead) -> Recorded:
        """Work out where the lead stands, and decide on it again by what decided on it before; what the outcome has
        taught about others is for the re-evaluation."""
        database = self.database
        events = [Event(*row) for row in database.sql(sql.EVENTS_OF_LEAD, (lead.id,))]
        now_at = standing(events)
        suppressed = lead.suppressed
        if now_at.status == "opted_out":
            suppressed = suppressed or OPTED_OUT
        elif suppressed == OPTED_OUT:  # the list may keep them out all the same
            suppressed = suppression.load(database).reason(lookup.reach_of(database, lead.id))
        moved = lead._replace(**now_at._asdict(), suppressed=suppressed)
        decision = redecide(moved, self._context(lead))
        database.sql(sql.SETTLE_LEAD, (*now_at, suppressed, *decision, lead.id))
        deals.settle(database, lead.id, actor=self.actor)
        touched(database)
        return Recorded(0, lead.id, True, now_at, suppressed)

    def _context(self, lead: StoredLead) -> Context:
        key = (lead.decision.policy_version, lead.decision.snapshot_id)
        if key not in self._contexts:
            self._contexts[key] = stages.at(self.database, *key, now=self.database.clock())
        return self._contexts[key]


def record(database: Database, outcome: Outcome, *, actor: str = "operator") -> Recorded:
    """Record one outcome; it is on the disk when this returns."""
    with database.write(durable=True):
        return Recorder(database, actor).record(outcome)


def undo(database: Database, outcome_id: int, *, actor: str = "operator") -> Recorded:
    """Take one outcome back; durable."""
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
) -> Outcome:
    """An outcome from what a person typed, on the operator's clock; blank is "not given", and without ``at`` it is now.
    Raises :class:`UsageError`."""
    zone, now = settings.value(database, "timezone"), database.clock()
    at, amount, channel, reason, until = (
        text.strip() or None if text else None for text in (at, amount, channel, reason, until)
    )
    return Outcome(
        lead_id,
        event.strip().lower(),
        moment(at, now, zone, noon=True) if at else now,
        cents(amount) if amount else None,
        channel.lower() if channel else None,
        reason,
        ahead(until, now, zone) if until else None,
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
        raise UsageError(f"{event!r} is no outcome; use {', '.join(EVENTS)}")
    if outcome.at > now + HOUR:
        raise UsageError("an outcome cannot lie in the future; record it when it has happened")
    if outcome.at < now - OLDEST:
        raise UsageError("that outcome lies too far in the past to be meant")
    if outcome.amount is not None and event not in AMOUNT_OF:
        raise UsageError(f"an amount belongs to won (it is the fee), not to {event}")
    if outcome.amount is not None and not 0 < outcome.amount <= 10**12:
        raise UsageError("an amount must be above zero and below ten billion")
    if event == "paused" and outcome.until is None:
        raise UsageError("say until when the lead is paused, such as --until 2w or --until 2027-01-15")
    if outcome.until is not None and event != "paused":
        raise UsageError(f"--until belongs to paused, not to {event}")
    if outcome.until is not None and outcome.until <= outcome.at:
        raise UsageError("a pause must end after it begins")
    if outcome.channel is not None and outcome.channel not in CHANNELS:
        raise UsageError(f"{outcome.channel!r} is no channel; use {', '.join(CHANNELS)}")


def read_lead(database: Database, lead_id: int) -> StoredLead:
    """One lead as the stages read it; :class:`NotFound` when there is none with this number."""
    row = database.one(sql.ONE, (lead_id,))
    if row is None:
        raise NotFound(f"there is no lead {lead_id}; see: valhalla leads list")
    return StoredLead.from_columns(dict(zip((*STORED, *SHOWN), row, strict=True)))
