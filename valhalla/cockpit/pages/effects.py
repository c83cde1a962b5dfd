"""Effects: what would leave this computer, and a person's yes or no to it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Form, Path, Query, Request
from starlette.responses import Response

from db import Database
from valhalla.cockpit.gather import effects
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views
from valhalla.effects import live, register
from valhalla.program.errors import UsageError

router = Views("effects")

State = Literal["drafted", "approved", "running", "done", "denied", "blocked", "failed", "uncertain"]
Kind = Literal["webhook", "email", "export", "purge"]
Number = Annotated[int, Path(ge=1, lt=2**63)]
Chosen = Annotated[list[int] | None, Form(max_length=100)]
Back = Annotated[str, Form(max_length=2_000)]


@router.view("/effects", "/api/effects", "effects.html", "Effects", summary="Effects, the newest first")
def show(
    here: Here,
    state: State | None = None,
    kind: Kind | None = None,
    before: Annotated[
        int | None, Query(ge=1, lt=2**63, description="the effect after which to continue")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = effects.PAGE,
) -> dict[str, Any]:
    """Each with what it says, exactly what it sends, and what may be done with it; ``live_until`` null: dry run."""
    return effects.gather(here.database, state, kind, before, limit)


@router.view(
    "/effects/{number}",
    "/api/effects/{number}",
    "effect.html",
    lambda found: f"Effect {found['id']}",
    summary="One effect",
    name="effect",
)
def one(here: Here, number: Number) -> dict[str, Any]:
    """What it sends, to whom, and where it stands."""
    return effects.one(here.database, number)


@router.post("/effects/approve")
def approve_chosen(request: Request, here: Here, effect: Chosen = None, back: Back = "/effects") -> Response:
    """Say yes to the chosen drafts: to all of them, or to none when one cannot be approved."""
    numbers = _chosen(effect)
    here.program.effects.approve(numbers, here.actor)
    return done(request, back, f"{_effects(numbers)} approved. {_then(here.database)}")


@router.post("/effects/deny")
def deny_chosen(request: Request, here: Here, effect: Chosen = None, back: Back = "/effects") -> Response:
    """Say no to the chosen ones."""
    numbers = _chosen(effect)
    register.deny_all(here.database, numbers, NO, here.actor)
    return done(request, back, f"{_effects(numbers)} denied.")


@router.post("/effects/retry")
def retry_chosen(request: Request, here: Here, effect: Chosen = None, back: Back = "/effects") -> Response:
    """Send the chosen ones on their way again."""
    numbers = _chosen(effect)
    here.program.effects.retry(numbers, here.actor)
    return done(request, back, f"{_effects(numbers)} on the way again. {_then(here.database)}")


@router.post("/effects/standing")
def stand(
    request: Request,
    here: Here,
    kind: Annotated[Kind, Form()],
    per_day: Annotated[int, Form(ge=0, le=100_000)],
    back: Back = "/effects",
) -> Response:
    """Approve a kind by itself up to a daily number from now on; 0 ends that."""
    if per_day:
        register.stand(here.database, kind, per_day, actor=here.actor)
        return done(
            request, back, f"Up to {per_day:,} {kind}s a day are approved by themselves.", kind="warn"
        )
    ended = register.end_standing(here.database, kind, actor=here.actor)
    return done(
        request, back, f"{kind.capitalize()}s are approved one by one{'' if ended else ', as before'}."
    )


@router.post("/effects/{number}/approve")
def approve(request: Request, here: Here, number: Number, back: Back = "/effects") -> Response:
    """Say yes to a draft, as ``valhalla effects approve`` does."""
    here.program.effects.approve([number], here.actor)
    return done(request, back, f"Effect {number} approved. {_then(here.database)}")


@router.post("/effects/{number}/deny")
def deny(
    request: Request,
    here: Here,
    number: Number,
    reason: Annotated[str, Form(max_length=500)] = "",
    back: Back = "/effects",
) -> Response:
    """Say no, as ``valhalla effects deny`` does."""
    register.deny(here.database, number, reason.strip() or NO, actor=here.actor)
    return done(request, back, f"Effect {number} is denied; nothing is sent.")


@router.post("/effects/{number}/retry")
def retry(request: Request, here: Here, number: Number, back: Back = "/effects") -> Response:
    """Send one on its way again under the same key, as ``valhalla effects retry`` does."""
    here.program.effects.retry([number], here.actor)
    return done(request, back, f"Effect {number} is on its way again. {_then(here.database)}")


NO = "denied by the operator"


def _chosen(numbers: list[int] | None) -> list[int]:
    if not numbers or not all(0 < number < 2**63 for number in numbers):
        raise UsageError("choose at least one effect")
    return list(dict.fromkeys(numbers))


def _then(database: Database) -> str:
    """What an approval leads to, as the lock stands."""
    if live.current(database) is not None:
        return "What is approved goes out now."
    return "Dry run is on, so nothing leaves: it will be shown as blocked."


def _effects(numbers: list[int]) -> str:
    return "1 effect" if len(numbers) == 1 else f"{len(numbers)} effects"
