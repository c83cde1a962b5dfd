"""A database's tables, indexes, triggers and views, compared with what the migrations of its version make.

A trigger that somebody planted acts inside of the program's own transactions, and the chain would witness what it did as done
by the program. So a database that holds other parts than its migrations make is opened to read only, and verification names
them. Plain tables that touch none of ours, as replication tools make them, are only named.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import apsw

from db import audit
from db.connection import Connections
from db.schema import Schema, Versions

NONE_OF_IT = "is none of this schema"

DECLARED = "schema.tables"
"""Action of the entries that say which parts a database has from then on, each with its digest."""

_PARTS = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
_READABLE = "SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ?"
_VERSIONS = "SELECT component, version FROM schema_version"
_DECLARED = "SELECT body FROM audit WHERE action = 'schema.tables' ORDER BY seq DESC LIMIT 1"
_PLAIN = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')"
_MADE = f"""
SELECT type, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*'
  AND (type <> 'table' OR name IN ({_PLAIN}))
ORDER BY type = 'index', type = 'view', name
"""
"""What is to be written down to make it again; of a virtual table not the tables that it makes itself."""
_TABLES = """
SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY name
"""
_OWN = re.compile(r"sqlite_(autoindex_.*|sequence|stat\d)", re.IGNORECASE)
"""What SQLite makes by itself."""

REPLICATING = {"table _litestream_lock": "Litestream", "table _litestream_seq": "Litestream"}
"""Parts that known replication tools make for themselves."""

_TOKENS = re.compile(r"""--[^\n]*|/\*.*?\*/|('(?:[^']|'')*'|"[^"]*"|\w+|[^\s\w])""", re.DOTALL)
_VIRTUAL = re.compile(r"\s*CREATE\s+VIRTUAL\b", re.IGNORECASE)

Row = tuple[str, str, str, str | None]
"""(type, name, table, text) of ``sqlite_schema``."""


class Difference(NamedTuple):
    """A part that is not as the migrations make it."""

    part: str
    """Such as ``trigger lead_stop``."""
    what: str
    acts: bool
    """Whether it can change what the program does. Verification calls it a problem, and the file is not written."""


@functools.cache
def digest(row: Row) -> str:
    """The first 16 hexadecimal digits of the SHA-256 over a part: type, name, table and text, a line each. Of the text its
    words with a space between them, without comments and without quotes around names: these differ from program to program."""
    kind, name, table, text = row
    plain = " ".join(token.strip('"') for token in _TOKENS.findall(text or "") if token)
    return hashlib.sha256("\n".join((kind, name, table, plain)).encode()).hexdigest()[:16]


def rows(database: Connections) -> dict[str, Row]:
    """The parts of the database by name (``trigger lead_stop``)."""
    return _rows(database.sql(_PARTS), database.schema)


def _rows(found: list[tuple[Any, ...]], schema: Schema) -> dict[str, Row]:
    parts: dict[str, Row] = {}
    for kind, name, table, text in found:
        part = f"{kind} {name}"
        if part in schema.moving:  # the program makes it again, with another number in it
            text = re.sub(r"\d+", "0", text or "")
        if not _OWN.fullmatch(name):
            parts[part] = (kind, name, table, text)
    return parts


def fingerprint(parts: Mapping[str, Row]) -> str:
    """SHA-256 over all parts, letter for letter: quick to compare with that of a new database."""
    return hashlib.sha256(repr([*parts.values()]).encode()).hexdigest()


def made(schema: Schema, versions: Versions) -> dict[str, Row]:
    """The parts that the migrations make, up to these versions."""
    return dict(_made(_scripts(schema, versions), tuple(sorted(versions.items())), schema.moving))


def _scripts(schema: Schema, versions: Versions) -> tuple[str, ...]:
    run: list[str] = []
    held: dict[str, int] = {}
    for step in schema.steps():
        for name, each in schema.components.items():
            upto = min(step.versions.get(name, 0), versions.get(name, 0))
            run += each.scripts[held.get(name, 0) : upto]
            held[name] = max(held.get(name, 0), upto)
    return tuple(run)


@functools.cache
def _made(scripts: tuple[str, ...], versions: object, moving: frozenset[str]) -> dict[str, Row]:
    connection = apsw.Connection(":memory:")
    try:
        for script in scripts:
            connection.execute(script).fetchall()
        return _rows(connection.execute(_PARTS).fetchall(), Schema(moving=moving))
    finally:
        connection.close()


def digests(schema: Schema, versions: Versions) -> dict[str, str]:
    """The digest of each part that the migrations make."""
    return {part: digest(row) for part, row in made(schema, versions).items()}


def held(database: Connections) -> Versions | None:
    """The versions that the database says it is of. None: of a release, or with a package, that this program does not know."""
    schema = database.schema
    if schema.released:
        release = database.value("PRAGMA user_version")
        return schema.releases[release - 1] if 0 < release <= schema.latest else None
    if database.one("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'") is None:
        return None
    versions: Versions = dict(database.sql(_VERSIONS))
    return versions if versions.keys() <= schema.components.keys() else None


def differences(database: Connections) -> list[Difference]:
    """What is not as the migrations make it. Of what this program does not know, the chain's newest word counts."""
    schema, there = database.schema, rows(database)
    versions = held(database)
    if versions is None:
        declared = database.value(_DECLARED) if "table audit" in there else None
        return compared(database, there, audit.parsed(declared)["parts"]) if declared else []
    if is_newest(schema, versions, there):
        return []
    return compared(database, there, digests(schema, versions))


def is_newest(schema: Schema, versions: Versions, there: Mapping[str, Row]) -> bool:
    """Whether a database of these versions holds exactly what all migrations of a program make that knows the fingerprint of that."""
    return (
        bool(schema.fingerprint)
        and versions == schema.releases[-1]
        and fingerprint(there) == schema.fingerprint
    )


def compared(
    database: Connections, there: Mapping[str, Row], expected: Mapping[str, str]
) -> list[Difference]:
    """What of the parts that are there is not as ``expected``: digests by part."""
    found = [Difference(part, "is missing", True) for part in expected.keys() - there.keys()]
    ours = {part.partition(" ")[2].lower() for part in expected if part.startswith("table ")}
    for part, row in there.items():
        if part not in expected:
            acts = _acts(database, row, ours)
            tool = None if acts else REPLICATING.get(part)
            what = f"is of {tool}, which copies the database" if tool else NONE_OF_IT
            found.append(Difference(part, what, acts))
        elif digest(row) != expected[part]:
            found.append(Difference(part, "is not what this schema makes", True))
    return sorted(found)


def _acts(database: Connections, row: Row, ours: set[str]) -> bool:
    kind, name, table, text = row
    if kind == "trigger" or (kind in ("table", "view") and not database.sql(_READABLE, (name,))):
        return True  # for one that SQLite cannot read, other programs refuse the whole file
    if kind == "table":
        if _VIRTUAL.match(text or ""):
            return True  # its module may do anything
        # It could refuse that a row of ours goes, or go with it.
        refers = database.sql('SELECT lower("table") FROM pragma_foreign_key_list(?)', (name,))
        return any(each in ours for (each,) in refers)
    return (name if kind == "view" else table).lower() in ours


def script(schema: Schema) -> str:
    """SQL that makes what all migrations make of an empty database, without what they make again and again on their way there.
    What differs each time, such as a salt, is made by chance here, too."""
    one, other = (_contents(schema) for _ in range(2))
    lines = []
    for (table, row), (_, again) in zip(one.rows, other.rows, strict=True):
        values = (
            apsw.format_sql_value(value) if value == then else f"randomblob({len(value)})"
            for value, then in zip(row, again, strict=True)
        )
        lines.append(f'INSERT INTO "{table}" VALUES ({", ".join(values)});\n')
    texts = [f"{text};\n" for kind, text in one.parts if kind != "trigger"]
    triggers = [
        f"{text};\n" for kind, text in one.parts if kind == "trigger"
    ]  # they would refuse some of the rows
    return "".join((*texts, *lines, *triggers))


class _Contents(NamedTuple):
    parts: list[tuple[Any, ...]]
    rows: list[tuple[str, tuple[Any, ...]]]


def _contents(schema: Schema) -> _Contents:
    connection = apsw.Connection(":memory:")
    try:
        for text in _scripts(schema, schema.releases[-1]):
            connection.execute(text).fetchall()
        parts = connection.execute(_MADE).fetchall()
        tables = [name for (name,) in connection.execute(_TABLES)]
        rows = [(name, row) for name in tables for row in connection.execute(f'SELECT * FROM "{name}"')]
        return _Contents(parts, rows)
    finally:
        connection.close()


def report(database: Connections) -> dict[str, Any]:
    """What an entry says of the database, which has just been brought up to date."""
    schema, versions = database.schema, held(database)
    if versions is None:  # a package is in it that was not asked for this time
        versions = dict(database.sql(_VERSIONS))
        parts = {part: digest(row) for part, row in rows(database).items()}
    elif is_newest(schema, versions, there := rows(database)):  # as made: there is no need to make it again
        parts = {part: digest(row) for part, row in there.items()}
    else:
        parts = digests(schema, versions)
    return {
        "release": database.value("PRAGMA user_version"),
        "versions": dict(versions),
        "evidence": sorted(name for name in schema.tables if f"table {name}" in parts),
        "parts": parts,
    }


def declare(database: Connections) -> None:
    """Append the entry."""
    facts = report(database)
    subject = ", ".join(f"{name}:{version}" for name, version in sorted(facts["versions"].items()))
    audit.add(database, DECLARED, subject, facts)
