"""From a location as lists write it to a market ("Houston, TX") and a state."""

from __future__ import annotations

import re
from functools import lru_cache

from valhalla.program.patterns import pattern

STATES = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO",
    "connecticut": "CT", "delaware": "DE", "district of columbia": "DC", "florida": "FL", "georgia": "GA",
    "hawaii": "HI", "idaho": "ID", "illinois": "IL", "indiana": "IN", "iowa": "IA", "kansas": "KS",
    "kentucky": "KY", "louisiana": "LA", "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI",
    "minnesota": "MN", "mississippi": "MS", "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV",
    "new hampshire": "NH", "new jersey": "NJ", "new mexico": "NM", "new york": "NY", "north carolina": "NC",
    "north dakota": "ND", "ohio": "OH", "oklahoma": "OK", "oregon": "OR", "pennsylvania": "PA", "puerto rico": "PR",
    "rhode island": "RI", "south carolina": "SC", "south dakota": "SD", "tennessee": "TN", "texas": "TX",
    "utah": "UT", "vermont": "VT", "virginia": "VA", "washington": "WA", "west virginia": "WV",
    "wisconsin": "WI", "wyoming": "WY",
}  # fmt: skip
PROVINCES = {
    "alberta": "AB", "british columbia": "BC", "manitoba": "MB", "new brunswick": "NB",
    "newfoundland and labrador": "NL", "newfoundland": "NL", "nova scotia": "NS", "northwest territories": "NT",
    "nunavut": "NU", "ontario": "ON", "prince edward island": "PE", "quebec": "QC", "québec": "QC",
    "saskatchewan": "SK", "yukon": "YT",
}  # fmt: skip

_REGIONS = STATES | PROVINCES
_REGIONS.update({code.lower(): code for code in _REGIONS.copy().values()})
_US_CODES = frozenset(STATES.values())

_PROVINCE_OF = {
    **dict.fromkeys("GHJ", "QC"), **dict.fromkeys("KLMNP", "ON"), "A": "NL", "B": "NS", "C": "PE", "E": "NB", "R": "MB", "S": "SK",
    "T": "AB", "V": "BC", "Y": "YT",
}  # fmt: skip
"""The first letter of a Canadian postal code says the province (Canada Post); X is of two territories."""
_SHORT = {
    "man": "MB", "ont": "ON", "alta": "AB", "sask": "SK", "que": "QC", "qué": "QC", "pei": "PE", "nfld": "NL", "tex": "TX", "fla": "FL",
    "calif": "CA", "ariz": "AZ", "penn": "PA", "mich": "MI", "minn": "MN", "tenn": "TN", "wash": "WA", "mass": "MA", "conn": "CT",
}  # fmt: skip
"""Older short forms that people still type into a column of states; elsewhere they may be anything."""
_POSTAL = pattern(r"\b([A-Z])\d[A-Z]\s?\d[A-Z]\d$", re.IGNORECASE)

_COUNTRY = pattern(
    r"[,\s]+(?:usa|u\.s\.a\.|us|u\.s\.|united states(?: of america)?|canada)\.?$", re.IGNORECASE
)
_ZIP = pattern(r"[,\s]+(?:\d{5}(?:-\d{4})?|[a-z]\d[a-z]\s?\d[a-z]\d)$", re.IGNORECASE)
_STREET = pattern(r"\d")
_ALPHA = pattern(r"[^\W\d_]")


def region(text: str) -> str | None:
    """Two capital letters of a US state or Canadian province given by name or code, or None."""
    return _REGIONS.get(" ".join(text.replace(".", "").lower().split()))


def _city(text: str) -> str | None:
    city = " ".join(text.strip(" ,.").split())
    if not city or _STREET.search(city) or not _ALPHA.search(city) or len(city) > 60:
        return None
    return city.title() if city.isupper() or city.islower() else city


LONGEST = 300
"""Characters of a place that are looked at, the last ones; more is no place, and would be searched and remembered."""


def market_of(city: str | None, state: str | None, location: str | None) -> tuple[str | None, str | None]:
    """Market and US state, from their own columns if given, else from the location; unknown parts are None.

    ``Houston, TX``, ``houston tx 77002``, ``12 Main St, Houston, Texas, USA`` all give ``("Houston, TX", "TX")``.
    A Canadian province makes a market but no US state.
    """
    if location is not None and len(location) > LONGEST:
        location = location[-LONGEST:]
    if city is not None and len(city) > LONGEST:
        city = None
    if state is not None and len(state) > LONGEST:
        state = None
    return _market_of(city, state, location)


@lru_cache(maxsize=10_000)
def _market_of(city: str | None, state: str | None, location: str | None) -> tuple[str | None, str | None]:
    code = region(state) or _SHORT.get(state.strip(" .").lower()) if state else None
    if code is not None and city and (name := _city(city)):
        return f"{name}, {code}", code if code in _US_CODES else None
    if location:
        found = _from_location(location)
        if found[0] is not None:
            return found
        code = code or found[1]
    return None, code if code in _US_CODES else None


def _from_location(text: str) -> tuple[str | None, str | None]:
    text = _COUNTRY.sub("", text.strip(" ,."))
    postal = _POSTAL.search(text)
    text = _ZIP.sub("", text)
    text = _ZIP.sub("", text).strip(" ,.")
    head, comma, tail = text.rpartition(",")
    code = region(tail)
    if comma and code is not None:
        before = head.rpartition(",")[2]
    else:
        words = text.split()
        for size in (3, 2, 1):
            code = region(" ".join(words[-size:])) if len(words) >= size else None
            if code is not None:
                before = " ".join(words[:-size]).rpartition(",")[2]
                break
        else:
            code = _PROVINCE_OF.get(postal[1].upper()) if postal else None
            if code is None:
                return None, None
            before = text.rpartition(",")[2]
    state = code if code in _US_CODES else None
    name = _city(before)
    return (f"{name}, {code}" if name else None), state
