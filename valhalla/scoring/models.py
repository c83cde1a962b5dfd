"""The tables of policies, experiments and scripts as models."""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField, CompositeKey, TextField
from valhalla.program.models import Base


class Policy(Base):
    """A version of the policy, which is never changed."""

    version = AutoField()
    body = TextField()
    created_at = BigIntegerField()
    created_by = TextField()
    reason = TextField()


class ModelSnapshot(Base):
    """What was known when a lead was decided; the same knowledge is stored once, by its digest."""

    id = AutoField()
    digest = TextField()
    body = TextField()
    created_at = BigIntegerField()


class Knowledge(Base):
    """What is measured or learnt now and then, instead of being counted from outcomes."""

    name = TextField(primary_key=True)
    body = TextField()
    at = BigIntegerField()


class Experiment(Base):
    """An experiment; when it is restarted or weighted again, the version counts up."""

    id = AutoField()
    name = TextField()
    version = BigIntegerField()
    kind = TextField()
    state = TextField()
    metric = TextField()
    created_at = BigIntegerField()
    started_at = BigIntegerField(null=True)
    stopped_at = BigIntegerField(null=True)


class ExperimentEpoch(Base):
    """Since when an experiment's version draws by which weights: results are judged by those that were in force."""

    experiment_id = BigIntegerField()
    version = BigIntegerField()
    weights = TextField()
    started_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("experiment_id", "version")


class Variant(Base):
    """A variant of an experiment. It is never removed: outcomes name it."""

    id = AutoField()
    experiment_id = BigIntegerField()
    name = TextField()
    weight = BigIntegerField()
    script_id = BigIntegerField(null=True)


class Script(Base):
    """A version of a script."""

    id = AutoField()
    name = TextField()
    version = BigIntegerField()
    channel = TextField()
    market = TextField(null=True)
    state = TextField()
    body = TextField()
    created_at = BigIntegerField()
    pinned_at = BigIntegerField(null=True)


class ScriptMove(Base):
    """A move of a script from one state to another, with the gates as they stood."""

    id = AutoField()
    script_id = BigIntegerField()
    before = TextField(null=True)
    after = TextField()
    at = BigIntegerField()
    moved_by = TextField()
    why = TextField()
    evidence = TextField()


class Outcome(Base):
    """What came of a lead, as somebody recorded it."""

    id = AutoField()
    lead_id = BigIntegerField()
    event = TextField()
    at = BigIntegerField()
    amount = BigIntegerField(null=True)
    channel = TextField(null=True)
    reason = TextField(null=True)
    until = BigIntegerField(null=True)
    recorded_at = BigIntegerField()
    recorded_by = TextField()
    undone_at = BigIntegerField(null=True)
    undone_by = TextField(null=True)
    variant_id = BigIntegerField(null=True)
    script_id = BigIntegerField(null=True)
    p_close = BigIntegerField(null=True)
    predicted_at = BigIntegerField(null=True)
    number = TextField(null=True)
    note = TextField(null=True)
    origin = TextField(null=True)
