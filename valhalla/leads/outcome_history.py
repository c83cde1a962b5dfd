"""The outcomes that were recorded on a lead, as they stand in its file."""

from __future__ import annotations

from typing import Any, NamedTuple

from db import Database
from db.clock import iso
from valhalla.leads import sql
from valhalla.leads.standing import Counted, Event, counted
from valhalla.program.wording import in_dollars


class Entry(NamedTuple):
    """One recorded outcome; times are UTC microseconds, money is cents."""

    id: int
    at: int
    event: str
    amount: int | None
    channel: str | None
    reason: str | None
    until: int | None
    recorded_by: str
    undone_at: int | None
    number: str | None
    note: str | None

    def to_json(self) -> dict[str, Any]:
        """Its documented shape: times as ISO 8601, money in dollars."""
        return {
            **self._asdict(),
            "at": iso(self.at),
            "amount": in_dollars(self.amount),
            "until": None if self.until is None else iso(self.until),
            "undone_at": None if self.undone_at is None else iso(self.undone_at),
        }


def count_of(database: Database, lead_id: int) -> Counted:
    """Dials and conversations of a lead, as far as they stand."""
    return counted(Event(*row) for row in database.sql(sql.EVENTS_OF_LEAD, (lead_id,)))


def outcomes_of(database: Database, lead_id: int) -> list[Entry]:
    """What was recorded on a lead in the order in which it happened, with what was undone."""
    return [Entry._make(row) for row in database.sql(sql.OUTCOMES, (lead_id,))]
