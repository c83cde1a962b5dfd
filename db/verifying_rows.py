"""Checking the rows of one table, each against the entry that witnesses it.

One scan of ``witness`` in key order, joined with the rows: each hash goes into the digest of its entry, and the newest one of
a key must be the hash of the row as it stands now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from db.evidence import SUBHASH_BYTES, Evidence, Hasher, gone_hash
from db.sealing import key_sql
from db.verdict import PROBLEMS_KEPT

if TYPE_CHECKING:
    from db.verifying import Walk


class Sealed(NamedTuple):
    """What a ``rows`` entry says of one table."""

    columns: str
    rows: int
    removed: int
    keys: Any
    digest: str


class Table:
    """The rows of one table, and what the chain says of them."""

    def __init__(self, walk: Walk, name: str) -> None:
        self.walk, self.name = walk, name
        self.verdict = walk.verdict
        self.sealed = walk.sealed.get(name, {})
        self.columns = [row[1] for row in walk.database.sql(f'PRAGMA table_info("{name}")')]
        self.key = walk.newest[name]["key"]
        self.hashers: dict[str, Hasher | None] = {}
        self.defaults: dict[str, list[tuple[int, Any]]] = {}

    def check(self) -> None:
        """Add to the verdict what is not as the chain says."""
        digests: dict[int, Any] = {entry: hashlib.sha256() for entry in self.sealed}
        counts: dict[int, list[int]] = {entry: [0, 0] for entry in self.sealed}
        latest: tuple[Any, ...] | None = None
        for line in self._lines():
            key, entry, _, row_hash = line[:4]
            if latest is not None and latest[0] != key:
                self._row(latest)
            latest = line
            digest = digests.get(entry)
            if digest is None:
                self.verdict.add(
                    self.name,
                    key,
                    f"is witnessed by entry {entry}, which does not witness rows of {self.name}",
                )
                continue
            digest.update(row_hash if row_hash is not None else gone_hash(self.name, key))
            counts[entry][row_hash is None] += 1
        if latest is not None:
            self._row(latest)
        for entry, sealed in self.sealed.items():
            if digests[entry].hexdigest() != sealed.digest:
                self._explain(entry, sealed, counts[entry], digests[entry].hexdigest())
        self._unwitnessed()

    def _lines(self) -> Iterator[tuple[Any, ...]]:
        """(key, entry, salt, hash, is there a row, its columns ...) of each witness, in order of key and entry."""
        columns = ", ".join(f'r."{column}"' for column in self.columns)
        if len(self.key) == 1:
            on = f'r."{self.key[0]}" = w.key'
        else:
            on = " AND ".join(
                f"r.\"{column}\" = json_extract(w.key, '$[{place}]')" for place, column in enumerate(self.key)
            )
        yield from self.walk.connection.execute(
            f'SELECT w.key, w.entry, w.salt, w.hash, r."{self.key[0]}" IS NOT NULL, {columns} FROM witness AS w '
            f'LEFT JOIN "{self.name}" AS r ON {on} WHERE w.tbl = ? ORDER BY w.key, w.entry',
            (self.name,),
        )

    def _row(self, line: tuple[Any, ...]) -> None:
        """The newest witness of a key, and the row as it is."""
        key, entry, salt, row_hash, there = line[:5]
        if row_hash is None:
            if there:
                self.verdict.add(self.name, key, f"was removed by entry {entry}, but is there again")
            return
        if not there:
            self.verdict.add(
                self.name, key, f"is missing: entry {entry} witnesses it and nothing witnesses its removal"
            )
            return
        row = line[5:]
        hasher = self._hasher(entry)
        if hasher is None:
            return  # the entry itself is reported
        self.verdict.rows += 1
        try:
            found = hasher.check(row, salt)
        except (TypeError, ValueError):
            found = b""
        if found != row_hash:
            self._changed(key, entry, row, row_hash, found)
        elif salt is not None and len(salt) == SUBHASH_BYTES:
            self.verdict.redacted += 1
            if not hasher.blank(row):
                self.verdict.add(
                    self.name, key, "its personal columns hold something although they were left out"
                )
        for place, value in self.defaults[self.sealed[entry].columns]:
            if row[place] != value:
                what = f"column {self.columns[place]}, which is newer than the row, was changed: expected {value!r}, found {row[place]!r}"
                self.verdict.add(self.name, key, what)

    def _hasher(self, entry: int) -> Hasher | None:
        sealed = self.sealed.get(entry)
        if sealed is None:
            return None
        if sealed.columns not in self.hashers:
            facts, newest = self.walk.lists.get(sealed.columns), self.walk.newest[self.name]
            known = facts and {*facts["key"], *facts["other"], *facts["personal"]}
            if not facts or not known or not known <= {*self.columns}:
                self.verdict.add(
                    self.name,
                    None,
                    f"rows of entry {entry} were hashed by columns that the file does not have",
                )
                self.hashers[sealed.columns] = None
            else:
                table = Evidence(
                    self.name, tuple(facts["key"]), tuple(facts["personal"]), tuple(facts["other"])
                )
                self.hashers[sealed.columns] = Hasher(table, self.columns)
            self.defaults[sealed.columns] = [
                (place, newest["defaults"].get(column))
                for place, column in enumerate(self.columns)
                if known and column not in known
            ]
        return self.hashers[sealed.columns]

    def _changed(self, key: Any, entry: int, row: tuple[Any, ...], expected: bytes, found: bytes) -> None:
        what = f"was changed: digest expected {expected.hex()} (entry {entry}), found {found.hex() or 'none'}"
        verdict = self.verdict
        if self.name == "lead" and len(verdict.problems) < PROBLEMS_KEPT:
            held = self.walk.database.sql(
                "SELECT id, before FROM lead_history WHERE lead_id = ? ORDER BY id", (key,)
            )
            what += "".join(
                f"; lead_history {number} holds earlier values: {before}" for number, before in held
            )
        verdict.add(self.name, key, what)

    def _explain(self, entry: int, sealed: Sealed, counts: list[int], found: str) -> None:
        """The witnesses of an entry are not those that it told of: name them if they can be told apart."""
        there = [
            key
            for (key,) in self.walk.database.sql(
                "SELECT key FROM witness WHERE tbl = ? AND entry = ?", (self.name, entry)
            )
        ]
        told = _told(sealed.keys)
        missing, extra = [], []
        if told is not None:
            missing, extra = sorted(told - {*there}, key=str), sorted({*there} - told, key=str)
        for key in missing[:PROBLEMS_KEPT]:
            self.verdict.add(self.name, key, f"is missing with its witness: entry {entry} tells of it")
        for key in extra[:PROBLEMS_KEPT]:
            self.verdict.add(
                self.name,
                key,
                f"was added: entry {entry}, which is given as its witness, does not tell of it",
            )
        if not missing and not extra:
            only = there[0] if len(there) == 1 else None
            what = (
                f"one or more of the {sealed.rows} rows written and {sealed.removed} removed in entry {entry} were changed together "
                f"with their hashes (found {counts[0]} and {counts[1]}): digest expected {sealed.digest}, found {found}"
            )
            self.verdict.add(self.name, only, what)

    def _unwitnessed(self) -> None:
        query = f"""SELECT {key_sql(self.key, "r")} FROM "{self.name}" AS r
            WHERE NOT EXISTS (SELECT 1 FROM witness AS w WHERE w.tbl = ? AND w.key = {key_sql(self.key, "r")})"""
        for (key,) in self.walk.connection.execute(query, (self.name,)):
            self.verdict.unwitnessed += 1
            self.verdict.add(self.name, key, "was added behind the program's back: no entry witnesses it")


def _told(keys: Any) -> set[Any] | None:
    """The keys that an entry names."""
    if keys is None:
        return None
    found: set[Any] = set()
    for key in keys:
        found.update(range(key[0], key[1] + 1)) if isinstance(key, list) else found.add(key)
    return found
