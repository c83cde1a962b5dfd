"""The safety of the home, as measured: a check that cannot be made is unknown, never passed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from db import Database, audit, errors
from valhalla.effects import live
from valhalla.leads import call_list_index
from valhalla.program import addresses
from valhalla.program.database import memory_database, schema_version
from valhalla.program.file_models import Entry
from valhalla.program.masking import SECRET_WORDS
from valhalla.program.models import Setting
from valhalla.safety import sql

if TYPE_CHECKING:
    from valhalla.program.instance import Running

PASSED, WARNING, FAILED, UNKNOWN = "PASSED", "WARNING", "FAILED", "UNKNOWN"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
RECENT = 1_000
"""Audit entries that are checked each time; the whole chain is checked by ``valhalla audit verify``."""


_schema: list[tuple[Any, ...]] | None = None


def measure(
    database: Database, folder: Path | None, values: Mapping[str, Any], instance: Running | None
) -> dict[str, Any]:
    """The report's ``security``."""
    checks: dict[str, Callable[[], tuple[str, str]]] = {
        "home_permissions": lambda: check_permissions(database, folder),
        "dry_run": lambda: _dry_run(database),
        "plaintext_secrets": lambda: _secrets(database),
        "encryption_at_rest": lambda: (
            WARNING,
            "not encrypted: the file is plain SQLite; encrypt the disk it is on",
        ),
        "encryption_in_transport": lambda: _transport(values),
        "bind_address": lambda: _bound(instance),
        "schema": lambda: check_schema(database),
        "audit_chain": lambda: _chain(database),
    }
    details = {}
    for name, check in checks.items():
        try:
            result, text = check()
        except (OSError, errors.DatabaseError) as error:
            result, text = UNKNOWN, str(error)
        details[name] = {"result": result, "detail": text}
    results = [each["result"] for each in details.values()]
    # A plain file is so on every home: it is said, but a status that is amber for ever says nothing any more.
    results = [each["result"] for name, each in details.items() if name != "encryption_at_rest"]
    return {
        "status": "CRITICAL"
        if FAILED in results
        else "UNKNOWN"
        if UNKNOWN in results
        else "WARNING"
        if WARNING in results
        else "SECURE",
        "checks_passed": results.count(PASSED),
        "checks_failed": len(results) - results.count(PASSED),
        "details": details,
    }


def check_permissions(database: Database, folder: Path | None) -> tuple[str, str]:
    """Whether other users of the computer can read the file or look into the home."""
    if database.path is None or folder is None:
        return UNKNOWN, "the file is in memory"
    if os.name == "nt":
        return UNKNOWN, "the permissions of Windows are not read; keep the home in your own profile"
    open_to = [
        name
        for name, path in (("the file", database.path), ("the home", folder))
        if stat.S_IMODE(os.stat(path).st_mode) & 0o077
    ]
    mine = os.stat(database.path).st_mode & 0o077
    if mine:
        return FAILED, f"{' and '.join(open_to)} can be read by other users; use: chmod 600 {database.path}"
    return (
        (WARNING, "other users can look into the home; use: chmod 700")
        if open_to
        else (PASSED, "only you can read them")
    )


def _dry_run(database: Database) -> tuple[str, str]:
    session = live.current(database)
    return (PASSED, "dry run is on") if session is None else (WARNING, f"live, opened by {session.opened_by}")


def _secrets(database: Database) -> tuple[str, str]:
    plain = [
        key
        # As stored, because settings that the program no longer knows may hold a secret too.
        for key, value in Setting.select(Setting.key, Setting.value).tuples().execute(database)
        if value not in ("null", "")
        and not value.startswith(('"env:', '"keyring:'))
        and (any(word in key for word in SECRET_WORDS) or addresses.secret_in(value.strip('"')))
    ]
    return (
        (FAILED, f"secrets stand in the file: {', '.join(plain)}")
        if plain
        else (PASSED, "no secret is in the file")
    )


def _transport(values: Mapping[str, Any]) -> tuple[str, str]:
    weak = []
    address = values["webhook.url"] or ""
    if address.startswith("http://") and not addresses.is_here(urlsplit(address).hostname):
        weak.append("webhooks go out unencrypted (http)")
    if values["mail.host"] and values["mail.tls"] == "none" and not addresses.is_here(values["mail.host"]):
        weak.append("mails go out unencrypted (mail.tls none)")
    return (
        (WARNING, "; ".join(weak))
        if weak
        else (PASSED, "whatever goes out goes encrypted, or nothing is set to go out")
    )


def _bound(instance: Running | None) -> tuple[str, str]:
    if instance is None or instance.url is None:
        return PASSED, "no cockpit listens"
    host = urlsplit(instance.url).hostname
    return (
        (PASSED, f"the cockpit listens on {host}")
        if host in LOOPBACK or (host or "").endswith(".localhost")
        else (FAILED, f"the cockpit listens on {host}")
    )


def check_schema(database: Database) -> tuple[str, str]:
    """Whether tables, indexes and triggers are those of the program."""
    global _schema
    if _schema is None:
        with memory_database() as fresh:
            _schema = _as_made(fresh)
    mine = set(_as_made(database))
    changed = sorted({name for _, name, _ in mine.symmetric_difference(_schema)})
    if changed:
        return FAILED, f"the schema is not the program's own: {', '.join(changed[:5])}"
    return PASSED, f"schema {schema_version(database)}, as the program made it"


def _as_made(database: Database) -> list[tuple[str, str, str | None]]:
    """The schema; of the call list's index the line that the program moves by itself does not count."""
    return [
        (kind, name, call_list_index.as_made(text) if name == call_list_index.INDEX else text)
        for kind, name, text in database.sql(sql.SCHEMA)
    ]


def _chain(database: Database) -> tuple[str, str]:
    with database.view():
        end = audit.head(database)
        newest = Entry.select().where(Entry.seq > max(0, end.entries - RECENT)).order_by(Entry.seq)
        rows = list(newest.tuples().execute(database))
    previous = None
    for seq, at, actor, correlation_id, action, subject, body, before, known in rows:
        made = audit.entry_hash(seq, at, actor, correlation_id, action, subject, body, before)
        if (previous is not None and before != previous) or made != known:
            return FAILED, f"audit entry {seq} was altered or torn"
        previous = known
    if (end.hash or None) != previous:
        return FAILED, "the chain does not end where its head says"
    return PASSED, f"the newest {len(rows)} of {end.entries} entries follow from one another"
