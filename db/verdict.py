"""What a verification found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from db.clock import iso

ALTERED = "altered or torn"
"""Once its pages are sound, nobody can tell which of the two a file is."""

PROBLEMS_KEPT = 1000
"""Problems that are listed one by one; the rest are counted."""


class Problem(NamedTuple):
    """Something that is not as the chain says."""

    table: str
    key: Any
    what: str


@dataclass
class Verdict:
    """What a verification found. ``ok`` only when there is no problem."""

    entries: int = 0
    head: str = ""
    first_at: int | None = None
    last_at: int | None = None
    evidence: list[str] = field(default_factory=list)
    rows: int = 0
    """Rows of evidence that were hashed."""
    unwitnessed: int = 0
    """Rows of evidence that no entry witnesses."""
    redacted: int = 0
    """Rows whose personal columns were left out of this copy."""
    left_out: bool = False
    """Whether the file is a redacted copy as a whole."""
    not_yet_witnessed: int = 0
    """Newest job events, that no entry covers yet. No sign of tampering."""
    count: int = 0
    """Problems, also those that are not listed."""
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What else the reader of the verdict should know, a sentence each."""

    @property
    def ok(self) -> bool:
        """Whether everything is as the chain says."""
        return self.count == 0

    def to_json(self) -> dict[str, Any]:
        """What ``audit verify --json`` prints."""
        return {
            "ok": self.ok,
            "entries": self.entries,
            "head": self.head,
            "first_at": None if self.first_at is None else iso(self.first_at),
            "last_at": None if self.last_at is None else iso(self.last_at),
            "evidence": self.evidence,
            "rows": self.rows,
            "unwitnessed": self.unwitnessed,
            "redacted": self.redacted,
            "not_yet_witnessed": self.not_yet_witnessed,
            "problem_count": self.count,
            "problems": [problem._asdict() for problem in self.problems],
            "notes": self.notes,
        }

    def begin_with(self, other: Verdict) -> None:
        """Name the problems of another verdict before these."""
        self.problems = [*other.problems, *self.problems][:PROBLEMS_KEPT]
        self.count += other.count

    def add(self, table: str, key: Any, what: str) -> None:
        """One more problem."""
        self.count += 1
        if isinstance(key, bytes):  # of a witness that was altered
            key = key.hex()
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(Problem(table, key, what))
