"""Possible duplicates, and two leads becoming one by a person's word. Everything about a merge can be undone."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import apsw

from db import audit
from valhalla.leads import corrections, deals, details, lookup, redecide, scrubbing, search, sql, suppression
from valhalla.leads.generation import touched
from valhalla.leads.settling import Settler
from valhalla.program.errors import NotFound, UsageError, ValhallaError
from valhalla.scoring.stages.row import CONTENT

if TYPE_CHECKING:
    from db import Database

MERGED = "merged into lead "
"""Begins ``lead.suppressed`` of a lead that was merged into another."""


def possible(database: Database, limit: int, after: int = 0) -> list[dict[str, Any]]:
    """Open pairs: one phone number and two e-mail addresses, or nearly one property address (``why``: phone or address). Nothing is
    merged by itself."""
    found = []
    names = ("id", "name", "email", "address")
    for number, why, phone, *leads, at in database.sql(sql.OPEN_DUPLICATES, (after, limit)):
        found.append(
            {
                "id": number,
                "why": why,
                "phone": f"+{phone}" if phone else None,
                "leads": [
                    dict(zip(names, leads[: len(names)], strict=True)),
                    dict(zip(names, leads[len(names) :], strict=True)),
                ],
                "found_at": at,
            }
        )
    return found


def count_possible(database: Database) -> int:
    """How many pairs are open."""
    return int(database.value(sql.COUNT_DUPLICATES))


class Compared(NamedTuple):
    """What a person decides by which of two leads to keep; money in cents, times in UTC microseconds."""

    address: str | None
    arv: int | None
    repairs: int | None
    condition: str | None
    beds: int | None
    list_date: int | None
    created_at: int
    lists: int
    suppressed: str | None
    path: str | None
    line: int | None
    outcomes: int
    """How many were recorded and stand."""


def compared(database: Database, numbers: Sequence[int]) -> dict[int, Compared]:
    """What leads are compared by, by their numbers."""
    rows = database.sql(sql.COMPARED, (apsw.carray(array("q", numbers)),))
    return {number: Compared(*values) for number, *values in rows}


class Merge(NamedTuple):
    """A merge that can be undone."""

    kept: int
    kept_name: str
    merged: int
    merged_name: str
    at: int
    by: str


def recent(database: Database, limit: int) -> list[Merge]:
    """The newest merges that can be undone, the newest first."""
    return [Merge(*row) for row in database.sql(sql.RECENT_MERGES, (limit,))]


class Duplicate(NamedTuple):
    """An open pair that a lead is one of, with the name of the other."""

    id: int
    lead: int
    other: int
    name: str


def duplicates_of(database: Database, lead_id: int, phone_key: int | None) -> list[Duplicate]:
    """The open pairs that a lead is one of; ``phone_key`` is its number."""
    return [Duplicate(*row) for row in database.sql(sql.DUPLICATES_OF, (lead_id, phone_key))]


def keep_apart(database: Database, one: int, other: int, actor: str = "operator") -> None:
    """A person says that two leads are two; they are not proposed again. Audited."""
    first, second = min(one, other), max(one, other)
    with database.write(durable=True):
        rows = [_read(database, lead) for lead in (first, second)]
        now = database.clock()
        database.sql(sql.PUT_DIFFERENT, (first, second, rows[0]["phone_key"] or 0, now, now, actor))
        audit.append(database, "lead.different", f"lead:{first}", {"other": second}, actor=actor)


def merge(database: Database, kept_id: int, merged_id: int, actor: str = "operator") -> int:
    """Make ``merged_id`` a part of ``kept_id``; audited and durable. Returns the number of the merge.

    The kept lead gets what it did not know, the other one's lists, outcomes and keys, so that lists that name either
    find it. The merged one stays, out of every list of leads, and :func:`unmerge` takes it out again.
    """
    if kept_id == merged_id:
        raise UsageError("a lead cannot be merged into itself")
    with database.write(durable=True):
        kept, merged = _read(database, kept_id), _read(database, merged_id)
        for number, lead in ((kept_id, kept), (merged_id, merged)):
            if (lead["suppressed"] or "").startswith(MERGED):
                raise ValhallaError(f"lead {number} is {lead['suppressed']} already")
        now = database.clock()
        changed = _filled(kept, merged)
        body: dict[str, Any] = {
            "before": {column: kept[column] for column in changed},
            "after": changed,
            "merged_suppressed": merged["suppressed"],
            "merged_lists": merged["lists"],
            **_move(database, kept_id, kept, merged_id, merged, now),
        }
        _put(database, kept_id, changed)
        content = {column: kept[column] for column in changed if column in (*CONTENT, "header_id")}
        if content:
            text = json.dumps(content, ensure_ascii=False)
            database.sql(sql.ADD_HISTORY, (kept_id, now, actor, f"merge:{merged_id}", text))
        _put(database, merged_id, {"suppressed": f"{MERGED}{kept_id}"})
        database.sql(sql.DECIDE_DUPLICATE, ("merged", now, actor, kept_id, merged_id))
        redecide.decide_again(database, [kept_id, merged_id])
        _settle(database, (kept_id, merged_id), f"merge:{merged_id}", actor)
        for number in (kept_id, merged_id) if body.get("work", {}).get("tag") else ():
            search.index_again(database, number)
        scrubbing.apply(database, [kept_id])
        touched(database)
        row = (kept_id, merged_id, now, actor, json.dumps(body, ensure_ascii=False))
        number = int(database.value(sql.ADD_MERGE, row))
        audit.append(
            database,
            "lead.merge",
            f"lead:{kept_id}",
            {"merged": merged_id, "columns": sorted(changed)},
            actor=actor,
        )
    return number


def unmerge(database: Database, merged_id: int, actor: str = "operator") -> dict[str, Any]:
    """Take a merged lead out again; audited and durable.

    Returns the kept lead and the columns in which it stays as it is because they were changed since.
    """
    with database.write(durable=True):
        row = database.one(sql.FIND_MERGE, (merged_id,))
        if row is None:
            raise NotFound(f"lead {merged_id} is not merged into another one")
        number, kept_id, text = row
        body, now, kept = json.loads(text), database.clock(), _read(database, kept_id)
        put = {
            column: body["before"][column]
            for column, value in body["after"].items()
            if column != "lists" and kept[column] == value
        }
        stays = [column for column in body["after"] if column != "lists" and column not in put]
        content = {column: kept[column] for column in put if column in (*CONTENT, "header_id")}
        if content:
            was = json.dumps(content, ensure_ascii=False)
            database.sql(sql.ADD_HISTORY, (kept_id, now, actor, f"unmerge:{merged_id}", was))
        _put(database, kept_id, {**put, "lists": max(1, kept["lists"] - body["merged_lists"])})
        # What was put on the do-not-contact list meanwhile holds for either.
        listed, out = suppression.load(database), body["merged_suppressed"]
        _put(database, merged_id, {"suppressed": out or listed.reason(lookup.reach_of(database, merged_id))})
        if put.get("suppressed", kept["suppressed"]) is None:
            _put(database, kept_id, {"suppressed": listed.reason(lookup.reach_of(database, kept_id))})
        _move_back(database, kept_id, merged_id, body)
        database.sql(sql.UNDO_MERGE, (now, actor, number))
        database.sql(sql.DECIDE_DUPLICATE, ("different", now, actor, kept_id, merged_id))
        redecide.decide_again(database, [kept_id, merged_id])
        _settle(database, (kept_id, merged_id), f"unmerge:{merged_id}", actor)
        for number in (kept_id, merged_id) if body.get("work", {}).get("tag") else ():
            search.index_again(database, number)
        scrubbing.apply(database, [kept_id, merged_id])
        touched(database)
        audit.append(database, "lead.unmerge", f"lead:{kept_id}", {"merged": merged_id}, actor=actor)
    return {"kept": kept_id, "merged": merged_id, "stays": stays}


def partners(database: Database, lead_id: int) -> list[int]:
    """The leads that were ever merged into this one, and the one that it was merged into."""
    return [number for (number,) in database.sql(sql.MERGE_PARTNERS, (lead_id,))]


def forget(database: Database, lead_ids: Iterable[int]) -> None:
    """Delete what is known about merges of these leads; inside the caller's transaction."""
    database.many(sql.FORGET_MERGES, [(number,) for number in lead_ids])


def _read(database: Database, lead_id: int) -> dict[str, Any]:
    row = database.one(sql.READ_TO_MERGE, (lead_id,))
    if row is None:
        raise NotFound(f"there is no lead {lead_id}; see: valhalla leads list")
    return dict(zip(sql.MERGED_COLUMNS, row, strict=True))


def _filled(kept: dict[str, Any], merged: dict[str, Any]) -> dict[str, Any]:
    """What changes about the kept lead."""
    changed = {
        column: merged[column]
        for column in CONTENT
        if kept[column] is None and merged[column] is not None and column != "warnings"
    }
    both = (kept, merged)
    united = details.with_contacts(
        details.merged(kept["details"], merged["details"], replace=False),
        [(each["phone"], each["phone_key"]) for each in both],
        [each["email"] for each in both],
    )
    if united != kept["details"]:
        changed["details"] = united
    if "extras" in changed:
        changed["header_id"] = merged["header_id"]
    if kept["suppressed"] is None and merged["suppressed"] is not None:
        changed["suppressed"] = merged["suppressed"]
    if merged["corrected"] is not None:  # of what the kept lead has from the merged one
        theirs = corrections.decoded(merged["corrected"]) or {}
        foreign = [column for column in theirs if column in CONTENT and column not in changed]
        changed["corrected"] = corrections.united(
            kept["corrected"], corrections.without(merged["corrected"], foreign)
        )
    changed["lists"] = kept["lists"] + merged["lists"]
    return changed


def _move(
    database: Database, kept_id: int, kept: dict[str, Any], merged_id: int, merged: dict[str, Any], now: int
) -> dict[str, Any]:
    keys = [key for (key,) in database.sql(sql.KEYS_OF_LEAD, (merged_id,))]
    database.many(sql.MOVE_KEY, [(kept_id, key, merged_id) for key in keys])
    known = {file_id for file_id, _ in database.sql(sql.FINGERPRINTS, (kept_id,))} | {kept["file_id"]}
    said = database.sql(sql.FINGERPRINTS, (merged_id,))
    moved = [file_id for file_id, _ in said if file_id not in known]
    database.many(sql.MOVE_SIGHTING, [(kept_id, merged_id, file_id) for file_id in moved])
    first = merged["file_id"]
    added = first is not None and first not in known and first not in moved
    if added:
        source_id = database.value(sql.SOURCE_OF_FILE, (first,))
        row = (
            kept_id,
            first,
            source_id,
            merged["import_id"],
            merged["line"],
            merged["fingerprint"],
            now,
            now,
        )
        database.sql(sql.ADD_SIGHTING, row)
    fingerprints = [merged["fingerprint"], *(fingerprint for _, fingerprint in said)]
    database.many(sql.ADD_OVERTAKEN, [(kept_id, fingerprint) for fingerprint in fingerprints])
    work = {}
    for table, text in sql.WORK_IDS.items():
        given = (merged_id, kept_id)[: 2 if "?2" in text else 1]
        work[table] = [number for (number,) in database.sql(text, given)]
        database.many(sql.MOVE_WORK[table], [(kept_id, number, merged_id) for number in work[table]])
    of_deals = [deal for (deal,) in database.sql(sql.DEAL_IDS, (merged_id,))]
    database.many(sql.MOVE_DEAL, [(kept_id, deal, merged_id, now) for deal in of_deals])
    deals.settle(database, kept_id)
    return {
        "keys": keys,
        "sightings": moved,
        "added_sighting": first if added else None,
        "overtaken": fingerprints,
        "work": work,
        "deals": of_deals,
    }


def _move_back(database: Database, kept_id: int, merged_id: int, body: dict[str, Any]) -> None:
    database.many(sql.MOVE_KEY, [(merged_id, key, kept_id) for key in body["keys"]])
    database.many(sql.MOVE_SIGHTING, [(merged_id, kept_id, file_id) for file_id in body["sightings"]])
    if body["added_sighting"] is not None:
        database.sql(sql.DROP_SIGHTING, (kept_id, body["added_sighting"]))
    database.many(sql.DROP_OVERTAKEN, [(kept_id, fingerprint) for fingerprint in body["overtaken"]])
    # A merge of an earlier version moved outcomes only.
    for table, numbers in body.get("work", {"outcome": body.get("outcomes", [])}).items():
        database.many(sql.MOVE_WORK[table], [(merged_id, number, kept_id) for number in numbers])
    now = database.clock()
    database.many(sql.MOVE_DEAL, [(merged_id, deal, kept_id, now) for deal in body.get("deals", ())])
    for lead_id in (kept_id, merged_id):
        deals.settle(database, lead_id)


def _settle(database: Database, lead_ids: Iterable[int], cause: str, actor: str) -> None:
    """Where each of them stands follows from the outcomes that are its own now."""
    settler = Settler(database, actor)
    for lead_id in lead_ids:
        settler.settle(lead_id, cause)


def _put(database: Database, lead_id: int, values: dict[str, Any]) -> None:
    if values:
        database.sql(sql.put_columns(values), (*values.values(), lead_id))
