"""Sources that are paused or stopped: whose leads are not called for a while.

Nothing is written to the leads: a pause is one row, and the call list passes over the sources that have one. So a pause takes no
time however many leads the source has, and one that ends by itself needs nobody to end it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from db.clock import iso
from valhalla.leads import sql
from valhalla.program.wording import date

if TYPE_CHECKING:
    from db import Database


class Pause(NamedTuple):
    """Why a source's leads are not called, since when and until when; times are UTC microseconds."""

    source: str
    kind: str
    """``pause``: its lists are still read. ``stop``: they are not."""
    reason: str
    until: int | None
    at: int
    by: str

    def to_json(self) -> dict[str, Any]:
        """As shown."""
        return {
            "kind": self.kind,
            "reason": self.reason,
            "until": None if self.until is None else iso(self.until),
            "since": iso(self.at),
            "by": self.by,
            "says": as_text(self),
        }


def as_text(pause: Pause) -> str:
    """A pause in words: "paused until 2026-12-15 (too many wrong numbers); its lists are still read"."""
    what, lists = ("stopped", "not read") if pause.kind == "stop" else ("paused", "still read")
    until = "until you resume it" if pause.until is None else f"until {date(pause.until)}"
    return f"{what} {until} ({pause.reason}); its lists are {lists}"


def in_force(database: Database) -> dict[str, Pause]:
    """The pauses of now, by the name of the source. One that was to end by now has ended."""
    rows = database.sql(sql.PAUSES_IN_FORCE, (database.clock(),))
    return {pause.source: pause for pause in map(Pause._make, rows)}


def files(database: Database, sources: Sequence[str]) -> list[int]:
    """The numbers of the lists of these sources."""
    if not sources:
        return []
    return [number for (number,) in database.sql(sql.FILES_OF_SOURCES, (json.dumps(sources),))]


def stopped(database: Database, source: str) -> Pause | None:
    """The stop of a source, whose lists are not to be read; None: they are."""
    found = in_force(database).get(source)
    return found if found is not None and found.kind == "stop" else None
