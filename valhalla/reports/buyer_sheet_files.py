"""The sheet for buyers as files in the home's folder ``packets/``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from valhalla.program.home import Home
from valhalla.reports.buyer_sheet import page
from valhalla.reports.buyer_sheet_pdf import pdf
from valhalla.reports.packet_files import put_all


def path_of(home: Home, lead_id: int, ending: str = "html") -> Path:
    """Where the sheet of a lead lies, next to its packet."""
    return home.packets / f"lead-{lead_id}.buyer.{ending}"


def make_files(
    home: Home, lead_id: int, sheet: Mapping[str, Any], endings: Sequence[str], out: Path | None = None
) -> list[Path]:
    """Write the sheet: as a page ("html") or for print ("pdf"). Raises :class:`InputError` for a file that cannot be written."""
    return put_all({out or path_of(home, lead_id, each): DRAWN[each](sheet) for each in endings})


DRAWN: dict[str, Callable[[Mapping[str, Any]], str | bytes]] = {"html": page, "pdf": pdf}
"""What writes a sheet, by the ending of the file."""
