"""What a machine of a fleet does for its workspaces: holds them, hands one over, takes one over, comes back with nothing lost.

The server says who owns what; the file refuses everybody else (:mod:`jobs.fencing`). A workspace moves by its protected copy: the
old owner stops it, makes a last copy, verifies it and hands over the SHA-256 of its bytes; the new owner, who has fetched the copy
meanwhile, restores these bytes. After a death there is no last copy, so what was written after the newest one is missing; the dead
machine's file keeps it, and refuses writes.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from db import Database, DatabaseError, audit
from db.clock import SECOND
from jobs import JobQueue, Lease, keep_lease, lease_of, taking_over
from valhalla.fleet import continuous, protecting
from valhalla.fleet import hub as hubs
from valhalla.fleet.asking import Post
from valhalla.fleet.coming import Ahead, Coming
from valhalla.fleet.register import GRACE, LEASE, Member, Register
from valhalla.program import scratch, settings
from valhalla.program.database import open_database
from valhalla.program.errors import UsageError, ValhallaError
from valhalla.program.home import Home
from valhalla.program.instance import running

EACH = 2.0
"""Seconds between two renewals."""

COPY_MINUTES = 5
"""Minutes between two protected copies of a fleet's workspace, unless its setting says less."""

STOP_SECONDS = 30.0
"""How long a workspace that moves may take to stop."""

ASKING = 0.5
"""Seconds between two questions to the server whether something is to move."""

WAITING = 0.2
"""Seconds between two looks at whether a workspace that moves here has been handed over."""

RESTORING = 120.0
"""Seconds of the lease of a workspace that has just been taken, while it is restored."""

log = logging.getLogger("valhalla.fleet")


class Timing(NamedTuple):
    """Seconds; tests have shorter ones."""

    lease: float = LEASE
    grace: float = GRACE
    each: float = EACH


def place_of(member: Member, name: str) -> str:
    """Where the protected copies of a workspace are."""
    return f"{member.place.rstrip('/')}/{name}"


def enroll(home: Home, member: Member, register: Register, lease: float = LEASE) -> list[str]:
    """Put every workspace of the hub into the fleet, each with its first protected copy; those that were put in.

    Raises :class:`UsageError` for one that another machine has under the same name, or that is running.
    """
    added = []
    for workspace in hubs.workspaces(home):
        other = running(workspace.home.path)
        if other is not None:
            raise UsageError(
                f"the workspace {workspace.name} is at work (process {other.pid}); stop it before it joins a fleet"
            )
        with taking_over(), open_database(workspace.home.database, create=False) as database:
            if lease_of(database) is not None:
                continue
            owners = {row.name: row.owner for row in register.rows()}
            if workspace.name in owners:
                raise UsageError(
                    f"the fleet has a workspace {workspace.name} already, on {owners[workspace.name]}; add yours under another name"
                )
            protecting.protect(database, workspace.home, place_of(member, workspace.name))
            if settings.value(database, "protect.minutes") > COPY_MINUTES:
                settings.save(database, "protect.minutes", str(COPY_MINUTES), "operator")
            sent = database.clock()
            ((_, epoch),) = register.call("fleet_add", workspace.name, member.machine, float(lease))
            _take(database, Lease(epoch, sent + round(lease * SECOND)))
            added.append(workspace.name)
    return added


def _take(database: Database, lease: Lease) -> None:
    """Become the owner, in the file."""
    with taking_over(), database.write(durable=True):
        keep_lease(database, lease)
        audit.append(database, "fleet.take", "fleet", {"epoch": lease.epoch})


def leave(home: Home, member: Member, register: Register) -> None:
    """Take this machine out of the fleet. Raises :class:`UsageError` while it owns workspaces."""
    ((left_over,),) = register.call("fleet_leave", member.machine)
    if left_over:
        raise UsageError(
            f"{member.machine} owns {left_over} workspaces; move them first: valhalla fleet move WORKSPACE MACHINE"
        )


class Agent:
    """A machine at work in its fleet. ``at_work``: the databases of the workspaces that run here, by name; ``queue_of``: the queue
    of one of them."""

    def __init__(
        self,
        home: Home,
        member: Member,
        at_work: Callable[[], Mapping[str, Database]],
        queue_of: Callable[[str], JobQueue | None],
        say: Callable[[str], object] = lambda line: None,
        timing: Timing | None = None,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        """``changed``: called when the hub's workspaces are others."""
        self.home = home
        self.member = member
        self.register = Register(member.url)
        self.timing = timing or Timing()
        self._at_work = at_work
        self._queue_of = queue_of
        self._post: Post | None = None
        self._say = say
        self._changed = changed
        self._held: dict[str, int] = {}
        """Epochs of the workspaces that this machine has."""
        self._moving: list[tuple[Any, ...]] = []
        """What the server last said is to move from here or to here, each with its owner."""
        self._next = 0.0
        self._heard = self._since = -math.inf
        """When the server last answered, and since when it has without a pause."""
        self._coming: dict[str, Coming] = {}
        self._ahead: dict[str, Ahead] = {}
        self._mutex = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._said = ""

    def begin(self) -> None:
        """Renew once, so that workspaces may start; then go on in the background."""
        for place in (self.home.path / hubs.WORKSPACES).glob("*"):
            scratch.sweep(place)
        for workspace in hubs.workspaces(self.home):
            try:
                with open_database(workspace.home.database, create=False) as database:
                    found = lease_of(database)
            except DatabaseError:
                continue  # the hub names it, with the reason
            if found is not None:
                self._held[workspace.name] = found.epoch
        self._try(self.renew)
        for name, loop in (("fleet-renewing", self._renewing), ("fleet-working", self._working)):
            thread = threading.Thread(target=loop, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        """End; the leases run out by themselves unless the machine comes back."""
        self._stop.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        early: list[Coming | Ahead] = [*self._coming.values(), *self._ahead.values()]
        for each in early:
            each.forget()
        if self._post is not None:
            self._post.close()
        self.register.close()

    def _local(self, name: str) -> tuple[JobQueue, int] | None:
        """Where a job for a workspace is done: in its own queue, while it is this machine's and at work."""
        with self._mutex:
            epoch = self._held.get(name)
        queue = None if epoch is None else self._queue_of(name)
        return None if epoch is None or queue is None else (queue, epoch)

    def _renewing(self) -> None:
        while not self._stop.wait(self.timing.each):
            self._try(self.renew)

    def _working(self) -> None:
        while not self._stop.wait(min(WAITING if self._coming else ASKING, self.timing.each)):
            self._try(self._look)

    def _look(self) -> None:
        """Work, if another workspace is to move or it is time."""
        if self._coming or time.monotonic() >= self._next or self._asked() != self._moving:
            self._next = time.monotonic() + self.timing.each
            self.work()

    def _asked(self) -> list[tuple[Any, ...]]:
        return self.register.call("fleet_moving", self.member.machine)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
            self._said = ""
        except (ValhallaError, DatabaseError, OSError) as error:
            if str(error) != self._said:
                self._said = str(error)
                log.warning("%s", error)
                self._say(str(error))

    # -- holding ---------------------------------------------------------------------------------------------

    def renew(self) -> None:
        """Ask the server which workspaces are still this machine's, and note in each file until when."""
        with self._mutex:
            held = dict(self._held)
        sent = time.time_ns() // 1_000
        names, epochs = list(held), list(held.values())
        lease = float(self.timing.lease)
        answer = {
            name for name, _ in self.register.call("fleet_renew", self.member.machine, names, epochs, lease)
        }
        now = time.monotonic()
        if now - self._heard > self.timing.grace:
            self._since = now
        self._heard = now
        until = sent + round(self.timing.lease * SECOND)
        for name, epoch in held.items():
            if name not in answer:
                self._lose(name, epoch)
            else:
                self._note(name, Lease(epoch, until))

    def _note(self, name: str, lease: Lease) -> None:
        database = self._at_work().get(name)
        try:
            with taking_over():
                if database is not None:
                    keep_lease(database, lease)
                    return
                place = next((each.home for each in hubs.workspaces(self.home) if each.name == name), None)
                if place is not None:
                    with open_database(place.database, create=False) as opened:
                        keep_lease(opened, lease)
        except DatabaseError as error:
            log.warning("the lease of %s could not be noted: %s", name, error)

    def _lose(self, name: str, epoch: int) -> None:
        with self._mutex:
            if self._held.get(name) != epoch:
                return
            del self._held[name]
        if any(each.name == name for each in hubs.workspaces(self.home)):
            hubs.remove(self.home, name)
            self._changed()
            self._say(
                f"{name} belongs to another machine now; its file here stays as it is, and refuses writes"
            )

    # -- moving and taking over --------------------------------------------------------------------------------

    def work(self) -> None:
        """Hand over what is to move, restore what has become this machine's, take over from who is dead."""
        # Asked for first: what is handed over in between is in both.
        self._moving = self._asked()
        coming = {name for name, owner in self._moving if owner != self.member.machine}
        for name, _ in self._moving:
            if name in self._held and name not in coming:
                self._hand_over(name)
        here = {each.name for each in hubs.workspaces(self.home)}
        for name, epoch, copy in self.register.call("fleet_mine", self.member.machine):
            if name not in here:
                self._restore(name, epoch, copy)
        self._fetch(coming - {each.name for each in hubs.workspaces(self.home)})
        grace = float(self.timing.grace)
        self._look_ahead(grace)
        # After an outage of the server every lease has ended: owners that live come first.
        patient = time.monotonic() - self._since > self.timing.lease
        while patient and (
            found := self.register.call("fleet_take_over", self.member.machine, grace, RESTORING)
        ):
            ((name, epoch),) = found
            self._say(f"{name} has no owner any more; restoring it here")
            self._restore(name, epoch, None)
        if self._post is None:
            self._post = Post(self.member.url, self._local)
        self._post.serve(set(self._at_work()) & set(self._held))

    def _hand_over(self, name: str) -> None:
        place = next(each.home for each in hubs.workspaces(self.home) if each.name == name)
        epoch = self._held[name]
        hubs.remove(self.home, name)
        try:
            continuous.give_up(place)
            self._changed()
            if not self._stopped(name):
                raise ValhallaError(f"{name} did not stop in time, so it stays here")
            with taking_over(), open_database(place.database, create=False) as database:
                keep_lease(database, Lease(epoch, 0))  # first: what is written from here on is in no copy
                manifest = protecting.protect(database, place, place_of(self.member, name))
            handed = self.register.call(
                "fleet_hand_over", name, self.member.machine, epoch, str(manifest["sha256"]), RESTORING
            )
            if not handed:
                raise ValhallaError(f"{name} is not to move any more, so it stays here")
        except BaseException:
            hubs.put(self.home, name, place)
            self._changed()
            raise
        with self._mutex:
            self._held.pop(name, None)
        self._say(f"{name} was handed over")

    def _stopped(self, name: str) -> bool:
        until = time.monotonic() + STOP_SECONDS
        while name in self._at_work():
            if time.monotonic() > until:
                return False
            self._stop.wait(0.05)
        return True

    def _fetch(self, names: set[str]) -> None:
        """Fetch what is about to be handed over to this machine, while its owner verifies it."""
        for name in self._coming.keys() - names:
            self._coming.pop(name).forget()
        for name in names:
            coming = self._coming.setdefault(name, Coming(Home(self.home.path / hubs.WORKSPACES / name)))
            coming.fetch(place_of(self.member, name))

    def _look_ahead(self, heard: float) -> None:
        """Put together what this machine will have next, when half of its lease is over and its owner has not renewed it."""
        failing = {
            name
            for (name,) in self.register.call(
                "fleet_failing", self.member.machine, self.timing.lease / 2, heard
            )
        }
        for name in self._ahead.keys() - failing:
            self._ahead.pop(name).forget()
        for name in failing - self._ahead.keys():
            place = Home(self.home.path / hubs.WORKSPACES / name)
            self._ahead[name] = Ahead(place, place_of(self.member, name))

    def _restore(self, name: str, epoch: int, copy: str | None) -> None:
        """``copy``: the SHA-256 of the one that it was handed over by; None: its owner is dead."""
        coming, ahead = self._coming.pop(name, None), self._ahead.pop(name, None)
        with self._mutex:
            self._held[name] = epoch  # renewed while it is restored
        place = Home(self.home.path / hubs.WORKSPACES / name)
        try:
            with taking_over():
                source = place_of(self.member, name)
                if copy is not None:
                    fetched = None if coming is None else coming.path
                    done = protecting.restore_handed_over(place, source, copy, fetched)
                else:
                    done = protecting.restore(place, source, None if ahead is None else ahead.put())
                with open_database(place.database, create=False) as database:
                    _take(database, Lease(epoch, time.time_ns() // 1_000 + round(self.timing.lease * SECOND)))
        except BaseException:
            with self._mutex:
                self._held.pop(name, None)
            raise
        finally:
            for early in (coming, ahead):
                if early is not None:
                    early.forget()
        hubs.put(self.home, name, place)
        self._changed()
        self._say(f"{name} is here now, with {done['leads']} leads, verified")
