"""The imports of a file as people see them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from db import Database
from db.clock import iso
from valhalla.intake.advice import advice
from valhalla.intake.reading import CODES
from valhalla.intake.results import FileResult
from valhalla.intake.sources import Candidate
from valhalla.program.errors import NotFound

_NAMES = (
    *("id", "path", "source", "state", "kind", "rows", "new", "updated", "unchanged", "duplicate"),
    *("rejected", "blank", "started_at", "finished_at"),
)
_COLUMNS = """
i.id, i.path, s.name, i.state, i.kind, i.rows, i.new, i.updated, i.unchanged, i.duplicate, i.rejected, i.blank,
i.started_at, i.finished_at
"""
RECENT = f"""
SELECT {_COLUMNS} FROM import AS i JOIN source AS s ON s.id = i.source_id
WHERE (:before IS NULL OR i.id < :before) AND (:source IS NULL OR s.name = :source) AND (:state IS NULL OR i.state = :state)
ORDER BY i.id DESC LIMIT :limit
"""
ONE = f"""
SELECT {_COLUMNS}, i.encoding, i.delimiter, i.fields, i.names, i.warnings, i.error_code, i.error_message, i.profile
FROM import AS i JOIN source AS s ON s.id = i.source_id WHERE i.id = ?
"""
# By state first, as the index has them: so nothing but the few sums is put in order.
REASONS = """
SELECT code, sum(rows) FROM (SELECT code, count(*) AS rows FROM reject WHERE import_id = ? GROUP BY state, code)
GROUP BY code ORDER BY 2 DESC, 1
"""
UNDO = "SELECT at, actor, reversed, kept, failed, items FROM import_undo WHERE import_id = ?"
LIST_OF_IMPORT = """
SELECT f.path, s.name FROM import AS i JOIN file AS f ON f.id = i.file_id JOIN source AS s ON s.id = f.source_id WHERE i.id = ?
"""
LIST_OF_PATH = "SELECT f.path, s.name FROM file AS f JOIN source AS s ON s.id = f.source_id WHERE f.path = ?"


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
    return [_shown(row) for row in database.sql(RECENT, wanted)]


def details(database: Database, import_id: int, *, advised: bool = True) -> dict[str, Any]:
    """Everything about one import. ``advised``: with what would cure it, which may take reading its list a few times; else
    ``advice`` is None. Raises :class:`NotFound`."""
    row = database.one(ONE, (import_id,))
    if row is None:
        raise NotFound(f"there is no import {import_id}; see: valhalla imports list")
    width = len(_NAMES)
    encoding, delimiter, fields, names, warnings, code, message, rules = row[width:]
    found = _shown(row[:width])
    result = FileResult(
        found["path"],
        rows=found["rows"],
        rejected=found["rejected"],
        error={"code": code, "message": message} if code else None,
    )
    undone = database.one(UNDO, (import_id,))
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
            for word, count in database.sql(REASONS, (import_id,))
        ],
        "error": result.error,
        "advice": advice(database, Candidate(Path(found["path"]), found["source"]), result)
        if advised
        else None,
        "undo": dict(zip(("at", "actor", "reversed", "kept", "failed", "items"), undone, strict=True))
        if undone
        else None,
    }
    if found["undo"]:
        found["undo"] |= {"at": iso(found["undo"]["at"]), "items": json.loads(found["undo"]["items"])}
    return found


def known_list(
    database: Database, *, import_id: int | None = None, path: Path | None = None
) -> tuple[str, str] | None:
    """Path and source of a list that was read, by an import of it or by its path."""
    row = (
        database.one(LIST_OF_IMPORT, (import_id,))
        if path is None
        else database.one(LIST_OF_PATH, (str(path),))
    )
    return (row[0], row[1]) if row else None


def _shown(row: tuple[Any, ...]) -> dict[str, Any]:
    found = dict(zip(_NAMES, row, strict=True))
    for key in ("started_at", "finished_at"):
        found[key] = iso(found[key]) if found[key] is not None else None
    return found
