"""Asking a running instance, through the file, to stop in good order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db import Database

ASK = (
    "INSERT INTO kv (queue, key, value) VALUES ('service', 'stop', x'31') ON CONFLICT (queue, key) DO NOTHING"
)
ASKED = "SELECT 1 FROM kv WHERE queue = 'service' AND key = 'stop'"
FORGET = "DELETE FROM kv WHERE queue = 'service' AND key = 'stop'"


def ask(database: Database) -> None:
    """Ask the instance that works on this file to stop; it looks ten times a second."""
    with database.write(durable=True):
        database.sql(ASK)


def asked_to_stop(database: Database) -> bool:
    """Whether somebody asked."""
    return database.one(ASKED) is not None


def forget_request(database: Database) -> None:
    """A request that came before this run is not meant for it."""
    if asked_to_stop(database):
        with database.write():
            database.sql(FORGET)
