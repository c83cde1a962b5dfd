"""Block 9, the structured logger: lines that a program can read, tied together by an id.

Promises: every line is one JSON object with ``timestamp``, ``action`` and ``correlation_id``; the id belongs to the
context that set it, so a thread or an async task never sees another's; personal data is shortened and secrets are left
out (:mod:`valhalla.program.masking`).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from db import clock
from valhalla.program import correlation
from valhalla.program.logs import line_library
from valhalla.program.masking import masked
from valhalla.sandbox.block import resolve, stamp

if TYPE_CHECKING:
    from db import Database
    from valhalla.sandbox.database import SandboxDatabaseManager

LEVELS = ("debug", "info", "warning", "error", "critical")

LOGGER_NAME = "valhalla.actions"


class StructuredLogger:
    """Writes to ``logger_instance`` (a :class:`logging.Logger`; None: the program's own)."""

    def __init__(
        self,
        logger_instance: logging.Logger | None = None,
        *,
        database: Database | SandboxDatabaseManager | None = None,
    ) -> None:
        self._clock = clock.now if database is None else resolve(database).clock
        structlog = line_library()
        self._logger = structlog.wrap_logger(
            logger_instance or logging.getLogger(LOGGER_NAME),
            processors=[
                structlog.stdlib.filter_by_level,
                structlog.processors.EventRenamer("action"),
                structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
            ],
            wrapper_class=structlog.stdlib.BoundLogger,
            cache_logger_on_first_use=False,
        )

    def set_correlation_id(self, correlation_id: str | None = None) -> str:
        """Use this id (None: a fresh one) in the lines of this thread or task from now on; returns it."""
        chosen = correlation_id or correlation.new()
        correlation.set_current(chosen)
        return chosen

    def get_correlation_id(self) -> str:
        """The id of this thread or task; one is made when there is none."""
        return correlation.current() or self.set_correlation_id()

    @property
    def correlation_id(self) -> str:
        """The same as :meth:`get_correlation_id`."""
        return self.get_correlation_id()

    def log_request(self, endpoint: str, method: str = "GET", user_id: object = None) -> str:
        """A request begins: a fresh id, and a line that names it; returns the id."""
        chosen = self.set_correlation_id()
        self.log_action("request", endpoint=endpoint, method=method, user_id=user_id)
        return chosen

    def log_action(self, action: str, level: str = "info", **fields: Any) -> dict[str, Any]:
        """Write a line; returns what it says: ``{timestamp, action, correlation_id, ...fields}``.

        Raises :class:`ValueError` for an unknown level.
        """
        if level not in LEVELS:
            raise ValueError(f"level is one of {', '.join(LEVELS)}, not {level!r}")
        own = {
            "timestamp": stamp(self._clock()),
            "level": level,
            "correlation_id": self.get_correlation_id(),
        }
        entry = {**masked(fields), **own}
        getattr(self._logger, level)(str(masked(action)), **entry)
        return {**entry, "action": masked(action)}
