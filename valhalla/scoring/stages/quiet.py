"""Quiet hours: when the operator wants nobody to be called, in the lead's own time."""

from __future__ import annotations

from typing import NamedTuple

COMPUTER = ""
"""The zone of the computer that the program runs on, in addition to the IANA names."""


class QuietHours(NamedTuple):
    """From and until, minutes after midnight; the end belongs to the open hours. Equal ends: there are none."""

    start: int
    end: int

    @classmethod
    def of(cls, start: str, end: str) -> QuietHours:
        """``20:00`` and ``08:00``."""
        return cls(_minutes(start), _minutes(end))

    def holds(self, minute: int) -> bool:
        """Whether a minute of the day is quiet."""
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)
