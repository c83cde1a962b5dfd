"""A packet as one HTML page: nothing is loaded from anywhere, and it prints on one or two sheets."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING

from db.clock import iso, to_datetime
from valhalla.program import templates
from valhalla.program.wording import money
from valhalla.reports import charts
from valhalla.reports.packet import Packet

if TYPE_CHECKING:
    from jinja2 import Environment


def page(packet: Packet, made_by: str = "Valhalla") -> str:
    """The page. Everything from lists is escaped; the style is inline, the chart is a data image."""
    return (
        _environment()
        .get_template("packet.html")
        .render(
            p=packet.body,
            packet=packet,
            made=to_datetime(packet.created_at).astimezone().strftime("%Y-%m-%d %H:%M"),
            made_by=made_by,
            chart=data_image(charts.deal(packet.body["numbers"])),
        )
    )


def data_image(svg: str | None) -> str | None:
    """An SVG as the address of an image that needs no file."""
    if svg is None:
        return None
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")


STATUS = {
    "READY": "Everything is given.",
    "ESTIMATED": "Something was assumed.",
    "INCOMPLETE": "Something is missing.",
    "NEGATIVE": "No offer works.",
    "OVER": "The price asked is above the most you can offer.",
}
"""What a packet's status means, in words."""


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = templates.environment("valhalla.reports", "templates/packet")
    environment.filters["money"] = as_money
    environment.filters["day"] = as_day
    environment.filters["count"] = lambda number: None if number is None else f"{number:,}"
    environment.globals["meaning"] = STATUS
    return environment


def as_money(cents: int | None) -> str:
    """Cents as a packet writes them."""
    return "missing" if cents is None else money(cents)


def as_day(at: int | None) -> str:
    """When a next step is due."""
    return "as soon as possible" if at is None else iso(at)[:10]
