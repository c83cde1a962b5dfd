"""What the models of all rooms have in common, and the model of the settings.

A model describes a table that a migration made (a test compares the two) and belongs to no database: a query is run on the one at
hand, ``Setting.select().execute(database)``. Each room keeps the models of its own tables in its ``models.py``; statements that are
written by hand stand in its ``sql.py``.
"""

from __future__ import annotations

from db.orm import BigIntegerField, Model, TextField


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
