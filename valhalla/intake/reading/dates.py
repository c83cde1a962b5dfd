"""Dates as lists write them, to UTC microseconds at midnight (or at the time given)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from valhalla.program.patterns import pattern

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_ISO = pattern(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?|(\d{4})(\d{2})(\d{2})", re.ASCII)
_SLASHED = pattern(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?:[T ,].*)?", re.ASCII)
_MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}  # fmt: skip
_WORDED = pattern(
    r"(?:([a-z]{3,9})\.?[ -]+(\d{1,2})(?:st|nd|rd|th)?,?[ -]+|(\d{1,2})[ -]+([a-z]{3,9})\.?,?[ -]+)"
    r"(\d{4}|\d{2})(?:[ T,].*)?",
    re.ASCII,
)
_SERIAL = pattern(r"([2-6]\d{4})(?:\.\d+)?", re.ASCII)
_SERIAL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)


@lru_cache(maxsize=5_000)
def list_date(text: str, day_first: bool = False) -> int | None:
    """UTC microseconds, or None when the text is not a date between 1900 and 2199.

    Read are ISO dates and times, 01/05/2026 (month first unless ``day_first``; the other way when only that is a
    date), 5 Jan 2026, Jan 5, 2026, and a spreadsheet's day number. A time without a zone is taken as UTC.
    """
    found = _parse(text.strip(), day_first)
    if found is None or not 1900 <= found.year < 2200:
        return None
    return (found - _EPOCH) // _MICRO


def _parse(text: str, day_first: bool) -> datetime | None:
    if match := _ISO.fullmatch(text):
        if len(text) > 10 and match[1]:
            try:
                exact = datetime.fromisoformat(text)
                return exact.replace(tzinfo=UTC) if exact.tzinfo is None else exact.astimezone(UTC)
            except (ValueError, OverflowError):
                pass
        return _day(match[1] or match[4], match[2] or match[5], match[3] or match[6])
    if match := _SLASHED.fullmatch(text):
        first, second = (match[2], match[1]) if day_first else (match[1], match[2])
        return _day(match[3], first, second) or _day(match[3], second, first)
    if match := _WORDED.fullmatch(text.lower()):
        month = _MONTHS.get((match[1] or match[4])[:3])
        return None if month is None else _day(match[5], str(month), match[2] or match[3])
    if match := _SERIAL.fullmatch(text):
        return _SERIAL_EPOCH + timedelta(days=int(match[1]))
    return None


def _day(year: str, month: str, day: str) -> datetime | None:
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < 70 else 1900
    try:
        return datetime(number, int(month), int(day), tzinfo=UTC)
    except ValueError:
        return None
