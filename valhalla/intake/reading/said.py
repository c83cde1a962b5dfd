"""What a list said when it was read last: a row that says the same again need not be understood again.

A list that comes again every month is mostly the same. What its rows said is known by their fingerprints, so such a row passes through
the import with its line as it stands and the identity of its lead; a caller that needs more reads it then.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import IO, BinaryIO

from valhalla.scoring.stages.row import Row

_BEFORE = (None,) * (Row._fields.index("extras") - 1)
_BETWEEN = (None,) * (Row._fields.index("identity") - Row._fields.index("extras") - 1)


class SaidBefore:
    """The fingerprints of a list's rows, and whose they are."""

    def __init__(self, fingerprints: array[int], identities: array[int]) -> None:
        self._fingerprints = fingerprints
        self._identities = identities

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int]]) -> SaidBefore:
        """From (fingerprint, identity), in the order of the fingerprints."""
        fingerprints, identities = array("q"), array("q")
        for fingerprint, identity in rows:
            fingerprints.append(fingerprint)
            identities.append(identity)
        return cls(fingerprints, identities)

    @classmethod
    def read_from(cls, pipe: BinaryIO, rows: int) -> SaidBefore:
        """What :meth:`write_to` wrote of so many rows, in a process on the same machine. Raises EOFError when the pipe ends before."""
        fingerprints, identities = (array("q", [0]) * rows for _ in range(2))
        for numbers in (fingerprints, identities):
            room = memoryview(numbers).cast("B")
            while room:
                many = pipe.readinto(room)  # type: ignore[attr-defined]  # where they are to stand: they may be many
                if not many:
                    raise EOFError("the pipe ended")
                room = room[many:]
        return cls(fingerprints, identities)

    def write_to(self, pipe: IO[bytes]) -> None:
        """Hand them to another process."""
        for numbers in (self._fingerprints, self._identities):
            pipe.write(memoryview(numbers).cast("B"))

    def __len__(self) -> int:
        return len(self._fingerprints)

    def identity(self, fingerprint: int) -> int | None:
        """Of the lead about which the list said that; None: it never did."""
        known = self._fingerprints
        place = bisect_left(known, fingerprint)
        return self._identities[place] if place < len(known) and known[place] == fingerprint else None


def unread(raw: str, identity: int, fingerprint: int, line: int) -> Row:
    """A row that was left as it stands in the list."""
    return Row._make(("", *_BEFORE, raw, *_BETWEEN, identity, fingerprint, line, (), ()))


def is_unread(row: Row) -> bool:
    """Whether a row was left as it stands: every other has a name."""
    return row.name == ""
