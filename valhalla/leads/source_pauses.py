"""Sources that are paused or stopped: whose leads are not called for a while.

Nothing is written to the leads: a pause is one row, and the call list passes over the sources that have one. So a pause takes no
time however many leads the source has, and one that ends by itself needs nobody to end it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from db import audit
from db.clock import iso
from valhalla.leads import sql
from valhalla.program import settings
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.moments import ahead
from valhalla.program.wording import date

if TYPE_CHECKING:
    from db import Database

Kind = Literal["pause", "stop"]

LONGEST_REASON = 500


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
    """What a person is told of a pause: "paused until 2026-12-15 (too many wrong numbers); its lists are still read"."""
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


def pause(
    database: Database,
    source: str,
    kind: Kind,
    reason: str,
    *,
    until: str | None = None,
    actor: str = "operator",
) -> Pause:
    """Keep the leads of a source off the call list (and, to ``stop`` it, its lists unread); in the place of a pause it has.

    ``until`` is as a person types it, such as 2w or 2027-01-15; None: until somebody resumes it. Audited and durable. Raises
    :class:`UsageError` without a reason or for a time that has passed, :class:`NotFound` for a source that is not there.
    """
    reason, now = reason.strip(), database.clock()
    if not reason:
        raise UsageError("say why, for those who find its leads missing: --reason TEXT")
    if len(reason) > LONGEST_REASON:
        raise UsageError(f"that reason has {len(reason):,} characters; {LONGEST_REASON} are allowed")
    end = ahead(until, now, settings.value(database, "timezone")) if until and until.strip() else None
    if end is not None and end <= now:
        raise UsageError(f"{until!r} is not in the future; write it as 2w or 2027-01-15")
    with database.write(durable=True):
        require(database, source)
        made = Pause(source, kind, reason, end, now, actor)
        database.sql(sql.END_PAUSE, (now, actor, source))
        number = database.value(sql.ADD_PAUSE, made)
        audit.append(database, f"source.{kind}", f"source_pause:{number}", {"until": end}, actor=actor)
    return made


def resume(database: Database, source: str, *, actor: str = "operator") -> Pause:
    """End the pause of a source: its leads are called and its lists read again. Audited and durable. Raises
    :class:`UsageError` when it is not paused, :class:`NotFound` for a source that is not there."""
    with database.write(durable=True):
        require(database, source)
        found = in_force(database).get(source)
        if found is None:
            raise UsageError(f"the source {source} is not paused")
        number = database.value(sql.END_PAUSE, (database.clock(), actor, source))
        audit.append(database, "source.resume", f"source_pause:{number}", {"was": found.kind}, actor=actor)
    return found


def require(database: Database, source: str) -> None:
    """Raise :class:`NotFound`, which names the nearest one there is, unless lists or leads of this source are known."""
    if not database.value(sql.IS_SOURCE, (source,)):
        near = get_close_matches(source, [name for (name,) in database.sql(sql.ALL_SOURCES)], 1)
        hint = f"; do you mean {near[0]}?" if near else "; see: valhalla sources list"
        raise NotFound(f"there is no source {source!r}{hint}")
