"""One record to one lead or one reject, with everything that can be said about it.

This is the definition of the rules. The fast path (``bulk``) only takes records for which it can prove that it
gives the same result, and hands all others here; a property test holds the two together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from valhalla.intake.reading.cell_words import wish_of
from valhalla.intake.reading.chunk import Chunk, Reject, Warning, shorten
from valhalla.intake.reading.dates import list_date
from valhalla.intake.reading.details import DetailReader, Phone, preference, zip_with_zeros
from valhalla.intake.reading.distress import distress_words
from valhalla.intake.reading.mapping import Columns
from valhalla.intake.reading.profile import Profile
from valhalla.intake.reading.said import SaidBefore
from valhalla.intake.reading.values import Money, complaint, money, optional_count, optional_money
from valhalla.intake.reading.voting import is_footer
from valhalla.leads import details, identity
from valhalla.leads.contacts import phone_key, plausible_email
from valhalla.leads.markets import market_of
from valhalla.program.later import later
from valhalla.program.patterns import pattern
from valhalla.scoring.stages.row import Row

if TYPE_CHECKING:
    from valhalla.leads import addresses, properties
else:
    addresses = later("valhalla.leads.addresses")
    properties = later("valhalla.leads.properties")

# Zero-width and direction marks, soft hyphen, byte-order mark, tags: nothing a reader of the list could see.
_INVISIBLE = pattern(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_CONTROL = pattern("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_FORMULA = frozenset("=@+-\t\r")
_OURS = pattern(r"'[=+\-@\t\r＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋]")
# The first digit can be in one place only, so that a long cell is looked at once and not once for each digit.
_NUMBER_LIKE = pattern(r"[+-][\s().,/-]*\d[\d\s().,/%-]*|[+-]\.?", re.ASCII)
_THOUSANDS = pattern(r"[$€£]? ?\d{1,3}", re.ASCII)
_REST = pattern(r"\d{3}(?:\.\d{1,2})?", re.ASCII)
_TOTAL = pattern(
    r"(?:grand |sub|sub-|report )?totals?\b[\s:]*(?:.*\bleads?|.*\brows?|.*\brecords?)?[\s:]*[\d,.]*"
    r"|sum:?|count:?\s*\d*",
    re.IGNORECASE,
)

Encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Compact JSON text; extras are stored with it."""


def clean(text: str) -> tuple[str, bool]:
    """The text without invisible characters and with single spaces, and whether something invisible was removed."""
    if text.isascii() and text.isprintable():
        return (text.strip() if "  " not in text else " ".join(text.split())), False
    bare = _CONTROL.sub("", _INVISIBLE.sub("", text))
    return " ".join(bare.split()), len(bare) != len(text)


def formula_like(cell: str) -> bool:
    """Whether a spreadsheet would take the cell for a formula. Numbers and phone numbers are none."""
    return cell[:1] in _FORMULA and not _NUMBER_LIKE.fullmatch(cell.strip())


def undo_apostrophe(cell: str) -> str:
    """The cell without the apostrophe that our own exports put before a formula-like one."""
    return cell[1:] if cell[:1] == "'" and _OURS.match(cell) else cell


class RowReader:
    """Reads the records of one file. Given the columns, the profile and the source's name, it keeps no state but a count."""

    def __init__(self, columns: Columns, profile: Profile, source: str) -> None:
        self.columns = columns
        self.profile = profile
        self.source = source
        self.width = len(columns.header)
        self.filled_up = 0
        """Empty cells that stand for what rows lack."""
        self.said: SaidBefore | None = None
        """What the list said before, where its rows need not be understood again."""
        self.rules = identity.rules_of(columns.header, columns.mapping, profile.to_json(), source)
        self._more = (
            columns.header.index("_more") if columns.own_export and "_more" in columns.header else None
        )
        self._row: Sequence[str] = ()
        self._texts: dict[str, tuple[str, bool]] = {}
        """The row that is being read, and its cleaned texts by field."""
        self._header_forms = [name.strip() for name in columns.header]
        self.details = DetailReader(
            *(columns.header, columns.index, profile, self._text),
            columns.flag_index,
            street=bool(columns.street_index),
        )
        self._name_column = self._header("name") or self._header("first_name") or self._header("last_name")

    def _header(self, target: str) -> str | None:
        number = self.columns.index.get(target)
        return None if number is None else self.columns.header[number]

    def read(self, cells: Sequence[str], line: int, raw: str, chunk: Chunk) -> None:
        """Put the record into the chunk: as a lead, as a reject, or as a blank line."""
        found = self.row(cells, line, raw, chunk.warnings)
        if found is None:
            chunk.blank += 1
        elif isinstance(found, Row):
            chunk.growing.append(found)
            if self._normalised(cells):
                chunk.normalised += 1
        else:
            chunk.rejected.append(found)
        if self.columns.reject_index is not None and found is not None:
            mark = cells[self.columns.reject_index] if self.columns.reject_index < len(cells) else ""
            if mark.strip().isdecimal() and len(mark) < 19:
                chunk.fixes[line] = int(mark)

    def _normalised(self, cells: Sequence[str]) -> bool:
        if self.profile.value_format == "strict" and not self.profile.decimal_comma:
            return False
        at = self.columns.index.get("value", len(cells))
        if at >= len(cells):
            return False
        return money(clean(undo_apostrophe(cells[at]))[0], self.profile).normalised

    def row(self, cells: Sequence[str], line: int, raw: str, warnings: list[Warning]) -> Row | Reject | None:
        """The lead, or the reject with its first reason, or None for a record of nothing but blank cells."""
        if not any(map(str.strip, cells)):
            return None
        codes: dict[str, str] = {}
        if len(cells) != self.width:
            if len(cells) > self.width:
                if any(map(str.strip, cells[self.width :])) or self._value_was_split(cells):
                    message = f"{len(cells)} cells where the header has {self.width} columns"
                    return Reject(line, None, "CELLS_TOO_MANY", message, None, raw)
                cells = cells[: self.width]
            else:
                codes["CELLS_MISSING"] = f"{len(cells)} cells where the header has {self.width} columns"
                self.filled_up += self.width - len(cells)
                cells = [*cells, *[""] * (self.width - len(cells))]
        if (
            cells[0].strip() == self._header_forms[0]
            and [cell.strip() for cell in cells] == self._header_forms
        ):
            return Reject(line, None, "HEADER_REPEATED", "The row repeats the column names", None, raw)
        if self.columns.own_export:
            cells = [undo_apostrophe(cell) for cell in cells]
        if not _FORMULA.isdisjoint([cell[:1] for cell in cells]) and any(map(formula_like, cells)):
            cell = next(cell for cell in cells if formula_like(cell))
            codes["FORMULA_CELL"] = f'cell "{shorten(cell, 40)}" begins like a formula'
        if self._more is not None and cells[self._more].strip():
            message = "the cells in _more belong to other columns; put them there and empty _more"
            return Reject(line, "_more", "CELLS_TOO_MANY", message, shorten(cells[self._more]), raw)
        found = self._checked(cells, line, raw, codes)
        if isinstance(found, Row):
            warnings.extend(Warning(line, code, message) for code, message in codes.items())
        return found

    def _value_was_split(self, cells: Sequence[str]) -> bool:
        """Whether the value was 378,600 without quotes: its comma made two cells, and a blank last cell hides that."""
        at = self.columns.index.get("value")
        if at is None or at + 1 >= len(cells):
            return False
        return bool(_THOUSANDS.fullmatch(cells[at].strip()) and _REST.fullmatch(cells[at + 1].strip()))

    def _text(self, cells: Sequence[str], target: str, codes: dict[str, str] | None = None) -> str:
        """The cleaned text of a field. Each cell of a row is cleaned once, however often it is asked for."""
        if cells is not self._row:
            self._row, self._texts = cells, {}
        known = self._texts.get(target)
        if known is None:
            known = self._texts[target] = self._cleaned(cells, target)
        text, removed = known
        if removed and codes is not None:
            codes.setdefault("INVISIBLE_CHARACTERS", f"invisible characters removed from {target}")
        return text

    def _cleaned(self, cells: Sequence[str], target: str) -> tuple[str, bool]:
        number = self.columns.index.get(target)
        if number is None:
            if target == "address" and self.columns.street_index:
                pieces = (clean(cells[each])[0] for each in self.columns.street_index)
                return " ".join(piece for piece in pieces if piece), False
            return "", False
        return clean(undo_apostrophe(cells[number])) if cells[number] else ("", False)

    def _checked(self, cells: Sequence[str], line: int, raw: str, codes: dict[str, str]) -> Row | Reject:
        profile, index = self.profile, self.columns.index
        name = self._text(cells, "name", codes)
        if "name" not in index:
            parts = (self._text(cells, "first_name", codes), self._text(cells, "last_name", codes))
            name = " ".join(part for part in parts if part)
        unread: dict[str, str] = {}
        phones, emails = self._contacts(cells)
        email = emails[0] if emails else self._text(cells, "email", codes).lower()
        phone, number = self._phone(cells, phones, codes)
        value = self._text(cells, "value", codes)
        if profile.rules == "list" and not email and number is None and self._is_footer(cells, name, raw):
            return Reject(line, None, "TOTALS_ROW", "The row is a line under the list, not a lead", None, raw)
        if not name and profile.contact == "any":
            name = self._text(cells, "company") or owner_of(self._text(cells, "address"))

        if self.columns.buyers:
            return Reject(line, None, "BUYER", "The list is one of buyers", None, raw)
        missing = self._missing(name, email, phone, value, number)
        if missing:
            return self._reject_missing(missing, cells, line, raw)
        if profile.rules == "list" and (other := self._no_seller(cells, line, raw)) is not None:
            return other
        if email and not plausible_email(email):
            if profile.contact == "email" or (profile.contact != "any" and number is None):
                message = f"Invalid email format: {shorten(email)}"
                return Reject(line, self._header("email"), "EMAIL_FORMAT", message, shorten(email), raw)
            codes["EMAIL_UNUSABLE"] = f'email "{shorten(email, 40)}" is not one plausible address'
            unread[self.columns.header[index["email"]]] = email
            email = ""
        if profile.contact == "phone" and number is None:
            message = f"Invalid phone format: {shorten(phone)}"
            return Reject(line, self._header("phone"), "PHONE_FORMAT", message, shorten(phone), raw)
        if phone and number is None:
            codes["PHONE_UNUSABLE"] = f'phone "{shorten(phone, 40)}" is not a plausible number'

        worth = money(value, profile) if value or profile.value == "required" else Money(None)
        if worth.cents == 0:
            worth = worth._replace(cents=None, code="VALUE_NOT_POSITIVE", detail="is not above zero")
        if worth.cents is None and profile.value == "optional":
            if value:
                codes["PRICE_UNKNOWN"] = (
                    f'asking price "{shorten(value, 40)}" is not one amount; it is kept as text'
                )
                unread[self.columns.header[index["value"]]] = value
            worth = Money(None)
        elif worth.cents is None:
            message = complaint(value, worth, profile, self.source)
            code = worth.code or "VALUE_NOT_NUMBER"
            return Reject(line, self._header("value"), code, message, shorten(value), raw)
        if worth.code:
            codes[worth.code] = f'value "{shorten(value, 40)}" {worth.detail}'
        for column in self.columns.required_index:
            if not cells[column].strip():
                header = self.columns.header[column]
                message = f"Missing fields in lead data: ['{header}']"
                return Reject(line, header, "MISSING_FIELD", message, None, raw)
        more = self._details(cells, phones, emails, unread)
        return self._lead(cells, line, codes, name, email, phone, number, worth.cents, more, unread)

    def _no_seller(self, cells: Sequence[str], line: int, raw: str) -> Reject | None:
        """Somebody who buys, or who works in the trade, by their own words: no lead."""
        said = self._text(cells, "interested_in")
        wish = wish_of(said) if said else None
        if wish is None:
            return None
        column = self._header("interested_in")
        if wish == "buys":
            return Reject(line, column, "BUYER", f'"{shorten(said, 40)}": a buyer, not a seller', said, raw)
        return Reject(
            line, column, "NOT_SELLER", f'"{shorten(said, 40)}": not the owner of a house', said, raw
        )

    def _is_footer(self, cells: Sequence[str], name: str, raw: str) -> bool:
        """A line of a report: a total, a count, what stands below the rows of many columns in a single cell."""
        filled = sum(1 for cell in cells if cell and not cell.isspace())
        return is_footer(cells) or (
            filled == 1 and not name and self.width > 2 and not raw.rstrip("\r\n").endswith(",")
        )

    def _contacts(self, cells: Sequence[str]) -> tuple[list[Phone], list[str]]:
        """Every number and address, where a row can have several."""
        reader = self.details
        return (
            reader.phones(cells) if reader.several else [],
            reader.emails(cells) if len(reader.emails_known) > 1 or reader.several_emails else [],
        )

    def _phone(
        self, cells: Sequence[str], phones: list[Phone], codes: dict[str, str]
    ) -> tuple[str, int | None]:
        """*The* number, as written and as dialed: the first that can be dialed, else the first that there is."""
        if self.details.several:
            usable = min((each for each in phones if each.usable), key=preference, default=None)
            return (usable.number, usable.key) if usable is not None else ("", None)
        phone = self._text(cells, "phone", codes)
        return phone, phone_key(phone, self.profile.country) if phone else None

    def _details(
        self, cells: Sequence[str], phones: list[Phone], emails: list[str], unread: dict[str, str]
    ) -> dict[str, Any]:
        if not self.details.any:
            return {"emails": emails[1:]}
        found = self.details.rest(cells, unread)
        if len(phones) > 1 or any(each.flags or each.type or each.status for each in phones):
            found["phones"] = [{**each._asdict(), "flags": list(each.flags)} for each in phones]
        found["emails"] = emails[1:]
        found["company"] = bool(self._text(cells, "company"))
        return found

    def _missing(self, name: str, email: str, phone: str, value: str, number: int | None) -> list[str]:
        contact = self.profile.contact
        missing = [] if name else ["name"]
        if (contact == "email" and not email) or (contact == "either" and not email and number is None):
            missing.append("email")
        if contact == "phone" and not phone:
            missing.append("phone")
        if not value and self.profile.value == "required":
            missing.append("value")
        return missing

    def _reject_missing(self, missing: list[str], cells: Sequence[str], line: int, raw: str) -> Reject:
        first = next(cell for cell in map(str.strip, cells) if cell)
        if _TOTAL.fullmatch(first) and (len(missing) > 1 or "email" in missing or "phone" in missing):
            return Reject(line, None, "TOTALS_ROW", "The row is a total under the list", shorten(first), raw)
        shown = [
            name if name != "email" or self.profile.contact == "email" else "email or phone"
            for name in missing
        ]
        code = "MISSING_" + missing[0].upper()
        if code == "MISSING_EMAIL" and self.profile.contact == "either":
            code = "MISSING_CONTACT"
        column = self._name_column if missing[0] == "name" else self._header(missing[0])
        if column is None and self.profile.contact == "either":
            column = self._header("phone")
        if missing == ["name"] and self.profile.rules == "list":
            return Reject(line, column, code, "The row names no owner, no company and no address", None, raw)
        return Reject(line, column, code, f"Missing fields in lead data: {shown}", None, raw)

    def _lead(
        self,
        cells: Sequence[str],
        line: int,
        codes: dict[str, str],
        name: str,
        email: str,
        phone: str,
        number: int | None,
        value: int | None,
        more: dict[str, Any],
        unread: dict[str, str],
    ) -> Row:
        profile, columns = self.profile, self.columns
        location, market, state = self._place(cells)
        source = self._text(cells, "source")
        address = self._text(cells, "address")
        condition = self._text(cells, "condition").lower()
        when_text = self._text(cells, "list_date")
        when = list_date(when_text, profile.day_first) if when_text else None
        if when_text and when is None:
            codes["DATE_UNREADABLE"] = f'list date "{shorten(when_text, 40)}" cannot be read'
            unread[columns.header[columns.index["list_date"]]] = when_text
        numbers: dict[str, int | None] = {}
        for target in ("arv", "repairs", "sqft", "beds"):
            text = self._text(cells, target)
            if text:
                count = target in ("sqft", "beds")
                read = optional_count(text) if count else optional_money(text, profile)
                if read is None:
                    codes.setdefault("NUMBER_UNREADABLE", f'{target} "{shorten(text, 40)}" is not a number')
                    unread[columns.header[columns.index[target]]] = text
                numbers[target] = read
        said = "\n".join(cells[column] for column in columns.distress_index)
        if condition:
            said = f"{condition}\n{said}"
        distress = distress_words(said)
        if more.get("signs"):
            distress = distress_words(",".join([distress or "", *(each["sign"] for each in more["signs"])]))
        extras = Encode([cells[column] for column in columns.extra_index]) if columns.extra_index else None

        arv, repairs = numbers.get("arv"), numbers.get("repairs")
        sqft, beds = numbers.get("sqft"), numbers.get("beds")
        digest = identity.fingerprint(cells, self.rules)
        lead_id = self._text(cells, "lead_id")
        houses = self._property(cells, address, location) if self.details.houses else ()
        if houses:
            people = _people(name, email, number, more.get("mailing", {}).get("address") or address)
            who, *rest = houses
            aliases = tuple(rest)
        else:
            who, aliases, people, facts = self.known_by(lead_id, name, email, number, address or location)
            if facts:
                more = {**more, "lead_id": facts}
        return Row(
            name, email or None, phone or None, value, location or None, source or self.source, market, state, when,
            address or None, arv, repairs, sqft, condition or None, beds, distress, number, ",".join(codes) or None,
            extras, details.encoded({**more, "unread": unread}),
            people[0] if people else None, who, digest, line, aliases, people,
        )  # fmt: skip

    def _property(self, cells: Sequence[str], address: str, location: str) -> tuple[int, ...]:
        """The keys of the property; none where the row does not say which it is."""
        place = (self._text(cells, name) for name in ("unit", "city", "state", "zip", "apn", "county"))
        return properties.keys_of(house_of(address, location, *place))

    def _place(self, cells: Sequence[str]) -> tuple[str, str | None, str | None]:
        city, state = self._text(cells, "city"), self._text(cells, "state")
        location = self._text(cells, "location")
        if "location" not in self.columns.index:
            postal = self._text(cells, "zip")
            if self.profile.rules == "list":
                postal = zip_with_zeros(postal, state)
            location = joined_location(city, state, postal)
        market, code = market_of(city or None, state or None, location or None)
        if market is None and "address" in self.columns.index:
            market, code = market_of(None, code, self._text(cells, "address") or None)
        return location, market, code

    def known_by(
        self, lead_id: str, name: str, email: str, phone: int | None, place: str
    ) -> tuple[int, tuple[int, ...], tuple[int, ...], str]:
        """Identity and weaker keys of a lead that is not known by its property, the keys of its owner, and its own id when the
        list distinguishes its leads by that."""
        who, aliases = self.keys(lead_id, name, email, phone, place)
        if not lead_id or self.profile.rules != "list":
            return who, aliases, (), ""
        if _ROW_NUMBER.fullmatch(lead_id):
            return aliases[0], (), (), ""
        return who, (), aliases, lead_id  # one person may be two leads of such a list

    def keys(
        self, lead_id: str, name: str, email: str, phone: int | None, place: str
    ) -> tuple[int, tuple[int, ...]]:
        """Identity and weaker keys of a lead; unknown texts are empty."""
        weaker: int
        if email:
            weaker = identity.email_key(email)
        elif phone is not None and (self.profile.phone_identity or not place):
            weaker = identity.phone_name_key(phone, name)
        else:
            weaker = identity.name_address_key(name, place)
        if lead_id:
            return identity.lead_id_key(self.source, lead_id), (weaker,)
        return weaker, ()


def house_of(
    address: str, location: str, unit: str, city: str, state: str, postal: str, apn: str, county: str
) -> properties.Property:
    """The property of a row, by its cleaned texts."""
    if not (city or state or postal) and location:
        city, state, postal = addresses.parse_place(location)
    found = addresses.normal_address(address, unit, city, state, postal) if address else None
    return properties.property_of(found, apn, county, state)


def _people(name: str, email: str, number: int | None, home: str) -> tuple[int, ...]:
    """The keys of an owner, the strongest first: as those of a lead that is known by its person. ``home``: where they get mail,
    else the property."""
    found = [identity.email_key(email)] if email else []
    if number is not None:
        found.append(identity.phone_name_key(number, name))
    if home or not found:
        found.append(identity.name_address_key(name, home))
    return tuple(found)


_ROW_NUMBER = pattern(r"\d{1,5}", re.ASCII)
"""What only counts the rows of a list identifies nobody."""


def owner_of(address: str) -> str:
    """What somebody is called of whom only the house is known."""
    return f"Owner of {address}" if address else ""


@lru_cache(maxsize=10_000)
def joined_location(city: str, state: str, code: str) -> str:
    """``Houston, TX 77002`` from its parts, any of which may be empty."""
    tail = " ".join(part for part in (state, code) if part)
    return ", ".join(part for part in (city, tail) if part)
