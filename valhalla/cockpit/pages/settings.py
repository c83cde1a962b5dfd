"""Settings, and with them the policy, the do-not-contact list and the buyers."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from starlette.responses import Response

from valhalla.cockpit.gather import settings as gather
from valhalla.cockpit.rail import Entry
from valhalla.cockpit.rendering import done, page, wants_json
from valhalla.cockpit.state import Cockpit, Here
from valhalla.leads import do_not_contact, suppression
from valhalla.program import settings
from valhalla.program.errors import UsageError, ValhallaError
from valhalla.scoring import changes, policies
from valhalla.service import startup

ENTRY = Entry("Settings", "/settings", "settings")

TABS = (
    ("/settings", "Settings"),
    ("/settings/policy", "Policy"),
    ("/settings/dnc", "Do not contact"),
    ("/settings/buyers", "Buyers"),
)

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=5_000)]
Version = Annotated[int, Query(ge=1, lt=2**31)]


def _page(request: Request, template: str, title: str, status: int = 200, /, **shown: Any) -> Response:
    return page(request, template, title, status, tabs=TABS, **shown)


@router.get("/settings")
def show(request: Request, here: Here) -> Response:
    """Every setting."""
    return _all(request, here)


def _all(request: Request, here: Cockpit, status: int = 200, **wrong: Any) -> Response:
    starts = startup.status() if sys.platform == "win32" else None
    wrong = {"wrong": None, "typed": "", "problem": ""} | wrong
    return _page(
        request,
        "settings.html",
        "Settings",
        status,
        **gather.gather(here.database),
        **wrong,
        windows=sys.platform == "win32",
        starts=starts,
    )


@router.post("/settings")
def change(
    request: Request, here: Here, key: Annotated[str, Form(max_length=100)], value: Text = ""
) -> Response:
    """Change a setting, as ``valhalla config set`` does. A value that cannot be is told beside it."""
    try:
        settings.known(key)
        stored = settings.save(here.database, key, value)
    except UsageError as error:
        if wants_json(request.scope):
            raise
        return _all(request, here, 400, wrong=key, typed=value, problem=str(error))
    variable = settings.environment_name(key)
    says = f"{key} is {settings.as_text(stored)}, from the next cycle on."
    if gather.one(here.database, key)["origin"] == "environment":
        says = f"{key} is stored, but the variable {variable} is in force."
    return done(request, f"/settings#{key}", says)


@router.post("/settings/startup")
def start_with_windows(request: Request, here: Here, on: Annotated[bool, Form()] = False) -> Response:
    """Start with Windows, or not."""
    if on:
        startup.enable(here.home.path)
    else:
        startup.disable()
    return done(request, "/settings", f"Valhalla {'starts' if on else 'no longer starts'} with Windows.")


@router.get("/settings/policy")
def policy(request: Request, here: Here, version: Version | None = None) -> Response:
    """The policy in force, or an earlier version."""
    return _policy(request, here, version)


def _policy(
    request: Request, here: Cockpit, version: int | None, status: int = 200, **wrong: Any
) -> Response:
    wrong = {"wrong": None, "typed": "", "problem": ""} | wrong
    return _page(request, "policy.html", "Policy", status, **gather.policy(here.database, version), **wrong)


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
        made, _ = changes.set_policy(here.reevaluating, key, value, reason)
    except UsageError as error:
        if wants_json(request.scope):
            raise
        return _policy(request, here, None, 400, wrong=key, typed=value, problem=str(error))
    if not made.changes:
        return done(
            request,
            f"/settings/policy#{key}",
            f"{key} is {policies.as_text(policies.parsed(value))} already.",
        )
    told = "; ".join(
        f"{each.key}: {policies.as_text(each.before)} → {policies.as_text(each.after)}"
        for each in made.changes
    )
    says = f"Version {made.version}: {told[:300]}. The leads it concerns are decided again."
    return done(request, f"/settings/policy#{key}", says)


@router.get("/settings/policy/history")
def history(
    request: Request,
    here: Here,
    before: Annotated[int | None, Query(alias="from", ge=1, lt=2**31)] = None,
    after: Annotated[int | None, Query(alias="to", ge=1, lt=2**31)] = None,
) -> Response:
    """Every version and what it changed; two of them compared."""
    compared = gather.difference(here.database, before, after) if before and after else None
    return _page(request, "policy_history.html", "Policy", **gather.history(here.database), compared=compared)


@router.get("/settings/dnc")
def dnc(
    request: Request,
    here: Here,
    who: Annotated[str | None, Query(max_length=200)] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """Who must not be contacted."""
    shown = gather.dnc(here.database, (who or "").strip() or None, before)
    more = f"/settings/dnc?{urlencode({'before': shown['next']})}" if shown["next"] else None
    return _page(request, "dnc.html", "Do not contact", **shown, more=more)


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
    added, leads = do_not_contact.add(here.database, entries, reason=reason.strip() or None)
    known = len(set(entries)) - added
    says = f"{added:,} added; {leads:,} leads are kept out by this."
    says += f" {known:,} were on the list already." if known else ""
    says += f" {nobody:,} words were nobody." if nobody else ""
    return done(request, "/settings/dnc", says)


@router.post("/settings/dnc/remove")
def remove(request: Request, here: Here, who: Annotated[str, Form(max_length=500)]) -> Response:
    """Take somebody off the list, as ``valhalla dnc remove`` does."""
    removed, leads = do_not_contact.remove(here.database, [suppression.entry(who)])
    if not removed:
        raise UsageError("nobody like that is on the list")
    return done(request, "/settings/dnc", f"Taken off; {leads:,} leads may be contacted again.")


@router.get("/settings/buyers")
def buyers(request: Request, here: Here) -> Response:
    """Who buys what."""
    return _page(request, "buyers.html", "Buyers", **gather.buyers(here.database))


@router.post("/settings/buyers")
def import_buyers(
    request: Request,
    here: Here,
    list_: Annotated[UploadFile, File(alias="list")],
    replace: Annotated[bool, Form()] = False,
) -> Response:
    """Take buyers from a CSV, as ``valhalla buyers import`` does."""
    from valhalla.leads.buyers import import_buyers as take

    with tempfile.TemporaryDirectory(prefix="valhalla-buyers-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "buyers.csv"
        path.write_bytes(list_.file.read())
        try:
            taken = take(here.database, path, replace=replace)
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
