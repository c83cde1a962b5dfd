"""Saved filters: a choice of leads in words, such as "3+ lists, no answer twice, Houston, mobile", with a live count.

A filter is what a person typed and what was understood of it. It can be worked, exported and tagged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from db import audit
from db.clock import iso
from valhalla.leads import sql
from valhalla.leads.known_markets import market_named
from valhalla.leads.models import SavedFilter
from valhalla.leads.standing import EVENTS, SYNONYMS
from valhalla.leads.tags import normal
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.patterns import pattern

if TYPE_CHECKING:
    from db import Database

MOST = 5_000
"""Leads of a filter that are worked or tagged, the best."""

LONGEST = 300

_TIMES = {"once": 1, "twice": 2, "three times": 3, "four times": 4, "five times": 5}

_LISTS = pattern(r"(\d+)\s*(?:\+|or more)?\s*lists?")
_SCORE = pattern(r"score\s*(\d{1,3})\s*(?:\+|or more)?")
_TAG = pattern(r"(?:#|tag(?:ged)?\s+)(.+)")
_SOURCE = pattern(r"(?:from|source)\s+(.+)")
_TRIED = pattern(r"(.+?)\s+(once|twice|three times|four times|five times|\d+\s*(?:\+|x|times))")

NEVER_A_STATUS = ("interested", "not_interested", "offer", "sold")
"""What a lead can be in addition to its status."""

STANDS = (
    *("new", "contacted", "appointment", "contract", "won", "lost", "dead", "paused", "opted_out"),
    *NEVER_A_STATUS,
)

KNOWN = (
    "3+ lists, no answer twice, a market such as Houston, mobile or landline, never called, interested, score 60+, "
    "#tag, from SOURCE, a sign such as probate or vacant"
)
"""What can be said."""


class Filter(NamedTuple):
    """A saved filter."""

    id: int
    name: str
    text: str
    """As it was typed."""
    where: dict[str, Any]
    """What was understood."""
    created_at: int
    created_by: str

    def to_json(self, count: int | None) -> dict[str, Any]:
        """The documented shape, with how many leads it is at the moment; None: not counted yet."""
        return {
            "id": self.id,
            "name": self.name,
            "text": self.text,
            "where": self.where,
            "count": count,
            "created_at": iso(self.created_at),
            "created_by": self.created_by,
        }


def understood(database: Database, text: str) -> dict[str, Any]:
    """What the words mean, as they are stored. Raises :class:`UsageError` for what cannot be read."""
    if len(text) > LONGEST:
        raise UsageError(f"a filter has at most {LONGEST} characters")
    found: dict[str, Any] = {}
    parts = [part.strip() for part in re.split(r"[,;]", text) if part.strip()]
    at = 0
    while at < len(parts):
        pair = f"{parts[at]}, {parts[at + 1]}" if at + 1 < len(parts) and len(parts[at + 1]) == 2 else None
        if pair is not None:  # a market with its state has a comma of its own
            found["market"] = market_named(database, pair)
            at += 2
            continue
        _understand(database, parts[at], found)
        at += 1
    if not found:
        raise UsageError(f"say what the filter chooses by, such as: {KNOWN}")
    return found


def _understand(database: Database, part: str, found: dict[str, Any]) -> None:
    word = " ".join(part.lower().split())
    event = word.replace(" ", "_").replace("-", "_")
    if match := _LISTS.fullmatch(word):
        found["lists"] = int(match[1])
    elif match := _SCORE.fullmatch(word):
        found["score"] = int(match[1])
    elif match := _TAG.fullmatch(word):
        found.setdefault("tags", []).append(normal(match[1]))
    elif match := _SOURCE.fullmatch(word):
        found["source"] = part.split(None, 1)[1].strip()
    elif word in ("mobile", "landline", "voip"):
        found["number"] = word
    elif word in ("never called", "never tried", "not called"):
        found["tried"] = False
    elif match := _TRIED.fullmatch(word):
        tried = match[1].replace(" ", "_").replace("-", "_")
        tried = SYNONYMS.get(tried, tried)
        if tried not in EVENTS:
            raise UsageError(f"{match[1]!r} is not an outcome; use {', '.join(EVENTS)}")
        times = _TIMES.get(match[2]) or int(re.sub(r"\D", "", match[2]))
        found.setdefault("outcomes", {})[tried] = times
    elif event in STANDS:
        found["stands"] = event
    elif event in EVENTS:
        found.setdefault("outcomes", {})[event] = 1
    elif database.value(sql.SIGN_EXISTS, (f"%,{word},%",)):
        found.setdefault("signs", []).append(word)
    else:
        try:
            found["market"] = market_named(database, part)
        except UsageError as error:
            raise UsageError(f"{part!r} cannot be read in a filter ({error}); it can say: {KNOWN}") from None


def save(database: Database, name: str, text: str, *, actor: str = "operator") -> Filter:
    """Save a filter under a name, or change the one that has it; audited and durable. Raises :class:`UsageError`."""
    name, text = " ".join(name.split()), text.strip()
    if not name or len(name) > 100:
        raise UsageError("a filter needs a name of up to 100 characters")
    body = {"text": text, "where": understood(database, text)}
    with database.write(durable=True):
        now = database.clock()
        _end(database, SavedFilter.name == name, actor)
        row = {"name": name, "body": json.dumps(body, ensure_ascii=False)}
        number = int(SavedFilter.insert(**row, created_at=now, created_by=actor).execute(database))
        audit.append(
            database, "filter.save", f"filter:{number}", {"conditions": len(body["where"])}, actor=actor
        )
    return find(database, str(number))


def remove(database: Database, which: str, *, actor: str = "operator") -> Filter:
    """Remove a saved filter; audited and durable."""
    with database.write(durable=True):
        found = find(database, which)
        _end(database, SavedFilter.id == found.id, actor)
        audit.append(database, "filter.remove", f"filter:{found.id}", {}, actor=actor)
    return found


def find(database: Database, which: str) -> Filter:
    """A filter by its name or number; :class:`NotFound` when there is none."""
    for each in all_filters(database):
        if each.name.casefold() == which.strip().casefold() or str(each.id) == which.strip():
            return each
    raise NotFound(f"there is no filter {which!r}; see: valhalla filters list")


def all_filters(database: Database) -> list[Filter]:
    """The saved filters, by name."""
    found = []
    query = SavedFilter.select().where(SavedFilter.removed_at.is_null())
    for row in query.order_by(SavedFilter.name.collate("NOCASE")).execute(database):
        known = json.loads(row.body)
        found.append(Filter(row.id, row.name, known["text"], known["where"], row.created_at, row.created_by))
    return found


def _end(database: Database, which: Any, actor: str) -> None:
    ended = SavedFilter.update(removed_at=database.clock(), removed_by=actor)
    ended.where(which, SavedFilter.removed_at.is_null()).execute(database)


def count(database: Database, where: Mapping[str, Any]) -> int:
    """How many leads it is; a walk over all leads, unless an outcome, a tag or a standing names the few that it may be."""
    text, given = _statement("count(*)", where)
    return int(database.value(text, given))


def numbers(database: Database, where: Mapping[str, Any], limit: int = MOST) -> list[int]:
    """The leads, best score first, by number."""
    text, given = _statement("id", where)
    found = database.sql(f"{text} ORDER BY score DESC, id LIMIT :limit", {**given, "limit": limit})
    return [number for (number,) in found]


def _statement(columns: str, where: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    conditions, given = list(_conditions(where)), {}
    for _, values in conditions:
        given.update(values)
    return sql.filtered(columns, [text for text, _ in conditions]), given


def _conditions(where: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    if (stands := where.get("stands")) is not None:
        name = "standing" if stands in NEVER_A_STATUS else "stands"
        yield name, {name: stands}
    for name in ("lists", "market", "source", "score", "number"):
        if name in where:
            yield name, {name: f'%"type":"{where[name]}"%' if name == "number" else where[name]}
    if where.get("tried") is False:
        yield "never", {}
    for at, tag in enumerate(where.get("tags", ())):
        yield f"tag{at}", {f"tag{at}": tag}
    for at, sign in enumerate(where.get("signs", ())):
        yield f"sign{at}", {f"sign{at}": f"%,{sign},%"}
    for at, (event, times) in enumerate(where.get("outcomes", {}).items()):
        yield f"event{at}", {f"event{at}": event, f"times{at}": times}
