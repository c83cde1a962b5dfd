"""What every route of one cockpit shares, and how a route gets at it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends
from fastapi.requests import HTTPConnection

from valhalla.cockpit import frame
from valhalla.cockpit.calling import CallingDesk

if TYPE_CHECKING:
    from db import Database
    from jobs import JobQueue
    from valhalla.cockpit.figures import Figures
    from valhalla.cockpit.previews import Previews
    from valhalla.cockpit.security.sessions import Sessions
    from valhalla.console.service import Console
    from valhalla.intake.passes import Importing
    from valhalla.program.home import Home
    from valhalla.scoring.jobs import Reevaluating
    from valhalla.service.background import Background
    from valhalla.service.whole import WholeProgram
    from valhalla.team.members import Member


@dataclass
class Boards:
    """The federation and memory boards, for all who ask the same cockpit."""

    console: Console | None = None
    """Made by :mod:`valhalla.cockpit.consoles` when it is needed."""


@dataclass
class Cockpit:
    """One cockpit: made before the app, passed to :func:`valhalla.cockpit.app.make_app`."""

    program: WholeProgram
    sessions: Sessions
    figures: Figures
    previews: Previews
    name: str
    """The host that its pages have to themselves."""
    port: int
    network_names: tuple[str, ...] = ()
    """Names and addresses by which the local network reaches it, over TLS; empty: it does not."""
    network_port: int = 0
    read_only: bool = False
    """Nothing may be changed through this cockpit."""
    run_id: int | None = None
    """The run it belongs to; None: only looked at."""

    interval: int | None = None
    """Seconds between cycles if an option of the command says so; None: the setting."""

    desks: dict[str, CallingDesk] = field(default_factory=dict)
    """What is kept of those who work through the list, by name."""

    member: Member | None = None
    """Who asks, in a team; None: the operator of this computer. Of the cockpit that a request came to, see :func:`cockpit_of`."""

    boards: Boards = field(default_factory=Boards)

    def frame(self) -> dict[str, Any]:
        """What stands around every page, as of now."""
        found = frame.gather(
            self.database,
            self.home,
            queue=self.queue.name,
            here=self.run_id is not None,
            read_only=self.read_only,
            interval=self.interval,
        )
        # A caller needs neither the folder nor what waits for others.
        return found if self.member is None else found | {"home": ""}

    def news(self) -> object:
        """Another value after each change of what is shown."""
        return self.database.version()

    @property
    def actor(self) -> str:
        """Under whose name something is recorded."""
        return "operator" if self.member is None else self.member.name

    @property
    def calling(self) -> CallingDesk:
        """What is kept of the person who asks, for working through the list."""
        return self.desks.setdefault(self.actor, CallingDesk())

    @property
    def database(self) -> Database:
        """The home's database."""
        return self.program.database

    @property
    def home(self) -> Home:
        """The home."""
        return self.program.home

    @property
    def queue(self) -> JobQueue:
        """Where work is put that must not keep a click waiting."""
        return self.program.queue

    @property
    def background(self) -> Background:
        """What can wait."""
        return self.program.background

    @property
    def reevaluating(self) -> Reevaluating:
        """What decides on leads again."""
        return self.program.reevaluating

    @property
    def importing(self) -> Importing:
        """Imports."""
        return self.program.importing

    def member_cookie(self, scheme: str) -> str:
        """The name of a member's cookie. Over TLS browsers take one of this prefix only from the very host that it is for."""
        return "__Host-valhalla" if scheme in ("https", "wss") else f"valhalla_member_{self.port}"

    @property
    def cookie(self) -> str:
        """The session cookie's name. Cookies do not know ports, so the name does: one is left over when the port changes."""
        return f"valhalla_{self.port}"


def cockpit_of(connection: HTTPConnection) -> Cockpit:
    """The cockpit a request or WebSocket came to, as the person who asks has it."""
    found: Cockpit = connection.app.state.cockpit
    member = connection.scope.get("member")
    return found if member is None else replace(found, member=member)


async def _here(connection: HTTPConnection) -> Cockpit:
    return cockpit_of(connection)  # what is not a coroutine is called in a thread, as if it read the file


Here = Annotated[Cockpit, Depends(_here)]
"""``def route(here: Here)``: the cockpit."""
