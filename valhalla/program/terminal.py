"""What data may not do to a terminal: move its cursor, set its title, answer for its user, or turn its text around."""

from __future__ import annotations

import io
import re
from typing import Any, TextIO

UNSAFE = re.compile(
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


def unwrapped(stream: TextIO) -> TextIO:
    """The stream behind a clean one, for those who clean what they style themselves."""
    return stream.raw if isinstance(stream, CleanStream) else stream
