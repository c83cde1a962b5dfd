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
    digest = gather(database)
    if (
        not digest_path(home, digest["date"]).exists()
        or not digest_path(home, digest["date"], "txt").exists()
    ):
        write(database, home)
    subject = f"Valhalla, {digest['date']}: {summary(digest)}"
    return drafting.digest(database, to, digest["date"], subject, actor=actor)
