"""The process that runs one large job for the service; see :mod:`valhalla.service.apart`."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

from db.waiting import person_writes
from jobs import run_ticket
from valhalla.program.home import Home
from valhalla.service.whole import WholeProgram

NICE = 10
"""What is added to its priority number, where there is one: pages, and whatever else the operator does, come first."""

LEFT_ALONE = 5.0
"""Seconds that it goes on after its input has ended, if its job does not end: nobody waits for it any more."""


def serve(home: str) -> None:
    """Run the job that standard input names, and say on standard output what came of it."""
    if sys.platform != "win32":
        os.nice(NICE)
    ticket = sys.stdin.buffer.readline().decode("utf-8")
    stopping = threading.Event()
    threading.Thread(target=_listen, args=(stopping,), name="listener", daemon=True).start()
    try:
        with WholeProgram.open(Home(Path(home))) as program:
            report = run_ticket(program.all_kinds().queue, ticket, stopping)
    except Exception as error:  # the file cannot be opened; only the worker's thread can say so
        report = json.dumps(["failed", f"{type(error).__name__}: {error}", None])
    try:
        sys.stdout.buffer.write(report.encode("utf-8") + b"\n")
        sys.stdout.buffer.flush()
    except OSError:
        pass
    os._exit(0)


def _listen(stopping: threading.Event) -> None:
    """Hear that a person is at work, until the input ends."""
    while sys.stdin.buffer.read(1):
        person_writes()
    stopping.set()
    end = threading.Timer(LEFT_ALONE, os._exit, (1,))
    end.daemon = True
    end.start()
