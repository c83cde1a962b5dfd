"""The cells of a row that have no column of their own, to what :mod:`valhalla.leads.details` keeps."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from valhalla.intake.reading.dates import list_date
from valhalla.intake.reading.distress import distress_words
from valhalla.intake.reading.profile import Profile
from valhalla.intake.reading.values import optional_count, optional_money
from valhalla.intake.reading.vocabulary import STATUS_WORDS
from valhalla.leads.contacts import phone_key, plausible_email
from valhalla.leads.details import DEAD
from valhalla.program.patterns import pattern

MOST_PHONES = 10
MOST_EMAILS = 6

PHONES = ("phone", *(f"phone_{number}" for number in range(2, MOST_PHONES + 1)))
EMAILS = ("email", *(f"email_{number}" for number in range(2, MOST_EMAILS + 1)))
PHONE_PARTS = ("type", "dnc", "status")
TEXTS = ("unit", "county", "apn", "lot", "property_type", "occupancy")
MONEY = ("estimated_value", "assessed_value", "loans", "equity", "tax_owed")
PERCENT = ("equity_percent", "ltv")
NUMBERS = ("baths", "year_built", "years_owned")
MAILING = ("mailing_address", "mailing_unit", "mailing_city", "mailing_state", "mailing_zip")
KEPT_OUT = ("litigator", "do_not_call", "disposition")
PERSON = (*KEPT_OUT, "interested_in")
SIGNS = ("flag", "tags")
"""Fields that several columns can be: a column of yes and no, and text in which signs stand. They stay further columns too."""
OWNERS = ("name_2", "first_name_2", "last_name_2")
SALE = ("last_sale_price", "last_sale_date")

FIELDS = (
    *PHONES[1:],
    *(f"{phone}_{part}" for phone in PHONES for part in PHONE_PARTS),
    *EMAILS[1:],
    *(*MAILING, "company", *OWNERS),
    *(*TEXTS, *MONEY, *PERCENT, *NUMBERS, *SALE, *PERSON, *SIGNS),
)
"""What a column can be mapped to in addition to the columns of table ``lead``."""

_WORDS = pattern(r"[^\W_]+")
_YES = frozenset({"yes", "y", "true", "t", "1", "x", "dnc", "on dnc", "do not call", "✓"})
_SEVERAL = pattern(r"\s*:::\s*|\s*[;|\n]\s*|\s+/\s+|,\s*(?=[(+\d])|\s+or\s+")
_MARK = pattern(r"^(?:p|tel|phone|mobile|cell|home|work|landline)\s*:\s*", re.IGNORECASE)
_POWER = pattern(r"(\d)\.(\d+)E\+?0?(\d{1,2})", re.IGNORECASE)
_ADDRESS = pattern(r"[^\s<>;,|]+@[^\s<>;,|]+")
_FRACTION = pattern(r"\d{1,4}(?:\.\d+)?")
_TYPES = (
    ("mobile", ("mobile", "cell", "wireless")),
    ("landline", ("land", "home", "residential", "work", "office", "wired")),
    ("voip", ("voip", "fixed voip", "virtual")),
)


_NEVER = ("do not call", "dnc", "remove me", "opt out", "opted out", "do not contact", "stop")

_PADDED = frozenset({"CT", "MA", "ME", "NH", "NJ", "RI", "VT", "PR", "VI"})
"""States whose ZIP codes begin with a zero, which spreadsheets drop."""


_BUYS = pattern(
    r"\b(?:buy|buys|buyers?|buying|purchas\w+|invest|invests|investors?|investing|investments?|achet\w+|compra\w*)\b"
)
_SELLS = pattern(r"\b(?:sell|sells|sellers?|selling|both|owners?|homeowners?|vend\w+)\b")
_WORKS = pattern(
    r"\b(?:agents?|realtors?|brokers?|wholesalers?|lenders?|contractors?|vendors?|attorneys?|title company|title rep|inspectors?)\b"
)


def wish_of(text: str) -> Literal["buys", "works"] | None:
    """Whether the words in a column such as ``interested_in`` say that somebody buys, or that they work in the trade, and not
    that they sell."""
    said = text.casefold()
    if not said or _SELLS.search(said):
        return None
    return "buys" if _BUYS.search(said) else "works" if _WORKS.search(said) else None


def zip_code(text: str, state: str) -> str:
    """A ZIP code with the zeros in front that a spreadsheet took away; any other code as it is."""
    text = text.removesuffix(".0").removeprefix("z:")
    if state.upper() in _PADDED and text.isascii() and text.isdecimal() and 3 <= len(text) <= 4:
        return text.zfill(5)
    return text


def sign_of(header: str) -> str:
    """The sign that a yes in a column of this name is."""
    return distress_words(header) or " ".join(_WORDS.findall(header.casefold()))


def yes(text: str) -> bool:
    """Whether a cell of a flag column says that it is so."""
    return text.strip().casefold() in _YES


class Phone(NamedTuple):
    """A number of a row, in the order of the list's columns."""

    number: str
    key: int | None
    type: str | None
    flags: tuple[str, ...]
    status: str | None
    column: str

    @property
    def usable(self) -> bool:
        """Whether it can be dialled and nothing speaks against it."""
        return self.key is not None and DEAD.isdisjoint(self.flags)


_FIRST = {"mobile": 0, None: 1, "voip": 1, "landline": 2}


def preference(phone: Phone) -> int:
    """The less the sooner it is dialled: a mobile is answered by its owner, a landline by anyone who lives there."""
    return _FIRST[phone.type]


def numbers_in(text: str) -> list[str]:
    """The numbers of a cell, which may hold several (``713 555 0101; 713 555 0102``) and marks (``p:+1713...``). A number that
    a spreadsheet wrote as 9.735550114E+09 is exact when no digit is missing; with fewer digits it stays as it is."""
    found = []
    for part in _SEVERAL.split(text.strip()):
        part = _MARK.sub("", part)
        part = part.removesuffix(".0")
        power = _POWER.fullmatch(part)
        if power is not None and len(power[2]) == int(power[3]) == 9:
            part = power[1] + power[2]
        if part:
            found.append(part)
    return found


def emails_in(text: str) -> list[str]:
    """The plausible addresses of a cell: ``Jane <jane@x.com>``, ``mailto:jane@x.com``, ``a@x.com; b@x.com``."""
    found = (each.removeprefix("mailto:").strip("\"'()[]") for each in _ADDRESS.findall(text.lower()))
    return [each for each in dict.fromkeys(found) if plausible_email(each)]


class DetailReader:
    """Reads them of one file, whose columns ``index`` (field to column number) and ``header`` tell. ``text`` gives the cleaned
    text of a field."""

    def __init__(
        self,
        header: Sequence[str],
        index: dict[str, int],
        profile: Profile,
        text: Callable[[Sequence[str], str], str],
        flags: Sequence[int] = (),
        *,
        street: bool = False,
    ) -> None:
        self.header, self.index, self.profile, self.text = header, index, profile, text
        self.phones_known = [name for name in PHONES if name in index]
        self.emails_known = [name for name in EMAILS if name in index]
        self.several = profile.rules == "list" and bool(self.phones_known)
        self.several |= len(self.phones_known) > 1 or any(
            f"{phone}_{part}" in index for phone in PHONES for part in PHONE_PARTS
        )
        """Whether a row can have more to say of its numbers than one of them, or writes them in any way."""
        self.houses = profile.rules == "list" and (street or "address" in index or "apn" in index)
        """Whether leads are known by their property."""
        self.told_apart = profile.rules == "list" and "lead_id" in index
        """Whether they are known by ids of the list's own."""
        self.any = (
            self.several
            or self.houses
            or self.told_apart
            or len(self.emails_known) > 1
            or bool(flags)
            or any(name in index for name in FIELDS)
        )
        self.flagged = [(column, sign_of(header[column])) for column in flags]

    def phones(self, cells: Sequence[str]) -> list[Phone]:
        """Every number of a row, each once."""
        found: dict[Any, Phone] = {}
        for name in self.phones_known:
            for number in numbers_in(self.text(cells, name)):
                key = phone_key(number, self.profile.country)
                said = (self.text(cells, f"{name}_{part}") for part in PHONE_PARTS)
                found.setdefault(key or number, self.phone(name, number, key, *said))
        return list(found.values())

    def phone(self, name: str, number: str, key: int | None, kind: str, dnc: str, status: str) -> Phone:
        """A number in the column ``name``, with the texts of the columns that say more of it (see :data:`PHONE_PARTS`)."""
        column = self.header[self.index[name]]
        return Phone(
            number,
            key,
            _type(kind or column),
            self._flags(dnc, status, name),
            status or None,
            column,
        )

    def _flags(self, dnc: str, status: str, name: str) -> tuple[str, ...]:
        flags = []
        if yes(dnc):
            flags.append("do_not_call")
        status = status.casefold()
        if yes(status):
            status = self.header[self.index[f"{name}_status"]].casefold()
        flags += [STATUS_WORDS[word] for word in _WORDS.findall(status) if word in STATUS_WORDS]
        if "do not call" in status or status == "dnc":
            flags.append("do_not_call")
        return tuple(dict.fromkeys(flags))

    def emails(self, cells: Sequence[str]) -> list[str]:
        """Every plausible address of a row, each once."""
        return list(
            dict.fromkeys(each for name in self.emails_known for each in emails_in(self.text(cells, name)))
        )

    def rest(self, cells: Sequence[str], unread: dict[str, str]) -> dict[str, Any]:
        """Everything else. A cell that its field cannot use goes into ``unread``."""
        found: dict[str, Any] = {name: self.text(cells, name) for name in TEXTS}
        for name in MONEY:
            found[name] = self._read(cells, name, unread, lambda text: optional_money(text, self.profile))
        for name in PERCENT:
            found[name] = self._read(cells, name, unread, percent)
        for name in NUMBERS:
            found[name] = self._read(cells, name, unread, fraction if name == "baths" else optional_count)
        found["mailing"] = self._mailing(cells)
        found["kept_out"] = kept_out(*(self.text(cells, name) for name in KEPT_OUT))
        found["interested_in"] = self.text(cells, "interested_in")
        found["signs"] = [{"sign": sign} for column, sign in self.flagged if yes(cells[column])]
        found["last_sale"] = _known(
            price=self._read(cells, SALE[0], unread, lambda text: optional_money(text, self.profile)),
            date=self._read(cells, SALE[1], unread, lambda text: list_date(text, self.profile.day_first)),
        )
        second = self.text(cells, "name_2") or " ".join(
            part for part in (self.text(cells, "first_name_2"), self.text(cells, "last_name_2")) if part
        )
        found["owners"] = [second] if second else []
        return found

    def _read(
        self, cells: Sequence[str], name: str, unread: dict[str, str], understand: Callable[[str], Any]
    ) -> Any:
        text = self.text(cells, name)
        if not text:
            return None
        read = understand(text)
        if read is None:
            unread[self.header[self.index[name]]] = text
        return read

    def _mailing(self, cells: Sequence[str]) -> dict[str, str]:
        address, unit, city, state, code = (self.text(cells, name) for name in MAILING)
        return _known(address=f"{address} {unit}".strip(), city=city, state=state, zip=code)


def _type(said: str) -> str | None:
    """The type of a number by its own column or, without one, by that of the number."""
    said = said.casefold()
    return next((kind for kind, words in _TYPES if any(word in said for word in words)), None)


def kept_out(litigator: str, do_not_call: str, disposition: str) -> str | None:
    """Why the list itself says that this person is not to be called, by the texts of :data:`KEPT_OUT`."""
    said = disposition.casefold()
    if yes(litigator) or "litigator" in said:
        return "litigator"
    if yes(do_not_call) or any(words in said for words in _NEVER):
        return "asked not to be called"
    return None


def _known(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value not in (None, "")}


def percent(text: str) -> float | None:
    """``62%``, ``62`` or ``0.62``."""
    bare = text.strip().removesuffix("%").strip()
    if not _FRACTION.fullmatch(bare):
        return None
    number = float(bare)
    return round(number * 100, 2) if number <= 1 and "%" not in text and "." in bare else number


def fraction(text: str) -> float | None:
    return float(text) if _FRACTION.fullmatch(text.strip()) else None
