"""Alerts: what needs somebody, and what was seen to."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from valhalla.cockpit.gather import alerts
from valhalla.cockpit.rail import Entry
from valhalla.cockpit.rendering import done, page
from valhalla.cockpit.state import Here
from valhalla.program.errors import UsageError
from valhalla.sandbox.alerts import AlertSystem

ENTRY = Entry("Alerts", "/alerts", "alerts", badge="alerts")

router = APIRouter(include_in_schema=False)

State = Literal["open", "acknowledged", "all"]
Severity = Literal["info", "warning", "error", "critical"]
Number = Annotated[int, Query(ge=1, lt=2**63)]
Back = Annotated[str, Form(max_length=2_000)]


@router.get("/alerts")
def show(
    request: Request,
    here: Here,
    state: State = "open",
    severity: Severity | None = None,
    before: Number | None = None,
) -> Response:
    """What is open, what was acknowledged, or everything there was."""
    shown = alerts.gather(here.database, state, severity, before)

    def address(**other: object) -> str:
        chosen = {"state": state, "severity": severity} | other
        rest = urlencode({name: value for name, value in chosen.items() if value and value != "open"})
        return "/alerts" + (f"?{rest}" if rest else "")

    return page(request, "alerts.html", "Alerts", **shown, at=address)


@router.post("/alerts/ack")
def acknowledge(
    request: Request,
    here: Here,
    alert: Annotated[list[int] | None, Form(max_length=200)] = None,
    shown: Annotated[str, Form(max_length=10_000)] = "",
    back: Back = "/alerts",
) -> Response:
    """Acknowledge the alerts that were chosen, or with ``shown`` all that the page showed."""
    numbers = _numbers(shown.split(",")) if shown else alert or []
    return _move(request, here, numbers, back)


@router.post("/alerts/{number}/ack")
def acknowledge_one(request: Request, here: Here, number: int, back: Back = "/alerts") -> Response:
    """Acknowledge one alert."""
    return _move(request, here, [number], back)


@router.post("/alerts/reopen")
def reopen(
    request: Request,
    here: Here,
    alerts: Annotated[str, Query(max_length=2_000)],
    back: Back = "/alerts",
) -> Response:
    """Take an acknowledgement back."""
    numbers = _numbers(alerts.split(","))
    opened = AlertSystem(database=here.database).reopen_all(numbers)
    return done(request, back, f"{_alerts(sum(each['state'] == 'open' for each in opened))} open again.")


def _move(request: Request, here: Here, numbers: list[int], back: str) -> Response:
    if not numbers:
        raise UsageError("choose at least one alert")
    AlertSystem(database=here.database).acknowledge_all(numbers)
    undo = "/alerts/reopen?alerts=" + ",".join(map(str, numbers))
    return done(
        request, back, f"{_alerts(len(numbers))} acknowledged.", undo=undo if len(undo) <= 2_000 else None
    )


def _numbers(words: list[str]) -> list[int]:
    found = [int(word) for word in words if word.isdecimal() and len(word) < 19]
    if len(found) != len(words) or len(found) > 200:
        raise UsageError("these are no numbers of alerts")
    return found


def _alerts(count: int) -> str:
    return "1 alert" if count == 1 else f"{count} alerts"
