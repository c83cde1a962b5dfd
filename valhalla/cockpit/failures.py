"""What the user sees when something does not work: one sentence, never a trace."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db import DatabaseError
from jobs import CannotBeAsked, JobsError, UnknownJob
from valhalla.cockpit.rendering import refusal
from valhalla.cockpit.security.limits import TooLarge
from valhalla.program import correlation
from valhalla.program.errors import InputError, NotFound, UsageError, ValhallaError

log = logging.getLogger("valhalla.cockpit")

WORDS = {
    404: ("NOT_FOUND", "There is nothing at this address."),
    405: ("METHOD", "That cannot be done at this address."),
    413: ("TOO_LARGE", "That is more than is read here."),
}


def handle(app: FastAPI) -> None:
    """Have every foreseen error of ``app`` answered in our words."""
    app.add_exception_handler(ValhallaError, _refused)
    app.add_exception_handler(JobsError, _refused)
    app.add_exception_handler(DatabaseError, _database)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, NotFound | UnknownJob):
        return refusal(request.scope, 404, "NOT_FOUND", _sentence(error))
    if isinstance(error, UsageError | InputError | CannotBeAsked):
        return refusal(request.scope, 400, "NOT_POSSIBLE", _sentence(error))
    return refusal(request.scope, 409, "REFUSED", _sentence(error))


def _database(request: Request, error: Exception) -> Response:
    log.error("the file could not be used: %s", error)
    return refusal(request.scope, 503, "FILE", _sentence(error), {"retry-after": "5"})


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, message = WORDS.get(error.status_code, ("REFUSED", str(error.detail)))
    return refusal(request.scope, error.status_code, code, message, error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    """Names the parameters that are wrong and what they must be, never what was sent."""
    assert isinstance(error, RequestValidationError)
    sentence = "; ".join(
        f"{'.'.join(str(part) for part in each['loc'][1:]) or 'the request'}: {each['msg']}"
        for each in error.errors()[:5]
    )
    return refusal(request.scope, 422, "NOT_VALID", f"This cannot be read: {sentence}.")


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


class Unforeseen:
    """Whatever nobody foresaw: logged under its correlation id, which the answer names."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        with correlation.using(None):
            number = correlation.current()
            try:
                await self.app(scope, receive, sending)
            except TooLarge:
                raise
            except Exception:
                log.exception("a request to the cockpit failed", extra={"path": scope["path"]})
                if not begun and scope["type"] == "http":
                    message = (
                        f"Something went wrong here; the log has it under {number}. Nothing was changed."
                    )
                    await refusal(scope, 500, "FAILED", message)(scope, receive, send)
