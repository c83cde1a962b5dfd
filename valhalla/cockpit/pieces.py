"""The smallest pieces of a page as HTML. Templates call them as ``parts.num(...)``; they are Python because there are hundreds
on a page, and a macro costs twenty times as much."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup, escape

from valhalla.cockpit.wording import ago, moment, number, stamp
from valhalla.program.wording import dollars

ICONS = "icons.svg"


@lru_cache(maxsize=128)
def static(name: str) -> str:
    """The address of a static file, with its content in it, so that it may be kept for a year."""
    content = files("valhalla.cockpit").joinpath("static", name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


@lru_cache(maxsize=256)
def icon(name: str) -> Markup:
    """A symbol of static/icons.svg."""
    return Markup(
        '<svg class="icon" aria-hidden="true" width="20" height="20"><use href="{}#{}"/></svg>'
    ).format(static(ICONS), name)


def capped(count: int) -> str:
    """A count that ends at a thousand."""
    return "999+" if count >= 1000 else str(count)


def unknown(word: str) -> Markup:
    """What is not known."""
    return Markup('<i class="unknown">') + escape(word) + Markup("</i>")


def num(value: float | None, unknown: str = "unknown") -> Markup:
    """A number; the browser formats it again for its language."""
    if value is None:
        return _unknown(unknown)
    return Markup(f'<data class="num" value="{value}">{number(value)}</data>')


def money(value: float | None, unknown: str = "unknown") -> Markup:
    """US dollars."""
    if value is None:
        return _unknown(unknown)
    return Markup(f'<data class="num money" value="{value}">{dollars(value)}</data>')


def text(value: Any, unknown: str = "unknown") -> Markup:
    """Text that may be missing, in whatever direction it is written."""
    if value is None or value == "":
        return _unknown(unknown)
    return Markup("<bdi>") + escape(value) + Markup("</bdi>")


def age(at: int | str | None, unknown: str = "never") -> Markup:
    """A moment (UTC microseconds or ISO 8601): "3 min ago", the exact time on hover."""
    if at is None:
        return _unknown(unknown)
    return Markup(f'<time datetime="{moment(at)}" title="{stamp(at)}" data-age>{ago(at)}</time>')


def chip(word: str, kind: str = "idle", title: str = "") -> Markup:
    """A status, never by colour alone. ``kind``: ok, warn, bad, info or idle, each with its icon."""
    about = f' title="{escape(title)}"' if title else ""
    return Markup(f'<span class="chip {escape(kind)}"{about}>{icon(kind)}{escape(word)}</span>')


def bar(value: float | None, most: float = 100, label: str = "", kind: str = "") -> Markup:
    """A share or a score as a bar. Say the number next to it, too."""
    share = max(0.0, min(100.0, 100 * (value or 0) / (most or 1)))
    return Markup(
        f'<svg class="bar {escape(kind)}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}: {value} of {most}"><rect class="bar-all" width="100" height="6"/>'
        f'<rect class="bar-part" width="{share:.2f}" height="6"/></svg>'
    )


_unknown = unknown
