"""The fast path for lists of the trade, whose rows say much more than the columns of a lead: see ``bulk``.

What ``details`` makes of a row, cell by cell, is made here of a block of rows, column by column, straight to the JSON text
that is stored: a piece for each field, joined row by row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import orjson

from valhalla.intake.reading.bulk import BulkReader, Texts, accept, by_address, joined, or_none
from valhalla.intake.reading.careful import Encode, RowReader, house_of, joined_location, owner_of
from valhalla.intake.reading.cell_words import numbers_in, wish_of, yes
from valhalla.intake.reading.chunk import Chunk, new_row
from valhalla.intake.reading.columns import Known, Memo, cleaned, json_arrays, keys, mark
from valhalla.intake.reading.dates import list_date
from valhalla.intake.reading.details import (
    MAILING,
    MONEY,
    NUMBERS,
    PERCENT,
    PHONE_PARTS,
    SALE,
    TEXTS,
    fraction,
    kept_out,
    mailing_of,
    percent,
    preference,
    zip_with_zeros,
)
from valhalla.intake.reading.distress import distress_words
from valhalla.intake.reading.values import optional_count, optional_money
from valhalla.leads import identity
from valhalla.leads.contacts import phone_key
from valhalla.leads.markets import market_of
from valhalla.leads.properties import texts_of

_AMOUNTS = re.compile(r"^(?:\$?(\d{1,3}(?:,\d{3}){1,3}|\d{1,12})|(.*))$", re.MULTILINE | re.ASCII).findall
"""For each line an amount that can mean one thing, or what needs a closer look."""

_NUMBER = re.compile(r"[\d ().+-]*\d", re.ASCII).fullmatch
"""A number without anything that is not part of it."""

FOOTER_CELLS = 3
"""Filled cells up to which a row without a number or address may be a line under the list."""

_Cells = tuple[str, str, str, str | None]
"""City, state, ZIP and (None: no such column) location."""

_Place = tuple[str, str | None, str | None]
"""Location, market and state."""

_Get = Callable[[str], Texts | None]


class _Number(NamedTuple):
    """A number of a row."""

    same: int | str
    """What it is known by: its digits, or its text."""
    key: int | None
    text: str
    usable: bool
    rank: int
    has_more: bool
    """Whether its columns say more of it than the number."""
    json: str


class _Contacts(NamedTuple):
    """What the rows are reached by: the first of each, and the JSON of all where that says more."""

    phones: Texts
    numbers: list[int | None]
    more_phones: Texts
    emails: Texts
    more_emails: Texts


class ListReader(BulkReader):
    """Reads many records of a list of the trade."""

    def __init__(self, careful: RowReader) -> None:
        super().__init__(careful)
        profile, self._details = self.profile, careful.details
        self._us = profile.value_format == "us" or (
            profile.value_format == "strict" and not profile.decimal_comma
        )
        self._fields: dict[str, Known[str]] = {
            **{name: Known(_piece(name, percent)) for name in PERCENT},
            **{
                name: Known(_piece(name, fraction if name == "baths" else optional_count)) for name in NUMBERS
            },
        }
        self._sold: Known[int | None] = Known(lambda text: list_date(text, profile.day_first) if text else 0)
        self._numbers = {name: self._number_column(name) for name in self._details.phones_known}
        self._signs: Memo[tuple[str, ...], tuple[str, str]] = Memo(self._signs_of)
        self._together: Known[str | None] = Known(distress_words)
        self._wishes: Known[bool] = Known(lambda text: not text or wish_of(text) is None)
        self._kept_out: Memo[tuple[str, ...], str] = Memo(_kept_out)
        self._places_known: Memo[_Cells, _Place] = Memo(_place)

    def _fits(self) -> bool:
        return (
            self.profile.rules == "list"
            and self.profile.contact == "any"
            and self.profile.value == "optional"
            and not self.columns.buyers
        )

    def _columns(
        self,
        columns: list[tuple[str, ...]],
        fingerprints: list[int],
        lines: Sequence[int],
        odd: set[int],
        chunk: Chunk,
        spaced: bool,
    ) -> None:
        count, index = len(lines), self.index
        texts_known: dict[str, Texts] = {}

        def texts(target: str) -> Texts | None:
            if target not in texts_known and target in index:
                texts_known[target] = cleaned(columns[index[target]], spaced)
            return texts_known.get(target)

        blank = [""] * count
        if self.columns.street_index and "address" not in index:
            pieces = [cleaned(columns[number], spaced) for number in self.columns.street_index]
            texts_known["address"] = [" ".join(filter(None, row)) for row in zip(*pieces, strict=True)]
        addresses = texts("address") or blank
        names = self._names(texts) or blank
        companies = texts("company") or blank
        if "" in names:
            names = [
                name or company or owner_of(address)
                for name, company, address in zip(names, companies, addresses, strict=True)
            ]
            mark(odd, names)
        self._strange(columns, odd)
        reach = self._reach(texts, count, odd)
        self._unreached(columns, reach, odd)
        if (wishes := texts("interested_in")) is not None:
            mark(odd, self._wishes.column(wishes))
        cents, normalised = self._cents(texts("value"), count, odd)
        for number in self.columns.required_index:
            mark(odd, list(map(str.strip, columns[number])))
        arv, repairs, sqft, beds, dates = self._optional(texts, odd)
        locations, markets, states = self._located(texts, count)
        conditions = texts("condition")
        if conditions is not None:
            conditions = list(map(str.lower, conditions))
        signs, distress = self._signs_and_distress(columns, conditions, count)
        mailing, homes = self._mailing(texts, count)
        more = self._pieces(texts, columns, count, odd)
        more["emails"], more["phones"] = reach.more_emails, reach.more_phones
        more["signs"], more["mailing"] = signs, mailing
        extra = [columns[number] for number in self.columns.extra_index]

        ids = texts("lead_id")
        who, aliases, people = self._identities(names, reach, ids, texts, locations, homes, more, count)
        ordered = [more[name] for name in sorted(more) if any(more[name])]
        details: Iterable[str | None] = (
            [
                f"{{{inner}}}" if inner else None
                for inner in map(",".join, map(_filled, zip(*ordered, strict=True)))
            ]
            if ordered
            else repeat(None)
        )
        nothing = repeat(None)
        home, sources = self.careful.source, texts("source")
        rows: Iterable[Any] = map(new_row, zip(
            names, or_none(reach.emails), or_none(reach.phones), cents, or_none(locations),
            repeat(home) if sources is None else [source or home for source in sources],
            markets, states, dates or nothing, or_none(addresses), arv or nothing, repairs or nothing, sqft or nothing,
            nothing if conditions is None else or_none(conditions), beds or nothing, distress, reach.numbers, nothing,
            json_arrays(extra, Encode) if extra else nothing, details, [each[0] if each else None for each in people],
            who, fingerprints, lines, aliases, people, strict=False,
        ))  # fmt: skip
        accept(chunk, rows, count, odd, normalised)

    def _strange(self, columns: list[tuple[str, ...]], odd: set[int]) -> None:
        """Mark rows that may repeat the column names."""
        first = self.columns.header[0].strip()
        if any(first in cell for cell in columns[0]):
            odd.update(row for row, cell in enumerate(columns[0]) if cell.strip() == first)

    def _located(self, texts: _Get, count: int) -> tuple[Texts, list[str | None], list[str | None]]:
        """Location, market and state of each row."""
        blank = [""] * count
        city, state, code = (texts(name) or blank for name in ("city", "state", "zip"))
        given = texts("location") or blank if "location" in self.index else repeat(None)
        cells: Iterable[_Cells] = zip(city, state, code, given, strict=False)
        places = self._places_known.column(cells)
        markets, states = [place[1] for place in places], [place[2] for place in places]
        addresses = texts("address") if "address" in self.index else None
        by_address(markets, states, addresses)
        return [place[0] for place in places], markets, states

    # -- numbers and addresses -----------------------------------------------------------------------------

    def _reach(self, texts: _Get, count: int, odd: set[int]) -> _Contacts:
        phones, numbers, more_phones = [""] * count, list[int | None]([None] * count), [""] * count
        every = [self._column_of_numbers(name, texts, odd) for name in self._details.phones_known]
        for row, found in enumerate(zip(*every, strict=True)):
            known = [each for each in found if each is not None]
            if not known:
                continue
            if len(known) == 1:
                best = known[0]
                if best.has_more:
                    more_phones[row] = f'"phones":[{best.json}]'
            else:
                once = {each.same: each for each in reversed(known)}
                if len(once) < len(known):
                    known = [each for each in known if once[each.same] is each]
                best = min(known, key=_wanted)
                if len(known) > 1 or best.has_more:
                    more_phones[row] = f'"phones":[{",".join([each.json for each in known])}]'
            if best.usable:
                phones[row], numbers[row] = best.text, best.key
        emails, more_emails = self._addresses(texts, count, odd)
        return _Contacts(phones, numbers, more_phones, emails, more_emails)

    def _number_column(self, name: str) -> Memo[tuple[str, ...], _Number]:
        """What the columns next to a number say of it, by their texts: a number without text and key."""

        def kind(said: tuple[str, ...]) -> _Number:
            phone = self._details.phone(name, "", 0, *said)
            flags, kind, status, column = map(_json, (phone.flags, phone.type, phone.status, phone.column))
            return _Number(
                *("", None, f',"status":{status},"type":{kind}}}', phone.usable, preference(phone)),
                has_more=bool(phone.flags or phone.type or phone.status),
                json=f'{{"column":{column},"flags":{flags},"key":',
            )

        return Memo(kind)

    def _column_of_numbers(self, name: str, texts: _Get, odd: set[int]) -> list[_Number | None]:
        numbers = texts(name)
        assert numbers is not None
        found: list[_Number | None] = [None] * len(numbers)
        parts = [texts(f"{name}_{part}") for part in PHONE_PARTS]
        said: Any = repeat(("", "", ""))
        if any(part is not None for part in parts):
            said = zip(*(part or repeat("") for part in parts), strict=False)
        kinds, country, make = self._numbers[name], self.profile.country, _Number
        every = zip(numbers, self._phones.keys(numbers), said, strict=False)
        for row, (text, key, words) in enumerate(every):
            if not text:
                continue
            if text[-2:] == ".0" or _NUMBER(text) is None:
                several = numbers_in(text)
                if len(several) != 1:
                    odd.add(row)
                    continue
                (text,) = several
                key = phone_key(text, country)
            _, _, tail, usable, rank, has_more, head = kinds[words]
            if key is None:
                json = f'{head}null,"number":{_json(text)}{tail}'
                found[row] = make(text, None, text, False, rank, has_more, json)
            else:
                number = f'"{text}"' if '"' not in text and "\\" not in text else _json(text)
                found[row] = make(
                    key, key, text, usable, rank, has_more, f'{head}{key},"number":{number}{tail}'
                )
        return found

    def _addresses(self, texts: _Get, count: int, odd: set[int]) -> tuple[Texts, Texts]:
        columns = []
        for name in self._details.emails_known:
            column = list(map(str.lower, texts(name) or ()))
            self._emails.plausible(column, odd, optional=True)
            columns.append(column)
        if not columns:
            return [""] * count, [""] * count
        if not any(map(any, columns[1:])):
            return columns[0], [""] * count
        rows = [list(dict.fromkeys(filter(None, row))) for row in zip(*columns, strict=True)]
        return (
            [row[0] if row else "" for row in rows],
            [f'"emails":{_json(row[1:])}' if len(row) > 1 else "" for row in rows],
        )

    def _unreached(self, columns: list[tuple[str, ...]], reach: _Contacts, odd: set[int]) -> None:
        """Mark rows that may be lines under the list."""
        for row, (email, number) in enumerate(zip(reach.emails, reach.numbers, strict=True)):
            if number is None and not email:
                filled = 0
                for column in columns:
                    if column[row].strip():
                        filled += 1
                        if filled > FOOTER_CELLS:
                            break
                else:
                    odd.add(row)

    # -- all else ------------------------------------------------------------------------------------------

    def _signs_and_distress(
        self, columns: list[tuple[str, ...]], conditions: Texts | None, count: int
    ) -> tuple[Texts, list[str | None]]:
        said: list[Sequence[str]] = [columns[number] for number in self.columns.distress_index]
        if conditions is not None:
            said.insert(0, conditions)
        distress = self._distress.words(said, count) if said else list[str | None]([None] * count)
        if not self.columns.flag_index:
            return [""] * count, distress
        flags = zip(*(columns[number] for number in self.columns.flag_index), strict=True)
        found = self._signs.column(flags)
        together = self._together
        for row, (_, words) in enumerate(found):
            if words:
                distress[row] = together[f"{distress[row] or ''},{words}"]
        return [json for json, _ in found], distress

    def _signs_of(self, cells: tuple[str, ...]) -> tuple[str, str]:
        """The signs that columns of yes and no say, as JSON and as words."""
        signs = [sign for cell, (_, sign) in zip(cells, self._details.flagged, strict=True) if yes(cell)]
        return (f'"signs":{_json([{"sign": sign} for sign in signs])}' if signs else ""), ",".join(signs)

    def _mailing(self, texts: _Get, count: int) -> tuple[Texts, Texts]:
        """The mailing address of each row: as JSON, and its street."""
        blank = [""] * count
        columns = [texts(name) for name in MAILING]
        if not any(columns):
            return blank, blank
        streets, units, cities, states, codes, places = (column or blank for column in columns)
        if any(places) or (any(units) and not (any(cities) or any(states) or any(codes))):
            return self._mailing_lines(zip(streets, units, cities, states, codes, places, strict=True))
        if any(units):
            streets = [f"{street} {unit}".strip() for street, unit in zip(streets, units, strict=True)]
        parts = [
            [f'"{name}":{text}' if text != '""' else "" for text in _quoted(column)]
            for name, column in (("address", streets), ("city", cities), ("state", states), ("zip", codes))
            if any(column)
        ]
        inner = map(",".join, map(_filled, zip(*parts, strict=True)))
        return [f'"mailing":{{{text}}}' if text else "" for text in inner], streets

    def _mailing_lines(self, rows: Iterable[tuple[str, ...]]) -> tuple[Texts, Texts]:
        """As :meth:`_mailing`, where city, state and ZIP may stand in one cell."""
        found = [mailing_of(*row) for row in rows]
        return (
            [f'"mailing":{_json(each)}' if each else "" for each in found],
            [each.get("address", "") for each in found],
        )

    def _pieces(
        self, texts: _Get, columns: list[tuple[str, ...]], count: int, odd: set[int]
    ) -> dict[str, Texts]:
        """The JSON of each field that is text, money, a share, a number or a few words."""
        found: dict[str, Texts] = {}
        for name in (*TEXTS, "interested_in"):
            if (column := texts(name)) is not None:
                found[name] = [f'"{name}":{text}' if text != '""' else "" for text in _quoted(column)]
        for name in MONEY:
            if (column := texts(name)) is not None:
                found[name] = [
                    "" if cents is None else f'"{name}":{cents}' for cents in self._amounts(column, odd)
                ]
        for name, known in self._fields.items():
            if (column := texts(name)) is not None:
                found[name] = known.column(column)
                if _UNREAD in found[name]:
                    odd.update(row for row, piece in enumerate(found[name]) if piece == _UNREAD)
        prices, dates = texts(SALE[0]), texts(SALE[1])
        if prices is not None or dates is not None:
            found["last_sale"] = self._sales(prices, dates, count, odd)
        if any(texts(name) is not None for name in self._details.kept_out):
            said = zip(*(texts(name) or [""] * count for name in self._details.kept_out), strict=True)
            found["kept_out"] = self._kept_out.column(said)
        seconds = self._second_owners(texts)
        if any(seconds):
            found["owners"] = [f'"owners":[{text}]' if text != '""' else "" for text in _quoted(seconds)]
        companies = texts("company")
        found["company"] = (
            ['"company":false'] * count
            if companies is None
            else [f'"company":{"true" if company else "false"}' for company in companies]
        )
        return found

    def _amounts(self, texts: Texts, odd: set[int]) -> list[int | None]:
        """Cents of each amount."""
        profile = self.profile
        found: list[int | None] = []
        if self._us:
            for row, (plain, other) in enumerate(_AMOUNTS("\n".join(texts))):
                cents = (
                    int(plain.replace(",", "")) * 100
                    if plain
                    else optional_money(other, profile)
                    if other
                    else None
                )
                if cents is None and other:
                    odd.add(row)
                found.append(cents)
            return found
        found = [optional_money(text, profile) if text else None for text in texts]
        odd.update(row for row, text in enumerate(texts) if text and found[row] is None)
        return found

    def _sales(self, prices: Texts | None, dates: Texts | None, count: int, odd: set[int]) -> Texts:
        cents = [None] * count if prices is None else self._amounts(prices, odd)
        days = [0] * count if dates is None else self._sold.column(dates)
        if None in days:
            odd.update(row for row, day in enumerate(days) if day is None)
        dated = dates or [""] * count
        return [
            f'"last_sale":{{"date":{day},"price":{price}}}'
            if text and price is not None
            else f'"last_sale":{{"date":{day}}}'
            if text
            else f'"last_sale":{{"price":{price}}}'
            if price is not None
            else ""
            for text, day, price in zip(dated, days, cents, strict=True)
        ]

    def _second_owners(self, texts: _Get) -> Texts:
        names, both = texts("name_2"), joined(texts("first_name_2"), texts("last_name_2"))
        if names and both:
            return [name or other for name, other in zip(names, both, strict=True)]
        return names or both

    # -- who they are --------------------------------------------------------------------------------------

    def _identities(
        self,
        names: Texts,
        reach: _Contacts,
        ids: Texts | None,
        texts: _Get,
        locations: Texts,
        homes: Texts,
        more: dict[str, Texts],
        count: int,
    ) -> tuple[list[int], list[tuple[int, ...]], list[tuple[int, ...]]]:
        """Identity, weaker keys and keys of the owner of each row, as the careful path has them."""
        who = [0] * count
        aliases, people = (list[tuple[int, ...]]([()] * count) for _ in range(2))
        blank = [""] * count
        addresses = texts("address") or blank
        rest: Iterable[int] = range(count)
        if self._details.houses:
            rest = self._houses(names, reach, texts, locations, homes, who, aliases, people, count)
        named = list[str]([""] * count)
        for row in rest:
            found = self.careful.known_by(
                *(ids[row] if ids else "", names[row], reach.emails[row], reach.numbers[row]),
                addresses[row] or locations[row],
            )
            who[row], aliases[row], people[row], lead_id = found
            if lead_id:
                named[row] = f'"lead_id":{_json(lead_id)}'
        more["lead_id"] = named
        return who, aliases, people

    def _houses(
        self,
        names: Texts,
        reach: _Contacts,
        texts: _Get,
        locations: Texts,
        homes: Texts,
        who: list[int],
        aliases: list[tuple[int, ...]],
        people: list[tuple[int, ...]],
        count: int,
    ) -> list[int]:
        """Put down the rows that say which property they are about; the numbers of the others."""
        blank = [""] * count
        addresses = texts("address") or blank
        place = (texts(name) or blank for name in ("unit", "city", "state", "zip", "apn", "county"))
        rest: list[int] = []
        digested: list[str] = []
        lengths: list[tuple[int, int]] = []
        words = identity.name_words
        every = zip(addresses, locations, *place, names, reach.emails, reach.numbers, homes, strict=True)
        for row, (address, location, *where, name, email, number, home) in enumerate(every):
            houses = [text for text in texts_of(house_of(address, location, *where)) if text]
            if not houses:
                rest.append(row)
                lengths.append((0, 0))
                continue
            before = len(digested) + len(houses)
            digested += houses
            if email:
                digested.append(email)
            if number is not None or home or address or not email:
                known = words(name)
                if number is not None:
                    digested.append(identity.phone_name_text(number, known))
                if home or address or (number is None and not email):
                    digested.append(identity.name_address_text(known, words(home or address)))
            lengths.append((len(houses), len(digested) - before))
        digests = keys(digested)
        at = 0
        for row, (houses_known, people_known) in enumerate(lengths):
            if houses_known:
                who[row] = digests[at]
                aliases[row] = tuple(digests[at + 1 : at + houses_known])
                people[row] = tuple(digests[at + houses_known : at + houses_known + people_known])
                at += houses_known + people_known
        return rest


_UNREAD = "?"


def _piece(name: str, understand: Callable[[str], Any]) -> Callable[[str], str]:
    """The JSON of a field for a text; :data:`_UNREAD` for one that it cannot use."""

    def piece(text: str) -> str:
        value = understand(text) if text else None
        return f'"{name}":{_json(value)}' if value is not None else _UNREAD if text else ""

    return piece


def _kept_out(said: tuple[str, ...]) -> str:
    why = kept_out(*said)
    return f'"kept_out":"{why}"' if why else ""


def _place(said: _Cells) -> _Place:
    city, state, code, location = said
    if location is None:
        location = joined_location(city, state, zip_with_zeros(code, state))
    return location, *market_of(city or None, state or None, location or None)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _quoted(texts: Texts) -> Texts:
    """Each text as JSON. They hold no control characters."""
    blob = "".join(texts)
    if '"' in blob or "\\" in blob:
        return [_json(text) if '"' in text or "\\" in text else f'"{text}"' for text in texts]
    return [f'"{text}"' for text in texts]


def _filled(pieces: Iterable[str]) -> Iterable[str]:
    return filter(None, pieces)


def _wanted(number: _Number) -> tuple[bool, int]:
    """The number to dial is the first that nothing speaks against."""
    return not number.usable, number.rank
