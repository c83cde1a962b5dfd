"""Where a member of the team finds the cockpit, and the link by which they choose their password."""

from __future__ import annotations

from db import Database
from valhalla.program.home import Home
from valhalla.program.instance import running
from valhalla.service import links, network

PORT = 8101
"""Where the cockpit answers on this computer, when it is free."""


def address(database: Database, home: Home) -> str:
    """The cockpit's address for members, without a path: on the network where that is on, else here, where it runs or will run."""
    if network.wanted(database):
        return network.network(database, home).url
    here = running(home.path)
    if here is not None and here.url is not None:
        return here.url.rstrip("/")
    return f"http://{links.name_of(database)}:{PORT}"


def invitation(database: Database, home: Home, code: str) -> str:
    """The link of an invitation."""
    return f"{address(database, home)}/invitation?code={code}"
