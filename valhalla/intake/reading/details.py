"""The cells of a row that have no column of their own, to what :mod:`valhalla.leads.details` keeps."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from valhalla.intake.reading.cell_words import NEVER, emails_in, line_type, numbers_in, yes
from valhalla.intake.reading.dates import list_date
from valhalla.intake.reading.distress import distress_words
from valhalla.intake.reading.profile import Profile
from valhalla.intake.reading.values import optional_count, optional_money
from valhalla.intake.reading.vocabulary import STATUS_WORDS
from valhalla.leads.contacts import phone_key
from valhalla.leads.details import DEAD
from valhalla.program.later import later
from valhalla.program.patterns import pattern

if TYPE_CHECKING:
    from valhalla.leads import addresses
else:
    addresses = later("valhalla.leads.addresses")

MOST_PHONES = 10
MOST_EMAILS = 6

PHONES = ("phone", *(f"phone_{number}" for number in range(2, MOST_PHONES + 1)))
EMAILS = ("email", *(f"email_{number}" for number in range(2, MOST_EMAILS + 1)))
PHONE_PARTS = ("type", "dnc", "status")
TEXTS = ("unit", "county", "apn", "lot", "property_type", "occupancy")
MONEY = ("estimated_value", "assessed_value", "loans", "equity", "tax_owed")
PERCENT = ("equity_percent", "ltv")
NUMBERS = ("baths", "year_built", "years_owned")
MAILING = (
    "mailing_address",
    "mailing_unit",
    "mailing_city",
    "mailing_state",
    "mailing_zip",
    "mailing_location",
)
LITIGATORS = tuple(f"{phone}_litigator" for phone in PHONES)
"""Whether a check says of a number that somebody uses it who sues callers: one is enough, no matter who owns the others."""
KEPT_OUT = ("litigator", "do_not_call", "disposition")
PERSON = (*KEPT_OUT, "interested_in")
SIGNS = ("flag", "tags")
"""Fields that several columns can be: a column of yes and no, and text in which signs stand. They stay further columns too."""
OWNERS = ("name_2", "first_name_2", "last_name_2")
SALE = ("last_sale_price", "last_sale_date")

FIELDS = (
    *PHONES[1:],
    *(f"{phone}_{part}" for phone in PHONES for part in PHONE_PARTS),
    *LITIGATORS,
    *EMAILS[1:],
    *(*MAILING, "company", *OWNERS),
    *(*TEXTS, *MONEY, *PERCENT, *NUMBERS, *SALE, *PERSON, *SIGNS),
)
"""What a column can be mapped to in addition to the columns of table ``lead``."""

_WORDS = pattern(r"[^\W_]+")
_FRACTION = pattern(r"\d{1,4}(?:\.\d+)?")
_PADDED = frozenset({"CT", "MA", "ME", "NH", "NJ", "RI", "VT", "PR", "VI"})
"""States whose ZIP codes begin with a zero, which spreadsheets drop."""


def zip_with_zeros(text: str, state: str) -> str:
    """A ZIP code with the zeros in front that a spreadsheet took away; any other code as it is."""
    text = text.removesuffix(".0").removeprefix("z:")
    if state.upper() in _PADDED and text.isascii() and text.isdecimal() and 3 <= len(text) <= 4:
        return text.zfill(5)
    return text


def sign_of(header: str) -> str:
    """The sign that a yes in a column of this name is."""
    return distress_words(header) or " ".join(_WORDS.findall(header.casefold()))


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
        """Whether it can be dialed and nothing speaks against it."""
        return self.key is not None and DEAD.isdisjoint(self.flags)


_FIRST = {"mobile": 0, None: 1, "voip": 1, "landline": 2}


def preference(phone: Phone) -> int:
    """The less the sooner it is dialed: a mobile is answered by its owner, a landline by anyone who lives there."""
    return _FIRST[phone.type]


class DetailReader:
    """Reads them of one file, whose columns ``index`` (field to column number) and ``header`` describe. ``text`` gives the cleaned
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
        self.several_emails = profile.rules == "list" and "email" in index
        """Whether a cell may hold more than one address."""
        self.phones_known = [name for name in PHONES if name in index]
        self.emails_known = [name for name in EMAILS if name in index]
        self.several = profile.rules == "list" and bool(self.phones_known)
        self.several |= len(self.phones_known) > 1 or any(
            f"{phone}_{part}" in index for phone in PHONES for part in PHONE_PARTS
        )
        """Whether a row can have more to say of its numbers than one of them, or writes them in any way."""
        self.houses = profile.rules == "list" and (street or "address" in index or "apn" in index)
        """Whether leads are known by their property."""
        self.has_ids = profile.rules == "list" and "lead_id" in index
        """Whether they are known by ids of the list's own."""
        self.any = (
            self.several
            or self.houses
            or self.has_ids
            or len(self.emails_known) > 1
            or bool(flags)
            or any(name in index for name in FIELDS)
        )
        self.kept_out = [*KEPT_OUT, *(name for name in LITIGATORS if name in index)]
        """The fields that say whether a person is not to be called."""
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
            line_type(kind or column),
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
        found["kept_out"] = kept_out(*(self.text(cells, name) for name in self.kept_out))
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
        return mailing_of(*(self.text(cells, name) for name in MAILING))


_CITY_LINE = pattern(
    r"(?P<city>.*?[^\s,])[\s,]+(?P<state>[A-Za-z]{2})\.?[\s,]+(?P<zip>\d{5}(?:-?\d{4})?|[A-Za-z]\d[A-Za-z] ?\d[A-Za-z]\d)",
    re.ASCII,
)
"""The last line of an address: city, state and ZIP."""


def mailing_of(address: str, unit: str, city: str, state: str, code: str, place: str) -> dict[str, str]:
    """Where somebody gets mail, by the texts of :data:`MAILING`. City, state and ZIP may stand together in a cell of their own, or in
    the line that is the second here and the first or third elsewhere."""
    if not (city or state or code):
        if place:
            city, state, code = _place_in(place)
        elif unit and (match := _CITY_LINE.fullmatch(unit)):
            city, state, code, unit = match["city"], match["state"], match["zip"], ""
    return _known(address=f"{address} {unit}".strip(), city=city, state=state, zip=code)


def _place_in(text: str) -> tuple[str, str, str]:
    match = _CITY_LINE.fullmatch(text)
    if match is not None:
        return match["city"], match["state"], match["zip"]
    return addresses.parse_place(text)


def kept_out(litigator: str, do_not_call: str, disposition: str, *litigators: str) -> str | None:
    """Why the list itself says that this person is not to be called, by the texts of :data:`KEPT_OUT` and :data:`LITIGATORS`."""
    said = disposition.casefold()
    if yes(litigator) or any(map(yes, litigators)) or "litigator" in said:
        return "litigator"
    if yes(do_not_call) or any(words in said for words in NEVER):
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
