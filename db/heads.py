"""The chain's end, noted outside of the file: anyone who can rewrite the whole file could make the chain again, but not this."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from db import audit
from db.clock import iso
from db.database import Database

NAME = "heads.jsonl"

_TOUCH = "UPDATE schema_version SET version = version"
"""Changes nothing, but makes a commit that is forced to the disk, and with it all that were not."""


def report(database: Database) -> dict[str, Any]:
    """The head as reports show it."""
    head = audit.head(database)
    return {"entries": head.entries, "head": head.hash or None}


Sign = Callable[[dict[str, Any]], dict[str, Any]]
"""Returns the facts with a signature over them."""


def note(
    database: Database, folder: Path, why: str, *, restart: int | None = None, sign: Sign | None = None
) -> audit.Head:
    """Append the chain's head to ``heads.jsonl`` in ``folder``, once everything before it is on the disk.

    ``restart``: the file is a restored copy that ended at this entry, so that later heads noted before are of another chain.
    ``sign``: puts a signature to what is noted.
    """
    with database.write(durable=True):
        database.sql(_TOUCH)
        head = audit.head(database)
    if not head.entries or _last(folder) == head.hash:
        return head
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"at": iso(database.clock()), "entries": head.entries, "head": head.hash, "why": why}
    if restart is not None:
        facts["restart"] = restart
    line = json.dumps(sign(facts) if sign else facts)
    with (folder / NAME).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
    return head


def read(folder: Path) -> list[tuple[int, str]]:
    """(entry, hash) of each head noted in ``folder``; lines that are not whole are passed over."""
    found: list[tuple[int, str]] = []
    for facts in lines(folder):
        try:
            if "restart" in facts:
                found = [each for each in found if each[0] <= facts["restart"]]
            found.append((int(facts["entries"]), str(facts["head"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def lines(folder: Path) -> list[dict[str, Any]]:
    """What each line of ``heads.jsonl`` in ``folder`` says; lines that are not whole are passed over."""
    found: list[dict[str, Any]] = []
    for line in _lines(folder):
        try:
            facts = json.loads(line)
        except ValueError:
            continue
        if isinstance(facts, dict):
            found.append(facts)
    return found


def _last(folder: Path) -> str | None:
    """The newest head noted; only the end of the file is read, which a long life makes long."""
    try:
        with (folder / NAME).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 1000))
            line = file.read().splitlines()[-1]
            facts: dict[str, Any] = json.loads(line)
            return str(facts["head"])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None


def _lines(folder: Path) -> list[str]:
    try:
        return (folder / NAME).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
