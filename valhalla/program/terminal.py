"""What is printed: without what a terminal would obey, and with an end for output that nobody takes any more.

Data may not move a terminal's cursor, set its title, answer for its user, or turn its text around.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO, cast

from valhalla.program.errors import ValhallaError
from valhalla.program.patterns import pattern

UNSAFE = pattern(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\r(?!\n)"
)
"""C0 without tab and line feed, DEL, C1, what breaks lines unseen and what changes the direction of writing (Unicode
Technical Report 36, section 2.5; CVE-2021-42574)."""

SHOWN_AS = "\ufffd"


def clean(text: str) -> str:
    """``text`` as it may reach a terminal."""
    return text if text.isascii() and text.isprintable() else UNSAFE.sub(SHOWN_AS, text)


def escaped(document: str) -> str:
    """A JSON document in which such characters, which stand only inside of its strings, are written as escapes."""
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


class CleanStream(io.TextIOBase):
    """A text stream through which nothing unsafe passes. Everything else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self.raw = stream
        """For what is styled by us: its data must have been cleaned before."""

    def write(self, text: str) -> int:
        """Write ``text``, cleaned."""
        self.raw.write(clean(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each, cleaned."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush the stream."""
        self.raw.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self.raw.isatty()

    def fileno(self) -> int:
        """The descriptor of the stream."""
        return self.raw.fileno()

    def close(self) -> None:
        """The stream stays open: it belongs to the interpreter."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The stream's encoding."""
        return self.raw.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """How the stream treats what it cannot encode."""
        return self.raw.errors

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


class OutputLost(ValhallaError):
    """What a command was asked for could not be written."""


class Output(io.TextIOBase):
    """An output of the process that may be lost while it works: its reader ends, its disk is full, it was never open.

    ``outlived``: that ends nothing; what is printed meanwhile is left out. Otherwise it raises BrokenPipeError where the
    reader has gone, and :class:`OutputLost`.
    """

    def __init__(self, stream: TextIO | None, *, outlived: bool = False) -> None:
        self._stream = stream
        self.outlived = outlived

    def write(self, text: str) -> int:
        """Write ``text``."""
        stream = self._stream
        if stream is not None:
            self._attempt(lambda: stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        if self._stream is not None:
            self._attempt(self._stream.flush)

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        try:
            return self._stream is not None and self._stream.isatty()
        except (OSError, ValueError):
            return False

    def fileno(self) -> int:
        """The descriptor of the stream."""
        if self._stream is None:
            raise io.UnsupportedOperation("the output is closed")
        return self._stream.fileno()

    def close(self) -> None:
        """The stream stays open: it belongs to the interpreter."""

    def settle(self) -> None:
        """Write what is still in the stream's buffer, or forget it: the interpreter complains of what it cannot write."""
        if self._stream is not None:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._give_up()

    def _attempt(self, step: Callable[[], object]) -> None:
        try:
            step()
        except (OSError, ValueError) as error:
            code = getattr(error, "errno", None)
            if code not in FULL:  # on a full disk there may be space again
                self._give_up()
            if self.outlived:
                return
            if isinstance(error, BrokenPipeError) or (sys.platform == "win32" and code == errno.EINVAL):
                raise BrokenPipeError from None
            reason = os.strerror(code) if code else "it is closed"
            raise OutputLost(f"the output could not be written: {reason}") from None

    def _give_up(self) -> None:
        stream, self._stream = self._stream, None
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(nowhere, stream.fileno())  # type: ignore[union-attr]
            finally:
                os.close(nowhere)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The stream's encoding."""
        return getattr(self._stream, "encoding", "utf-8")

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """How the stream treats what it cannot encode."""
        return getattr(self._stream, "errors", None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__.get("_stream"), name)


FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
"""What a disk answers that has no space left, for anybody or for this user."""


@contextlib.contextmanager
def printing() -> Iterator[None]:
    """Inside the block nothing unsafe is printed: it may hold a lead's name, or a list's. Errors that nobody can read
    change nothing; what a command was asked for is not lost unnoticed (but see :func:`outlive_output`)."""
    before = sys.stdout, sys.stderr
    made = []
    for stream, outlived in ((sys.stdout, False), (sys.stderr, True)):
        if not isinstance(stream, CleanStream):
            made.append(Output(stream, outlived=outlived))
            stream = CleanStream(cast(TextIO, made[-1]))
        if outlived:
            sys.stderr = stream
        else:
            sys.stdout = stream
    try:
        yield
    finally:
        for output in made:
            output.settle()
        sys.stdout, sys.stderr = before


def outlive_output() -> None:
    """This process has more to do than to print: from now on it goes on when nobody takes what it prints."""
    stream = sys.stdout
    if isinstance(stream, CleanStream) and isinstance(stream.raw, Output):
        stream.raw.outlived = True


def unwrapped(stream: TextIO) -> TextIO:
    """The stream behind a clean one, for those who clean what they style themselves."""
    return stream.raw if isinstance(stream, CleanStream) else stream
