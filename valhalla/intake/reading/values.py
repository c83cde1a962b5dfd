"""Numbers as people write them: the asking price by strict rules, optional numbers leniently.

``float()`` accepts much that nobody meant (nan, 1e5, 500_000, digits of other scripts); each of those is refused
with its own code. Nothing is guessed: an ambiguous form is refused unless the profile says how to read it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from valhalla.intake.reading.chunk import shorten
from valhalla.intake.reading.profile import Profile
from valhalla.program.patterns import pattern

LARGEST_CENTS = 10**15
"""1e13 in cents."""

LONGEST = 200
"""Characters of a number that are looked at closely; what is longer and no plain number is none."""

_PLAIN = pattern(r"([+-]?)(\d*)(?:\.(\d*))?", re.ASCII)
_COMMA = pattern(r"([+-]?)(\d*),(\d*)", re.ASCII)
_GROUPS = pattern(r"[+-]?\d{1,3}(?:[ ,'\u00a0\u202f]\d{2,3})*[ ,'\u00a0\u202f]\d{3}(?:\.\d*)?", re.ASCII)
_POINTS = pattern(
    r"[+-]?\d{1,3}(?:\.\d{3})+,\d*|[+-]?\d{1,3}(?:\.\d{3}){2,}|[+-]?[\d ]+,\d{0,2}|[+-]?\d{4,},\d+", re.ASCII
)
_US = pattern(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?", re.ASCII)
_SPACES = pattern(r"[+-]?\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d\d)?", re.ASCII)
"""Thousands apart, as in Canada: a comma with two digits behind it can only mean cents."""
_EU = pattern(r"[+-]?\d{1,3}(?:[. \u00a0\u202f]\d{3})+(?:,\d*)?|[+-]?\d+(?:,\d*)?", re.ASCII)
_SIGN = "$€£¥₹₽₩¢₺₫₴₪฿"
_CURRENCY = pattern(rf"(?:(?:us|ca|au|c|a)?[{_SIGN}]|\b(?:usd|eur|gbp|cad|aud|chf|mxn)\b\.?)", re.IGNORECASE)
_DOLLAR = pattern(r"(?:us)?\$|\busd\b\.?", re.IGNORECASE)
_EURO = pattern(r"€|\beur\b\.?", re.IGNORECASE)
_WORDS_FOR_NO_NUMBER = {"nan", "inf", "infinity"}


class Money(NamedTuple):
    """What a text is worth: cents, or the code and the words of what is wrong with it."""

    cents: int | None
    code: str | None = None
    """Of the reject when ``cents`` is None, else of a warning."""
    detail: str = ""
    normalised: bool = False


def _cents(sign: str, whole: str, part: str) -> Money:
    whole = whole.lstrip("0")
    if len(whole) > 14:
        if sign == "-":
            return Money(None, "VALUE_NOT_POSITIVE", "is negative")
        return Money(None, "VALUE_TOO_LARGE", "is above 10,000,000,000,000")
    cents = int(whole or "0") * 100 + int((part + "00")[:2])
    rest = part[2:].rstrip("0")
    if rest:
        half = rest[0] == "5" and len(rest) == 1
        cents += (cents & 1) if half else rest[0] >= "5"
    if cents and sign == "-":
        return Money(None, "VALUE_NOT_POSITIVE", "is negative")
    if cents == 0:
        return Money(0, "VALUE_ROUNDED" if rest else None, "was rounded to cents" if rest else "")
    if cents > LARGEST_CENTS or (cents == LARGEST_CENTS and rest):
        return Money(None, "VALUE_TOO_LARGE", "is above 10,000,000,000,000")
    return Money(cents, "VALUE_ROUNDED" if rest else None, "was rounded to cents" if rest else "")


def _plain(text: str) -> Money | None:
    match = _PLAIN.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        return None
    return _cents(match[1], match[2], match[3] or "")


def money(text: str, profile: Profile) -> Money:
    """Cents of a cleaned, non-empty text under the profile's rules; zero is returned as zero, not refused."""
    if profile.value_format == "strict":
        plain = _plain(text)
        if plain is not None:
            return plain
        if profile.decimal_comma and (match := _COMMA.fullmatch(text)) and (match[2] or match[3]):
            return _cents(match[1], match[2], match[3])._replace(normalised=True)
        return _refused(text, profile)
    if len(text) > LONGEST:
        return _plain(text) or _refused(text, profile)
    if profile.value_format == "us":
        plain = _plain(text)
        if plain is not None:
            return plain
        bare = _DOLLAR.sub("", text, count=1).strip()
        bare = bare.replace("- ", "-")
        if _US.fullmatch(bare):
            bare = bare.replace(",", "")
        elif _SPACES.fullmatch(bare):
            bare = re.sub(r"\s", "", bare).replace(",", ".")
    else:
        bare = _EURO.sub("", text, count=1).strip()
        if not _EU.fullmatch(bare):
            return _refused(text, profile)
        bare = re.sub(r"[. \u00a0\u202f]", "", bare).replace(",", ".")
    plain = _plain(bare)
    if plain is None:
        return _refused(text, profile)
    return plain._replace(normalised=bare != text)


def _refused(text: str, profile: Profile) -> Money:
    """Why a text that is not a plain number was refused, as precisely as can be said."""
    if len(text) > LONGEST:
        return Money(None, "VALUE_NOT_NUMBER", "is not a number")
    low = text.lower()
    bare = low.lstrip("+-")
    if bare in _WORDS_FOR_NO_NUMBER:
        return Money(None, "VALUE_NOT_FINITE", "is not a finite number")
    without = _CURRENCY.sub("", low).strip()
    if without != low and without and any(mark.isdigit() for mark in without):
        if _GROUPS.fullmatch(without):
            return Money(
                None,
                "VALUE_CURRENCY",
                "has a currency sign and thousands commas"
                if "," in without
                else "has a currency sign and thousands separators",
            )
        return Money(None, "VALUE_CURRENCY", "has a currency sign")
    if _GROUPS.fullmatch(low):
        if profile.value_format == "eu":
            return Money(None, "VALUE_LOCALE", "is written the American way, the profile says eu")
        return Money(
            None, "VALUE_GROUPING", "has thousands commas" if "," in low else "has thousands separators"
        )
    if _POINTS.fullmatch(low):
        return Money(None, "VALUE_LOCALE", "is written with a decimal comma or points between thousands")
    if re.fullmatch(r"[+-]?[\d.,]+", low, re.ASCII) and re.search(r"\d", low):
        if profile.value_format == "eu" and _plain(low):
            return Money(None, "VALUE_LOCALE", "has a decimal point, the profile says eu")
        if low.count(",") + low.count(".") > 1 or "," in low:
            return Money(None, "VALUE_LOCALE", "has points and commas that can be read in more than one way")
    if re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)e[+-]?\d+", low, re.ASCII):
        return Money(None, "VALUE_FORMAT", "is in scientific notation")
    if re.fullmatch(r"[+-]?[\d_.]+", low, re.ASCII) and "_" in low:
        return Money(None, "VALUE_FORMAT", "has underscores")
    if re.fullmatch(r"[+-]?[\d.,]+\s*(?:k|m|mm|mio|million|thousand)", low, re.ASCII):
        return Money(None, "VALUE_FORMAT", "is abbreviated")
    if re.fullmatch(r"\(.*\d.*\)", low):
        return Money(None, "VALUE_FORMAT", "is in brackets")
    if re.fullmatch(r"[+-]?0x[0-9a-f]+", low):
        return Money(None, "VALUE_FORMAT", "is a hexadecimal number")
    if any(mark.isdigit() and not mark.isascii() for mark in low) and not any(mark.isalpha() for mark in low):
        return Money(None, "VALUE_FORMAT", "has digits of another script")
    return Money(None, "VALUE_NOT_NUMBER", "is not a number")


_ADVICE_SETTING = {
    "VALUE_CURRENCY": "value_format=us",
    "VALUE_GROUPING": "value_format=us",
    "VALUE_LOCALE": "value_format=eu",
}


def complaint(text: str, verdict: Money, profile: Profile, source: str) -> str:
    """The sentence for a refused value, with what to write instead or which setting would accept it."""
    code = verdict.code or ""
    sentence = f'Value must be numeric: "{shorten(text)}" {verdict.detail}'
    if code in ("VALUE_NOT_POSITIVE", "VALUE_TOO_LARGE", "VALUE_NOT_FINITE"):
        sentence = f'Value must be numeric: "{shorten(text)}" {verdict.detail}; a value is above zero and at most 1e13'
    setting = _ADVICE_SETTING.get(code)
    if setting == "value_format=us" and ("€" in text or "eur" in text.lower()):
        setting = "value_format=eu"
    if setting is not None and profile.value_format == "strict":
        wanted = Profile(value_format="us" if setting.endswith("us") else "eu")
        other = money(text, wanted)
        if other.cents:
            whole, part = divmod(other.cents, 100)
            return (
                f"{sentence}; write {whole}{f'.{part:02d}' if part else ''}, "
                f'or turn on {setting} for source "{source}"'
            )
    return sentence


_LENIENT = Profile(value_format="us")
_COUNT = pattern(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.0*)?\s*\+?\s*[a-z². ]*", re.ASCII)


def optional_money(text: str, profile: Profile) -> int | None:
    """Cents of an optional amount (zero allowed), or None when it cannot be read; $ and commas are accepted."""
    verdict = money(
        text, _LENIENT if profile.value_format == "strict" and not profile.decimal_comma else profile
    )
    return verdict.cents


def optional_count(text: str) -> int | None:
    """A whole number such as ``1,850 sqft`` or ``3+``, or None when it cannot be read."""
    match = _COUNT.fullmatch(text.lower())
    if match is None:
        return None
    digits = match[1].replace(",", "")
    return int(digits) if len(digits) <= 9 else None
