"""The right to erasure, for what the blocks log and keep of calls: their results and errors are whatever was called said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from valhalla.sandbox import alerts, sql

if TYPE_CHECKING:
    from db import Database


def forget(database: Database, mentions: Callable[[str], bool]) -> None:
    """Leave out what alerts say of people who are erased, and delete what the blocks' logs and results do; inside the caller's
    transaction."""
    alerts.forget(database, mentions)
    for texts, delete in (
        (sql.TEXTS_OF_DRY_RUNS, sql.DELETE_DRY_RUN),
        (sql.TEXTS_OF_RETRIES, sql.DELETE_RETRY),
        (sql.TEXTS_OF_KEYS, sql.DELETE_KEY),
    ):
        for key, *texts_of in database.sql(texts):
            if any(text is not None and mentions(text) for text in texts_of):
                database.sql(delete, (key,))
