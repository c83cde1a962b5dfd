"""Packets as files in the home's folder ``packets/``, kept up to date."""

from __future__ import annotations

import os
from pathlib import Path

from db import Database
from db.copying import replace
from valhalla.leads.view import Viewer
from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.reports.packet import Packet, make, outdated, wanted
from valhalla.reports.packet_page import page


def viewer_of(database: Database) -> Viewer:
    """A viewer as of now, by the settings in force."""
    values = settings.effective(database)
    return Viewer(database, database.clock(), quiet=values["quiet_hours"], zone=values["timezone"])


def path_of(home: Home, lead_id: int, ending: str = "html") -> Path:
    """Where a lead's packet lies. The name says nothing about the person."""
    return home.packets / f"lead-{lead_id}.{ending}"


def put(path: Path, content: str | bytes) -> Path:
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    replace(part, path)
    return path


def refresh(database: Database, home: Home) -> list[Packet]:
    """Make the packets that should be at hand, and those again whose lead has changed; returns what is new.

    The first ``packets.automatic`` leads of the call list get theirs without being asked, where the policy gives them one.
    """
    viewer = viewer_of(database)
    count = int(settings.value(database, "packets.automatic"))
    numbers = dict.fromkeys([*wanted(database, viewer, count), *outdated(database)])
    made = []
    for number in numbers:
        packet = make(database, viewer, number)
        path = path_of(home, number)
        if packet.new or not path.exists():
            put(path, page(packet))
            made.append(packet)
    return made
