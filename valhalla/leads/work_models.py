"""The tables of what a person writes down while working leads, and of buyers, as models."""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField, TextField
from valhalla.program.models import Base


class Promise(Base):
    """A call-back, an appointment or a task with a time."""

    id = AutoField()
    lead_id = BigIntegerField()
    outcome_id = BigIntegerField(null=True)
    kind = TextField()
    at = BigIntegerField()
    place = TextField(null=True)
    note = TextField(null=True)
    state = TextField()
    made_at = BigIntegerField()
    made_by = TextField()
    confirmed_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    ended_by = TextField(null=True)


class Note(Base):
    """What somebody noted about a lead."""

    id = AutoField()
    lead_id = BigIntegerField()
    text = TextField()
    at = BigIntegerField()
    by = TextField()
    removed_at = BigIntegerField(null=True)
    removed_by = TextField(null=True)


class Tag(Base):
    """A word that somebody filed a lead under."""

    id = AutoField()
    lead_id = BigIntegerField()
    tag = TextField()
    at = BigIntegerField()
    by = TextField()
    removed_at = BigIntegerField(null=True)
    removed_by = TextField(null=True)


class Deal(Base):
    """A deal on a lead, from the offer to the closing."""

    id = AutoField()
    lead_id = BigIntegerField()
    state = TextField()
    offers = BigIntegerField()
    offer = BigIntegerField(null=True)
    price = BigIntegerField(null=True)
    buyer_price = BigIntegerField(null=True)
    fee = BigIntegerField(null=True)
    earnest = BigIntegerField(null=True)
    assignable = BigIntegerField(null=True)
    inspection_until = BigIntegerField(null=True)
    closing_at = BigIntegerField(null=True)
    buyer_id = BigIntegerField(null=True)
    buyer_deposit = BigIntegerField(null=True)
    won_as = TextField(null=True)
    note = TextField(null=True)
    opened_at = BigIntegerField()
    stage_since = BigIntegerField()
    ended_at = BigIntegerField(null=True)
    updated_at = BigIntegerField()
    updated_by = TextField()


class SourcePause(Base):
    """A source whose leads are not called for a while, or any more."""

    id = AutoField()
    source = TextField()
    kind = TextField()
    reason = TextField()
    until = BigIntegerField(null=True)
    at = BigIntegerField()
    by = TextField()
    ended_at = BigIntegerField(null=True)
    ended_by = TextField(null=True)


class Buyer(Base):
    """A buyer of the imported list, and what he takes."""

    id = AutoField()
    name = TextField()
    markets = TextField()
    max_price = BigIntegerField(null=True)
    min_beds = BigIntegerField(null=True)
    max_repairs = BigIntegerField(null=True)
    max_share = BigIntegerField(null=True)
    email = TextField(null=True)
    phone = TextField(null=True)
    removed_at = BigIntegerField(null=True)
    created_at = BigIntegerField()
    updated_at = BigIntegerField()
