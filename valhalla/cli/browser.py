"""The cockpit in the browser, served during a run or opened again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from valhalla.program.memory import collector_paused, keep

if TYPE_CHECKING:
    from valhalla.program.home import Home
    from valhalla.program.instance import Instance, Running


class Server(Protocol):
    """What serves the pages, as far as a run needs to know it."""

    @property
    def url(self) -> str: ...

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def link(self) -> str: ...


MakeServer = Callable[..., Server]
"""``(program, *, port, …)`` to a server that is not started yet."""


@contextlib.contextmanager
def serving(
    make: Callable[[], Server], home: Home, instance: Instance, *, opens: bool, quiet: bool
) -> Iterator[None]:
    """Serve the cockpit of a run while inside, and print its link."""
    with collector_paused():  # hundreds of modules that stay
        server = make()
        server.start()
        keep()
    try:
        instance.announce(server.url)
        show(home, server.link(), opens=opens, quiet=quiet)
        yield
    finally:
        server.stop()
        with contextlib.suppress(OSError):
            home.open_page.unlink(missing_ok=True)


def again(home: Home, running: Running, *, opens: bool, quiet: bool = False) -> str | None:
    """A fresh link to the cockpit of the instance that runs on ``home``, printed and opened; None: it serves none."""
    from valhalla.program.database import open_database
    from valhalla.service import links

    if running.url is None:
        return None
    with open_database(home.database, create=False) as database:
        link = links.make(database, running.url)
    show(home, link, opens=opens, quiet=quiet)
    return link


def show(home: Home, link: str, *, opens: bool, quiet: bool) -> None:
    """Print the link, in one line whatever the terminal's width; open the private page that leads to it if that is wanted."""
    import sys

    from valhalla.program.errors import InputError
    from valhalla.service import links

    # In one piece: the service prints in a thread of its own.
    print(f"Cockpit: {link}\n", end="", file=sys.stderr if quiet else sys.stdout, flush=True)
    try:
        page = links.write_page(home, link)
    except OSError as error:
        raise InputError(f"{home.open_page} cannot be written: {error.strerror}") from None
    if opens:
        import webbrowser

        # Windows opens paths; of addresses of files it takes not every letter.
        webbrowser.open(str(page) if sys.platform == "win32" else page.as_uri())
