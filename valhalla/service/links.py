"""Links that open the cockpit: made by whoever starts or asks, kept in the file as a hash, good for one minute.

A command beside the running instance makes one as well as the instance itself, so a second start can open the cockpit
of the first. The file holds no token, only its SHA-256.
"""

from __future__ import annotations

from hashlib import sha256
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from db.clock import SECOND

if TYPE_CHECKING:
    from db import Database

GOOD_FOR = 60 * SECOND
"""A link that nobody followed lapses after this."""

TOKEN_BYTES = 24
"""192 bits."""

ADD = "INSERT INTO kv (queue, key, value, expires) VALUES ('cockpit', ?, x'31', ?)"
KNOWN = "SELECT 1 FROM kv WHERE queue = 'cockpit' AND key = ? AND expires > ? AND expires <= ?"
SWEEP = "DELETE FROM kv WHERE queue = 'cockpit' AND key LIKE 'link:%' AND expires <= ?"


def make(database: Database, url: str) -> str:
    """A fresh link to the cockpit that answers at ``url``."""
    token, now = token_urlsafe(TOKEN_BYTES), database.clock()
    with database.write():
        database.sql(SWEEP, (now,))
        database.sql(ADD, (_key(token), now + GOOD_FOR))
    return f"{url.rstrip('/')}/?token={token}"


def is_good(database: Database, token: str) -> bool:
    """Whether ``token`` was made for this file within the last minute (by a clock that was not set back since)."""
    now = database.clock()
    return database.one(KNOWN, (_key(token), now, now + GOOD_FOR)) is not None


def _key(token: str) -> str:
    return "link:" + sha256(token.encode("utf-8", "replace")).hexdigest()
