"""What a caller is shown of a lead, in words: the time there, until when calling is fine, what was tried, what the house is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from valhalla.leads import facts
from valhalla.program.moments import clock_text


def in_words(card: Mapping[str, Any], zone: str | None) -> dict[str, Any]:
    """What is said of a lead in words: where, when, what was tried, what the house is."""
    hours, known, number = card["hours"], card["known"], card["number"]
    there = hours["zone"] or zone
    mailing = known["mailing"]
    # The clock is the owner's: of where they get mail, where that is known.
    away = mailing["city"] or mailing["state"] if mailing and mailing["state"] else None
    place = away or card["lead"]["location"] or ""
    where = place.partition(",")[0] or (hours["zone"] or "").rpartition("/")[2].replace("_", " ")
    until = f", fine to call until {clock(micros(hours['closes']), there)}" if hours["closes"] else ""
    if not hours["open"]:
        until = f", calling begins at {clock(micros(hours['opens']), there)}"
    house = [
        f"{known['beds']} bd" if known["beds"] else None,
        f"{known['baths']:g} ba" if known["baths"] else None,
        f"{known['sqft']:,} sqft" if known["sqft"] else None,
        f"built {known['year_built']}" if known["year_built"] else None,
        facts.in_words("occupancy", known["occupancy"]),
    ]
    return {
        "time": f"{clock(micros(hours['now']), there)}{f' in {where}' if where else ''}{until}",
        "tried": _tried(card["outcomes"], zone),
        "house": " · ".join(part for part in house if part),
        "number": None if number is None else _number(number),
    }


def _number(number: Mapping[str, Any]) -> str:
    said = [number["type"], *(flag.replace("_", " ") for flag in number["flags"])]
    if number["mark"] == "right":
        said.append("known to be right")
    if number["of"] > 1:
        said.append(f"number {number['which']} of {number['of']}")
    if number["dials"]:
        said.append(f"dialed {number['dials']} times" if number["dials"] > 1 else "dialed once")
    return ", ".join(part for part in said if part)


def _tried(outcomes: list[dict[str, Any]], zone: str | None) -> str:
    if not outcomes:
        return "never tried yet"
    last = outcomes[-1]
    when = clock(micros(last["at"]), zone, "%a %b %d, %I:%M %p")
    times = "" if len(outcomes) == 1 else f", {len(outcomes)} in all"
    return f"{last['event'].replace('_', ' ')} {when}{times}"


def clock(at: int, zone: str | None, shape: str = "%I:%M %p") -> str:
    """``2:31 pm``, ``Tue 3:00 pm``."""
    text = f" {clock_text(at, zone, shape)}".replace(" 0", " ").strip()
    return text.replace("AM", "am").replace("PM", "pm")


def micros(at: str) -> int:
    """UTC microseconds of an ISO 8601 time, as :func:`valhalla.leads.working.card` has it."""
    return round(datetime.fromisoformat(at).timestamp() * 1_000_000)
