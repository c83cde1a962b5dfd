"""One lead, and what a person does with it: record what came of a call, make the packet, never contact it again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Path, Request
from starlette.responses import RedirectResponse, Response

from valhalla.cockpit.documents import document
from valhalla.cockpit.gather import lead as gathering
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.intake.by_hand import add_lead
from valhalla.leads import (
    consent,
    do_not_contact,
    editing,
    lookup,
    notes,
    promises,
    suppression,
    tags,
    when,
)
from valhalla.leads.outcomes import as_typed, read_lead, record_all, undo_all
from valhalla.leads.suppression import Entry
from valhalla.program import settings
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.moments import clock_text
from valhalla.reports import packet as making
from valhalla.reports.packet_files import make_files
from valhalla.reports.packet_page import page as packet_page
from valhalla.reports.packet_pdf import pdf
from valhalla.scoring.stages.channels import CHANNELS
from valhalla.team.belonging import check_outcome

router = Views("leads")

Number = Annotated[int, Path(ge=1, le=2**62)]
Back = Annotated[str, Form(max_length=2_000)]
Short = Annotated[str, Form(max_length=200)]


@router.view(
    "/leads/{number}",
    "/api/leads/{number}",
    "lead.html",
    lambda found: str(found["name"]),
    summary="One lead",
    name="lead",
    more=lambda request, here, found: {"channels": CHANNELS},
    responses={404: {"description": "There is no such lead"}},
)
def one(here: Here, number: Number) -> dict[str, Any]:
    """Its fields, the six stages with reasons, history, outcomes, provenance, packet."""
    return gathering.gather(here, number)


@router.post("/leads/{number}/outcome")
def record(
    request: Request,
    here: Here,
    number: Number,
    event: Annotated[str, Form(max_length=20)],
    reason: Annotated[str, Form(max_length=1_000)] = "",
    amount: Short = "",
    at: Short = "",
    channel: Short = "",
    until: Short = "",
    phone: Short = "",
    note: Annotated[str, Form(max_length=1_000)] = "",
    place: Short = "",
    closing: Short = "",
    back: Back = "",
) -> Response:
    """Record what came of it, as ``valhalla outcome`` does; ``phone``: the number that was dialed."""
    database = here.database
    given = as_typed(
        database,
        number,
        event,
        at=at,
        amount=amount,
        channel=channel,
        reason=reason,
        until=until,
        number=phone,
        note=note,
        place=place,
        closing=closing,
    )
    (recorded,), _ = record_all(here.reevaluating, [given], actor=here.actor)
    name = read_lead(database, number).name
    back = back or f"/leads/{number}"
    if not recorded.new:
        return done(request, back, f"{name}: that was recorded before.", kind="info")
    where = recorded.standing
    says = f"{name}: {event.replace('_', ' ')}"
    if recorded.promise_id is not None and given.until is not None:
        says += f" {when.shown(database, number, given.until)}"
    elif where.hold_until:
        zone = settings.value(database, "timezone")
        says += f" until {clock_text(where.hold_until, zone, '%Y-%m-%d')}"
    elif recorded.suppressed:
        says += ", and will not be contacted again"
    return done(request, back, f"{says}.", undo=f"/outcomes/{recorded.id}/undo")


@router.post("/outcomes/{number}/undo")
def undo(request: Request, here: Here, number: Number, back: Back = "") -> Response:
    """Take a recorded outcome back."""
    check_outcome(here.database, here.member, number)
    (undone,), _ = undo_all(here.reevaluating, [number], actor=here.actor)
    name, status = read_lead(here.database, undone.lead_id).name, undone.standing.word.replace("_", " ")
    return done(request, back or f"/leads/{undone.lead_id}", f"Undone. {name}: {status}.")


@router.post("/leads/add")
def add(
    request: Request,
    here: Here,
    name: Annotated[str, Form(max_length=400)] = "",
    phone: Short = "",
    email: Annotated[str, Form(max_length=300)] = "",
    address: Annotated[str, Form(max_length=400)] = "",
    value: Short = "",
) -> Response:
    """Add a lead by hand, as ``valhalla leads add`` does: a name or an address is enough."""
    given = {"name": name, "phone": phone, "email": email, "address": address, "value": value}
    known = {column: text.strip() for column, text in given.items() if text.strip()}
    added = add_lead(here.database, known, actor=here.actor)
    says = {"new": "Added.", "updated": "This lead was known and was changed."}
    return done(
        request, f"/leads/{added.lead_id}", says.get(added.what, "This lead was known; nothing is new.")
    )


@router.post("/leads/{number}/promise")
def promise(
    request: Request,
    here: Here,
    number: Number,
    kind: Annotated[str, Form(max_length=20)],
    at: Short = "",
    note: Annotated[str, Form(max_length=1_000)] = "",
    place: Short = "",
) -> Response:
    """Promise them something at a time, as ``valhalla promises add`` does."""
    if not at.strip():
        raise UsageError("say when, such as tue 3pm or in 2 h")
    meant = when.meant(here.database, number, at)
    made = promises.add(
        here.database,
        number,
        kind,
        meant.at,
        place=place.strip() or None,
        note=note.strip() or None,
        actor=here.actor,
    )
    return done(request, f"/leads/{number}", f"Promised: {made.kind} {meant.says}.")


@router.post("/leads/{number}/consent")
def agree(
    request: Request,
    here: Here,
    number: Number,
    channel: Annotated[str, Form(max_length=20)],
    words: Annotated[str, Form(max_length=1_000)] = "",
    withdraw: Annotated[bool, Form()] = False,
) -> Response:
    """They agreed to be called, texted or mailed, or do not agree any longer, as ``valhalla dnc consent`` does."""
    if withdraw:
        consent.withdraw(here.database, number, channel, actor=here.actor)
        return done(request, f"/leads/{number}", f"They do not agree to a {channel} any longer.")
    consent.record(here.database, number, channel, words, actor=here.actor)
    return done(request, f"/leads/{number}", f"Recorded: they agreed to a {channel}.")


@router.post("/leads/{number}/note")
def note(
    request: Request, here: Here, number: Number, text: Annotated[str, Form(max_length=4_000)] = ""
) -> Response:
    """Write a note, as ``valhalla note`` does."""
    notes.add(here.database, number, text, actor=here.actor)
    return done(request, f"/leads/{number}", "Noted.")


@router.post("/leads/{number}/tag")
def tag(
    request: Request, here: Here, number: Number, text: Short = "", off: Annotated[bool, Form()] = False
) -> Response:
    """Put tags on it, or take them off."""
    tags.put(here.database, [number], text.split(","), off=off, actor=here.actor)
    now = ", ".join(tags.of_lead(here.database, number))
    return done(request, f"/leads/{number}", f"Tagged: {now}." if now else "It has no tags.")


@router.post("/leads/{number}/edit")
def edit(
    request: Request,
    here: Here,
    number: Number,
    name: Annotated[str, Form(max_length=400)] = "",
    phone: Short = "",
    email: Annotated[str, Form(max_length=300)] = "",
    address: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    """Put it right by hand, as ``valhalla leads edit`` does."""
    changed = editing.correct(
        here.database, number, name=name, phone=phone, email=email, address=address, actor=here.actor
    )
    says = (
        f"Corrected: {', '.join(changed)}. Lists will not change that." if changed else "It said so already."
    )
    return done(request, f"/leads/{number}", says)


@router.post("/leads/{number}/dnc")
def keep_out(
    request: Request,
    here: Here,
    number: Number,
    reason: Annotated[str, Form(max_length=1_000)] = "",
    back: Back = "",
) -> Response:
    """Put the lead's address and number on the do-not-contact list."""
    entries = _contacts(here, number)
    _, leads = do_not_contact.add(here.database, entries, reason=reason.strip() or None, actor=here.actor)
    what = f"{leads} leads are" if leads != 1 else "One lead is"
    return done(
        request,
        back or f"/leads/{number}",
        f"{what} marked do not contact from now on.",
        undo=f"/leads/{number}/dnc/undo",
    )


@router.post("/leads/{number}/dnc/undo")
def let_in(request: Request, here: Here, number: Number, back: Back = "") -> Response:
    """Take the lead's address and number off the list again."""
    _, leads = do_not_contact.remove(
        here.database, _contacts(here, number), origin="operator", actor=here.actor
    )
    what = f"{leads} leads" if leads != 1 else "One lead"
    return done(request, back or f"/leads/{number}", f"{what} may be contacted again.")


@router.post("/leads/{number}/packet")
def make_packet(request: Request, here: Here, number: Number) -> Response:
    """Make the packet, or find that nothing has changed since it was made."""
    make_files(here.database, here.home, number)
    return RedirectResponse(f"/leads/{number}/packet", 303)


@router.get("/leads/{number}/packet")
def packet(here: Here, number: Number) -> Response:
    """The packet as it was made last, under rules of its own: it may do nothing but show itself."""
    found = making.latest(here.database, number)
    if found is None:
        raise NotFound(f"there is no packet of lead {number} yet; make it on the lead's page")
    return document(packet_page(found))


@router.get("/leads/{number}/packet.pdf")
def packet_pdf(here: Here, number: Number) -> Response:
    """The packet for printing and sending along by hand."""
    found = making.latest(here.database, number)
    if found is None:
        raise NotFound(f"there is no packet of lead {number} yet; make it on the lead's page")
    headers = {"content-disposition": f'attachment; filename="lead-{number}.pdf"'}
    return Response(bytes(pdf(found)), media_type="application/pdf", headers=headers)


def _contacts(here: Cockpit, number: int) -> list[Entry]:
    lead = read_lead(here.database, number)
    entries = suppression.contacts(lookup.reach_of(here.database, lead.id))
    if not entries:
        raise UsageError("this lead has neither an address nor a number to put on the do-not-contact list")
    return entries
