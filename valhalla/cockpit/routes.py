"""Every subject of the cockpit: its pages, JSON and WebSockets. One is there when it is listed here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, NamedTuple

from valhalla.cockpit import consoles, live, rail
from valhalla.cockpit.pages import today
from valhalla.cockpit.state import Cockpit
from valhalla.cockpit.subjects import Subject
from valhalla.cockpit.uploads import LARGEST, PATH
from valhalla.program.later import later

if TYPE_CHECKING:
    from valhalla.cockpit import health, metrics
    from valhalla.cockpit.pages import (
        alerts,
        audit,
        boards,
        calendar,
        calls,
        charts,
        chosen,
        deals,
        decisions,
        digests,
        effects,
        experiments,
        filters,
        hub,
        imports,
        jobs,
        lead,
        leads,
        lists_for,
        markets,
        overview,
        safety,
        samples,
        scripts,
        settings,
        sign_in,
        sources,
        stack,
        switches,
        uploads,
        week,
        work,
    )
else:
    health = later("valhalla.cockpit.health")
    metrics = later("valhalla.cockpit.metrics")
    alerts = later("valhalla.cockpit.pages.alerts")
    audit = later("valhalla.cockpit.pages.audit")
    boards = later("valhalla.cockpit.pages.boards")
    calendar = later("valhalla.cockpit.pages.calendar")
    calls = later("valhalla.cockpit.pages.calls")
    charts = later("valhalla.cockpit.pages.charts")
    chosen = later("valhalla.cockpit.pages.chosen")
    deals = later("valhalla.cockpit.pages.deals")
    decisions = later("valhalla.cockpit.pages.decisions")
    digests = later("valhalla.cockpit.pages.digests")
    effects = later("valhalla.cockpit.pages.effects")
    experiments = later("valhalla.cockpit.pages.experiments")
    filters = later("valhalla.cockpit.pages.filters")
    hub = later("valhalla.cockpit.pages.hub")
    imports = later("valhalla.cockpit.pages.imports")
    jobs = later("valhalla.cockpit.pages.jobs")
    lead = later("valhalla.cockpit.pages.lead")
    leads = later("valhalla.cockpit.pages.leads")
    lists_for = later("valhalla.cockpit.pages.lists_for")
    markets = later("valhalla.cockpit.pages.markets")
    overview = later("valhalla.cockpit.pages.overview")
    safety = later("valhalla.cockpit.pages.safety")
    samples = later("valhalla.cockpit.pages.samples")
    scripts = later("valhalla.cockpit.pages.scripts")
    settings = later("valhalla.cockpit.pages.settings")
    sign_in = later("valhalla.cockpit.pages.sign_in")
    sources = later("valhalla.cockpit.pages.sources")
    stack = later("valhalla.cockpit.pages.stack")
    switches = later("valhalla.cockpit.pages.switches")
    uploads = later("valhalla.cockpit.pages.uploads")
    week = later("valhalla.cockpit.pages.week")
    work = later("valhalla.cockpit.pages.work")

SUBJECTS = (
    Subject(filters, "/filters"),
    Subject(today, "/", "/today"),
    Subject(overview, "/overview"),
    Subject(work, "/work"),
    Subject(calls, "/calls"),
    Subject(leads, "/leads"),
    Subject(chosen, "/leads"),
    Subject(lists_for, "/leads/lists"),
    Subject(lead, "/leads", "/outcomes"),
    Subject(samples, "/samples"),
    Subject(sources, "/imports/sources"),
    Subject(uploads, "/imports/upload", "/imports/uploads"),
    Subject(stack, "/stack", "/imports/stack"),
    Subject(imports, "/imports"),
    Subject(deals, "/deals"),
    Subject(markets, "/markets"),
    Subject(calendar, "/calendar", "/calendar.ics", "/promises"),
    Subject(week, "/week", "/charts/week"),
    Subject(decisions, "/decisions", "/duplicates"),
    Subject(effects, "/effects"),
    Subject(jobs, "/jobs"),
    Subject(scripts, "/experiments/scripts", "/scripts"),
    Subject(experiments, "/experiments"),
    Subject(charts, "/charts"),
    Subject(digests, "/digest", "/digest.txt"),
    Subject(alerts, "/alerts"),
    Subject(safety, "/safety"),
    Subject(audit, "/audit"),
    Subject(settings, "/settings", "/welcome", "/policy", "/buyers", "/dnc"),
    Subject(boards, "/boards", "/federation", "/memory", "/sources"),
    Subject(switches, "/state", "/theme", "/sign-out", "/folder", "/live"),
    Subject(sign_in, "/sign-in", "/invitation"),
    Subject(health, "/healthz", "/readyz"),
    Subject(live, "/live"),
    Subject(metrics, "/metrics"),
)
"""Modules with ``router``, and where their pages are. The first route that fits an address answers, so a module with ``/imports/sources``
stands before the one with ``/imports/{number}``. Those that the first page needs are loaded before it."""

LARGE_BODIES: Mapping[str, int] = {PATH: LARGEST + 2**16}
"""Paths that take more than a form's worth, and how many bytes."""


class Pages(NamedTuple):
    """What an app serves: its subjects, the entries of its rail, and what it keeps going while it serves."""

    subjects: Sequence[Subject]
    entries: Sequence[rail.Entry]
    kept: Callable[[Cockpit], AbstractAsyncContextManager[None]] | None = None


def workspace() -> Pages:
    """The pages of a workspace."""
    return Pages(SUBJECTS, rail.WORKSPACE, consoles.kept)


def hub_pages() -> Pages:
    """The pages of a hub."""
    own = Subject(hub, "/", "/today", "/week", "/leads", "/workspaces", "/promises", "/w")
    shared = Subject(switches, "/state", "/theme", "/sign-out", only=("/theme", "/sign-out", "/api/state"))
    subjects = (
        own,
        shared,
        Subject(sign_in, "/sign-in", "/invitation"),
        Subject(health, "/healthz", "/readyz"),
    )
    return Pages((*subjects, Subject(live, "/live")), rail.HUB)
