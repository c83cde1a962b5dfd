"""Where the cockpit is, and links that open it: made by anyone who starts or asks, kept in the file as a hash, good once and for one minute.

A command next to a running instance makes one as well as the instance itself, so a second start can open the cockpit
of the first. The file holds no token, only its SHA-256. That a link was used stands in the file, too: it stays used when
the program starts again, and a second use of it can be distinguished from a wrong link.
"""

from __future__ import annotations

import os
from hashlib import sha256
from html import escape
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Any

from db import Database, audit
from db.clock import SECOND
from valhalla.program.file_models import KeyValue
from valhalla.program.files import whole
from valhalla.program.home import Home
from valhalla.sandbox.alerts import AlertSystem

GOOD_FOR = 60 * SECOND
"""A link that nobody followed lapses after this."""

REMEMBERED = 30 * 24 * 3600 * SECOND
"""How long a used link is known as one."""

QUEUE, LINK = "cockpit", "link:"
"""Links are values of this queue; their keys begin so."""

GOOD, SPENT, REPORTED = b"1", b"2", b"3"
"""It opens the cockpit; somebody came in by it; a second use of it was reported."""

TOKEN_BYTES = 24
"""192 bits."""

NAME_BYTES = 8
"""64 bits."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url={link}">
<title>Valhalla</title>
</head>
<body>
<p><a href="{link}" rel="noreferrer">Open the cockpit</a></p>
<p>The link is good once and for a minute. Get a fresh one with: valhalla cockpit --open</p>
</body>
</html>
"""

ALERT = "cockpit.link"
AGAIN = (
    "a link to the cockpit was used by a second browser and opened nothing there; if that was not you, somebody else "
    "has seen the link: stop Valhalla and start it again, which signs everybody out"
)


def make(database: Database, url: str) -> str:
    """A fresh link to the cockpit that answers at ``url``."""
    token, now = token_urlsafe(TOKEN_BYTES), database.clock()
    with database.write():
        lapsed = KeyValue.delete().where(KeyValue.queue == QUEUE, KeyValue.key.startswith(LINK))
        lapsed.where(KeyValue.expires <= now).execute(database)
        row = {"key": _key(link_of(token)), "value": GOOD, "expires": now + GOOD_FOR}
        KeyValue.insert(queue=QUEUE, **row).execute(database)
    return f"{url.rstrip('/')}/?token={token}"


def name_of(database: Database) -> str:
    """The name that the cockpit of this home is served under, ``….localhost``; made once.

    Cookies do not know ports: one of 127.0.0.1 goes to every program that listens there, one of this name only here.
    Browsers take every name that ends so for this computer (RFC 6761); nobody else can guess it.
    """
    name = KeyValue.select(KeyValue.value).where(*_named("name"))
    found = name.scalar(database)
    if found is None:
        made = f"v{token_hex(NAME_BYTES)}".encode()
        if database.readonly:
            found = made
        else:
            with database.write(durable=not database.in_write()):
                # Two programs may make it at once; the first one's holds.
                first = KeyValue.insert(queue=QUEUE, key="name", value=made).on_conflict_ignore()
                first.execute(database)
                found = name.scalar(database)
    return f"{bytes(found).decode()}.localhost"


def rename(database: Database) -> str:
    """Another name: a home that was copied has that of the one it was copied from, and two cannot be served under one."""
    with database.write(durable=True):
        made = f"v{token_hex(NAME_BYTES)}".encode()
        KeyValue.update(value=made).where(*_named("name")).execute(database)
    return name_of(database)


def write_page(home: Home, link: str) -> Path:
    """Write the private page that leads to ``link``, for a browser to open: its arguments are in the list of
    processes, which everybody on this computer can read."""
    with whole(home.open_page) as part:
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8") as page:
            page.write(PAGE.format(link=escape(link)))
    return home.open_page


def link_of(token: str) -> str:
    """What a link is called everywhere but in the link: the hash of its token."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def is_good(database: Database, link: str) -> bool:
    """Whether ``link`` was made for this file within the last minute (by a clock that was not set back since) and nobody
    came in by it."""
    now = database.clock()
    row = KeyValue.select().where(*_named(_key(link)), KeyValue.value == GOOD)
    return bool(row.where(KeyValue.expires > now, KeyValue.expires <= now + GOOD_FOR).exists(database))


def spend(database: Database, link: str) -> None:
    """Somebody has come in by ``link``: it opens nothing any more, also after a restart. Durable."""
    with database.write(durable=True):
        row = {"key": _key(link), "value": SPENT, "expires": database.clock() + REMEMBERED}
        # It may have lapsed and been swept since it was exchanged for a cookie.
        spent = KeyValue.insert(queue=QUEUE, **row).on_conflict(
            conflict_target=(KeyValue.queue, KeyValue.key),
            preserve=(KeyValue.value, KeyValue.expires),
            where=KeyValue.value == GOOD,
        )
        spent.execute(database)


def used_again(database: Database, link: str) -> bool:
    """Report the second use of a link that somebody came in by, once, by an alert and in the audit log.

    False: it is no such link.
    """
    known = KeyValue.select(KeyValue.value).where(*_named(_key(link))).scalar(database)
    if known in (None, GOOD):
        return False
    if known != REPORTED:
        with database.write(durable=True):
            reported = KeyValue.update(value=REPORTED)
            if reported.where(*_named(_key(link)), KeyValue.value == SPENT).execute(database):
                audit.append(database, "link.again", "cockpit", {})
                AlertSystem(database=database).repeat(ALERT, AGAIN, "warning")
    return True


def _key(link: str) -> str:
    return f"{LINK}{link}"


def _named(key: str) -> tuple[Any, Any]:
    return KeyValue.queue == QUEUE, KeyValue.key == key
