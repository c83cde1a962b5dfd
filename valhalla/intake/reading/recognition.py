"""Which column of a list is what: its name proposes a field, and its cells vote on it.

A name is understood word by word (:mod:`naming`, :mod:`vocabulary`) and means a field only if every word of it is
accounted for. The cells then have to fit (:mod:`voting`). What remains open is a question to a person, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from valhalla.intake.reading.header import ALIASES, PARTS, PREFERENCE, REJECT_COLUMNS, STORED, normal
from valhalla.intake.reading.naming import Name, parse
from valhalla.intake.reading.vocabulary import (
    EMAIL_WORDS,
    FILLERS,
    MAILING_WORDS,
    NAME_FILLERS,
    PERSONS,
    PHONE_CORE,
    PHONE_WITHOUT_CORE,
    PHONE_WORDS,
    PROPERTY_WORDS,
    SIGN_FILLERS,
    STATUS_WORDS,
    STRANGERS,
    VETOES,
    WEAK,
    WHOLE_NAME,
    address_parts,
    attributes,
    buyer_marks,
    call_marks,
    listing_marks,
    phrases,
    street_pieces,
    unsure,
)
from valhalla.intake.reading.voting import ENOUGH, MONEY, filled, is_lender, support, without_footers
from valhalla.leads.postal_tables import DIRECTIONS, SUFFIXES
from valhalla.program.patterns import pattern

PHONES, EMAILS = 10, 6
"""How many numbers and addresses of a row have a field; further ones stay extra columns."""
SAMPLED = 50
"""Rows whose cells vote."""
ASKED_FROM = 1_000
"""Columns among which those of missing fields are looked for by their cells."""
_HALF = 0.5
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Doubt:
    """A column that may be a field, of which a person is asked once."""

    header: str
    field: str
    cells: tuple[str, ...]
    """Its first cells that are filled."""
    question: str


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a header and the first rows of a list say about its columns."""

    mapping: dict[str, str]
    """Header to field, of the columns that are sure. Only ``flag`` and ``tags`` stand more than once."""
    doubts: tuple[Doubt, ...] = ()
    documents: bool = False
    """Whether a column is called ``value``: such a list is read by the documents' rules."""
    listings: bool = False
    """Whether it is a download of listings without owners: no lead list."""
    calls: bool = False
    """Whether it is a dialer's list of calls: outcomes of leads, no leads."""
    buyers: bool = False
    """Whether it is a list of people who buy: for ``buyers``, not for the leads."""
    street: tuple[str, ...] = ()
    """Headers of the columns that make the address of the house when they are joined by blanks, where none holds it whole."""

    @property
    def proposed(self) -> dict[str, str]:
        """The mapping with every doubt answered with yes."""
        taken = set(self.mapping.values())
        more = {
            each.header: each.field
            for each in self.doubts
            if each.header not in self.mapping and each.field not in taken
        }
        return {**self.mapping, **more}


class _Column:
    """A column, whose cells are looked at only when its name, or the want of another, calls for it."""

    def __init__(self, number: int, header: str, rows: Sequence[Sequence[str]]) -> None:
        self.number = number
        self.header = header
        self.name: Name = parse(header)
        self.words = frozenset(self.name.words)
        self._rows = rows

    @cached_property
    def cells(self) -> list[str]:
        """Those that say something."""
        number = self.number
        return filled([row[number] for row in self._rows if number < len(row)])


class _Part(NamedTuple):
    """A column that is part of an address."""

    column: _Column
    part: str
    role: str
    rank: int


def recognise(
    header: Sequence[str], samples: Sequence[Sequence[str]], country: str = "US"
) -> Recognition:  # fmt: skip
    """Say what each column of a list is.

    ``header`` has the column names (one that repeats is called ``Phone 2``, as the reader calls it), ``samples`` the
    first rows, and ``country`` (two letters) is where phone numbers without a country code belong.
    """
    names = _unique(header)
    rows = without_footers(samples[:SAMPLED], len(names))
    columns = [_Column(number, name, rows) for number, name in enumerate(names) if name not in REJECT_COLUMNS]
    documents = any(normal(name) == "value" for name in names)
    base = _documented(names) if documents else {}
    chooser = _Chooser(columns, rows, country, base)
    mapping = chooser.choose()
    if documents:
        rest = {
            name: target
            for name, target in mapping.items()
            if name not in base and target not in STORED + PARTS and target not in base.values()
        }
        if "phone" not in base.values():
            rest = {name: target for name, target in rest.items() if not target.startswith("phone")}
        mapping = {**base, **rest}
    listings = not documents and _listings(columns, mapping)
    buyers = not documents and _buyers(columns, mapping)
    calls = not documents and _calls(columns, mapping)
    doubts = () if documents or listings or buyers else tuple(chooser.doubts())
    ordered = {name: mapping[name] for name in names if name in mapping}
    return Recognition(ordered, doubts, documents, listings, calls, buyers, _street(columns, mapping))


def _unique(header: Sequence[str]) -> list[str]:
    """The names, those that repeat with a number behind."""
    seen: set[str] = set()
    times: dict[str, int] = {}
    found = []
    for cell in header:
        name = cell
        if name in seen:
            again = times.get(cell, 2)
            while f"{cell} {again}" in seen:
                again += 1
            times[cell] = again + 1
            name = f"{cell} {again}"
        seen.add(name)
        found.append(name)
    return found


def _documented(names: Sequence[str]) -> dict[str, str]:
    """What the documents' rules say by name alone; each field at most once."""
    best: dict[str, tuple[int, str]] = {}
    for name in names:
        form = normal(name)
        target = None if name in REJECT_COLUMNS else ALIASES.get(form)
        if target is not None and (target not in best or PREFERENCE[form] < best[target][0]):
            best[target] = (PREFERENCE[form], name)
    if "name" in best:
        best.pop("first_name", None)
        best.pop("last_name", None)
    if "location" in best:
        best.pop("zip", None)
    return {name: target for target, (_, name) in best.items()}


def _listings(columns: Iterable[_Column], mapping: dict[str, str]) -> bool:
    people = {"name", "first_name", "last_name", "company", "phone", "email", "mailing_address"}
    if people & set(mapping.values()):
        return False
    marks = listing_marks()
    return any(column.words in marks or "mls" in column.words for column in columns)


def _calls(columns: Iterable[_Column], mapping: dict[str, str]) -> bool:
    """Whether each row is a call: with its result, how long it was, and no house."""
    fields = set(mapping.values())
    if "disposition" not in fields or {"address", "apn", "mailing_address"} & fields:
        return False
    return any(column.words in call_marks() for column in columns)


def _buyers(columns: Iterable[_Column], mapping: dict[str, str]) -> bool:
    """Whether the columns say what somebody takes, or call the people buyers, and no house is for sale."""
    if {"address", "apn", "interested_in"} & set(mapping.values()):
        return False
    return any(column.words in buyer_marks() for column in columns)


def _street(columns: Sequence[_Column], mapping: dict[str, str]) -> tuple[str, ...]:
    """The pieces of an address in the order in which they are written; none without a number and a street."""
    if "address" in mapping.values():
        return ()
    found: dict[int, str] = {}
    for column in columns:
        place = street_pieces().get(column.words)
        if place is not None and column.header not in mapping and not column.name.number:
            found.setdefault(place, column.header)
    if not {0, 2} <= set(found):
        return ()
    for column in columns:
        place = _bare_piece(column)
        if place is not None and column.header not in mapping:
            found.setdefault(place, column.header)
    return tuple(found[place] for place in sorted(found))


def _bare_piece(column: _Column) -> int | None:
    """The place of a piece of an address that is only called *Dir* or *Suffix*: its cells have to be such words."""
    if column.words in ({"dir"}, {"direction"}, {"prefix"}, {"pre", "dir"}, {"pre", "direction"}):
        words, place = DIRECTIONS, 1
    elif column.words in ({"suffix"}, {"street", "type"}):
        words, place = SUFFIXES, 3
    else:
        return None
    said = [cell.rstrip(".").upper() in words for cell in column.cells]
    return place if said and sum(said) >= ENOUGH * len(said) else None


class _Chooser:
    """Goes through the kinds of fields in turn; what one has taken the next does not see."""

    def __init__(
        self, columns: list[_Column], rows: Sequence[Sequence[str]], country: str, base: dict[str, str]
    ) -> None:
        self._columns = columns
        self._rows = rows
        self._country = country
        self._base = base
        self._taken: dict[int, str] = {}
        self._half: dict[str, _Column] = {}
        """Field to a column that is called by it, and of which only every second cell or more fits."""

    def choose(self) -> dict[str, str]:
        """Header to field."""
        self._phones()
        self._emails()
        self._addresses()
        self._persons()
        self._simple()
        headers = {column.number: column.header for column in self._columns}
        return {headers[number]: target for number, target in self._taken.items()}

    def _free(self) -> list[_Column]:
        return [column for column in self._columns if column.number not in self._taken]

    def _take(self, column: _Column, target: str) -> None:
        self._taken[column.number] = target

    def _fits(
        self, column: _Column, target: str, *, strict: bool = False, weak: bool = False, ask: bool = True
    ) -> bool:
        """Whether enough cells fit. Without cells the name decides, unless it says too little (``weak``).

        Where only every second cell fits, the column is remembered as one to ask about (``ask``).
        """
        share = support(target, column.cells, self._country, strict=strict)
        if share is None:
            return not weak
        if _HALF <= share < ENOUGH and ask and not strict:
            self._half.setdefault(target, column)
        return share >= ENOUGH

    def _stranger(self, column: _Column) -> bool:
        return column.name.ours or not STRANGERS.isdisjoint(column.words)

    # phones and e-mails

    def _phones(self) -> None:
        phones = [column for column in self._columns if self._is_phone(column)]
        phones = _by_number(phones)
        first = next((name for name, target in self._base.items() if target == "phone"), None)
        phones.sort(key=lambda column: column.header != first)
        keys: dict[tuple[frozenset[str], int], int] = {}
        numbered: dict[int, int] = {}
        places: dict[int, int] = {}
        for place, column in enumerate(phones[:PHONES], 1):
            self._take(column, _nth("phone", place))
            places[column.number] = place
            kind = _phone_kind(column.words)
            keys.setdefault((kind, column.name.number), place)
            if column.name.number:
                numbered.setdefault(column.name.number, place)
        self._attributes(keys, numbered, places)

    def _is_phone(self, column: _Column) -> bool:
        words, name = column.words, column.name
        if self._stranger(column) or (name.person_number > 1 and words != {"contact"}):
            return False
        if words & PHONE_CORE and words <= PHONE_WORDS:
            return self._fits(column, "phone")
        if words in PHONE_WITHOUT_CORE or words == {"contact"}:
            if self._fits(column, "phone", strict=True, weak=True):
                return True
            if (support("phone", column.cells, self._country) or 0) >= ENOUGH:
                self._half.setdefault("phone", column)  # bare digits may be any other number
        return False

    def _attributes(
        self, keys: dict[tuple[frozenset[str], int], int], numbered: dict[int, int], places: dict[int, int]
    ) -> None:
        if not places:
            return
        repeated = {
            column.words
            for column in self._columns
            if column.words in attributes() and not column.name.number and len(places) > 1
        }
        done: set[str] = set(self._taken.values())
        for column in self._free():
            if column.name.person_number > 1 or self._stranger(column):
                continue
            said = column.words - PHONE_WORDS
            what = attributes().get(said)
            own = column.words & PHONE_WORDS - {"number"}
            if what is None or (own and not column.words & PHONE_CORE):
                continue
            before = max((number for number in places if number < column.number), default=None)
            kind = _phone_kind(column.words - said)
            place: int | None
            if not own and not column.name.number:
                place = None if before is None else places[before]
                bare = "dnc" in said and (
                    len(places) == 1 or (column.words in repeated and self._again(column))
                )
                typed = what == "type" and self._fits(column, "phone_type", strict=True, weak=True)
                if not (bare or typed or (said & STATUS_WORDS.keys() and len(places) == 1)):
                    continue
            elif not own and column.words in repeated:
                place = None if before is None else places[before]
            else:
                place = keys.get((kind, column.name.number))
                if place is None and column.name.number and not kind:
                    place = numbered.get(column.name.number)
                if place is None and not column.name.number and len(places) == 1:
                    place = 1
            if what == "status" and "tag" in said and self._fits(column, "phone_dnc", weak=True):
                what = "dnc"
            target = "" if place is None else f"{_nth('phone', place)}_{what}"
            if not target or target in done or not self._fits(column, f"phone_{what}"):
                continue
            done.add(target)
            self._take(column, target)

    def _again(self, column: _Column) -> bool:
        """Whether the column's name stands again with a number behind, as one that repeats does."""
        return any(other.words == column.words and other.name.number > 1 for other in self._columns)

    def _emails(self) -> None:
        found = [
            column
            for column in self._free()
            if "email" in column.words
            and column.words <= EMAIL_WORDS
            and column.name.person_number < 2
            and not self._stranger(column)
            and self._fits(column, "email")
        ] or [
            column
            for column in self._free()
            if column.words in ({"mail"}, {"contact"}) and self._fits(column, "email", weak=True)
        ]
        first = next((name for name, target in self._base.items() if target == "email"), None)
        found = sorted(_by_number(found), key=lambda column: column.header != first)
        for place, column in enumerate(found[:EMAILS], 1):
            self._take(column, _nth("email", place))

    # addresses

    def _addresses(self) -> None:
        parts = [part for column in self._free() if (part := self._part(column)) is not None]
        if any(each.role == "second" and each.part in ("city", "zip", "state") for each in parts):
            parts = [
                each._replace(part="address", role="second") if _second_line(each) else each for each in parts
            ]
        else:
            parts = [each for each in parts if not (each.role == "second" and each.part != "unit")]
        if any(street_pieces().get(column.words) == 0 for column in self._columns):
            parts = [each for each in parts if not (each.part == "address" and "street" in each.column.words)]
        if pieces := _street(self._columns, {}):
            first = next(column for column in self._columns if column.header == pieces[0])
            cut = [_Part(first, "address", "neutral", 0)]
        else:
            cut = []
        has = {(each.part, each.role) for each in parts + cut}
        streets = {role for part, role in has if part == "address"}
        houses = streets & {"property", "neutral", "home"}
        property_roles = ["property", "neutral", "home"]
        mailing_roles = ["mailing", "owner"]
        (mailing_roles if houses else property_roles).append("person")
        mailing_roles.append("second")
        own: list[_Part] = []
        letters: list[_Part] = []
        for each in parts:
            if each.role == "neutral" and each.part in ("city", "state", "zip", "unit", "location"):
                (letters if self._goes_to_letters(each, parts + cut, has) else own).append(each)
            elif each.role in property_roles:
                own.append(each)
            elif each.role in mailing_roles and each.part != "county":
                letters.append(each)
        self._take_parts(own, property_roles, "")
        self._take_parts(letters, ["neutral", *mailing_roles], "mailing_")

    def _take_parts(self, parts: list[_Part], roles: list[str], prefix: str) -> None:
        """The best column of each part; ``roles`` begin with the best."""

        def order(part: _Part) -> tuple[bool, int, int, int]:
            return not part.column.cells, roles.index(part.role), part.rank, part.column.number

        best: dict[str, _Part] = {}
        for part in sorted(parts, key=order):
            if part.column.number not in self._taken and part.part not in best:
                best[part.part] = part
                self._take(part.column, prefix + part.part)

    def _goes_to_letters(self, each: _Part, parts: list[_Part], has: set[tuple[str, str]]) -> bool:
        """Whether a city, state or ZIP that does not say whose it is belongs to the mailing address."""
        streets = {role for part, role in has if part == "address"}
        letters = streets & {"mailing", "owner"}
        if not letters or (each.part, "mailing") in has or (each.part, "owner") in has:
            return False
        if any(
            other.part == "address" and other.role in ("mailing", "owner") and _whole(other)
            for other in parts
        ):
            return False
        if (each.part, "property") in has or not streets & {"property", "neutral", "home"}:
            return True
        before = [
            other for other in parts if other.part == "address" and other.column.number < each.column.number
        ]
        return bool(before) and max(before, key=lambda other: other.column.number).role in (
            "mailing",
            "owner",
        )

    def _part(self, column: _Column) -> _Part | None:
        name, words = column.name, column.words
        if self._stranger(column) or name.person_number > 1 or "name" in words - {"county", "name"}:
            return None
        if self._elsewhere(words):
            return None
        role = "neutral"
        for word in name.words:
            if word in PROPERTY_WORDS:
                role = "property"
            elif word == "owner" or word in ("taxpayer", "representative"):
                role = "owner"
            elif word in PERSONS:
                role = "person"
            elif word == "home":
                role = "home"
            elif word in ("business", "work", "office", "other", "company"):
                return None
        if words & MAILING_WORDS or {"tax", "bill"} <= words:
            role = "mailing"
        left = (
            words
            - MAILING_WORDS
            - PROPERTY_WORDS
            - set(PERSONS)
            - {"home", "primary", "main", "tax", "bill", "current", "input", "data"}
        )
        if len(left) > 1 and "address" in left and "line" not in left and "street" not in left:
            left -= {"address"}
        known = address_parts().get(left)
        if known is None:
            if left or not words & (PROPERTY_WORDS | MAILING_WORDS | {"home"}) or name.number:
                if left != {"address"}:
                    return None
                known = ("address", 0)
            elif self._fits(column, "address", strict=True, weak=True):
                return _Part(column, "address", role, 9)
            else:
                return None
        part, rank = known
        if left == {"county"} and role not in ("neutral", "property"):
            return None
        if part == "address" and name.number == 2:
            part = "unit"
            role = "second" if role == "neutral" and "line" not in words and "street" not in words else role
        elif part == "address" and name.number in (3, 4) and role in ("mailing", "owner"):
            return _Part(column, "location", role, 9) if any(map(_TAIL.search, column.cells)) else None
        elif name.number > 2 or name.group > 2:
            return None
        elif name.group == 2 or (name.number == 2 and role == "neutral"):
            role = "second"
        weak = left in WEAK or (left == words and words in WEAK)
        if part == "unit" and role == "second":
            return _Part(column, part, role, rank)
        if not self._fits(column, part, weak=weak, ask=role in ("property", "neutral", "home")):
            return None
        return _Part(column, part, role, rank)

    # people

    def _persons(self) -> None:
        found: dict[tuple[str, bool], list[tuple[float, _Column]]] = {}
        for column in self._free():
            known = self._person(column)
            if known is not None:
                part, second, rank = known
                weak = column.words in _SAY_LITTLE
                if self._fits(column, part, strict=weak, weak=weak):
                    found.setdefault((part, second), []).append((rank, column))
        for each in found.values():
            each.sort(key=lambda pair: (not pair[1].cells, pair[0], pair[1].number))
        name = self._best_name(found.get(("name", False), []))
        first, last = self._pair(found, second=False)
        ranks = [each[0] for each in (first, last) if each is not None]
        if name is not None and ranks:
            agree = self._agree(name[1], first, last)
            other = abs(name[0] - min(ranks)) >= _HALF
            if agree is False and first is None and name[1].words == {"name"}:
                name, first = None, name
            elif agree is False or (agree is None and other and name[0] % 1):
                if name[0] % 1 or int(name[0]) >= int(min(ranks)):
                    name = None
                else:
                    first = last = None
        if "company" not in self._taken.values() and (companies := found.get(("company", False))):
            self._take(companies[0][1], "company")
        for target, chosen in (("name", name), ("first_name", first), ("last_name", last)):
            if chosen is not None:
                self._take(chosen[1], target)
        chosen_rank = min([each[0] for each in (name, first, last) if each is not None], default=0)
        second_first, second_last = self._pair(found, second=True)
        second_name = next(iter(found.get(("name", True), [])), None)
        if not (second_first or second_last or second_name) and int(chosen_rank) < PERSONS["decedent"]:
            dead = {
                part: next(
                    (each for each in found.get((part, False), []) if each[1].name.person == "decedent"), None
                )
                for part in ("name", "first_name", "last_name")
            }
            second_name, second_first, second_last = dead["name"], dead["first_name"], dead["last_name"]
        for target, chosen in (
            ("name_2", second_name), ("first_name_2", second_first), ("last_name_2", second_last),
        ):  # fmt: skip
            if chosen is not None and chosen[1].number not in self._taken:
                self._take(chosen[1], target)

    def _person(self, column: _Column) -> tuple[str, bool, float] | None:
        """Which part of whose name a column holds: the part, whether of a second owner, and a rank (a half more for
        a name that only says who)."""
        name, words = column.name, column.words
        if self._stranger(column) or (words in phrases() and words != {"decedent"}):
            return None
        if words == {"owner"} and self._one_for_all(column):
            return None
        if words == {"decedent"} and (support("flag", column.cells) or 0) >= ENOUGH:
            return None
        if name.person == "defendant" and not self._owner_is_sued():
            return None
        left = words - PERSONS.keys() - NAME_FILLERS
        rank: float = PERSONS[name.person]
        if name.person == "representative" and not self._estates():
            rank = PERSONS["decedent"]
        if left in (
            {"first", "name"},
            {"first"},
            {"first", "middle", "name"},
            {"given", "name"},
            {"given"},
            {"f", "name"},
        ):
            part = "first_name"
        elif left in (
            {"last", "name"},
            {"last"},
            {"family", "name"},
            {"l", "name"},
            {"last", "name", "company"},
        ):
            part = "last_name"
        elif left == {"name"}:
            part = "name"
        elif left in ({"company"}, {"company", "name"}, {"business", "name"}, {"trust", "name"}, {"llc"}, {"llc", "name"}) or words == {
            "company", "account",
        }:  # fmt: skip
            part = "company"
        elif words == {"who"}:
            part, rank = "name", 6.5
        elif not left and name.person:
            part, rank = "name", rank + 0.5
            if words == {"account"}:
                return None
        else:
            return None
        count = name.person_number or name.number
        if count > 2 or (count == 2 and name.person in ("contact", "lead", "person", "account")):
            return None
        return part, count == 2, rank

    def _one_for_all(self, column: _Column) -> bool:
        """Whether one name stands in every row next to different numbers or addresses: it is one of us."""
        if len(column.cells) < 3 or len(set(column.cells)) > 1:
            return False
        return any(
            len(set(other.cells)) > 2
            for other in self._columns
            if self._taken.get(other.number) in ("phone", "email")
        )

    def _estates(self) -> bool:
        """Whether the list is one of estates, in which a representative is the person to speak to."""
        return any(
            column.name.person == "decedent"
            and ("name" in column.words or (column.words == {"decedent"} and _names(column)))
            for column in self._columns
        )

    def _owner_is_sued(self) -> bool:
        """Whether lenders sue, so that the defendant is the owner. A landlord who sues is the owner himself."""
        cells = self._plaintiffs()
        return bool(cells) and sum(map(is_lender, cells)) >= ENOUGH * len(cells)

    def _plaintiffs(self) -> list[str]:
        return [cell for column in self._columns if column.words in _PLAINTIFF for cell in column.cells]

    def _best_name(self, candidates: list[tuple[float, _Column]]) -> tuple[float, _Column] | None:
        """The full name: of two columns, not the one in which few people stand for many."""
        if not candidates:
            return None
        best = candidates[0]
        for each in candidates[1:]:
            if best[0] % 1 and not each[0] % 1 and (
                each[1].name.person == "" or 2 * len(set(best[1].cells)) <= len(set(each[1].cells))
            ):  # fmt: skip
                best = each
        return best

    def _pair(
        self, found: dict[tuple[str, bool], list[tuple[float, _Column]]], *, second: bool
    ) -> tuple[tuple[float, _Column] | None, tuple[float, _Column] | None]:
        """First and last name of one and the same person."""
        firsts, lasts = found.get(("first_name", second), []), found.get(("last_name", second), [])
        for last in lasts:
            for first in firsts:
                if first[1].name.person == last[1].name.person:
                    return first, last
        return next(iter(firsts), None), next(iter(lasts), None)

    def _agree(
        self, name: _Column, first: tuple[float, _Column] | None, last: tuple[float, _Column] | None
    ) -> bool | None:
        """Whether the full name is that of first and last; None when no row has both."""
        same = compared = 0
        for row in self._rows:
            whole = _cell(row, name).casefold()
            part = (_cell(row, last[1]) if last else "") or (_cell(row, first[1]) if first else "")
            if whole and part:
                compared += 1
                same += part.casefold() in whole
        return None if not compared else same * 2 >= compared

    # all else

    def _simple(self) -> None:
        offers: dict[str, list[tuple[int, _Column]]] = {}
        table = phrases()
        taxes = any(
            not {"tax", "taxpayer", "delinquent"}.isdisjoint(column.words) for column in self._columns
        )
        for column in self._free():
            words, name = column.words, column.name
            if name.ours or name.person_number > 1:
                continue
            meant = table.get(words, ())
            if self._elsewhere(words):
                continue
            if not meant and STRANGERS.isdisjoint(words):
                bare = words - FILLERS
                meant = tuple(each for each in table.get(bare, ()) if each[0] not in WHOLE_NAME)
                if (
                    not meant
                    and taxes
                    and words - {"total"} in ({"balance"}, {"balance", "amount"}, {"amount"}, {"due"})
                ):
                    meant = (("tax_owed", 50),)
                if not meant and any(target == "flag" for target, _ in table.get(words - SIGN_FILLERS, ())):
                    meant = (("flag", 50),)
                if not meant and "amount" in words:
                    meant = tuple(each for each in table.get(bare - {"amount"}, ()) if each[0] in MONEY)
            for target, rank in meant:
                if name.number > 1 and target not in ("tags", "flag"):
                    continue
                if self._means(column, target, last=(target, rank) == meant[-1]):
                    offers.setdefault(target, []).append((rank, column))
                    break
            else:
                if any(target == "flag" for target, _ in meant) and self._fits(column, "tags", weak=True):
                    offers.setdefault("tags", []).append((0, column))
        for target, claims in offers.items():
            claims.sort(key=lambda pair: (not pair[1].cells, pair[0], pair[1].number))
            for _, column in claims if target in ("flag", "tags") else claims[:1]:
                if target in ("flag", "tags") or target not in self._taken.values():
                    self._take(column, target)
            if target == "disposition":
                for _, column in claims[1:]:
                    self._take(column, "tags")

    def _means(self, column: _Column, target: str, *, last: bool) -> bool:
        if target == "lead_id" and _row_numbers(column.cells):
            return False
        if target == "value" and self._listed() and not column.words & {"asking", "ask", "want", "wanted"}:
            self._half.setdefault("value", column)
            return False
        if target == "loans" and self._counted(column):
            return False
        doubtful = (
            (target == "interested_in" and column.words & {"type", "interested", "looking"})
            or (target == "disposition" and column.words == {"status"})
            or (target == "last_sale_date" and "date" not in column.words)
        )
        if doubtful:
            return self._fits(column, target, strict=True, weak=True)
        strict = (
            not last
            and target in ("property_type", "interested_in", "disposition")
            and column.words in ({"type"},)
        )
        return self._fits(column, target, strict=strict, weak=strict or column.words in WEAK)

    def _counted(self, column: _Column) -> bool:
        """Whether a column called by loans only counts them."""
        return (
            "balance" not in column.words
            and bool(column.cells)
            and all(map(_SMALL.fullmatch, column.cells))
            and any(cell.strip("0.") for cell in column.cells)
        )

    def _elsewhere(self, words: frozenset[str]) -> bool:
        """Whether the other columns say that a name means something else: the sale of an auction, the place of a call."""
        if words == {"sale", "date"}:
            marks = {"auction", "trustee", "sheriff", "bid", "judgment"}
        elif words == {"location"}:
            marks = {"event", "invitee", "meeting"}
        else:
            return False
        return any(not marks.isdisjoint(column.words) for column in self._columns)

    def _listed(self) -> bool:
        """Whether the list says something about listings, so that a bare price may be that of one."""
        return any("mls" in column.words for column in self._columns)

    # questions

    def doubts(self) -> Iterable[Doubt]:
        """What a person is asked: for the fields that a list should have and no column is surely."""
        fields = set(self._taken.values())
        asked: set[int] = set()
        wishes = "interested_in" in fields
        open_columns = self._free()[:ASKED_FROM]
        for target in ("name", "phone", "email", "address", "value"):
            named = {"first_name", "last_name", "company", "name"}
            if target in fields or (target == "name" and named & fields):
                continue
            column = self._half.get(target)
            if column is None or column.number in self._taken or column.number in asked:
                column = next(
                    (
                        each
                        for each in open_columns
                        if each.number not in asked and self._may_be(each, target, wishes=wishes)
                    ),
                    None,
                )
            if column is not None:
                asked.add(column.number)
                yield Doubt(
                    column.header,
                    target,
                    tuple(map(_shown, column.cells[:_SHOWN])),
                    _QUESTIONS[target].format(_shown(column.header)),
                )

    def _may_be(self, column: _Column, target: str, *, wishes: bool) -> bool:
        words = column.words
        if target == "name" and (words in _PLAINTIFF or column.name.person == "defendant"):
            owner = words in _PLAINTIFF and sum(map(is_lender, column.cells)) <= (1 - ENOUGH) * len(
                column.cells
            )
            return owner and self._fits(column, "name", weak=True)
        if column.name.ours or not VETOES.isdisjoint(words) or column.name.person_number > 1:
            return False
        if target == "value":
            if words == {"amount"} and not {"phone", "email"} & set(self._taken.values()):
                return False
            return (
                not wishes
                and not column.name.number
                and unsure().get(words) == "value"
                and self._fits(column, "value", weak=True)
            )
        if len(column.cells) > 2 and len(set(column.cells)) == 1:
            return False  # one of us, who stands in every row
        if target == "name" and len(set(column.cells)) * 2 < len(column.cells):
            return False
        return self._fits(column, target, strict=True, weak=True)


def _names(column: _Column) -> bool:
    """Whether the cells are surely names."""
    return (support("name", column.cells, strict=True) or 0) >= ENOUGH


_SMALL = pattern(r"\d{1,2}(?:\.0+)?", re.ASCII)
_SAY_LITTLE = ({"contact"}, {"lead"}, {"person"}, {"who"})
_PLAINTIFF = ({"plaintiff"}, {"plaintiff", "name"})
_QUESTIONS = {
    "name": "Is “{}” the name of the owner?",
    "phone": "Does “{}” hold the phone number to call the owner at?",
    "email": "Does “{}” hold the e-mail address of the owner?",
    "address": "Is “{}” the address of the house?",
    "value": "Is “{}” the price that the owner asks for the house?",
}


def _shown(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _nth(target: str, place: int) -> str:
    return target if place == 1 else f"{target}_{place}"


def _by_number(columns: list[_Column]) -> list[_Column]:
    """In the order of the columns, but those of one name in the order of their numbers."""
    families: dict[frozenset[str], list[_Column]] = {}
    for column in columns:
        families.setdefault(column.words, []).append(column)
    sorted_ones = {
        words: iter(sorted(family, key=lambda column: (column.name.number, column.number)))
        for words, family in families.items()
    }
    return [next(sorted_ones[column.words]) for column in columns]


def _phone_kind(words: frozenset[str]) -> frozenset[str]:
    """The words of a phone's name that distinguish it from another of the same row."""
    return words - {
        "phone",
        "number",
        "contact",
        "owner",
        "seller",
        "person",
        "lead",
        "value",
        "line",
        "property",
    }


_TAIL = pattern(r"\b(?:[A-Za-z]{2}\.?,? +\d{5}(?:-\d{4})?|[A-Za-z]\d[A-Za-z] ?\d[A-Za-z]\d)$", re.ASCII)


def _whole(each: _Part) -> bool:
    """Whether the cells of an address hold its city, state and ZIP as well."""
    cells = each.column.cells
    return bool(cells) and 2 * sum(1 for cell in cells if _TAIL.search(cell)) >= len(cells)


def _second_line(each: _Part) -> bool:
    return each.part == "unit" and each.role == "second"


def _cell(row: Sequence[str], column: _Column) -> str:
    return row[column.number].strip() if column.number < len(row) else ""


def _row_numbers(cells: Sequence[str]) -> bool:
    """Whether the cells only count the rows."""
    if not all(cell.isdecimal() and len(cell) < 7 for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    return bool(numbers) and numbers[0] <= 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
