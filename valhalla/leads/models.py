"""The tables of consent, saved filters, costs and decisions about leads as models."""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField, TextField
from valhalla.program.models import Base


class Consent(Base):
    """What a person agreed to."""

    id = AutoField()
    lead_id = BigIntegerField()
    channel = TextField()
    words = TextField()
    at = BigIntegerField()
    recorded_at = BigIntegerField()
    by = TextField()
    withdrawn_at = BigIntegerField(null=True)
    withdrawn_by = TextField(null=True)


class SavedFilter(Base):
    """A choice of leads that somebody saved under a name."""

    id = AutoField()
    name = TextField()
    body = TextField()
    created_at = BigIntegerField()
    created_by = TextField()
    removed_at = BigIntegerField(null=True)
    removed_by = TextField(null=True)


class ListCost(Base):
    """What a list, or a source's lists, cost."""

    id = AutoField()
    source = TextField()
    import_id = BigIntegerField(null=True)
    amount = BigIntegerField()
    at = BigIntegerField()
    by = TextField()
    removed_at = BigIntegerField(null=True)
    removed_by = TextField(null=True)


class Scrub(Base):
    """A list of numbers that the leads were checked against."""

    id = AutoField()
    kind = TextField()
    path = TextField(null=True)
    numbers = BigIntegerField()
    matched = BigIntegerField()
    at = BigIntegerField()
    by = TextField()


class Suppression(Base):
    """Somebody on the do-not-contact list."""

    id = AutoField()
    kind = TextField()
    value = TextField(null=True)
    digest = TextField()
    origin = TextField()
    reason = TextField(null=True)
    created_at = BigIntegerField()
    created_by = TextField()
    removed_at = BigIntegerField(null=True)
    removed_by = TextField(null=True)


class Duplicate(Base):
    """A pair of leads for a person to decide on."""

    id = AutoField()
    lead_id = BigIntegerField()
    other_id = BigIntegerField()
    phone_key = BigIntegerField()
    state = TextField()
    found_at = BigIntegerField()
    decided_at = BigIntegerField(null=True)
    decided_by = TextField(null=True)
    why = TextField()


class LeadMerge(Base):
    """Two leads that a person declared to be one."""

    id = AutoField()
    kept_id = BigIntegerField()
    merged_id = BigIntegerField()
    at = BigIntegerField()
    actor = TextField()
    body = TextField()
    undone_at = BigIntegerField(null=True)
    undone_by = TextField(null=True)


class LeadChange(Base):
    """A change that a list asked for, and that a person reviews first."""

    id = AutoField()
    lead_id = BigIntegerField()
    import_id = BigIntegerField()
    line = BigIntegerField()
    fingerprint = BigIntegerField()
    body = TextField()
    state = TextField()
    at = BigIntegerField()
    decided_at = BigIntegerField(null=True)
    decided_by = TextField(null=True)
