"""*Work the list*: one lead at a time, one key for what came of the call, and the next lead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Form, Query, Request
from starlette.responses import HTMLResponse, Response

from db.clock import iso
from valhalla.cockpit.gather import work as gathering
from valhalla.cockpit.rendering import Answer, done, environment, page, wants_json
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.leads import editing, notes, tags, working
from valhalla.leads.outcomes import as_typed, read_lead, record_all, undo_all
from valhalla.leads.today import HEADINGS
from valhalla.program import settings
from valhalla.program.errors import UsageError
from valhalla.team import holds

router = Views("work")

Key = Annotated[str, Form(max_length=40)]
Only = Annotated[str, Form(max_length=40)]
Text = Annotated[str, Form(max_length=4_000)]
Short = Annotated[str, Form(max_length=300)]

OLD = "That page was old; nothing was recorded. This is who is next."


@router.get("/work")
def show(
    request: Request,
    here: Here,
    lead: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    only: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """The page, with who is next or the lead that was asked for; for the page itself only the part that changes."""
    found = gathering.gather(here, lead_id=lead, only=_group(only))
    if "x-work" in request.headers:
        return _part(here, found)
    return page(request, "work.html", "Work the list", **_shown(found))


@router.json("/api/work", summary="Who is next to be called, with all that the caller has to know")
def api(here: Here, only: Annotated[str | None, Query(max_length=40)] = None) -> dict[str, Any]:
    """The lead, the number, calling hours, script, what was said before, who comes after, and how far the day is. The ``key`` is
    good for recording one outcome."""
    return gathering.gather(here, only=_group(only))


@router.json(
    "/api/work/time",
    summary="The time that a person means, as it is stored and as it reads where the lead is",
)
def meant(
    here: Here,
    lead: Annotated[int, Query(ge=1, le=2**62)],
    text: Annotated[str, Query(max_length=100)],
) -> dict[str, str]:
    """``at`` to be stored, and ``says``."""
    return working.meant(here.database, read_lead(here.database, lead), text)


@router.post("/work/record")
def record(
    request: Request,
    here: Here,
    key: Key,
    event: Annotated[str, Form(max_length=20)],
    when: Annotated[str, Form(max_length=100)] = "",
    place: Short = "",
    note: Text = "",
    only: Only = "",
) -> Response:
    """Record what came of the call, once for each key, and show who is next."""
    with here.calling.lock:
        shown = here.calling.find(key)
        if shown is None:
            return _next(request, here, only, OLD)
        if shown.said is None:
            lead = read_lead(here.database, shown.lead_id)
            typed, until, says = when.strip(), None, ""
            if event in working.TIMED:
                if not typed:
                    raise UsageError("say when, such as: tue 3pm, in 2 h, 2026-12-01 15:00")
                time = working.meant(here.database, lead, typed)
                until, says = time["at"], f", {time['says']}"
            given = as_typed(
                here.database,
                lead.id,
                event,
                until=until,
                place=place if event == "appointment" else None,
                note=note,
            )
            record_all(here.reevaluating, [given], actor=here.actor)
            if note.strip() and event not in working.TIMED:
                notes.add(here.database, lead.id, note, actor=here.actor)
            shown.said = f"{lead.name}: {event.replace('_', ' ')}{says}."
        said = shown.said
    return _next(request, here, only, said)


@router.post("/work/skip")
def skip(request: Request, here: Here, key: Key, only: Only = "") -> Response:
    """Leave this lead for another day."""
    shown = here.calling.find(key)
    if shown is None:
        return _next(request, here, only, OLD)
    here.calling.skip(shown.lead_id, here.database.clock())
    _give_back(here)
    return _next(request, here, only, f"{read_lead(here.database, shown.lead_id).name}: skipped for today.")


@router.post("/work/unskip")
def unskip(request: Request, here: Here, only: Only = "") -> Response:
    """Show those that were skipped again."""
    here.calling.unskip()
    return _next(request, here, only, "Nobody is skipped any more.")


@router.post("/work/hold")
def hold(here: Here) -> Response:
    """The page is still open: whom a member holds stays theirs. ``until``: null when nobody is held (any more)."""
    until = holds.renew(here.database, here.actor) if gathering.calls(here) else None
    return Answer({"until": None if until is None else iso(until)})


@router.post("/work/release")
def release(here: Here) -> Response:
    """The page was left: give back whom a member holds."""
    _give_back(here)
    return Response(status_code=204)


@router.post("/work/undo")
def undo(request: Request, here: Here, only: Only = "") -> Response:
    """Undo the last thing that was recorded today, up to ten of them, and show its lead again."""
    with here.calling.lock:
        numbers = working.recorded_today(here.database, here.actor)
        if not numbers:
            return _next(request, here, only, "Nothing was recorded today that could be undone.")
        (undone,), _ = undo_all(here.reevaluating, numbers[:1], actor=here.actor)
    name = read_lead(here.database, undone.lead_id).name
    said = f"Undone: {undone.event.replace('_', ' ')} of {name}."
    return _next(request, here, only, said, undone.lead_id)


@router.post("/work/note")
def note(request: Request, here: Here, key: Key, text: Text = "", only: Only = "") -> Response:
    """Write a note on the lead that is shown."""
    return _about(request, here, key, only, lambda lead: _noted(here, lead, text))


@router.post("/work/tag")
def tag(request: Request, here: Here, key: Key, text: Short = "", only: Only = "") -> Response:
    """Tag the lead that is shown."""
    return _about(request, here, key, only, lambda lead: _tagged(here, lead, text))


@router.post("/work/edit")
def edit(
    request: Request,
    here: Here,
    key: Key,
    phone: Short = "",
    name: Short = "",
    email: Short = "",
    address: Short = "",
    only: Only = "",
) -> Response:
    """Put the lead that is shown right."""

    def correct(lead: int) -> str:
        changed = editing.correct(
            here.database, lead, name=name, phone=phone, email=email, address=address, actor=here.actor
        )
        return (
            f"Corrected: {', '.join(changed)}. Lists will not change that."
            if changed
            else "It said so already."
        )

    return _about(request, here, key, only, correct)


@router.post("/work/name")
def say_name(request: Request, here: Here, name: Short = "", only: Only = "") -> Response:
    """What the caller says their name is; asked once."""
    settings.save(here.database, "my.name", " ".join(name.split()), actor=here.actor)
    return _next(request, here, only, "The scripts say your name from now on.")


def _give_back(here: Cockpit) -> None:
    if gathering.calls(here):
        holds.release(here.database, here.actor)


def _noted(here: Cockpit, lead: int, text: str) -> str:
    notes.add(here.database, lead, text, actor=here.actor)
    return "Noted."


def _tagged(here: Cockpit, lead: int, text: str) -> str:
    tags.put(here.database, [lead], text.split(",") if "," in text else [text], actor=here.actor)
    return f"Tagged: {', '.join(tags.of_lead(here.database, lead))}."


def _about(request: Request, here: Cockpit, key: str, only: str, act: Callable[[int], str]) -> Response:
    """Do something about the lead that is shown, and show it again."""
    shown = here.calling.find(key)
    if shown is None:
        return _next(request, here, only, OLD)
    return _next(request, here, only, act(shown.lead_id), shown.lead_id)


def _next(request: Request, here: Cockpit, only: str, said: str, lead_id: int | None = None) -> Response:
    """Who is next: as JSON, as the part of the page that changes, or as a page."""
    if "x-work" in request.headers:
        return _part(here, gathering.gather(here, only=_group(only), lead_id=lead_id, said=said))
    if wants_json(request.scope):
        return done(request, "/work", said)
    query = f"?lead={lead_id}" if lead_id is not None else f"?only={only}" if only else ""
    return done(request, f"/work{query}", said)


def _part(here: Cockpit, found: dict[str, Any]) -> Response:
    shown = {"address": "/work", "read_only": here.read_only, **_shown(found)}
    return HTMLResponse(
        environment().get_template("work_card.html").render(now=here.database.clock(), **shown)
    )


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    return {"work": found, "keys": working.KEYS, "labels": working.LABELS, "headings": HEADINGS}


def _group(only: str | None) -> str | None:
    if only and only not in HEADINGS and not re.fullmatch(rf"{gathering.FILTER}\d{{1,18}}", only):
        raise UsageError(f"{only!r} is not a group of today")
    return only or None
