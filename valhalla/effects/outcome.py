"""What can come of one try at an effect."""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING, Any

from valhalla.program.errors import ValhallaError
from valhalla.program.later import later

if TYPE_CHECKING:
    import ssl
else:  # three megabytes with smtplib, which a program that sends nothing never uses
    ssl = later("ssl")


class EffectError(ValhallaError):
    """Something about an effect is not possible.

    The text goes into evidence: it is made of the program's own words and numbers, never of what a receiver said, which
    may repeat whatever it received. ``said`` is for that: it is kept in ``effect.response``, which is personal.
    """

    def __init__(self, reason: str, said: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.said = said


class TryLater(EffectError):
    """It was certainly not done, and may be tried again, after ``after`` seconds if the receiver said so."""

    def __init__(self, reason: str, said: dict[str, Any] | None = None, after: float | None = None) -> None:
        super().__init__(reason, said)
        self.after = after


class Refused(EffectError):
    """It was certainly not done, and trying again is of no use."""


class Unknown(EffectError):
    """Nobody here can know whether it was done: the receiver got the request and did not answer."""


def why(error: BaseException) -> str:
    """Why a line failed, in the system's own words or this program's: the text of an error may quote the other side."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted, code {cause.verify_code}"
        if isinstance(cause, ssl.SSLError):
            return "TLS failed"
        if isinstance(cause, socket.gaierror):
            return "its name is not known"
        if isinstance(cause, TimeoutError):
            return "it took too long"
        if isinstance(cause, OSError) and cause.errno is not None and cause.errno in errno.errorcode:
            return os.strerror(cause.errno)
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
