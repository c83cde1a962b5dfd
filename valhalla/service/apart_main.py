"""The process that runs one large job for the service; see :mod:`valhalla.service.apart`."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from pathlib import Path

from db.waiting import person_writes, waits_elsewhere
from jobs import run_ticket
from valhalla import __version__
from valhalla.program.home import Home
from valhalla.service.apart import AT_WORK, READY, WAITS
from valhalla.service.whole import WholeProgram

NICE = 19
"""What is added to its priority number, where there is one: pages, and whatever else the operator does, come first. By 10 pages took a
third longer."""

LEFT_ALONE = 5.0
"""Seconds that it goes on after its input has ended, if its job does not end: nobody waits for it any more."""


def serve(home: str, version: str) -> None:
    """Run the job that standard input names, and say on standard output what came of it. Nothing is done for another ``version``,
    whose file this program might change."""
    if version != __version__:
        return
    _say(READY)
    if sys.platform != "win32":
        os.nice(NICE)
    ticket = sys.stdin.buffer.readline().decode("utf-8")
    if not ticket:  # it is not wanted any more
        return
    stopping = threading.Event()
    threading.Thread(target=_listen, args=(stopping,), name="listener", daemon=True).start()
    try:
        with WholeProgram.open(Home(Path(home))) as program:
            report = run_ticket(program.all_kinds().queue, ticket, stopping)
    except Exception as error:  # the file cannot be opened; only the worker's thread can say so
        report = json.dumps(["failed", f"{type(error).__name__}: {error}", None])
    _say(report.encode("utf-8"))
    os._exit(0)


def _say(line: bytes) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()


def _listen(stopping: threading.Event) -> None:
    """Hear who is at work or waits, until the input ends."""
    while heard := sys.stdin.buffer.read(1):
        if heard == AT_WORK:
            person_writes()
        else:
            waits_elsewhere(heard == WAITS)
    waits_elsewhere(False)
    stopping.set()
    end = threading.Timer(LEFT_ALONE, os._exit, (1,))
    end.daemon = True
    end.start()
