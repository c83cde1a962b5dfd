"""A warning about something that goes on: what is tried again every second is not logged every second."""

from __future__ import annotations

import logging
import time

AGAIN = 60.0
"""Seconds until the same warning is logged again."""

log = logging.getLogger("jobs")


class Complaint:
    """One place's warnings that it cannot use the database."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._said = ""
        self._until = 0.0

    def log(self, error: BaseException) -> None:
        """Log the warning, unless it was the last one and is younger than :data:`AGAIN`."""
        said, now = str(error), time.monotonic()
        if said != self._said or now >= self._until:
            log.warning(self._text, said)
            self._said, self._until = said, now + AGAIN
