"""Imports: what was read, what was refused and why, and taking it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Form, Query, Request
from fastapi import Path as Part
from starlette.responses import Response

from jobs import WaitTimeout
from valhalla.cockpit.gather import imports
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.intake import advice as cures
from valhalla.intake import rejects, repairing
from valhalla.intake.log import details, list_of_import
from valhalla.intake.reading.details import SIGNS
from valhalla.intake.source_settings import Change, set_source
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.scratch import scratch_folder

PATIENCE = 1.5
"""Seconds that a click waits for a short list; a longer one is followed on the page."""

router = Views("imports")

State = Literal["running", "done", "failed", "undone"]
Number = Annotated[int, Part(ge=1, lt=2**63)]
Back = Annotated[str, Form(max_length=2_000)]
Code = Annotated[str, Query(max_length=60, pattern="^[A-Z_]*$")]


@router.view("/imports", "/api/imports", "imports.html", "Imports", summary="Imports, the newest first")
def show(
    here: Here,
    before: Annotated[
        int | None, Query(ge=1, lt=2**63, description="the import after which to continue")
    ] = None,
    source: Annotated[str | None, Query(max_length=200)] = None,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = imports.PAGE,
) -> dict[str, Any]:
    """Imports with their counts, the ones that run with how far they are, and lists that wait for a decision."""
    return imports.gather(here, before=before, source=source, state=state, limit=limit)


@router.view(
    "/imports/{number:int}",
    "/api/imports/{number}",
    "import.html",
    lambda found: f"Import {found['id']}",
    summary="One import",
    name="found",
)
def one(
    here: Here,
    number: Number,
    code: Annotated[
        str | None, Query(max_length=60, pattern="^[A-Z_]+$", description="only rejects with this code")
    ] = None,
    after: Annotated[int, Query(ge=0, lt=2**63, description="the reject after which to continue")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = imports.REJECTS,
) -> dict[str, Any]:
    """Counts, columns, warnings, advice, and a page of the rows that were refused and why."""
    return imports.one(here, number, code=code, after=after, limit=limit)


@router.get("/imports/{number:int}/rejects.csv")
def download(here: Here, number: Number, code: Code = "") -> Response:
    """The open rejects as a list that can be repaired in a spreadsheet and dropped here again."""
    details(here.database, number)
    with scratch_folder(here.database.path) as folder:
        target = folder / f"rejects-{number}.csv"
        written = rejects.export(here.database, target, rejects.Choice(import_id=number, code=code or None))
        if not written:
            raise NotFound(f"no refused rows of import {number} are open")
        content = Path(written[0]["file"]).read_bytes()
    return Response(
        content,
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{target.name}"'},
    )


@router.post("/imports/{number:int}/undo")
def undo(request: Request, here: Here, number: Number, back: Back = "") -> Response:
    """Undo an import, as ``valhalla imports undo`` does."""
    details(here.database, number)
    chores = here.importing.chores
    job_id = chores.ask_undo(number, here.actor)
    back = back or f"/imports/{number}"
    try:
        result = chores.undone(number, job_id, PATIENCE)
    except WaitTimeout:
        return done(request, back, f"Import {number} is being undone by job {job_id}.", kind="info")
    says = f"Import {number} is undone: {_leads(result['reversed'])} reversed"
    kept = f", {result['kept']:,} kept because a person worked with them" if result["kept"] else ""
    left = f", {result['failed']:,} left as they are" if result["failed"] else ""
    return done(request, back, f"{says}{kept}{left}.", undo=f"/imports/{number}/again")


@router.post("/imports/{number:int}/again")
def again(request: Request, here: Here, number: Number, back: Back = "") -> Response:
    """Read the list of an import again, as ``valhalla imports reread`` does."""
    path, source = list_of_import(here.database, number)
    return reading(request, here, path, source, again=True)


@router.post("/imports/{number:int}/cure")
def cure(request: Request, here: Here, number: Number) -> Response:
    """Follow the advice that the import's page gives, and read the list again."""
    path, source = list_of_import(here.database, number)
    advice = details(here.database, number)["advice"]
    if not advice:
        raise UsageError(f"there is nothing to advise about import {number} any more")
    cures.follow(here.database, str(path), source, advice[0], actor=here.actor)
    return reading(request, here, path, source, again=True)


@router.post("/imports/{number:int}/mapping")
def map_columns(
    request: Request,
    here: Here,
    number: Number,
    column: Annotated[list[str], Form(max_length=1_000)],
    field: Annotated[list[str], Form(max_length=1_000)],
) -> Response:
    """Say which column is which field, for the list's source, and read the list again."""
    path, source = list_of_import(here.database, number)
    set_source(here.database, source, Change(columns=pairs(column, field), like=path), actor=here.actor)
    return reading(request, here, path, source, again=True)


@router.post("/imports/{number:int}/answer")
def answer(
    request: Request,
    here: Here,
    number: Number,
    column: Annotated[str, Form(max_length=1_000)],
    field: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Answer a question about a column, for all lists with these columns; an empty field is no. The list is read again."""
    path, source = list_of_import(here.database, number)
    set_source(here.database, source, Change(columns={column: field}, like=path), actor=here.actor)
    return reading(request, here, path, source, again=True)


@router.post("/imports/{number:int}/rejects/{reject:int}/repair")
def repair(
    request: Request,
    here: Here,
    number: Number,
    reject: Number,
    column: Annotated[list[str] | None, Form(max_length=500)] = None,
    cell: Annotated[list[str] | None, Form(max_length=500)] = None,
    back: Back = "",
) -> Response:
    """Try a refused row again with other cells, as ``valhalla leads rejects repair`` does."""
    back = back or f"/imports/{number}#refused"
    made = repairing.repair(
        here.database, reject, dict(zip(column or [], cell or [], strict=False)), actor=here.actor
    )
    says = {"new": "is a new lead now", "updated": "changed a lead"}.get(made.what, "was known already")
    return done(
        request, back, f"Repaired: it {says} (lead {made.lead}).", undo=f"/imports/{made.import_id}/undo"
    )


def pairs(column: list[str], field: list[str]) -> dict[str, str]:
    """Column to field, as a form says it; an empty field is a further column. Raises :class:`UsageError`."""
    chosen = [each for each in field if each]
    twice = sorted({each for each in chosen if chosen.count(each) > 1 and each not in SIGNS})
    if len(column) != len(field) or not chosen:
        raise UsageError("say for at least one column which field it is")
    if twice:
        raise UsageError(f"two columns cannot both be {' and '.join(twice)}; leave one of them as it is")
    return dict(zip(column, field, strict=True))


def reading(request: Request, here: Cockpit, path: Path, source: str, *, again: bool = False) -> Response:
    """Have a list read; then its import's page, or, while it lasts, the page that shows how far it is."""
    job_id = here.importing.ask(path, source, again=again)
    try:
        state = here.queue.wait(job_id, PATIENCE)
    except WaitTimeout:
        waits = "" if here.run_id is not None else " as soon as Valhalla runs"
        return done(request, "/imports", f"{path.name} is being read{waits}.", kind="info")
    if state.state != "done":
        return done(request, f"/jobs/{job_id}", f"{path.name} could not be read: {state.error}.", kind="bad")
    if state.result is None:
        return done(request, "/imports", f"There is nothing new in {path.name}.", kind="info")
    number = int(state.result)
    facts = details(here.database, number)
    if facts["error"]:
        return done(request, f"/imports/{number}", f"{path.name} could not be used.", kind="bad")
    refused = f", {facts['rejected']:,} refused" if facts["rejected"] else ""
    says = f"{path.name}: {facts['new']:,} new, {facts['updated']:,} updated{refused}."
    return done(
        request, f"/imports/{number}", says, undo=f"/imports/{number}/undo" if facts["rows"] else None
    )


def _leads(count: int) -> str:
    return "1 lead" if count == 1 else f"{count:,} leads"
