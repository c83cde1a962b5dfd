"""Reading records by the rules of a program that uses Valhalla as a library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from valhalla.intake.reading import Profile, Reject, Warning
from valhalla.intake.reading.careful import Encode, RowReader
from valhalla.intake.reading.mapping import Columns
from valhalla.intake.reading.single import read_lead
from valhalla.intake.reading.tables import text_of
from valhalla.program.errors import UsageError
from valhalla.scoring.stages.row import Row

Lead = dict[str, Any]

MOST_COLUMNS = 5_000
"""Extra columns of a list with those that own rules add."""


@dataclass(frozen=True)
class Rules:
    """What a program decides by itself; None: as documented.

    ``validate``: whether a lead, given by field name with the rest under its column names, is one. ``sanitize``: the lead
    as it is to be stored.
    """

    validate: Callable[[Lead], bool] | None = None
    sanitize: Callable[[Lead], Lead] | None = None


class OwnRules(RowReader):
    """A :class:`RowReader` that asks ``rules`` about each record. Leads that ``sanitize`` made are remembered by line."""

    def __init__(self, columns: Columns, profile: Profile, source: str, rules: Rules) -> None:
        super().__init__(columns, profile, source)
        self.own = rules
        self.sanitized: dict[int, Lead] = {}

    def row(self, cells: Sequence[str], line: int, raw: str, warnings: list[Warning]) -> Row | Reject | None:
        """See :meth:`RowReader.row`. What cannot be taken apart, or stored at all, is refused whatever the rules say."""
        noticed: list[Warning] = []
        found = super().row(cells, line, raw, noticed)
        if found is None or (
            isinstance(found, Reject) and found.code in ("CELLS_TOO_MANY", "HEADER_REPEATED")
        ):
            return found
        lead = self._lead_of_cells(cells)
        if self.own.validate is None:
            if isinstance(found, Reject):
                return found
        elif not self.own.validate(lead):
            if isinstance(found, Reject):
                return found
            return Reject(line, None, "OWN_RULE", "The row is refused by a rule of this program", None, raw)
        if self.own.sanitize is not None:
            lead = self.own.sanitize(lead)
            found = self._stored(lead, line, raw, cells, noticed)
            if isinstance(found, Row):
                self.sanitized[line] = lead
        elif isinstance(found, Reject):
            found = self._stored(lead, line, raw, cells, noticed)
        warnings.extend(noticed)
        return found

    def _lead_of_cells(self, cells: Sequence[str]) -> Lead:
        mapping = self.columns.mapping
        lead: Lead = {
            mapping.get(name, name): cell for name, cell in zip(self.columns.header, cells, strict=False)
        }
        for field in ("name", "email", "value", "location", "phone"):
            lead.setdefault(field, "")
        if not lead["name"] and ("first_name" in lead or "last_name" in lead):
            lead["name"] = " ".join(filter(None, (lead.get("first_name", ""), lead.get("last_name", ""))))
        return lead

    def _stored(
        self, lead: Mapping[str, Any], line: int, raw: str, cells: Sequence[str], warnings: list[Warning]
    ) -> Row | Reject:
        """The row of a lead that own rules accept or made: neither email nor phone is demanded of it."""
        known = {
            name: value for name, value in lead.items() if name != "ingestion_date" and value is not None
        }
        profile = replace(self.profile, contact="email" if known.get("email") else "either")
        row, noticed, columns = read_lead(known, profile, source=self.source)
        if isinstance(row, Reject):
            return row._replace(line=line, raw=raw)
        warnings.extend(warning._replace(line=line) for warning in noticed)
        self._add_columns(columns.extras)
        kept = [
            lead.get(header, cells[at] if at < len(cells) else "")
            for at, header in zip(self.columns.extra_index, self.columns.extras, strict=False)
        ]
        kept += [lead.get(name) for name in self.columns.extras[len(kept) :]]
        extras = Encode([text_of(cell) for cell in kept]) if kept else None
        # What the own rules made counts, not what the cells say: another result of the same cells is something new.
        return row._replace(line=line, extras=extras)

    def _add_columns(self, names: Sequence[str]) -> None:
        """Columns that the own rules made stand behind the list's own, in the order in which they first came. They are
        added where the source gives them (``Source.extras`` is the same list)."""
        known = {*self.columns.header, *self.columns.extras}
        self.columns.extras.extend(name for name in names if name not in known)
        if len(self.columns.extras) > MOST_COLUMNS:
            raise UsageError(
                f"sanitize_lead makes more than {MOST_COLUMNS:,} different columns; put what differs from lead to lead "
                "into the cells, not into the names"
            )
