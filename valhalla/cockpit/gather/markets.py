"""Markets side by side and what is proposed about them, worked out next to the pages: each is a look at every lead."""

from __future__ import annotations

from typing import Any

from valhalla.cockpit.gather import sources
from valhalla.cockpit.state import Cockpit
from valhalla.leads import market_profiles, source_pauses


def listed(here: Cockpit) -> list[dict[str, Any]] | None:
    """Every market, the one with the most leads first; None while that is worked out for the first time."""
    of = market_profiles.version(here.database)
    known = here.figures.get("market profiles", market_profiles.profiles, of=of, seconds=0.0)
    return known.value if known else None


def proposals(here: Cockpit) -> dict[str, list[dict[str, Any]]]:
    """What the program proposes and a person decides: sources to pause, each with its evidence, and shares of ARV."""
    paused = source_pauses.in_force(here.database)
    return {
        "pauses": [
            {"source": name, "why": each["should_pause"]}
            for name, each in sorted(sources.worth(here).items())
            if each["should_pause"] and name not in paused
        ],
        "caps": [
            {"market": each["market"], **each["cap"]}
            for each in listed(here) or []
            if each["cap"]["proposed"] is not None
        ],
    }
