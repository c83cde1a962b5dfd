"""Repairing a refused row where it is shown: other cells, and it is read again by the rules of its list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from db import audit
from valhalla.intake import sql
from valhalla.intake.by_hand import store_row
from valhalla.intake.plan import Reading
from valhalla.intake.reading import Position, Reject, Warning
from valhalla.intake.reading.careful import RowReader
from valhalla.intake.reading.mapping import columns_for
from valhalla.intake.reading.tables import csv_line, raw_cells
from valhalla.intake.source_rules import source_rules
from valhalla.intake.store import header_id
from valhalla.leads import suppression
from valhalla.leads.suppression import Match
from valhalla.program.errors import NotFound, UsageError

if TYPE_CHECKING:
    from db import Database

MORE = "_more"
"""What the cells are called that a row has beyond its list's columns."""
PATH = "(repaired)"
"""Begins the path of the import of a repaired row; the list's name follows."""


class Refused(NamedTuple):
    """A refused row as it can be repaired."""

    id: int
    import_id: int
    source_id: int
    source: str
    path: str
    line: int
    cells: dict[str, str]
    """By column name; what has none is left out."""
    mapping: dict[str, str]


class Repaired(NamedTuple):
    """What became of a repaired row."""

    lead: int
    what: str
    """``new``, ``updated``, ``unchanged`` or ``duplicate``."""
    import_id: int


def find(database: Database, number: int) -> Refused:
    """An open refused row. Raises :class:`NotFound`."""
    row = database.one(sql.REJECT_TO_REPAIR, (number,))
    if row is None:
        raise NotFound(f"there is no refused row {number} that waits; see: valhalla leads rejects")
    reject, import_id, source_id, source, path, line, raw, names, fields, delimiter = row
    header: list[str] = json.loads(names or "[]")
    cells = raw_cells(raw or "", delimiter or ",")
    by_name = dict(zip(header, [*cells, *[""] * len(header)], strict=False))
    if any(cell.strip() for cell in cells[len(header) :]):
        by_name[MORE] = csv_line(cells[len(header) :])
    return Refused(reject, import_id, source_id, source, path, line, by_name, json.loads(fields))


def who(refused: Refused) -> tuple[str | None, str | None]:
    """The name and the address in a refused row, as far as its columns are known."""

    def said(*fields: str) -> str | None:
        texts = [
            refused.cells.get(column, "").strip()
            for field in fields
            for column, known in refused.mapping.items()
            if known == field
        ]
        return " ".join(filter(None, texts)) or None

    name = said("name") or said("first_name", "last_name") or said("company")
    address = said("address") or said("mailing_address")
    place = said("city", "state", "zip") or said("location")
    return name, ", ".join(filter(None, (address, place))) or None


def repair(database: Database, number: int, cells: Mapping[str, str], *, actor: str = "operator") -> Repaired:
    """Read a refused row again with other cells: it becomes a lead of its list and closes the refusal. Undone like any import.
    Audited and durable. Raises :class:`NotFound`, and :class:`UsageError` with the reason where it is refused again."""
    with database.write(durable=True):
        refused = find(database, number)
        unknown = [column for column in cells if column not in refused.cells]
        if unknown:
            raise UsageError(
                f"the list has no column {unknown[0]!r}; it has {', '.join(list(refused.cells)[:20])}"
            )
        if cells.get(MORE, refused.cells.get(MORE, "")).strip():
            raise UsageError(
                f"the row has more cells than the list has columns; put those in {MORE} where they belong, and empty it"
            )
        whole = {**refused.cells, **{column: text.strip() for column, text in cells.items()}}
        profile, mappings = source_rules(database, refused.source)
        whole.pop(MORE, None)
        header = list(whole)
        mapping = mappings.get(json.dumps(header, ensure_ascii=False)) or refused.mapping
        columns = columns_for(header, profile, path=refused.path, mapping=mapping)
        warnings: list[Warning] = []
        texts = list(whole.values())
        row = RowReader(columns, columns.profile, refused.source).row(
            texts, refused.line, csv_line(texts), warnings
        )
        if row is None:
            raise UsageError("the row is empty; leave it refused, or fill its cells")
        if isinstance(row, Reject):
            raise UsageError(f"line {refused.line} is refused still: {row.message}")
        known = suppression.load(database)
        if known.forgotten and known.about_forgotten(row) is not Match.NO:
            raise UsageError("the row may be about somebody who asked to be forgotten; it stays refused")
        now, start = database.clock(), Position().to_json()
        path = f"{PATH} {PurePath(refused.path).name}"
        database.sql(sql.ADD_FILE, (path, refused.source_id))
        file_id = int(database.value(sql.FILE_CALLED, (path,)))
        import_id = database.value(
            sql.START, (file_id, refused.source_id, path, "tail", start, start, "{}", now)
        )
        extras = header_id(database, columns.extras) if columns.extras else None
        database.sql(
            sql.DESCRIBE,
            (
                *("utf-8", ",", extras, json.dumps(columns.mapping, ensure_ascii=False)),
                *(
                    json.dumps(header, ensure_ascii=False),
                    json.dumps([list(each) for each in warnings]),
                    import_id,
                ),
            ),
        )
        reading = Reading(
            import_id, file_id, refused.source_id, extras, now, tail=True, merge=columns.profile.merge
        )
        lead, what = store_row(database, row, reading, known, fixes={row.line: number})
        audit.append(
            database,
            "reject.repair",
            f"import:{import_id}",
            {"reject": number, "lead": lead, "what": what},
            actor=actor,
        )
    return Repaired(lead, what, int(import_id))
