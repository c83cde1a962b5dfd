"""Money, shares and counts as people read them, and amounts as they type them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from db.clock import iso
from valhalla.program.errors import UsageError


def date(at: int) -> str:
    """The day of a moment, in UTC: ``2026-11-20``."""
    return iso(at)[:10]


def cents(text: str) -> int:
    """Cents of an amount that a person typed: 12000, $12,000, 12000.50, 150k or 1.2m. Raises :class:`UsageError`."""
    bare = text.strip().removeprefix("$").strip()
    short = re.fullmatch(r"(\d{1,4})(?:\.(\d{1,3}))?([km])", bare, re.ASCII | re.IGNORECASE)
    if short is not None:
        thousandths = int(short[1]) * 1_000 + int(((short[2] or "") + "000")[:3])
        return thousandths * (100 if short[3].lower() == "k" else 100_000)
    match = re.fullmatch(r"(\d{1,3}(?:,\d{3})+|\d{1,10})(?:\.(\d{1,2}))?", bare, re.ASCII)
    if match is None:
        raise UsageError(f"{text!r} is not an amount; write it as 12000, 12000.50 or 150k")
    return int(match[1].replace(",", "")) * 100 + int(((match[2] or "") + "00")[:2])


def money(cents: int, *, exact: bool = False) -> str:
    """``15250000`` -> ``$152,500``; cents are shown when there are any, or with ``exact``."""
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    return f"{sign}${whole:,}.{part:02d}" if part or exact else f"{sign}${whole:,}"


def in_dollars(cents: int | None) -> float | None:
    """Cents as JSON has money; None is unknown."""
    return None if cents is None else cents / 100


def dollars(value: float | None, unknown: str = "unknown") -> str:
    """Money in dollars, as JSON has it, in the form of :func:`money`."""
    return unknown if value is None else money(round(value * 100))


def percent(ppm: int) -> str:
    """Parts per million as a percentage: ``27000`` -> ``2.7%``."""
    return f"{ppm / 10_000:.2f}".rstrip("0").rstrip(".") + "%"


def share(fraction: float) -> str:
    """A fraction of one as a percentage: ``0.7`` -> ``70%``."""
    return percent(round(fraction * 1_000_000))


def points(hundredths: int) -> str:
    """Hundredths of a point with a sign: ``750`` -> ``+7.5``."""
    return f"{hundredths / 100:+.2f}".rstrip("0").rstrip(".")


def several(count: int, one: str, many: str | None = None) -> str:
    """``1 close``, ``4 closes``, ``1,200 leads``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
