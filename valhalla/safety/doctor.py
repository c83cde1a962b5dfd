"""Looking over a home without changing it, and mending its file when asked to."""

from __future__ import annotations

import sys
from pathlib import Path

import apsw

from db import Database, DatabaseError, audit, integrity, repairing, structure
from db.clock import now, to_datetime
from db.structure import Difference
from valhalla.program import entries
from valhalla.program.database import open_database
from valhalla.program.home import Home
from valhalla.program.instance import Instance, running
from valhalla.program.schema import SCHEMA
from valhalla.safety import places, preflight, sql
from valhalla.safety.preflight import Check

NAMED = 20
"""Entries that are named one by one."""


def examine(home: Home) -> list[Check]:
    """Every check is made; one that cannot be made is not ok."""
    versions = f"Python {sys.version.split()[0]}, SQLite {apsw.sqlite_lib_version()}, schema {SCHEMA.latest}"
    checks = [Check("program", True, versions)]
    if not home.path.is_dir():
        return [
            *checks,
            Check("home", False, f"{home.path} does not exist yet; it is made by: valhalla ingest FILE"),
        ]
    other = running(home.path)
    checks.append(
        Check("instance", True, f"process {other.pid} runs ({other.command})" if other else "none runs")
    )
    against = places.warning(home.path)
    checks.append(Check("place", against is None, against or "a folder of this computer"))
    if not home.database.exists():
        return [
            *checks,
            Check("file", False, f"{home.database} does not exist yet; it is made by: valhalla ingest FILE"),
        ]
    try:
        with open_database(home.database, create=False) as database:
            checks += preflight.check(database, home, [])
            checks.append(_parts(database))
            checks += [_integrity(database), _references(database), _chain(database), _words(database)]
    except DatabaseError as error:
        checks.append(Check("file", False, str(error)))
    return checks


def repair(home: Home, actor: str = "operator") -> tuple[list[Difference], Path]:
    """Mend the parts of the home's file; returns what was wrong, and where the file as it was is kept (if something was).

    Raises :class:`db.errors.InstanceRunning` while the program runs, the errors of :func:`db.repairing.repair`.
    """
    kept = home.database.with_name(f"valhalla-before-repair-{to_datetime(now()):%Y%m%dT%H%M%SZ}.db")
    instance = Instance(home.path)
    instance.acquire("doctor --repair")
    try:
        return repairing.repair(home.database, SCHEMA, kept, actor=actor), kept
    finally:
        instance.release()


def _parts(database: Database) -> Check:
    """Tables, indexes, triggers and views."""
    found = structure.differences(database)
    acting = [each for each in found if each.acts]
    if acting:
        named = "; ".join(f"{each.part} {each.what}" for each in acting)
        return Check(
            "parts", False, f"{named}. So the file is only read; mend it with: valhalla doctor --repair"
        )
    said = "; ".join(f"{each.part} {each.what}" for each in found)
    return Check("parts", True, f"{said}; this stops nothing" if found else "as this version makes them")


def _integrity(database: Database) -> Check:
    found = integrity.problems(database, 1)
    return Check("integrity", not found, found[0] if found else "every page and index is intact")


def _references(database: Database) -> Check:
    broken = len(database.sql(sql.BROKEN_REFERENCES))
    return Check(
        "references", not broken, f"{broken} rows refer to rows that are missing" if broken else "complete"
    )


def _words(database: Database) -> Check:
    found = entries.holding_words(database)
    named = ", ".join(map(str, found[:NAMED])) + (
        f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    )
    detail = f"entries {named} hold words about people; a new chain is begun by: valhalla audit restart --reason TEXT"
    return Check("words in the chain", not found, detail if found else "none about people")


def _chain(database: Database) -> Check:
    problems = audit.check_chain(database)
    head = audit.head(database)
    detail = problems[0] if problems else f"{head.entries} entries, head {head.hash[:16] or 'none'}"
    return Check("audit chain", not problems, detail)
