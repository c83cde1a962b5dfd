"""Subjects whose module is loaded when one of their addresses is asked for first.

Of some forty, a day needs ten; to load the others is a seventh of a start, and memory for as long as the program runs.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Protocol

from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send

AHEAD = ("/api/", "/ws/")
"""What an address of JSON or of a WebSocket begins with, before the place where its page is."""


class Module(Protocol):
    """The module of a subject, or what stands for it until it is loaded."""

    @property
    def router(self) -> Router: ...


class Subject(BaseRoute):
    """The routes of one module. ``places``: where all of its pages are; ``/jobs`` also has ``/jobs/3`` and ``/api/jobs``.
    ``only``: the paths it has here; None: all."""

    def __init__(self, module: Module, *places: str, only: Container[str] | None = None) -> None:
        self.module = module
        self._places = places
        self._below = tuple(f"{place}/" for place in places)
        self._only = only

    @property
    def routes(self) -> list[BaseRoute]:
        """All of them, which loads the module."""
        found = self.module.router.routes
        return [each for each in found if self._only is None or getattr(each, "path", "") in self._only]

    def has(self, path: str) -> bool:
        """Whether a page or JSON at ``path`` is one of this subject, going by where it is."""
        for ahead in AHEAD:
            if path.startswith(ahead):
                path = path[len(ahead) - 1 :]
                break
        return path in self._places or path.startswith(self._below)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that fits the address, as if they stood here one by one."""
        first: tuple[Match, Scope] = (Match.NONE, {})
        if not self.has(scope["path"].removeprefix(scope.get("root_path", ""))):
            return first
        for route in self.routes:
            match, found = route.matches(scope)
            if match is Match.FULL or (match is Match.PARTIAL and first[0] is Match.NONE):
                first = (match, {"route": route, **found})
            if match is Match.FULL:
                break
        return first

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route answer that was found."""
        await scope["route"].handle(scope, receive, send)


def each_route(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """The routes with those of all subjects, which loads their modules."""
    for route in routes:
        if isinstance(route, Subject):
            yield from route.routes
        else:
            yield route
