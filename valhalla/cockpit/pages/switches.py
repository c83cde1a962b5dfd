"""The strip around every page, and its switches: the dry-run lock, light or dark, the home folder, signing out."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated, Any

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from valhalla.cockpit.rendering import THEME_COOKIE, THEMES, Answer, done, local, page, wants_json
from valhalla.cockpit.security.hosts import SECURE
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views
from valhalla.effects import live, register
from valhalla.program.errors import UsageError, ValhallaError
from valhalla.program.instance import running
from valhalla.team import signing_in

CONFIRMATION = "LIVE"
YEAR = 365 * 24 * 3600

router = Views("overview")

Back = Annotated[str, Form(max_length=2_000)]


@router.json("/api/state", summary="What the program is doing")
def show(here: Here) -> dict[str, Any]:
    """Run, cycle, lock, counts of what waits for a person, home."""
    return here.frame()


@router.get("/live")
def ask(request: Request, here: Here) -> Response:
    """What would go out, and the question before it."""
    waiting = [register.as_json(each) for each in register.find(here.database, state="approved", limit=50)]
    return page(
        request,
        "live.html",
        "Go live",
        waiting=waiting,
        counts=register.counts(here.database),
        hours=live.LONGEST // 3_600_000_000,
    )


@router.post("/live/on")
def on(
    request: Request, here: Here, word: Annotated[str, Form(max_length=20)] = "", back: Back = "/"
) -> Response:
    """Turn the lock off, as ``valhalla live on`` does."""
    if word.strip() != CONFIRMATION:
        raise UsageError(f"it stays a dry run: type {CONFIRMATION} to go live")
    instance = running(here.home.path)
    opened = live.open_for(
        here.database, live.running_run(here.database, instance.pid if instance else None), here.actor
    )
    hours = round((opened.until - opened.opened_at) / 3_600_000_000)
    return done(
        request,
        back,
        f"Live. Approved effects go out, for {hours} hours at most.",
        kind="warn",
        undo="/live/off",
    )


@router.post("/live/off")
def off(request: Request, here: Here, back: Back = "/") -> Response:
    """Turn the lock on, as ``valhalla live off`` does."""
    closed = live.close(here.database, here.actor)
    return done(
        request, back, "Dry run: nothing leaves this computer." if closed else "It was a dry run already."
    )


@router.post("/theme")
def theme(
    request: Request, theme: Annotated[str, Form(max_length=10)] = "light", back: Back = "/"
) -> Response:
    """Keep the choice of light or dark in the browser."""
    answer: Response = (
        Answer({"theme": theme}) if wants_json(request.scope) else RedirectResponse(local(back), 303)
    )
    if theme in THEMES:
        answer.set_cookie(THEME_COOKIE, theme, max_age=YEAR, path="/", samesite="lax", httponly=True)
    return answer


@router.post("/folder")
def folder(request: Request, here: Here) -> Response:
    """Show the home folder in this computer's file manager."""
    path = str(here.home.path)
    try:
        if sys.platform == "win32":
            os.startfile(path)
        else:
            subprocess.Popen(
                ["open" if sys.platform == "darwin" else "xdg-open", path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
    except OSError:
        raise ValhallaError(f"this computer has no file manager to open; the folder is {path}") from None
    return done(request, "/", f"Opened {path}.")


@router.post("/sign-out")
def sign_out(request: Request, here: Here) -> Response:
    """End this browser's session."""
    secure = request.url.scheme in SECURE
    for name in (here.cookie, here.member_cookie(request.url.scheme)):
        here.sessions.end(request.cookies.get(name, ""))
    if here.member is not None:
        signing_in.sign_out(here.database, request.cookies[here.member_cookie(request.url.scheme)])
    answer = RedirectResponse("/", 303)
    for name in (here.cookie, here.member_cookie(request.url.scheme)):
        if name in request.cookies:
            answer.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=secure)
    return answer
