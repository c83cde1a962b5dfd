"""Pages: templates with the frame around them, and the words and numbers that they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import ChoiceLoader, Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Scope

from jobs.web.rendering import TEMPLATES
from jobs.web.rendering import local as local
from jobs.web.views import Answer as Answer
from valhalla import __version__
from valhalla.cockpit import pieces, wording
from valhalla.cockpit.pieces import static
from valhalla.cockpit.rail import Entry
from valhalla.cockpit.security.roles import may as role_may
from valhalla.cockpit.security.sessions import Toast
from valhalla.cockpit.state import Cockpit, cockpit_of
from valhalla.cockpit.uploads import LARGEST
from valhalla.program import templates

THEMES = ("light", "dark")
THEME_COOKIE = "valhalla_theme"


def page(request: Request, template: str, title: str, status: int = 200, /, **shown: Any) -> Response:
    """A whole page: ``template`` with ``shown`` inside the frame. Call it in a plain ``def`` route: it reads the file."""
    cockpit = cockpit_of(request)
    theme = request.cookies.get(THEME_COOKIE)
    session = request.scope.get("session")
    around = cockpit.frame()
    toasts = []
    part = "x-part" in request.headers  # fetched by refresh.js, which shows no toasts
    while session is not None and session.toasts and not part:
        toasts.append(session.toasts.popleft())
    may = _allowed(cockpit)
    rail = [entry for entry in request.app.state.entries if entry.shown(around) and may("GET", entry.path)]
    text = (
        environment()
        .get_template(template)
        .render(
            title=title,
            here=request.url.path,
            root="",
            address=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            theme=theme if theme in THEMES else None,
            frame=around,
            there=lambda path: _there(request, path, may),
            may=may,
            member=cockpit.member,
            rail=rail,
            rail_more=[
                entry for entry in rail if not entry.first
            ],  # than the bottom bar of a small screen has
            current=_current(rail, request.url.path),
            toasts=toasts,
            read_only=cockpit.read_only,
            now=cockpit.database.clock(),
            **shown,
        )
    )
    return HTMLResponse(text, status)


def _current(rail: Sequence[Entry], path: str) -> str | None:
    """The entry that the page at ``path`` belongs to: the one with the longest address that it begins with."""
    fit = [
        entry.path for entry in rail if path == entry.path or path.startswith(entry.path.rstrip("/") + "/")
    ]
    return max((each for each in fit if each != "/" or path == "/"), key=len, default=None)


def _allowed(cockpit: Cockpit) -> Callable[[str, str], bool]:
    """Whether the person who asks may ask for a route: ``may("POST", "/settings")``. The operator of this computer may."""
    member = cockpit.member
    return lambda method, route: member is None or role_may(member.role, method, route)


def _there(request: Request, address: str | None, may: Callable[[str, str], bool]) -> str | None:
    """``address`` if it is of a page in the rail, else None: nothing links to what is not there."""
    homes = (
        entry.path for entry in request.app.state.entries if entry.path != "/" and may("GET", entry.path)
    )
    path = (address or "").partition("?")[0].partition("#")[0]
    return address if any(path == home or path.startswith(home + "/") for home in homes) else None


def done(request: Request, to: str, text: str, *, kind: str = "ok", undo: str | None = None) -> Response:
    """The answer to a POST: 303 to the page ``to``, which says ``text`` once. ``undo``: a POST address that undoes it.

    A script that asked for JSON gets ``{"message", "undo"}`` instead; typed.js, which goes there itself, ``{"to"}``.
    """
    here = "x-typed" in request.headers
    if not here and wants_json(request.scope):
        return Answer({"message": text, "kind": kind, "undo": undo})
    session = request.scope.get("session")
    if session is not None:
        session.toasts.append(Toast(text, kind, undo))
    return Answer({"to": local(to)}) if here else RedirectResponse(local(to), 303)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates' environment: escapes everything, and an unknown name is an error."""
    made = templates.environment("valhalla.cockpit")
    assert made.loader is not None
    made.loader = ChoiceLoader([made.loader, TEMPLATES])
    made.filters |= {each.__name__: each for each in wording.FILTERS}
    made.globals |= {"static": static, "version": __version__, "html": pieces, "largest_list": LARGEST}
    return made


# -- JSON answers, and refusals in the one shape that errors have ----------------------------------


def error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """``{"error": {"code", "message"}}``: what every refusal under /api/ looks like."""
    return Answer({"error": {"code": code, "message": message}}, status, headers=dict(headers or {}))


def wants_json(scope: Scope) -> bool:
    """Whether the client reads JSON rather than pages."""
    if scope["path"].startswith("/api/"):
        return True
    accept = dict(scope["headers"]).get(b"accept", b"")
    return b"application/json" in accept and b"text/html" not in accept


def refusal(
    scope: Scope, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """An error as JSON or as a page, whichever was asked for. The message is one sentence with the way out."""
    if wants_json(scope):
        return error(status, code, message, headers)
    page = environment().get_template("refusal.html")
    return HTMLResponse(
        page.render(status=status, code=code, message=message), status, headers=dict(headers or {})
    )
