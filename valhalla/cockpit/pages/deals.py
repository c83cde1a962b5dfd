"""Deals: the board, and one deal with what was agreed, how it ends, and the sheet for buyers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Path, Query, Request
from starlette.responses import Response

from valhalla.cockpit.documents import document
from valhalla.cockpit.gather import deals as gather
from valhalla.cockpit.pages.leads import asked_market
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.leads import buyers, closing, deals
from valhalla.leads.closing import Ended
from valhalla.leads.outcomes import read_lead
from valhalla.program import settings
from valhalla.program.moments import moment
from valhalla.program.wording import cents, money
from valhalla.reports import buyer_sheet
from valhalla.reports.buyer_sheet_pdf import pdf

router = Views("deals")

Number = Annotated[int, Path(ge=1, le=2**62)]
Short = Annotated[str, Form(max_length=200)]
Given = Annotated[str | None, Form(max_length=200)]
GivenWords = Annotated[str | None, Form(max_length=4_000)]
Back = Annotated[str, Form(max_length=2_000)]


@router.view("/deals", "/api/deals", "deals.html", "Deals", summary="The board of deals")
def board(here: Here, market: Annotated[str | None, Query(max_length=200)] = None) -> dict[str, Any]:
    """Deals by stage, with days in it and what waits for you; those that ended stay for 90 days."""
    return gather.board(here.database, asked_market(here, market))


def _buyers(request: Request, here: Cockpit, found: dict[str, Any]) -> dict[str, Any]:
    return {"buyers": [each["name"] for each in buyers.all_buyers(here.database)]}


@router.view(
    "/deals/{number}",
    "/api/deals/{number}",
    "deal.html",
    lambda found: f"Deal: {found['place'] or found['name']}",
    summary="The deals of one lead",
    more=_buyers,
    responses={404: {"description": "There is no such lead"}},
)
def one(here: Here, number: Number) -> dict[str, Any]:
    """What was offered, agreed and earned, the newest deal first. The number is the lead's."""
    return gather.one(here.database, number)


@router.post("/deals/{number}/terms")
def set_terms(
    request: Request,
    here: Here,
    number: Number,
    inspection: Given = None,
    closing_date: Given = None,
    assignable: Given = None,
    earnest: Given = None,
    buyer: Given = None,
    buyer_price: Given = None,
    deposit: Given = None,
    note: GivenWords = None,
    whole: Annotated[bool, Form()] = False,
    back: Back = "",
) -> Response:
    """Set what was agreed, as ``valhalla deals set`` does. ``whole``: every field is there, and an empty one takes its term away."""
    database = here.database
    given = {
        "inspection": inspection,
        "closing": closing_date,
        "assignable": assignable,
        "earnest": earnest,
        "buyer": buyer,
        "buyer_price": buyer_price,
        "deposit": deposit,
        "note": note,
    }
    typed = {name: text or "" for name, text in given.items() if text is not None or whole}
    deals.set_terms(database, number, deals.typed_terms(database, **typed), actor=here.actor)
    return done(request, back or f"/deals/{number}", "Saved.", undo=f"/deals/{number}/undo")


@router.post("/deals/{number}/undo")
def undo_terms(request: Request, here: Here, number: Number, back: Back = "") -> Response:
    """Undo what was set last, as ``valhalla deals undo`` does."""
    _, stays = deals.undo_terms(here.database, number, actor=here.actor)
    said = "Undone." + (f" {len(stays)} stay as they are, changed since." if stays else "")
    return done(request, back or f"/deals/{number}", said)


@router.post("/deals/{number}/assign")
def assign(
    request: Request,
    here: Here,
    number: Number,
    fee: Short = "",
    buyer: Short = "",
    buyer_price: Short = "",
    deposit: Short = "",
    at: Short = "",
) -> Response:
    """The contract was assigned, as ``valhalla deals assign`` records it."""
    database = here.database
    given = {"buyer": buyer, "buyer_price": buyer_price, "deposit": deposit}
    terms = deals.typed_terms(database, **{name: text for name, text in given.items() if text.strip()})
    ended, _ = closing.assign(
        here.reevaluating, number, fee=_amount(fee), terms=terms, at=_when(here, at), actor=here.actor
    )
    return _ended(request, here, number, ended)


@router.post("/deals/{number}/close")
def close(request: Request, here: Here, number: Number, fee: Short = "", at: Short = "") -> Response:
    """The deal closed, as ``valhalla deals close`` records it."""
    ended, _ = closing.close(
        here.reevaluating, number, fee=_amount(fee), at=_when(here, at), actor=here.actor
    )
    return _ended(request, here, number, ended)


@router.post("/deals/{number}/lose")
def lose(request: Request, here: Here, number: Number, reason: Short = "", at: Short = "") -> Response:
    """The deal fell through, as ``valhalla deals lose`` records it."""
    ended, _ = closing.lose(
        here.reevaluating, number, reason=reason.strip() or None, at=_when(here, at), actor=here.actor
    )
    return _ended(request, here, number, ended)


@router.json("/api/deals/{number}/sheet", summary="The sheet for buyers")
def sheet_json(here: Here, number: Number) -> dict[str, Any]:
    """What buyers learn about a lead's house: nothing about the seller, the script or the spread."""
    return buyer_sheet.gather(here.database, number)


@router.get("/deals/{number}/sheet")
def sheet(here: Here, number: Number) -> Response:
    """The sheet for buyers, under rules of its own: it may do nothing but show itself."""
    return document(buyer_sheet.page(buyer_sheet.gather(here.database, number)))


@router.get("/deals/{number}/sheet.pdf")
def sheet_pdf(here: Here, number: Number) -> Response:
    """The same for sending along."""
    drawn = pdf(buyer_sheet.gather(here.database, number))
    headers = {"content-disposition": f'attachment; filename="house-{number}.pdf"'}
    return Response(drawn, media_type="application/pdf", headers=headers)


def _amount(text: str) -> int | None:
    return cents(text) if text.strip() else None


def _when(here: Cockpit, text: str) -> int | None:
    if not text.strip():
        return None
    database = here.database
    return moment(text, database.clock(), settings.value(database, "timezone"), noon=True)


def _ended(request: Request, here: Cockpit, number: int, ended: Ended) -> Response:
    fee = f", fee {money(ended.deal.fee)}" if ended.deal.fee else ""
    says = f"{read_lead(here.database, number).name}: {ended.deal.state}{fee}."
    undo = None if ended.outcome is None else f"/outcomes/{ended.outcome}/undo"
    return done(request, f"/deals/{number}", says, undo=undo)
