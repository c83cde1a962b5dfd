"""What can come of one try at an effect."""

from __future__ import annotations

from valhalla.program.errors import ValhallaError


class EffectError(ValhallaError):
    """Something about an effect is not possible."""


class TryLater(EffectError):
    """It was certainly not done, and may be tried again, after ``after`` seconds if the receiver said so."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Refused(EffectError):
    """It was certainly not done, and trying again is of no use."""


class Unknown(EffectError):
    """Nobody here can know whether it was done: the receiver was told, and did not answer."""
