"""The cockpit of a hub: the same as that of a workspace, but what stands around its pages is of all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends
from fastapi.requests import HTTPConnection

from db import Database
from db.clock import iso
from valhalla.cockpit import frame
from valhalla.cockpit.state import Cockpit, cockpit_of
from valhalla.effects import live
from valhalla.service.hub_run import HubRun


@dataclass
class HubCockpit(Cockpit):
    """The hub's own pages; those of a workspace are its own cockpit's."""

    hub: HubRun = field(kw_only=True)

    def frame(self) -> dict[str, Any]:
        """What stands around every page: counts of all workspaces together."""

        def ask(database: Database) -> tuple[dict[str, Any], live.Live | None]:
            with database.view():
                return frame.waiting(database), live.current(database)

        answers, troubles = self.hub.hub.each(ask)
        counts: Counter[str] = Counter()
        severities: Counter[str] = Counter()
        for _, (waits, _) in answers:
            severities.update(waits.pop("severities"))
            counts.update(waits)
        open_now = [session for _, (_, session) in answers if session is not None]
        return {
            "state": {
                "name": "running" if self.hub.sites else "stopped",
                "since": None,
                "cycle": None,
                "next_in": None,
            },
            "lock": {"live": bool(open_now), "until": None, "by": None},
            "counts": dict(counts),
            "alerts": dict(severities),
            "home": "" if self.member is not None else str(self.home.path),
            "read_only": self.read_only,
            "boards": {"federation": False, "memory": False},
            "as_of": iso(self.database.clock()),
            "hub": {"workspaces": len(self.hub.hub.workspaces), "unread": len(troubles)},
        }

    def news(self) -> object:
        """Another value after each change in any workspace."""
        sites = sorted(self.hub.sites.items())
        return self.database.version(), [(name, site.program.database.version()) for name, site in sites]


async def hub_of(connection: HTTPConnection) -> HubCockpit:
    """The hub's cockpit that a request came to, as the person who asks has it."""
    found = cockpit_of(connection)
    assert isinstance(found, HubCockpit)
    return found


HubHere = Annotated[HubCockpit, Depends(hub_of)]
"""``def route(here: HubHere)``: the hub's cockpit."""
