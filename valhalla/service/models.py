"""The tables of runs, their cycles, and tokens as models."""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField, TextField
from valhalla.program.models import Base


class Run(Base):
    """A run of the program or of the production workflow, with the settings that were in force."""

    id = AutoField()
    pid = BigIntegerField()
    version = TextField()
    settings = TextField()
    started_at = BigIntegerField()
    stopped_at = BigIntegerField(null=True)
    stop = TextField(null=True)


class Cycle(Base):
    """A cycle of a run; the counts are those of :data:`valhalla.intake.results.COUNTS`."""

    id = AutoField()
    run_id = BigIntegerField()
    number = BigIntegerField()
    started_at = BigIntegerField()
    finished_at = BigIntegerField(null=True)
    ok = BigIntegerField(null=True)
    files = BigIntegerField()
    rows = BigIntegerField()
    new = BigIntegerField()
    updated = BigIntegerField()
    unchanged = BigIntegerField()
    duplicate = BigIntegerField()
    rejected = BigIntegerField()


class Token(Base):
    """A program's way into the cockpit; of the token itself only its SHA-256."""

    id = AutoField()
    name = TextField()
    digest = TextField()
    scope = TextField()
    created_at = BigIntegerField()
    created_by = TextField()
    revoked_at = BigIntegerField(null=True)
    revoked_by = TextField(null=True)
