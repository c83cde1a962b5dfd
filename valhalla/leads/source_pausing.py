"""Pausing, stopping and resuming a source, as a person does it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from db import audit
from db.orm import fn
from valhalla.leads import sql
from valhalla.leads.source_pauses import Pause, in_force
from valhalla.leads.work_models import SourcePause
from valhalla.program import settings
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.moments import ahead

if TYPE_CHECKING:
    from db import Database

Kind = Literal["pause", "stop"]

LONGEST_REASON = 500


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
        _end(database, source, actor)
        number = SourcePause.insert(**made._asdict()).execute(database)
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
        number = _end(database, source, actor)
        audit.append(database, "source.resume", f"source_pause:{number}", {"was": found.kind}, actor=actor)
    return found


def _end(database: Database, source: str, actor: str) -> int | None:
    """End the pause of a source; its number, None: it has none."""
    standing = SourcePause.source == source, SourcePause.ended_at.is_null()
    found = SourcePause.select(SourcePause.id).where(*standing).scalar(database)
    now = database.clock()
    at = fn.min(fn.coalesce(SourcePause.until, now), now)  # it may have ended by itself
    SourcePause.update(ended_at=at, ended_by=actor).where(*standing).execute(database)
    return None if found is None else int(found)


def require(database: Database, source: str) -> None:
    """Raise :class:`NotFound`, which names the nearest one there is, unless lists or leads of this source are known."""
    if not database.value(sql.IS_SOURCE, (source,)):
        near = get_close_matches(source, [name for (name,) in database.sql(sql.ALL_SOURCES)], 1)
        hint = f"; do you mean {near[0]}?" if near else "; see: valhalla sources list"
        raise NotFound(f"there is no source {source!r}{hint}")
