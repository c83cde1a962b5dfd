"""Bringing a database's tables up to date, each package's by its own numbered SQL scripts.

``schema_version`` holds the version of each package's tables, ``user_version`` the release of the program whose database
it is. A database from before ``schema_version`` has only the latter, and the program's releases say what it means.
"""

from __future__ import annotations

from pathlib import Path

from db import audit, copying, errors, rewitness, sealing, structure
from db.connection import Connections
from db.schema import Step, Versions

_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table'"
_NOTE = """INSERT INTO schema_version (component, version) VALUES (?, ?)
           ON CONFLICT (component) DO UPDATE SET version = excluded.version"""


def pending(database: Connections) -> list[Step]:
    """The steps that are left to do. Raises NewerSchema when the database is ahead of this program."""
    schema = database.schema
    if schema.released and database.value("PRAGMA user_version") == schema.latest:
        return []
    held = versions(database)
    for name, each in schema.components.items():
        if name in held and held[name] > len(each.scripts):
            raise errors.NewerSchema(
                f"{database.path} was written by a newer version of {schema.words.program} (version {held[name]} of the "
                f"tables of {name}, this program knows {len(each.scripts)}); update the program"
            )
    return [step for step in schema.steps() if step.beyond(held)]


def versions(database: Connections) -> Versions:
    """The version of each component's tables in the database."""
    if ("schema_version",) in database.sql(_TABLES):
        return dict(database.sql("SELECT component, version FROM schema_version"))
    release, releases = database.value("PRAGMA user_version"), database.schema.releases
    return releases[release - 1] if 0 < release <= len(releases) else {}


def tables_of(database: Connections) -> set[str]:
    """The tables that there are."""
    return {name for (name,) in database.sql(_TABLES)}


def upgrade(database: Connections) -> None:
    """Do all steps that are left. A database in which tables change is copied first. Safe to race."""
    if not pending(database):
        return
    with database.write():  # nobody else migrates while the copy is made
        steps, held = pending(database), versions(database)
        if database.path and any(held.get(name) for step in steps for name in step.beyond(held)):
            copying.copy(database, backup_path(database.path, steps[0]))
    # A new database is made in one transaction: nothing that could be lost is in it yet.
    together = [steps] if not tables_of(database) else [[step] for step in steps]
    for part in together:
        # Rebuilding a parent table with foreign keys on would cascade to its children; they are checked at the end.
        with database.references_unchecked():
            _apply(database, part, last=part is together[-1])


def backup_path(path: Path, step: Step) -> Path:
    """Where the copy goes that is made before the first ``step`` of an upgrade."""
    return path.with_name(f"{path.stem}-before-{step.name.replace(':', '-')}{path.suffix}")


def _apply(database: Connections, steps: list[Step], last: bool) -> None:
    connection = database.connection()
    # A migration may make the chain's tables again.
    authorizer, connection.authorizer = connection.authorizer, None
    try:
        # A power failure may take the newest steps; the next start does them again. So only the last need be on the disk.
        with database.write(durable=last), database.recorder().off():
            done = steps if _made_new(database, steps) else [step for step in steps if _run(database, step)]
            if not done:
                return  # another process was faster
            broken = database.sql("PRAGMA foreign_key_check")
            if broken:
                raise errors.Damaged(
                    f"{done[-1].name.replace(':', ' ')} cannot be applied: {len(broken)} rows refer to rows that are missing"
                )
            if database.schema.application_id:
                database.sql(f"PRAGMA application_id = {database.schema.application_id}")
            if last:  # with the same commit, or a kill in between would leave rows without a witness
                if audit.head(database).entries:
                    structure.declare(database)
                sealing.adopt(database)
                rewitness.rewitness(database)
    finally:
        connection.authorizer = authorizer


def _made_new(database: Connections, steps: list[Step]) -> bool:
    """Make an empty database as all steps would. Returns whether that could be done."""
    schema = database.schema
    if schema.newest is None or steps != schema.steps() or tables_of(database):
        return False
    database.sql(schema.newest.read_text(encoding="utf-8"))
    versions = {name: version for step in steps for name, version in step.versions.items()}
    _note(database, steps[-1], versions)
    if steps[-1].release is not None:
        database.sql(f"PRAGMA user_version = {steps[-1].release}")
    return True


def _run(database: Connections, step: Step) -> bool:
    """Run the scripts of a step, and note it. Returns whether there were any to run."""
    held = versions(database)
    lacking = step.beyond(held)
    for name, each in database.schema.components.items():
        for script in each.scripts[held.get(name, 0) : lacking.get(name, 0)]:
            database.sql(script)
    if lacking:
        if step.release is not None:
            database.sql(f"PRAGMA user_version = {step.release}")
        _note(database, step, held)
    return bool(lacking)


def _note(database: Connections, step: Step, held: Versions) -> None:
    """Note the versions. A database that has a history records the step in it; a new one begins at the latest schema."""
    tables = tables_of(database)
    if "schema_version" in tables:
        database.many(_NOTE, {**held, **step.versions}.items())
    if {"audit", "audit_head"} <= tables and audit.head(database).entries:
        to = step.release if step.release is not None else next(iter(step.versions.values()))
        audit.append(database, "schema.migrate", step.name, {"to": to})
