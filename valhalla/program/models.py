"""What the models of all rooms have in common, and the models of settings and runs.

A model describes a table that a migration made (a test compares the two) and belongs to no database: a query is run on the one at
hand, ``Setting.select().execute(database)``. Each room keeps the models of its own tables in its ``models.py``; statements that are
written by hand stand in its ``sql.py``.
"""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField, Model, TextField


class Base(Model):
    """A table called like the class, in lower case with underscores."""

    class Meta:
        legacy_table_names = False


class Setting(Base):
    """What was set, with who did it and when."""

    key = TextField(primary_key=True)
    value = TextField()
    updated_at = BigIntegerField()
    updated_by = TextField()


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
