"""Members' passwords and the invitations by which they choose one.

The database keeps an Argon2id hash of a password and the SHA-256 of an invitation's code, which is 192 random bits.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from hashlib import sha256
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, NamedTuple

from db import Database, audit
from db.clock import DAY
from valhalla.program.errors import UsageError
from valhalla.team import models
from valhalla.team.members import Member, find
from valhalla.team.models import Credential

if TYPE_CHECKING:
    from argon2 import PasswordHasher

INVITED_FOR = 7 * DAY
"""An invitation that nobody followed lapses after this."""

SHORTEST, LONGEST = 10, 200
"""Characters of a password."""

_one_at_a_time = threading.Lock()
"""A hash takes 64 MiB: two at once would take twice that."""

LAPSED = "this invitation was used, or is over seven days old; ask for another: valhalla team invite NAME"


class Invitation(NamedTuple):
    """A way to choose a password, for one member and once."""

    code: str
    until: int
    """UTC microseconds."""


def invite(database: Database, name: str, actor: str = "operator") -> tuple[Member, Invitation]:
    """A fresh invitation; one that was made before opens nothing any more. The password holds until another is chosen.

    Raises :class:`UsageError` for somebody unknown.
    """
    code = token_urlsafe(24)
    with database.write(durable=True):
        member = find(database, name)
        now = database.clock()
        row = Credential.insert(
            member_id=member.id, invitation=_digest(code), invited_until=now + INVITED_FOR, changed_at=now
        )
        replaced = Credential.invitation, Credential.invited_until
        row.on_conflict(conflict_target=(Credential.member_id,), preserve=replaced).execute(database)
        audit.append(
            database, "team.invite", f"member:{member.id}", {"until": now + INVITED_FOR}, actor=actor
        )
    return member, Invitation(code, now + INVITED_FOR)


def invited(database: Database, code: str) -> Member | None:
    """Whom an invitation is for; None: it is good for nothing (any more)."""
    who = models.Member
    query = who.select(who.id, who.name, who.role, who.added_at)
    query = query.join(Credential, on=Credential.member_id == who.id).where(who.removed_at.is_null())
    row = query.where(*_open(code, database.clock())).tuples().first(database)
    return None if row is None else Member._make(row)


def accept(database: Database, code: str, password: str, again: str) -> Member:
    """Choose a password by an invitation, which is used up by that. Everywhere the member was signed in they are signed out.

    Raises :class:`UsageError` for an invitation that is good for nothing, and for a password that is too short, too long,
    the member's name, or not the same twice.
    """
    member = invited(database, code)
    if member is None:
        raise UsageError(LAPSED)
    check(member, password, again)
    made = hashed(password)
    with database.write(durable=True):
        now = database.clock()
        # Only while the invitation is open: of two browsers that follow one link, the first chooses.
        chosen = Credential.update(password=made, invitation=None, invited_until=None, changed_at=now)
        if not chosen.where(Credential.member_id == member.id, *_open(code, now)).execute(database):
            raise UsageError(LAPSED)
        models.MemberSession.delete().where(models.MemberSession.member_id == member.id).execute(database)
        audit.append(database, "team.password", f"member:{member.id}", {}, actor=member.name)
    return member


def check(member: Member, password: str, again: str) -> None:
    """Raises :class:`UsageError` for a password that cannot be chosen."""
    if password != again:
        raise UsageError("the two passwords are not the same; type it again")
    if len(password) < SHORTEST:
        raise UsageError(f"a password has at least {SHORTEST} characters; three or four words are good ones")
    if len(password) > LONGEST:
        raise UsageError(f"a password has at most {LONGEST} characters")
    plain = password.casefold()
    if plain.replace(member.name.casefold(), "").strip("0123456789 !.-_") == "" or len(set(plain)) < 4:
        raise UsageError("this password is easy to guess; three or four words are good ones")


def hashed(password: str) -> str:
    """The Argon2id hash of a password, with its salt and its cost."""
    with _one_at_a_time:
        return _hasher().hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether a password is the one of a hash. Without a hash it takes as long, and is False."""
    from argon2.exceptions import InvalidHashError, VerificationError

    with _one_at_a_time:
        nobodys = _nobodys()
        try:
            return _hasher().verify(stored or nobodys, password[: LONGEST + 1]) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """What the password of a name that nobody has is compared with."""
    return _hasher().hash(token_urlsafe(24))


def _open(code: str, now: int) -> tuple[Any, Any]:
    """What the row of an invitation that holds now fulfils."""
    return Credential.invitation == _digest(code), Credential.invited_until > now


def _digest(code: str) -> str:
    return sha256(code.encode("utf-8", "replace")).hexdigest()
