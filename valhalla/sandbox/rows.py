"""What a statement of a session returned."""

from __future__ import annotations

from typing import Any


class Rows(list[tuple[Any, ...]]):
    """The rows as a list, with the questions that are usually asked of a cursor."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows."""
        return list(self)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row, or None."""
        return self[0] if self else None

    def scalar(self) -> Any:
        """The first column of the first row, or None."""
        return self[0][0] if self and self[0] else None
