"""What became of the files of one pass, in the shape that ``ingest --json`` prints."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from db import Database
from valhalla.intake import sql
from valhalla.intake.records import find_file, read_import
from valhalla.program.later import later

if TYPE_CHECKING:
    from valhalla.intake import offers
else:
    offers = later("valhalla.intake.offers")

LISTED = 1000
"""How many rejects and warnings of a file are listed; the counts are always whole."""


@dataclass
class FileResult:
    """One file of a pass. rows = new + updated + unchanged + duplicate + rejected, always."""

    path: str
    rows: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    rejected: int = 0
    offered: int = 0
    """Of the rejected rows those about buyers, who wait for a yes: see :mod:`valhalla.intake.offers`."""
    blank: int = 0
    error: dict[str, str] | None = None
    warnings: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)
    mapping: dict[str, str] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)
    """All column names of the list, in order."""
    advice: list[dict[str, Any]] = field(default_factory=list)
    """What would make more of the file usable: ``sentence``, ``command`` and figures."""

    @property
    def accepted(self) -> int:
        """Rows that are leads."""
        return self.rows - self.rejected

    @property
    def calls_for_advice(self) -> bool:
        """Whether something might make more of it usable: its columns were not understood, or over half was refused."""
        if self.error is not None:
            return self.error["code"] in ("MISSING_COLUMN", "NO_HEADER")
        return 2 * (self.rejected - self.offered) > self.rows


COUNTS = ("rows", "new", "updated", "unchanged", "duplicate", "rejected")


@dataclass
class PassResult:
    """All files of one pass."""

    files: list[FileResult]
    seconds: float

    def total(self, count: str) -> int:
        """The sum of one of :data:`COUNTS`, or of ``offered``, over the files."""
        return sum(getattr(file, count) for file in self.files)

    def as_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "files": [vars(file) for file in self.files],
            "totals": {count: self.total(count) for count in COUNTS},
            "offered": self.total("offered"),
            "seconds": round(self.seconds, 6),
        }


def of_import(database: Database, import_id: int) -> FileResult:
    """What an import did."""
    done = read_import(database, import_id)
    return FileResult(
        path=done.path,
        **{name: getattr(done, name) for name in (*COUNTS, "blank")},
        offered=offers.offered_by(database, import_id) if done.rejected else 0,
        error={"code": done.error_code, "message": done.error_message or ""} if done.error_code else None,
        warnings=_warnings(done.warnings),
        rejects=_rejects(database.sql(sql.READ_IMPORT_REJECTS, (import_id, LISTED))),
        mapping=json.loads(done.fields),
        columns=json.loads(done.names or "[]"),
    )


def of_unchanged(database: Database, path: str) -> FileResult:
    """A file that was not read again: its good rows count as unchanged, its rejects as rejected."""
    known = find_file(database, path)
    assert known is not None
    if known.error_code:
        return FileResult(path, error={"code": known.error_code, "message": known.error or ""})
    fields, warnings, names = "{}", "[]", "[]"
    if known.import_id is not None:
        last = read_import(database, known.import_id)
        fields, warnings, names = last.fields, last.warnings, last.names or "[]"
    return FileResult(
        path,
        rows=known.rows,
        unchanged=known.rows - known.rejected,
        rejected=known.rejected,
        offered=offers.offered_in(database, known.id) if known.rejected else 0,
        warnings=_warnings(warnings),
        rejects=_rejects(database.sql(sql.READ_REJECTS, (known.id, LISTED))),
        mapping=json.loads(fields),
        columns=json.loads(names),
    )


def of_problem(path: str, code: str, message: str) -> FileResult:
    """A file that could not be read at all."""
    return FileResult(path, error={"code": code, "message": message})


def _warnings(text: str) -> list[dict[str, Any]]:
    return [dict(zip(("line", "code", "message"), row, strict=True)) for row in json.loads(text)[:LISTED]]


def _rejects(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(("line", "column", "code", "message"), row, strict=True)) for row in rows]
