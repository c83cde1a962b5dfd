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
from db.orm import JOIN
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.governor import GovernorEnforcer
from valhalla.team import models, passwords, sql
from valhalla.team.members import Member, enabled, everybody

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
    # All of them, so that a name that nobody has takes as long to look up as one that somebody has.
    found = next((each for each in everybody(database) if each.name.casefold() == name), None)
    password_of = dict(
        models.Credential.select(models.Credential.member_id, models.Credential.password)
        .tuples()
        .execute(database)
    )
    if not _allowed(database, name):
        AlertSystem(database=database).repeat(ALERT, GUESSING, "warning")
        return Entered("locked")
    if not passwords.fits(None if found is None else password_of.get(found.id), password) or found is None:
        _note(database, found, "wrong")
        return Entered("wrong")
    cookie, now = token_urlsafe(32), database.clock()
    with database.write(durable=True):
        session = models.MemberSession
        ended = (session.seen_at <= now - IDLE) | (session.created_at <= now - LONGEST)
        session.delete().where(ended | (session.digest == digest(old or ""))).execute(database)
        session.insert(digest=digest(cookie), member_id=found.id, created_at=now, seen_at=now).execute(
            database
        )
        _note(database, found, "in")
    return Entered("in", found, cookie)


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
            seen = models.MemberSession.update(seen_at=now)
            seen.where(models.MemberSession.digest == key).execute(database)
    return Member._make(row[:4])


def sign_out(database: Database, cookie: str) -> None:
    """End a session."""
    with database.write(durable=True):
        row = database.one(sql.SESSION, (digest(cookie), 0, 0))
        models.MemberSession.delete().where(models.MemberSession.digest == digest(cookie)).execute(database)
        if row is not None:
            member = Member._make(row[:4])
            models.LeadHold.delete().where(models.LeadHold.who == member.name).execute(database)
            _note(database, member, "out")


def log(database: Database, limit: int = 100) -> list[SignIn]:
    """Who signed in and out and who tried to, the newest first."""
    row, who = models.SignIn, models.Member
    query = row.select(row.at, who.name, row.result).join(who, JOIN.LEFT_OUTER, on=who.id == row.member_id)
    newest = query.order_by(row.id.desc()).limit(limit).tuples()
    return [SignIn._make(each) for each in newest.execute(database)]


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
        models.SignIn.insert(member_id=number, at=database.clock(), result=result).execute(database)
        actor = "valhalla" if member is None or result == "wrong" else member.name
        audit.append(
            database, "team.sign_in", f"member:{number or 'unknown'}", {"result": result}, actor=actor
        )
