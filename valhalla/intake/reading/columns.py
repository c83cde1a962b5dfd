"""Whole columns at a time: the same rules as ``careful``, for cells that are ordinary.

Python spends most of its time between instructions, so a column is worked on by functions that loop in C, and a
text that repeats (a city, a source, a date) is understood once. Each function marks the rows it is not sure about
in ``odd``; those are read again by the careful path, so a function here only has to be right, not complete.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import TypeVar

from valhalla.intake.reading.distress import STEMS, distress_words
from valhalla.intake.reading.profile import Profile
from valhalla.intake.reading.values import money, optional_money
from valhalla.leads.contacts import nanp_key, phone_key, plausible_email

K = TypeVar("K")
T = TypeVar("T")

_PLACEHOLDERS = frozenset(int(digit * 10) for digit in "23456789")
_REMEMBER = 100_000
_LOCAL_LENGTH = 64
_ORDINARY_EMAIL = re.compile(
    r"^[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@([a-z0-9.-]+)$|^(.*)$", re.ASCII | re.MULTILINE
).findall
"""For each line the domain of an ordinary address, and the line that is none."""


class Memo(dict[K, T]):
    """What cells were found to mean, forgotten when there are too many of them."""

    def __init__(self, understand: Callable[[K], T]) -> None:
        super().__init__()
        self._understand = understand

    def __missing__(self, cell: K) -> T:
        if len(self) >= _REMEMBER:
            self.clear()
        meaning = self[cell] = self._understand(cell)
        return meaning

    def column(self, cells: Iterable[K]) -> list[T]:
        """The meaning of each."""
        return list(map(self.__getitem__, cells))


class Known(Memo[str, T]):
    """What texts mean."""


def mark(odd: set[int], flags: Sequence[object]) -> None:
    """Add the numbers of the rows whose flag is false."""
    if not all(flags):
        odd.update(number for number, flag in enumerate(flags) if not flag)


def cleaned(column: Sequence[str], spaced: bool) -> list[str]:
    """Trimmed, and with single spaces if there may be double ones (``spaced``).

    Cells hold no control or invisible characters here.
    """
    texts = list(map(str.strip, column))
    if spaced and "  " in "\n".join(texts):
        texts = [" ".join(text.split()) if "  " in text else text for text in texts]
    return texts


class Emails:
    """Checks lower-case addresses; remembers the domains that are well formed."""

    def __init__(self) -> None:
        self._domains: Known[bool] = Known(lambda domain: plausible_email(f"a@{domain}") and domain.isascii())

    def plausible(self, emails: list[str], odd: set[int], *, optional: bool) -> None:
        """Mark every row whose address is not plausible for sure."""
        domains = self._domains
        found = _ORDINARY_EMAIL("\n".join(emails))
        ok = [domains[domain] if domain else not email and optional for domain, email in found]
        mark(odd, ok)
        if emails and max(map(len, emails)) > _LOCAL_LENGTH:
            odd.update(number for number, email in enumerate(emails) if not self._short(email))

    @staticmethod
    def _short(email: str) -> bool:
        return len(email) <= 190 and len(email.partition("@")[0]) <= _LOCAL_LENGTH


class Values:
    """Asking prices to cents; 0 stands for "not sure"."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def cents(self, texts: list[str], odd: set[int]) -> tuple[list[int], set[int]]:
        """Cents of each row, and which rows were normalised by the profile's value format."""
        normalised: set[int] = set()
        profile = self._profile
        # int() is right for ASCII digits, of which a column without longer texts holds few enough.
        if "".join(texts).isascii() and max(map(len, texts)) <= 13:
            found = [int(text) * 100 if text.isdecimal() else self._slow(text) for text in texts]
        else:
            found = [
                int(text) * 100
                if len(text) <= 13 and text.isdecimal() and text.isascii()
                else self._slow(text)
                for text in texts
            ]
        mark(odd, found)
        if profile.value_format != "strict" or profile.decimal_comma:
            for number, text in enumerate(texts):
                if not text.isdecimal() and number not in odd and money(text, profile).normalised:
                    normalised.add(number)
        return found, normalised

    def _slow(self, text: str) -> int:
        if text[-3:-2] == "." and len(text) < 14 and text.isascii():
            digits = text[:-3] + text[-2:]
            if digits.isdecimal() and self._profile.value_format != "eu":
                return int(digits)
        if not text:
            return 0
        worth = money(text, self._profile)
        return 0 if worth.code is not None or worth.cents is None else worth.cents


def optional_cents(texts: list[str], profile: Profile, odd: set[int]) -> list[int | None]:
    """Cents of an optional amount; a text that is not an amount makes the row odd."""

    def slow(text: str) -> int | None:
        return optional_money(text, profile) if text else None

    if "".join(texts).isascii() and max(map(len, texts), default=0) <= 13:
        found = [None if not text else int(text) * 100 if text.isdecimal() else slow(text) for text in texts]
    else:
        found = [slow(text) for text in texts]
    if None in found:
        odd.update(number for number, text in enumerate(texts) if text and found[number] is None)
    return found


class Phones:
    """Phone numbers to E.164 digits, None for no number."""

    def __init__(self, country: str) -> None:
        self._country = country
        self._home = country in ("US", "CA")

    def keys(self, texts: list[str]) -> list[int | None]:
        """The key of each text."""
        if not self._home:
            return [phone_key(text, self._country) if text else None for text in texts]
        blob = "\n".join(texts)
        if not blob.isascii():
            return [self._one(text) if text else None for text in texts]
        # One pass in C takes the marks out of all numbers; what is then ten digits is checked by arithmetic.
        bare = blob.encode().translate(None, b" ()-").split(b"\n")
        return [
            number + 10_000_000_000
            if len(digits) == 10
            and digits.isdigit()
            and (number := int(digits)) >= 2_000_000_000
            and number % 10_000_000 >= 2_000_000
            and number not in _PLACEHOLDERS
            else self._one(text)
            if digits
            else None
            for digits, text in zip(bare, texts, strict=True)
        ]

    def _one(self, text: str) -> int | None:
        digits = text[2:]
        if len(text) == 12 and text[:2] == "+1" and digits.isdecimal() and digits.isascii():
            return nanp_key(digits)
        return phone_key(text, self._country)


class Distress:
    """Distress words of the rows, from any number of columns of text."""

    def __init__(self) -> None:
        self._cells: Known[str | None] = Known(distress_words)
        self._merged: Known[str | None] = Known(distress_words)

    def words(self, columns: Sequence[Sequence[str]], count: int) -> list[str | None]:
        """The words of each row, see ``distress_words``."""
        found: list[str | None] = [None] * count
        for column in columns:
            if len(column) > 8 and len(set(column)) * 4 > len(column):
                self._sparse(column, found)
            else:
                for number, words in enumerate(self._cells.column(column)):
                    if words is not None:
                        self._add(found, number, words)
        return found

    def _add(self, found: list[str | None], number: int, words: str) -> None:
        before = found[number]
        found[number] = words if before is None else self._merged[f"{before},{words}"]

    def _sparse(self, column: Sequence[str], found: list[str | None]) -> None:
        """Free text: only cells that hold one of the spellings are looked at more closely."""
        blob = "\n".join(column).lower()
        stems = [stem for stem in STEMS if stem in blob]
        if not stems:
            return
        speaks = re.compile("|".join(map(re.escape, stems))).search
        for number, text in enumerate(map(str.lower, column)):
            if text and speaks(text):
                words = distress_words(text)
                if words is not None:
                    self._add(found, number, words)


def json_arrays(columns: Sequence[Sequence[str]], encode: Callable[[list[str]], str]) -> list[str]:
    """One JSON array of strings per row; cells that need no escape are only put between quotes."""
    if len(columns) == 1:
        arrays = [f'["{cell}"]' for cell in columns[0]]
    else:
        arrays = [f'["{inner}"]' for inner in map('","'.join, zip(*columns, strict=True))]
    for column in columns:
        blob = "".join(column)
        if '"' in blob or "\\" in blob or not blob.isprintable():
            for number, cell in enumerate(column):
                if '"' in cell or "\\" in cell or not cell.isprintable():
                    arrays[number] = encode([cells[number] for cells in columns])
    return arrays


def keys(texts: list[str]) -> list[int]:
    """``identity.key`` of each text."""
    digests = [blake2b(data, digest_size=8).digest() for data in map(str.encode, texts)]
    numbers = array("q", b"".join(digests))
    return numbers.tolist()
