"""The sheet for buyers as a PDF."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from valhalla.reports.buyer_sheet import contact, heading, numbers, rows
from valhalla.reports.paper import SOFT, Paper


def pdf(sheet: Mapping[str, Any]) -> bytes:
    """The bytes of the PDF, on a sheet of US letter size. Equal sheets give equal bytes on one machine."""
    out = Paper(heading(sheet), datetime.strptime(sheet["date"], "%Y-%m-%d").replace(tzinfo=UTC))
    out.line(sheet["title"].upper(), 8, SOFT)
    out.line(heading(sheet), 20, style="B")
    out.pdf.ln(4)
    out.table(numbers(sheet), 14, "B")
    if rows(sheet):
        out.heading("The house")
        out.table(rows(sheet), 10.5)
    out.heading("Contact")
    out.line(contact(sheet) or "On request", 13)
    out.pdf.ln(6)
    out.line(
        f"{sheet['date']}. The contract is assigned; the buyer closes with the seller. Figures are estimates: inspect the "
        "house and check them yourself.",
        8,
        SOFT,
    )
    return bytes(out.pdf.output())
