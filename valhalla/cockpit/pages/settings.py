"""Settings, and with them the policy, the do-not-contact list and the buyers."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import File, Form, Query, Request, UploadFile
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from valhalla.cockpit.gather import settings as gather
from valhalla.cockpit.rendering import done, page, wants_json
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.effects import register
from valhalla.intake import other_lists
from valhalla.leads import basics, do_not_contact, scrubbing, suppression
from valhalla.leads import buyers as listed_buyers
from valhalla.leads.known_markets import policy_key
from valhalla.program import settings
from valhalla.program.errors import UsageError, ValhallaError
from valhalla.program.scratch import scratch_folder
from valhalla.scoring import changes, policies
from valhalla.service import startup

TABS = (
    ("/settings", "Settings"),
    ("/settings/policy", "Policy"),
    ("/settings/dnc", "Do not contact"),
    ("/settings/buyers", "Buyers"),
)

ORDER = (
    *("name", "phone", "company", "zone", "from", "until", "markets"),
    *("buy_low", "buy_high", "fee", "arv", "goal", "mail"),
)
"""The fields of the form, as they stand on it."""

QUESTIONS = ("name", "phone", "markets", "from", "until")
"""Those that are asked on the first run."""

router = Views("settings")

Text = Annotated[str, Form(max_length=5_000)]
Version = Annotated[int, Query(ge=1, lt=2**31)]


def _tabs(request: Request, here: Cockpit, facts: dict[str, Any]) -> dict[str, Any]:
    return {"tabs": TABS}


def _typed(**wrong: str) -> dict[str, Any]:
    """What a person typed that cannot be, for the page that shows it next to its field."""
    return {"tabs": TABS, "wrong": None, "typed": "", "problem": "", **wrong}


def _around(here: Cockpit, **wrong: str) -> dict[str, Any]:
    on_windows = sys.platform == "win32"
    return {
        **_typed(**wrong),
        **_basics(here),
        "windows": on_windows,
        "starts": startup.status() if on_windows else None,
    }


def _basics(here: Cockpit, typed: Mapping[str, str] = {}, problems: Mapping[str, str] = {}) -> dict[str, Any]:
    """The form of what matters every day, as it is saved or as it was typed."""
    values = {**basics.read(here.database), **typed}
    return {"values": values, "problems": problems, "only": ORDER, "back": "/settings"}


@router.view(
    "/settings",
    "/api/settings",
    "settings.html",
    "Settings",
    summary="Every setting",
    more=lambda request, here, facts: _around(here),
)
def show(here: Here) -> dict[str, Any]:
    """With what is in force, where that comes from (environment, file, default), its meaning and what may be set."""
    return gather.gather(here.database)


@router.post("/settings")
def change(
    request: Request, here: Here, key: Annotated[str, Form(max_length=100)], value: Text = ""
) -> Response:
    """Change a setting, as ``valhalla config set`` does. A value that cannot be is reported next to it."""
    try:
        settings.known(key)
        stored = settings.save(here.database, key, value, actor=here.actor)
        register.end_outdated(here.database)
    except UsageError as error:
        if wants_json(request.scope):
            raise
        typed = "" if settings.is_hidden(key) else value
        wrong = _around(here, wrong=key, typed=typed, problem=str(error))
        return page(request, "settings.html", "Settings", 400, **show(here), **wrong)
    variable = settings.environment_name(key)
    says = f"{key} is {settings.as_text(stored)}, from the next cycle on."
    if gather.one(here.database, key)["origin"] == "environment":
        says = f"{key} is stored, but the variable {variable} is in force."
    return done(request, f"/settings#{key}", says)


@router.get("/welcome")
def welcome(request: Request, here: Here) -> Response:
    """The first run: four questions."""
    shown = {**_basics(here), "only": QUESTIONS, "back": "/welcome"}
    return page(request, "welcome.html", "Welcome", **shown)


@router.post("/settings/basics")
async def change_basics(request: Request, here: Here) -> Response:
    """Save what matters every day, all of it or, where something cannot be, nothing."""
    form = await request.form()
    typed = {name: str(value) for name, value in form.items() if name in basics.FIELDS}
    return await run_in_threadpool(_save_basics, request, here, typed, str(form.get("back") or "/settings"))


def _save_basics(request: Request, here: Cockpit, typed: dict[str, str], back: str) -> Response:
    first = back == "/welcome"
    try:
        changed = basics.save(here.reevaluating, typed, actor=here.actor)
        register.end_outdated(here.database)
    except basics.Wrong as error:
        if wants_json(request.scope):
            raise
        shown = {**_basics(here, typed, error.problems), "back": back}
        if first:
            return page(request, "welcome.html", "Welcome", 400, **{**shown, "only": QUESTIONS})
        return page(request, "settings.html", "Settings", 400, **show(here), **{**_around(here), **shown})
    says = "Saved." if changed else "Everything was so already."
    return done(request, "/" if first else back, says)


@router.post("/settings/startup")
def start_with_windows(request: Request, here: Here, on: Annotated[bool, Form()] = False) -> Response:
    """Start with Windows, or not."""
    if on:
        startup.enable(here.home.path)
    else:
        startup.disable()
    return done(request, "/settings", f"Valhalla {'starts' if on else 'no longer starts'} with Windows.")


@router.view(
    "/settings/policy",
    "/api/policy",
    "policy.html",
    "Policy",
    summary="The policy",
    more=lambda request, here, facts: _typed(),
)
def policy(here: Here, version: Version | None = None) -> dict[str, Any]:
    """The version in force or an earlier one, key by key, with meaning, range and default."""
    return gather.policy(here.database, version)


@router.post("/settings/policy")
def change_policy(
    request: Request,
    here: Here,
    key: Annotated[str, Form(max_length=200)],
    value: Text = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Change one key, as ``valhalla policy set`` does; the leads it concerns are decided again."""
    key = key.strip()
    try:
        key = policy_key(here.database, key)
        made, _ = changes.set_policy(here.reevaluating, key, value, reason, actor=here.actor)
    except UsageError as error:
        if wants_json(request.scope):
            raise
        wrong = _typed(wrong=key, typed=value, problem=str(error))
        return page(request, "policy.html", "Policy", 400, **policy(here), **wrong)
    if not made.changes:
        return done(
            request,
            f"/settings/policy#{key}",
            f"{key} is {policies.as_text(policies.parsed(value))} already.",
        )
    facts = "; ".join(
        f"{each.key}: {policies.as_text(each.before)} → {policies.as_text(each.after)}"
        for each in made.changes
    )
    says = f"Version {made.version}: {facts[:300]}. The leads it concerns are decided again."
    return done(request, f"/settings/policy#{key}", says)


def _compared(request: Request, here: Cockpit, facts: dict[str, Any]) -> dict[str, Any]:
    """Two versions, where the address names them."""
    asked = [request.query_params.get(name, "") for name in ("from", "to")]
    before, after = (int(each) if each.isdecimal() and len(each) < 10 else 0 for each in asked)
    compared = gather.difference(here.database, before, after) if before and after else None
    return {"tabs": TABS, "compared": compared}


@router.view(
    "/settings/policy/history",
    "/api/policy/history",
    "policy_history.html",
    "Policy",
    summary="Versions of the policy",
    more=_compared,
)
def history(here: Here, limit: Annotated[int, Query(ge=1, le=1_000)] = 200) -> dict[str, Any]:
    """The newest first, each with who made it, why, and what it changed."""
    return gather.history(here.database, limit)


@router.json("/api/policy/diff", summary="Two versions of the policy compared")
def difference(
    here: Here, before: Annotated[Version, Query(alias="from")], after: Annotated[Version, Query(alias="to")]
) -> dict[str, Any]:
    """Each key in which they differ."""
    return gather.difference(here.database, before, after)


def _pages(request: Request, here: Cockpit, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "tabs": TABS,
        "more": f"/settings/dnc?{urlencode({'before': facts['next']})}" if facts["next"] else None,
    }


@router.view(
    "/settings/dnc",
    "/api/dnc",
    "dnc.html",
    "Do not contact",
    summary="The do-not-contact list",
    more=_pages,
)
def dnc(
    here: Here,
    who: Annotated[str | None, Query(max_length=200, description="an address, number or domain")] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = gather.DNC_PAGE,
) -> dict[str, Any]:
    """The newest first; ``next`` goes into ``before``."""
    return gather.dnc(here.database, (who or "").strip() or None, before, limit)


@router.post("/settings/dnc")
def add(
    request: Request,
    here: Here,
    who: Annotated[str, Form(max_length=900_000)],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Put people on the list, as ``valhalla dnc add`` does; whatever separates them."""
    entries, nobody = _people(who)
    if not entries:
        raise UsageError("there is no e-mail address, phone number or domain in this")
    added, leads = do_not_contact.add(here.database, entries, reason=reason.strip() or None, actor=here.actor)
    known = len(set(entries)) - added
    says = f"{added:,} added; {leads:,} leads are now marked do not contact."
    says += f" {known:,} were on the list already." if known else ""
    says += f" {nobody:,} words were nobody." if nobody else ""
    return done(request, "/settings/dnc", says)


@router.post("/settings/dnc/scrub")
def scrub(
    request: Request,
    here: Here,
    list_: Annotated[UploadFile, File(alias="list")],
    kind: Annotated[scrubbing.Kind, Form()] = "national",
) -> Response:
    """Check all leads against a list of numbers, as ``valhalla dnc import`` does."""
    name = list_.filename or "the list"
    with scratch_folder(here.database.path) as folder:
        path = folder / (re.sub(r"[^\w. -]", "_", name)[-100:] or "list.csv")
        path.write_bytes(list_.file.read())
        try:
            checked, found = other_lists.import_scrub(here.database, path, kind, actor=here.actor)
        except ValhallaError as error:
            raise UsageError(str(error).replace(str(path), "the list")) from None
    what = (
        "have such a number and are called at another one"
        if kind == "national"
        else "are now marked do not contact"
    )
    says = f"{checked.numbers:,} checked: {checked.matched:,} leads {what}."
    says += f" {found.clear:,} rows of the list say that they are clear." if found.clear else ""
    return done(request, "/settings/dnc", says)


@router.post("/settings/dnc/remove")
def remove(request: Request, here: Here, who: Annotated[str, Form(max_length=500)]) -> Response:
    """Take somebody off the list, as ``valhalla dnc remove`` does."""
    removed, leads = do_not_contact.remove(here.database, [suppression.entry(who)], actor=here.actor)
    if not removed:
        raise UsageError(
            "nobody like that is on the list, or the national registry says so, which only consent lifts"
        )
    return done(request, "/settings/dnc", f"Taken off; {leads:,} leads may be contacted again.")


@router.view("/settings/buyers", "/api/buyers", "buyers.html", "Buyers", summary="The buyers", more=_tabs)
def buyers(here: Here) -> dict[str, Any]:
    """Who buys what; null is any."""
    return gather.buyers(here.database)


@router.post("/settings/buyers/add")
def add_buyer(
    request: Request,
    here: Here,
    name: Annotated[str, Form(max_length=200)],
    markets: Annotated[str, Form(max_length=1_000)] = "",
    max_price: Annotated[str, Form(max_length=30)] = "",
    phone: Annotated[str, Form(max_length=60)] = "",
    email: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Add a buyer by hand, or change one, as ``valhalla buyers add`` does."""
    cells = {"name": name, "markets": markets, "max_price": max_price, "phone": phone, "email": email}
    _, new = listed_buyers.add(here.database, cells, actor=here.actor)
    return done(request, "/settings/buyers", f"{name.strip()} {'is on the list' if new else 'was changed'}.")


@router.post("/settings/buyers")
def import_buyers(
    request: Request,
    here: Here,
    list_: Annotated[UploadFile, File(alias="list")],
    replace: Annotated[bool, Form()] = False,
) -> Response:
    """Take buyers from a CSV, as ``valhalla buyers import`` does."""
    with scratch_folder(here.database.path) as folder:
        path = folder / "buyers.csv"
        path.write_bytes(list_.file.read())
        try:
            taken = other_lists.import_buyers(here.database, path, replace=replace, actor=here.actor)
        except ValhallaError as error:
            raise UsageError(str(error).replace(str(path), "the list")) from None
    says = f"{taken.new} new, {taken.changed} changed, {taken.same} as before"
    says += f", {taken.removed} left" if taken.removed else ""
    if taken.refused:
        first = taken.refused[0]
        says += f", {len(taken.refused)} refused (line {first.line}: {first.message})"
    return done(request, "/settings/buyers", f"{says}.", kind="warn" if taken.refused else "ok")


def _people(text: str) -> tuple[list[suppression.Entry], int]:
    """The entries in a text, and how many parts of it are none."""
    entries, nobody = [], 0
    for part in re.split(r"[\n\r\t,;|]+", text):
        if not part.strip():
            continue
        try:
            entries.append(suppression.entry(part))
        except UsageError:
            nobody += 1
    return entries, nobody
