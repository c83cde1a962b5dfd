"""This week: what calling came to, by day, list, script and hour, and what lists cost."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Query, Request
from starlette.responses import Response

from valhalla.cockpit.documents import drawing
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.intake.source_quality import set_cost
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.wording import cents, money
from valhalla.reports import charts
from valhalla.reports import week as report

router = Views("week")

Back = Annotated[int, Query(ge=0, le=520)]
Theme = Annotated[str, Query(pattern="^(light|dark)$")]


def _around(request: Request, here: Cockpit, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "monday": found["from"],
        "figures": report.FIGURES,
        "bought": report.bought_lists(here.database),
        "hour": report.clock_hour,
        "charted": bool(report.hours_rates(found)),
    }


@router.view(
    "/week", "/api/week", "week.html", "This week", summary="What a week of calls came to", more=_around
)
def show(here: Here, back: Back = 0) -> dict[str, Any]:
    """Dials, contacts, appointments, offers, contracts, closes and fees, with n and 95 % intervals of the rates; fees in dollars."""
    return report.gather(here.database, back)


@router.post("/week/cost")
def cost(
    request: Request,
    here: Here,
    import_id: Annotated[int, Form(ge=1, lt=2**63)],
    amount: Annotated[str, Form(max_length=30)],
) -> Response:
    """Say what a list cost, as ``valhalla sources cost`` does."""
    source = next(
        (each for each in report.bought_lists(here.database, 10_000) if each.import_id == import_id), None
    )
    if source is None:
        raise UsageError(f"import {import_id} brought no leads that a cost could be set against")
    paid = cents(amount)
    set_cost(here.database, source.source, paid, import_id, actor=here.actor)
    return done(request, "/week#lists", f"{source.file} cost {money(paid)}.")


@router.get("/charts/week/steps.svg", include_in_schema=False)
def steps(here: Here, back: Back = 0, theme: Theme = "light") -> Response:
    """From dials to closes."""
    return drawing(charts.funnel(report.steps(report.gather(here.database, back)), theme))


@router.get("/charts/week/hours.svg", include_in_schema=False)
def hours(here: Here, back: Back = 0, theme: Theme = "light") -> Response:
    """How many of the dials of an hour were answered."""
    rates = report.hours_rates(report.gather(here.database, back))
    if not rates:
        raise NotFound("there is nothing to draw yet")
    return drawing(charts.answered(rates, theme))
