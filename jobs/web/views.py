"""What is shown is declared once: one function gathers it, and its page and its JSON come from that declaration."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, compile_path, get_name
from starlette.types import Scope

Gather = Callable[..., Any]
More = Callable[[Request, Any, Any], dict[str, Any]]
Page = Callable[..., Response]
"""Makes a page of a request, a template, a title, and by their names what the template shows."""

Responses = dict[int | str, dict[str, Any]]

PAGING = ("before", "after", "limit")
"""Parameters that say which part of a list is shown; a link to another filter begins at its first part."""


class Answer(JSONResponse):
    """JSON; text as it is, times and money as the gathering functions made them."""

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content, default=str, option=orjson.OPT_NON_STR_KEYS)


class Route(APIRoute):
    """A route that works out what its function takes when it is asked for first: of 250, which would take a second at each start,
    a day needs twenty."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path, self.endpoint = path, endpoint
        self.name = options.get("name") or get_name(endpoint)
        self.methods = {each.upper() for each in options.get("methods") or ("GET",)}
        self.include_in_schema = options.get("include_in_schema", True)
        self._beginning = path.partition("{")[0]
        self._options = options

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As ever, without an expression for an address that begins otherwise or, where nothing varies, is another one."""
        if scope["type"] == "http":
            asked = scope["path"].removeprefix(scope.get("root_path", ""))
            if asked != self.path if self._beginning == self.path else not asked.startswith(self._beginning):
                return Match.NONE, {}
        return super().matches(scope)

    def __getattr__(self, name: str) -> Any:
        """Of what is not known yet, the first thing that somebody asks for."""
        if name in ("path_regex", "path_format", "param_convertors"):
            self.path_regex, self.path_format, self.param_convertors = compile_path(self.path)
            return getattr(self, name)
        try:
            options = self.__dict__.pop("_options")
        except KeyError:
            raise AttributeError(name) from None
        super().__init__(self.path, self.endpoint, **options)
        return getattr(self, name)


class Views(APIRouter):
    """The routes of one subject. ``tag``: its heading in the OpenAPI description."""

    def __init__(self, tag: str, page: Page) -> None:
        super().__init__(route_class=Route)
        self._tag = tag
        self._page = page

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route. The OpenAPI description has those of JSON."""
        options["include_in_schema"] = path.startswith("/api/")
        super().add_api_route(path, endpoint, **options)

    def view(
        self,
        path: str,
        api: str,
        template: str,
        title: str | Callable[[Any], str],
        *,
        summary: str,
        name: str | None = None,
        more: More | None = None,
        brief: Gather | None = None,
        responses: Responses | None = None,
    ) -> Callable[[Gather], Gather]:
        """Show what the decorated function gathers at ``path`` as a page and at ``api`` as JSON.

        The function takes ``here`` and the parameters of both, and its docstring describes the JSON. The template has what it
        returns, as ``name`` or key by key, what ``more`` adds for people, and ``at(...)``: this page with other parameters.
        ``brief``: gathers for the page, where that shows less than the JSON has.
        """

        def declare(gather: Gather) -> Gather:
            self.json(api, summary=summary, responses=responses)(gather)
            signature = inspect.signature(gather, eval_str=True)

            def show(request: Request, **given: Any) -> Response:
                found = (brief or gather)(**given)
                if isinstance(found, Response):
                    return found
                shown = dict(found) if name is None else {name: found}
                shown |= more(request, given["here"], found) if more is not None else {}
                shown.setdefault("at", functools.partial(_at, request, signature))
                return self._page(
                    request, template, title if isinstance(title, str) else title(found), **shown
                )

            asking = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
            given = [
                each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in signature.parameters.values()
            ]
            show.__signature__ = inspect.Signature([asking, *given])  # type: ignore[attr-defined]
            self.add_api_route(path, show, response_model=None, route_class_override=_PageRoute)
            return gather

        return declare

    def json(
        self, api: str, *, summary: str, responses: Responses | None = None
    ) -> Callable[[Gather], Gather]:
        """Answer with what the decorated function gathers, as JSON."""

        def declare(gather: Gather) -> Gather:
            @functools.wraps(gather)
            def answer(**given: Any) -> Response:
                found = gather(**given)
                return found if isinstance(found, Response) else Answer(found)

            self.add_api_route(
                api, answer, summary=summary, responses=responses, tags=[self._tag], response_model=None
            )
            return gather

        return declare


def _at(request: Request, signature: inspect.Signature, /, **other: Any) -> str:
    """The address of the page with other parameters; one that is None, or has its default, is left out."""
    defaults = {name: each.default for name, each in signature.parameters.items()}
    asked = {name: request.query_params.get(name) for name in defaults if name not in PAGING}
    rest = {name: value for name, value in (asked | other).items() if value and value != defaults.get(name)}
    return request.url.path + (f"?{urlencode(rest)}" if rest else "")


class _PageRoute(Route):
    """A page. A form sends its empty fields, too; an empty one is no filter."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_filled(request: Request) -> Response:
            asked = request.scope["query_string"]
            if b"=&" in asked or asked.endswith(b"="):
                filled = parse_qsl(asked.decode("latin-1"))  # leaves out what is empty
                request.scope["query_string"] = urlencode(filled).encode("latin-1")
            return await handle(request)

        return handle_filled
