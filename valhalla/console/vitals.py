"""How the boards' sources have answered since the program started."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class Vitals:
    """One source: a Redis, a service, a file."""

    answered_at: int | None = None
    """When it answered last, UTC milliseconds."""
    failed_at: int | None = None
    took_ms: float | None = None
    """Milliseconds that its last answer took."""
    answers: int = 0
    failures: int = 0
    failures_in_a_row: int = 0

    def answered(self, at: int, seconds: float) -> None:
        """Count an answer."""
        self.answered_at, self.took_ms = at, round(seconds * 1000, 2)
        self.answers += 1
        self.failures_in_a_row = 0

    def failed(self, at: int) -> None:
        """Count a failure."""
        self.failed_at = at
        self.failures += 1
        self.failures_in_a_row += 1

    def to_json(self) -> dict[str, Any]:
        """As ``/api/sources`` shows it."""
        return asdict(self)
