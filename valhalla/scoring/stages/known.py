"""What a list says of a lead in addition to the lead's own columns, as formula 2 reads it: equity, ownership, numbers, signs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

PPM = 1_000_000
DAY = 86_400_000_000

DEAD = frozenset({"do_not_call", "wrong", "disconnected"})
"""Flags of a number that is not to be dialed."""

EQUITY_SIGNS = {"high equity": PPM // 2, "free and clear": PPM}
"""Signs that are a figure: the least share of the value that the owner has, where no list says it better."""

ELSEWHERE = "out of state"
ABSENTEE = "absentee"


class Known(NamedTuple):
    """The details of a lead. Money in cents, shares in parts per million, times UTC microseconds; None is unknown."""

    signs: tuple[str, ...] = ()
    """Signs in addition to the lead's column ``distress``, as the list has them."""
    dates: tuple[tuple[str, int], ...] = ()
    """Sign and its date, where a list gives one."""
    equity_share: int | None = None
    equity: int | None = None
    estimated: int | None = None
    tax_owed: int | None = None
    bought: int | None = None
    """When the owner bought it."""
    years_owned: int | None = None
    number_type: str | None = None
    """Of the number that is dialed: ``mobile``, ``landline`` or ``voip``."""
    further_numbers: int = 0
    """Numbers that can be dialed in addition to the first."""
    mailing: tuple[str, str, str] | None = None
    """Address, city and state where the owner gets mail."""
    kind: str | None = None
    """Of property."""
    built: int | None = None
    """The year."""


NOTHING = Known()
_new = tuple.__new__


def known(details: str | None, phone_key: int | None) -> Known:
    """What the details of a lead say; :data:`NOTHING` without details."""
    if details is None:
        return NOTHING
    found: Mapping[str, Any] = orjson.loads(details)
    get = found.get
    said = get("signs") or ()
    share, equity, estimated = _equity(get)
    if share is None and said:
        share = max((EQUITY_SIGNS.get(each["sign"], 0) for each in said), default=0) or None
    sale = get("last_sale")
    years = get("years_owned")
    kind, further = _numbers(get("phones"), phone_key)
    mail = get("mailing")
    return _new(
        Known,
        (
            tuple([each["sign"] for each in said if each["sign"] not in EQUITY_SIGNS]) if said else (),
            tuple([(each["sign"], each["date"]) for each in said if each.get("date") is not None])
            if said
            else (),
            share,
            equity,
            estimated,
            get("tax_owed"),
            sale.get("date") if sale else None,
            None if years is None else int(years),
            kind,
            further,
            (mail.get("address") or "", mail.get("city") or "", (mail.get("state") or "").upper())
            if mail
            else None,
            get("property_type"),
            get("year_built"),
        ),
    )


def _equity(get: Any) -> tuple[int | None, int | None, int | None]:
    """(share, amount, value) of what belongs to the owner: only as lists say it, or from the loans that they say."""
    estimated, equity, loans = get("estimated_value"), get("equity"), get("loans")
    if equity is None and estimated is not None and loans is not None:
        equity = estimated - loans
    share: int | None = None
    if equity is not None and estimated:
        share = equity * PPM // estimated
    elif (percent := get("equity_percent")) is not None:
        share = round(percent * 10_000)
    elif (owed := get("ltv")) is not None:
        share = PPM - round(owed * 10_000)
    if equity is None and share is not None and estimated is not None:
        equity = estimated * share // PPM
    return share, equity, estimated


def _numbers(phones: Any, phone_key: int | None) -> tuple[str | None, int]:
    """The kind of the number that is dialed, and how many others can be."""
    kind, further = None, 0
    for each in phones or ():
        key = each.get("key")
        if key == phone_key:
            kind = each.get("type")
        elif key is not None and DEAD.isdisjoint(each["flags"]):
            further += 1
    return kind, further


def lives_elsewhere(
    mailing: tuple[str, str, str] | None, address: str | None, state: str | None
) -> str | None:
    """:data:`ELSEWHERE` when mail goes to another state than the property's, :data:`ABSENTEE` when it goes to another address;
    None when it goes to the property, or that is not known."""
    if mailing is None:
        return None
    if state and len(mailing[2]) == 2 and mailing[2] != state:
        return ELSEWHERE
    if mailing[0] and address and _number(mailing[0]) != _number(address):
        return ABSENTEE
    return None


def _number(address: str) -> str:
    """The house number: streets are written in too many ways to see by them that two addresses are not one."""
    return address.split(None, 1)[0].casefold()


def signs_of(
    distress: str | None,
    more: Known,
    address: str | None,
    state: str | None,
    source: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Every sign of a lead, each once: its words of distress, that of its source's name, what its lists flag, and where its owner
    lives."""
    if more is NOTHING:
        return (*dict.fromkeys((*(distress.split(",") if distress else ()), *source)),)
    return _each_once(distress, source, more.signs, lives_elsewhere(more.mailing, address, state))


@lru_cache(maxsize=8_192)  # few leads of a list are unlike all others in this
def _each_once(
    distress: str | None, source: tuple[str, ...], listed: tuple[str, ...], away: str | None
) -> tuple[str, ...]:
    words = dict.fromkeys((*(distress.split(",") if distress else ()), *source, *listed))
    if away == ELSEWHERE or ELSEWHERE in words:
        words.pop(ABSENTEE, None)
        words[ELSEWHERE] = None
    elif away is not None:
        words[away] = None
    return tuple(words)


_NAMED = (
    ("pre-foreclosure", ("pre foreclosure", "preforeclosure", "lis pendens", "notice of default")),
    ("foreclosure", ("foreclosure", "auction", "sheriff sale")),
    ("probate", ("probate",)),
    ("inherited", ("inherited", "inheritance")),
    ("tax lien", ("tax lien", "tax delinquent", "delinquent tax", "back taxes")),
    ("vacant", ("vacant",)),
    ("out of state", ("out of state",)),
    ("absentee", ("absentee",)),
    ("divorce", ("divorce",)),
    ("bankruptcy", ("bankruptcy",)),
    ("code violation", ("code violation", "code violations")),
    ("eviction", ("eviction", "evictions")),
    ("expired listing", ("expired listing", "expired listings", "expired")),
    ("tired landlord", ("tired landlord", "tired landlords")),
    ("fire damage", ("fire damage",)),
)
"""Signs, and how the names of lists and sources say them; of two of which one is within the other the longer one stands first."""


def signs_in_name(name: str) -> tuple[str, ...]:
    """The signs that the name of a source says: ``probate-list`` is a list of probates."""
    text = f" {' '.join(re.findall(r'[a-z]+', name.casefold()))} "
    found = []
    for sign, ways in _NAMED:
        way = next((way for way in ways if f" {way} " in text and f" {way} land " not in text), None)
        if way is not None:
            found.append(sign)
            text = text.replace(f" {way} ", " ")
    return tuple(found)
