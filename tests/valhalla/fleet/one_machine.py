"""A machine of a fleet as a process of its own: ``python one_machine.py HOME LEASE GRACE EACH``. Prints what happens, a line each."""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path

from valhalla.fleet.owning import Timing
from valhalla.program.home import Home
from valhalla.service.hub_run import HubEvents, HubRun


def main(home: str, *seconds: str) -> None:
    """Work until the input ends."""

    def say(*words: str) -> None:
        print(*words, flush=True)

    events = HubEvents(
        begins=lambda name: say("begins", name),
        trouble=lambda name, why: say("trouble", name, why),
        fleet=lambda line: say("fleet", line),
    )
    run = HubRun(Home(Path(home)), "v0.localhost", events, interval=3600)
    run.timing = Timing(*map(float, seconds))
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    run.run(stop, contextlib.nullcontext)


if __name__ == "__main__":
    main(*sys.argv[1:])
