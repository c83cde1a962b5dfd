"""Links that open the cockpit: made by whoever starts or asks, kept in the file as a hash, good once and for one minute.

A command beside the running instance makes one as well as the instance itself, so a second start can open the cockpit
of the first. The file holds no token, only its SHA-256. That a link was used stands in the file, too: it stays used when
the program starts again, and a second use of it can be told from a wrong link.
"""

from __future__ import annotations

from hashlib import sha256
from secrets import token_urlsafe

from db import Database, audit
from db.clock import SECOND
from valhalla.sandbox.alerts import AlertSystem
from valhalla.service import sql

GOOD_FOR = 60 * SECOND
"""A link that nobody followed lapses after this."""

REMEMBERED = 30 * 24 * 3600 * SECOND
"""How long a used link is known as one."""

TOKEN_BYTES = 24
"""192 bits."""

ALERT = "cockpit.link"
AGAIN = (
    "a link to the cockpit was used by a second browser and opened nothing there; if that was not you, somebody else "
    "has seen the link: stop Valhalla and start it again, which signs everybody out"
)


def make(database: Database, url: str) -> str:
    """A fresh link to the cockpit that answers at ``url``."""
    token, now = token_urlsafe(TOKEN_BYTES), database.clock()
    with database.write():
        database.sql(sql.SWEEP_LINKS, (now,))
        database.sql(sql.ADD_LINK, (_key(link_of(token)), now + GOOD_FOR))
    return f"{url.rstrip('/')}/?token={token}"


def link_of(token: str) -> str:
    """What a link is called everywhere but in the link: the hash of its token."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def is_good(database: Database, link: str) -> bool:
    """Whether ``link`` was made for this file within the last minute (by a clock that was not set back since) and nobody
    came in by it."""
    now = database.clock()
    return database.one(sql.GOOD_LINK, (_key(link), now, now + GOOD_FOR)) is not None


def spend(database: Database, link: str) -> None:
    """Somebody has come in by ``link``: it opens nothing any more, also after a restart. Durable."""
    with database.write(durable=True):
        database.sql(sql.SPEND_LINK, (_key(link), database.clock() + REMEMBERED))


def used_again(database: Database, link: str) -> bool:
    """Report the second use of a link that somebody came in by, once, by an alert and in the audit log.

    False: it is no such link.
    """
    known = database.one(sql.SPENT_LINK, (_key(link),))
    if known is None:
        return False
    if not known[0]:
        with database.write(durable=True):
            database.sql(sql.REPORT_LINK, (_key(link),))
            if database.changes():
                audit.append(database, "link.again", "cockpit", {})
                AlertSystem(database=database).repeat(ALERT, AGAIN, "warning")
    return True


def _key(link: str) -> str:
    return f"link:{link}"
