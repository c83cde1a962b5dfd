"""The program's log: JSON lines in ``logs/``, rotated, masked, each with the correlation id of what it belongs to.

structlog, which makes the lines, is loaded with the first of them: most commands have nothing to say beyond that they ran.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import sys
import time
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from db.hiding import hidden, postponed
from valhalla.program import correlation, terminal
from valhalla.program.masking import masked

LOG_NAME = "valhalla.log"
"""Written and rotated by the instance that holds the home."""

COMMANDS_NAME = "commands.log"
"""Written by commands next to it: a file that another process has open cannot be rotated on Windows."""

LARGEST = 5 * 2**20
KEPT = 5
LOGGERS = ("valhalla", "jobs", "db")

End = Callable[..., None]
"""Takes the exit code of a command and the error it ended in, if any."""

_OWN = "valhalla.actions"
_COMMANDS = "valhalla.commands"


def to_file(folder: Path, *, instance: bool) -> logging.Handler:
    """Write what the program logs into ``folder`` from now on; returns the handler for :func:`stop`.

    ``instance``: this process holds the home's instance lock, so it writes and rotates ``valhalla.log``.
    """
    path = folder / (LOG_NAME if instance else COMMANDS_NAME)
    handler = _Rotating(
        path, maxBytes=LARGEST, backupCount=KEPT if instance else 1, encoding="utf-8", delay=True
    )
    return _listen(handler, _Lines())


def to_console(stream: TextIO | None = None, *, readable: bool = True) -> logging.Handler:
    """Write what the program logs to ``stream`` (standard error) too: for people, or as the same JSON lines."""
    return _listen(
        logging.StreamHandler(stream or (terminal.unwrapped(sys.stderr) if readable else sys.stderr)),
        _Lines(readable=readable),
    )


def _listen(handler: logging.Handler, lines: logging.Formatter) -> logging.Handler:
    handler.setFormatter(lines)
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
        logger.propagate = not any(isinstance(each.formatter, _Lines) for each in logger.handlers)
    try:
        handler.close()
    except OSError as error:  # what its buffer held is lost
        name = getattr(handler, "baseFilename", "the log")
        print(f"{name} could not be written to its end: {os.strerror(error.errno or 0)}", file=sys.stderr)


def of_command(folder: Path, command: str) -> End:
    """From now on what is logged goes to ``commands.log``, until the function that is returned is called: with the exit
    code of the command and the error it ended in. It writes which command ran, for how long and how it ended. The
    command's words are left out: they may name a person."""
    handler = to_file(folder, instance=False)
    began = time.perf_counter()

    def end(code: int, error: BaseException | None = None) -> None:
        facts: dict[str, Any] = {"command": command, "exit_code": code}
        facts["seconds"] = round(time.perf_counter() - began, 3)
        if error is not None:
            facts["error"] = type(error).__name__
        level = logging.WARNING if code else logging.INFO
        logging.getLogger(_COMMANDS).log(level, "command", extra={"command_facts": facts})
        stop(handler)

    return end


class _Lines(logging.Formatter):
    """One JSON object a line: timestamp, level, logger, action, correlation_id and what else was said; ``readable``: the
    same in columns, with colours on a terminal."""

    def __init__(self, *, readable: bool = False) -> None:
        super().__init__()
        self.readable = readable
        self._structured: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "command_facts", None)
        if (
            record.name == _COMMANDS and not self.readable and facts is not None
        ):  # ours, and nothing in it to mask
            return json.dumps(
                {
                    "timestamp": datetime.fromtimestamp(record.created, UTC)
                    .isoformat()
                    .replace("+00:00", "Z"),
                    "level": record.levelname.lower(),
                    "logger": record.name,
                    "action": record.getMessage(),
                    "correlation_id": correlation.current(),
                    **facts,
                }
            )
        if self._structured is None:
            self._structured = _formatter(self.readable)
        return self._structured.format(record)


def _cleaned(_: Any, __: str, entry: Any) -> Any:
    """What is shown in columns and colours, without what a terminal would obey."""
    return {key: terminal.clean(value) if isinstance(value, str) else value for key, value in entry.items()}


def _formatter(readable: bool) -> logging.Formatter:
    structlog = line_library()

    processors: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _traced,
        _unfolded,
        _mask,
    ]
    if readable:
        processors += [
            _for_people,
            _cleaned,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), pad_event_to=30, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    else:
        processors.append(structlog.processors.JSONRenderer(default=str, ensure_ascii=False))
    made: logging.Formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=processors,
    )
    return made


class _Rotating(logging.handlers.RotatingFileHandler):
    """Goes on writing where it is when the file cannot be rotated now."""

    def doRollover(self) -> None:
        try:
            super().doRollover()
        except OSError:
            if self.stream is None:
                self.stream = self._open()

    def handleError(self, record: logging.LogRecord) -> None:
        """A log that cannot be written (a full disk, a folder that may not be written) stops nobody."""


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


def _for_people(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What a person who watches needs: the time of day, the level, what happened and the rest as ``key=value``."""
    stamp = event.pop("timestamp", None)
    at = datetime.fromisoformat(stamp).astimezone() if stamp else datetime.now().astimezone()
    event.pop("logger", None)
    shown: dict[str, Any] = {"timestamp": at.strftime("%H:%M:%S"), "level": event.pop("level", "info")}
    shown["event"] = event.pop("action", "")
    correlated = event.pop("correlation_id", None)
    shown |= {key: value for key, value in event.items() if value is not None}
    return shown | ({"id": correlated} if correlated else {})


def _mask(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    found: dict[str, Any] = masked(dict(event))
    return found


def line_library() -> Any:
    """structlog, loaded with the first line, without the traceback printer that it loads for terminals, nor what its asynchronous
    loggers need.

    That printer (rich with its highlighter) takes four megabytes, asyncio three, which a program that writes JSON lines never uses.
    """
    with hidden("rich", "greenlet"), postponed("asyncio"):
        import structlog
    return structlog
