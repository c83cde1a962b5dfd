"""Asking a running instance, through the file, to stop in good order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valhalla.program import sql
from valhalla.program.file_models import KeyValue

if TYPE_CHECKING:
    from db import Database


def ask(database: Database) -> None:
    """Ask the instance that works on this file to stop; it looks ten times a second."""
    with database.write(durable=True):
        KeyValue.insert(queue="service", key="stop", value=b"1").on_conflict_ignore().execute(database)


def asked_to_stop(database: Database) -> bool:
    """Whether somebody asked."""
    return database.one(sql.KEPT, ("service", "stop")) is not None


def forget_request(database: Database) -> None:
    """A request that came before this run is not meant for it."""
    if asked_to_stop(database):
        with database.write():
            asked = KeyValue.delete().where(KeyValue.queue == "service", KeyValue.key == "stop")
            asked.execute(database)
