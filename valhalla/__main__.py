"""The program: ``valhalla`` and ``python -m valhalla``."""

from __future__ import annotations

import atexit
import gc
import os
import sys

TYPE_CHECKING = False  # typing itself takes longer to load than --version takes
if TYPE_CHECKING:
    from typing import Any

    from valhalla.cockpit.server import Server


def main() -> None:
    """Run the command line and leave with its exit code."""
    if sys.argv[1:] == ["--version"]:  # answered before anything else is loaded
        from valhalla import __version__

        print(f"valhalla {__version__}")
        return
    from valhalla.program.memory import collect_seldom

    _take_descriptors()
    os.umask(0o077)  # whatever is written is for this user only
    collect_seldom()
    atexit.register(gc.freeze)  # on the way out the collector need not look at all that was loaded
    if sys.argv[1:2] == ["--read-ahead"]:  # the second process of an import; see valhalla.intake.helper
        from valhalla.intake.helper_main import serve

        serve(next(iter(sys.argv[2:]), None))
    if sys.argv[1:2] == ["--apart"]:  # the process of a large job; see valhalla.service.apart
        from valhalla.service import apart_main

        apart_main.serve(sys.argv[2], sys.argv[3])
        return
    if sys.argv[1:2] == ["--hash-rows"]:  # the second process of a verification
        from db.row_helper import serve as serve_rows

        serve_rows()
    if getattr(sys, "frozen", False):
        from valhalla.service import unpacked

        unpacked.hold()
    from valhalla.cli.entry import run

    if not sys.argv[1:]:
        from valhalla.service import windows

        if windows.owns_console():
            from valhalla.cli.double_click import start

            sys.exit(start(cockpit))
    sys.exit(run(sys.argv[1:], cockpit))


def _take_descriptors() -> None:
    """Where an output was closed before the start, what is opened first would get its number, and be printed into."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # gets the lowest free number: this one
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - for as long as the process lives


def cockpit(*arguments: Any, **options: Any) -> Server:
    """Make the cockpit's server: the command line is handed this, so that no face imports another."""
    from valhalla.cockpit.server import Server

    return Server(*arguments, **options)


if __name__ == "__main__":
    main()
