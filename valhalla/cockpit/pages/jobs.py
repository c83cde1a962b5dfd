"""The queue's pages, which :mod:`jobs.web` has, in the cockpit's frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import Request
from starlette.responses import Response

from jobs import JobQueue
from jobs.web import routes
from valhalla.cockpit import rendering
from valhalla.cockpit.state import cockpit_of

router = routes.router

TITLES = {
    "import.file": "Read a list",
    "import.undo": "Undo an import",
    "ingest.cycle": "Look for new lists",
    "leads.index": "Fill the search index",
    "effect.run": "Send an effect",
    "stages.reevaluate": "Decide on leads again",
    "stages.nightly": "Decide on all leads each night",
    "packets.refresh": "Refresh packets",
    "digest.write": "Write the digest",
    "audit.copy": "Make an audit copy",
    "risk.assess": "Assess the risk",
    "retention.prune": "Remove what is old",
}
"""What kinds of jobs are called where people read."""


@dataclass(frozen=True)
class CockpitJobs:
    """What the pages of jobs ask of the cockpit."""

    queue: JobQueue
    actor: str

    titles: ClassVar = TITLES
    results: ClassVar = {"import.file": ("Import", "/imports/{}")}

    def page(self, request: Request, template: str, title: str, /, **shown: Any) -> Response:
        """A page in the cockpit's frame."""
        return rendering.page(request, template, title, **shown)

    def done(
        self, request: Request, to: str, text: str, *, kind: str = "ok", undo: str | None = None
    ) -> Response:
        """The answer to a click."""
        return rendering.done(request, to, text, kind=kind, undo=undo)


def host(request: Request) -> CockpitJobs:
    """What the pages of jobs ask, as the person who asks has it."""
    cockpit = cockpit_of(request)
    return CockpitJobs(cockpit.queue, cockpit.actor)
