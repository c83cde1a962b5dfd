"""The tables of the chain and the queue as models, for those who look at them."""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField, BlobField, CompositeKey, TextField
from valhalla.program.models import Base


class Entry(Base):
    """An entry of the audit chain."""

    seq = AutoField()
    at = BigIntegerField()
    actor = TextField()
    correlation_id = TextField(null=True)
    action = TextField()
    subject = TextField()
    body = TextField()
    previous = TextField()
    hash = TextField()

    class Meta:
        table_name = "audit"


class Task(Base):
    """A job in the queue, or one that ended."""

    id = AutoField()
    queue = TextField()
    lane = TextField()
    name = TextField()
    state = TextField()
    priority = BigIntegerField()
    payload = TextField()
    due = BigIntegerField(null=True)
    expires = BigIntegerField(null=True)
    unique_key = TextField(null=True)
    unique_scope = TextField(null=True)
    unique_until = BigIntegerField(null=True)
    unique_live = BigIntegerField()
    tags = TextField(null=True)
    correlation_id = TextField(null=True)
    parent_id = BigIntegerField(null=True)
    claims = BigIntegerField()
    tries = BigIntegerField()
    failures = BigIntegerField()
    lost = BigIntegerField()
    suspect = BigIntegerField()
    cancel = BigIntegerField()
    owner = BigIntegerField(null=True)
    lease = BigIntegerField(null=True)
    created_at = BigIntegerField()
    started_at = BigIntegerField(null=True)
    finished_at = BigIntegerField(null=True)
    progress = TextField(null=True)
    result = TextField(null=True)
    error = TextField(null=True)
    lost_progress = TextField(null=True)


class KeyValue(Base):
    """A small value that the queue keeps for a part of the program."""

    queue = TextField()
    key = TextField()
    value = BlobField()
    owner = BigIntegerField(null=True)
    expires = BigIntegerField(null=True)

    class Meta:
        table_name = "kv"
        primary_key = CompositeKey("queue", "key")


class QueueState(Base):
    """Whether a queue is paused."""

    queue = TextField(primary_key=True)
    paused = BigIntegerField()
    at = BigIntegerField()
    actor = TextField()
    reason = TextField(null=True)


class CycleSlot(Base):
    """A job that comes back by the clock, and when it last did."""

    queue = TextField()
    name = TextField()
    spec = TextField()
    last_at = BigIntegerField()
    fired = BigIntegerField()
    missed = BigIntegerField()
    overrun = BigIntegerField()
    jumps = BigIntegerField()
    task_id = BigIntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("queue", "name")
