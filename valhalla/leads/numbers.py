"""The telephone numbers of a lead: which is to be dialed next, and what is known of each.

A list gives them in an order and may flag some. What a call taught about a number stays on the number: after ``wrong_number`` or
``disconnected`` it is not dialed again, after a conversation it is known to be the right one. These marks are the outcomes
themselves; :func:`put_marks` writes them into the lead's row, so that *the* number of a lead is always one that can be dialed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from valhalla.leads import details, sql
from valhalla.leads.contacts import phone_key
from valhalla.leads.standing import CONVERSATIONS, DIALS
from valhalla.program.errors import UsageError

if TYPE_CHECKING:
    from db import Database

MARKS = {"wrong_number": "wrong", "disconnected": "disconnected"}
"""Outcomes that say that a number is of no use, and the word for it."""

_COLUMNS = ("phone", "phone_key", "details")


class Number(NamedTuple):
    """One number of a lead."""

    key: int
    """E.164 digits."""
    written: str
    """As the list has it."""
    type: str | None
    """``mobile``, ``landline`` or ``voip``."""
    flags: tuple[str, ...]
    """What lists say against it, see :mod:`valhalla.leads.details`."""
    mark: str | None = None
    """What calls taught: ``right``, ``wrong`` or ``disconnected``."""
    dials: int = 0
    """How often it was dialed, for whichever lead."""
    last_dial: int | None = None
    flagged: bool = False
    """Whether a flag says that it is not to be dialed; consent lifts the registry's."""

    @property
    def e164(self) -> str:
        """``+17135550123``."""
        return f"+{self.key}"

    @property
    def usable(self) -> bool:
        """Whether it may be dialed as far as the number itself goes."""
        return self.mark not in details.DEAD and not self.flagged

    def to_json(self) -> dict[str, Any]:
        """With times in microseconds left out: what a page shows."""
        return {
            "number": self.e164,
            "written": self.written,
            "type": self.type,
            "flags": list(self.flags),
            "mark": self.mark,
            "dials": self.dials,
        }


class Dial(NamedTuple):
    """The number to dial, and which of how many usable ones it is."""

    number: Number
    which: int
    of: int


class Said(NamedTuple):
    """An outcome about a number."""

    number: str
    event: str
    at: int
    lead_id: int
    same_person: int
    """0 or 1: whether it was recorded on a lead of the same owner."""


def of_lead(database: Database, lead_id: int) -> list[Number]:
    """Every number of a lead that can be dialed at all, in the order in which they are tried."""
    row = database.one(sql.PHONES_OF_LEAD, (lead_id,))
    if row is None:
        return []
    phone, key, more = row
    return known(in_order(phone, key, details.decoded(more)), said(database, lead_id))


def next_number(database: Database, lead_id: int) -> Dial | None:
    """The number to dial next; None: there is none."""
    return choose(of_lead(database, lead_id))


def choose(numbers: list[Number], without: Iterable[int] = ()) -> Dial | None:
    """Of the usable numbers the one that is known to be right; else the first that was never tried, else the one that was
    tried longest ago. ``without``: numbers that were dialed today, by key."""
    usable = [each for each in numbers if each.usable]
    right = [each for each in usable if each.mark == "right"]
    left = [each for each in right or usable if each.key not in set(without)]
    if not left:
        return None
    chosen = min(left, key=lambda each: each.last_dial or 0)
    return Dial(chosen, usable.index(chosen) + 1, len(usable))


def needs_number(numbers: list[Number]) -> bool:
    """Whether the lead had numbers, and calls or lists found every one wrong or disconnected."""
    return bool(numbers) and not any(each.usable for each in numbers)


def said(database: Database, lead_id: int) -> list[Said]:
    """What outcomes, of whichever lead, say about the numbers of a lead, in the order in which it happened."""
    return [Said._make(row) for row in database.sql(sql.SAID_OF_NUMBERS, {"lead": lead_id})]


def known(numbers: list[Number], outcomes: Iterable[Said]) -> list[Number]:
    """The numbers with what outcomes taught about them. That a number is wrong or right concerns one person; that it is
    disconnected concerns everybody."""
    found = {each.key: each for each in numbers}
    for each in outcomes:
        number = found.get(int(each.number.removeprefix("+")))
        if number is None:
            continue
        if each.event in DIALS or (each.event in CONVERSATIONS and each.event != "inbound"):
            number = number._replace(dials=number.dials + 1, last_dial=each.at)
        if each.same_person or each.event == "disconnected":
            mark = MARKS.get(each.event) or ("right" if each.event in CONVERSATIONS else number.mark)
            number = number._replace(mark=mark)
        found[number.key] = number
    return list(found.values())


def as_typed(text: str) -> str:
    """A number that a person typed, as it is stored: ``+17135550123``. Raises :class:`UsageError`."""
    key = phone_key(text.strip())
    if key is None:
        raise UsageError(f"{text!r} is not a telephone number; write it as 713-555-0123")
    return f"+{key}"


def put_marks(database: Database, lead_id: int, actor: str, cause: str) -> None:
    """Write what outcomes taught about a lead's numbers into its row, or take it out again where they were undone: marks in its
    details, and *the* number. Inside the caller's transaction."""
    row = database.one(sql.PHONES_OF_LEAD, (lead_id,))
    if row is None:
        return
    phone, key, text = row
    outcomes = said(database, lead_id)
    if not any(each.event in MARKS for each in outcomes) and '"marked"' not in (text or ""):
        return
    marks = {each.key: each.mark for each in known(in_order(phone, key, details.decoded(text)), outcomes)}
    after = marked(phone, key, text, {key: mark for key, mark in marks.items() if mark in details.DEAD})
    changed = {
        name: (old, new)
        for name, old, new in zip(_COLUMNS, (phone, key, text), after, strict=True)
        if old != new
    }
    if not changed:
        return
    before = json.dumps({name: old for name, (old, _) in changed.items()}, ensure_ascii=False)
    database.sql(sql.ADD_HISTORY, (lead_id, database.clock(), actor, cause, before))
    database.sql(sql.put_columns(changed), (*(new for _, new in changed.values()), lead_id))


def forget(database: Database, keys: Iterable[int]) -> None:
    """Take the numbers of people who were erased out of the outcomes of others, unless these have the number themselves; inside the
    caller's transaction."""
    for key in keys:
        for outcome_id, lead_id in database.sql(sql.OUTCOMES_OF_NUMBER, (f"+{key}",)):
            if all(each.key != key for each in of_lead(database, lead_id)):
                database.sql(sql.FORGET_NUMBER, (outcome_id,))


def marked(
    phone: str | None, key: int | None, text: str | None, bad: Mapping[int, str | None]
) -> tuple[str | None, int | None, str | None]:
    """A lead's own number and its details when these numbers, and no others, are marked by outcomes.

    The number that stood in the lead's own column remembers so (``first``), and comes back when its mark is undone.
    """
    found = details.decoded(text)
    phones: list[dict[str, Any]] = [dict(each) for each in found.get("phones", ())]
    if phone is not None and key is not None and all(each.get("key") != key for each in phones):
        phones.insert(0, _plain(phone, key))
    for each in phones:
        mark = bad.get(each.get("key") or 0)
        if mark is not None:
            if each.get("key") == key and not any("first" in other for other in phones):
                each["first"] = True
            each["marked"] = mark
        elif each.pop("marked", None) is not None and each.pop("first", False):
            phone, key = each["number"], each["key"]
    found["phones"] = phones
    phone, key = details.to_call(details.encoded(found), phone, key)
    if len(phones) == 1 and key is not None and phones == [_plain(phone or "", key)]:
        del found["phones"]
    return phone, key, details.encoded(found)


def _plain(number: str, key: int) -> dict[str, Any]:
    return {"number": number, "key": key, "type": None, "flags": [], "status": None, "column": None}


def in_order(phone: str | None, key: int | None, found: Mapping[str, Any]) -> list[Number]:
    """The numbers of a lead's own columns and its details that can be dialed at all, in order."""
    dead = details.dead_flags(found)
    listed = [
        Number(
            each["key"],
            each["number"],
            each.get("type"),
            tuple(each["flags"]),
            flagged="marked" in each or not dead.isdisjoint(each["flags"]),
        )
        for each in found.get("phones", ())
        if each.get("key") is not None
    ]
    if phone is not None and key is not None and all(each.key != key for each in listed):
        listed.insert(0, Number(key, phone, None, ()))
    return listed
