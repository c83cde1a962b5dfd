"""Signing in: a name and a password become a session, which is a random value that a browser keeps as its cookie.

A name that nobody has is answered like a wrong password: with the same words, after the same work. Tries are counted by the
governor for each name, whether it exists or not, and for all together; above its limit no password counts, the right one
neither.
"""

from __future__ import annotations

from hashlib import sha256
from secrets import token_urlsafe
from typing import NamedTuple

from db import Database, audit
from db.clock import DAY, HOUR, MINUTE
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.governor import GovernorEnforcer
from valhalla.team import passwords, sql
from valhalla.team.members import Member, enabled

IDLE = 12 * HOUR
"""A session ends this long after its last request."""

LONGEST = 7 * DAY
"""And this long after it began."""

SEEN_EACH = MINUTE
"""How exactly the last request is noted."""

TRIES, ALL_TRIES, WINDOW = 10, 300, 15 * 60
"""Passwords that are tried for one name, and for all together, in so many seconds."""

PLACES = 1_024
"""Names share this many counters, so that made-up names fill no table."""

LIMIT = "sign_in"
ALERT = "sign_in"
GUESSING = (
    "passwords were tried too often, so nobody signs in under that name for a quarter of an hour; if that was nobody of yours, "
    "see who is on your network: valhalla team log"
)

WRONG = "The name or the password is wrong."
LOCKED = "Too many tries. Wait a quarter of an hour, or ask for a new invitation."


class Entered(NamedTuple):
    """What came of a try."""

    result: str
    """in, wrong or locked."""
    member: Member | None = None
    cookie: str | None = None


class SignIn(NamedTuple):
    """An entry of the log of sign-ins."""

    at: int
    name: str | None
    """None: a name that nobody has."""
    result: str


def sign_in(database: Database, name: str, password: str, old: str | None = None) -> Entered:
    """Try a name and a password. ``old``: the cookie that the browser brought; its session ends, no matter whose it was.

    Recorded with the time and the member, without password and typed name.
    """
    name = " ".join(name.split()).casefold()[:200]
    found = next((row for row in database.sql(sql.CREDENTIALS) if row[1].casefold() == name), None)
    member = None if found is None else Member._make(found[:4])
    if not _allowed(database, name):
        AlertSystem(database=database).repeat(ALERT, GUESSING, "warning")
        return Entered("locked")
    if not passwords.fits(None if found is None else found[4], password) or member is None:
        _note(database, member, "wrong")
        return Entered("wrong")
    cookie, now = token_urlsafe(32), database.clock()
    with database.write(durable=True):
        database.sql(sql.SWEEP_SESSIONS, (now - IDLE, now - LONGEST))
        database.sql(sql.END_SESSION, (digest(old or ""),))
        database.sql(sql.ADD_SESSION, (digest(cookie), member.id, now, now))
        _note(database, member, "in")
    return Entered("in", member, cookie)


def present(database: Database, cookie: str | None) -> Member | None:
    """Whose session a cookie is; None: nobody's (any more), or the team is off."""
    if not cookie:
        return None
    now, key = database.clock(), digest(cookie)
    row = database.one(sql.SESSION, (key, now - IDLE, now - LONGEST))
    if row is None or not enabled(database):
        return None
    if now - row[4] > SEEN_EACH and not database.readonly:
        with database.write():
            database.sql(sql.SEEN, (now, key))
    return Member._make(row[:4])


def sign_out(database: Database, cookie: str) -> None:
    """End a session."""
    with database.write(durable=True):
        row = database.one(sql.SESSION, (digest(cookie), 0, 0))
        database.sql(sql.END_SESSION, (digest(cookie),))
        if row is not None:
            member = Member._make(row[:4])
            database.sql(sql.RELEASE, (member.name,))
            _note(database, member, "out")


def log(database: Database, limit: int = 100) -> list[SignIn]:
    """Who signed in and out and who tried to, the newest first."""
    return [SignIn._make(row) for row in database.sql(sql.SIGN_INS, (limit,))]


def digest(cookie: str) -> str:
    """What the database keeps of a cookie."""
    return sha256(cookie.encode("utf-8", "replace")).hexdigest()


def _allowed(database: Database, name: str) -> bool:
    governor = GovernorEnforcer(database=database)
    place = int.from_bytes(sha256(name.encode("utf-8", "replace")).digest()[:4], "big") % PLACES
    for resource, most in ((f"{LIMIT}:{place}", TRIES), (LIMIT, ALL_TRIES)):
        if not governor.get_status(resource):
            governor.set_limit(resource, most, WINDOW)
        if not governor.check_limit(resource)[0]:
            return False
    return True


def _note(database: Database, member: Member | None, result: str) -> None:
    with database.write(durable=not database.in_write()):
        number = None if member is None else member.id
        database.sql(sql.ADD_SIGN_IN, (number, database.clock(), result))
        actor = "valhalla" if member is None or result == "wrong" else member.name
        audit.append(
            database, "team.sign_in", f"member:{number or 'unknown'}", {"result": result}, actor=actor
        )
