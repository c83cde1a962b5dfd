"""The imports of a file as people see them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from db import Database
from db.clock import iso
from valhalla.intake import sql
from valhalla.intake.reading import CODES
from valhalla.intake.results import FileResult
from valhalla.intake.sources import Candidate
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.later import later

if TYPE_CHECKING:
    from valhalla.intake import advice
else:
    advice = later("valhalla.intake.advice")

_NAMES = (
    *("id", "path", "source", "state", "kind", "rows", "new", "updated", "unchanged", "duplicate"),
    *("rejected", "blank", "started_at", "finished_at"),
)


def recent(
    database: Database,
    limit: int,
    *,
    before: int | None = None,
    source: str | None = None,
    state: str | None = None,
) -> list[dict[str, Any]]:
    """The newest imports (older than ``before``), of a source and in a state where those are given."""
    wanted = {"before": before, "source": source, "state": state, "limit": limit}
    return [_shown(row) for row in database.sql(sql.RECENT_IMPORTS, wanted)]


def details(database: Database, import_id: int, *, advised: bool = True) -> dict[str, Any]:
    """Everything about one import. ``advised``: with what would cure it, which may take reading its list a few times; else
    ``advice`` is None. Raises :class:`NotFound`."""
    row = database.one(sql.IMPORT_IN_FULL, (import_id,))
    if row is None:
        raise NotFound(f"there is no import {import_id}; see: valhalla imports list")
    *head, encoding, delimiter, fields, names, warnings, code, message, rules = row
    found = _shown(head)
    result = FileResult(
        found["path"],
        rows=found["rows"],
        rejected=found["rejected"],
        error={"code": code, "message": message} if code else None,
    )
    undone = database.one(sql.UNDO_OF_IMPORT, (import_id,))
    found |= {
        "encoding": encoding,
        "delimiter": delimiter,
        "mapping": json.loads(fields),
        "columns": json.loads(names) if names else [],
        "profile": json.loads(json.loads(rules)[0]) if rules.startswith("[") else {},
        "warnings": [
            dict(zip(("line", "code", "message"), each, strict=True)) for each in json.loads(warnings)
        ],
        "rejects": [
            {"code": word, "rows": count, "meaning": CODES[word].meaning if word in CODES else ""}
            for word, count in database.sql(sql.REJECTS_BY_CODE, (import_id,))
        ],
        "error": result.error,
        "advice": advice.advice(database, Candidate(Path(found["path"]), found["source"]), result)
        if advised
        else None,
        "undo": dict(zip(("at", "actor", "reversed", "kept", "failed", "items"), undone, strict=True))
        if undone
        else None,
    }
    if found["undo"]:
        found["undo"] |= {"at": iso(found["undo"]["at"]), "items": json.loads(found["undo"]["items"])}
    return found


class Outcomes(NamedTuple):
    """Rows of lists by what became of them."""

    new: int
    updated: int
    unchanged: int
    duplicate: int
    rejected: int


def outcomes(database: Database) -> Outcomes:
    """What became of the rows of all lists."""
    return Outcomes(*database.sql(sql.ROWS_BY_OUTCOME)[0])


class KnownSoFar(NamedTuple):
    """What reading a list depends on besides the list: the newest import, and how often leads have changed."""

    newest: int
    generation: int


def known_so_far(database: Database) -> KnownSoFar:
    """What reading a list now would depend on; cheap to read."""
    return KnownSoFar(*database.sql(sql.KNOWN_SO_FAR)[0])


def next_reading(database: Database, import_id: int) -> int | None:
    """The next reading of the same list as a whole, which must be undone before this one; None: there is none."""
    found: int | None = database.value(sql.NEXT_READING, (import_id,))
    return found


class KnownList(NamedTuple):
    """A list that was read before, and the source it belongs to."""

    path: Path
    source: str


def list_of_import(database: Database, import_id: int) -> KnownList:
    """The list that an import read. Raises :class:`NotFound`, and :class:`UsageError` where it read no file."""
    row = database.one(sql.LIST_OF_IMPORT, (import_id,))
    if row is None:
        raise NotFound(f"there is no import {import_id}; see: valhalla imports list")
    path, source = row
    if path.startswith("("):
        raise UsageError(f"import {import_id} has no list to read again: it was {path.strip('()')}")
    return KnownList(Path(path), source)


def list_at(database: Database, path: Path) -> KnownList:
    """The list at a path. Raises :class:`NotFound` when it was never read."""
    row = database.one(sql.LIST_OF_PATH, (str(path),))
    if row is None:
        raise NotFound(f"{path} was never read; try: valhalla ingest {path}")
    return KnownList(path, row[1])


def _shown(row: Sequence[Any]) -> dict[str, Any]:
    found = dict(zip(_NAMES, row, strict=True))
    for key in ("started_at", "finished_at"):
        found[key] = iso(found[key]) if found[key] is not None else None
    return found
