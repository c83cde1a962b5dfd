"""Which rows are about the same property: by address with ZIP, by address with city and state, or by parcel number.

Keys are signed 64-bit digests as in :mod:`valhalla.leads.identity`, so that they fit its index; they are personal data like the
addresses that they are made of. Two properties are one when a key agrees and none that both have disagrees
(:func:`joins`); what a list left out or wrote oddly is offered to a person (:func:`possible`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from valhalla.leads.addresses import (
    Address,
    may_be_same,
    near_text,
    normal_address,
    parse_place,
    region,
    squeezed,
)
from valhalla.leads.identity import UNIT, key
from valhalla.program.patterns import pattern


class Property(NamedTuple):
    """What a row says about where a property is. One part may be missing."""

    address: Address | None
    parcel: str
    """Parcel number (APN) in normal form with state and county: ``TX HARRIS 51.220.000.0011``; empty when one is unknown."""


def property_of(
    address: Address | None, apn: str | None = None, county: str | None = None, state: str | None = None
) -> Property:
    """The property of a row. ``state`` is that of the address when it is not given."""
    return Property(address, parcel_of(apn, county, state or (address.state if address else None)))


def stored_property(address: str | None, location: str | None, known: Mapping[str, Any]) -> Property:
    """The property of a lead as it is stored; ``known``: its details."""
    where = normal_address(address, known.get("unit"), *parse_place(location))
    return property_of(where, known.get("apn"), known.get("county"))


def property_keys(
    address: Address | None, apn: str | None = None, county: str | None = None, state: str | None = None
) -> tuple[int, ...]:
    """What a property is looked up by: see :func:`keys_of`."""
    return keys_of(property_of(address, apn, county, state))


def keys_of(one: Property) -> tuple[int, ...]:
    """The keys of a property: with ZIP, with city and state, by parcel number, as far as they are known.

    None for a PO box or an address without a house number: neither says which property it is. Anyone who finds another
    property by a key asks :func:`joins` whether they are one.
    """
    texts = texts_of(one)
    return tuple(key(text) for text in texts if text)


def near_keys(one: Property) -> tuple[int, ...]:
    """Keys under which all properties stand that :func:`possible` may offer for this one."""
    address = one.address
    found = []
    if address is not None and is_property(address):
        near = near_text(address)
        if address.zip5:
            found.append(key(f"nz{UNIT}{near}{UNIT}{address.zip5}"))
        if address.city and address.state:
            found.append(key(f"nc{UNIT}{near}{UNIT}{squeezed(address.city)}{UNIT}{address.state}"))
    if one.parcel:
        found.append(key(f"np{UNIT}{_digits(one.parcel)}"))
    return tuple(found)


def joins(one: Property, other: Property) -> bool:
    """Whether two properties are one: ZIP form, city form or parcel number agree, and none of them disagrees."""
    agree = False
    for mine, theirs in zip(texts_of(one), texts_of(other), strict=True):
        if mine and theirs:
            if mine == theirs:
                agree = True
            elif mine[0] != "p" or _digits(one.parcel) != _digits(other.parcel):
                return False
    return agree


def possible(one: Property, other: Property) -> bool:
    """Whether two properties may be one although nothing joins them: a person is asked.

    A list left out unit, suffix, direction, or wrote the city, the parcel number or the house number in another way.
    """
    if joins(one, other):
        return False
    if one.address is not None and other.address is not None and is_property(one.address):
        if may_be_same(one.address, other.address):
            return True
        if is_property(other.address):
            return False
    return bool(one.parcel and other.parcel) and _digits(one.parcel) == _digits(other.parcel)


def differ(one: Address | None, other: Address | None) -> bool:
    """Whether two addresses are certainly not of one property: number, street or unit differ, or the place that both name.

    Not the opposite of :func:`joins`, which asks whether they certainly are.
    """
    if one is None or other is None or not (is_property(one) and is_property(other)):
        return False
    if line_text(one) != line_text(other):
        return True
    places = ((each.zip5, squeezed(each.city), each.state) for each in (one, other))
    return any(mine and theirs and mine != theirs for mine, theirs in zip(*places, strict=True))


def house_key(identity: int, address: Address) -> int:
    """Key of a further house of the person that ``identity`` is the key of."""
    return key(f"h{UNIT}{identity}{UNIT}{line_text(address)}{UNIT}{address.zip5 or squeezed(address.city)}")


def is_property(address: Address) -> bool:
    """Whether an address says which property it is: it has a house number and is no PO box."""
    return address.number != "" and address.street != "PO BOX"


def address_texts(address: Address | None) -> tuple[str, str]:
    """What an address is compared by: with its ZIP, and with city and state; empty what is not known.

    Also of PO boxes, which are no properties but where a person gets letters.
    """
    if address is None or not address.number:
        return "", ""
    number, pre, street, suffix, post, unit, city, state, code = address
    line = f"{number}{UNIT}{pre}{UNIT}{street}{UNIT}{suffix}{UNIT}{post}{UNIT}{unit}{UNIT}"
    return (
        f"z{UNIT}{line}{code}" if code else "",
        f"c{UNIT}{line}{city.replace(' ', '')}{UNIT}{state}" if city and state else "",
    )


def line_text(address: Address) -> str:
    """A street address without its place, for comparing rows of one person that name no place; empty without a number."""
    return f"l{UNIT}{UNIT.join(address[:6])}" if address.number else ""


def texts_of(one: Property) -> tuple[str, str, str]:
    """What its keys are made of: with ZIP, with city and state, by parcel number; empty what is not known."""
    address = one.address
    by_zip, by_city = address_texts(address if address is not None and is_property(address) else None)
    return by_zip, by_city, f"p{UNIT}{one.parcel}" if one.parcel else ""


# -- parcel numbers ----------------------------------------------------------------------------------------

_SEPARATORS = pattern(r"[^0-9A-Z]+")
_COUNTY = pattern(r"\b(COUNTY|PARISH|BOROUGH|CENSUS AREA|CNTY|CO)\b")


def parcel_of(apn: str | None, county: str | None, state: str | None) -> str:
    """State, county and parcel number in normal form; empty when one of them is unknown.

    ``051-220-000-0011`` and ``51.220.000.0011`` are one: the marks and zeros in front, which spreadsheets drop, do not
    count, but where the parts end does (``12-34`` is not ``123-4``; ``1234`` may be either, so it joins neither and
    contradicts neither). A number of zeros only is none.
    """
    if not apn or not county or not state:
        return ""
    code, name = region(state), _county(county)
    number = _SEPARATORS.sub(".", apn.upper().strip().removesuffix(".0")).strip(".").lstrip("0.")
    return f"{code} {name} {number}" if code and name and number else ""


@lru_cache(maxsize=1_024)
def _county(text: str) -> str:
    words = _SEPARATORS.sub(
        " ", _COUNTY.sub(" ", text.upper().partition(",")[0].replace("'", "").replace(".", ""))
    ).split()
    if words[:2] == ["CITY", "OF"]:
        words = [*words[2:], "CITY"]  # independent cities, such as Baltimore
    if words and words[0] == "ST":
        words[0] = "SAINT"
    return "".join(words)


def _digits(parcel: str) -> str:
    place, _, number = parcel.rpartition(" ")
    return f"{place} {number.replace('.', '')}"
