"""What the cells of a column look like: whether they fit the field that its name proposes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from valhalla.intake.reading.cell_words import (
    YES_NO,
    is_flag,
    is_line_type,
    is_result,
    is_wish,
    parts_of,
    without_extension,
)
from valhalla.intake.reading.dates import list_date
from valhalla.intake.reading.vocabulary import words_of
from valhalla.leads.contacts import nanp_key, plausible_email
from valhalla.program.patterns import pattern

ENOUGH = 0.8
"""The share of the filled cells that has to fit."""
LONGEST = 300
"""Characters of a cell that are looked at."""

_NOTHING = words_of("- -- --- . ? n/a na n.a. #n/a none null nil unknown tbd nan * xx xxx") | {
    "not available",
    "not provided",
}
_BLANKS = pattern(r"[^\S\n]{2,}")
_NO_DATE = frozenset(("0", "0000", "0000-00-00", "00/00/0000"))
"""What rolls write for a date or year that is not known."""
_DATE = pattern(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))(?:[T ,].*)?"
    r"|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|\d{1,2}[- ](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?[-, ]+\d{2,4}.*"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?[- ]+\d{1,2}(?:st|nd|rd|th)?[-, ]+\d{2,4}.*",
    re.IGNORECASE | re.ASCII,
)
_PHONE = pattern(r"(?:\+?1[\s./-]*)?(?:\(\s*(\d{3})\s*\)|(\d{3}))[\s./-]*(\d{3})[\s./-]*(\d{4})", re.ASCII)
_ABROAD = pattern(r"\+(?!1\d{10}$)[1-9][\d\s().-]{6,20}", re.ASCII)
_LOCAL = pattern(r"0[\d\s()./-]{7,15}", re.ASCII)
_SCIENTIFIC = pattern(r"[1-9](?:\.\d+)?E\+?0?(?:9|10)", re.IGNORECASE | re.ASCII)
_DECIMAL_PHONE = pattern(r"(\d{10,11})\.0+", re.ASCII)
_ZIP = pattern(r"(?:z:)?\d{5}(?:-?\d{4}|-)?(?:\.0)?|\d{3,4}(?:\.0)?", re.ASCII | re.IGNORECASE)
_FULL_ZIP = pattern(r"\d{4,5}(?:-\d{4})?", re.ASCII)
_POSTAL = pattern(r"(?:z:)?[A-Z]\d[A-Z][ -]?\d[A-Z]\d|[A-Z]\d[A-Z]", re.IGNORECASE | re.ASCII)
_MONEY = pattern(
    r"[-(]?\s*(?:asking|ask|about|approx\.?|around|~|under|over|up to|from)?\s*(?:(?:us|ca|c)?\s?\$|€|£|usd|cad)?\s*"
    r"\d[\d,. ']*\s*(?:k|m|mm|mil|mill|million|thousand)?\+?\s*(?:usd|cad|dollars?|\$|€)?\)?"
    r"(?:\s*(?:-|–|—|to|/)\s*(?:us|ca|c)?\$?\s*\d[\d,.]*\s*(?:k|m|mm|million)?)?\s*(?:obo|or best offer|firm|neg\w*|cash|net|\.|\+)*",
    re.IGNORECASE | re.ASCII,
)
_YEAR = pattern(r"(?:1[6-9]|20)\d{2}(?:\.0)?", re.ASCII)
_NUMBER = pattern(r"[-+]?\d[\d,]*(?:\.\d+)?", re.ASCII)
_COUNT = pattern(r"(?:\d[\d,]*|(?=\.\d))(?:\.\d+)?\s*\+?\s*(?:[a-z²³. ()]{0,20})", re.ASCII)
_PERCENT = pattern(r"[-+]?\d[\d,]*(?:\.\d+)?\s*%?", re.ASCII)
_STATES = words_of(
    "ont man alta sask que pei nfld tex fla calif ariz mich minn tenn penn wash mass conn al ak az ar ca co ct de dc fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa pr ri sc "
    "sd tn tx ut vt va wa wv wi wy vi gu as mp ab bc mb nb nl nf ns nt nu on pe pei qc pq sk yt"
) | frozenset(
    re.split(
        r",\s+",
        """alabama, alaska, arizona, arkansas, california, colorado, connecticut, delaware, district of columbia,
florida, georgia, hawaii, idaho, illinois, indiana, iowa, kansas, kentucky, louisiana, maine, maryland,
massachusetts, michigan, minnesota, mississippi, missouri, montana, nebraska, nevada, new hampshire, new
jersey, new mexico, new york, north carolina, north dakota, ohio, oklahoma, oregon, pennsylvania, rhode
island, south carolina, south dakota, tennessee, texas, utah, vermont, virginia, washington, west
virginia, wisconsin, wyoming, puerto rico, alberta, british columbia, manitoba, new brunswick,
newfoundland and labrador, newfoundland, nova scotia, northwest territories, nunavut, ontario, prince
edward island, quebec, québec, saskatchewan, yukon, yukon territory""",
    )
)
_STREET = pattern(
    r"\b(?:st|street|ave|avenue|rd|road|dr|drive|ln|lane|blvd|boulevard|ct|court|cir|circle|way|pl|place|ter|terrace|trl|trail|pkwy|hwy|"
    r"highway|loop|sq|square|bend|cove|pike|run|path|cres|crescent|rue|chemin|row|ridge|po box|p\.?o\.? box|box|rr)\b",
    re.IGNORECASE,
)
_HOUSES = pattern(
    r"\b(?:single|multi|family|sfr|dup|tri|mfr|cnd|twn|mob|vac|sfh|mfr|condo\w*|town ?ho\w*|duplex|triplex|fourplex|quad\w*|land|lot|apartment\w*|mobile home|manufactured|"
    r"residen\w*|commercial|industrial|house|home|detached|semi|attached|bungalow|vacant land|units?|farm|agricultur\w*|ranch|pud|coop|co-op)\b",
    re.IGNORECASE,
)


def filled(cells: Sequence[str]) -> list[str]:
    """The cells that say something, trimmed. A formula says nothing."""
    found = []
    for cell in cells:
        text = cell[:LONGEST].strip()
        if "  " in text or not text.isprintable():
            text = _BLANKS.sub(" ", text)
        if text and text[0] != "=" and text.casefold() not in _NOTHING:
            found.append(text)
    return found


_FOOTER = pattern(
    r"(?:grand |sub-?)?totals?(?:\b.{0,40})?|(?:records?|rows|count)\s*:\s*[\d,]+|page \d+ of \d+|(?:printed|generated|copyright|confidential)\b.*",
    re.IGNORECASE,
)


def without_footers(rows: Sequence[Sequence[str]], width: int) -> list[Sequence[str]]:
    """The rows without totals and what a report says below them, unless nothing else is left."""
    counts = [sum(1 for cell in row[:width] if cell and not cell.isspace()) for row in rows]
    most = max(counts, default=0)
    kept = [
        row
        for row, count in zip(rows, counts, strict=True)
        if count > (1 if most > 2 else 0) and not is_footer(row[:width])
    ]
    return kept or list(rows)


def is_footer(cells: Sequence[str]) -> bool:
    """Whether a row of at most three filled cells is a total or what a report says below its rows."""
    facts = [cell[:LONGEST].strip() for cell in cells if cell and not cell.isspace()]
    return len(facts) <= 3 and any(map(_FOOTER.fullmatch, facts))


def is_date(text: str) -> bool:
    """A date in one of the forms lists write; no spreadsheet's day number, which could be anything."""
    return _DATE.fullmatch(text) is not None


def is_email(text: str) -> bool:
    """One plausible address or several, with a name or ``mailto:`` around it."""
    if "@" not in text:
        return False
    parts = [part for part in re.split(r"\s*(?::::|[;|,\n]|\s/\s)\s*|\s+(?=\S+@)", text) if "@" in part]
    return bool(parts) and all(plausible_email(_address(part)) for part in parts)


def _address(part: str) -> str:
    if match := re.search(r"<([^<>]*)>", part):
        part = match[1]
    part = part.strip(" \t\"'<>()*").lower()
    return part.removeprefix("mailto:").removeprefix("e:")


def is_phone(text: str, country: str = "US") -> bool:
    """One plausible number or several: written as numbers are, and no parcel, ZIP, date or price."""
    if not any(mark.isdecimal() for mark in text):
        return False
    parts = parts_of(text)
    return bool(parts) and all(_one_phone(part, country) for part in parts)


@lru_cache(maxsize=4_096)
def _one_phone(text: str, country: str) -> bool:
    bare = without_extension(text)
    if is_date(bare):
        return False
    if match := _DECIMAL_PHONE.fullmatch(bare):
        bare = match[1]
    if match := _PHONE.fullmatch(bare):
        return nanp_key((match[1] or match[2]) + match[3] + match[4]) is not None
    if _SCIENTIFIC.fullmatch(bare) or _ABROAD.fullmatch(bare):
        return True
    return country not in ("US", "CA") and _LOCAL.fullmatch(bare) is not None


def is_zip(text: str) -> bool:
    """A ZIP code, also one that lost its leading zero, or a Canadian postal code."""
    return _ZIP.fullmatch(text) is not None or _POSTAL.fullmatch(text) is not None


def is_state(text: str) -> bool:
    """A state or province, by its letters or its name."""
    return text.strip(". ").casefold() in _STATES


def is_money(text: str) -> bool:
    """An amount, also with k, a range, or OBO; no date, year, ZIP+4, phone or percentage."""
    if _MONEY.fullmatch(text) is None:
        return False
    if is_date(text) or _YEAR.fullmatch(text) or _POSTAL.fullmatch(text):
        return False
    if re.fullmatch(r"\d{5}-\d{4}", text) or (re.fullmatch(r"0\d+", text) and len(text) > 2):
        return False
    if (match := re.fullmatch(r"(\d+)\s*[-–—/]\s*(\d+)", text)) and (
        min(len(match[1]), len(match[2])) < 4 or match[2][0] == "0"
    ):
        return False
    digits = sum(mark.isdecimal() for mark in text)
    return digits <= 13 and not (
        digits >= 10 and "." not in text and "," not in text and _PHONE.fullmatch(text)
    )


def looks_like_zips(cells: Sequence[str]) -> bool:
    """Whether amounts are bare numbers of four or five digits and mostly no round ones: those may be ZIP codes."""
    bare = [cell for cell in cells if _FULL_ZIP.fullmatch(cell)]
    return bool(bare) and len(bare) == len(cells) and sum(cell.endswith("0") for cell in bare) * 2 < len(bare)


_LENDERS = pattern(
    r"\b(?:bank|banc|mortgage|loans?|lending|servicing|savings|financial|credit|fannie|freddie|federal|n\.?a\.?|trust|fund|city|county|state)\b",
    re.IGNORECASE,
)


def is_lender(text: str) -> bool:
    """A bank, a servicer, or an office: anyone who takes an owner to court."""
    return _LENDERS.search(text) is not None


def is_name(text: str) -> bool:
    """Something a person or company may be called."""
    letters = sum(mark.isalpha() for mark in text)
    return (
        letters >= 1 and letters * 2 >= len(text.replace(" ", "")) and "@" not in text
        and not is_date(text) and text.casefold() not in YES_NO - {"x", "t", "f", "si", "on"}
    )  # fmt: skip


def is_address(text: str) -> bool:
    """A street address, with or without its city."""
    if "@" in text or is_date(text) or is_phone(text):
        return False
    letters = sum(mark.isalpha() for mark in text)
    return (
        letters >= 2
        and (" " in text or any(mark.isdecimal() for mark in text))
        and not _POSTAL.fullmatch(text)
    )


def is_street(text: str) -> bool:
    """A street address beyond doubt: a number or box, and a word for a street."""
    return is_address(text) and any(mark.isdecimal() for mark in text) and _STREET.search(text) is not None


def _wordy(text: str) -> bool:
    return any(mark.isalpha() for mark in text) and "@" not in text and not is_date(text)


def _place(text: str) -> bool:
    digits = sum(mark.isdecimal() for mark in text)
    return _wordy(text) and digits <= 2 and text.casefold() not in YES_NO


def _location(text: str) -> bool:
    return _wordy(text) and text.casefold() not in YES_NO


def _yes_no(text: str) -> bool:
    return text.casefold() in YES_NO


def _number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None and not is_date(text)


def _count(text: str) -> bool:
    return _COUNT.fullmatch(text.casefold()) is not None and not is_date(text) and not is_phone(text)


def _small(text: str) -> bool:
    match = re.match(r"\d+", text)
    return _count(text) and match is not None and len(match[0]) <= 2


def _percent(text: str) -> bool:
    return _PERCENT.fullmatch(text) is not None and not is_date(text)


def _share(text: str) -> bool:
    """A percentage, and no amount."""
    if _PERCENT.fullmatch(text) is None or "," in text:
        return False
    return text.endswith("%") or abs(float(text)) <= 100


def _amount(text: str) -> bool:
    return is_money(text) and not text.rstrip().endswith("%")


def _plain_amount(text: str) -> bool:
    """An amount that is not a ratio: equity of ``0.62`` is a share."""
    return _amount(text) and not _share(text)


def _any_date(text: str) -> bool:
    return is_date(text) or text in _NO_DATE or list_date(text) is not None


def _year(text: str) -> bool:
    return _YEAR.fullmatch(text) is not None or text in _NO_DATE


def _identifier(text: str) -> bool:
    return "@" not in text and not is_date(text) and len(text) <= 60


def _parcel(text: str) -> bool:
    return any(mark.isdecimal() for mark in text) and _identifier(text) and not text.startswith("$")


def _free(text: str) -> bool:
    return not is_date(text) and _NUMBER.fullmatch(text) is None and text.casefold() not in YES_NO


_RULES: dict[str, Callable[[str], bool]] = {
    "name": is_name, "first_name": is_name, "last_name": is_name, "company": is_name,
    "email": is_email, "zip": is_zip, "state": is_state, "city": _place, "county": _place, "location": _location,
    "address": is_address, "unit": lambda text: len(text) <= 40 and "@" not in text and not is_date(text),
    "phone_type": lambda text: is_line_type(text) or not any(mark.isdecimal() for mark in text),
    "phone_dnc": is_flag, "phone_status": lambda text: not is_date(text) and not is_phone(text) and (len(text) > 3 or not _number(text)),
    "litigator": is_flag, "phone_litigator": is_flag, "do_not_call": is_flag, "flag": _yes_no,
    "disposition": _free, "tags": _free, "source": _free, "condition": _free, "property_type": lambda text: _free(text) or _small(text),
    "occupancy": lambda text: _wordy(text) or _yes_no(text), "interested_in": _wordy,
    "apn": _parcel, "lead_id": _identifier,
    "value": _amount, "estimated_value": _amount, "assessed_value": _amount, "arv": _amount, "repairs": _amount,
    "last_sale_price": _amount, "loans": _amount, "tax_owed": _amount, "equity": _plain_amount,
    "equity_percent": _share, "ltv": _percent,
    "last_sale_date": _any_date, "list_date": _any_date, "year_built": _year,
    "beds": _small, "baths": _small, "years_owned": _count, "sqft": _count, "lot": _count,
}  # fmt: skip
MONEY = words_of("value estimated_value assessed_value arv repairs last_sale_price loans tax_owed")
_STRICT: dict[str, Callable[[str], bool]] = {
    "property_type": lambda text: _HOUSES.search(text) is not None,
    "interested_in": is_wish,
    "phone_type": is_line_type,
    "disposition": is_result,
    "address": is_street,
    "last_sale_date": is_date,
    "name": lambda text: is_name(text) and re.fullmatch(r"[^\W\d_]+\.?(?:[ .,'&-]+[^\W\d_]+\.?){1,5}", text) is not None,
    "phone": lambda text: is_phone(text) and re.search(r"[()\s.+-]", text) is not None and not _SCIENTIFIC.fullmatch(text),
}  # fmt: skip
"""Stronger tests, for names that say little."""


def support(field: str, cells: Sequence[str], country: str = "US", *, strict: bool = False) -> float | None:
    """The share of the filled cells that fit a field, or None when no cell says anything about it."""
    rule: Callable[[str], bool]
    if field == "phone":
        rule = _STRICT["phone"] if strict else lambda text: is_phone(text, country)
    else:
        rule = _STRICT.get(field, _RULES[field]) if strict else _RULES[field]
    said = cells
    if field in MONEY:
        said = [cell for cell in cells if any(mark.isdecimal() for mark in cell)]
        if cells and not said:
            return 0.0
    if not said:
        return None
    share = sum(map(rule, said)) / len(said)
    if field == "value" and 2 * len(said) < len(cells):
        return share * len(said) / len(cells)
    if field == "value" and share >= ENOUGH and looks_like_zips(said):
        return 0.5
    return share
