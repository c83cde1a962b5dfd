"""What is different about a list's columns since the last list of its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from valhalla.intake.reading import Warning
from valhalla.intake.reading.chunk import shorten

NAMED = 5
"""Columns that a warning lists by name."""


def drift_warnings(
    old_header: Sequence[str], old_fields: Mapping[str, str], header: Sequence[str], fields: Mapping[str, str]
) -> list[Warning]:
    """Warnings about the file. ``fields``: header to field, as the columns were understood.

    A field that is read from a column of another name now counts as renamed, not as one column less and one more.
    """
    was = {field: name for name, field in old_fields.items()}
    renamed = {
        was[field]: name for name, field in fields.items() if field in was and was[field] not in header
    }
    added = [name for name in header if name not in old_header and name not in renamed.values()]
    missing = [name for name in old_header if name not in header and name not in renamed]
    warnings = [
        Warning(
            0,
            "COLUMN_RENAMED",
            f'{fields[new]} is read from column "{shorten(new)}" now, before from "{shorten(old)}"',
        )
        for old, new in renamed.items()
    ]
    if added:
        warnings.append(
            Warning(
                0, "COLUMNS_ADDED", f"columns that the last list of this source had not: {_listed(added)}"
            )
        )
    if missing:
        lost = [old_fields[name] for name in missing if name in old_fields]
        effect = f"; {' and '.join(lost)} stays blank in this list" if lost else ""
        warnings.append(
            Warning(
                0,
                "COLUMNS_MISSING",
                f"columns that the last list of this source had are missing: {_listed(missing)}{effect}",
            )
        )
    return warnings


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(shorten(name, 40) for name in names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown
