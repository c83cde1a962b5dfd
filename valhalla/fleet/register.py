"""Which machine of a fleet owns which workspace: kept on a PostgreSQL server, which holds names, numbers and times, never a lead."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from pathlib import Path
from typing import Any, NamedTuple

from jobs import call_function, postgres_driver
from valhalla.fleet.hub import NAME
from valhalla.program.errors import InputError, UsageError, ValhallaError
from valhalla.program.files import whole
from valhalla.program.home import Home

FILE = "fleet.json"
"""In the hub's home: the server, and this machine's name. For its user only: the address may hold a password."""

LEASE = 10.0
"""Seconds for which an owner may write after it has last heard of the server."""

GRACE = 5.0
"""Seconds after the end of a lease before another machine takes over: clocks do not run alike."""

PATIENCE = 4
"""Seconds until the server counts as away."""


class ServerAway(ValhallaError):
    """The fleet's server does not answer."""


class Member(NamedTuple):
    """This machine in its fleet."""

    url: str
    machine: str
    place: str
    """The folder or bucket of the protected copies, which every machine reaches."""


class Row(NamedTuple):
    """A workspace, as the server has it. Times in seconds from now."""

    name: str
    owner: str
    epoch: int
    held: float
    target: str | None
    seen: float

    def to_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "workspace": self.name,
            "machine": self.owner,
            "epoch": self.epoch,
            "held": self.held > 0,
            "lease_seconds": round(self.held, 1),
            "moving_to": self.target,
            "seen_seconds": round(self.seen, 1),
        }


def member_of(home: Home) -> Member | None:
    """This machine in its fleet; None: the hub is in none."""
    try:
        return Member(**json.loads((home.path / FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        raise InputError(
            f"{home.path / FILE} cannot be read; join again with: valhalla fleet join URL"
        ) from None


def required(home: Home) -> Member:
    """The same; raises :class:`InputError` where the hub is in none."""
    found = member_of(home)
    if found is None:
        raise InputError(f"{home.path} is in no fleet; make one with: valhalla fleet init postgresql://…")
    return found


def keep_member(home: Home, member: Member) -> None:
    """Remember the fleet."""
    with whole(home.path / FILE) as part:
        part.write_text(json.dumps(member._asdict(), indent=2) + "\n", encoding="utf-8")


def machine_name(given: str | None) -> str:
    """The name of this machine in the fleet. Raises :class:`UsageError`."""
    name = given or socket.gethostname().partition(".")[0].lower().replace("_", "-")
    if NAME.fullmatch(name) is None:
        raise UsageError(
            f"{name!r} cannot name a machine; use small letters, digits and hyphens with --name, such as office-1"
        )
    return name


class Register:
    """A connection to the server, made again when it was lost. One call at a time."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("postgresql://", "postgres://")):
            raise UsageError(
                f"{url.partition('@')[2] or url} is not the address of a PostgreSQL server, postgresql://HOST/DATABASE"
            )
        self._url = url
        self._psycopg = postgres_driver()
        self._link: Any = None
        self._mutex = threading.Lock()

    def __enter__(self) -> Register:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        with self._mutex, contextlib.suppress(Exception):
            link, self._link = self._link, None
            if link is not None:
                link.close()

    def install(self) -> None:
        """Make the tables and functions, where they are missing."""
        text = Path(__file__).with_name("register.sql").read_text(encoding="utf-8")
        self._with(lambda link: link.execute(text))

    def call(self, function: str, *given: Any) -> list[tuple[Any, ...]]:
        """The rows of one of the functions of register.sql. Raises :class:`ServerAway`."""
        found: list[tuple[Any, ...]] = self._with(lambda link: call_function(link, function, *given))
        return found

    def rows(self) -> list[Row]:
        """Every workspace."""
        return [Row(*each) for each in self.call("fleet_list")]

    def _with(self, use: Any) -> Any:
        psycopg = self._psycopg
        with self._mutex:
            try:
                if self._link is None or self._link.closed:
                    self._link = psycopg.connect(
                        self._url,
                        autocommit=True,
                        connect_timeout=PATIENCE,
                        tcp_user_timeout=PATIENCE * 1000,
                        keepalives_idle=2,
                        keepalives_interval=1,
                        keepalives_count=2,
                        options=f"-c statement_timeout={PATIENCE * 1000} -c timezone=UTC",
                    )
                return use(self._link)
            except psycopg.errors.UndefinedFunction:
                raise ServerAway(
                    "this database holds no fleet yet; make one with: valhalla fleet init"
                ) from None
            except psycopg.errors.ForeignKeyViolation:
                raise UsageError("there is no such machine in the fleet; see: valhalla fleet list") from None
            except psycopg.Error as error:
                link, self._link = self._link, None
                with contextlib.suppress(Exception):
                    if link is not None:
                        link.close()
                raise ServerAway(
                    f"the fleet's server does not answer ({type(error).__name__}); workspaces wait, and nothing is written "
                    "once their leases have ended"
                ) from None
