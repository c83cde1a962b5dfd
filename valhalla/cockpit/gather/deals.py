"""What the pages of deals show."""

from __future__ import annotations

from typing import Any

from db import Database
from valhalla.leads import deals
from valhalla.leads.outcomes import read_lead
from valhalla.program import settings


def board(database: Database, market: str | None = None) -> dict[str, Any]:
    """The deals by stage, those that wait for a person, and what they add up to. Money in dollars."""
    found = deals.board(database, market=market)
    open_ = [each for each in found if each["ended_at"] is None]
    waits = sorted(
        (each for each in open_ if each["waits"]), key=lambda each: (-each["waits"]["days_over"], each["id"])
    )
    return {
        "stages": [
            {"stage": stage, "deals": [each for each in found if each["stage"] == stage]}
            for stage in deals.STAGES
        ],
        "waiting": waits,
        "open": len(open_),
        "spread": sum(each["spread"] or 0 for each in open_),
        "fees": sum(each["fee"] or 0 for each in found),
        "days": deals.KEPT_DAYS,
        "market": market,
    }


def one(database: Database, lead_id: int) -> dict[str, Any]:
    """The deals of one lead, the newest first, and the buyers on the list."""
    lead = read_lead(database, lead_id)
    found = deals.shown(database, lead_id)
    return {
        "lead": lead_id,
        "name": lead.name,
        "place": lead.address or lead.location,
        "deals": found,
        "signed": settings.value(database, "my.name") is not None,
    }
