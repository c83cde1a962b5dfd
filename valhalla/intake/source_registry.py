"""The registry of sources: what was set up, what was read, where its leads come from, and how good they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valhalla.intake.source_quality import Quality, qualities
from valhalla.intake.source_settings import all_sources
from valhalla.leads import source_pauses
from valhalla.leads.source_pausing import require

if TYPE_CHECKING:
    from db import Database


def registry(database: Database) -> list[dict[str, Any]]:
    """Every source: those that lists belong to, and behind them those that lists only name. A look at every lead."""
    with database.view():
        found, judged = all_sources(database), qualities(database)
        pauses = source_pauses.in_force(database)
        known = {source["name"] for source in found}
        for name in sorted(judged.keys() - known):
            found.append(_named_only(name, pauses.get(name)))
        return [
            {**source, **judged.get(source["name"], Quality(source["name"])).to_json()} for source in found
        ]


def one(database: Database, name: str) -> dict[str, Any]:
    """One of them. Raises :class:`valhalla.program.errors.NotFound`, which names the nearest."""
    require(database, name)
    return next(source for source in registry(database) if source["name"] == name)


def _named_only(name: str, pause: source_pauses.Pause | None) -> dict[str, Any]:
    return {
        "name": name,
        "pattern": None,
        "profile": {},
        "mappings": [],
        "files": 0,
        "rows": 0,
        "rejected": 0,
        "pause": None if pause is None else pause.to_json(),
    }
