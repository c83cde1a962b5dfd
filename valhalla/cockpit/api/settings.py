"""Settings, policy, do-not-contact list and buyers as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from valhalla.cockpit.gather import settings as gather
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here

router = APIRouter(prefix="/api", tags=["settings"])

Version = Annotated[int, Query(ge=1, lt=2**31)]


@router.get("/settings", summary="Every setting")
def show(here: Here) -> Response:
    """With what is in force, where that comes from (environment, file, default), its meaning and what may be set."""
    return Answer(gather.gather(here.database))


@router.get("/policy", summary="The policy")
def policy(here: Here, version: Version | None = None) -> Response:
    """The version in force or an earlier one, key by key, with meaning, range and default."""
    return Answer(gather.policy(here.database, version))


@router.get("/policy/history", summary="Versions of the policy")
def history(here: Here, limit: Annotated[int, Query(ge=1, le=1_000)] = 200) -> Response:
    """The newest first, each with who made it, why, and what it changed."""
    return Answer(gather.history(here.database, limit))


@router.get("/policy/diff", summary="Two versions of the policy compared")
def difference(
    here: Here, before: Annotated[Version, Query(alias="from")], after: Annotated[Version, Query(alias="to")]
) -> Response:
    """Each key in which they differ."""
    return Answer(gather.difference(here.database, before, after))


@router.get("/dnc", summary="The do-not-contact list")
def dnc(
    here: Here,
    who: Annotated[str | None, Query(max_length=200, description="an address, number or domain")] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = gather.DNC_PAGE,
) -> Response:
    """The newest first; ``next`` goes into ``before``."""
    return Answer(gather.dnc(here.database, (who or "").strip() or None, before, limit))


@router.get("/buyers", summary="The buyers")
def buyers(here: Here) -> Response:
    """Who buys what; null is any."""
    return Answer(gather.buyers(here.database))
