"""The tables of sources, files, imports and refused rows as models."""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField, TextField
from valhalla.program.models import Base


class Source(Base):
    """A named origin of lists."""

    id = AutoField()
    name = TextField()
    pattern = TextField(null=True)
    profile = TextField()
    created_at = BigIntegerField()


class Mapping(Base):
    """Which column of a list means which field of a lead, where that was remembered for a source."""

    id = AutoField()
    source_id = BigIntegerField()
    header = TextField()
    fields = TextField()
    origin = TextField()
    created_at = BigIntegerField()


class File(Base):
    """A list file, and up to where it has been read."""

    id = AutoField()
    path = TextField()
    source_id = BigIntegerField()
    size = BigIntegerField()
    modified_ns = BigIntegerField()
    inode = BigIntegerField()
    offset = BigIntegerField()
    digest = TextField()
    rows = BigIntegerField()
    rejected = BigIntegerField()
    profile = TextField()
    import_id = BigIntegerField(null=True)
    error_code = TextField(null=True)
    error = TextField(null=True)
    looked_at = BigIntegerField()
    adopted = BigIntegerField()


class Import(Base):
    """One reading of one list, or of what was appended to it."""

    id = AutoField()
    file_id = BigIntegerField()
    source_id = BigIntegerField()
    path = TextField()
    state = TextField()
    kind = TextField()
    start = TextField()
    position = TextField()
    digest = TextField()
    encoding = TextField(null=True)
    delimiter = TextField(null=True)
    header_id = BigIntegerField(null=True)
    fields = TextField()
    profile = TextField()
    warnings = TextField()
    rows = BigIntegerField()
    new = BigIntegerField()
    updated = BigIntegerField()
    unchanged = BigIntegerField()
    duplicate = BigIntegerField()
    rejected = BigIntegerField()
    blank = BigIntegerField()
    error_code = TextField(null=True)
    error_message = TextField(null=True)
    started_at = BigIntegerField()
    finished_at = BigIntegerField(null=True)
    names = TextField(null=True)


class Reject(Base):
    """A row that was not accepted, with the reason."""

    id = AutoField()
    import_id = BigIntegerField()
    file_id = BigIntegerField()
    line = BigIntegerField()
    column = TextField(null=True)
    code = TextField()
    message = TextField()
    value = TextField(null=True)
    raw_ = TextField(null=True, column_name="raw")
    state = TextField()
    created_at = BigIntegerField()
    closed_by = BigIntegerField(null=True)
