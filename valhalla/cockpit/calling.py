"""What the cockpit keeps of the person who works through the list: a one-time key for each lead that is shown, and whom they
skipped today. Kept in memory: after a restart a page is shown again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from secrets import token_urlsafe

from db.clock import DAY

KEPT = 500
"""Keys that are remembered; an older page has to be loaded again."""


@dataclass
class Shown:
    """A lead on somebody's screen."""

    lead_id: int
    said: str | None = None
    """What was recorded with the key; None: nothing yet."""


@dataclass
class CallingDesk:
    """Keys and skips. Hold :attr:`lock` while a key is used: of two presses the second sees what the first did."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    _shown: OrderedDict[str, Shown] = field(default_factory=OrderedDict)
    _skipped: dict[int, int] = field(default_factory=dict)

    def show(self, lead_id: int) -> str:
        """A key with which something can be recorded on this lead once."""
        key = token_urlsafe(12)
        self._shown[key] = Shown(lead_id)
        while len(self._shown) > KEPT:
            self._shown.popitem(last=False)
        return key

    def find(self, key: str) -> Shown | None:
        """What a key was given out for; None: it is too old, or of an earlier start."""
        return self._shown.get(key)

    def skip(self, lead_id: int, now: int) -> None:
        """Do not show this lead again today."""
        self._skipped[lead_id] = now

    def unskip(self) -> None:
        """Show everybody again."""
        self._skipped.clear()

    def skipped(self, now: int) -> set[int]:
        """Whom the person skipped in the last 12 hours."""
        self._skipped = {lead: at for lead, at in self._skipped.items() if now - at < DAY // 2}
        return set(self._skipped)
