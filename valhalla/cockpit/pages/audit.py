"""The audit log, copies for an auditor, and verification."""

from __future__ import annotations

import io
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import FileResponse, Response

from db.inspecting import MANIFEST, manifest_path
from valhalla.audit import copies, log
from valhalla.cockpit.gather import audit
from valhalla.cockpit.rail import Entry
from valhalla.cockpit.rendering import done, page
from valhalla.cockpit.state import Cockpit, Here
from valhalla.program.errors import NotFound, UsageError

ENTRY = Entry("Audit", "/audit", "audit")
MOST = 50_000
"""Entries in one file."""

router = APIRouter(include_in_schema=False)

Word = Annotated[str | None, Query(max_length=200)]
Back = Annotated[str, Form(max_length=2_000)]
NAMES = ("action", "subject", "actor", "correlation", "text", "since", "until", "rows")


def chosen(
    here: Here,
    action: Word = None,
    subject: Word = None,
    actor: Word = None,
    correlation: Word = None,
    text: Word = None,
    since: Annotated[str | None, Query(max_length=40)] = None,
    until: Annotated[str | None, Query(max_length=40)] = None,
    rows: bool = False,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> log.Filter:
    """What the address asks for. ``since`` and ``until`` are days or moments on the operator's clock."""
    return log.Filter(
        action or None,
        subject or None,
        actor or None,
        correlation or None,
        text or None,
        _moment(here, since),
        _moment(here, until),
        before=before,
        rows=rows,
    )


Which = Annotated[log.Filter, Depends(chosen)]


@router.get("/audit")
def show(request: Request, here: Here, which: Which) -> Response:
    """The log, the copies, the chain's head."""
    given = {name: request.query_params.get(name, "") for name in NAMES}

    def at(path: str = "/audit", **other: Any) -> str:
        rest = urlencode({name: value for name, value in (given | other).items() if value})
        return path + (f"?{rest}" if rest else "")

    shown = audit.gather(here, which)
    return page(
        request,
        "audit.html",
        "Audit",
        **shown,
        given=given,
        at=at,
        before=which.before,
        beginnings=audit.BEGINNINGS,
        copy_hours=_copy_hours(here),
    )


@router.get("/audit/log.csv")
def as_file(here: Here, which: Which) -> Response:
    """What the filter lets pass, as a table for a spreadsheet."""
    file = io.StringIO(newline="")
    log.write_table(file, audit.everything(here.database, which, MOST))
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
    from valhalla.program import settings
    from valhalla.program.moments import moment

    if not text:
        return None
    try:
        return moment(text, here.database.clock(), settings.value(here.database, "timezone"))
    except (OverflowError, ValueError, OSError):
        raise UsageError(f"{text!r} is no day of a calendar that is used here") from None


def _copy_hours(here: Cockpit) -> int:
    from valhalla.program import settings

    return int(settings.value(here.database, "audit.copy_hours"))
