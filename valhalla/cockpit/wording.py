"""Times, numbers and names as pages write them."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import orjson

from db import clock
from jobs.web.wording import ago as ago_in_digits
from jobs.web.wording import moment, number, span, stamp, words
from valhalla.program.wording import dollars, money


def ago(at: int | str) -> str:
    """``3 min ago``; further away than a day ``Nov 30``, with the year where it is another one than now."""
    text = ago_in_digits(at)
    return day(text) if text[:4].isdigit() and text[4:5] == "-" else text


def day(text: str) -> str:
    """A day of the JSON, ``2026-11-30``, as Americans write it: ``Nov 30``, with the year where it is another one than now."""
    found = date.fromisoformat(text[:10])
    year = "" if found.year == clock.to_datetime(clock.now()).astimezone().year else f", {found.year}"
    return f"{found:%b} {found.day}{year}"


def size(count: int) -> str:
    """Bytes as people read them."""
    value = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024 or unit == "GB":
            return f"{value:,.0f} {unit}" if unit == "B" or value >= 100 else f"{value:,.1f} {unit}"
        value /= 1024
    raise AssertionError


UNITS = ("_cents", "_ppm", "_points", "_hundredths")


def quantity(name: str) -> str:
    """The name of a stage's number without its unit: ``mao_cents`` is mao."""
    for unit in UNITS:
        name = name.removesuffix(unit)
    return name.replace("_", " ")


def figure(pair: tuple[str, Any]) -> str:
    """A stage's number in its unit, which its name ends in: cents, parts per million, points."""
    name, value = pair
    if value is None:
        return "unknown"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "yes" if value is True else "no" if value is False else str(value)
    if name.endswith("_cents"):
        return money(round(value))
    if name.endswith("_ppm"):
        return f"{value / 10_000:,.1f}%"
    return number(value)


SHORT = 32
"""Letters of a fact in a line of several."""


def fact(value: Any) -> str:
    """A fact of an audit entry in a line of several: its beginning."""
    text = "none" if value is None else _json(value) if isinstance(value, dict | list) else str(value)
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"


def facts(body: Any) -> str:
    """All facts of an audit entry, as JSON for people."""
    return _json(body, orjson.OPT_INDENT_2)


def _json(value: Any, option: int = 0) -> str:
    try:
        return orjson.dumps(value, option=option | orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # a number of more than 64 bits
        return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2 if option else None)


FILTERS = (ago, day, stamp, moment, number, dollars, words, span, size, quantity, figure, fact, facts)
"""What templates call by these names: ``{{ at | ago }}``."""
