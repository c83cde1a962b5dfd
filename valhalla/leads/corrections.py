"""What a person put right about a lead, and how lists that say otherwise leave it alone. Pure but for :func:`corrected`.

Column ``corrected`` of table ``lead`` is a JSON object: the columns of the lead with the person's values, and under
:data:`INSTEAD_OF` what they stood for before, by column, so that a list that still says so is known to speak of this lead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from valhalla.leads import details, sql
from valhalla.scoring.stages.row import CONTENT, Row

if TYPE_CHECKING:
    from db import Database

INSTEAD_OF = "instead_of"

FIELDS = {"name": "name", "phone_key": "phone", "email": "email", "address": "address"}
"""Columns that a person puts right, and how a person calls them; others follow from these."""

_AT = {column: CONTENT.index(column) for column in CONTENT}

Corrected = Mapping[str, Any]


def corrected(database: Database, lead_id: int) -> dict[str, Any]:
    """What a person put right of a lead, in the words of :data:`FIELDS`."""
    found = decoded(database.value(sql.CORRECTED, (lead_id,))) or {}
    return {name: found[name] for column, name in FIELDS.items() if column in found}


def decoded(text: str | None) -> dict[str, Any] | None:
    """The object; None where nothing was put right."""
    return None if text is None else orjson.loads(text)


def encoded(corrected: Corrected) -> str | None:
    """The text that is stored; None where nothing is left of it."""
    known = {name: value for name, value in corrected.items() if value not in ({}, [])}
    return orjson.dumps(known, option=orjson.OPT_SORT_KEYS).decode() if known else None


def added(text: str | None, put: Corrected, now: Mapping[str, Any]) -> str | None:
    """The corrections after a person put ``put`` in the place of what the lead says ``now``."""
    found = decoded(text) or {}
    before = {column: list(values) for column, values in found.get(INSTEAD_OF, {}).items()}
    for column, value in put.items():
        known = before.setdefault(column, [])
        if now[column] is not None and now[column] != value and now[column] not in known:
            known.append(now[column])
        before[column] = [each for each in known if each != value]
    return encoded({**found, **put, INSTEAD_OF: {name: values for name, values in before.items() if values}})


def without(text: str | None, columns: Sequence[str]) -> str | None:
    """The corrections without those of ``columns``: a person allowed a list to say otherwise."""
    found = decoded(text) or {}
    before = {name: each for name, each in found.get(INSTEAD_OF, {}).items() if name not in columns}
    return encoded({name: each for name, each in found.items() if name not in columns} | {INSTEAD_OF: before})


def united(text: str | None, other: str | None) -> str | None:
    """The corrections of a lead and of one that was merged into it; the first one's count."""
    mine, theirs = decoded(text) or {}, decoded(other) or {}
    before = {**theirs.get(INSTEAD_OF, {}), **mine.get(INSTEAD_OF, {})}
    return encoded({**theirs, **mine, INSTEAD_OF: before})


def in_their_words(row: Row, corrected: Corrected) -> Row:
    """``row`` with the person's values where it says what they put right: it speaks of the same lead."""
    before = corrected.get(INSTEAD_OF, {})
    said = row._asdict()
    put = {column: corrected[column] for column, old in before.items() if said.get(column) in old}
    if "phone_key" in put:
        put["phone"] = corrected["phone"]
    return row._replace(**put) if put else row


def contradicted(row: Row, corrected: Corrected) -> list[str]:
    """What a list says otherwise than the person, in the words of :data:`FIELDS`."""
    said = row._asdict()
    return [
        name
        for column, name in FIELDS.items()
        if column in corrected and said[column] is not None and said[column] != corrected[column]
    ]


def kept(content: tuple[Any, ...], corrected: Corrected) -> tuple[Any, ...]:
    """The content of a lead after a list spoke, with the person's values in their places."""
    found = list(content)
    for column, at in _AT.items():
        if column in corrected:
            found[at] = corrected[column]
    if "phone_key" in corrected:
        more = renumbered(content[_AT["details"]], corrected)
        found[_AT["details"]] = more
        found[_AT["phone"]], found[_AT["phone_key"]] = details.to_call(
            more, corrected["phone"], corrected["phone_key"]
        )
    return tuple(found)


def renumbered(
    text: str | None, corrected: Corrected, own: tuple[str | None, int | None] = (None, None)
) -> str | None:
    """The details with the corrected number in front, and those that it stands for flagged as wrong. ``own``: the number, as
    written and as dialed, that stood in the lead's own columns."""
    found = details.decoded(text)
    wrong = set(corrected.get(INSTEAD_OF, {}).get("phone_key", ()))
    phones: list[dict[str, Any]] = list(found.get("phones", ()))
    if own[1] is not None and all(each.get("key") != own[1] for each in phones):
        phones.insert(0, _plain(*own))
    number, key = corrected["phone"], corrected["phone_key"]
    right = next((each for each in phones if each.get("key") == key), _plain(number, key))
    right = {**right, "flags": [flag for flag in right["flags"] if flag == "do_not_call"]}
    rest = [
        {**each, "flags": list(dict.fromkeys([*each["flags"], "wrong"]))}
        if each.get("key") in wrong
        else each
        for each in phones
        if each.get("key") != key
    ]
    if rest or right["flags"] or right["type"]:
        found["phones"] = [right, *rest]
    return details.encoded(found)


def _plain(number: str | None, key: int | None) -> dict[str, Any]:
    return {"number": number, "key": key, "type": None, "flags": [], "status": None, "column": None}
