"""Do-not-contact: who is on the list, and what that means for leads.

A lead on the list is stored and counted like any other and marked ``suppressed``: it is in no call list, export or
effect. The list is evidence: an entry that is taken off stays, with who took it off and when. Of a person who was
forgotten only a salted digest is left, which is enough to recognise and leave out a row about them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal, NamedTuple

from valhalla.leads import sql
from valhalla.leads.contacts import phone_key, plausible_email
from valhalla.leads.details import Reach, reach
from valhalla.program.errors import UsageError
from valhalla.program.patterns import pattern

if TYPE_CHECKING:
    from db import Database
    from valhalla.scoring.stages.row import Row

Kind = Literal["email", "phone", "domain"]
Origin = Literal["operator", "list", "opted_out", "forgotten", "national", "litigator"]
"""Who or what put somebody there. ``national`` says something of a number and not of a person: the number is not dialed, and
consent lifts it."""


_EMAILS = pattern(r"[^\s,;|<>\"'()]+@[\w.-]+\w")
_NUMBERS = pattern(r"\+?\(?\d[\d().\- ]{5,}\d")

OPTED_OUT = "asked not to be contacted"
"""Why a lead is suppressed whose owner was recorded as opted out, on this lead or on another of theirs."""
PREFIX = "do not contact: "
"""Begins ``lead.suppressed`` of leads that this list keeps out."""


KEPT_DIGITS = 5
"""Hexadecimal digits that are kept of the digest of a forgotten person's address or number: 20 bits, which some 7,600 North
American phone numbers share. Anyone who tries them all learns a crowd, not a person."""


class Match(Enum):
    """Whether something is about a person who asked to be forgotten."""

    NO = 0
    MAYBE = 1
    """The kept beginning of a digest fits, as it does for one in a million others."""
    YES = 2
    """A whole digest fits, as version 0.1 kept them."""


class Entry(NamedTuple):
    """One normalised entry."""

    kind: Kind
    value: str


@dataclass(frozen=True)
class Suppression:
    """The list as sets, for many look-ups."""

    version: int = -1
    emails: frozenset[str] = frozenset()
    phones: frozenset[int] = frozenset()
    domains: frozenset[str] = frozenset()
    litigators: frozenset[int] = frozenset()
    """Those of the phones that are of people who sue callers."""
    registry: frozenset[int] = frozenset()
    """Numbers in the national registry: not to be dialed, but nobody is on do-not-contact because of them."""
    forgotten: frozenset[str] = frozenset()
    """Salted digests, see :func:`digest`: their beginnings, and whole ones of people forgotten by version 0.1."""
    salt: bytes = b""

    def __bool__(self) -> bool:
        return bool(self.emails or self.phones or self.domains)

    def reason(self, who: Reach) -> str | None:
        """Why somebody with these addresses and numbers must not be contacted; None: nothing is known against it."""
        if who.kept_out is not None:
            return PREFIX + who.kept_out
        if not self.litigators.isdisjoint(who.phones):
            return PREFIX + "litigator"
        if not self.phones.isdisjoint(who.phones):
            return PREFIX + "phone"
        if not self.emails.isdisjoint(who.emails):
            return PREFIX + "email"
        if self.domains and any(_domain_of(email, self.domains) for email in who.emails):
            return PREFIX + "domain"
        return None

    def about_forgotten(self, row: Row) -> Match:
        """Whether the row is about a person who asked to be forgotten."""
        return self._match(contacts(reach(row.email, row.phone_key, row.details)))

    def names_forgotten(self, raw: str) -> Match:
        """Whether a row that could not be used holds an address or number of somebody who asked to be forgotten."""
        found = [Entry("email", word) for word in _EMAILS.findall(raw.lower())]
        numbers = filter(None, map(phone_key, _NUMBERS.findall(raw)))
        return self._match([*found, *(Entry("phone", str(number)) for number in numbers)])

    def _match(self, entries: Iterable[Entry]) -> Match:
        known, match = self.forgotten, Match.NO
        for kind, value in entries:
            whole = digest(self.salt, kind, value)
            if whole in known:
                return Match.YES
            if whole[:KEPT_DIGITS] in known:
                match = Match.MAYBE
        return match


NOBODY = Suppression()


def _domain_of(email: str, domains: frozenset[str]) -> bool:
    return any(name in domains for name in _domains(email))


def _domains(email: str) -> Iterator[str]:
    name = email.rpartition("@")[2]
    while name:
        yield name
        name = name.partition(".")[2]


def questions(who: Reach) -> list[Entry]:
    """The entries that would keep out somebody with these addresses and numbers, domains included."""
    return contacts(who) + [Entry("domain", name) for email in who.emails for name in _domains(email)]


def digest(salt: bytes, kind: Kind, value: str) -> str:
    """Of an address or number; its first :data:`KEPT_DIGITS` are what is left of a forgotten person's. The salt belongs to one
    file."""
    return blake2b(f"{kind}:{value}".encode(), digest_size=16, key=salt).hexdigest()


def salt(database: Database) -> bytes:
    """The salt of the digests in this file."""
    found: bytes = database.value(sql.SUPPRESSION_SALT)
    return found


def load(database: Database, previous: Suppression = NOBODY) -> Suppression:
    """The list as it is now; ``previous`` itself when nothing was changed since."""
    version, salt = database.sql(sql.SUPPRESSION_STATE)[0]
    if version == previous.version:
        return previous
    kept: dict[str, set[str]] = {"email": set(), "phone": set(), "domain": set()}
    forgotten, litigators, registry = set(), set(), set()
    for kind, value, known, origin in database.sql(sql.SUPPRESSIONS):
        if value is None:
            forgotten.add(known)
        elif origin == "national":
            registry.add(int(value))
        else:
            kept[kind].add(value)
            if origin == "litigator" and kind == "phone":
                litigators.add(int(value))
    return Suppression(
        version,
        frozenset(kept["email"]),
        frozenset(map(int, kept["phone"])),
        frozenset(kept["domain"]),
        frozenset(litigators),
        frozenset(registry),
        frozenset(forgotten),
        salt,
    )


def entry(text: str, kind: str | None = None, country: str = "US") -> Entry:
    """A person's text as an entry: ``ann@example.com``, ``713-555-0101``, ``example.com`` or ``@example.com``.

    Raises :class:`UsageError` for what is none of them.
    """
    text = text.strip()
    word = text.lower()
    if kind in (None, "email") and plausible_email(word):
        return Entry("email", word)
    if kind in (None, "phone"):
        number = phone_key(text, country)
        if number is not None:
            return Entry("phone", str(number))
    if kind in (None, "domain"):
        domain = word.removeprefix("@")
        if "@" not in domain and plausible_email(f"x@{domain}"):
            return Entry("domain", domain)
    what = kind if kind else "email address, phone number or domain"
    raise UsageError(f"{text!r} is no {what}; such as ann@example.com, 713-555-0101 or example.com")


def contacts(who: Reach) -> list[Entry]:
    """The entries that keep out a person with these addresses and numbers."""
    return [
        *(Entry("email", email) for email in who.emails),
        *(Entry("phone", str(phone)) for phone in who.phones),
    ]


def sets_of(entries: Iterable[Entry], origin: Origin = "operator") -> Suppression:
    """Only these, as sets."""
    phones = frozenset(int(value) for kind, value in entries if kind == "phone")
    return Suppression(
        0,
        frozenset(value for kind, value in entries if kind == "email"),
        phones,
        frozenset(value for kind, value in entries if kind == "domain"),
        phones if origin == "litigator" else frozenset(),
    )
