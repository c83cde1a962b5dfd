"""Evidence: what the audit chain witnesses of a table, and the hash of a row.

A program declares each of its tables in its :class:`db.schema.Schema`, as evidence or as working data.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby, islice, repeat
from operator import itemgetter
from typing import Any, cast

import orjson

DOMAIN = "valhalla-row-1"
"""First line of what is hashed for a row."""

GONE_DOMAIN = "valhalla-gone-1"
"""First line of what is hashed for a row that was removed."""

SALT_BYTES = 16
SUBHASH_BYTES = 32
HASH_BYTES = 32
"""Length of what stands in place of the salt when the personal columns were left out of a copy: their hash."""

Values = Sequence[Any]


@dataclass(frozen=True)
class Evidence:
    """A table whose rows are witnessed. Every column of the table is in exactly one of the three."""

    table: str
    key: tuple[str, ...]
    """The primary key, in the order of the table's columns."""
    personal: tuple[str, ...]
    """Columns that can name a person: salted, left out of a redacted copy, blanked by an erasure."""
    other: tuple[str, ...]
    """All others, the key apart."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the table, in the order in which they are hashed."""
        return (*self.key, *self.other, *self.personal)

    @cached_property
    def lists(self) -> dict[str, Any]:
        """What an ``evidence.table`` entry says of the table."""
        return {
            "table": self.table,
            "key": list(self.key),
            "other": list(self.other),
            "personal": list(self.personal),
        }

    @cached_property
    def id(self) -> str:
        """Names these column lists: a later schema has others, and rows hashed by these stay checkable."""
        return columns_id(self.lists)


def columns_id(lists: dict[str, Any]) -> str:
    """The first 16 hexadecimal digits of the SHA-256 over the column lists as canonical JSON."""
    four = {name: lists[name] for name in ("table", "key", "other", "personal")}
    text = json.dumps(four, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def evidence(name: str, other: str, personal: str = "", key: str = "id") -> Evidence:
    """The declaration of a table, its columns separated by spaces."""
    return Evidence(name, tuple(key.split()), tuple(personal.split()), tuple(other.split()))


CHAIN = frozenset({"audit", "audit_head", "witness"})
"""What witnesses the others, and itself by its hashes."""


def _hex(value: Any) -> dict[str, str]:
    return {"hex": bytes.hex(value)}


encode: Callable[[Values], bytes] = partial(orjson.dumps, default=_hex)
"""The values of a row as they are hashed: a JSON array in UTF-8 without spaces.

The same bytes as ``json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()``, in a fifth of the time, which
an import of a million leads notices (a function around it would cost 3 % of one). Numbers are whole (no column holds
fractions), so there is one spelling. Bytes are an object with their hexadecimal digits, ``{"hex":"00ff"}``.
"""


def encoded(columns: Sequence[str]) -> str:
    """SQL for what :func:`encode` makes of these columns of ``r``, which hold text, whole numbers or nothing. Raises for bytes."""
    values = ", ".join(f'r."{column}"' for column in columns)
    return f"CAST(json_array({values}) AS BLOB)"


def key_value(key: Values) -> int | str:
    """What ``witness.key`` holds for a key."""
    if len(key) == 1:
        value: int | str = key[0]
        return value
    return json.dumps(list(key), separators=(",", ":"), ensure_ascii=False)


def gone_hash(table: str, key: int | str) -> bytes:
    """What a removed row adds to the digest of the entry that witnesses its removal."""
    return gone_hashes(table, (key,))[0]


def gone_hashes(table: str, keys: Iterable[int | str]) -> list[bytes]:
    """:func:`gone_hash` for many rows of a table."""
    begin, sha256, dumps = f"{GONE_DOMAIN}\n{table}\n".encode(), hashlib.sha256, orjson.dumps
    return [sha256(begin + dumps([key])).digest() for key in keys]


def _picker(indexes: Sequence[int]) -> Callable[[Values], Values]:
    if len(indexes) == 1:
        (only,) = indexes
        return lambda row: (row[only],)
    return itemgetter(*indexes) if indexes else lambda row: ()


Prepared = tuple[bytes, bytes, bytes]
"""What can be worked out of the hash of a row before its key is known: a new salt, the hash of the personal columns with it, and
the other columns as they are hashed behind the key."""

_Half = tuple[bytes, bytes]


def _halves(personal: Iterable[Values], count: int) -> list[_Half]:
    sha256, dumps, random = hashlib.sha256, encode, os.urandom(SALT_BYTES * count)
    salts = [random[at : at + SALT_BYTES] for at in range(0, len(random), SALT_BYTES)]
    return [
        (salt, sha256(salt + dumps(values)).digest()) for salt, values in zip(salts, personal, strict=True)
    ]


def _rows(columns: Iterable[Iterable[Any]], count: int) -> Iterable[Values]:
    return islice(zip(*columns, strict=False), count)


class Hasher:
    """Hashes rows of a table that come as tuples in a certain order of columns."""

    def __init__(
        self, table: Evidence, columns: Sequence[str], defaults: Sequence[tuple[str, Any]] = ()
    ) -> None:
        """``columns``: of the tuples; ``defaults``: (column, value) of those that the tuples lack."""
        given, lacking = [*columns], dict(defaults)
        tail: list[Any] = []  # stands behind each tuple

        def places(wanted: Sequence[str]) -> list[int]:
            """Where the columns stand; neighbours that are the same in all rows are one piece of JSON, made once."""
            found: list[int] = []
            for lacks, run in groupby(wanted, lacking.__contains__):
                if lacks:
                    found.append(len(given) + len(tail))
                    tail.append(orjson.Fragment(encode([lacking[name] for name in run])[1:-1]))
                else:
                    found.extend(given.index(name) for name in run)
            return found

        self.table = table
        self._key = _picker([given.index(column) for column in table.key])
        self._key_at = given.index(table.key[0])
        self._personal_at = places(table.personal)
        self._rest_at = places((*table.key, *table.other))
        self._personal = _picker(self._personal_at) if table.personal else None
        self._rest = _picker(self._rest_at)
        self._tail = tuple(tail)
        self._begin = f"{DOMAIN}\n{table.id}\n{table.table}\n".encode()

    def key(self, row: Values) -> int | str:
        """What ``witness.key`` holds for the row."""
        return key_value(self._key(row))

    def prepare(self, columns: Sequence[Iterable[Any]], count: int) -> list[Prepared]:
        """For anyone who works on ``count`` rows before they have a key, in whose place they have 0. Of a table that has one number
        for a key, and personal columns. ``columns``: the rows, column by column; one may have no end."""
        if self._personal is None or len(self.table.key) != 1:
            raise ValueError(f"rows of {self.table.table} cannot be prepared")
        given = [*columns, *map(repeat, self._tail)]
        halves = _halves(_rows([given[at] for at in self._personal_at], count), count)
        dumps, behind, rows = encode, len(b"[0"), _rows([given[at] for at in self._rest_at], count)
        return [(salt, half, dumps(row)[behind:]) for (salt, half), row in zip(halves, rows, strict=True)]

    def hashes(
        self, rows: Iterable[Values], prepared: Sequence[Prepared | None] | None = None
    ) -> list[tuple[int | str, bytes | None, bytes]]:
        """(key, salt, hash) of each row; the salts are new. ``prepared``: what is known of them already."""
        if prepared is not None:
            return self._hashes_of_prepared(rows, prepared)
        rows = [tuple(row) + self._tail for row in rows] if self._tail else list(rows)
        sha256, dumps, rest, begin = hashlib.sha256, encode, self._rest, self._begin
        keys = (
            list(map(itemgetter(0), map(self._key, rows)))
            if len(self.table.key) == 1
            else map(self.key, rows)
        )
        if self._personal is None:
            return [
                (key, None, sha256(begin + dumps(rest(row))).digest())
                for key, row in zip(keys, rows, strict=True)
            ]
        known = _halves(map(self._personal, rows), len(rows))
        return [
            (key, salt, sha256(begin + half + dumps(rest(row))).digest())
            for key, (salt, half), row in zip(keys, known, rows, strict=True)
        ]

    def _hashes_of_prepared(
        self, rows: Iterable[Values], prepared: Sequence[Prepared | None]
    ) -> list[tuple[int | str, bytes | None, bytes]]:
        sha256, begin, place = hashlib.sha256, self._begin, self._key_at
        if None not in prepared:
            whole = cast("Sequence[Prepared]", prepared)
            return [
                (row[place], salt, sha256(b"%b%b[%d%b" % (begin, half, row[place], rest)).digest())
                for row, (salt, half, rest) in zip(rows, whole, strict=True)
            ]
        found: list[tuple[int | str, bytes | None, bytes]] = []
        for row, known in zip(rows, prepared, strict=True):
            if known is None:
                found += self.hashes([row])
            else:
                salt, half, rest = known
                key = row[place]
                found.append((key, salt, sha256(b"%b%b[%d%b" % (begin, half, key, rest)).digest()))
        return found

    def check(self, row: Values, salt: bytes | None) -> bytes:
        """The hash that the row has by the salt that is stored with it (or by the hash of what was left out)."""
        middle = b""
        if self._personal is not None:
            if salt is None:
                return b""
            middle = salt
            if len(salt) != SUBHASH_BYTES:
                middle = hashlib.sha256(salt + encode(self._personal(row))).digest()
        return hashlib.sha256(self._begin + middle + encode(self._rest(row))).digest()

    def check_encoded(self, personal: bytes | None, rest: bytes, salt: bytes | None) -> bytes:
        """:meth:`check` of a row whose columns are there as :func:`encode` makes them: the personal ones, the key and the others."""
        middle = b""
        if self._personal is not None:
            if salt is None or personal is None:
                return b""
            middle = hashlib.sha256(salt + personal).digest()
        return hashlib.sha256(self._begin + middle + rest).digest()

    def blank(self, row: Values) -> bool:
        """Whether nothing personal is left in the row."""
        return self._personal is None or all(
            value in BLANKS
            or PLACEHOLDER.fullmatch(str(value))
            or (isinstance(value, bytes) and not any(value))
            for value in self._personal(row)
        )


BLANKS = (None, "", 0, "null", "{}", "[]")
"""What stands in a personal column after its content was left out."""

PLACEHOLDER = re.compile(r"\(left out \d+\)")
"""What stands there when the column must differ from row to row."""
