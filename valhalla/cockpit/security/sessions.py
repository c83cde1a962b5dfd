"""Sessions: a link is exchanged for a cookie, and only who has the cookie is let in.

A link stays good until a cookie that it gave is presented for the first time: a virus scanner that fetches the link
before the browser does must not use it up. Only hashes are kept; a restart ends every session.
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

MOST = 200
"""Sessions kept at once; the one unused for longest makes room."""


class Toast(NamedTuple):
    """A short message on the next page: what has just been done."""

    text: str
    kind: str = "ok"
    """ok, warn or bad."""
    undo: str | None = None
    """Where a POST takes it back."""


@dataclass
class Session:
    """Somebody who came in by a link."""

    link: str
    seen: float
    toasts: deque[Toast] = field(default_factory=lambda: deque(maxlen=4))


class Sessions:
    """The sessions of one start. ``is_good``: whether a link's token is one that was made for this file."""

    def __init__(self, is_good: Callable[[str], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._is_good = is_good
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._spent: set[str] = set()

    def exchange(self, token: str) -> str | None:
        """A new session's cookie value for a good link, else None. Reads the file."""
        link = _hash(token)
        if link in self._spent or not self._is_good(token):
            return None
        value = token_urlsafe(32)
        self._make_room()
        self._sessions[_hash(value)] = Session(link, self._clock())
        return value

    def present(self, value: str | None) -> Session | None:
        """The session of a cookie, or None when there is none or it has ended."""
        if not value:
            return None
        key, now = _hash(value), self._clock()
        session = self._sessions.get(key)
        if session is None:
            return None
        if now - session.seen > IDLE:
            del self._sessions[key]
            return None
        session.seen = now
        self._spent.add(session.link)
        return session

    def end(self, value: str) -> None:
        """Sign out."""
        self._sessions.pop(_hash(value), None)

    def _make_room(self) -> None:
        while len(self._sessions) >= MOST:
            self._sessions.pop(min(self._sessions, key=lambda key: self._sessions[key].seen))


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()
