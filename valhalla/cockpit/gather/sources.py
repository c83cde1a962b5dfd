"""Sources as pages show them: with what they are worth, which is worked out in the background."""

from __future__ import annotations

from typing import Any

from db import Database
from valhalla.cockpit.gather import imports
from valhalla.cockpit.state import Cockpit
from valhalla.intake import source_quality


def source(here: Cockpit, name: str) -> dict[str, Any]:
    """One source with the whole of its rules and its worth; ``worth`` is None while that is worked out. Raises :class:`NotFound`."""
    found = imports.source(here.database, name)
    return {**found, "worth": worth(here).get(name)}


def listed(here: Cockpit) -> dict[str, Any]:
    """Every source with its worth, and which to pause with the evidence."""
    known = worth(here)
    found = imports.sources(here.database)["sources"]
    return {"sources": [{**each, "worth": known.get(each["name"])} for each in found]}


def worth(here: Cockpit) -> dict[str, Any]:
    """By name; empty while it is worked out for the first time."""

    def count(database: Database) -> dict[str, Any]:
        return {name: each.to_json() for name, each in source_quality.qualities(database).items()}

    of = source_quality.version(here.database)
    known = here.figures.get("source worth", count, of=of, seconds=0.0)
    return known.value if known else {}
