"""The running hub: every workspace at work in one process, with one poller for all queues and one thread that looks after them.

A workspace that fails is named with the reason and tried again; the others go on. Each holds its own home's instance lock, so
a workspace that another process runs is left to that one, and only read here.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from db import Database, DatabaseError
from db.errors import Fenced
from jobs import JobQueue, Poller
from valhalla.fleet import hub as hubs
from valhalla.fleet import register
from valhalla.fleet.hub import Hub, Workspace
from valhalla.fleet.owning import Agent, Timing
from valhalla.intake.passes import Pass
from valhalla.program import settings
from valhalla.program.errors import ValhallaError
from valhalla.program.home import Home
from valhalla.program.instance import Instance
from valhalla.program.memory import settle
from valhalla.safety import preflight
from valhalla.service import links
from valhalla.service.service import Events, Plan, Service
from valhalla.service.whole import WholeProgram

COMMAND = "hub run"

TICK = 0.5
"""Seconds between two looks after each workspace."""

AGAIN_AFTER = 60.0
"""Seconds until a workspace that could not be started, or failed, is tried again."""

LOOK_EACH = 2.0
"""Seconds between two looks at which workspaces the hub has."""

log = logging.getLogger("valhalla.hub")


class HubEvents(NamedTuple):
    """Called as things happen, from threads of the workspaces."""

    begins: Callable[[str], object] = lambda name: None
    trouble: Callable[[str, str], object] = lambda name, why: None
    cycle_ends: Callable[[str, Pass], object] = lambda name, done: None
    disk: Callable[[str], object] = lambda line: None
    fleet: Callable[[str], object] = lambda line: None


class Site:
    """One workspace at work in this process."""

    def __init__(self, workspace: Workspace, service: Service, host: str, instance: Instance) -> None:
        self.name = workspace.name
        self.home = workspace.home
        self.service = service
        self.program = service.program
        self.host = host
        """The name that its pages have to themselves."""
        self.instance = instance
        self.closing: list[Callable[[], object]] = []
        """Called before it ends."""
        self._stack = contextlib.ExitStack()

    @classmethod
    def open(
        cls,
        workspace: Workspace,
        poller: Poller,
        events: HubEvents,
        interval: int | None,
        taken: Container[str],
    ) -> Site:
        """Start a workspace. ``taken``: names of others. Raises what stands against it."""
        name, home = workspace.name, workspace.home
        with contextlib.ExitStack() as stack:
            instance = Instance(home.path)
            instance.acquire(COMMAND)
            stack.callback(instance.release)
            program = stack.enter_context(WholeProgram.open(home))
            with program.database.write():  # refused at once where another machine has it
                values = settings.effective(program.database)
            if interval is not None:
                values["interval"] = interval
            preflight.require(preflight.check(program.database, home, []))
            heard = Events(
                cycle_ends=lambda number, at, done: events.cycle_ends(name, done), disk=events.disk
            )
            service = Service(
                program, Plan([], values["interval"], None, workspace=name, pages=True), values, heard, poller
            )
            host = links.name_of(program.database)
            if host in taken:
                host = links.rename(program.database)
            made = cls(workspace, service, host, instance)
            service.events = replace(heard, working=lambda service: contextlib.closing(_Before(made)))
            stack.enter_context(service.running())
            made._stack = stack.pop_all()
            return made

    def close(self, error: BaseException | None = None) -> None:
        """End it in good order. Raises what it ended in."""
        self._stack.__exit__(
            *(None, None, None) if error is None else (type(error), error, error.__traceback__)
        )


class _Before:
    """What is done before a site's workers stop."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def close(self) -> None:
        for each in self._site.closing:
            each()


class HubRun:
    """A run of all workspaces of a hub."""

    def __init__(
        self, home: Home, host: str, events: HubEvents | None = None, interval: int | None = None
    ) -> None:
        """``host``: the name that the hub's own pages have."""
        self.home = home
        self.host = host
        self.sites: dict[str, Site] = {}
        self.troubles: dict[str, str] = {}
        """Why a workspace is not at work here."""
        self.hub = Hub(home, self._database)
        self._events = events or HubEvents()
        self._interval = interval
        self._poller = Poller()
        self._again: dict[str, float] = {}
        self._next_look = 0.0
        self.timing: Timing | None = None
        """Of leases, where tests have others."""
        self.url: Callable[[str], str] | None = None
        """Where the pages of a host are; None: they are not served."""

    def run(
        self, stop: threading.Event, working: Callable[[HubRun], contextlib.AbstractContextManager[object]]
    ) -> None:
        """Work until ``stop`` is set. ``working``: entered before the workspaces start, left before they stop."""
        try:
            with working(self), self._in_fleet():
                self.look(stop)
                settle()
                while not stop.wait(TICK):
                    self.tick()
        finally:
            self.close()

    @contextlib.contextmanager
    def _in_fleet(self) -> Iterator[None]:
        """While inside, this machine holds its workspaces, where the hub is in a fleet."""
        member = register.member_of(self.home)
        if member is None:
            yield
            return
        agent = Agent(
            self.home, member, self._databases, self._queue, self._events.fleet, self.timing, self._look_soon
        )
        agent.begin()
        try:
            yield
        finally:
            agent.end()

    def _look_soon(self) -> None:
        self._next_look = 0.0

    def _queue(self, name: str) -> JobQueue | None:
        site = self.sites.get(name)
        return None if site is None else site.program.queue

    def _databases(self) -> dict[str, Database]:
        return {name: site.program.database for name, site in list(self.sites.items())}

    def tick(self) -> None:
        """Look after each workspace, and now and then at which there are."""
        for site in list(self.sites.values()):
            try:
                if not site.service.tick():
                    self._end(site, "it was asked to stop; it starts with the hub", again=None)
            except Exception as error:
                self._end(site, error)
        if time.monotonic() >= self._next_look:
            self.look()

    def look(self, stop: threading.Event | None = None) -> None:
        """Start those that are new, or may be tried again; end those that are no longer of the hub. ``stop``: start no more."""
        now = time.monotonic()
        self._next_look = now + LOOK_EACH
        try:
            wanted = {each.name: each for each in hubs.workspaces(self.home)}
        except ValhallaError as error:
            log.warning("the hub's workspaces could not be read: %s", error)
            return
        for name, site in list(self.sites.items()):
            if name not in wanted or wanted[name].home != site.home:
                self._end(site, "it is no longer of this hub", again=None)
        for name in set(self.troubles) - set(wanted):
            self.troubles.pop(name), self._again.pop(name, None)
        self.hub.workspaces = list(wanted.values())
        for name, workspace in wanted.items():
            if stop is not None and stop.is_set():
                return
            if name not in self.sites and now >= self._again.get(name, 0.0):
                self._start(workspace)

    def _start(self, workspace: Workspace) -> None:
        name = workspace.name
        try:
            taken = {self.host, *(each.host for each in self.sites.values())}
            site = Site.open(workspace, self._poller, self._events, self._interval, taken)
        except (ValhallaError, DatabaseError, OSError) as error:
            soon = isinstance(error, Fenced)  # the lease may be renewed in a moment
            self._note(name, error, time.monotonic() + (LOOK_EACH if soon else AGAIN_AFTER))
            return
        self.sites[name] = site
        self.troubles.pop(name, None)
        self._again.pop(name, None)
        if self.url is not None:
            site.instance.announce(self.url(site.host))
        self._events.begins(name)

    def _end(self, site: Site, why: Exception | str, again: float | None = AGAIN_AFTER) -> None:
        reason: Exception | str = why
        try:
            site.close(why if isinstance(why, Exception) else None)
        except Exception as error:
            reason = error
        self.sites.pop(site.name, None)  # not before: who waits for its end may take its file
        if isinstance(reason, Fenced):
            again = LOOK_EACH
        until = float("inf") if again is None else time.monotonic() + again
        self._note(site.name, reason, until)

    def _note(self, name: str, why: Exception | str, until: float) -> None:
        known = isinstance(why, str | ValhallaError | DatabaseError | OSError)
        says = str(why) if known else f"something went wrong that should not ({type(why).__name__})"
        self._again[name] = until
        if self.troubles.get(name) != says:
            self.troubles[name] = says
            if not known:
                log.error("the workspace %s ended", name, exc_info=why)  # type: ignore[arg-type]
            self._events.trouble(name, says)

    def _database(self, name: str) -> Database | None:
        site = self.sites.get(name)
        return None if site is None else site.program.database

    def close(self) -> None:
        """End all of them, at the same time."""
        sites = list(self.sites.values())
        self.sites.clear()
        if sites:
            with ThreadPoolExecutor(len(sites), "hub-closing") as pool:
                for site, ended in [(site, pool.submit(site.close)) for site in sites]:
                    if (error := ended.exception()) is not None:
                        self._note(
                            site.name, error if isinstance(error, Exception) else str(error), float("inf")
                        )
        self.hub.close()
