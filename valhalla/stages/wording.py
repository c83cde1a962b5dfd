"""Numbers as people read them."""

from __future__ import annotations

from collections.abc import Sequence


def money(cents: int) -> str:
    """``15250000`` -> ``$152,500``; cents are shown only when there are any."""
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    return f"{sign}${whole:,}.{part:02d}" if part else f"{sign}${whole:,}"


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
