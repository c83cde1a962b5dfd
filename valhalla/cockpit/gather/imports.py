"""Imports as pages show them: what was read, what is being read, what waits to be read, and by which rules."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

from db import Database
from valhalla.cockpit import uploads
from valhalla.cockpit.gather.calls import viewer_of
from valhalla.cockpit.state import Cockpit
from valhalla.cockpit.work import running_work
from valhalla.intake import log, offers, rejects
from valhalla.intake.columns import glance
from valhalla.intake.reading import CODES, DEFAULT_SOURCE
from valhalla.intake.reading.container import on_disk
from valhalla.intake.reading.header import FIELDS
from valhalla.intake.source_rules import rules_of, source_rules
from valhalla.intake.source_settings import all_sources, names
from valhalla.leads.brought import brought
from valhalla.program.errors import NotFound

PAGE = 30
REJECTS = 25


def gather(
    here: Cockpit,
    *,
    before: int | None = None,
    source: str | None = None,
    state: str | None = None,
    limit: int = PAGE,
) -> dict[str, Any]:
    """``limit`` imports, the newest first; what runs, what was dropped and waits, and the sources.

    ``next`` goes into ``before``; None: this is the last page.
    """
    database = here.database
    with database.view():
        found = log.recent(database, limit + 1, before=before, source=source, state=state)
        return {
            "imports": [{**each, "file": PurePath(each["path"]).name} for each in found[:limit]],
            "work": running_work(database),
            "waiting": [_waiting(upload) for upload in uploads.waiting(here.home)],
            "sources": source_names(database),
            "inbox": str(here.home.inbox),
            "largest": uploads.LARGEST,
            "source": source,
            "state": state,
            "before": before,
            "next": found[limit - 1]["id"] if len(found) > limit else None,
        }


def one(
    here: Cockpit, number: int, *, code: str | None = None, after: int = 0, limit: int = REJECTS
) -> dict[str, Any]:
    """One import with a page of its open rejects; ``next_reject`` goes into ``after``.

    ``advice`` is None while it is worked out: that takes reading the list a few times.
    """
    database = here.database
    with database.view():
        found = log.details(database, number, advised=False)
        choice = rejects.Choice(import_id=number, code=code)
        refused = rejects.with_people(database, rejects.listed(database, choice, limit + 1, after))
        offered = offers.offered_by(database, number) if found["rejected"] else 0
        later = log.next_reading(database, number)
    is_list = not found["path"].startswith("(")
    return {
        **found,
        "advice": _advice(here, found) if is_list else [],
        "brought": _brought(here, found),
        "offered": offered,
        "example": next((each["value"] for each in refused if each["code"].startswith("VALUE_")), None),
        "asked": _asked(database, found) if is_list else [],
        "file": PurePath(found["path"]).name if is_list else found["path"].strip("()"),
        "open_rejects": rejects.counts(database, rejects.Choice(import_id=number)),
        "refused": [{**each, "meaning": meaning(each["code"])} for each in refused[:limit]],
        "code": code,
        "after": after,
        "next_reject": refused[limit - 1]["id"] if len(refused) > limit else None,
        "later": later,
        "is_list": is_list,
        "there": is_list and on_disk(found["path"]).is_file(),
        "columns_seen": _columns(database, found) if is_list and found["error"] else [],
        "fields": list(FIELDS),
        "may_undo": found["state"] in ("done", "failed") and later is None and found["rows"] > 0,
    }


def _brought(here: Cockpit, found: dict[str, Any]) -> dict[str, Any] | None:
    """Who came by an import, with the best lead; None where nobody did, or while it is counted."""
    number = found["id"]
    if found["state"] == "undone" or not found["new"] + found["updated"] + found["unchanged"]:
        return None
    known = here.figures.get(
        f"brought:{number}",
        lambda database: brought(database, number),
        of=tuple(log.known_so_far(here.database)),
        seconds=0.0,
    )
    if known is None:
        return None
    counts = known.value._asdict()
    best = None
    if counts["best"] is not None:
        viewer = viewer_of(here.database)
        record = viewer.record(counts["best"])
        best = {**viewer.entry(record), "address": record.lead.address}
    return {**counts, "best": best}


def _asked(database: Database, found: dict[str, Any]) -> list[dict[str, Any]]:
    """The questions about the columns of a list that nobody has answered, each with the first cells."""
    if found["error"] or not any(each["code"] == "COLUMN_UNSURE" for each in found["warnings"]):
        return []
    if not on_disk(found["path"]).is_file():
        return []
    columns = glance(database, Path(found["path"]), found["source"])["columns"]
    return [each for each in columns if each["asked"]]


def _columns(database: Database, found: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of a list in which a needed one was not recognised."""
    path = Path(found["path"])
    if found["error"]["code"] not in ("MISSING_COLUMN", "NO_HEADER") or not on_disk(path).is_file():
        return []
    columns: list[dict[str, Any]] = glance(database, path, found["source"])["columns"]
    return columns


def _advice(here: Cockpit, found: dict[str, Any]) -> list[dict[str, Any]] | None:
    """What would cure an import, or [] where nothing is wrong with it."""
    number, path = found["id"], Path(found["path"])
    if found["state"] == "undone" or not (found["error"] or 2 * found["rejected"] > found["rows"]):
        return []
    try:
        stat = on_disk(path).stat()
    except OSError:
        return []
    stands = (rules_of(here.database, found["source"]), stat.st_size, stat.st_mtime_ns)
    known = here.figures.get(
        f"advice:{number}", lambda database: log.details(database, number)["advice"], of=stands, seconds=0.0
    )
    return known.value if known else None


def upload(here: Cockpit, token: str, source: str = DEFAULT_SOURCE) -> dict[str, Any]:
    """A list that waits, and what reading it would do; ``preview`` is None while that is worked out, ``percent`` how far it is."""
    found = uploads.find(here.home, token)
    rules = f"{rules_of(here.database, source)} {log.known_so_far(here.database)}"
    facts = here.previews.get(found.path, source, rules)
    file = facts["file"] if facts else None
    return {
        **_waiting(found),
        "source": source,
        "sources": source_names(here.database),
        "fields": list(FIELDS),
        "preview": facts,
        "percent": None if facts else here.previews.percent(found.path),
        "accepted": file["rows"] - file["rejected"] + file["offered"] if file else None,
        "usable": bool(file and not file["error"] and file["rows"] > file["rejected"] - file["offered"]),
    }


def sources(database: Database) -> dict[str, Any]:
    """Every source with its rules, and what a rule may be."""
    with database.view():
        return {"sources": all_sources(database)}


def source(database: Database, name: str) -> dict[str, Any]:
    """One source with the whole of its rules. Raises :class:`NotFound`."""
    with database.view():
        for found in all_sources(database):
            if found["name"] == name:
                profile, _ = source_rules(database, name)
                rules = {field: getattr(profile, field) for field in profile.__dataclass_fields__}
                return {**found, "rules": rules, "imports": log.recent(database, 10, source=name)}
    raise NotFound(f"there is no source {name!r}; see: valhalla sources list")


def source_names(database: Database) -> list[str]:
    """The names of all sources; the plain one is always among them."""
    return sorted({DEFAULT_SOURCE, *names(database).values()})


def meaning(code: str) -> str:
    """What a reject's code means."""
    return CODES[code].meaning if code in CODES else ""


def _waiting(found: uploads.Upload) -> dict[str, Any]:
    return {"token": found.token, "name": found.name, "bytes": found.path.stat().st_size}
