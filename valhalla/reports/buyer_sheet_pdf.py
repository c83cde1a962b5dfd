"""The sheet for buyers as a PDF, drawn like a packet's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from valhalla.reports.buyer_sheet import contact, heading, numbers, rows
from valhalla.reports.packet_pdf import FAMILY, INK, LINE, SOFT, fonts, plain


def pdf(sheet: Mapping[str, Any]) -> bytes:
    """The bytes of the PDF, on a sheet of US letter size. Equal sheets give equal bytes on one machine."""
    from fpdf import FPDF

    out = FPDF(format="Letter", unit="mm")
    out.set_margins(18, 18)
    out.set_auto_page_break(True, 16)
    out.set_creation_date(datetime.strptime(sheet["date"], "%Y-%m-%d").replace(tzinfo=UTC))
    out.set_title(heading(sheet))
    out.set_creator("Valhalla")
    found, family = fonts(), "helvetica"
    if found is not None:
        out.add_font(FAMILY, "", str(found[0]))
        out.add_font(FAMILY, "B", str(found[1]))
        family = FAMILY

    def known(text: str) -> str:
        return text if family == FAMILY else plain(text)

    def line(text: str, size: float, colour: tuple[int, int, int] = INK, style: Any = "") -> None:
        out.set_font(family, style, size)
        out.set_text_color(*colour)
        out.multi_cell(0, size * 0.5, known(text), align="L", new_x="LMARGIN", new_y="NEXT")

    def table(pairs: list[tuple[str, str]], size: float, style: Any = "") -> None:
        out.set_draw_color(*LINE)
        for name, value in pairs:
            top = out.get_y()
            out.set_font(family, "", 10)
            out.set_text_color(*SOFT)
            out.multi_cell(out.epw * 0.45, size * 0.6, known(name), new_x="RIGHT", new_y="TOP", align="L")
            out.set_font(family, style, size)
            out.set_text_color(*INK)
            out.multi_cell(0, size * 0.6, known(value), new_x="LMARGIN", new_y="NEXT", align="L")
            bottom = max(out.get_y(), top + size * 0.6)
            out.line(out.l_margin, bottom, out.l_margin + out.epw, bottom)
            out.set_y(bottom + 0.6)

    out.add_page()
    line(sheet["title"].upper(), 8, SOFT)
    line(heading(sheet), 20, INK, "B")
    out.ln(4)
    table(numbers(sheet), 14, "B")
    if rows(sheet):
        out.ln(5)
        line("The house", 11, INK, "B")
        table(rows(sheet), 10.5)
    out.ln(5)
    line("Contact", 11, INK, "B")
    line(contact(sheet) or "On request", 13)
    out.ln(6)
    line(
        f"{sheet['date']}. The contract is assigned; the buyer closes with the seller. Figures are estimates: inspect the "
        "house and check them yourself.",
        8,
        SOFT,
    )
    return bytes(out.output())
