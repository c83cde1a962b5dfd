"""Checking a database: SQLite's own checks, the chain, and every row of evidence against the entry that witnesses it.

Nothing but the entries, the bad rows, and a byte for each row that many others refer to is in memory. The rows of a table are
checked in one scan of ``witness`` in key order, joined with the rows: each hash goes into the digest of its entry, and the
newest one of a key must be the hash of the row as it stands now. Of a large table another process reads a part (see
:mod:`db.row_helper`). ``scripts/verify_audit.py`` does the same by itself; tests hold the two to the same verdict.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import apsw

from db import audit, errors, integrity, row_helper, structure
from db.database import Database
from db.evidence import CHAIN, SALT_BYTES, SUBHASH_BYTES, Evidence, Hasher, columns_id, encoded, gone_hash
from db.row_helper import Answer, RowHelper, Usual
from db.row_scan import Keys, Line, Query, Scan, fits_as_usual
from db.schema import SealedRanges
from db.sealing import DECLARATION, ROWS, key_sql
from db.standing import READ_HEAD
from db.verdict import ALTERED, PROBLEMS_KEPT, Problem, Verdict


def verify(
    database: Database,
    head: str | None = None,
    heads: Iterable[tuple[int, str]] = (),
    also: Callable[[Database, Verdict], object] | None = None,
    *,
    newest: bool = False,
) -> Verdict:
    """Check everything. Never raises for damage.

    ``head``: a hash noted outside earlier, which must be in this chain; ``heads``: entry numbers and hashes noted outside,
    of which those that this chain is long enough for must be in it; ``also``: looks at the same moment of the file at the end;
    ``newest``: this is the file itself, so that none of those heads may be beyond its end.

    SQLite's own checks are made by other threads meanwhile. In a file that is being written to, each looks at a moment of its own.
    """
    verdict, found = Verdict(), Verdict()
    try:
        with database.view():
            _identity(database, verdict)
            damage = None
            with ThreadPoolExecutor(len(integrity.CHECKS), "verifying") as pool:
                checked = [pool.submit(_check, check, database) for check in integrity.CHECKS]
                try:
                    for problem in integrity.references(database):
                        found.add(*problem)
                    walk = Walk(database, found)
                    walk.chain(head, dict(heads), newest)
                    walk.structure()
                    if walk.witnessing():
                        walk.tables()
                    walk.sealed_ranges()
                    if also:
                        also(database, found)
                except _DAMAGE as error:
                    damage = error
            for each in checked:
                for problem in each.result():  # what cannot be read as SQLite is not asked for its rows
                    verdict.add(*problem)
            found.begin_with(verdict)
            verdict = found
            if damage is not None:
                raise damage
    except _DAMAGE as error:
        verdict.add("file", None, f"{ALTERED}: {' '.join(str(error).split())}")
    if not verdict.ok:
        verdict.notes.append(
            f"The file is {ALTERED}. If it is a plain copy, it may have been taken in the middle of a write: take another."
        )
    return verdict


_DAMAGE = (errors.DatabaseError, apsw.Error, UnicodeError, ValueError, KeyError, TypeError, IndexError)
"""What reading a file may raise that somebody has altered. Whatever it is, the file is not as it was written."""


def _identity(database: Database, verdict: Verdict) -> None:
    schema = database.schema
    if database.value("PRAGMA application_id") != schema.application_id:
        verdict.add("file", None, f"does not bear the mark of a {schema.words.program} file (application_id)")


def _check(check: integrity.Check, database: Database) -> list[Problem]:
    try:
        with database.view():
            return check(database)
    finally:
        database.close()


class Sealed(NamedTuple):
    """What a ``rows`` entry says of one table."""

    columns: str
    rows: int
    removed: int
    keys: Any
    digest: str


class Walk:
    """One way through the file: the chain, then the tables that it names."""

    def __init__(self, database: Database, verdict: Verdict) -> None:
        self.database = database
        self.connection = database.connection()
        self.verdict = verdict
        self.sealed: dict[str, dict[int, Sealed]] = {}  # table -> entry
        self.lists: dict[str, dict[str, Any]] = {}  # columns id -> declaration
        self.newest: dict[str, dict[str, Any]] = {}  # table -> declaration
        self.declared: dict[str, Any] | None = None  # the newest entry that declares the parts of the file
        self.ranges: dict[
            SealedRanges, dict[int, dict[str, Any]]
        ] = {}  # by the first row: newest seal of a range
        self._sealing = {
            action: each for each in database.schema.ranges for action in (each.sealed, each.pruned)
        }

    # -- the chain -----------------------------------------------------------------------------------------

    def witnessing(self) -> bool:
        """Whether the file is of a schema in which rows are witnessed."""
        if self.database.one("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'witness'"):
            return True
        if self.newest or self.sealed:
            self.verdict.add("witness", None, "the table is missing")
        else:
            self.verdict.notes.append(
                "The file is of an older schema, which witnesses no rows: only the chain was checked."
            )
        return False

    def chain(self, outside: str | None, heads: dict[int, str], newest: bool = False) -> None:
        verdict, previous, expected = self.verdict, "", 1
        found = outside is None
        for row in self.connection.execute(audit.READ_CHAIN):
            seq, at, _, _, action, _, body, before, digest = row
            if seq != expected:
                verdict.add(
                    "audit", expected, f"missing: entries {expected} to {seq - 1} are not in the chain"
                )
            if before != previous:
                verdict.add(
                    "audit",
                    seq,
                    f"does not follow the entry before it: expected {previous or 'none'}, found {before}",
                )
            computed = audit.entry_hash(*row[:8])
            if computed != digest:
                verdict.add(
                    "audit",
                    seq,
                    f"was changed after it was written: digest expected {digest}, found {computed}",
                )
            if action in (ROWS, DECLARATION, structure.DECLARED) or action in self._sealing:
                with contextlib.suppress(ValueError, KeyError, TypeError):  # of an entry that was changed
                    self._note(seq, action, body)
            found = found or digest == outside
            verdict.left_out = verdict.left_out or action == audit.REDACTED
            if heads.get(seq, digest) != digest and action != audit.REDACTED:
                verdict.add(
                    "audit",
                    seq,
                    f"is not the entry that was noted outside: digest expected {heads[seq]}, found {digest}",
                )
            previous, expected = digest, seq + 1
            verdict.entries += 1
            verdict.first_at = at if verdict.first_at is None else verdict.first_at
            verdict.last_at = at
        verdict.head = previous
        last = max(heads, default=0)
        if newest and last >= expected:
            verdict.add(
                "audit",
                last,
                f"was noted outside, but the chain ends at entry {expected - 1}: the file is older",
            )
        if newest and verdict.left_out:
            verdict.add("file", None, "is a redacted copy in the place of the file itself")
        more = self.database.value("SELECT count(*) FROM audit_head WHERE id IS NOT 1")
        if more:
            verdict.add("audit_head", None, f"there are {more} rows in addition to the one that is the head")
        end = self.database.one(READ_HEAD)
        if end is None:
            verdict.add("audit_head", 1, "missing, so entries may be too")
        elif end != (expected - 1, previous):
            verdict.add(
                "audit_head",
                1,
                f"names entry {end[0]} ({end[1]}) as the last, but the chain ends at entry {expected - 1}",
            )
        if not found:
            verdict.add(
                "audit",
                None,
                f"the head {outside} that was noted outside is not in this chain: it was made again or cut",
            )

    def _note(self, seq: int, action: str, body: str) -> None:
        facts = audit.parsed(body)
        if action == structure.DECLARED:
            self.declared = facts
        elif action == ROWS:
            for name, of in facts["tables"].items():
                self.sealed.setdefault(name, {})[seq] = Sealed(
                    of["columns"], of["rows"], of["removed"], of["keys"], of["sha256"]
                )
        elif action == DECLARATION:
            if columns_id(facts) == facts["id"]:
                self.lists[facts["id"]] = self.newest[facts["table"]] = facts
        else:
            kind = self._sealing[action]
            seals = self.ranges.setdefault(kind, {})
            if action == kind.pruned:
                for first in [*filter(range(facts["first"], facts["last"] + 1).__contains__, seals)]:
                    del seals[first]
            seals[facts["first"]] = facts

    # -- the file's own parts ------------------------------------------------------------------------------

    def structure(self) -> None:
        """Compare the tables, indexes, triggers and views with what the migrations make, and with what the chain declares."""
        database, verdict, declared = self.database, self.verdict, self.declared
        versions = structure.held(database)
        if versions is not None:
            expected = structure.digests(database.schema, versions)
        elif declared is not None:
            expected = declared["parts"]
        else:
            verdict.notes.append(
                "This program does not know the file's schema, so its parts were not compared."
            )
            return
        for part, what, acts in structure.compared(database, structure.rows(database), expected):
            if acts:
                verdict.add("schema", part, what)
            else:
                verdict.notes.append(f"{part} {what}; it touches nothing of the file's own.")
        if declared is None or versions is None:
            return
        behind = any(version > versions.get(name, 0) for name, version in declared["versions"].items())
        if behind or (declared["versions"] == versions and declared["parts"] != expected):
            verdict.add("schema", None, "the file says that it is of another version than the chain does")

    # -- the rows ------------------------------------------------------------------------------------------

    def tables(self) -> None:
        """Check the rows of every table."""
        with contextlib.ExitStack() as stack:
            self._tables(self._helper(stack))

    def _helper(self, stack: contextlib.ExitStack) -> RowHelper | None:
        """Another process that hashes rows, where there are so many, and a processor for it."""
        database, head = self.database, self.database.one(READ_HEAD)
        if database.path is None or head is None or not database.schema.helper or (os.cpu_count() or 1) < 2:
            return None
        if self.verdict.left_out or not any(map(_are_many, self.sealed.values())):
            return None
        try:
            found = RowHelper(database.schema.helper, database, head)
        except OSError:
            return None
        stack.callback(found.close)
        return found

    def _tables(self, helper: RowHelper | None) -> None:
        verdict = self.verdict
        if self.declared is None and not verdict.left_out and self._redacted_by_0_1():
            verdict.left_out = True
            verdict.notes.append(
                "The file looks like a redacted copy as version 0.1 made them, without a mark in the chain."
            )
        there = {row[0] for row in self.database.sql("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        for name in sorted(self.newest):
            if name in there:
                Table(self, name).check(helper)
                verdict.evidence.append(name)
            else:
                verdict.add(name, None, "the table is missing")
        verdict.evidence += sorted(CHAIN)
        for name, count in self.database.sql("SELECT tbl, count(*) FROM witness GROUP BY tbl"):
            if name not in self.newest:
                verdict.add("witness", name, f"{count} witnesses of a table that no entry declares")
        for name in sorted(self._undeclared() & there):
            if name not in self.newest:
                count = self.database.value(f'SELECT count(*) FROM "{name}"')
                verdict.unwitnessed += count
                if count:
                    verdict.add(name, None, f"{count} rows that no entry witnesses")

    def _redacted_by_0_1(self) -> bool:
        lengths = {row[0] for row in self.database.sql("SELECT DISTINCT length(salt) FROM witness")}
        return SUBHASH_BYTES in lengths and SALT_BYTES not in lengths

    def _undeclared(self) -> set[str]:
        """Tables whose rows have to be witnessed, whether an entry has declared them yet or not."""
        schema = self.database.schema
        if self.declared is not None:
            return {*self.declared["evidence"]} | (schema.tables.keys() - schema.filled)
        return schema.tables.keys() - schema.filled

    # -- sealed ranges of working tables -------------------------------------------------------------------

    def sealed_ranges(self) -> None:
        for kind in self.database.schema.ranges:
            if self.database.one("SELECT 1 FROM sqlite_schema WHERE name = ?", (kind.table,)):
                self._sealed_ranges(kind, self.ranges.get(kind, {}))

    def _sealed_ranges(self, kind: SealedRanges, seals: dict[int, dict[str, Any]]) -> None:
        last = max((facts["last"] for facts in seals.values()), default=0)
        left_out = self.verdict.left_out and not self.database.one(f"SELECT 1 FROM {kind.table} LIMIT 1")
        for first, facts in sorted(seals.items()):
            if not left_out:  # a redacted copy has none: they quote people
                self._range(kind, first, facts)
        self.verdict.not_yet_witnessed += self.database.value(
            f"SELECT count(*) FROM {kind.table} WHERE {kind.columns[0]} > ?", (last,)
        )

    def _range(self, kind: SealedRanges, first: int, facts: dict[str, Any]) -> None:
        digest, count = hashlib.sha256(kind.domain.encode("ascii")), 0
        rows = f"SELECT {', '.join(kind.columns)} FROM {kind.table} WHERE {kind.columns[0]} BETWEEN ? AND ? ORDER BY 1"
        for row in self.connection.execute(rows, (first, facts["last"])):
            count += 1
            digest.update(b"\n" + json.dumps(row, separators=(",", ":")).encode("ascii"))
        if (count, digest.hexdigest()) != (facts["events"], facts["sha256"]):
            self.verdict.add(
                kind.table,
                [first, facts["last"]],
                f"changed after they were sealed: digest expected {facts['sha256']}, found {digest.hexdigest()}",
            )


class Table:
    """The rows of one table, and what the chain says of them."""

    def __init__(self, walk: Walk, name: str) -> None:
        self.walk, self.name = walk, name
        self.verdict = walk.verdict
        self.sealed = walk.sealed.get(name, {})
        self.kinds = {row[1]: row[2] for row in walk.database.sql(f'PRAGMA table_info("{name}")')}
        self.columns = [*self.kinds]
        self.key = walk.newest[name]["key"]
        self.hashers: dict[str, Hasher | None] = {}
        self.defaults: dict[str, list[tuple[int, Any]]] = {}
        self.usual = self._usual()
        self.digests: dict[int, Any] = {entry: hashlib.sha256() for entry in self.sealed}
        self.counts: dict[int, list[int]] = {entry: [0, 0] for entry in self.sealed}
        """Rows written and removed, by entry."""
        self.proven: dict[int, list[int]] = {}
        """The same, of entries of which another process has seen all rows."""

    def check(self, helper: RowHelper | None = None) -> None:
        """Add to the verdict what is not as the chain says. ``helper``: reads a part of a large table."""
        problems, rows = self.verdict.count, self.verdict.rows
        usual = None if helper is None else self._for_another_process()
        if helper is None or usual is None:
            self._read(Keys())
        else:
            for keys, answer in helper.shared(usual, self._ranges()):
                if answer is None:
                    self._read(keys)
                else:
                    self._take(answer)
        for entry, sealed in self.sealed.items():
            found = self._digest(entry)
            if found != sealed.digest:
                self._explain(entry, sealed, self.counts[entry], found)
        # Where nothing is wrong with any of them, each witness is that of another row: as many rows, and there are no others.
        if self.verdict.count != problems or self.verdict.rows - rows != self._count():
            self._unwitnessed()

    def _count(self) -> int:
        found: int = self.walk.database.value(f'SELECT count(*) FROM "{self.name}"')
        return found

    def _read(self, keys: Keys) -> None:
        """Check the rows of these keys."""
        scan = Scan(
            self.name, self._fits(), {entry: each.update for entry, each in self.digests.items()}, self.counts
        )
        for line, newest in scan.unlike(self._lines(keys)):
            self._look_at(line, newest)
        self.verdict.rows += scan.fitting

    def _look_at(self, line: Line, newest: bool) -> None:
        if newest:
            self._row(line)
        else:
            what = f"is witnessed by entry {line[1]}, which does not witness rows of {self.name}"
            self.verdict.add(self.name, line[0], what)

    def _take(self, answer: Answer) -> None:
        """What another process read of the keys that come next."""
        for line, newest in answer.unlike:
            self._look_at(line, newest)
        self.verdict.rows += answer.fitting
        for entry, written, removed, hashes in answer.entries:
            counts = self.counts[entry]
            counts[:] = counts[0] + written, counts[1] + removed
            if hashes is None:
                self.proven[entry] = [written, removed]
            else:
                self.digests[entry].update(hashes)

    def _digest(self, entry: int) -> str:
        """Of the hashes of all witnesses of an entry, by key."""
        if entry not in self.proven:
            return str(self.digests[entry].hexdigest())
        if self.counts[entry] == self.proven[entry]:
            return self.sealed[entry].digest
        digest = hashlib.sha256()  # there are more than those that the other process found to be all
        hashes = "SELECT key, hash FROM witness WHERE tbl = ? AND entry = ? ORDER BY key"
        for key, row_hash in self.walk.connection.execute(hashes, (self.name, entry)):
            digest.update(row_hash if row_hash is not None else gone_hash(self.name, key))
        return digest.hexdigest()

    def _usual_entries(self) -> frozenset[int]:
        return frozenset(entry for entry, sealed in self.sealed.items() if sealed.columns == self.usual)

    def _fits(self) -> Callable[[Line], bool]:
        """Whether a row is as its witness says, for most rows: those hashed by the usual columns, with nothing left out."""
        hasher = None if self.usual is None else self.hashers[self.usual]
        if hasher is None or self.verdict.left_out:
            return lambda line: False
        return fits_as_usual(hasher, self._usual_entries())

    def _for_another_process(self) -> Usual | None:
        """What that needs to read rows of this table; None: it would not be worth it, or most rows have to be looked at here."""
        hasher = None if self.usual is None else self.hashers[self.usual]
        if hasher is None or self.verdict.left_out or not _are_many(self.sealed):
            return None
        of, digests = hasher.table, {entry: sealed.digest for entry, sealed in self.sealed.items()}
        lists = (of.table, of.key, of.personal, of.other)
        return Usual(self._query(self.usual), lists, tuple(self.columns), self._usual_entries(), digests)

    def _ranges(self) -> list[Keys]:
        """All keys, in parts of about the same size where they are numbers."""
        ends = "SELECT min(key), (SELECT max(key) FROM witness WHERE tbl = ?1 AND key < '') FROM witness WHERE tbl = ?1"
        lowest, highest = self.walk.database.one(ends, (self.name,)) or (None, None)
        if not isinstance(lowest, int) or not isinstance(highest, int):
            return [Keys()]
        each = (highest - lowest) // row_helper.PARTS + 1
        begins = [*range(lowest + each, highest + 1, each)]
        return [Keys(first, end) for first, end in zip([None, *begins], [*begins, None], strict=True)]

    def _usual(self) -> str | None:
        """The columns by which most rows were hashed, where SQLite can write them as they are hashed: neither bytes nor fractions.

        What comes out of that is a row's hash only when each value is what was hashed; else the row is looked at by itself.
        """
        strict = "SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ? AND strict"
        if not self.walk.database.one(strict, (self.name,)) or not {*self.kinds.values()} <= {
            "INTEGER",
            "TEXT",
        }:
            return None
        rows: Counter[str] = Counter()
        for sealed in self.sealed.values():
            rows[sealed.columns] += sealed.rows if isinstance(sealed.rows, int) else 0
        for entry, sealed in self.sealed.items():
            if rows[sealed.columns] == max(rows.values()):
                return None if self._hasher(entry) is None else sealed.columns
        return None

    def _where(self, key: str) -> str:
        """Which row (r) has a key."""
        if len(self.key) == 1:
            return f'r."{self.key[0]}" = {key}'
        return " AND ".join(
            f"r.\"{column}\" = json_extract({key}, '$[{place}]')" for place, column in enumerate(self.key)
        )

    def _lines(self, keys: Keys) -> Iterator[Line]:
        """Each witness of these keys, in order of key and entry."""
        last: Line | None = None
        try:
            for last in self._some_lines(self.usual, keys):
                yield last
        except apsw.SQLError:  # bytes stand where text belongs
            self.usual = None
            yield from self._some_lines(None, keys, last)

    def _some_lines(self, usual: str | None, keys: Keys, after: Line | None = None) -> Iterator[Line]:
        text, given = self._query(usual).over(keys, None if after is None else after[0])
        return self.walk.connection.execute(text, given)

    def _query(self, usual: str | None) -> Query:
        personal, rest, given = "NULL", "NULL", {"table": self.name}
        if usual is not None and (hasher := self.hashers[usual]) is not None:
            of = hasher.table
            personal, rest = encoded(of.personal), encoded((*of.key, *of.other))
            defaults = self.defaults[usual]
            given |= {f"default{place}": value for place, value in defaults}
            as_made = [f'r."{self.columns[at]}" COLLATE BINARY IS :default{at}' for at, _ in defaults]
            if as_made:
                rest = f"CASE WHEN {' AND '.join(as_made)} THEN {rest} END"
        return Query(
            f'SELECT w.key, w.entry, w.salt, w.hash, r."{self.key[0]}" IS NOT NULL, {personal}, {rest} FROM witness AS w '
            f'LEFT JOIN "{self.name}" AS r ON {self._where("w.key")} WHERE w.tbl = :table',
            given,
        )

    def _row(self, line: Line) -> None:
        """The newest witness of a key, and the row as it is."""
        key, entry, salt, row_hash, there, _, _ = line
        if row_hash is None:
            if there:
                self.verdict.add(self.name, key, f"was removed by entry {entry}, but is there again")
            return
        if not there:
            self.verdict.add(
                self.name, key, f"is missing: entry {entry} witnesses it and nothing witnesses its removal"
            )
            return
        hasher = self._hasher(entry)
        if hasher is None:
            return  # the entry itself is reported
        columns = ", ".join(f'r."{column}"' for column in self.columns)
        found_row = f'SELECT {columns} FROM "{self.name}" AS r WHERE {self._where("?1")}'
        row = self.walk.database.sql(found_row, (key,))[0]
        self.verdict.rows += 1
        try:
            found = hasher.check(row, salt)
        except (TypeError, ValueError):
            found = b""
        if found != row_hash:
            self._changed(key, entry, row_hash, found)
        elif salt is not None and len(salt) == SUBHASH_BYTES:
            self.verdict.redacted += 1
            if not self.verdict.left_out:
                self.verdict.add(
                    self.name, key, "its personal columns were left out, but this is not a redacted copy"
                )
            if not hasher.blank(row):
                self.verdict.add(
                    self.name, key, "its personal columns hold something although they were left out"
                )
        elif salt is not None and self.verdict.left_out:
            self.verdict.add(self.name, key, "its personal columns are there, but this is a redacted copy")
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

    def _changed(self, key: Any, entry: int, expected: bytes, found: bytes) -> None:
        what = f"was changed: digest expected {expected.hex()} (entry {entry}), found {found.hex() or 'none'}"
        verdict = self.verdict
        earlier = self.walk.database.schema.earlier_values.get(self.name)
        if earlier and len(verdict.problems) < PROBLEMS_KEPT:
            held = self.walk.database.sql(earlier, (key,))
            what += "".join(f"; {where} holds earlier values: {values}" for where, values in held)
        verdict.add(self.name, key, what)

    def _explain(self, entry: int, sealed: Sealed, counts: list[int], found: str) -> None:
        """The witnesses of an entry are not those that it named: name them if they can be distinguished."""
        there = [
            key
            for (key,) in self.walk.database.sql(
                "SELECT key FROM witness WHERE tbl = ? AND entry = ?", (self.name, entry)
            )
        ]
        declared = _keys_of(sealed.keys)
        missing, extra = [], []
        if declared is not None:
            missing, extra = sorted(declared - {*there}, key=str), sorted({*there} - declared, key=str)
        for key in missing[:PROBLEMS_KEPT]:
            self.verdict.add(self.name, key, f"is missing with its witness: entry {entry} names it")
        for key in extra[:PROBLEMS_KEPT]:
            self.verdict.add(
                self.name,
                key,
                f"was added: entry {entry}, which is given as its witness, does not name it",
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


def _are_many(sealed: Mapping[int, Sealed]) -> bool:
    rows = sum(each.rows for each in sealed.values() if isinstance(each.rows, int))
    return rows >= row_helper.WORTH_ROWS


def _keys_of(keys: Any) -> set[Any] | None:
    """The keys that an entry names."""
    if keys is None:
        return None
    found: set[Any] = set()
    for key in keys:
        found.update(range(key[0], key[1] + 1)) if isinstance(key, list) else found.add(key)
    return found
