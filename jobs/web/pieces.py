"""The smallest pieces of a page as HTML. Templates call them as ``parts.num(...)``; they are Python because there are hundreds
on a page, and a macro costs twenty times as much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

from jobs.web.wording import ago, micros, moment, number, stamp


def capped(count: int) -> str:
    """A count that ends at a thousand."""
    return "999+" if count >= 1000 else str(count)


def unknown(word: str) -> Markup:
    """What is not known."""
    return Markup(f'<i class="unknown">{escape(word)}</i>')


def num(value: float | None, unknown: str = "unknown") -> Markup:
    """A number; the browser formats it again for its language."""
    if value is None:
        return _unknown(unknown)
    return Markup(f'<data class="num" value="{value}">{number(value)}</data>')


def text(value: Any, unknown: str = "unknown") -> Markup:
    """Text that may be missing, in whatever direction it is written."""
    if value is None or value == "":
        return _unknown(unknown)
    return Markup(f"<bdi>{escape(value)}</bdi>")


def age(at: int | str | None, unknown: str = "never") -> Markup:
    """A moment (UTC microseconds or ISO 8601): "3 min ago", the exact time on hover."""
    if at is None:
        return _unknown(unknown)
    exact = micros(at)
    return Markup(f'<time datetime="{moment(exact)}" title="{stamp(exact)}" data-age>{ago(exact)}</time>')


def chips(icon: Callable[[str], Markup]) -> Callable[..., Markup]:
    """What makes chips with these icons."""

    def chip(word: str, kind: str = "idle", title: str = "") -> Markup:
        """A status, never by colour alone. ``kind``: ok, warn, bad, info or idle, each with its icon."""
        about = f' title="{escape(title)}"' if title else ""
        return Markup(f'<span class="chip {escape(kind)}"{about}>{icon(kind)}{escape(word)}</span>')

    return chip


_unknown = unknown
