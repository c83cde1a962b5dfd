"""Postal addresses in one normal form, whatever a list's spelling: ``12 N. Oak Street #4`` is ``12 NORTH OAK ST APT 4``.

The form follows USPS Publication 28, whose tables are in :mod:`valhalla.leads.postal_tables`; it serves to compare addresses,
not to check that they exist. Where two readings are possible, the same spelling always gives the same one, and different
streets are never made equal: what might be equal is for :func:`may_be_same` to offer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from valhalla.leads.postal_tables import (
    ALONE,
    CANADIAN,
    COUNTRIES,
    DIRECTIONS,
    FRENCH_DIRECTIONS,
    FRENCH_TYPES,
    NAME_WORDS,
    ORDINALS,
    PLAIN_SUFFIXES,
    REGIONS,
    SAME_UNIT,
    SUFFIXES,
    TENS,
    UNITS,
    ZIP_STATES,
    word_set,
)
from valhalla.program.patterns import pattern

LONGEST = 300
"""Characters of a text that can be an address; a longer one is a note."""


class Address(NamedTuple):
    """An address in normal form: upper case, standard abbreviations; what is unknown is empty."""

    number: str
    """House number: ``12``, ``41-12``, ``12 1/2``, ``12A``; of a PO box or rural route the number of the box. A lot
    without a house number, which lists also write as 0, has none."""
    pre: str
    """Direction before the street: ``N``, ``SW``."""
    street: str
    """``OAK``, ``5TH``, ``SAINT JAMES``, ``US 1``, ``PO BOX``, ``RR 2``."""
    suffix: str
    """``ST``, ``AVE``."""
    post: str
    """Direction after the street."""
    unit: str
    """``4``, ``4B`` for apartments, suites, units; otherwise with its kind: ``BLDG 2``, ``FL 3``, ``REAR``."""
    city: str
    state: str
    """Two letters, of Canada's provinces as well."""
    zip5: str
    """Five digits, or a Canadian postal code without the space."""

    @property
    def line(self) -> str:
        """Street and unit in one line."""
        unit = f"# {self.unit}" if self.unit and self.unit.partition(" ")[0] not in UNITS else self.unit
        box = self.street.startswith(("PO BOX", "RR ", "HC "))
        first = (self.street, self.number) if self.street == "PO BOX" else (self.number, self.street)
        if box and self.street != "PO BOX":
            first = (self.street, f"BOX {self.number}" if self.number else "")
            return " ".join(part for part in (*first, unit) if part)
        return " ".join(part for part in (first[0], self.pre, first[1], self.suffix, self.post, unit) if part)

    def __str__(self) -> str:
        tail = " ".join(part for part in (self.state, self.zip5) if part)
        return ", ".join(part for part in (self.line, self.city, tail) if part)


class Place(NamedTuple):
    """City, state and postal code in normal form; what is unknown is empty."""

    city: str
    state: str
    zip5: str


def normal_address(
    text: str | None,
    unit: str | None = None,
    city: str | None = None,
    state: str | None = None,
    zip_code: str | None = None,
) -> Address | None:
    """The address that ``text`` and the cells next to it give; None when ``text`` names no street.

    ``text`` may hold unit, city, state and ZIP as well (``12 Oak St #4, Houston, TX 77018``); cells that are filled win.
    """
    if not text or len(text) > LONGEST:
        return None
    place = _place(city or "", state or "", zip_code or "")
    if "," in text and (found := re.fullmatch(_ONE_LINE, text)):
        street, inside = found[1], _place(found[3], found[4], found[5])
        place = Place(place.city or inside.city, place.state or inside.state, place.zip5 or inside.zip5)
        if found[2]:
            street = f"{street} {found[2]}"
        if inside.state and (plain := _plain(street, unit, place)) is not None:
            return plain
    elif (plain := _plain(text, unit, place)) is not None:
        return plain
    return _careful(text, unit or "", place)


_ONE_LINE = r"(?ai)\s*([^,]+)(?:,\s*((?:apt|unit|ste|suite|#)[^,]*))?,\s*([^,\d]+),\s*([a-z]{2})\s+(\d{5})(?:-\d{4})?\s*"
"""Compiled when it is first needed, like most patterns here: they take 1 ms each, and most addresses need few."""


@lru_cache(maxsize=8_192)
def parse_place(text: str | None) -> Place:
    """City, state and ZIP in one text, such as ``Houston, TX 77018``; what it does not say is empty."""
    if not text or len(text) > LONGEST:
        return Place("", "", "")
    segments = [part for part in (segment.split() for segment in _spaced(text).split(",")) if part]
    found = _tail(segments, Place("", "", ""), alone=True)
    words = [word for segment in segments for word in segment]
    return found._replace(city=found.city or _city(" ".join(words)))


# -- places ------------------------------------------------------------------------------------------------


_NO_MARKS = str.maketrans({".": "", "'": "", "’": "", "`": "", '"': "", "-": " ", ",": " ", "/": " "})
_ZIP = pattern(r"(\d{5})(?:[- ]?\d{4})?(?:\.0+)?")
_POSTAL = r"([ABCEGHJ-NPRSTVXY]\d[A-Z]) ?(\d[A-Z]\d)"


@lru_cache(maxsize=8_192)
def _place(city: str, state: str, zip_code: str) -> Place:
    code = region(state)
    number = zip5(zip_code, code)
    if not code and len(number) == 5:
        code = ZIP_STATES.get(number[:3], "")
    if city and (not code or not number) and "," in city:
        inside = parse_place(city)
        return Place(inside.city, code or inside.state, number or inside.zip5)
    return Place(_city(city), code, number)


def region(text: str) -> str:
    """The two letters of a state or province, however written; empty when it is neither."""
    if len(text) == 2 and text in REGIONS:
        return text
    return REGIONS.get(" ".join(_ascii(text).translate(_NO_MARKS).split()), "")


def zip5(text: str, state: str = "") -> str:
    """The five digits of a ZIP or the six of a Canadian postal code; empty when it is neither.

    A spreadsheet drops a leading zero: it is put back where the state has such ZIPs.
    """
    text = text.strip().upper()
    if len(text) == 5 and text.isdigit() and text.isascii():
        return "" if text == "00000" else text
    found = _ZIP.fullmatch(text)
    if found:
        return "" if found[1] == "00000" else found[1]
    if re.fullmatch(r"\d{3,4}(?:\.0+)?|\d{7,8}(?:\.0+)?|\d{3,4}-\d{4}", text, re.ASCII):
        digits = text.partition(".")[0].partition("-")[0]
        padded = digits.zfill(9)[:5] if len(digits) > 4 else digits.zfill(5)
        return padded if state and ZIP_STATES.get(padded[:3]) == state else ""
    found = re.fullmatch(_POSTAL, text)
    return found[1] + found[2] if found else ""


_CITIES = {"NYC": "NEW YORK", "NEW YORK CITY": "NEW YORK", "PHILA": "PHILADELPHIA", "INDPLS": "INDIANAPOLIS"}
"""Short names that stand for one city."""


@lru_cache(maxsize=8_192)
def _city(text: str) -> str:
    words = _ascii(text).translate(_NO_MARKS).split()
    if words[:2] in (["CITY", "OF"], ["TOWN", "OF"], ["VILLAGE", "OF"]):
        words = words[2:]
    if len(words) > 1:
        words = [NAME_WORDS.get(word, word) for word in words]
        if words[0] in DIRECTIONS:
            words[0] = _LONG[DIRECTIONS[words[0]]]
    name = " ".join(words)
    return _CITIES.get(name, name)


_LONG = {
    "N": "NORTH", "S": "SOUTH", "E": "EAST", "W": "WEST", "NE": "NORTHEAST", "NW": "NORTHWEST", "SE": "SOUTHEAST", "SW": "SOUTHWEST",
}  # fmt: skip


def _ascii(text: str) -> str:
    """Upper case without accents."""
    if text.isascii():
        return text.upper()
    text = unicodedata.normalize("NFKD", text.upper())
    return "".join(mark for mark in text if not unicodedata.combining(mark))


# -- the common form ---------------------------------------------------------------------------------------

_HIGHWAYS = word_set(
    "US U STATE SR SH STH CR CO CNTY COUNTY CTY CTH HWY HIGHWAY HIWAY RT RTE ROUTE FM RM I IH INTERSTATE FARM RANCH TWP TOWNSHIP TR"
    " ST S OLD ROAD RD LOOP FOREST PR PRIVATE BUSINESS BUS SPUR AVENUE AVE AV STREET LANE LN MARTIN MLK ML DR HC RR RFD RURAL BOX PO POB"
    " POST P STAR"
)
_SPECIAL = frozenset(
    {
        *_HIGHWAYS,
        *NAME_WORDS,
        *ORDINALS,
        *TENS,
        *DIRECTIONS,
        *UNITS,
        *PLAIN_SUFFIXES,
        "MC",
        "MAC",
        "O",
        "LA",
        "LE",
        "DE",
        "AND",
        "RUE",
        "LOT",
    }
)
"""Words in a street's name that need a closer look."""


def _plain(text: str, unit: str | None, place: Place) -> Address | None:
    """The normal form of the common spellings, such as ``12 Oak Street`` and ``12 N Oak St Apt 4``; None for all others."""
    if not text.isascii() or place.state in CANADIAN:
        return None
    number, _, street = text.strip().partition(" ")
    if not number.isdigit() or number[0] == "0":
        return None
    found = _plain_street(street, unit)
    return None if found is None else Address._make((number, *found, *place))


@lru_cache(maxsize=8_192)
def _plain_street(text: str, unit: str | None) -> tuple[str, str, str, str, str] | None:
    """What stands in an address between the number and the place; many stand in one street."""
    words = _undotted(text.upper()).split()
    if len(words) < 2:
        return None
    inside = post = pre = ""
    if words[-1][0] == "#":
        inside = words.pop()[1:]
    elif words[-2] in _COMMON_UNITS:
        inside = words.pop()
        words.pop()
    if unit:
        if inside or not unit.isalnum():
            return None
        inside = unit.upper()
    if inside and not (inside.isdigit() and inside[0] != "0") and not (len(inside) == 1 and inside.isalpha()):
        return None
    if len(words) < 2:
        return None
    suffix = SUFFIXES.get(words.pop())
    if suffix is None:
        last = _undotted(text.upper()).split()[len(words)]
        post = DIRECTIONS.get(last, "")
        if not post or len(words) < 2 or (len(last) > 2 and words[-1] not in PLAIN_SUFFIXES):
            return None
        suffix = SUFFIXES.get(words.pop())
        if suffix is None:
            return None
    first = 0
    if len(words) > 1 and (pre := DIRECTIONS.get(words[0], "")):
        first = 1
    name = words[first:]
    if not name or len(name) > 3:
        return None
    for word in name:
        if word in _SPECIAL or not word.isalnum() or word.isdigit():
            return None
    return pre, " ".join(name), suffix, post, inside


_COMMON_UNITS = frozenset({"APT", "UNIT", "STE", "#", "SUITE", "APARTMENT"})


# -- all others --------------------------------------------------------------------------------------------

_FRACTIONS = str.maketrans({"½": " 1/2 ", "¼": " 1/4 ", "¾": " 3/4 ", "⅓": " 1/3 ", "⅔": " 2/3 ", "№": "#"})
_MARKS = str.maketrans(
    {
        **dict.fromkeys("'’`\"*", ""), **dict.fromkeys("():[]_", " "), **dict.fromkeys(";\n\r|", ","), "#": " # ", "&": " AND ",
        "–": "-", "—": "-", "‐": "-", "‑": "-",
    }
)  # fmt: skip
_ODD = pattern(r"[^A-Za-z0-9 #,]")
_DOT_APART = pattern(r"(?<=[A-Z]{2})\.(?=[A-Z]{2})|(?<=[A-Z])\.(?=\d)|(?<=\d)\.(?=[A-Z])")
_DOT = pattern(r"(?<!\d)\.|\.(?!\d)")


def _spaced(text: str) -> str:
    """Upper case, without accents and marks that mean nothing; commas stay, and points inside numbers."""
    if not _ODD.search(text):
        return text.upper().replace("#", " # ")
    return _undotted(_ascii(text.translate(_FRACTIONS)).translate(_MARKS))


def _undotted(text: str) -> str:
    return _DOT.sub("", _DOT_APART.sub(" ", text)) if "." in text else text


_TAIL_WORDS = frozenset({"USA", "CANADA", *(name.rpartition(" ")[2] for name in REGIONS)})
NOTHING = frozenset({"N/A", "NA", "NONE", "NULL", "UNKNOWN", "TBD", "-", "--", "NO ADDRESS", "0"})
"""What lists write where there is no address."""


def _careful(text: str, unit: str, place: Place) -> Address | None:
    segments = [words for words in (segment.split() for segment in _spaced(text).split(",")) if words]
    if not segments:
        return None
    last = segments[-1][-1]
    if (
        len(segments) > 1
        or last in REGIONS
        or last in _TAIL_WORDS
        or last[:1].isdigit()
        or last in place.city
    ):
        place = _tail(segments, place, alone=False)
    words, rest = segments[0], segments[1:]
    if " ".join(words) in NOTHING:
        return None
    if rest and words[0] in UNITS and _NUMBER.fullmatch(rest[0][0]):
        words, rest = rest[0], [words, *rest[1:]]  # "Apt 4, 12 Oak St"
    elif rest and not words[0][0].isdigit() and words[0] not in UNITS and _NUMBER.fullmatch(rest[0][0]):
        words, rest = rest[0], rest[1:]  # the name of a person or a building stands before the street
    elif rest and ((len(words) == 1 and _NUMBER.fullmatch(words[0])) or rest[0][0] == "BOX"):
        words, rest = [*words, *rest[0]], rest[1:]  # "225, rue Fleury", "RR 2, Box 18"
    boxed = _box(words, place)
    if boxed is not None:
        return boxed
    for segment in rest:
        if _is_unit(segment) or (len(segment) == 2 and segment[1] in _FLOORS):
            words = [*words, *segment]
        elif place.city and (
            not _PARTS.isdisjoint(segment) or any(word[-1].isdigit() or word[0].isdigit() for word in segment)
        ):
            words = [*words, "#", "-".join(segment)]  # "Cottage 2": whatever it is, it is not the whole house
        elif len(segment) == 1 and len(segment[0]) <= 5 and _is_code(segment[0]):
            words = [*words, "#", *segment]
        elif not place.city:
            place = place._replace(city=_city(" ".join(segment)))
    return _read(words, unit, place)


_PARTS = word_set(
    "HOUSE COTTAGE GARAGE CARRIAGE CASITA ADU LEVEL WING TOWER PHASE REAR UPPER LOWER BASEMENT BUILDING FLOOR"
)
"""Words of a part of a house or of one of several at an address."""


def _is_unit(words: list[str]) -> bool:
    """Whether ``words``, between two commas, are a unit and not a city such as Key West or Front Royal."""
    kind = UNITS.get(words[0])
    if kind is None or len(words) == 1:
        return kind in ALONE
    return kind in SAME_UNIT or _is_code(words[1]) or words[1] in UNITS


def _tail(segments: list[list[str]], place: Place, alone: bool) -> Place:
    """Take country, ZIP, state and city from the end of ``segments``; what ``place`` knows already wins.

    ``alone``: there is no street before them.
    """
    city, state, code = "", "", ""
    first = 0 if alone else 1
    while segments and len(segments) > first and " ".join(segments[-1]) in COUNTRIES:
        segments.pop()
    if segments and len(segments[-1]) > 2 and segments[-1][-1] in ("USA", "CANADA"):
        segments[-1] = segments[-1][:-1]
    commas = len(segments) > first
    last = segments[-1] if segments else []
    if commas or len(last) > 3 or place.zip5:
        taken = 0
        if len(last) > 1 and (found := re.fullmatch(_POSTAL, f"{last[-2]} {last[-1]}")):
            code, taken = found[1] + found[2], 2
        elif last and (found := re.fullmatch(_POSTAL, last[-1])):
            code, taken = found[1] + found[2], 1
        elif last and re.fullmatch(r"\d{5}(?:-\d{4})?", last[-1]) and (len(last) > 1 or commas):
            code, taken = last[-1][:5], 1
        rest = last[: len(last) - taken]
        if taken and not rest and len(segments) > first + 1:
            segments.pop()  # "Houston; TX; 77018"
            last = rest = segments[-1]
        for length in (1, 2, 3):
            name = " ".join(rest[-length:])
            if (
                len(rest) >= length
                and name in REGIONS
                and not (alone and not taken and len(segments) == 1 and len(rest) == length and len(name) > 2)
            ):
                state = REGIONS[name]
                rest = rest[:-length]
                break
        if code and not state and not commas:
            alone_after = (
                not place.zip5 and len(rest) > 2 and rest[-1] in PLAIN_SUFFIXES and code[:3] in ZIP_STATES
            )
            if code != place.zip5 and (not alone_after or _is_road(rest[1:], _ROAD_OWNERS)):
                code, rest = "", last  # a number at the end of a street
        elif (
            state
            and not code
            and not commas
            and (place.state not in ("", state) or not _ends_street(rest, place.city))
        ):
            state, rest = "", last
        if rest != last:
            segments[-1] = rest
            if not rest:
                segments.pop()
            if len(segments) > first and (state or code):
                if not _is_unit(segments[-1]):
                    city = " ".join(segments.pop())
            elif segments and (state or code):
                city = _city_in(segments[-1], place.city, sure=code != "" and code == place.zip5)
        elif commas and place.city and _city(" ".join(last)) == place.city:
            segments.pop()
    if segments and place.city and not city:
        _city_in(segments[-1], place.city)
    zip_code = place.zip5 or code
    region_code = place.state or state or (ZIP_STATES.get(zip_code[:3], "") if len(zip_code) == 5 else "")
    return Place(place.city or _city(city), region_code, zip_code)


def _ends_street(words: Sequence[str], city: str) -> bool:
    """Whether a street and at least one word of a city stand in ``words``."""
    if city:
        for length in range(1, len(city.split()) + 1):
            if _city(" ".join(words[-length:])) == city and any(
                word in SUFFIXES for word in words[2:-length]
            ):
                return True
        return False
    return _end_of_street(words) < len(words)


def _city_in(words: list[str], known: str, sure: bool = False) -> str:
    """Take the city from the end of ``words``, a street and a city with no comma between them.

    ``sure``: state and ZIP stood after it, so that it is not part of the street.
    """
    if known:
        for length in range(1, len(known.split()) + 1):
            end = len(words) - length
            street = end >= 2 if sure else end >= 3 and _end_of_street(words) <= end
            if street and _city(" ".join(words[end:])) == known:
                del words[end:]
                return known
        return ""
    end = _end_of_street(words)
    city = " ".join(words[end:])
    del words[end:]
    return city


def _end_of_street(words: Sequence[str]) -> int:
    """Where the street with its direction and unit ends: after the first word that can only be a suffix."""
    count = len(words)
    start = 3 if count > 3 and words[1] in DIRECTIONS and words[2] not in PLAIN_SUFFIXES else 2
    for suffixes in (PLAIN_SUFFIXES, SUFFIXES):
        for at in range(start, count):
            if words[at] in suffixes:
                at += 1
                while at < count and words[at] in PLAIN_SUFFIXES and words[at] != "ST":
                    at += 1  # "Oak Lane Dr"
                if (
                    at < count
                    and words[at] in DIRECTIONS
                    and len(DIRECTIONS[words[at]]) + (len(words[at]) < 3) > 1
                ):
                    at += 1  # a long North may begin the city's name
                while at < count and (words[at] in UNITS or _is_code(words[at])):
                    numbered = words[at] in UNITS and words[at] not in ALONE
                    at += 2 if numbered and not (at + 1 < count and words[at + 1] in UNITS) else 1
                return min(at, count)
    return count


_NUMBER = pattern(
    r"\d{1,7}(?:-?[A-Z])?|\d{1,6}-\d{1,6}[A-Z]?|[NSEW]\d{1,6}(?:[NSEW]\d{1,6})?|\d{1,6}[NSEW]\d{1,6}|\d{1,6}-\d/\d|\d{1,6}\.\d"
)
_FRACTION = pattern(r"[1-7]/[2-8]")
_CODE = pattern(
    r"\d{1,5}-?[A-Z]{0,2}|[A-Z]{1,2}-?\d{1,5}|[A-Z]|\d{1,4}-\d{1,4}[A-Z]?|[A-Z]\d{1,3}[A-Z]|\d{1,3}[A-Z]\d{1,3}"
)


def _is_code(word: str) -> bool:
    return _CODE.fullmatch(word) is not None


_BOX = (
    r"(?:P ?O ?|POST OFFICE |POST )(?:BOX|BX|B|DRAWER|DRWR)(?: NO| NUMBER)?(?: #)? ?([\dA-Z-]+)(?: .*)?|POB(?: #)? ?([\dA-Z-]+)|"
    r"(?:BOX|CP|C P)(?: #)? (\d+)"
)
_ROUTE_BOX = r"(RR|R R|RURAL ROUTE|RT|RTE|ROUTE|RFD|R F D|HC|H C|HIGHWAY CONTRACT|HCR|STAR ROUTE|SR)(?: #| NO)? ?(\d+[A-Z]?)(?: BOX(?: #)? ?([\dA-Z-]+))?"


def _box(words: list[str], place: Place) -> Address | None:
    """A PO box, rural route or highway contract route (sections 24, 25, 28)."""
    first = words[0]
    if first[0] not in "PRHSBC":
        return None
    text = " ".join(words)
    found = re.fullmatch(_BOX, text)
    if found:
        return Address(_unzeroed(found[1] or found[2] or found[3]), "", "PO BOX", "", "", "", *place)
    found = re.fullmatch(_ROUTE_BOX, text)
    if found and (found[3] or found[1] not in ("SR", "HC")):
        kind = "HC" if found[1][0] in "HS" else "RR"
        return Address(_unzeroed(found[3] or ""), "", f"{kind} {_unzeroed(found[2])}", "", "", "", *place)
    return None


def _unzeroed(text: str) -> str:
    return text.lstrip("0") or text[-1:]


def _read(words: list[str], unit: str, place: Place) -> Address | None:
    """Number, street and unit of the words of one line."""
    units: list[str] = []
    if len(words) > 2 and words[0] in UNITS and not words[0].isdigit():
        value, at = _value(words, 1)  # "Unit 4 - 123 Main St"
        if value and at < len(words):
            units.append(_unit_of(words[0], value))
            words = words[at:]
            if words[0] == "-":
                words = words[1:]
    number, words, before = _house_number(words, place.state)
    if "-" in words:
        words = [word for word in words if word != "-"]
    if words and "-" in words[-1] and (split := words[-1].partition("-"))[0] in PLAIN_SUFFIXES and split[2]:
        words = [*words[:-1], split[0], "#", split[2]]  # "9 Oak St-4"
    if before:
        units.append(before)
    words, after = _take_units(words)
    units += after
    if unit:
        inside = _cell_units(unit)
        units = sorted(
            (*units, *(each for each in inside if each not in units)),
            key=lambda each: each.partition(" ")[0] not in UNITS,
        )
    street = _street(words, place.state in CANADIAN)
    if not number and not any(mark.isalnum() for mark in street[1]):
        return None
    return Address(number, *street, " ".join(units), *place)


def _house_number(words: list[str], state: str) -> tuple[str, list[str], str]:
    """House number, what follows it, and the unit that Canada writes before it."""
    if not words:
        return "", words, ""
    first = "1" if words[0] == "ONE" and len(words) > 2 else words[0]
    if not _NUMBER.fullmatch(first):
        return "", words, ""
    if "." in first:
        first = first.removesuffix(".0")
        return re.sub(r"\.5$", " 1/2", first), words[1:], ""  # "517.5 Bridge St"
    rest = words[1:]
    unit = ""
    if len(rest) > 2 and rest[0] == "-" and rest[1].isdigit():
        first, rest = f"{first}-{rest[1]}", rest[2:]
    if "-" in first:
        low, _, high = first.partition("-")
        if "/" in high:
            return f"{_unzeroed(low)} {high}", rest, ""
        if high.isalpha():
            first = low + high
        elif state in CANADIAN:
            unit, first = _unzeroed(low), high
    if len(rest) > 1 and _FRACTION.fullmatch(rest[0]):
        first, rest = f"{_unzeroed(first)} {rest[0]}", rest[1:]
    first = first.lstrip("0")
    return ("" if first[:1] in ("", "-") else first), rest, unit


_NUMBER_WORDS = ("NO", "NUMBER", "NUM")
_FLOORS = frozenset({"FLOOR", "FL", "FLR"})


def _take_units(words: list[str]) -> tuple[list[str], list[str]]:
    """Take the units out of the words after a house number."""
    count = len(words)
    for at in range(1, count):
        word = words[at]
        if word in UNITS:
            kind, following = UNITS[word], words[at + 1] if at + 1 < count else ""
            if word == "#" and following[:1].isdigit() and _is_road(words[:at], _NEVER_STREETS):
                return [*words[:at], *words[at + 1 :]], []
            if kind in ("APT", "UNIT", "#"):
                starts = bool(following)
            elif following:
                starts = (
                    following == "#"
                    or (_is_code(following) and following not in DIRECTIONS)
                    or following in UNITS
                )
                starts = starts and (kind != "KEY" or words[at - 1] in SUFFIXES)
            else:
                starts = kind in ALONE and (
                    words[at - 1] in SUFFIXES or words[at - 1] in DIRECTIONS or _is_code(words[at - 1])
                )
            if starts:
                return words[:at], _units(words[at:])
            if not following and kind in ("APT", "UNIT", "#", "STE"):
                return words[:at], []  # a designator whose number is missing
        elif (
            word in _NUMBER_WORDS
            and words[at - 1] in SUFFIXES
            and words[at + 1 : at + 2]
            and words[at + 1][0].isdigit()
        ):
            if not _is_road(words[:at], _ROAD_OWNERS):
                return words[:at], _units(["#", *words[at + 1 :]])
        elif word in ORDINALS and at + 2 == count and words[-1] in _FLOORS:
            return words[:at], [f"FL {ORDINALS[word][:-2]}"]
        elif at + 2 == count and words[-1] in _FLOORS and re.fullmatch(r"\d+(?:ST|ND|RD|TH)", word):
            return words[:at], [f"FL {word[:-2]}"]
    if count > 2 and _is_code(words[-1]) and words[-1] not in DIRECTIONS:
        before = words[-3:-1] if words[-2] in DIRECTIONS else words[-2:-1]
        if before[0] in SUFFIXES and not _is_road(words[:-1], _ROAD_OWNERS):
            return words[:-1], [_unit_of("#", words[-1])]
    return words, []


_ROAD_WORDS = word_set("ROAD RD HWY HIGHWAY HIWAY ROUTE RTE RT LOOP SPUR")
_ROAD_ALONE = word_set("HWY HIGHWAY HIWAY ROUTE RTE RT LOOP SPUR CR CTH SR SH STH FM RM US INTERSTATE IH I")
_ROAD_OWNERS = word_set("COUNTY CO CNTY CTY TWP TOWNSHIP US STATE ST FOREST RANCH FM MARKET")
_NEVER_STREETS = word_set("COUNTY CO CNTY CTY TWP TOWNSHIP US")
"""Of the words before Road or Highway those that are hardly the name of a street: Forest Rd #4 is a unit."""


def _is_road(words: list[str], owners: frozenset[str]) -> bool:
    """Whether only its number is missing after ``words``, those of a street: County Road, US, E Old State Route."""
    first = 1 if words[0] in DIRECTIONS and len(words) > 1 else 0
    first += words[first] == "OLD" and len(words) > first + 1
    if len(words) == first + 1:
        return words[first] in _ROAD_ALONE
    return (
        words[-1] in _ROAD_WORDS
        and words[-2] in owners
        and (len(words) == first + 2 or words[-2] == "MARKET")
    )


def _units(words: list[str]) -> list[str]:
    """The units in words that begin with a designator."""
    found = []
    at = 0
    while at < len(words) and words[at] in UNITS:
        kind = words[at]
        value, at = _value(words, at + 1)
        if value or UNITS[kind] in ALONE:
            found.append(_unit_of(kind, value))
    found.sort(key=lambda unit: unit.partition(" ")[0] not in UNITS)
    return found + words[at:]  # "Apt 4 & 5" is not apartment 4


def _value(words: list[str], at: int) -> tuple[str, int]:
    """The number of a unit that begins at ``at``, and where it ends."""
    parts: list[str] = []
    while at < len(words) and words[at] in ("#", *_NUMBER_WORDS):
        at += 1
    while at < len(words) and (not parts or _is_code(words[at])) and (not parts or words[at] not in UNITS):
        word = words[at]
        if word == "-":
            at += 1
            continue
        if not parts and word in UNITS and UNITS[word] not in ALONE:
            break
        if parts and parts[-1][-1].isdigit() and word[0].isdigit():
            break
        parts.append(word)
        at += 1
    return "".join(parts), at


_NO_UNIT = pattern(r"[^A-Z0-9/&.-]+")
_UNIT_HYPHEN = pattern(r"(?<=\d)-(?=[A-Z])|(?<=[A-Z])-(?=\d)")


def _unit_of(kind: str, value: str) -> str:
    standard = UNITS[kind]
    value = _UNIT_HYPHEN.sub("", _NO_UNIT.sub("", value).strip("-."))
    value = re.sub(r"(?<![0-9A-Z])0+(?=[0-9A-Z])", "", value)
    if value in UNITS and UNITS[value] in ALONE:
        return UNITS[value]  # "Apt Rear", "Unit Upper"
    if standard in SAME_UNIT:
        return value
    return f"{standard} {value}" if value else standard


def _cell_units(text: str) -> list[str]:
    """The units in a cell of their own."""
    words = [
        word for word in _spaced(text).replace(",", " ").split() if word not in ("NONE", "NULL", "N/A", "NA")
    ]
    if not words or words in (["0"], ["#"], ["-"]):
        return []
    if re.fullmatch(r"0+\.0*|\d+\.0", text.strip()):
        words = [text.strip().partition(".")[0]]
    if words[0] not in UNITS:
        if len(words) == 2 and words[1] in _FLOORS:
            return [f"FL {re.sub('(?<=[0-9])(ST|ND|RD|TH)', '', ORDINALS.get(words[0], words[0]))}"]
        words = ["#", *words]
    return [each for each in _units(words) if each]


_LEADING = word_set(
    "AVENUE AVE AV ROAD RD STREET LANE LN DRIVE COURT LOOP SPUR PLACE TRAIL CIRCLE HWY HIGHWAY ROUTE RTE RT CR CTH"
)
"""Words that a letter or number can follow instead of a name: Avenue N, Road 5."""


def _street(words: list[str], canadian: bool) -> tuple[str, str, str, str]:
    """Direction, name, suffix and direction of a street."""
    pre = suffix = post = ""
    count = len(words)
    if count == 0:
        return "", "", "", ""
    last = words[-1]
    direction = DIRECTIONS.get(last)
    if canadian and (direction is None or last in FRENCH_DIRECTIONS):
        direction = FRENCH_DIRECTIONS.get(last, direction)
    if (
        direction
        and count > 1
        and not (
            len(last) == 1
            and words[-2] in _LEADING
            and (count == 2 or (count == 3 and words[0] in _NEVER_STREETS))
        )
    ):
        pair = DIRECTIONS.get(words[-2], "")
        if pair in ("N", "S") and direction in ("E", "W") and count > 2 and words[-2] not in SUFFIXES:
            post, words = pair + direction, words[:-2]
        else:
            post, words = direction, words[:-1]
    french = canadian or words[0] in ("RUE", "CHEMIN", "BOUL")
    if len(words) > 1 and words[-1] in SUFFIXES:
        suffix, words = SUFFIXES[words[-1]], words[:-1]
    elif french and len(words) > 1 and words[0] in FRENCH_TYPES:
        suffix, words = FRENCH_TYPES[words[0]], words[1:]
    if len(words) > 1 and words[0] in DIRECTIONS:
        first, second = DIRECTIONS[words[0]], DIRECTIONS.get(words[1], "")
        if first in ("N", "S") and second in ("E", "W") and len(words) > 2:
            pre, words = first + second, words[2:]
        else:
            pre, words = first, words[1:]
    name, suffix = _name(words, suffix)
    return pre, name, suffix, post


_HIGHWAY = (
    r"(?:(?P<us>US|U S)(?: (?:HIGHWAY|HWY|HIWAY|ROUTE|RTE|RT))?"
    r"|(?P<interstate>INTERSTATE(?: HIGHWAY| HWY)?|IH|I)"
    r"|(?P<state>(?:STATE|ST|S) (?:HIGHWAY|HWY|HIWAY|ROUTE|RTE|RT|ROAD|RD)|SR|SH|STH)"
    r"|(?P<county>(?:COUNTY|CO|CNTY|CTY) (?:ROAD|RD|ROUTE|RTE|RT)|CR)"
    r"|(?P<trunk>(?:COUNTY|CO|CNTY|CTY)(?: TRUNK)? (?:HIGHWAY|HWY|HIWAY)|CTH)"
    r"|(?P<farm>(?:FARM TO MARKET|FARM MARKET|FM)(?: ROAD| RD)?)"
    r"|(?P<ranch>(?:RANCH TO MARKET|RM|RANCH ROAD|RANCH RD)(?: ROAD| RD)?)"
    r"|(?P<township>(?:TOWNSHIP|TWP)(?: ROAD| RD| HIGHWAY| HWY)?)"
    r"|(?P<loop>(?:STATE |ST )?LOOP)"
    r"|(?P<highway>HIGHWAY|HWY|HIWAY)"
    r"|(?P<route>ROUTE|RTE|RT))"
    r"(?: NO| NUMBER| #)? ?-?(?P<code>\d{1,5}[A-Z]{0,2}|[A-Z]{1,2}|[A-Z]{1,2}-?\d{1,3})"
)
_STATE_ROAD = r"([A-Z]{2}(?=-)|[A-Z]{4}[A-Z ]*)[ -](\d{1,4}[A-Z]?)"
_HIGHWAY_NAMES = {
    "us": "US", "interstate": "I", "state": "STATE", "county": "COUNTY RD", "trunk": "COUNTY HWY", "farm": "FM", "ranch": "RM",
    "township": "TOWNSHIP RD", "loop": "LOOP", "highway": "HWY", "route": "RTE",
}  # fmt: skip
"""Appendix F; one state's routes, roads and highways share their numbers, so they have one name here."""

_UNLETTERED = frozenset({"LOOP", "FWY", "EXPY", "HWY", "BYP", "TPKE", "PKWY"})
"""Roads that no letter names, so that W Loop is West Loop; a W St is no West St."""
_KING = r"(?:DR|DOCTOR|REV)? ?(?:MARTIN LUTHER|MARTIN L|M L|ML) KING(?: JR| JUNIOR)?|(?:DR )?MLK(?: JR)?"
_JOINED = frozenset({"MC", "MAC", "LA", "LE", "DE"})
_ORDINAL_END = ("ST", "ND", "RD", "TH")


def _name(words: list[str], suffix: str) -> tuple[str, str]:
    """A street's name in normal form, and its suffix."""
    if not words:
        return "", suffix
    if words[0] in _HIGHWAYS or not words[0].isalpha() or "OLD" in words:
        old = "OLD " if words[0] == "OLD" and len(words) > 2 else ""
        text = " ".join(words[1:] if old else words)
        if (
            suffix
            and (words[0] in ("FM", "FARM", "RM", "COUNTY", "CO", "STATE", "US", "HWY", "HIGHWAY"))
            and suffix in ("RD", "HWY")
        ):
            found = re.fullmatch(_HIGHWAY, text)
            if found and found["code"][0].isdigit():
                return old + _highway(found), ""
        elif not suffix:
            found = re.fullmatch(_HIGHWAY, text)
            if found:
                return old + _highway(found), suffix
    if (
        not suffix
        and words[-1][-1:].isalnum()
        and (found := re.fullmatch(_STATE_ROAD, " ".join(words)))
        and found[1] in REGIONS
    ):
        return f"STATE {_unzeroed(found[2])}", ""  # "Vermont 122", "TX-105"
    if len(words) == 2 and not suffix and words[0] in _LEADING and _is_code(words[1]):
        return f"{SUFFIXES.get(words[0], words[0])} {words[1]}", ""
    if not suffix and words[0] in SUFFIXES and len(words) > 1 and words[0] in _LEADING:
        words = [SUFFIXES[words[0]], *words[1:]]  # "Avenue of the Americas"
    if len(words) == 1 and suffix in _UNLETTERED and words[0] in DIRECTIONS:
        return DIRECTIONS[words[0]], suffix  # "West Loop", "N Fwy"
    if any("-" in word for word in words):
        words = [
            part for word in words for part in (word.split("-") if not word[0].isdigit() else [word]) if part
        ]
        if not words:
            return "", suffix
    if ("KING" in words or "MLK" in words) and re.fullmatch(_KING, " ".join(words)):
        return "MARTIN LUTHER KING", suffix
    if len(words) == 1:
        word = words[0]
        if word in ORDINALS:
            return ORDINALS[word], suffix
        if word.isdigit() and suffix:
            return _ordinal(int(word[:9])), suffix
        return (_unzeroed(word) if word[0] == "0" else word), suffix
    named: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        following = words[at + 1] if at + 1 < len(words) else ""
        if word in TENS and following in ORDINALS and ORDINALS[following][:-2] in "123456789":
            word = f"{TENS[word] + int(ORDINALS[following][:-2])}{ORDINALS[following][-2:]}"
            at += 1
        elif word in ORDINALS:
            word = ORDINALS[word]
        elif word.isdigit() and following in _ORDINAL_END and _ordinal(int(word[:9])).endswith(following):
            word += following
            at += 1
        elif following and (word in _JOINED or (word == "O" and not named)):
            word += NAME_WORDS.get(following, following)  # "La Salle", "De St Germaine"
            at += 1
        elif named and word in DIRECTIONS:
            word = DIRECTIONS[word]
        else:
            word = NAME_WORDS.get(word, word)
            if named and at + 1 == len(words) and word not in ("SAINT", "SAINTE"):
                word = SUFFIXES[word] if word in PLAIN_SUFFIXES else word  # "Oak Lane Dr"
        named.append(word)
        at += 1
    if named[-1] in ("SAINT", "SAINTE") and len(named) > 1:
        named[-1] = "ST"
    return " ".join(named), suffix


def _highway(found: re.Match[str]) -> str:
    kind = next(name for name in _HIGHWAY_NAMES if found[name])
    return f"{_HIGHWAY_NAMES[kind]} {_unzeroed(found['code'].replace('-', ''))}"


def _ordinal(number: int) -> str:
    end = "TH" if 10 < number % 100 < 14 else {1: "ST", 2: "ND", 3: "RD"}.get(number % 10, "TH")
    return f"{number}{end}"


# -- comparing ---------------------------------------------------------------------------------------------


def may_be_same(one: Address, other: Address) -> bool:
    """Whether two addresses may be one that a list wrote incompletely or oddly: a reason to ask, never to join them.

    They agree on ZIP or on city and state, on house number and street, and on unit, suffix and direction as far as both
    say one. Different units of a building are not offered.
    """
    if not one.number or not other.number or not _same_place(one, other):
        return False
    unit = _agree(_unit_value(one.unit), _unit_value(other.unit))
    if one.number != other.number:
        numbers = {one.number.replace("-", ""), other.number.replace("-", "")}
        if one.number + one.unit == other.number or other.number + other.unit == one.number:
            unit = True  # "12A" and "12 # A"
        elif len(numbers) > 1 or "-" not in one.number + other.number:
            return False
    directions = (one.pre, one.post) == (other.post, other.pre) or (
        _agree(one.pre, other.pre) and _agree(one.post, other.post)
    )
    if one.street == other.street:
        street = _agree(one.suffix, other.suffix)
    elif _loose(one.street) == _loose(other.street):
        street = _agree(one.suffix, other.suffix)
        directions = (one.pre, one.post) == (other.pre, other.post)
    else:
        street = _lacks_suffix(one, other) or _lacks_suffix(other, one)
    return unit and directions and street


def _lacks_suffix(one: Address, other: Address) -> bool:
    """Whether a list left out the suffix of ``other``, so that its name's last word was taken for one: Castle Hill [Rd]."""
    name = " ".join(SUFFIXES.get(word, word) for word in other.street.split())
    return one.suffix != "" and name == f"{one.street} {one.suffix}"


def near_text(address: Address) -> str:
    """What all addresses that :func:`may_be_same` offers for this one have in common, without the place."""
    digits = re.match(r"[A-Z]?\d*", address.number.replace("-", ""))
    return f"{digits[0] if digits else ''} {_loose(address.street)[:4]}" if address.number else ""


def _same_place(one: Address, other: Address) -> bool:
    if one.zip5 and one.zip5 == other.zip5:
        return True
    return (
        bool(one.city and one.state)
        and one.state == other.state
        and squeezed(one.city) == squeezed(other.city)
    )


def squeezed(text: str) -> str:
    """A name without its spaces: ``LA SALLE`` and ``LASALLE`` are one city."""
    return text.replace(" ", "")


def _agree(one: str, other: str) -> bool:
    return not one or not other or one == other


def _unit_value(unit: str) -> str:
    kind, _, value = unit.rpartition(" ")
    return value if kind in UNITS else unit


_ROAD_NUMBER = r"(?:OLD )?(?:US|I|STATE|COUNTY RD|COUNTY HWY|FM|RM|TOWNSHIP RD|HWY|RTE|RD) (\S+)"


@lru_cache(maxsize=2_048)
def _loose(street: str) -> str:
    """A street's name without what spellings differ in that might also be another street."""
    road = re.fullmatch(_ROAD_NUMBER, street)
    if road:
        return f"# {road[1]}"
    return "".join(DIRECTIONS.get(word, word) for word in street.split())
