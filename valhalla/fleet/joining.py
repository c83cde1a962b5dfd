"""Joining a fleet and leaving it: what a person asks for on one machine, while its hub does not run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from valhalla.fleet.continuous import BUCKET
from valhalla.fleet.owning import enroll
from valhalla.fleet.owning import leave as take_out
from valhalla.fleet.register import (
    FILE,
    Member,
    Register,
    ServerAway,
    keep_member,
    machine_name,
    member_of,
    required,
)
from valhalla.program.errors import UsageError
from valhalla.program.home import Home
from valhalla.program.instance import Instance


@contextlib.contextmanager
def _alone(home: Home) -> Iterator[None]:
    """While inside, the hub does not run."""
    instance = Instance(home.path)
    instance.acquire("fleet")
    try:
        yield
    finally:
        instance.release()


def join(home: Home, url: str, name: str | None, copies: str | None = None) -> tuple[Member, list[str]]:
    """Join the hub in ``home``, with its workspaces, to the fleet at ``url``; ``copies``: make the fleet, with this place for
    protected copies. Returns this machine's membership, and the workspaces that were put in.

    Raises :class:`UsageError` for a hub in another fleet, and :class:`ServerAway`.
    """
    known = member_of(home)
    if known is not None and known.url != url:
        raise UsageError(f"{home.path} is in another fleet; leave that first: valhalla fleet leave")
    with _alone(home), Register(url) as register:
        if copies is not None:
            register.install()
            place = copies if copies.startswith(BUCKET) else str(Path(copies).expanduser().absolute())
            ((kept,),) = register.call("fleet_begin", place)
            if kept != place:
                raise UsageError(
                    f"this server has a fleet already, with copies in {kept}; join it with: valhalla fleet join URL"
                )
        machine = known.machine if known is not None else machine_name(name)
        found = register.call("fleet_join", machine)
        if not found:
            raise ServerAway(
                "this database holds no fleet yet; make one with: valhalla fleet init URL --copies PLACE"
            )
        member = Member(url, machine, str(found[0][0]))
        keep_member(home, member)
        return member, enroll(home, member, register)


def leave(home: Home) -> str:
    """Leave the fleet; returns this machine's name in it."""
    member = required(home)
    with _alone(home), Register(member.url) as register:
        take_out(home, member, register)
    (home.path / FILE).unlink(missing_ok=True)
    return member.machine
