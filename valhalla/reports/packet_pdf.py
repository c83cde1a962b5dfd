"""A packet as a PDF: the same document as the page, drawn by fpdf2, which is pure Python and needs no browser or other program.

Names are written in a font of the system that has their letters and is embedded in part. Where there is none, the PDF's own
font serves, and a letter that it lacks is written as its plainest relative.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from db.clock import iso, to_datetime
from valhalla.program.wording import money
from valhalla.reports.packet import Packet
from valhalla.reports.packet_page import STATUS

INK, SOFT, LINE = (27, 36, 48), (90, 102, 117), (217, 222, 229)
COLOURS = {"READY": (23, 105, 58), "ESTIMATED": (138, 83, 0), "INCOMPLETE": (138, 83, 0)}
BAD = (163, 38, 29)
FAMILY = "text"

_FONTS = (
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("segoeui.ttf", "segoeuib.ttf"),
    ("arial.ttf", "arialbd.ttf"),
    ("Arial.ttf", "Arial Bold.ttf"),
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
)


def pdf(packet: Packet) -> bytes:
    """The bytes of the PDF, on sheets of US letter size. Equal packets give equal bytes on one machine."""
    return _Document(packet).build()


class _Document:
    def __init__(self, packet: Packet) -> None:
        self.packet = packet
        self.p: dict[str, Any] = packet.body
        from fpdf import FPDF

        self.pdf = FPDF(format="Letter", unit="mm")
        self.pdf.set_margins(18, 16)
        self.pdf.set_auto_page_break(True, 16)
        made = to_datetime(packet.created_at)
        self.pdf.set_creation_date(made)
        self.pdf.set_title(self._heading())
        self.pdf.set_creator("Valhalla")
        found = fonts()
        self.family = "helvetica"
        if found is not None:
            self.pdf.add_font(FAMILY, "", str(found[0]))
            self.pdf.add_font(FAMILY, "B", str(found[1]))
            self.family = FAMILY

    def build(self) -> bytes:
        p, out = self.p, self.pdf
        out.add_page()
        self._line("DEAL PACKET: MY WORKSHEET, NOT FOR BUYERS", 8, SOFT)
        self._line(self._heading(), 17, INK, "B")
        who = [
            p["property"]["location"] if p["property"]["address"] else None,
            *(p["lead"][k] for k in ("name", "phone", "email")),
        ]
        self._line("  ·  ".join(each for each in who if each), 9.5, SOFT)
        needs = f" Still needed: {', '.join(p['missing'])}." if p["missing"] else ""
        out.ln(2)
        self._line(f"{p['status']}: {STATUS[p['status']]}{needs}", 10, COLOURS.get(p["status"], BAD), "B")
        self._heading_of("Offer")
        self._offer()
        self._heading_of("Numbers")
        names = {
            "ARV (after-repair value)": "arv_cents",
            "Repairs": "repairs_cents",
            "Asking price": "asking_cents",
            "Fee": "fee_cents",
            "Most to offer (MAO)": "mao_cents",
            "Spread": "spread_cents",
            "Owner's equity": "equity_cents",
            "Buyer's price": "buyer_price_cents",
        }
        self._table([(name, _money(p["numbers"][key])) for name, key in names.items()], right=True)
        self._heading_of("Property")
        home = p["property"]
        self._table(
            [
                ("Market", home["market"] or "missing"),
                ("Bedrooms", _text(home["beds"])),
                ("Square feet", "missing" if home["square_feet"] is None else f"{home['square_feet']:,}"),
                ("Condition", _text(home["condition"])),
                ("Signs of motivation", ", ".join(home["signs_of_motivation"]) or "missing"),
            ]
        )
        self._heading_of("Risks")
        for risk in p["risks"] or ["Nothing is known against it."]:
            self._line(f"- {risk}" if p["risks"] else risk)
        self._heading_of("Buyers")
        self._line(p["buyers"]["says"])
        self._heading_of("Timeline and next steps")
        self._table(
            [
                ("Known since", iso(p["timeline"]["first_seen"])[:10]),
                ("Status", p["timeline"]["status"].replace("_", " ")),
                ("Owner wants to close", p["timeline"]["wanted_closing"] or "missing"),
                *((f"{step['channel']}: {_due(step['due'])}", step["why"]) for step in p["next_actions"]),
            ]
        )
        if p["script"]:
            self._heading_of(f"Script: {p['script']['name']} v{p['script']['version']}")
            self._line(p["script"]["text"].strip())
        out.ln(4)
        self._line(self._origin(), 8, SOFT)
        return bytes(out.output())

    def _heading(self) -> str:
        return str(self.p["property"]["address"] or self.p["property"]["location"] or self.p["lead"]["name"])

    def _offer(self) -> None:
        p = self.p
        if p["offer"]:
            low, high = money(p["offer"]["opening_cents"]), money(p["offer"]["most_cents"])
            self._line(f"Open at {low}, go up to {high}.", 11)
        elif p["formula"]:
            self._line("No offer works with these numbers.")
        else:
            self._line(f"Unknown until given: {', '.join(p['missing'])}.", 10, SOFT)
        for note in [p["formula"], *p["assumptions"]]:
            if note:
                self._line(note, 8.5, SOFT)

    def _origin(self) -> str:
        where, made = self.p["provenance"], to_datetime(self.packet.created_at).astimezone()
        origin = ""
        if where and where["file"]:
            origin = f"Read from {where['file']}, line {where['line']} (import {where['import']}). "
        return (
            f"{origin}Packet {self.packet.id}, made {made:%Y-%m-%d %H:%M} by Valhalla with policy version "
            f"{self.p['policy_version']}. What is missing was not given; nothing is invented."
        )

    def _heading_of(self, text: str) -> None:
        if self.pdf.will_page_break(16):
            self.pdf.add_page()
        self.pdf.ln(3)
        self._line(text, 10.5, INK, "B")

    def _line(self, text: str, size: float = 10, colour: tuple[int, int, int] = INK, style: Any = "") -> None:
        self.pdf.set_font(self.family, style, size)
        self.pdf.set_text_color(*colour)
        self.pdf.multi_cell(0, size * 0.5, self._known(text), align="L", new_x="LMARGIN", new_y="NEXT")

    def _table(self, rows: list[tuple[str, str]], right: bool = False) -> None:
        out = self.pdf
        out.set_draw_color(*LINE)
        width = out.epw * 0.45
        for name, value in rows:
            out.set_font(self.family, "", 9.5)
            if out.will_page_break(6):
                out.add_page()
            top = out.get_y()
            out.set_text_color(*SOFT)
            out.multi_cell(width, 5.4, self._known(name), new_x="RIGHT", new_y="TOP", align="L")
            out.set_text_color(*(SOFT if value == "missing" else INK))
            span = 40.0 if right else out.epw - width
            out.multi_cell(
                span,
                5.4,
                self._known(value),
                new_x="LMARGIN",
                new_y="NEXT",
                align="R" if right else "L",
            )
            bottom = max(out.get_y(), top + 5.4)
            out.line(out.l_margin, bottom, out.l_margin + (width + 40 if right else out.epw), bottom)
            out.set_y(bottom)

    def _known(self, text: str) -> str:
        return text if self.family == FAMILY else plain(text)


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


def _money(cents: int | None) -> str:
    return "missing" if cents is None else money(cents)


def _text(value: Any) -> str:
    return "missing" if value is None else str(value)


def _due(at: int | None) -> str:
    return "as soon as possible" if at is None else iso(at)[:10]
