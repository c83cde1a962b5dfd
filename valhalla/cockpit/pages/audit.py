"""The audit log, copies for an auditor, and verification."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import Depends, Form, Query, Request
from starlette.responses import FileResponse, Response

from db.inspecting import MANIFEST, manifest_path
from valhalla.audit import copies, log
from valhalla.cockpit.gather import audit
from valhalla.cockpit.rendering import done, page
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.program import settings
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.moments import moment

MOST = 50_000
"""Entries in one file."""

router = Views("audit")

Word = Annotated[str | None, Query(max_length=200)]
Back = Annotated[str, Form(max_length=2_000)]
NAMES = ("action", "subject", "actor", "correlation", "text", "since", "until", "rows")


class Asked(NamedTuple):
    """What an address asks for, before its days are looked up on the operator's clock."""

    which: log.Filter
    since: str | None
    until: str | None

    def filter(self, here: Cockpit) -> log.Filter:
        """The entries that are meant."""
        return replace(self.which, since=_moment(here, self.since), until=_moment(here, self.until))


async def chosen(
    action: Word = None,
    subject: Word = None,
    actor: Word = None,
    correlation: Word = None,
    text: Word = None,
    since: Annotated[str | None, Query(max_length=40)] = None,
    until: Annotated[str | None, Query(max_length=40)] = None,
    rows: bool = False,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Asked:
    """What the address asks for. ``since`` and ``until`` are days or moments on the operator's clock."""
    which = log.Filter(
        action or None,
        subject or None,
        actor or None,
        correlation or None,
        text or None,
        before=before,
        rows=rows,
    )
    return Asked(which, since, until)


Wanted = Annotated[Asked, Depends(chosen)]


@router.get("/audit")
def show(request: Request, here: Here, asked: Wanted) -> Response:
    """The log, the copies, the chain's head."""
    given = {name: request.query_params.get(name, "") for name in NAMES}

    @cache  # for each entry
    def at(path: str = "/audit", **other: Any) -> str:
        rest = urlencode({name: value for name, value in (given | other).items() if value})
        return path + (f"?{rest}" if rest else "")

    shown = audit.gather(here, asked.filter(here))
    return page(
        request,
        "audit.html",
        "Audit",
        **shown,
        given=given,
        at=at,
        before=asked.which.before,
        beginnings=audit.BEGINNINGS,
        copy_hours=_copy_hours(here),
    )


@router.json("/api/audit/log", summary="Entries of the audit log, the newest first")
def entries(
    here: Here, asked: Wanted, limit: Annotated[int, Query(ge=1, le=500)] = audit.PAGE
) -> dict[str, Any]:
    """Each with its number, time, actor, action, subject, facts and hash; ``next`` goes into ``before``."""
    return audit.entries_of(here.database, asked.filter(here), limit)


@router.json("/api/audit/head", summary="The end of the chain")
def head(here: Here) -> dict[str, Any]:
    """The newest entry's number and hash, and the heads noted outside of the file."""
    return {**audit.head_of(here.database), "noted": audit.noted(here.home.audit)}


@router.json("/api/audit/copies", summary="Copies in the home's audit folder")
def listed(here: Here) -> dict[str, Any]:
    """Each with what its manifest says; a copy is downloaded from ``/audit/copies/NAME``."""
    return {"copies": audit.listed(here.home)}


@router.json("/api/audit/work", summary="Copies and verifications that were asked for")
def work(here: Here) -> dict[str, Any]:
    """How far each is, or how it ended."""
    return {"work": audit.working(here.database)}


@router.get("/audit/log.csv")
def as_file(here: Here, asked: Wanted) -> Response:
    """What the filter lets pass, as a table for a spreadsheet."""
    file = io.StringIO(newline="")
    log.write_table(file, audit.everything(here.database, asked.filter(here), MOST))
    return Response(
        file.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="valhalla-audit-log.csv"'},
    )


@router.post("/audit/copies")
def make(request: Request, here: Here, redact: Annotated[bool, Form()] = False) -> Response:
    """Have a copy made."""
    job = here.background.auditing.copy(redact=redact)
    kind = "A copy without personal data" if redact else "A copy"
    return done(request, "/audit#copies", f"{kind} is being made (job {job}).")


@router.post("/audit/verify")
def verify(request: Request, here: Here, name: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Have the file verified, or one of its copies."""
    job = here.background.auditing.verify(name or None)
    return done(request, "/audit#copies", f"{name or 'The file'} is being verified (job {job}).")


@router.get("/audit/copies/{name}")
def download(here: Here, name: str) -> Response:
    """A copy or its manifest."""
    path = copies.find(here.home, name.removesuffix(MANIFEST))
    if name.endswith(MANIFEST):
        path = manifest_path(path)
        if not path.is_file() or path.is_symlink():
            raise NotFound("that copy has no manifest")
        return FileResponse(path, media_type="application/json", filename=path.name)
    return FileResponse(path, media_type="application/vnd.sqlite3", filename=path.name)


def _moment(here: Cockpit, text: str | None) -> int | None:
    if not text:
        return None
    try:
        return moment(text, here.database.clock(), settings.value(here.database, "timezone"))
    except (OverflowError, ValueError, OSError):
        raise UsageError(f"{text!r} is not a day of a calendar that is used here") from None


def _copy_hours(here: Cockpit) -> int:
    return int(settings.value(here.database, "audit.copy_hours"))
