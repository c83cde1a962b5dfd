"""A glance at a list: its columns, which field each is or might be, and the first cells of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from db import Database
from valhalla.intake.reading import Profile, Reject, SourceError, Warning, open_source
from valhalla.intake.reading.careful import RowReader
from valhalla.intake.reading.header import REJECT_COLUMNS
from valhalla.intake.reading.mapping import Columns, recognise
from valhalla.intake.reading.recognition import Doubt
from valhalla.intake.request import Request
from valhalla.intake.source_rules import mapping_of, source_rules
from valhalla.intake.watchdog import Patience, Watchdog
from valhalla.scoring.stages.row import Row

SAMPLES = 3
ROWS = 20
"""Records that are looked at."""

LONGEST = 60
"""Letters of a cell."""


def glance(database: Database, path: Path, source: str) -> dict[str, Any]:
    """``{columns: [{name, field, guessed, asked, samples}], error}``: ``field`` is what the column is read as, or would be if the
    suggestion is accepted (then ``guessed``); None: an extra column. ``asked``: ``{field, question}`` where a person is asked whether
    it is that field. ``error``: why the list cannot be read as it is."""
    profile, _ = source_rules(database, source)
    error: dict[str, str] | None = None
    try:
        mapping = mapping_of(database, Request(str(path), source))
        header, fields, cells, doubts = _read(path, profile, mapping, source)
        guessed: set[str] = set()
    except SourceError as problem:
        error = {"code": problem.code, "message": problem.message}
        header, fields = problem.header, problem.suggestion or recognise(problem.header)
        known = recognise(problem.header)
        guessed = {name for name, field in problem.suggestion.items() if known.get(name) != field}
        cells = _cells(path, profile, header, source) if header else []
        doubts = ()
    asked = {each.header: {"field": each.field, "question": each.question} for each in doubts}
    return {
        "columns": [
            {
                "name": name,
                "field": fields.get(name),
                "guessed": name in guessed,
                "asked": asked.get(name),
                "samples": _samples(cells, number),
            }
            for number, name in enumerate(header)
            if name not in REJECT_COLUMNS
        ],
        "error": error,
    }


class _Seen(NamedTuple):
    """What the beginning of a list shows."""

    header: list[str]
    mapping: dict[str, str]
    cells: list[list[str]]
    doubts: tuple[Doubt, ...]


class _Watched(RowReader):
    """Notes the cells of the first records."""

    def __init__(self, columns: Columns, profile: Profile, source: str, seen: list[list[str]]) -> None:
        super().__init__(columns, profile, source)
        self._seen = seen

    def row(self, cells: Sequence[str], line: int, raw: str, warnings: list[Warning]) -> Row | Reject | None:
        if len(self._seen) < ROWS and any(cell.strip() for cell in cells):
            self._seen.append(list(cells))
        return super().row(cells, line, raw, warnings)


def _read(path: Path, profile: Profile, mapping: Mapping[str, str] | None, source: str) -> _Seen:
    seen: list[list[str]] = []

    def watched(columns: Columns, profile: Profile, source: str) -> RowReader:
        return _Watched(columns, profile, source, seen)

    patience = Patience(path)

    def read() -> _Seen:
        with open_source(
            path, profile, mapping, source=source, rows=watched, progress=patience.progress
        ) as opened:
            opened.read(ROWS, final=True)
            return _Seen(opened.header, opened.mapping, seen, opened.columns.doubts)

    with Watchdog(patience) as watchdog:
        return watchdog.call(read)


def _cells(path: Path, profile: Profile, header: Sequence[str], source: str) -> list[list[str]]:
    """The first cells of a list whose columns are not known yet: any three will do to have it opened."""
    anyhow = dict(zip(header, ("name", "email", "value"), strict=False))
    try:
        return _read(path, replace(profile, contact="email", required=()), anyhow, source).cells
    except SourceError:
        return []


def _samples(rows: list[list[str]], number: int) -> list[str]:
    found = dict.fromkeys(row[number].strip() for row in rows if number < len(row) and row[number].strip())
    return [text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…" for text in list(found)[:SAMPLES]]
