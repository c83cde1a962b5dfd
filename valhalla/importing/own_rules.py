"""Reading records by the rules of a program that uses Valhalla as a library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from valhalla.reading import Profile, Reject, Warning, read_lead
from valhalla.reading.careful import Encode, RowReader
from valhalla.reading.mapping import Columns
from valhalla.reading.tables import text_of
from valhalla.row import Row

Lead = dict[str, Any]


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
        row, noticed, _ = read_lead(known, profile, source=self.source)
        if isinstance(row, Reject):
            return row._replace(line=line, raw=raw)
        warnings.extend(warning._replace(line=line) for warning in noticed)
        extras = None
        if self.columns.extra_index:
            header = self.columns.header
            extras = Encode(
                [
                    text_of(lead.get(header[at], cells[at] if at < len(cells) else ""))
                    for at in self.columns.extra_index
                ]
            )
        # What the own rules made counts, not what the cells say: another result of the same cells is something new.
        return row._replace(line=line, extras=extras)
