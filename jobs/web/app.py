"""The pages as an app of their own, in a frame of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from jobs.errors import CannotBeAsked, JobsError, UnknownJob
from jobs.queue import JobQueue
from jobs.web.rendering import HERE, environment, local
from jobs.web.routes import router
from jobs.web.views import Answer

SAID = "valhalla_queue_said"
"""The cookie in which the answer to a click goes to the next page."""

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}


def pages(
    queue: JobQueue,
    *,
    title: str = "Jobs",
    may: Callable[[Request], bool] | None = None,
    actor: Callable[[Request], str] | None = None,
    read_only: bool = False,
    titles: Mapping[str, str] | None = None,
    results: Mapping[str, tuple[str, str]] | None = None,
) -> FastAPI:
    """Pages and JSON about the jobs of ``queue``, to be mounted anywhere: ``app.mount("/queue", pages(queue))``.

    They have no authentication of their own: put them behind yours, or give ``may``, which is called with each request and returns
    whether it is permitted (else 403). ``actor``: the name under which changes are recorded. ``read_only``: nothing can be changed.
    ``titles``: the names of kinds of jobs on the pages. ``results``: for kinds whose result is the number of something with a page of
    its own, what to call it and its address: ``{"invoice.make": ("Invoice", "/invoices/{}")}``.
    """
    app = FastAPI(
        title=title,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        routes=[*router.routes],  # as they are, not by include_router, which works out each of them once more
    )
    settings = _Settings(title, read_only, dict(titles or {}), dict(results or {}))
    app.state.job_pages = lambda request: _Alone(queue, actor(request) if actor else "operator", settings)
    app.add_api_route("/", _to_jobs, include_in_schema=False, response_model=None)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    app.add_exception_handler(JobsError, _refused)
    for unusable in queue.engine.errors:
        app.add_exception_handler(unusable, _refused)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_middleware(_Guard, read_only=read_only, may=may)
    return app


@dataclass(frozen=True)
class _Settings:
    title: str
    read_only: bool
    titles: Mapping[str, str]
    results: Mapping[str, tuple[str, str]]


class _Alone:
    """What the pages ask, where they stand alone. See :class:`jobs.web.host.Host`."""

    def __init__(self, queue: JobQueue, actor: str, settings: _Settings) -> None:
        self.queue = queue
        self.actor = actor
        self.titles = settings.titles
        self.results = settings.results
        self._settings = settings

    def page(self, request: Request, template: str, title: str, /, **shown: Any) -> Response:
        said = _said(request)
        text = (
            environment()
            .get_template(template)
            .render(
                title=title,
                program=self._settings.title,
                root=_root(request),
                here=request.url.path,
                address=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
                read_only=self._settings.read_only,
                said=said,
                **shown,
            )
        )
        response = HTMLResponse(text)
        if said is not None:
            response.delete_cookie(SAID, path=_root(request) or "/")
        return response

    def done(
        self, request: Request, to: str, text: str, *, kind: str = "ok", undo: str | None = None
    ) -> Response:
        said = {"message": text, "kind": kind, "undo": undo}
        if _wants_json(request):
            return Answer(said)
        response = RedirectResponse(local(to, _root(request) + "/jobs"), 303)
        response.set_cookie(
            SAID,
            quote(json.dumps(said)),
            max_age=60,
            path=_root(request) or "/",
            httponly=True,
            samesite="strict",
        )
        return response


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _to_jobs(request: Request) -> Response:
    return RedirectResponse(_root(request) + "/jobs", 303)


def _said(request: Request) -> dict[str, Any] | None:
    try:
        found = json.loads(unquote(request.cookies[SAID]))
        return {name: str(found[name]) if found[name] else None for name in ("message", "kind", "undo")}
    except (KeyError, ValueError, TypeError):
        return None


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    api = request.url.path.startswith(_root(request) + "/api/")
    return api or ("application/json" in accept and "text/html" not in accept)


def _refused(request: Request, error: Exception) -> Response:
    """One sentence, as a page or as JSON."""
    status, text = 503, str(error)
    if isinstance(error, UnknownJob):
        status = 404
    elif isinstance(error, CannotBeAsked):
        status = 400
    elif isinstance(error, JobsError):
        status = 409
    elif isinstance(error, HTTPException):
        status, text = (
            error.status_code,
            "there is nothing at this address" if error.status_code == 404 else error.detail,
        )
    elif isinstance(error, RequestValidationError):
        status = 422
        wrong = (
            f"{'.'.join(map(str, each['loc'][1:])) or 'the request'}: {each['msg']}"
            for each in error.errors()[:5]
        )
        text = f"this cannot be read: {'; '.join(wrong)}"
    text = text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
    if _wants_json(request):
        return Answer({"error": {"message": text}}, status)
    shown = {"title": "Not possible", "program": request.app.title, "root": _root(request), "message": text}
    page = environment().get_template("refusal.html")
    return HTMLResponse(page.render(**shown, here="", address="", read_only=True, said=None), status)


class _Guard:
    """Refuses requests that are not permitted, requests from other sites, and every change to read-only pages; adds :data:`HEADERS`."""

    def __init__(self, app: ASGIApp, read_only: bool, may: Callable[[Request], bool] | None) -> None:
        self.app = app
        self._read_only = read_only
        self._may = may

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        why = self._refusal(Request(scope))
        if why is not None:
            await Answer({"error": {"message": why}}, 403)(scope, receive, send)
            return

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                there = {name for name, _ in message["headers"]}
                message["headers"] += [
                    (name.encode(), value.encode())
                    for name, value in HEADERS.items()
                    if name.encode() not in there
                ]
            await send(message)

        await self.app(scope, receive, sending)

    def _refusal(self, request: Request) -> str | None:
        if self._may is not None and not self._may(request):
            return "You may not see this."
        if request.method in ("GET", "HEAD"):
            return None
        if self._read_only:
            return "Nothing can be changed here."
        return None if _same_site(request.headers) else "This came from another site."


def _same_site(headers: Headers) -> bool:
    """Whether a request that changes something came from these pages, or from no browser. Browsers say so themselves."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
