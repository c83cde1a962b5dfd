"""The smallest pieces of a page as HTML. Templates call them as ``parts.num(...)``; they are Python because there are hundreds
on a page, and a macro costs twenty times as much."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup, escape

from jobs.web.pieces import age, capped, chips, num, text
from jobs.web.pieces import unknown as named_unknown
from valhalla.cockpit.rail import Entry
from valhalla.program.wording import dollars

__all__ = ["action", "age", "bar", "capped", "chip", "icon", "money", "num", "rail_entry", "static", "text"]

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


chip = chips(icon)


def rail_entry(entry: Entry, current: str | None, counts: Mapping[str, int]) -> Markup:
    """A line of the rail. ``current``: the path of the one that the page belongs to; ``counts``: those of the frame."""
    count = counts[entry.badge] if entry.badge else 0
    return _rail_entry(entry, entry.path == current, count, entry.badge == "alerts" and counts["urgent"] > 0)


@lru_cache(maxsize=256)
def _rail_entry(entry: Entry, here: bool, count: int, urgent: bool) -> Markup:
    badge = Markup("")
    if entry.badge:
        badge = Markup('<b class="badge{}" data-live="counts.{}"{}>{}</b>').format(
            " bad" if urgent else "", entry.badge, "" if count else Markup(" hidden"), capped(count)
        )
    return Markup('<a href="{}"{} title="{}">{}<span>{}</span>{}</a>').format(
        entry.path,
        Markup(' aria-current="page"') if here else "",
        entry.title,
        icon(entry.icon),
        entry.title,
        badge,
    )


def money(value: float | None, unknown: str = "unknown") -> Markup:
    """US dollars."""
    if value is None:
        return named_unknown(unknown)
    return Markup(f'<data class="num money" value="{value}">{dollars(value)}</data>')


def action(lead: Mapping[str, Any]) -> Markup:
    """What to do with a lead next, as its entry has it."""
    why, due = escape(lead["next_action_why"]), lead["next_action_due"]
    if lead["next_action"] == "hold":
        says = f"{escape(lead['channel'] or 'call')} {age(due)}" if due else "hold"
        return Markup(f'<span class="chip idle" title="{why}">{icon("paused")}{says}</span>')
    sign = icon("mail" if lead["channel"] == "email" else "calls")
    return Markup(f'<span class="chip ok" title="{why}">{sign}{escape(lead["next_action"])}</span>')


def bar(value: float | None, most: float = 100, label: str = "", kind: str = "") -> Markup:
    """A share or a score as a bar. Say the number next to it, too."""
    share = max(0.0, min(100.0, 100 * (value or 0) / (most or 1)))
    return Markup(
        f'<svg class="bar {escape(kind)}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}: {value} of {most}"><rect class="bar-all" width="100" height="6"/>'
        f'<rect class="bar-part" width="{share:.2f}" height="6"/></svg>'
    )
