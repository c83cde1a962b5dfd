"""The tables of effects as models."""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField, TextField
from valhalla.program.models import Base


class Effect(Base):
    """Something that leaves this computer or cannot be undone, from its draft on."""

    id = AutoField()
    kind = TextField()
    state = TextField()
    target = TextField()
    payload = TextField()
    lead_id = BigIntegerField(null=True)
    key = TextField()
    reason = TextField(null=True)
    tries = BigIntegerField()
    sending = BigIntegerField()
    owner = BigIntegerField(null=True)
    response = TextField(null=True)
    correlation_id = TextField()
    drafted_at = BigIntegerField()
    drafted_by = TextField()
    approved_at = BigIntegerField(null=True)
    approved_by = TextField(null=True)
    finished_at = BigIntegerField(null=True)


class StandingApproval(Base):
    """A kind of effects that is approved by itself, so many in any day."""

    id = AutoField()
    kind = TextField()
    per_day = BigIntegerField()
    created_at = BigIntegerField()
    created_by = TextField()
    ended_at = BigIntegerField(null=True)
    ended_by = TextField(null=True)
    address = TextField(null=True)


class LiveSession(Base):
    """When the dry-run lock was off."""

    id = AutoField()
    run_id = BigIntegerField()
    opened_at = BigIntegerField()
    opened_by = TextField()
    until = BigIntegerField()
    closed_at = BigIntegerField(null=True)
    closed_by = TextField(null=True)
