"""The program's log: JSON lines in ``logs/``, rotated, masked, each with the correlation id of what it belongs to."""

from __future__ import annotations

import json
import logging
import logging.handlers
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from valhalla import correlation
from valhalla.masking import masked
from valhalla.structured import structlog

LOG_NAME = "valhalla.log"
"""Written and rotated by the instance that holds the home."""

COMMANDS_NAME = "commands.log"
"""Written by commands beside it: a file that another process has open cannot be rotated on Windows."""

LARGEST = 5 * 2**20
KEPT = 5
LOGGERS = ("valhalla", "jobs", "db")

_OWN = "valhalla.actions"


def to_file(folder: Path, *, instance: bool) -> logging.Handler:
    """Write what the program logs into ``folder`` from now on; returns the handler for :func:`stop`.

    ``instance``: this process holds the home's instance lock, so it writes and rotates ``valhalla.log``.
    """
    path = folder / (LOG_NAME if instance else COMMANDS_NAME)
    handler = _Rotating(
        path, maxBytes=LARGEST, backupCount=KEPT if instance else 1, encoding="utf-8", delay=True
    )
    handler.setFormatter(formatter())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return handler


def stop(handler: logging.Handler) -> None:
    """Stop writing."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.removeHandler(handler)
        logger.propagate = True
    handler.close()


def formatter() -> logging.Formatter:
    """One JSON object a line: timestamp, level, logger, action, correlation_id and what else was said."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _traced,
            _unfolded,
            _mask,
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
        ],
    )


class _Rotating(logging.handlers.RotatingFileHandler):
    """Goes on writing where it is when the file cannot be rotated now."""

    def doRollover(self) -> None:
        try:
            super().doRollover()
        except OSError:
            if self.stream is None:
                self.stream = self._open()


def _traced(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The correlation id, and an exception as one line of text."""
    event.setdefault("correlation_id", correlation.current())
    info = event.pop("exc_info", None)
    if info:
        error = info[1] if isinstance(info, tuple) else info
        event["error"] = f"{type(error).__name__}: {error}"
    return event


def _unfolded(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A line of :class:`valhalla.sandbox.StructuredLogger` is JSON already: its fields become the line's."""
    text = event.get("event")
    if event.get("logger") == _OWN and isinstance(text, str):
        try:
            fields = json.loads(text)
        except ValueError:
            fields = None
        if isinstance(fields, dict):
            event.pop("event")
            event.update(fields)
    if "event" in event:
        event["action"] = event.pop("event")
    return event


def _mask(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    found: dict[str, Any] = masked(dict(event))
    return found
