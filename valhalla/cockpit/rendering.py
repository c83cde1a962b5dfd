"""Pages: templates with the frame around them, and the words and numbers that they share."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from db.clock import DAY, HOUR, MINUTE, SECOND, now, to_datetime
from valhalla.cockpit import frame
from valhalla.cockpit.security.sessions import Toast
from valhalla.cockpit.state import cockpit_of
from valhalla.cockpit.uploads import LARGEST

THEMES = ("light", "dark")
THEME_COOKIE = "valhalla_theme"


def page(request: Request, template: str, title: str, status: int = 200, /, **shown: Any) -> Response:
    """A whole page: ``template`` with ``shown`` inside the frame. Call it in a plain ``def`` route: it reads the file."""
    cockpit = cockpit_of(request)
    theme = request.cookies.get(THEME_COOKIE)
    session = request.scope.get("session")
    around = frame.gather(cockpit)
    toasts = []
    part = "x-part" in request.headers  # fetched by refresh.js, which shows no toasts
    while session is not None and session.toasts and not part:
        toasts.append(session.toasts.popleft())
    text = (
        environment()
        .get_template(template)
        .render(
            title=title,
            here=request.url.path,
            address=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            theme=theme if theme in THEMES else None,
            frame=around,
            there=lambda path: _there(request, path),
            rail=[entry for entry in request.app.state.entries if entry.shown(around)],
            toasts=toasts,
            read_only=cockpit.read_only,
            now=cockpit.database.clock(),
            **shown,
        )
    )
    return HTMLResponse(text, status)


def _there(request: Request, address: str | None) -> str | None:
    """``address`` if it is of a page in the rail, else None: nothing links to what is not there."""
    homes = (entry.path for entry in request.app.state.entries if entry.path != "/")
    path = (address or "").partition("?")[0].partition("#")[0]
    return address if any(path == home or path.startswith(home + "/") for home in homes) else None


def done(request: Request, to: str, text: str, *, kind: str = "ok", undo: str | None = None) -> Response:
    """The answer to a POST: 303 to the page ``to``, which says ``text`` once. ``undo``: a POST address that takes it back.

    A script that asked for JSON gets ``{"message", "undo"}`` instead.
    """
    from valhalla.cockpit.answers import Answer, wants_json

    if wants_json(request.scope):
        return Answer({"message": text, "kind": kind, "undo": undo})
    session = request.scope.get("session")
    if session is not None:
        session.toasts.append(Toast(text, kind, undo))
    return RedirectResponse(local(to), 303)


def local(to: str | None, otherwise: str = "/") -> str:
    """``to`` if it is an address of this cockpit, else ``otherwise``: a form field must not lead elsewhere."""
    if not to or not to.startswith("/") or to[1:2] in ("/", "\\") or any(ord(char) < 32 for char in to):
        return otherwise
    return to


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates' environment: escapes everything, and an unknown name is an error."""
    made = Environment(
        loader=PackageLoader("valhalla.cockpit", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "ago": ago,
        "stamp": stamp,
        "moment": moment,
        "number": number,
        "dollars": dollars,
        "words": words,
        "span": span,
        "size": size,
        "quantity": quantity,
        "figure": figure,
    }
    made.globals |= {"static": static, "version": _version(), "largest_list": LARGEST}
    return made


@lru_cache(maxsize=64)
def static(name: str) -> str:
    """The address of a static file, with its content in it, so that it may be kept for a year."""
    content = files("valhalla.cockpit").joinpath("static", name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def micros(at: int | str) -> int:
    """UTC microseconds of a time as the file or the JSON has it."""
    if isinstance(at, int):
        return at
    found = datetime.fromisoformat(at)
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * SECOND)


def ago(at: int | str) -> str:
    """3 min ago, in 2 h; more than a day away: the date on this computer's clock."""
    away = micros(at) - now()
    far = abs(away)
    if far >= DAY:
        return to_datetime(micros(at)).astimezone().strftime("%Y-%m-%d")
    if far < 10 * SECOND:
        return "now"
    if far < MINUTE:
        text = f"{far // SECOND} s"
    elif far < HOUR:
        text = f"{far // MINUTE} min"
    else:
        text = f"{far // HOUR} h"
    return f"in {text}" if away > 0 else f"{text} ago"


def stamp(at: int | str) -> str:
    """For a title: the exact time, UTC and on this computer's clock."""
    exact = to_datetime(micros(at))
    return f"{exact:%Y-%m-%d %H:%M:%S} UTC · {exact.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def moment(at: int | str) -> str:
    """ISO 8601, for the ``datetime`` attribute."""
    return to_datetime(micros(at)).isoformat(timespec="seconds")


def number(value: float) -> str:
    """1,234 or 12.5."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def dollars(value: float) -> str:
    """$500,000; cents only where there are any. ``value`` in dollars, as the JSON has it."""
    return f"${value:,.0f}" if value == int(value) else f"${value:,.2f}"


def words(name: str) -> str:
    """An enumeration's word as people write it: opted_out is opted out."""
    return name.replace("_", " ")


def span(seconds: float) -> str:
    """A duration: 40 ms, 0.4 s, 12 s, 3:07 min, 2 h 5 min."""
    if seconds < 0.1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(count: int) -> str:
    """Bytes as people read them."""
    value = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024 or unit == "GB":
            return f"{value:,.0f} {unit}" if unit == "B" or value >= 100 else f"{value:,.1f} {unit}"
        value /= 1024
    raise AssertionError


UNITS = ("_cents", "_ppm", "_points", "_hundredths")


def quantity(name: str) -> str:
    """The name of a stage's number without its unit: ``mao_cents`` is mao."""
    for unit in UNITS:
        name = name.removesuffix(unit)
    return name.replace("_", " ")


def figure(pair: tuple[str, Any]) -> str:
    """A stage's number in its unit, which its name ends in: cents, parts per million, points."""
    name, value = pair
    if value is None:
        return "unknown"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "yes" if value is True else "no" if value is False else str(value)
    if name.endswith("_cents"):
        return dollars(value / 100) if value >= 0 else f"-{dollars(-value / 100)}"
    if name.endswith("_ppm"):
        return f"{value / 10_000:,.1f} %"
    return number(value)


def _version() -> str:
    from valhalla import __version__

    return __version__
