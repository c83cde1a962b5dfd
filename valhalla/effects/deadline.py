"""The total time of one effect: however slowly a receiver talks, it ends.

The timeouts of sockets begin again with every byte that comes; this one does not. When it is over the line is cut, from
another thread, and anyone who reads or writes on it gets the error of a broken line.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

SECONDS = 60.0
"""From the first step of connecting to the last byte of the answer."""

AGAIN = 0.5
"""Seconds after which a line is cut once more: a new one may have been made meanwhile."""


@contextlib.contextmanager
def cutting_off(
    line: Callable[[], socket.socket | None], seconds: float = SECONDS
) -> Iterator[threading.Event]:
    """Cut what ``line`` names then (None: nothing yet) when the block still runs after ``seconds``; the event says so."""
    ended, over = threading.Event(), threading.Event()

    def watch() -> None:
        patience = seconds
        while not ended.wait(patience):
            over.set()
            patience = AGAIN
            sock = line()
            if sock is not None:
                with contextlib.suppress(OSError, ValueError):  # closed meanwhile
                    sock.shutdown(socket.SHUT_RDWR)

    watcher = threading.Thread(target=watch, name="deadline", daemon=True)
    watcher.start()
    try:
        yield over
    finally:
        ended.set()
        watcher.join()
