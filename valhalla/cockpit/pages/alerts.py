"""Alerts: what needs somebody, and what was seen to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Form, Query, Request
from starlette.responses import Response

from db.clock import iso
from valhalla.cockpit.advice import advice
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views
from valhalla.program.errors import UsageError
from valhalla.sandbox import alerts
from valhalla.sandbox.alerts import Alert, AlertSystem

PAGE = 50

router = Views("alerts")

State = Literal["open", "acknowledged", "all"]
Severity = Literal["info", "warning", "error", "critical"]
Back = Annotated[str, Form(max_length=2_000)]


@router.view("/alerts", "/api/alerts", "alerts.html", "Alerts", summary="Alerts, the worst first")
def show(
    here: Here,
    state: State = "open",
    severity: Severity | None = None,
    before: Annotated[
        int | None, Query(ge=1, lt=2**63, description="the alert after which to continue")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = PAGE,
) -> dict[str, Any]:
    """Each with its facts, how often and when it was seen, and what to do about it; ``next`` goes into ``before``."""
    with here.database.view():
        counts = alerts.standing_counts(here.database)
        found = alerts.page(here.database, state, severity, before, limit + 1)
    return {
        "alerts": [_entry(each) for each in found[:limit]],
        "counts": counts,
        "totals": {each: sum(by.values()) for each, by in counts.items()},
        "state": state,
        "severity": severity,
        "before": before,
        "next": found[limit - 1].id if len(found) > limit else None,
    }


def _entry(alert: Alert) -> dict[str, Any]:
    shown = {**alert._asdict(), "at": iso(alert.at), "last_seen": iso(alert.last_at)}
    del shown["last_at"]
    return {**shown, "advice": advice(alert.task, alert.context)._asdict()}


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
    chosen: Annotated[str, Query(max_length=2_000, alias="alerts")],
    back: Back = "/alerts",
) -> Response:
    """Take an acknowledgement back."""
    numbers = _numbers(chosen.split(","))
    opened = AlertSystem(database=here.database).reopen_all(numbers, here.actor)
    count = sum(each["state"] == "open" for each in opened)
    over = "" if count == len(opened) else " What no longer holds stays closed."
    return done(request, back, f"{_alerts(count)} open again.{over}")


def _move(request: Request, here: Here, numbers: list[int], back: str) -> Response:
    if not numbers:
        raise UsageError("choose at least one alert")
    AlertSystem(database=here.database).acknowledge_all(numbers, here.actor)
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
