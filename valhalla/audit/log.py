"""The audit log: the chain's entries, found by what they are about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from db import Database
from db.clock import iso
from db.orm import fn
from valhalla.leads.export import write_csv
from valhalla.program.file_models import Entry

FIELDS = ("seq", "at", "actor", "action", "subject", "correlation_id", "body", "hash")


@dataclass(frozen=True)
class Filter:
    """Which entries; None: any."""

    action: str | None = None
    """A word, or the beginning of one that ends in a dot (``import.``)."""
    subject: str | None = None
    actor: str | None = None
    correlation_id: str | None = None
    text: str | None = None
    """In subject or facts."""
    since: int | None = None
    until: int | None = None
    """UTC microseconds; the first included, the second not."""
    after: int | None = None
    """Entries of a higher number only."""
    before: int | None = None
    """Entries of a lower number only."""
    rows: bool = False
    """Also the entries that the file makes by itself for the rows that were changed."""


def find(database: Database, which: Filter, limit: int | None) -> list[dict[str, Any]]:
    """The newest ``limit`` entries that ``which`` lets pass, oldest first."""
    columns = (getattr(Entry, name) for name in FIELDS)
    query = Entry.select(*columns).order_by(Entry.seq.desc()).limit(limit)
    for condition in _conditions(which):
        query = query.where(condition)
    return [_entry(row) for row in reversed(list(query.tuples().execute(database)))]


def _conditions(which: Filter) -> Iterator[Any]:
    if which.action and which.action.endswith("."):
        yield fn.substr(Entry.action, 1, len(which.action)) == which.action
    elif which.action:
        yield Entry.action == which.action
    elif not which.rows:
        yield Entry.action.not_in(("rows", "evidence.table"))
    for column in ("subject", "actor", "correlation_id"):
        value = getattr(which, column)
        if value:
            yield getattr(Entry, column) == value
    if which.text:
        yield (fn.instr(Entry.subject, which.text) > 0) | (fn.instr(Entry.body, which.text) > 0)
    if which.since is not None:
        yield Entry.at >= which.since
    if which.until is not None:
        yield Entry.at < which.until
    if which.after is not None:
        yield Entry.seq > which.after
    if which.before is not None:
        yield Entry.seq < which.before


def _entry(row: Iterable[Any]) -> dict[str, Any]:
    entry = dict(zip(FIELDS, row, strict=True))
    entry["at"], entry["body"] = iso(entry["at"]), json.loads(entry["body"])
    return entry


def write(entries: Iterable[dict[str, Any]], target: Path) -> int:
    """Write the entries as CSV, or as JSON when ``target`` ends in ``.json``; returns how many."""
    entries = list(entries)
    if target.suffix.lower() == ".json":
        target.write_text(json.dumps(entries, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        return len(entries)
    with target.open("w", encoding="utf-8", newline="") as file:
        return write_table(file, entries)


def write_table(file: TextIO, entries: Iterable[dict[str, Any]]) -> int:
    """Write the entries as CSV into an open file; returns how many."""
    return write_csv(file, FIELDS, map(_cells, entries))


def _cells(entry: dict[str, Any]) -> list[Any]:
    return [{**entry, "body": json.dumps(entry["body"], ensure_ascii=False)}[field] for field in FIELDS]
