"""Started by a double click: no command, and a console window of our own that goes away when we end."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from valhalla.cli.entry import INTERRUPTED, run

if TYPE_CHECKING:
    from valhalla.cli.browser import MakeServer

READ_SECONDS = 4.0
"""How long a sentence stays to be read that asks for nothing."""


def start(cockpit: MakeServer) -> int:
    """Run with the cockpit in the browser, or open the cockpit of the instance that runs already. The window stays open
    when there is something to read."""
    from valhalla.program.home import locate
    from valhalla.program.instance import running

    home = locate()
    print(f"Valhalla. Your data is in {home.path}", flush=True)
    print("Drop lead lists into its folder inbox. Closing this window stops Valhalla.", flush=True)
    other = running(home.path)
    if other is not None and other.url is not None:
        from valhalla.cli import browser

        browser.again(home, other, opens=True)
        print(f"It runs already (process {other.pid}); its cockpit opens in the browser.", flush=True)
        time.sleep(READ_SECONDS)
        return 0
    code = run(["run", "--open"], cockpit)
    if code not in (0, INTERRUPTED):
        hold()
    return code


def hold() -> None:
    """Keep the window until somebody has read it."""
    try:
        print("Press Enter to close this window.", flush=True)
        sys.stdin.readline()
    except (KeyboardInterrupt, OSError, ValueError):
        pass
