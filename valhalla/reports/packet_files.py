"""Packets as files in the home's folder ``packets/``, kept up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from db import Database
from valhalla.leads.view import Viewer
from valhalla.program import settings
from valhalla.program.errors import InputError
from valhalla.program.files import whole
from valhalla.program.home import Home
from valhalla.reports.packet import Packet, make, outdated, wanted
from valhalla.reports.packet_page import page
from valhalla.reports.packet_pdf import pdf


def path_of(home: Home, lead_id: int, ending: str = "html") -> Path:
    """Where a lead's packet lies. The name says nothing about the person."""
    return home.packets / f"lead-{lead_id}.{ending}"


def put(path: Path, content: str | bytes) -> Path:
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def make_files(
    database: Database, home: Home, lead_id: int, endings: Sequence[str] = ("html",), out: Path | None = None
) -> tuple[Packet, list[Path]]:
    """Make a lead's packet, durably, and write it: as a page ("html") or for print ("pdf"), to ``out`` where that is given.
    Raises :class:`InputError` for a file that cannot be written."""
    with database.write(durable=True):
        packet = make(database, Viewer.now(database), lead_id)
    return packet, put_all({out or path_of(home, lead_id, each): DRAWN[each](packet) for each in endings})


DRAWN: dict[str, Callable[[Packet], str | bytes]] = {"html": page, "pdf": pdf}
"""What writes a packet, by the ending of the file."""


def put_all(documents: Mapping[Path, str | bytes]) -> list[Path]:
    """Write files that a person asked for. Raises :class:`InputError` for one that cannot be written."""
    try:
        return [put(path, content) for path, content in documents.items()]
    except OSError as error:
        raise InputError(f"{error.filename} cannot be written: {error.strerror}") from None


def refresh(database: Database, home: Home) -> list[Packet]:
    """Make the packets that should be at hand, and those again whose lead has changed; returns what is new.

    The first ``packets.automatic`` leads of the call list get theirs without being asked, where the policy gives them one.
    """
    viewer = Viewer.now(database)
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
