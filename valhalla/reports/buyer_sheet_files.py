"""The sheet for buyers as files in the home's folder ``packets/``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from valhalla.program.errors import InputError
from valhalla.program.home import Home
from valhalla.reports.buyer_sheet import page
from valhalla.reports.buyer_sheet_pdf import pdf
from valhalla.reports.packet_files import put


def path_of(home: Home, lead_id: int, ending: str = "html") -> Path:
    """Where the sheet of a lead lies, next to its packet."""
    return home.packets / f"lead-{lead_id}.buyer.{ending}"


def make_files(
    home: Home, lead_id: int, sheet: Mapping[str, Any], endings: Sequence[str], out: Path | None = None
) -> list[Path]:
    """Write the sheet: as a page ("html") or for print ("pdf"). Raises :class:`InputError` for a file that cannot be written."""
    try:
        return [put(out or path_of(home, lead_id, each), _drawn(sheet, each)) for each in endings]
    except OSError as error:
        raise InputError(f"{error.filename} cannot be written: {error.strerror}") from None


def _drawn(sheet: Mapping[str, Any], ending: str) -> str | bytes:
    if ending == "pdf":
        return pdf(sheet)
    return page(sheet)
