"""JSON answers, and refusals in the one shape that errors have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope


class Answer(JSONResponse):
    """JSON; text as it is, times and money as the gathering functions made them."""

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content, default=str, option=orjson.OPT_NON_STR_KEYS)


def error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """``{"error": {"code", "message"}}``: what every refusal under /api/ looks like."""
    return Answer({"error": {"code": code, "message": message}}, status, headers=dict(headers or {}))


def wants_json(scope: Scope) -> bool:
    """Whether whoever asks reads JSON rather than pages."""
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
    from valhalla.cockpit.rendering import environment

    page = environment().get_template("refusal.html")
    return HTMLResponse(
        page.render(status=status, code=code, message=message), status, headers=dict(headers or {})
    )
