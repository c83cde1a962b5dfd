"""The fast path: ordinary records to rows, column by column.

It takes the records it can prove ordinary and gives the rest to ``careful``, which defines the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import compress, repeat
from typing import Any
from zlib import adler32, crc32

from valhalla.intake.reading.careful import Encode, RowReader, joined_location
from valhalla.intake.reading.chunk import Chunk, new_row
from valhalla.intake.reading.columns import (
    Distress,
    Emails,
    Known,
    Phones,
    Values,
    cleaned,
    json_arrays,
    keys,
    mark,
    optional_cents,
)
from valhalla.intake.reading.dates import list_date
from valhalla.intake.reading.said import SaidBefore, unread
from valhalla.intake.reading.values import optional_count
from valhalla.leads import identity
from valhalla.leads.markets import market_of
from valhalla.scoring.stages.row import Row

_join = identity.UNIT.join

Texts = list[str]
Column = list[Any]


def or_none(texts: Texts) -> list[str | None]:
    """None where nothing is known."""
    return [text or None for text in texts]


class BulkReader:
    """Reads many records of one file at once. Remembers what repeated texts mean."""

    def __init__(self, careful: RowReader) -> None:
        self.careful = careful
        profile = self.profile = careful.profile
        self.columns = careful.columns
        self.index = careful.columns.index
        self._emails = Emails()
        self._values = Values(profile)
        self._phones = Phones(profile.country)
        self._distress = Distress()
        self._dates: Known[int | None] = Known(
            lambda text: list_date(text, profile.day_first) if text else None
        )
        self._counts: Known[int | None] = Known(lambda text: optional_count(text) if text else None)
        self._places: Known[tuple[str | None, str | None]] = Known(
            lambda text: market_of(None, None, text or None)
        )

    def read(
        self,
        cells: list[list[str]],
        lines: Sequence[int],
        raws: Sequence[str],
        chunk: Chunk,
        *,
        spaced: bool = True,
    ) -> None:
        """Put records, each with as many cells as the header has columns, into the chunk in any order.

        The caller has made sure that no cell is formula-like or holds invisible or control characters.
        ``spaced`` says whether any cell can hold two spaces in a row.
        """
        if not cells:
            return
        odd: set[int] = set()
        fingerprints: list[int] | None = None
        if self.careful.said is not None:
            fingerprints = self._fingerprints(cells)
            new = self._not_said_before(self.careful.said, fingerprints, lines, raws, chunk)
            if not new:
                return
            if len(new) < len(cells):
                cells, fingerprints = [cells[row] for row in new], [fingerprints[row] for row in new]
                lines, raws = [lines[row] for row in new], [raws[row] for row in new]
        if self._fits():
            fingerprints = fingerprints or self._fingerprints(cells)
            self._columns(list(zip(*cells, strict=True)), fingerprints, lines, odd, chunk, spaced)
        else:
            odd.update(range(len(cells)))
        for number in odd:
            self.careful.read(cells[number], lines[number], raws[number], chunk)

    def _not_said_before(
        self,
        said: SaidBefore,
        fingerprints: list[int],
        lines: Sequence[int],
        raws: Sequence[str],
        chunk: Chunk,
    ) -> list[int]:
        """Put the rows that say what they said before into the chunk as they stand; the numbers of the others."""
        new, growing = [], chunk.growing
        for row, whose in enumerate(map(said.identity, fingerprints)):
            if whose is None:
                new.append(row)
            else:
                growing.append(unread(raws[row], whose, fingerprints[row], lines[row]))
        return new

    def _fits(self) -> bool:
        """Whether rows have no more to say than the columns that are read here."""
        return not (self.careful.details.any or self.columns.buyers)

    def _columns(
        self,
        columns: list[tuple[str, ...]],
        fingerprints: list[int],
        lines: Sequence[int],
        odd: set[int],
        chunk: Chunk,
        spaced: bool,
    ) -> None:
        profile, index = self.profile, self.index
        count = len(lines)

        def texts(target: str) -> Texts | None:
            number = index.get(target)
            return None if number is None else cleaned(columns[number], spaced)

        names = self._names(texts) or [""] * count
        mark(odd, names)
        emails = texts("email")
        if emails is not None:
            emails = list(map(str.lower, emails))
            self._emails.plausible(emails, odd, optional=profile.contact != "email")
        phones = texts("phone")
        numbers: list[int | None] | None = None
        if phones is not None:
            numbers = self._phones.keys(phones)
            if None in numbers:
                must = profile.contact == "phone"
                odd.update(row for row, key in enumerate(numbers) if key is None and (must or phones[row]))
        if profile.contact == "either" and (emails is None or "" in emails):
            odd.update(
                row
                for row in range(count)
                if not (emails and emails[row]) and (numbers is None or numbers[row] is None)
            )
        cents, normalised = self._cents(texts("value"), count, odd)
        for number in self.columns.required_index:
            mark(odd, list(map(str.strip, columns[number])))
        arv, repairs, sqft, beds, dates = self._optional(texts, odd)
        locations, markets, states = self._places_of(texts, count)
        addresses, sources, conditions = texts("address"), texts("source"), texts("condition")
        lead_ids = texts("lead_id")
        said: list[Sequence[str]] = [columns[number] for number in self.columns.distress_index]
        if conditions is not None:
            conditions = list(map(str.lower, conditions))
            said.insert(0, conditions)
        distress = self._distress.words(said, count) if said else None
        extra = [columns[number] for number in self.columns.extra_index]
        extras = json_arrays(extra, Encode) if extra else None

        who, aliases = self._keys(names, emails, numbers, lead_ids, addresses, locations, odd)
        nothing = repeat(None)

        def optional(column: Texts | None) -> Any:
            return nothing if column is None else or_none(column)

        home = self.careful.source
        rows: Iterable[Row] = (
            map(new_row, zip(
                names, optional(emails), optional(phones), cents, optional(locations),
                repeat(home) if sources is None else [source or home for source in sources],
                markets or nothing, states or nothing, dates or nothing, optional(addresses), arv or nothing,
                repairs or nothing, sqft or nothing, optional(conditions), beds or nothing, distress or nothing,
                numbers or nothing, nothing, extras or nothing, nothing, nothing, who, fingerprints, lines, aliases,
                repeat(()), strict=False,
            ))
        )  # fmt: skip

        accept(chunk, rows, count, odd, normalised)

    def _cents(self, texts: Texts | None, count: int, odd: set[int]) -> tuple[Column, set[int]]:
        """Asking prices; where they may be unknown, a blank one is."""
        if self.profile.value == "required":
            return self._values.cents(texts or [""] * count, odd)
        unsure: set[int] = set()
        cents, normalised = self._values.cents(texts, unsure) if texts else ([0] * count, set())
        odd.update(row for row in unsure if texts and texts[row])
        return [each or None for each in cents], normalised

    def _fingerprints(self, cells: list[list[str]]) -> list[int]:
        said = list(map(str.encode, map(_join, cells)))
        rules, bias = repeat(self.careful.rules), identity.BIAS
        return [
            (one << 32 | other) - bias
            for one, other in zip(map(crc32, said, rules), map(adler32, said, rules), strict=False)
        ]

    def _names(self, texts: Callable[[str], Texts | None]) -> Texts:
        names = texts("name")
        return joined(texts("first_name"), texts("last_name")) if names is None else names

    def _optional(
        self, texts: Callable[[str], Texts | None], odd: set[int]
    ) -> tuple[Column | None, Column | None, Column | None, Column | None, Column | None]:
        found: list[Column | None] = []
        for target in ("arv", "repairs"):
            column = texts(target)
            found.append(None if column is None else optional_cents(column, self.profile, odd))
        for target, known in (("sqft", self._counts), ("beds", self._counts), ("list_date", self._dates)):
            column = texts(target)
            if column is None:
                found.append(None)
                continue
            read = known.column(column)
            if None in read:
                odd.update(row for row, text in enumerate(column) if text and read[row] is None)
            found.append(read)
        return found[0], found[1], found[2], found[3], found[4]

    def _places_of(
        self, texts: Callable[[str], Texts | None], count: int
    ) -> tuple[Texts | None, Column | None, Column | None]:
        """Location as text, market and state of each row."""
        locations, cities, states = texts("location"), texts("city"), texts("state")
        addresses = texts("address")
        if (
            locations is None
            and cities is None
            and states is None
            and texts("zip") is None
            and addresses is None
        ):
            return None, None, None
        found: list[tuple[str | None, str | None]]
        if cities is None and states is None and "zip" not in self.index:
            if locations is None:
                found = [(None, None)] * count
            else:
                found = self._places.column(locations)
        else:
            blank = [""] * count
            parts = (cities or blank, states or blank)
            if locations is None:
                locations = list(map(joined_location, *parts, texts("zip") or blank))
            found = [
                market_of(city or None, state or None, location or None)
                for city, state, location in zip(*parts, locations, strict=True)
            ]
        markets = [place[0] for place in found]
        codes = [place[1] for place in found]
        by_address(markets, codes, addresses)
        return locations, markets, codes

    def _keys(
        self,
        names: Texts,
        emails: Texts | None,
        numbers: list[int | None] | None,
        lead_ids: Texts | None,
        addresses: Texts | None,
        locations: Texts | None,
        odd: set[int],
    ) -> tuple[list[int], Any]:
        """Identity and weaker keys of each row."""
        count = len(names)
        blank = [""] * count
        if lead_ids is None and emails is not None:
            who = keys(emails)
            if "" not in emails or self.profile.contact == "email":
                return who, repeat(())
            rest = [row for row, email in enumerate(emails) if not email and row not in odd]
        else:
            who = [0] * count
            rest = [row for row in range(count) if row not in odd]
        aliases: list[tuple[int, ...]] = [()] * count
        for row in rest:
            place = (addresses or blank)[row] or (locations or blank)[row]
            who[row], aliases[row] = self.careful.keys(
                (lead_ids or blank)[row],
                names[row],
                (emails or blank)[row],
                None if numbers is None else numbers[row],
                place,
            )
        return who, aliases


def joined(first: Texts | None, last: Texts | None) -> Texts:
    """First and last names as whole ones; empty without either column."""
    if first and last:
        return [f"{one} {two}" if one and two else one or two for one, two in zip(first, last, strict=True)]
    return first or last or []


def by_address(markets: list[Any], states: list[Any], addresses: Texts | None) -> None:
    """Fill markets (with their states) that only the address says."""
    if addresses is not None and None in markets:
        for row, market in enumerate(markets):
            if market is None:
                markets[row], states[row] = market_of(None, states[row], addresses[row] or None)


def accept(chunk: Chunk, rows: Iterable[Any], count: int, odd: set[int], normalised: set[int]) -> None:
    """Put rows into the chunk but for those that are read with care."""
    chunk.normalised += len(normalised - odd)
    if odd:
        keep = bytearray(b"\1" * count)
        for row in odd:
            keep[row] = 0
        rows = compress(rows, keep)
    chunk.growing.extend(rows)
