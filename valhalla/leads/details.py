"""What lists know of a lead in addition to its own columns: JSON in the lead's row.

An object with some of these keys, never an empty value:

* ``phones``: every number in the list's order, each ``{number, key, type, flags, status, column}``: as written, E.164 digits,
  ``mobile``, ``landline`` or ``voip``, ``do_not_call``, ``wrong`` or ``disconnected``, the list's own word, the header; and
  ``marked``: ``wrong`` or ``disconnected`` as a call found it, ``first`` where it was the lead's own number before;
* ``emails``: every address, lower case;
* ``mailing``: ``{address, city, state, zip}``, where the owner gets mail;
* ``unit``, ``county``, ``apn``, ``lot``, ``property_type``, ``occupancy``: text;
* ``estimated_value``, ``assessed_value``, ``loans``, ``equity``, ``tax_owed``: cents; ``equity_percent``, ``ltv``: percent;
* ``last_sale``: ``{price, date}``, cents and UTC microseconds; ``baths``, ``year_built``, ``years_owned``: numbers;
* ``kept_out``: why the list says that this person is not to be called; ``interested_in``: what they say they want;
* ``consent``: channels that they agreed to be reached by, ``call``, ``text`` or ``email``;
* ``lead_id``: the list's own id of a lead that is known by it;
* ``owners``: further owners' names; ``company``: true when the name is a firm's;
* ``signs``: ``[{sign, list, date}]``, why somebody may want to sell, with the list that said so and its date;
* ``unread``: ``{header: cell}``, cells that their field could not use.

What is a single number or address that stands in the lead's own column is not repeated here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any, NamedTuple

import orjson

Details = Mapping[str, Any]

DEAD = frozenset({"do_not_call", "wrong", "disconnected"})
"""Flags of a number that is not to be dialed."""

KEPT_OUT = '"kept_out":'
"""Stands in the text of details that have it, and rarely elsewhere."""

_LISTS: dict[str, tuple[str, ...]] = {
    "phones": ("key", "number"),
    "signs": ("sign", "list"),
    "owners": (),
    "emails": (),
}
"""Lists of things, and what of each says that it is the same thing."""
_OBJECTS = frozenset({"mailing", "last_sale", "unread"})
_OURS = ("marked", "first")


def decoded(text: str | None) -> dict[str, Any]:
    """The object; empty without details."""
    return {} if text is None else orjson.loads(text)


def encoded(details: Details) -> str | None:
    """The text that is stored; None where nothing is known."""
    known = {name: value for name, value in details.items() if value not in (None, "", [], {})}
    return orjson.dumps(known, option=orjson.OPT_SORT_KEYS).decode() if known else None


def merged(old: str | None, new: str | None, *, replace: bool) -> str | None:
    """What is known after another list spoke. Numbers, addresses and signs add up; of single facts the new one counts with
    ``replace``, else the one that was known; nothing is forgotten because a list does not say it."""
    if old is None or new is None or old == new:
        return old if new is None else new
    before, said = decoded(old), decoded(new)
    found = {**before, **said} if replace else {**said, **before}
    for name in found.keys() & before.keys() & said.keys():
        one, other = (said[name], before[name]) if replace else (before[name], said[name])
        if name in _LISTS:
            found[name] = _united(before[name], said[name], _LISTS[name], replace)
        elif name in _OBJECTS:
            found[name] = {**other, **one}
    return encoded(found)


def with_contacts(
    text: str | None, phones: Iterable[tuple[str | None, int | None]], emails: Iterable[str | None]
) -> str | None:
    """The details with these numbers (as written, as dialed) and addresses, the first of which stand in the lead's own columns:
    a number that another list brings takes none away."""
    found = decoded(text)
    known = {each.get("key") for each in found.get("phones", ())}
    own = {key: number for number, key in phones if number is not None and key is not None}
    if len(known | own.keys()) > 1:
        plain: list[dict[str, Any]] = [
            {"number": number, "key": key, "type": None, "flags": [], "status": None, "column": None}
            for key, number in own.items()
            if key not in known
        ]
        found["phones"] = [*plain, *found.get("phones", ())]
    named = [each for each in emails if each is not None]
    further = dict.fromkeys([*named, *found.get("emails", ())])
    found["emails"] = [each for each in further if each not in named[:1]]
    return encoded(found)


def dead_flags(known: Details) -> frozenset[str]:
    """The flags of this lead's numbers that say not to dial: consent lifts what the registry says, and nothing else."""
    return DEAD - {"do_not_call"} if "call" in known.get("consent", ()) else DEAD


def dead(phone: Mapping[str, Any], known: Details) -> bool:
    """Whether a number of the lead is not to be dialed, by what lists or calls say of it."""
    return "marked" in phone or not dead_flags(known).isdisjoint(phone["flags"])


def to_call(text: str | None, phone: str | None, key: int | None) -> tuple[str | None, int | None]:
    """*The* number of a lead (as written, as dialed): the one given, unless some list flags it as not to be dialed; then the first
    that nothing speaks against, or none."""
    known = decoded(text)
    phones = known.get("phones", ())
    if phone is not None and not any(
        key is not None and each.get("key") == key and dead(each, known) for each in phones
    ):
        return phone, key
    return next(
        (
            (each["number"], each["key"])
            for each in phones
            if each.get("key") is not None and not dead(each, known)
        ),
        (None, None),
    )


def registered(
    text: str | None, phone: str | None, key: int | None, registry: Set[int]
) -> tuple[str | None, str | None, int | None]:
    """The details, the number and its digits after a look into the national registry: numbers that stand there are flagged, and
    another one is the one to call, if there is one."""
    known = decoded(text)
    phones = [dict(each) for each in known.get("phones", ())]
    if key is not None and key in registry and all(each.get("key") != key for each in phones):
        phones.insert(
            0, {"number": phone, "key": key, "type": None, "flags": [], "status": None, "column": None}
        )
    changed = False
    for each in phones:
        if each.get("key") in registry and "do_not_call" not in each["flags"]:
            each["flags"] = [*each["flags"], "do_not_call"]
            changed = True
    if not changed:
        return text, phone, key
    found = encoded({**known, "phones": phones})
    return (found, *to_call(found, phone, key))


def signs_of(*said: str | None) -> str | None:
    """The signs that any of several lists saw, each once, joined by commas as each of them has them."""
    return ",".join(dict.fromkeys(word for text in said if text for word in text.split(","))) or None


def _united(before: list[Any], said: list[Any], same: tuple[str, ...], replace: bool) -> list[Any]:
    united = {_sameness(each, same): each for each in before}
    for each in said:
        known = _sameness(each, same)
        if known not in united:
            united[known] = each
        elif replace:
            # What a call found is not forgotten because another list names the number.
            found = {name: united[known][name] for name in _OURS if name in united[known]} if same else {}
            united[known] = {**each, **found} if found else each
    return list(united.values())


def _sameness(each: Any, same: tuple[str, ...]) -> Any:
    if not same:
        return each
    if each.get(same[0]) is not None:
        return tuple(each.get(name) for name in same)
    # A number that cannot be dialed, say, has lists in it.
    return orjson.dumps(each, option=orjson.OPT_SORT_KEYS)


class Reach(NamedTuple):
    """Every address (lower case) and number (E.164 digits) of a lead, the first ones first."""

    emails: tuple[str, ...]
    phones: tuple[int, ...]
    kept_out: str | None = None
    """Why a list says that this person is not to be called, whatever they are reached by."""


def reach(email: str | None, phone: int | None, details: str | None = None) -> Reach:
    """What a lead is reached by, from its own columns and its details."""
    if details is None:
        return Reach(() if email is None else (email,), () if phone is None else (phone,))
    known = decoded(details)
    emails = (email, *known.get("emails", ()))
    phones = (phone, *(each.get("key") for each in known.get("phones", ())))
    return Reach(
        tuple(dict.fromkeys(each for each in emails if each is not None)),
        tuple(dict.fromkeys(each for each in phones if each is not None)),
        known.get("kept_out"),
    )


def words(details: Details) -> Iterable[str]:
    """Every text in it, and every number as people dial it: what a search finds a lead by."""
    for name, value in details.items():
        yield from (_phones_words(value) if name == "phones" else _words(value))


def _phones_words(phones: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for each in phones:
        yield each["number"]
        if each.get("key") is not None:
            yield str(each["key"])
            yield str(each["key"])[-10:]


def _words(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)
