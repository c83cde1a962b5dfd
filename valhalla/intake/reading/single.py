"""One lead that does not come from a file: typed by a person, or given by a program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from valhalla.intake.reading.careful import RowReader
from valhalla.intake.reading.chunk import Reject, Warning
from valhalla.intake.reading.mapping import Columns, columns_for, recognise
from valhalla.intake.reading.profile import Profile
from valhalla.intake.reading.tables import csv_line, text_of
from valhalla.scoring.stages.row import Row


def read_lead(
    lead: Mapping[str, Any],
    profile: Profile | None = None,
    mapping: Mapping[str, str] | None = None,
    *,
    source: str = "csv",
) -> tuple[Row | Reject, list[Warning], Columns]:
    """Check and clean one lead given by column name; the same rules as for a line of a file.

    Returns the lead or the reject (its line is 1), warnings, and the columns as they were understood. A required
    field that is not there at all counts as blank.
    """
    profile = profile or Profile()
    cells = {str(name): text_of(value) for name, value in lead.items()}
    known = set((recognise(list(cells)) if mapping is None else mapping).values())
    for field in ("name", "email", "phone", "value"):
        if field not in known and not (field == "name" and {"first_name", "last_name"} & known):
            cells.setdefault(field, "")
    columns = columns_for(list(cells), profile, path="the lead", mapping=mapping)
    warnings: list[Warning] = []
    values = list(cells.values())
    raw = csv_line(values)
    found = RowReader(columns, columns.profile, source).row(values, 1, raw, warnings)
    if found is None:
        found = Reject(
            1, None, "MISSING_NAME", "Missing fields in lead data: ['name', 'email', 'value']", None, raw
        )
    return found, warnings, columns
