"""Sheets of paper: a PDF drawn by fpdf2, which is pure Python and needs no browser or other program.

Names are written in a font of the system that has their letters and is embedded in part. Where there is none, the PDF's own
font serves, and a letter that it lacks is written as its plainest relative.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

INK, SOFT, LINE = (27, 36, 48), (90, 102, 117), (217, 222, 229)
FAMILY = "text"
MISSING = "missing"

_FONTS = (
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("segoeui.ttf", "segoeuib.ttf"),
    ("arial.ttf", "arialbd.ttf"),
    ("Arial.ttf", "Arial Bold.ttf"),
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
)


class Paper:
    """Sheets of US letter size, the first one empty. Equal calls give equal bytes on one machine."""

    def __init__(self, title: str, made: datetime) -> None:
        from fpdf import FPDF

        self.pdf = FPDF(format="Letter", unit="mm")
        self.pdf.set_margins(18, 16)
        self.pdf.set_auto_page_break(True, 16)
        self.pdf.set_creation_date(made)
        self.pdf.set_title(title)
        self.pdf.set_creator("Valhalla")
        found = fonts()
        self._family = "helvetica"
        if found is not None:
            self.pdf.add_font(FAMILY, "", str(found[0]))
            self.pdf.add_font(FAMILY, "B", str(found[1]))
            self._family = FAMILY
        self.pdf.add_page()

    def heading(self, text: str) -> None:
        """What a part is about; not as the last line of a sheet."""
        if self.pdf.will_page_break(16):
            self.pdf.add_page()
        self.pdf.ln(3)
        self.line(text, 10.5, INK, "B")

    def line(self, text: str, size: float = 10, colour: tuple[int, int, int] = INK, style: Any = "") -> None:
        """A paragraph; ``size`` in points."""
        self.pdf.set_font(self._family, style, size)
        self.pdf.set_text_color(*colour)
        self.pdf.multi_cell(0, size * 0.5, self._known(text), align="L", new_x="LMARGIN", new_y="NEXT")

    def table(
        self, rows: Iterable[tuple[str, str]], size: float = 9.5, style: Any = "", *, right: bool = False
    ) -> None:
        """Names and values; ``size`` and ``style`` of the values, which are figures where they stand at the ``right``."""
        out, high = self.pdf, size * 0.57
        out.set_draw_color(*LINE)
        width = out.epw * 0.45
        for name, value in rows:
            out.set_font(self._family, "", min(size, 10))
            if out.will_page_break(6):
                out.add_page()
            top = out.get_y()
            out.set_text_color(*SOFT)
            out.multi_cell(width, high, self._known(name), new_x="RIGHT", new_y="TOP", align="L")
            out.set_font(self._family, style, size)
            out.set_text_color(*(SOFT if value == MISSING else INK))
            span, side = (40.0, "R") if right else (out.epw - width, "L")
            out.multi_cell(span, high, self._known(value), new_x="LMARGIN", new_y="NEXT", align=side)
            bottom = max(out.get_y(), top + high)
            out.line(out.l_margin, bottom, out.l_margin + width + span, bottom)
            out.set_y(bottom)

    def _known(self, text: str) -> str:
        return text if self._family == FAMILY else plain(text)


def plain(text: str) -> str:
    """``text`` in the letters that every PDF reader's own font has (Latin-1)."""
    found = []
    for letter in text:
        if ord(letter) < 256:
            found.append(letter)
            continue
        bare = "".join(part for part in unicodedata.normalize("NFKD", letter) if ord(part) < 256)
        found.append(bare or "?")
    return "".join(found)


@lru_cache(maxsize=1)
def fonts() -> tuple[Path, Path] | None:
    """A regular and a bold font file of this system, or None."""
    places = [Path(sys.prefix) / "fonts"]
    if os.name == "nt":
        places.append(Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts")
    places += [
        Path("/usr/share/fonts/truetype/dejavu"),
        Path("/usr/share/fonts/dejavu"),
        Path("/usr/share/fonts/truetype/liberation"),
        Path("/System/Library/Fonts/Supplemental"),
        Path("/Library/Fonts"),
    ]
    for regular, bold in _FONTS:
        for place in places:
            if (place / regular).is_file() and (place / bold).is_file():
                return place / regular, place / bold
    return None
