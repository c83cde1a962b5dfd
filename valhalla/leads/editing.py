"""Putting a lead right by hand: name, number, e-mail, address. Lists do not write over what a person said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from db import audit
from valhalla.leads import corrections, redecide, sql, suppression
from valhalla.leads.addresses import normal_address, parse_place
from valhalla.leads.contacts import phone_key, plausible_email
from valhalla.leads.details import reach
from valhalla.leads.generation import touched
from valhalla.leads.identity import email_key, phone_name_key
from valhalla.leads.markets import market_of
from valhalla.leads.properties import property_keys
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring.stages.row import CONTENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from db import Database
    from valhalla.scoring.stages import StoredLead

LONGEST = 300
"""Characters of a name or address."""


def correct(
    database: Database,
    lead_id: int,
    *,
    name: str | None = None,
    phone: str | None = None,
    email: str | None = None,
    address: str | None = None,
    actor: str = "operator",
) -> list[str]:
    """Put right what is given, decide on the lead again, and keep it so, whatever lists say; audited and durable.

    ``address`` may end in city, state and ZIP. A number that is replaced is kept and flagged as wrong. Returns which of
    name, phone, email and address changed. Raises :class:`UsageError`, :class:`NotFound`.
    """
    put = _checked(name, phone, email, address)
    if not put:
        raise UsageError("say what is to be put right: --name, --phone, --email or --address")
    with database.write(durable=True):
        columns = (*CONTENT, "corrected")
        row = database.one(sql.columns_of_lead(columns), (lead_id,))
        if row is None:
            raise NotFound(f"there is no lead {lead_id}; see: valhalla leads list")
        now = dict(zip(columns, row, strict=True))
        corrected = corrections.added(now["corrected"], put, now)
        changed = {column: value for column, value in put.items() if now[column] != value}
        if "phone_key" in changed:
            known = corrections.decoded(corrected) or {}
            more = corrections.renumbered(now["details"], known, (now["phone"], now["phone_key"]))
            if more != now["details"]:
                changed["details"] = more
        if changed or corrected != now["corrected"]:
            _store(database, lead_id, now, changed, corrected, actor)
        said = [word for column, word in corrections.FIELDS.items() if column in changed]
        audit.append(database, "lead.edit", f"lead:{lead_id}", {"columns": said}, actor=actor)
    return said


def _store(
    database: Database,
    lead_id: int,
    now: Mapping[str, Any],
    changed: Mapping[str, Any],
    corrected: str | None,
    actor: str,
) -> None:
    put = {**changed, "corrected": corrected}
    database.sql(sql.put_columns(put), (*put.values(), lead_id))
    before = json.dumps({column: now[column] for column in changed}, ensure_ascii=False)
    database.sql(sql.ADD_HISTORY, (lead_id, database.clock(), actor, "edit", before))
    database.many(sql.LEARN_KEY, [(key, lead_id) for key in _keys({**now, **changed}, changed)])
    listed = suppression.load(database)

    def keep_out(lead: StoredLead) -> StoredLead:
        contacts = reach(lead.email, lead.phone_key, {**now, **changed}["details"])
        return lead._replace(suppressed=lead.suppressed or listed.reason(contacts))

    redecide.decide_again(database, [lead_id], keep_out)
    touched(database)


def overrule(database: Database, lead_id: int, columns: Iterable[str]) -> None:
    """A person says otherwise by another way than :func:`correct`: what they put right of ``columns`` is no longer kept against
    lists. Inside the caller's transaction."""
    before = database.value(sql.CORRECTED, (lead_id,))
    if before is None:
        return
    after = corrections.without(before, [*columns])
    if after != before:
        database.sql(sql.put_columns(["corrected"]), (after, lead_id))


def _checked(name: str | None, phone: str | None, email: str | None, address: str | None) -> dict[str, Any]:
    put: dict[str, Any] = {}
    name, phone, email, address = (
        None if text is None else " ".join(text.split()) or None for text in (name, phone, email, address)
    )
    for text, what in ((name, "name"), (address, "address")):
        if text is not None and len(text) > LONGEST:
            raise UsageError(f"the {what} has more than {LONGEST} characters")
    if name is not None:
        put["name"] = name
    if phone is not None:
        key = phone_key(phone)
        if key is None:
            raise UsageError(f"{phone!r} is not a phone number that could be dialed, such as 713-555-0123")
        put |= {"phone": phone, "phone_key": key}
    if email is not None:
        email = email.lower()
        if not plausible_email(email):
            raise UsageError(f"{email!r} is not an e-mail address, such as ann@example.com")
        put["email"] = email
    if address is not None:
        put |= _place(address)
    return put


def split_place(text: str) -> tuple[str, str | None]:
    """The street of an address, and the city and state behind it; None where it names none."""
    parts = text.split(",")
    for count in range(len(parts) - 1, 0, -1):
        tail = ",".join(parts[count:]).strip()
        found = parse_place(tail)
        if found.city and found.state:
            return ",".join(parts[:count]).strip(), tail
    return text, None


def _place(text: str) -> dict[str, Any]:
    """The street, and what follows from a city and state behind it."""
    street, place = split_place(text)
    if place is None:
        return {"address": street}
    market, state = market_of(None, None, place)
    return {"address": street, "location": place, "market": market, "state": state}


def _keys(lead: Mapping[str, Any], changed: Mapping[str, Any]) -> list[int]:
    """What the lead is known by from now on."""
    found: list[int] = []
    if lead["person"] is not None:  # known by its property; a list names it by that
        if "address" in changed:
            place = parse_place(lead["location"])
            address = normal_address(lead["address"], None, place.city, place.state, place.zip5)
            found += property_keys(address, None, None, lead["state"])
        return found
    if "email" in changed:
        found.append(email_key(lead["email"]))
    elif lead["email"] is None and {"phone_key", "name"} & changed.keys() and lead["phone_key"] is not None:
        found.append(phone_name_key(lead["phone_key"], lead["name"]))
    return found
