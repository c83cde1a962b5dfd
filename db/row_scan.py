"""The witnesses of a table with its rows, a range of keys at a time, and which of them need a closer look."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from db.evidence import SALT_BYTES, Hasher, gone_hash

Line = tuple[Any, ...]
"""A witness and its row: key, entry, salt, hash, whether there is a row, its personal columns and the others as they are hashed; both
None where the row is not as most rows of its table are."""


class Keys(NamedTuple):
    """The keys from ``first`` on and before ``end``; None: there is no such bound."""

    first: int | None = None
    end: int | None = None


class Query(NamedTuple):
    """SQL for the lines of a table, and what it is given."""

    text: str
    given: Mapping[str, Any]

    def over(self, keys: Keys, after: Any = None) -> tuple[str, dict[str, Any]]:
        """The same for some of the keys, in order of key and entry. ``after``: only those behind this key."""
        bounds = {"w.key >= :first": keys.first, "w.key < :end": keys.end, "w.key > :after": after}
        wanted = [each for each, value in bounds.items() if value is not None]
        given = {"first": keys.first, "end": keys.end, "after": after}
        return " AND ".join([self.text, *wanted]) + " ORDER BY w.key, w.entry", {**self.given, **given}


class Scan:
    """One way over lines: each hash goes to its entry, and lines that are not as they should be come out."""

    def __init__(
        self,
        table: str,
        fits: Callable[[Line], bool],
        add: Mapping[int, Callable[[bytes], object]],
        counts: Mapping[int, list[int]],
    ) -> None:
        """``fits``: whether the newest line of a key proves its row; ``add``: takes each hash of an entry, for all entries that
        witness rows of the table; ``counts``: of each, rows written and removed."""
        self._table, self._fits, self._add, self._counts = table, fits, add, counts
        self.fitting = 0
        """Keys whose row is proven."""

    def unlike(self, lines: Iterable[Line]) -> Iterator[tuple[Line, bool]]:
        """Those that need a closer look: the newest of a key that does not fit (True), and any of an entry that is not known (False)."""
        fits, adds, counts, fitting, latest = self._fits, self._add, self._counts, 0, None
        for line in lines:
            key, entry, _, row_hash, _, _, _ = line
            if latest is not None and latest[0] != key:
                if fits(latest):
                    fitting += 1
                else:
                    yield latest, True
            latest = line
            add = adds.get(entry)
            if add is None:
                yield line, False
                continue
            add(row_hash if row_hash is not None else gone_hash(self._table, key))
            counts[entry][row_hash is None] += 1
        if latest is not None:
            if fits(latest):
                fitting += 1
            else:
                yield latest, True
        self.fitting += fitting


def fits_as_usual(hasher: Hasher, entries: Container[int]) -> Callable[[Line], bool]:
    """Whether a row is as its witness says, when that is of one of these entries: those that hash by the usual columns, and leave
    nothing out."""
    check = hasher.check_encoded

    def fits(line: Line) -> bool:
        _, entry, salt, row_hash, _, personal, rest = line
        return (
            rest is not None
            and entry in entries
            and (salt is None or len(salt) == SALT_BYTES)
            and check(personal, rest, salt) == row_hash
        )

    return fits
