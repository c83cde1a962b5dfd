"""A packet as a PDF: the same document as the page."""

from __future__ import annotations

from typing import Any

from db.clock import iso, to_datetime
from valhalla.program.wording import money
from valhalla.reports.packet import Packet
from valhalla.reports.packet_page import STATUS, as_day, as_money
from valhalla.reports.paper import MISSING, SOFT, Paper

COLOURS = {"READY": (23, 105, 58), "ESTIMATED": (138, 83, 0), "INCOMPLETE": (138, 83, 0)}
BAD = (163, 38, 29)


def pdf(packet: Packet) -> bytes:
    """The bytes of the PDF, on sheets of US letter size. Equal packets give equal bytes on one machine."""
    return _Document(packet).build()


class _Document:
    def __init__(self, packet: Packet) -> None:
        self.packet = packet
        self.p: dict[str, Any] = packet.body
        self.out = Paper(self._heading(), to_datetime(packet.created_at))

    def build(self) -> bytes:
        p, out = self.p, self.out
        out.line("DEAL PACKET: MY WORKSHEET, NOT FOR BUYERS", 8, SOFT)
        out.line(self._heading(), 17, style="B")
        who = [
            p["property"]["location"] if p["property"]["address"] else None,
            *(p["lead"][k] for k in ("name", "phone", "email")),
        ]
        out.line("  ·  ".join(each for each in who if each), 9.5, SOFT)
        needs = f" Still needed: {', '.join(p['missing'])}." if p["missing"] else ""
        out.pdf.ln(2)
        out.line(f"{p['status']}: {STATUS[p['status']]}{needs}", 10, COLOURS.get(p["status"], BAD), "B")
        out.heading("Offer")
        self._offer()
        out.heading("Numbers")
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
        out.table([(name, as_money(p["numbers"][key])) for name, key in names.items()], right=True)
        out.heading("Property")
        home = p["property"]
        out.table(
            [
                ("Market", home["market"] or MISSING),
                ("Bedrooms", _text(home["beds"])),
                ("Square feet", MISSING if home["square_feet"] is None else f"{home['square_feet']:,}"),
                ("Condition", _text(home["condition"])),
                ("Signs of motivation", ", ".join(home["signs_of_motivation"]) or MISSING),
            ]
        )
        out.heading("Risks")
        for risk in p["risks"] or ["Nothing is known against it."]:
            out.line(f"- {risk}" if p["risks"] else risk)
        out.heading("Buyers")
        out.line(p["buyers"]["says"])
        out.heading("Timeline and next steps")
        out.table(
            [
                ("Known since", iso(p["timeline"]["first_seen"])[:10]),
                ("Status", p["timeline"]["status"].replace("_", " ")),
                ("Owner wants to close", p["timeline"]["wanted_closing"] or MISSING),
                *((f"{step['channel']}: {as_day(step['due'])}", step["why"]) for step in p["next_actions"]),
            ]
        )
        if p["script"]:
            out.heading(f"Script: {p['script']['name']} v{p['script']['version']}")
            out.line(p["script"]["text"].strip())
        out.pdf.ln(4)
        out.line(self._origin(), 8, SOFT)
        return bytes(out.pdf.output())

    def _heading(self) -> str:
        return str(self.p["property"]["address"] or self.p["property"]["location"] or self.p["lead"]["name"])

    def _offer(self) -> None:
        p = self.p
        if p["offer"]:
            low, high = money(p["offer"]["opening_cents"]), money(p["offer"]["most_cents"])
            self.out.line(f"Open at {low}, go up to {high}.", 11)
        elif p["formula"]:
            self.out.line("No offer works with these numbers.")
        else:
            self.out.line(f"Unknown until given: {', '.join(p['missing'])}.", 10, SOFT)
        for note in [p["formula"], *p["assumptions"]]:
            if note:
                self.out.line(note, 8.5, SOFT)

    def _origin(self) -> str:
        where, made = self.p["provenance"], to_datetime(self.packet.created_at).astimezone()
        origin = ""
        if where and where["file"]:
            origin = f"Read from {where['file']}, line {where['line']} (import {where['import']}). "
        return (
            f"{origin}Packet {self.packet.id}, made {made:%Y-%m-%d %H:%M} by Valhalla with policy version "
            f"{self.p['policy_version']}. What is missing was not given; nothing is invented."
        )


def _text(value: Any) -> str:
    return MISSING if value is None else str(value)
