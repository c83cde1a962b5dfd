"""The digest as a page and as text."""

from __future__ import annotations

import textwrap
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db import Database, audit
from valhalla.program import templates
from valhalla.program.home import Home, digest_path
from valhalla.program.wording import money, several
from valhalla.reports import charts as drawing
from valhalla.reports.digest import gather
from valhalla.reports.packet_files import put
from valhalla.reports.packet_page import data_image

if TYPE_CHECKING:
    from jinja2 import Environment

WIDTH = 78


def write(database: Database, home: Home) -> tuple[Path, Path]:
    """Write today's digest to ``logs/`` as page and as text; returns both paths."""
    digest = gather(database)
    date = digest["date"]
    paths = put(digest_path(home, date), html(digest)), put(digest_path(home, date, "txt"), text(digest))
    with database.write():
        audit.append(database, "digest.write", f"digest:{digest['date']}", {"calls": len(digest["calls"])})
    return paths


def html(digest: dict[str, Any]) -> str:
    """One page, style inline, charts as data images; nothing is loaded from anywhere."""
    charts = {
        "funnel": data_image(drawing.funnel(digest["funnel"])) if digest["funnel"][2][1] else None,
        "scores": data_image(drawing.histogram(digest["scores"], digest["bands"]))
        if any(digest["scores"])
        else None,
        "calibration": data_image(drawing.calibration([drawing.Bin(*b) for b in digest["bins"]]))
        if digest["bins"]
        else None,
    }
    rates = {
        each["name"]: data_image(
            drawing.conversion([drawing.Rate(*r) for r in each["rates"]], what=each["metric"])
        )
        for each in digest["experiments"]
        if len(each["rates"]) > 1
    }
    return (
        _environment()
        .get_template("digest.html")
        .render(
            d=digest,
            charts=charts,
            rates=rates,
            headline=headline(digest),
            came=came_of_calls(digest["outcomes"]["counts"]),
        )
    )


def summary(digest: dict[str, Any]) -> str:
    """The day in numbers, without a name."""
    parts = [f"{several(digest['totals']['new'], 'new lead')}"]
    if digest["totals"]["rejected"]:
        parts.append(f"{several(digest['totals']['rejected'], 'row')} refused")
    if digest["open_alerts"]:
        parts.append(several(digest["open_alerts"], "open alert"))
    return ", ".join(parts)


def headline(digest: dict[str, Any]) -> str:
    """The day in one sentence."""
    first = digest["calls"][0] if digest["calls"] else None
    says = summary(digest)
    return (
        f"{says}. Call {first['name']} first (score {first['score']})."
        if first
        else f"{says}. Nobody to call."
    )


def yesterday(figures: dict[str, Any]) -> str:
    """What yesterday's calls came to, in one sentence."""
    if not figures["n"] and not figures["closes"]:
        return "Nothing was recorded."
    parts = [several(figures["dials"], "dial"), several(figures["contacts"], "contact")]
    for name in ("appointments", "offers", "contracts", "closes"):
        if figures[name]:
            parts.append(several(figures[name], name[:-1]))
    if figures["fees"]:
        parts.append(f"{money(round(figures['fees'] * 100))} in fees")
    return f"{', '.join(parts)}."


def came_of_calls(counts: dict[str, int]) -> str:
    """``Appointment 2, no answer 14``; empty when nothing was recorded."""
    said = {
        "callback": "call back",
        "contacted": "talked",
        "inbound": "they called",
        "opted_out": "never call again",
    }
    words = ", ".join(f"{said.get(event, event.replace('_', ' '))} {n:,}" for event, n in counts.items())
    return words[:1].upper() + words[1:]


def promised(each: dict[str, Any]) -> str:
    """A promise in one line."""
    kind = {"callback": "call back", "appointment": "appointment", "task": "to do"}[each["kind"]]
    more = ", ".join(part for part in (each["place"], each["note"]) if part)
    late = " (late)" if each["late"] else ""
    sure = ", confirmed" if each["confirmed"] else ""
    return f"{each['local']}  {kind}: {each['name']}{late}{sure}{f': {more}' if more else ''}"


def text(digest: dict[str, Any]) -> str:
    """The same for a terminal or a mail program, at most 78 columns wide."""
    out = [f"VALHALLA, {digest['made_local']}", *_wrapped(headline(digest), "")]
    out += _heading("YESTERDAY")
    out += _wrapped(yesterday(digest["yesterday"]), "  ")
    for title, key in (("PROMISED FOR TODAY", "promises"), ("APPOINTMENTS TOMORROW", "tomorrow")):
        if digest[key]:
            out += _heading(title)
            for each in digest[key]:
                out += _wrapped(promised(each), "  ")
    if digest["deals"]:
        out += _heading("DEALS THAT WAIT FOR YOU")
        for each in digest["deals"]:
            out += _wrapped(f"{each['place']}: {each['why']}", "  ")
    out += _heading("WHO TO CALL")
    for call in digest["calls"]:
        who = "  ".join(each for each in (call["phone"] or call["email"], call["location"]) if each)
        out += _wrapped(f"{call['rank']:>2}. {call['name']}  {who}", "    ")
        out += _wrapped(
            f"    {call['do']}, score {call['score']} {call['band']}: {' '.join(call['reasons'])}", "    "
        )
    if not digest["calls"]:
        out.append("Nobody. Put a lead list into the inbox folder.")
    out += _heading(f"CAME IN SINCE {digest['since_local']}")
    for each in digest["sources"]:
        kept = ", ".join(
            f"{each[name]:,} {name}" for name in ("new", "updated", "unchanged", "duplicate") if each[name]
        )
        out += _wrapped(
            f"{each['source']}: {several(each['rows'], 'row')}: {kept or 'none kept'}, {each['rejected']:,} refused",
            "  ",
        )
    if not digest["sources"]:
        out.append("Nothing new was read.")
    for each in digest["failed"]:
        out += _wrapped(f"Could not be read: {each['message']}", "  ")
    if digest["rejects"]:
        out += _heading("REFUSED, AND WHY")
        for each in digest["rejects"]:
            out += _wrapped(f"{each['count']:,} x {each['code']}, such as {each['example']}", "  ")
    out += _heading("WHAT CAME OF CALLS")
    out += _wrapped(came_of_calls(digest["outcomes"]["counts"]) or "Nothing was recorded.", "  ")
    if digest["outcomes"]["fees_cents"]:
        out.append(f"Fees: {money(digest['outcomes']['fees_cents'])}")
    out += _wrapped(f"Predictions: {digest['calibration']['says']}", "  ")
    out += _heading("EXPERIMENTS AND SCRIPTS")
    for each in digest["experiments"]:
        out += _wrapped(f"{each['name']} v{each['version']} ({each['state']}): {each['verdict']}", "  ")
        for v in each["variants"]:
            says = (
                f"{v['rate']} of {several(v['matured'], 'matured lead')}"
                if v["matured"]
                else "no matured leads yet"
            )
            out += _wrapped(f"  {v['name']}: {says}", "    ")
    for move in digest["moves"]:
        out += _wrapped(f"{move['script']}: {move['before']} -> {move['after']}. {move['why']}", "  ")
    for change in digest["policy"]:
        out += _wrapped(f"Policy version {change['version']} by {change['by']}: {change['reason']}", "  ")
    if not digest["experiments"] and not digest["moves"] and not digest["policy"]:
        out.append("Nothing changed.")
    out += _heading("ALERTS")
    for alert in digest["alerts"]:
        out += _wrapped(f"{alert['severity']}: {alert['reason']} ({alert['task']}, {alert['at']})", "  ")
    if not digest["alerts"]:
        out.append("None.")
    return "\n".join(out) + "\n"


def _heading(name: str) -> list[str]:
    return ["", name, "-" * len(name)]


def _wrapped(line: str, indent: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False) or [""]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = templates.environment("valhalla.reports", "templates/digest")
    environment.filters["money"] = money
    environment.filters["number"] = lambda number: f"{number:,}"
    environment.filters["yesterday"] = yesterday
    environment.filters["promised"] = promised
    environment.filters["price"] = lambda value: (
        "asking price unknown" if value is None else money(round(value * 100))
    )
    return environment
