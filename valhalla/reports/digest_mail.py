"""The digest as a mail: drafted like any effect, sent when a person approves it and the lock is off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valhalla.effects import drafting
from valhalla.program.home import digest_path
from valhalla.reports.digest import gather
from valhalla.reports.digest_page import summary, write

if TYPE_CHECKING:
    from db import Database
    from valhalla.program.home import Home


def draft(database: Database, home: Home, to: str, actor: str = "valhalla") -> dict[str, Any]:
    """Draft today's digest to ``to``; writes it first where it is not in ``logs/`` yet. Returns the effect."""
    told = gather(database)
    if not digest_path(home, told["date"]).exists() or not digest_path(home, told["date"], "txt").exists():
        write(database, home)
    subject = f"Valhalla, {told['date']}: {summary(told)}"
    return drafting.digest(database, to, told["date"], subject, actor=actor)
