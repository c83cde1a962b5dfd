"""Sessions: a link is exchanged for a cookie, and only who has the cookie is let in.

A link stays good until a cookie that it gave is presented for the first time: a virus scanner that fetches the link
before the browser does must not use it up. From then on the other cookies of that link are good for nothing, so that
nobody comes in by it unnoticed. Only hashes are kept; a restart ends every session.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_urlsafe
from typing import NamedTuple

IDLE = 7 * 24 * 3600.0
"""Seconds without a request after which a session ends."""

FIRST = 60.0
"""Seconds within which a cookie is presented for the first time: a browser does that at once."""

MOST = 200
"""Sessions kept at once; one whose cookie was never shown makes room, else the one unused for longest."""


class Toast(NamedTuple):
    """A short message on the next page: what has just been done."""

    text: str
    kind: str = "ok"
    """ok, warn or bad."""
    undo: str | None = None
    """Where a POST undoes it."""


@dataclass
class Session:
    """Somebody who followed a link."""

    link: str
    """Its hash."""
    seen: float
    shown: bool = False
    """Whether its cookie was presented."""
    toasts: deque[Toast] = field(default_factory=lambda: deque(maxlen=4))


class Sessions:
    """The sessions of one start. ``is_good``: whether a link, named by its hash, is one that nobody came in by yet.

    Cookies are exchanged by reading threads and presented on the event loop alone, so of two cookies of a link only one
    can be the first.
    """

    def __init__(self, is_good: Callable[[str], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._is_good = is_good
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._spent: set[str] = set()
        self._members: dict[str, Session] = {}

    def exchange(self, link: str) -> str | None:
        """A new session's cookie value for a good link, else None. Reads the file."""
        if link in self._spent or not self._is_good(link):
            return None
        value = token_urlsafe(32)
        self._make_room()
        self._sessions[_hash(value)] = Session(link, self._clock())
        return value

    def present(self, value: str | None) -> Session | None:
        """The session of a cookie, or None when there is none or it has ended."""
        session, now = self._of(value), self._clock()
        if session is None or self._is_late(session):
            return None
        if now - session.seen > (IDLE if session.shown else FIRST):
            return None
        session.seen = now
        return session

    def come_in(self, session: Session) -> bool:
        """Let nobody else in by the link of a session that was presented. False: this was done before."""
        first = not session.shown
        session.shown = True
        self._spent.add(session.link)
        return first

    def spend(self, link: str) -> None:
        """Let nobody in by ``link`` any more."""
        self._spent.add(link)

    def of_member(self, value: str) -> Session:
        """What is kept of a browser in which a member is signed in; whether they are is in the database."""
        key, now = _hash(value), self._clock()
        if key not in self._members:
            while len(self._members) >= MOST:
                self._members.pop(min(self._members, key=lambda each: self._members[each].seen))
            self._members[key] = Session("", now, shown=True)
        self._members[key].seen = now
        return self._members[key]

    def late(self, value: str | None) -> str | None:
        """The link of a cookie that is good for nothing because another one of the same link was presented first."""
        session = self._of(value)
        return session.link if session is not None and self._is_late(session) else None

    def end(self, value: str) -> None:
        """Sign out."""
        self._sessions.pop(_hash(value), None)
        self._members.pop(_hash(value), None)

    def _of(self, value: str | None) -> Session | None:
        return self._sessions.get(_hash(value)) if value else None

    def _is_late(self, session: Session) -> bool:
        return not session.shown and session.link in self._spent

    def _make_room(self) -> None:
        while len(self._sessions) >= MOST:
            self._sessions.pop(min(self._sessions, key=self._worth))

    def _worth(self, key: str) -> tuple[bool, float]:
        session = self._sessions[key]
        return session.shown, session.seen


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()
