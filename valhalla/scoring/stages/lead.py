"""What the stages read from a stored lead and what they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

STAGES: tuple[tuple[str, str], ...] = (
    ("assignment", "A/B Test Tracking"),
    ("promotion", "Script Promotion"),
    ("packet", "Deal Packet"),
    ("outcome", "Outcome Evaluation"),
    ("clone", "Clone Readiness"),
    ("score", "Lead Scoring"),
)
"""The six stages in order: key and the title people see."""


class Decision(NamedTuple):
    """The stage columns of table ``lead``, in their order. None is "unknown", never a default."""

    variant_id: int | None
    bucket: int | None
    """0 to 9999."""
    script_id: int | None
    packet: str
    """READY, ESTIMATED, INCOMPLETE, NEGATIVE or OVER."""
    mao: int | None
    """Maximum allowable offer, cents."""
    spread: int | None
    """MAO - asking price, cents."""
    p_close: int | None
    """Probability to close, parts per million."""
    expected_value: int | None
    """Cents."""
    clone: str
    """READY, NOT YET or INSUFFICIENT DATA."""
    score_base: int
    """The part of the score that time does not change, in hundredths of a point; may be below zero."""
    score: int
    """0 to 100, as of ``decided_at``."""
    policy_version: int
    snapshot_id: int
    decided_at: int


class StageResult(NamedTuple):
    """What one stage says of one lead, with everything needed to recompute it."""

    stage: str
    decision: str
    numbers: dict[str, Any]
    """JSON values. A key ends in its unit: ``_cents``, ``_ppm`` (parts per million), ``_points``."""
    reasons: list[str]
    policy_version: int
    at: int


class StoredLead(NamedTuple):
    """One lead as table ``lead`` has it: what the stages read, and what they once decided."""

    id: int
    identity: int
    name: str
    email: str | None
    phone: str | None
    value: int | None
    location: str | None
    source: str
    market: str | None
    state: str | None
    list_date: int | None
    address: str | None
    arv: int | None
    repairs: int | None
    sqft: int | None
    condition: str | None
    beds: int | None
    distress: str | None
    phone_key: int | None
    warnings: str | None
    person: int | None
    lists: int
    created_at: int
    status: str
    contacts: int
    last_contact: int | None
    hold_until: int | None
    suppressed: str | None
    standing: str | None
    """The finer word where ``status`` is too coarse: interested, not_interested, offer or sold."""
    details: str | None
    """What else lists say, as JSON; formula 2 reads it."""
    decision: Decision

    @property
    def stands(self) -> str:
        """Where the conversation is, in the finest word there is."""
        return self.standing or self.status

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> StoredLead:
        """Make one from the columns of :data:`STORED`, in their order."""
        return cls._make((*row[:_OWN], Decision._make(row[_OWN:])))

    @classmethod
    def from_columns(cls, columns: Mapping[str, Any]) -> StoredLead:
        """Make one from the columns of a row of table ``lead``, by name; columns it does not need are ignored.

        ``KeyError`` names a column that is missing.
        """
        decision = Decision(*[columns[name] for name in Decision._fields])
        return cls._make([*(columns[name] for name in cls._fields[:-1]), decision])


_OWN = len(StoredLead._fields) - 1

STORED = (*StoredLead._fields[:_OWN], *Decision._fields)
"""The columns a :class:`StoredLead` is made of."""

SHOWN = ("extras", "header_id", "file_id", "import_id", "line")
"""And what is shown next to it."""

COLUMNS = ", ".join((*STORED, *SHOWN))
"""All of them, as a statement names them."""
