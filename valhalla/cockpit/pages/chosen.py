"""What is done with several leads at once, chosen on the page Leads."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Form, Query, Request
from starlette.responses import Response

from valhalla.cockpit.gather.calls import viewer_of
from valhalla.cockpit.pages.calls import saved
from valhalla.cockpit.rendering import done, local, page
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.leads import do_not_contact, lookup, suppression
from valhalla.leads.outcomes import Outcome, record_all, undo_all
from valhalla.leads.suppression import Entry
from valhalla.leads.view import Record
from valhalla.program.errors import NotFound, UsageError

MOST = 200
"""Leads at once; a page shows fewer."""

router = Views("leads")

Chosen = Annotated[list[int] | None, Form(max_length=MOST)]
Numbers = Annotated[str, Query(max_length=3_000, pattern=r"^\d{1,18}(,\d{1,18})*$")]
Back = Annotated[str, Form(max_length=2_000)]
Reason = Annotated[str, Form(max_length=1_000)]


@router.post("/leads/export")
def export(here: Here, lead: Chosen = None) -> Response:
    """The chosen leads as a CSV, without those who must not be contacted."""
    with here.database.view():
        viewer = viewer_of(here.database)
        chosen = [each for each in _records(here, lead) if each.lead.suppressed is None]
    if not chosen:
        raise UsageError("all of the chosen leads are marked do not contact, so there is nothing to export")
    return saved(here, viewer, chosen, "chosen leads")


@router.post("/leads/outcome")
def record(
    request: Request,
    here: Here,
    event: Annotated[Literal["contacted", "appointment", "lost", "dead"], Form()],
    lead: Chosen = None,
    back: Back = "/leads",
) -> Response:
    """Record the same of all chosen leads, as ``valhalla outcome`` does of each."""
    numbers = [each.lead.id for each in _records(here, lead)]
    now = here.database.clock()
    made, _ = record_all(
        here.reevaluating, [Outcome(number, event, now) for number in numbers], actor=here.actor
    )
    undo = f"/leads/outcome/undo?outcomes={','.join(str(each.id) for each in made)}"
    return done(request, back, f"{_leads(len(made))}: {event}.", undo=undo)


@router.post("/leads/outcome/undo")
def take_back(request: Request, here: Here, outcomes: Numbers, back: Back = "/leads") -> Response:
    """Undo what was recorded of several leads."""
    numbers = _numbers(outcomes)
    undo_all(here.reevaluating, numbers, actor=here.actor)
    return done(request, back, f"Undone for {_leads(len(numbers)).lower()}.")


@router.post("/leads/dnc")
def keep_out(
    request: Request,
    here: Here,
    lead: Chosen = None,
    reason: Reason = "",
    sure: bool = Form(False),
    back: Back = "/leads",
) -> Response:
    """Put the addresses and numbers of all chosen leads on the do-not-contact list; asks first."""
    records = _records(here, lead)
    entries = _contacts(here, records)
    if not sure:
        names = [{"id": each.lead.id, "name": each.lead.name} for each in records]
        return page(request, "chosen_dnc.html", "Never contact again?", chosen=names, back=local(back))
    _, kept_out = do_not_contact.add(here.database, entries, reason=reason.strip() or None, actor=here.actor)
    says = f"{_leads(kept_out)} {'is' if kept_out == 1 else 'are'} marked do not contact from now on."
    undo = f"/leads/dnc/undo?leads={','.join(str(each.lead.id) for each in records)}"
    return done(request, back, says, undo=undo)


@router.post("/leads/dnc/undo")
def let_in(request: Request, here: Here, leads: Numbers, back: Back = "/leads") -> Response:
    """Take them off the list again."""
    entries = _contacts(here, _records(here, _numbers(leads)))
    _, opened = do_not_contact.remove(here.database, entries, origin="operator", actor=here.actor)
    return done(request, back, f"{_leads(opened)} may be contacted again.")


def _records(here: Cockpit, numbers: list[int] | None) -> list[Record]:
    """The chosen leads, in the order of the page. Raises :class:`UsageError` for none, :class:`NotFound` for one that is gone."""
    if not numbers or not all(0 < number < 2**63 for number in numbers):
        raise UsageError("choose at least one lead")
    wanted = list(dict.fromkeys(numbers))
    found = viewer_of(here.database).some(wanted)
    known = {each.lead.id for each in found}
    for number in wanted:
        if number not in known:
            raise NotFound(f"there is no lead {number} any more; choose again")
    return found


def _contacts(here: Cockpit, records: list[Record]) -> list[Entry]:
    entries = [
        entry
        for each in records
        for entry in suppression.contacts(lookup.reach_of(here.database, each.lead.id))
    ]
    if not entries:
        raise UsageError(
            "the chosen leads have neither an address nor a number to put on the do-not-contact list"
        )
    return entries


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")][:MOST]


def _leads(count: int) -> str:
    return "One lead" if count == 1 else f"{count:,} leads"
