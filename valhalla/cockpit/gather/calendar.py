"""What the page Calendar shows: promises and the dates of deals, by day."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from db import Database
from db.clock import DAY, iso
from valhalla.leads import deals, icalendar, promises
from valhalla.program import settings
from valhalla.program.moments import clock_text, hour_text, local_day, moment

DAYS = 14
"""Days that the page shows at once."""


def gather(database: Database, begin: str | None = None, *, by: str | None = None) -> dict[str, Any]:
    """Fourteen days from ``begin`` (today, if it is not given), each with its promises (``by``: those that they made) and the dates of
    deals; before them what is late. Times as ISO 8601, and as the operator's clock shows them."""
    values = settings.effective(database)
    zone, now = values["timezone"], database.clock()
    today = local_day(now, zone)
    first = today if begin is None else _day(begin, today, zone)
    days = [local_day(first + number * DAY + DAY // 2, zone) for number in range(DAYS + 1)]
    late = [] if begin is not None else promises.listed(database, until=today, by=by)
    ahead = promises.listed(database, state=None, since=days[0], until=days[-1], by=by)
    ahead = [each for each in ahead if each.promise.state != "dropped" and each.suppressed is None]
    late = [each for each in late if each.suppressed is None]
    places = icalendar.places(database, {each.promise.lead_id for each in (*late, *ahead)})
    by_day: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def shown(each: promises.Listed) -> dict[str, Any]:
        place = places[each.promise.lead_id]
        return {
            **each.to_json(now),
            "time": hour_text(each.promise.at, zone),
            "day": clock_text(each.promise.at, zone, "%Y-%m-%d"),
            "address": place.address,
            "phone": place.phone,
        }

    for each in ahead:
        entry = shown(each)
        by_day[entry["day"]].append(entry)
    dates = _dates(database, zone)
    return {
        "late": [shown(each) for each in late],
        "days": [
            {
                "day": (name := clock_text(day, zone, "%Y-%m-%d")),
                "weekday": clock_text(day, zone, "%A"),
                "today": day == today,
                "promises": by_day.get(name, []),
                "deals": dates.get(name, []),
            }
            for day in days[:-1]
        ],
        "before": clock_text(days[0] - DAYS * DAY + DAY // 2, zone, "%Y-%m-%d"),
        "after": clock_text(days[-1] + DAY // 2, zone, "%Y-%m-%d"),
        "begins_today": first == today,
        "as_of": iso(now),
    }


def _dates(database: Database, zone: str | None) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in deals.deals(database, ended=False):
        deal = each.deal
        for what, at in (("closing", deal.closing_at), ("inspection period ends", deal.inspection_until)):
            if at is not None:
                day = clock_text(at, zone, "%Y-%m-%d")
                place = each.address or each.location or each.name
                found[day].append({"what": what, "lead": deal.lead_id, "place": place})
    return found


def _day(text: str, today: int, zone: str | None) -> int:
    return local_day(moment(text, today, zone) + DAY // 2, zone)
