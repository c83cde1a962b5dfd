"""Checking a file: the chain, and every row of evidence against the entry that witnesses it.

Nothing but the entries and the bad rows is in memory; how rows are checked says :mod:`db.verifying_rows`.
``scripts/verify_audit.py`` does the same by itself; tests hold the two to the same verdict.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import apsw

from db import audit, errors, integrity
from db.evidence import CHAIN, columns_id
from db.sealing import DECLARATION, ROWS
from db.verdict import Verdict
from db.verifying_rows import Sealed, Table

if TYPE_CHECKING:
    from db.connection import Database

SEALED, PRUNED = "jobs.sealed", "jobs.pruned"
"""Actions of entries that witness ranges of ``job_event``: as they came, and what was left of them later."""

EVENTS_DOMAIN = "valhalla-job-events-1"
"""First line of what is hashed for such a range."""

ALTERED = "altered or torn"


def verify(
    database: Database,
    head: str | None = None,
    heads: Iterable[tuple[int, str]] = (),
    also: Callable[[Database, Verdict], object] | None = None,
) -> Verdict:
    """Check everything. Never raises for damage.

    ``head``: a hash noted outside earlier, which must be in this chain; ``heads``: entry numbers and hashes noted outside,
    of which those that this chain is long enough for must be in it; ``also``: looks at the same moment of the file at the end.
    """
    verdict = Verdict()
    try:
        with database.view():
            _identity(database, verdict)
            _structure(database, verdict)
            walk = Walk(database, verdict)
            walk.chain(head, dict(heads))
            if walk.witnessing():
                walk.tables()
            walk.events()
            if also:
                also(database, verdict)
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
    from db.connection import APPLICATION_ID

    if database.value("PRAGMA application_id") != APPLICATION_ID:
        verdict.add("file", None, "does not bear the mark of a Valhalla file (application_id)")


def _structure(database: Database, verdict: Verdict) -> None:
    for line in integrity.problems(database):
        verdict.add("file", None, f"{ALTERED}: {' '.join(line.split())}")
    for table, rowid, parent, _ in database.sql("PRAGMA foreign_key_check"):
        verdict.add(table, rowid, f"refers to a row of {parent} that is missing")


class Walk:
    """One way through the file: the chain, then the tables that it tells of."""

    def __init__(self, database: Database, verdict: Verdict) -> None:
        self.database = database
        self.connection = database.connection()
        self.verdict = verdict
        self.sealed: dict[str, dict[int, Sealed]] = {}  # table -> entry
        self.lists: dict[str, dict[str, Any]] = {}  # columns id -> declaration
        self.newest: dict[str, dict[str, Any]] = {}  # table -> declaration
        self.ranges: dict[int, dict[str, Any]] = {}  # first event -> newest seal of a range

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

    def chain(self, outside: str | None, heads: dict[int, str]) -> None:
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
            if action in (ROWS, DECLARATION, SEALED, PRUNED):
                with contextlib.suppress(ValueError, KeyError, TypeError):  # of an entry that was changed
                    self._note(seq, action, body)
            found = found or digest == outside
            if heads.get(seq, digest) != digest:
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
        end = self.database.one(audit.READ_HEAD)
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
                f"the head {outside} that was noted outside is not in this chain: it was made anew or cut",
            )

    def _note(self, seq: int, action: str, body: str) -> None:
        facts = audit.parsed(body)
        if action == ROWS:
            for name, of in facts["tables"].items():
                self.sealed.setdefault(name, {})[seq] = Sealed(
                    of["columns"], of["rows"], of["removed"], of["keys"], of["sha256"]
                )
        elif action == DECLARATION:
            if columns_id(facts) == facts["id"]:
                self.lists[facts["id"]] = self.newest[facts["table"]] = facts
        else:
            if action == PRUNED:
                inside = range(facts["first"], facts["last"] + 1)
                self.ranges = {first: of for first, of in self.ranges.items() if first not in inside}
            self.ranges[facts["first"]] = facts

    # -- the rows ------------------------------------------------------------------------------------------

    def tables(self) -> None:
        verdict = self.verdict
        there = {row[0] for row in self.database.sql("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        for name in sorted(self.newest):
            if name in there:
                Table(self, name).check()
                verdict.evidence.append(name)
            else:
                verdict.add(name, None, "the table is missing")
        verdict.evidence += sorted(CHAIN)
        for name, count in self.database.sql("SELECT tbl, count(*) FROM witness GROUP BY tbl"):
            if name not in self.newest:
                verdict.add("witness", name, f"{count} witnesses of a table that no entry declares")
        for (name,) in self.database.sql(_UNDECLARED):
            from db.evidence import TABLES  # what this program would have witnessed

            if name in TABLES and name not in self.newest:
                count = self.database.value(f'SELECT count(*) FROM "{name}"')
                verdict.unwitnessed += count
                if count:
                    verdict.add(name, None, f"{count} rows that no entry witnesses")

    # -- job events ----------------------------------------------------------------------------------------

    def events(self) -> None:
        if not self.database.one("SELECT 1 FROM sqlite_schema WHERE name = 'job_event'"):
            return
        last = max((facts["last"] for facts in self.ranges.values()), default=0)
        left_out = self.verdict.redacted and not self.database.one("SELECT 1 FROM job_event LIMIT 1")
        for first, facts in sorted(self.ranges.items()):
            if not left_out:  # a redacted copy has none: they quote people
                self._range(first, facts)
        self.verdict.not_yet_witnessed = self.database.value(
            "SELECT count(*) FROM job_event WHERE id > ?", (last,)
        )

    def _range(self, first: int, facts: dict[str, Any]) -> None:
        digest, count = hashlib.sha256(EVENTS_DOMAIN.encode("ascii")), 0
        for row in self.connection.execute(_EVENTS, (first, facts["last"])):
            count += 1
            digest.update(b"\n" + json.dumps(row, separators=(",", ":")).encode("ascii"))
        if (count, digest.hexdigest()) != (facts["events"], facts["sha256"]):
            self.verdict.add(
                "job_event",
                [first, facts["last"]],
                f"changed after they were sealed: digest expected {facts['sha256']}, found {digest.hexdigest()}",
            )


_UNDECLARED = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
_EVENTS = "SELECT id, task_id, at, event, claim, worker, reason, detail FROM job_event WHERE id BETWEEN ? AND ? ORDER BY id"
