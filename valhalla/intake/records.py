"""Rows of the tables of lists and imports, by name."""

from __future__ import annotations

from typing import NamedTuple

from db import Database
from valhalla.intake import sql


class ListFile(NamedTuple):
    """A row of table ``file``: a list that was read or shall be."""

    id: int
    source_id: int
    size: int
    modified_ns: int
    inode: int
    offset: int
    digest: str
    rows: int
    rejected: int
    profile: str
    import_id: int | None
    error_code: str | None
    error: str | None


class Import(NamedTuple):
    """A row of table ``import``, as far as what it did goes."""

    id: int
    path: str
    state: str
    kind: str
    fields: str
    warnings: str
    rows: int
    new: int
    updated: int
    unchanged: int
    duplicate: int
    rejected: int
    blank: int
    error_code: str | None
    error_message: str | None
    file_id: int
    names: str | None


class SourceRow(NamedTuple):
    """A row of table ``source``."""

    id: int
    pattern: str | None
    profile: str
    """JSON."""


def find_file(database: Database, path: str) -> ListFile | None:
    """The list at ``path``; None: it was never read."""
    row = database.one(sql.FIND_FILE, (path,))
    return None if row is None else ListFile._make(row)


def find_source(database: Database, name: str) -> SourceRow | None:
    """The source called ``name``; None: nothing was read of it, and nobody set it up."""
    row = database.one(sql.FIND_SOURCE, (name,))
    return None if row is None else SourceRow._make(row)


def add_source(database: Database, name: str) -> SourceRow:
    """The source called ``name``, made when it is new; inside the caller's transaction."""
    database.sql(sql.ADD_SOURCE, (name, database.clock()))
    return SourceRow._make(database.sql(sql.FIND_SOURCE, (name,))[0])


def read_import(database: Database, import_id: int) -> Import:
    """An import that is known to be there."""
    return Import._make(database.sql(sql.READ_IMPORT, (import_id,))[0])
