"""What the pages ask of the program in which they are mounted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from starlette.responses import Response

from jobs.queue import JobQueue


class Host(Protocol):
    """One is made for each request, by the function in ``app.state.job_pages``."""

    @property
    def queue(self) -> JobQueue:
        """The queue."""

    @property
    def actor(self) -> str:
        """Under whose name something is recorded."""

    @property
    def titles(self) -> Mapping[str, str]:
        """What kinds of jobs are called where people read; others are called by their names."""

    @property
    def results(self) -> Mapping[str, tuple[str, str]]:
        """Of kinds whose result is the number of something that has a page: what that is, and the address, with ``{}`` in it."""

    def page(self, request: Request, template: str, title: str, /, **shown: Any) -> Response:
        """``template`` with ``shown``, in the program's frame."""

    def done(
        self, request: Request, to: str, text: str, *, kind: str = "ok", undo: str | None = None
    ) -> Response:
        """The answer to a POST: 303 to ``to``, which says ``text`` once. ``undo``: a POST address that undoes it."""


def host_of(request: Request) -> Host:
    """What the program said that the pages may use."""
    found: Host = request.app.state.job_pages(request)
    return found


async def _here(request: Request) -> Host:
    return host_of(request)  # what is not a coroutine is called in a thread, as if it read the database


Here = Annotated[Host, Depends(_here)]
"""``def route(here: Here)``."""
