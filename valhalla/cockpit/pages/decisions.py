"""Decisions: what the program does not decide by itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeGuard

from fastapi import Form, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from jobs import WaitTimeout
from valhalla.audit import decisions as decided
from valhalla.cockpit.gather import decisions, markets
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.intake import deciding, offers, unfolding
from valhalla.leads import merge as merging
from valhalla.program.errors import UsageError

router = Views("decisions")

PATIENCE = 1.5
"""Seconds for which a page waits for a job that most often is done at once."""

LOGGED = 100
"""Decisions on a page of the log."""

Number = Annotated[int, Path(ge=1, lt=2**63)]
Lead = Annotated[int, Form(ge=1, lt=2**63)]
After = Annotated[int, Query(ge=0, lt=2**63)]
Back = Annotated[str, Form(max_length=2_000)]
Every = Annotated[bool, Form()]


def _asked(request: Request, here: Cockpit, facts: dict[str, Any]) -> dict[str, Any]:
    return {name: request.query_params.get(name) for name in ("pairs_after", "changes_after", "offers_after")}


@router.view(
    "/decisions",
    "/api/decisions",
    "decisions.html",
    "Decisions",
    summary="What waits for a person's word",
    more=_asked,
)
def show(
    here: Here,
    pairs_after: After = 0,
    changes_after: After = 0,
    offers_after: After = 0,
    houses: bool = False,
) -> dict[str, Any]:
    """Possible duplicates side by side, changes that lists ask for, people whom lists offer as buyers, drafted effects, merges that can be
    undone, and ``proposals``: sources to pause and shares of ARV, each with its evidence.

    Counts end at 1,000. ``next_pairs`` and the like go into ``pairs_after``. ``houses``: which leads of version 0.1 stand for several
    houses of one owner.
    """
    found = decisions.gather(
        here.database,
        pairs_after=pairs_after,
        changes_after=changes_after,
        offers_after=offers_after,
        houses=houses,
    )
    return {**found, "proposals": markets.proposals(here)}


@router.view(
    "/decisions/log",
    "/api/decisions/log",
    "decision_log.html",
    "What was decided",
    summary="What was decided, by whom and why",
)
def log(
    here: Here,
    about: Annotated[str | None, Query(max_length=200)] = None,
    by: Annotated[str | None, Query(max_length=200)] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> dict[str, Any]:
    """The newest decisions, newest first: ``{id, at, by, about, what, action, reason}``. ``about`` a subject such as ``lead:3`` or a kind
    such as ``policy``; ``before``: of a lower number only, ``next`` of the page before."""
    found = decided.listed(here.database, LOGGED + 1, about=about, by=by, before=before)
    more = found[LOGGED - 1]["id"] if len(found) > LOGGED else None
    return {"decisions": found[:LOGGED], "about": about, "by": by, "next": more}


@router.get("/duplicates")
def duplicates() -> Response:
    """Where the possible duplicates are."""
    return RedirectResponse("/decisions#duplicates", 303)


@router.post("/decisions/merge")
def merge(request: Request, here: Here, kept: Lead, merged: Lead, back: Back = "/decisions") -> Response:
    """Make two leads one, as ``valhalla leads merge`` does."""
    merging.merge(here.database, kept, merged, actor=here.actor)
    return done(
        request,
        back,
        f"Lead {merged} is a part of lead {kept} now; what it knew is kept there.",
        undo=f"/decisions/unmerge/{merged}",
    )


@router.post("/decisions/unmerge/{lead}")
def unmerge(request: Request, here: Here, lead: Number, back: Back = "/decisions") -> Response:
    """Take a merged lead out again, as ``valhalla leads unmerge`` does."""
    result = merging.unmerge(here.database, lead, actor=here.actor)
    stays = f" It keeps its {', '.join(result['stays'])}, changed since." if result["stays"] else ""
    return done(
        request, back, f"Lead {lead} is a lead of its own again, next to lead {result['kept']}.{stays}"
    )


@router.post("/decisions/apart")
def keep_apart(request: Request, here: Here, one: Lead, other: Lead, back: Back = "/decisions") -> Response:
    """Two people who share a number; they are not proposed again."""
    if one == other:
        raise UsageError("that is one lead")
    merging.keep_apart(here.database, one, other, actor=here.actor)
    return done(request, back, f"Leads {one} and {other} stay two, and are not proposed again.")


@router.post("/decisions/houses/apart")
def take_apart(request: Request, here: Here, back: Back = "/decisions") -> Response:
    """Take leads apart that are several houses of one owner, as ``valhalla leads unfold`` does."""
    chores = here.importing.chores
    job_id = chores.ask_unfold(actor=here.actor)
    try:
        result = chores.answer(job_id, PATIENCE)
    except WaitTimeout:
        return done(request, back, f"The leads are being taken apart by job {job_id}.", kind="info")
    says = f"{result['leads']:,} leads taken apart; {result['houses']:,} new leads."
    return done(request, back, says, undo=f"/decisions/houses/{result['unfolding']}/undo")


@router.post("/decisions/houses/{number}/undo")
def put_together(request: Request, here: Here, number: Number, back: Back = "/decisions") -> Response:
    """Put the leads of a run together again, as ``valhalla leads unfold --undo`` does."""
    chores = here.importing.chores
    job_id = chores.ask_refold(number, actor=here.actor)
    try:
        result = chores.answer(job_id, PATIENCE)
    except WaitTimeout:
        return done(request, back, f"The leads are being put together by job {job_id}.", kind="info")
    kept = f"; {result['kept']:,} houses stay, because a person worked with them" if result["kept"] else ""
    return done(request, back, f"{result['leads']:,} leads are together again{kept}.")


@router.post("/decisions/houses/{number}/assign")
def assign(request: Request, here: Here, number: Number, lead: Lead, back: Back = "/decisions") -> Response:
    """Say for which house the work was that stayed with a lead, as ``valhalla leads unfold --assign`` does."""
    unfolding.assign(here.database, number, lead, actor=here.actor)
    return done(request, back, f"It is lead {lead}'s now.")


@router.post("/decisions/changes/accept")
def accept_chosen(
    request: Request,
    here: Here,
    change: Annotated[list[int] | None, Form(max_length=200)] = None,
    back: Back = "/decisions",
) -> Response:
    """Let the chosen changes happen, as ``valhalla leads review --accept`` does."""
    return _decide(request, here, change or [], True, back)


@router.post("/decisions/changes/decline")
def decline_chosen(
    request: Request,
    here: Here,
    change: Annotated[list[int] | None, Form(max_length=200)] = None,
    back: Back = "/decisions",
) -> Response:
    """Leave the leads as they are."""
    return _decide(request, here, change or [], False, back)


@router.post("/decisions/changes/{number}/accept")
def accept(request: Request, here: Here, number: Number, back: Back = "/decisions") -> Response:
    """Let one change happen."""
    return _decide(request, here, [number], True, back)


@router.post("/decisions/changes/{number}/decline")
def decline(request: Request, here: Here, number: Number, back: Back = "/decisions") -> Response:
    """Leave one lead as it is."""
    return _decide(request, here, [number], False, back)


@router.post("/decisions/imports/{number}/{answer}")
def decide_import(
    request: Request,
    here: Here,
    number: Number,
    answer: Literal["accept", "decline"],
    back: Back = "/decisions",
) -> Response:
    """Let everything happen that one list asks for, or none of it."""
    leads = deciding.decide_import(here.database, number, accepted=answer == "accept", actor=here.actor)
    says = "made" if answer == "accept" else "declined"
    return done(request, back, f"{len(leads)} changes {says}.")


Chosen = Annotated[list[int] | None, Form(max_length=200)]


@router.post("/decisions/buyers/accept")
def accept_buyers(
    request: Request, here: Here, offer: Chosen = None, every: Every = False, back: Back = "/decisions"
) -> Response:
    """Take people whom lists offer into the list of buyers, as ``valhalla buyers accept`` does."""
    found = offers.accept(here.database, _offers(offer, every), actor=here.actor)
    says = f"{found.new} new on the list of buyers"
    says += f", {found.known} rows about buyers who are known" if found.known else ""
    says += f"; {len(found.refused)} rows name nobody and stay" if found.refused else ""
    return done(
        request, back, f"{says}.", undo=f"/decisions/buyers/{offer[0]}/undo" if _one(offer, every) else None
    )


@router.post("/decisions/buyers/decline")
def decline_buyers(
    request: Request, here: Here, offer: Chosen = None, every: Every = False, back: Back = "/decisions"
) -> Response:
    """Say no to people whom lists offer, as ``valhalla buyers decline`` does."""
    found = offers.decline(here.database, _offers(offer, every), actor=here.actor)
    says = "1 row" if found.offers == 1 else f"{found.offers} rows"
    undo = f"/decisions/buyers/{offer[0]}/undo" if _one(offer, every) else None
    return done(request, back, f"{says} declined; not offered again.", undo=undo)


@router.post("/decisions/buyers/{number}/undo")
def undo_buyer(request: Request, here: Here, number: Number, back: Back = "/decisions") -> Response:
    """Offer somebody again, as ``valhalla buyers undo`` does."""
    offers.undo(here.database, [number], actor=here.actor)
    return done(request, back, "Offered again.")


def _one(offer: list[int] | None, every: bool) -> TypeGuard[list[int]]:
    return not every and offer is not None and len(offer) == 1


def _offers(offer: list[int] | None, every: bool) -> list[int] | None:
    """The offers that are meant; None: all of them."""
    if every:
        return None
    if not offer or not all(0 < number < 2**63 for number in offer):
        raise UsageError("choose at least one person")
    return offer


def _decide(request: Request, here: Here, numbers: list[int], accepted: bool, back: str) -> Response:
    if not numbers or not all(0 < number < 2**63 for number in numbers):
        raise UsageError("choose at least one change")
    leads = deciding.decide_all(here.database, numbers, accepted=accepted, actor=here.actor)
    if len(leads) == 1:
        return done(request, back, f"Lead {leads[0]} {'was changed' if accepted else 'stays as it is'}.")
    return done(request, back, f"{len(leads)} changes {'made' if accepted else 'declined'}.")
