"""The tables of the blocks as models, for the checks. The blocks themselves read and write them by their own statements."""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField, CompositeKey, TextField
from valhalla.program.models import Base


class Alert(Base):
    """Something that a person should know."""

    id = AutoField()
    task = TextField()
    severity = TextField()
    reason = TextField()
    context = TextField()
    correlation_id = TextField(null=True)
    state = TextField()
    seen = BigIntegerField()
    at = BigIntegerField()
    last_at = BigIntegerField()


class DryRunLog(Base):
    """What the dry-run lock blocked or let through, the newest 10,000."""

    id = AutoField()
    at = BigIntegerField()
    action = TextField()
    status = TextField()
    error = TextField(null=True)
    correlation_id = TextField(null=True)


class RetryLog(Base):
    """A try of something that may be tried again."""

    id = AutoField()
    at = BigIntegerField()
    task = TextField()
    attempt = BigIntegerField()
    status = TextField()
    result = TextField(null=True)
    error = TextField(null=True)
    correlation_id = TextField(null=True)


class GovernorSlot(Base):
    """When one of the last allowed calls was."""

    resource = TextField()
    slot = BigIntegerField()
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("resource", "slot")


class IdempotencyKey(Base):
    """The key of something that is done once."""

    key = TextField(primary_key=True)
    state = TextField()
    owner = BigIntegerField()
    result = TextField(null=True)
    created_at = BigIntegerField()
    expires = BigIntegerField(null=True)


class Heartbeat(Base):
    """A part of the program that gives signs of life."""

    name = TextField(primary_key=True)
    pid = BigIntegerField()
    interval = BigIntegerField()
    timeout = BigIntegerField()
    beats = BigIntegerField()
    started_at = BigIntegerField()
    beat_at = BigIntegerField()
    stopped_at = BigIntegerField(null=True)
