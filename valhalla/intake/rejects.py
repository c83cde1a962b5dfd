"""Rows that were refused: listed, and as a file that can be repaired and dropped into the inbox again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db import Database
from valhalla.intake import offers, repairing, sql
from valhalla.intake.reading.tables import csv_line, raw_cells
from valhalla.leads.export import write_csv
from valhalla.program.errors import InputError, NotFound
from valhalla.program.files import whole

if TYPE_CHECKING:
    from valhalla.leads.traces import Traces

OURS = ("_reject", "_line", "_reason", "_field")
"""Columns that stand in front of a list's own."""

MORE = "_more"
"""Last column, where the cells beyond the header stand, of rows that had too many; the reader wants it empty."""


_COLUMN = {"source": "s.name", "import_id": "r.import_id", "code": "r.code"}


@dataclass(frozen=True)
class Choice:
    """Which open rejects are meant; None: all."""

    source: str | None = None
    import_id: int | None = None
    code: str | None = None

    def read(self, database: Database, text: str, **more: Any) -> list[tuple[Any, ...]]:
        """What a statement of this module finds of these."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        which = "".join(f" AND {_COLUMN[name]} = :{name}" for name in given)
        if self.code is None:
            which += f" AND r.code <> '{offers.CODE}'"  # these wait as offers
        return database.sql(text.format(which=which), given | more)


def listed(database: Database, choice: Choice, limit: int, after: int = 0) -> list[dict[str, Any]]:
    """Open rejects in the order in which they came."""
    names = ("id", "file", "import_id", "line", "column", "code", "message", "value", "source")
    rows = choice.read(database, sql.OPEN_REJECTS, limit=limit, after=after)
    return [dict(zip(names, row, strict=True)) for row in rows]


def with_people(database: Database, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows with the name, the address and the cells of each, for a person who knows them by these."""
    shown = []
    for each in found:
        try:
            refused = repairing.find(database, each["id"])
        except NotFound:  # of somebody who may have been forgotten nothing is shown
            shown.append({**each, "name": None, "address": None, "cells": {}})
            continue
        name, address = repairing.who(refused)
        shown.append({**each, "name": name, "address": address, "cells": refused.cells})
    return shown


def counts(database: Database, choice: Choice) -> dict[str, int]:
    """How many are open, by code, most first."""
    return dict(choice.read(database, sql.OPEN_REJECTS_BY_CODE))


def export(database: Database, target: Path, choice: Choice) -> list[dict[str, Any]]:
    """Write the open rejects as CSV, one file per source: ``target``, or next to it with the source in the name.

    Cells are neutralised for spreadsheets; the reader takes that away again. Raises :class:`InputError`.
    """
    sources = choice.read(database, sql.OPEN_REJECTS_BY_SOURCE)
    written = []
    for name, _ in sources:
        one = Choice(name, choice.import_id, choice.code)
        path = target if len(sources) == 1 else target.with_name(f"{target.stem}-{name}{target.suffix}")
        written.append({"file": str(path), "source": name, "rejects": _write(database, path, one)})
    return written


def _write(database: Database, path: Path, choice: Choice) -> int:
    columns = _columns(database, choice)
    place = {name: number for number, name in enumerate(columns)}
    try:
        with whole(path) as part, open(part, "w", encoding="utf-8", newline="") as file:
            return write_csv(file, (*OURS, *columns), _rows(database, choice, place))
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None


def _columns(database: Database, choice: Choice) -> list[str]:
    columns: dict[str, None] = {}
    for names, fields, _ in choice.read(database, sql.HEADERS_OF_REJECTS):
        columns.update(dict.fromkeys(json.loads(names) if names else json.loads(fields)))
    if any(len(cells) > len(names) for _, cells, names in _records(database, choice)):
        columns[MORE] = None
    return [name for name in columns if name not in OURS]


def _records(
    database: Database, choice: Choice
) -> Iterator[tuple[tuple[int, int, str, str | None], list[str], list[str]]]:
    [(first,)] = choice.read(database, sql.FIRST_REJECT)
    while page := choice.read(database, sql.RAW_REJECTS, first=first):
        for number, line, message, column, raw, names, delimiter in page:
            cells = raw_cells(raw or "", delimiter or ",")
            yield (number, line, message, column), cells, json.loads(names) if names else []
        first = number + 1


def _rows(database: Database, choice: Choice, place: dict[str, int]) -> Iterator[Sequence[object]]:
    for (number, line, message, column), cells, names in _records(database, choice):
        row: list[str] = [""] * len(place)
        for name, cell in zip(names, cells, strict=False):
            if name in place:  # columns of an earlier export are not repeated
                row[place[name]] = cell
        if len(cells) > len(names):
            row[place[MORE]] = csv_line(cells[len(names) :])
        yield (number, line, message, column or "", *row)


def forget(database: Database, traces: Traces) -> int:
    """Blank the refused rows that name the people; inside the caller's transaction. Returns how many."""
    after, count = 0, 0
    while page := database.sql(sql.REJECTED_TEXTS, (after,)):
        found = [(number,) for number, *texts in page if any(map(traces.in_text, texts))]
        database.many(sql.BLANK_REJECT, found)
        count += len(found)
        after = page[-1][0]
    return count
