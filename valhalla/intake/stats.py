"""What a run has done so far, and the report of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from db.clock import SECOND, iso
from valhalla.intake.results import COUNTS, PassResult
from valhalla.program.files import write_report

STATS_NAME = "continuous_ingestion_stats.json"

Status = Literal["INITIALIZING", "RUNNING", "STOPPED"]


@dataclass
class RunStats:
    """Counts of one run. Records are counted each time they are read, so three cycles over ten rows make thirty."""

    started_at: int
    """UTC microseconds."""
    status: Status = "INITIALIZING"
    cycles: int = 0
    failed: int = 0
    """Cycles in which a list could not be read."""
    rows: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    rejected: int = 0
    seconds: float = 0.0
    """Spent in cycles."""
    last_cycle_at: int | None = None
    audit: dict[str, Any] | None = None
    """The end of the audit chain when the report was made."""

    @property
    def valid(self) -> int:
        """Records that are leads."""
        return self.rows - self.rejected

    @property
    def success_rate(self) -> float | None:
        """Valid records in percent of those read; None before any was read."""
        return 100.0 * self.valid / self.rows if self.rows else None

    @property
    def leads_per_second(self) -> float | None:
        """Records read per second spent in cycles; None before any was read."""
        return self.rows / self.seconds if self.rows and self.seconds > 0 else None

    def add(self, result: PassResult, finished_at: int) -> None:
        """Count a finished cycle."""
        self.cycles += 1
        self.seconds += result.seconds
        self.last_cycle_at = finished_at
        self.failed += any(file.error is not None for file in result.files)
        for count in COUNTS:
            setattr(self, count, getattr(self, count) + result.total(count))

    def as_json(self, now: int) -> dict[str, Any]:
        """The documented report, as of ``now``."""
        rate = self.success_rate
        return {
            "start_time": iso(self.started_at),
            "status": self.status,
            "cycles_completed": self.cycles,
            "cycles_failed": self.failed,
            "total_leads": self.rows,
            "valid_leads": self.valid,
            "invalid_leads": self.rejected,
            "new_leads": self.new,
            "updated_leads": self.updated,
            "unchanged_leads": self.unchanged,
            "duplicate_leads": self.duplicate,
            "success_rate": None if rate is None else round(rate, 4),
            "success_rate_reason": "no record has been read yet" if rate is None else None,
            "uptime_seconds": round(max(now - self.started_at, 0) / SECOND, 3),
            "last_cycle_time": iso(self.last_cycle_at) if self.last_cycle_at else None,
            "last_update": iso(now),
            "audit": self.audit,
        }

    def save(self, folder: Path, now: int) -> Path:
        """Write the report into ``folder``; returns its path."""
        path = folder / STATS_NAME
        write_report(path, self.as_json(now))
        return path
