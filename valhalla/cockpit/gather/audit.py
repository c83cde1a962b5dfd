"""The auditor's side of the file as pages show it: the log, copies, what was verified, heads noted outside."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from db import Database, audit, heads
from db.clock import iso
from db.inspecting import manifest_path
from jobs import JobState, newest_jobs
from valhalla.audit import asked, copies, log
from valhalla.cockpit.state import Cockpit
from valhalla.program.home import Home

PAGE = 50
COPIES = 100
WORKING = 6
TAIL = 4_096
"""Bytes of the end of ``heads.jsonl`` that are looked at: the file grows by a line with each cycle."""

BEGINNINGS = {
    "import.": "lists",
    "lead.": "leads",
    "outcome.": "outcomes",
    "effect.": "effects",
    "alert.": "alerts",
    "setting.": "settings",
    "policy.": "policy",
    "suppression.": "do not contact",
    "live.": "live sessions",
    "governor.": "limits",
    "experiment.": "experiments",
    "script.": "scripts",
    "run.": "runs",
    "production.": "production",
    "audit.": "copies",
    "jobs.": "jobs",
    "schema.": "schema",
}
"""What the log can be narrowed to, by how actions begin."""

PAGES = {
    "lead": "/leads/{}",
    "import": "/imports/{}",
    "effect": "/effects/{}",
    "alert": "/alerts?state=all&before={}",
    "setting": "/settings#{}",
    "policy": "/settings/policy/history",
    "experiment": "/experiments/{}",
    "job": "/jobs/{}",
}
"""Where that which an entry is about can be seen."""


def gather(cockpit: Cockpit, which: log.Filter = log.Filter(), limit: int = PAGE) -> dict[str, Any]:  # noqa: B008
    """The log's page that ``which`` asks for, newest first, and everything around it."""
    database, home = cockpit.database, cockpit.home
    with database.view():
        head = head_of(database)
        entries = entries_of(database, which, limit)
        work = working(database)
    return {
        "head": head,
        "noted": noted(home.audit),
        **entries,
        "copies": listed(home),
        "work": work,
    }


def head_of(database: Database) -> dict[str, Any]:
    """The newest entry's number and hash."""
    found = audit.head(database)
    return {"entries": found.entries, "hash": found.hash or None}


def entries_of(database: Database, which: log.Filter, limit: int = PAGE) -> dict[str, Any]:
    """``limit`` entries, newest first; ``next`` goes into ``Filter.before``."""
    found = log.find(database, which, limit + 1)[::-1]
    shown = found[:limit]
    for entry in shown:
        kind, _, key = entry["subject"].partition(":")
        address = PAGES.get(kind)
        if kind == "alert" and key.isdecimal():
            key = str(int(key) + 1)
        numbered = kind in ("setting", "policy") or key.isdecimal()
        entry["page"] = address.format(key) if address and key and numbered else None
    return {"entries": shown, "next": shown[-1]["seq"] if len(found) > limit else None}


def everything(database: Database, which: log.Filter, limit: int) -> list[dict[str, Any]]:
    """What the page's filter lets pass, for a file; the oldest first."""
    return log.find(database, replace(which, before=None), limit)


def listed(home: Home) -> list[dict[str, Any]]:
    """The copies in the home's audit folder, the newest first, with what their manifests say."""
    return [_copy(path) for path in copies.all_copies(home)[:COPIES]]


def _copy(path: Path) -> dict[str, Any]:
    seen = path.stat()
    try:
        report = json.loads(manifest_path(path).read_text(encoding="utf-8"))
        report = report if isinstance(report, dict) else {}
    except (OSError, ValueError):
        report = {}
    return {
        "name": path.name,
        "bytes": seen.st_size,
        "at": report.get("at") or iso(int(seen.st_mtime * 1_000_000)),
        "entries": report.get("entries"),
        "head": report.get("head"),
        "sha256": report.get("sha256"),
        "redacted": bool(report.get("redacted")),
        "signed": "signature" in report,
        "manifest": bool(report),
        "automatic": path in copies.automatic(Home(path.parent.parent)),
    }


def noted(folder: Path, most: int = 5) -> list[dict[str, Any]]:
    """The newest heads that were noted outside of the file, newest first."""
    try:
        with (folder / heads.NAME).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - TAIL))
            lines = file.read().splitlines()
    except OSError:
        return []
    found = []
    for line in reversed(lines):
        try:
            facts = json.loads(line)
            found.append(
                {
                    "at": str(facts["at"]),
                    "entries": int(facts["entries"]),
                    "head": str(facts["head"]),
                    "why": str(facts.get("why", "")),
                    "signed": "signature" in facts,
                }
            )
        except (ValueError, KeyError, TypeError):
            continue
    return found[:most]


def working(database: Database) -> list[dict[str, Any]]:
    """Copies and verifications that were asked for lately: how far they are, or how they ended."""
    return [_work(job) for job in newest_jobs(database, (asked.COPY_JOB, asked.VERIFY_JOB), limit=WORKING)]


def _work(job: JobState) -> dict[str, Any]:
    far = job.progress or {}
    return {
        "job": job.id,
        "kind": "copy" if job.name == asked.COPY_JOB else "verification",
        "of": _argument(job.payload),
        "state": job.state,
        "percent": round(100 * far["done"] / far["of"], 1) if far.get("of") else None,
        "step": far.get("step"),
        "result": job.result if job.state == "done" else None,
        "error": job.error,
        "at": iso(job.finished_at or job.started_at or job.created_at),
    }


def _argument(payload: str) -> Any:
    try:
        return json.loads(payload)["args"][0]
    except (ValueError, LookupError, TypeError):
        return None
