"""Verify a Valhalla file without Valhalla: nothing but Python's standard library is needed.

    python3 verify_audit.py copy.db [--head HASH] [--json]

Checks that the file is whole and every row of evidence as the audit chain says, by the description in docs/file-format.md;
shares no code with Valhalla. Prints OK or every problem; exit code 0 or 1. Only reads, and leaves nothing beside the file.
"""

import argparse
import contextlib
import datetime
import json
import pathlib
import re
import shutil
import sqlite3
import sys
import tempfile
from hashlib import file_digest, sha256

TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table'"
COLUMNS = "seq, at, actor, correlation_id, action, subject, body, previous, hash"
EVENT_COLUMNS = "id, task_id, at, event, claim, worker, reason, detail"
EVENTS = f"SELECT {EVENT_COLUMNS} FROM job_event WHERE id BETWEEN ? AND ? ORDER BY id"
KEYS = "SELECT key FROM witness WHERE tbl = ? AND entry = ?"
LEFT_OUT = re.compile(r"\(left out \d+\)")
BLANKS = (None, "", 0, "null", "{}", "[]")
TORN = "altered or torn"


ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def plain(values):
    """The values as they are hashed: a JSON array in UTF-8 without spaces."""
    return ENCODE(values).encode()


def columns_id(facts):
    lists = {name: facts[name] for name in ("table", "key", "other", "personal")}
    return sha256(json.dumps(lists, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def row_hash(facts, row, salt):
    """SHA-256 over: domain, column lists, table; hash of salt and personal columns; the other columns."""
    middle = b""
    if facts["personal"]:
        if salt is None:
            return b""
        middle = salt
        if len(salt) != 32:  # 32 bytes stand for personal columns that were left out of this copy
            middle = sha256(salt + plain([row[name] for name in facts["personal"]])).digest()
    begin = f"valhalla-row-1\n{facts['id']}\n{facts['table']}\n".encode()
    rest = plain([row[name] for name in facts["key"] + facts["other"]])
    return sha256(begin + middle + rest).digest()


class Verifier:
    def __init__(self, connection):
        self.db = connection
        self.problems, self.evidence, self.notes = [], [], []
        self.sealed, self.lists, self.newest, self.ranges = {}, {}, {}, {}
        self.entries = self.rows = self.unwitnessed = self.redacted = self.pending = 0
        self.head, self.first_at, self.last_at = "", None, None

    def add(self, table, key, what):
        key = key.hex() if isinstance(key, bytes) else key  # of a witness that was altered
        self.problems.append({"table": table, "key": key, "what": what})

    def run(self, outside):
        try:
            if self.db.execute("PRAGMA application_id").fetchone()[0] != 0x56414C48:
                self.add("file", None, "does not bear the mark of a Valhalla file")
            for (line,) in self.db.execute("PRAGMA integrity_check(100)").fetchall():
                if line != "ok":
                    self.add("file", None, f"{TORN}: {line}")
            for table, rowid, parent, _ in self.db.execute("PRAGMA foreign_key_check").fetchall():
                self.add(table, rowid, f"refers to a row of {parent} that is missing")
            self.chain(outside)
            there = {name for (name,) in self.db.execute(TABLES)}
            if "witness" in there:
                self.witnesses(there)
            elif self.newest or self.sealed:
                self.add("witness", None, "the table is missing")
            else:
                self.notes.append("The file is of an older schema: only the chain was checked.")
            if "job_event" in there:
                self.events()
        except (sqlite3.Error, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            self.add("file", None, f"{TORN}: {error}")

    def chain(self, outside):
        previous, expected, found = "", 1, outside is None
        for row in self.db.execute(f"SELECT {COLUMNS} FROM audit ORDER BY seq"):
            seq, at, action, body, before, digest = row[0], row[1], row[4], row[6], row[7], row[8]
            if seq != expected:
                self.add("audit", expected, f"missing: entries {expected} to {seq - 1}")
            if before != previous:
                self.add("audit", seq, "does not follow the entry before it")
            text = json.dumps(["valhalla-audit-1", *row[:8]], separators=(",", ":"))
            if sha256(text.encode("ascii")).hexdigest() != digest:
                self.add("audit", seq, "was changed after it was written")
            with contextlib.suppress(ValueError, KeyError, TypeError):  # of an entry that was changed
                self.note(seq, action, body)
            found = found or digest == outside
            previous, expected = digest, seq + 1
            self.entries += 1
            self.first_at, self.last_at = self.first_at if self.first_at is not None else at, at
        self.head = previous
        end = self.db.execute("SELECT entries, hash FROM audit_head WHERE id = 1").fetchone()
        if end is None:
            self.add("audit_head", 1, "missing, so entries may be too")
        elif end != (expected - 1, previous):
            self.add("audit_head", 1, f"names entry {end[0]} as the last, not {expected - 1}")
        if not found:
            self.add("audit", None, f"the head {outside} is not in this chain: it was made anew or cut")

    def note(self, seq, action, body):
        if action == "rows":
            for table, facts in json.loads(body)["tables"].items():
                self.sealed.setdefault(table, {})[seq] = facts
        elif action == "evidence.table":
            facts = json.loads(body)
            if columns_id(facts) == facts["id"]:
                self.lists[facts["id"]] = self.newest[facts["table"]] = facts
        elif action in ("jobs.sealed", "jobs.pruned"):  # the second tells what was left of such ranges
            facts = json.loads(body)
            kept = (
                each for each in self.ranges.values() if not facts["first"] <= each["first"] <= facts["last"]
            )
            self.ranges = {each["first"]: each for each in [*kept, facts]}

    def witnesses(self, there):
        for table in sorted(self.newest):
            if table in there:
                self.table(table)
                self.evidence.append(table)
            else:
                self.add(table, None, "the table is missing")
        self.evidence += ["audit", "audit_head", "witness"]
        for table, count in self.db.execute("SELECT tbl, count(*) FROM witness GROUP BY tbl").fetchall():
            if table not in self.newest:
                self.add("witness", table, f"{count} witnesses of a table that no entry declares")

    def table(self, table):
        columns = [row[1] for row in self.db.execute(f'PRAGMA table_info("{table}")')]
        key, sealed = self.newest[table]["key"], self.sealed.get(table, {})
        digests = {entry: sha256(b"") for entry in sealed}
        if len(key) == 1:
            on, value = f'r."{key[0]}" = w.key', f'+r."{key[0]}"'
        else:
            on = " AND ".join(f"r.\"{name}\" = json_extract(w.key, '$[{n}]')" for n, name in enumerate(key))
            value = "json_array({})".format(", ".join(f'r."{name}"' for name in key))
        names = ", ".join(f'r."{name}"' for name in columns)
        latest = None
        for line in self.db.execute(
            f'SELECT w.key, w.entry, w.salt, w.hash, r."{key[0]}" IS NOT NULL, {names} FROM witness AS w '
            f'LEFT JOIN "{table}" AS r ON {on} WHERE w.tbl = ? ORDER BY w.key, w.entry',
            (table,),
        ):
            if latest is not None and latest[0] != line[0]:
                self.row(table, columns, sealed, latest)
            latest = line
            if line[1] not in digests:
                self.add(table, line[0], f"entry {line[1]} does not witness rows of {table}")
            elif line[3] is None:
                gone = f"valhalla-gone-1\n{table}\n".encode() + plain([line[0]])
                digests[line[1]].update(sha256(gone).digest())
            else:
                digests[line[1]].update(line[3])
        if latest is not None:
            self.row(table, columns, sealed, latest)
        for entry, facts in sealed.items():
            if (found := digests[entry].hexdigest()) != facts["sha256"]:
                self.explain(table, entry, facts, found)
        for (missing,) in self.db.execute(
            f'SELECT {value} FROM "{table}" AS r WHERE NOT EXISTS '
            f"(SELECT 1 FROM witness AS w WHERE w.tbl = ? AND w.key = {value})",
            (table,),
        ).fetchall():
            self.unwitnessed += 1
            self.add(table, missing, "was added: no entry witnesses it")

    def row(self, table, columns, sealed, line):
        key, entry, salt, expected, there = line[:5]
        if expected is None:
            if there:
                self.add(table, key, f"was removed by entry {entry}, but is there again")
            return
        if not there:
            self.add(table, key, f"is missing: entry {entry} witnesses it and nothing its removal")
            return
        facts = self.lists.get(sealed[entry]["columns"]) if entry in sealed else None
        if facts is None:
            return
        row = dict(zip(columns, line[5:], strict=True))
        self.rows += 1
        try:
            found = row_hash(facts, row, salt)
        except (TypeError, ValueError, KeyError):
            found = b""
        if found != expected:
            what = f"was changed: digest expected {expected.hex()} (entry {entry}), found {found.hex() or 'none'}"
            self.add(table, key, what)
        elif salt is not None and len(salt) == 32:
            self.redacted += 1
            personal = [row[name] for name in facts["personal"]]
            if not all(value in BLANKS or LEFT_OUT.fullmatch(str(value)) for value in personal):
                self.add(table, key, "personal columns hold something although they were left out")
        if "newer" not in facts:
            known = {*facts["key"], *facts["other"], *facts["personal"]}
            facts["newer"] = [name for name in columns if name not in known]
        for name in facts["newer"]:
            if row[name] != self.newest[table]["defaults"].get(name):
                self.add(table, key, f"column {name}, which is newer than the row, was changed")

    def explain(self, table, entry, facts, found):
        there = {key for (key,) in self.db.execute(KEYS, (table, entry))}
        told: set[int | str] = set()
        for key in facts["keys"] or ():
            told.update(range(key[0], key[1] + 1) if isinstance(key, list) else [key])
        missing, extra = (told - there, there - told) if facts["keys"] is not None else (set(), set())
        for key in sorted(missing, key=str):
            self.add(table, key, f"is missing with its witness: entry {entry} tells of it")
        for key in sorted(extra, key=str):
            self.add(table, key, f"was added: entry {entry}, given as its witness, does not tell of it")
        if not missing and not extra:
            what = f"rows of entry {entry} were changed together with their hashes: digest expected {facts['sha256']}, found {found}"
            self.add(table, next(iter(there)) if len(there) == 1 else None, what)

    def events(self):
        last = max((facts["last"] for facts in self.ranges.values()), default=0)
        left_out = self.redacted and not self.db.execute("SELECT 1 FROM job_event LIMIT 1").fetchone()
        for first, facts in sorted(self.ranges.items()):
            digest, count = sha256(b"valhalla-job-events-1"), 0
            for row in self.db.execute(EVENTS, (first, facts["last"])):
                count += 1
                digest.update(b"\n" + json.dumps(list(row), separators=(",", ":")).encode("ascii"))
            if (count, digest.hexdigest()) != (facts["events"], facts["sha256"]) and not left_out:
                self.add("job_event", [first, facts["last"]], "changed after they were sealed")
        self.pending = self.db.execute("SELECT count(*) FROM job_event WHERE id > ?", (last,)).fetchone()[0]


def moment(at):
    return None if at is None else datetime.datetime.fromtimestamp(at // 10**6, datetime.UTC).isoformat()


def verify(path, outside=None):
    """The verdict on the file as a dict, as ``valhalla audit verify --json`` prints it."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        log, opened, mode = path.with_name(path.name + "-wal"), path, "?immutable=1"
        if log.exists() and log.stat().st_size:  # it belongs to the file: read both, but not here
            opened, mode = pathlib.Path(folder, "copy.db"), "?mode=ro"
            shutil.copyfile(path, opened)
            shutil.copyfile(log, opened.with_name("copy.db-wal"))
        connection = sqlite3.connect(opened.absolute().as_uri() + mode, uri=True)
        stack.callback(connection.close)
        verifier = Verifier(connection)
        verifier.run(outside)
        if opened is not path:
            verifier.notes.append(f"{log.name} lies beside the file and was read with it")
    manifest = path.with_name(path.name + ".manifest.json")
    if manifest.exists():
        with path.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
        if json.loads(manifest.read_text(encoding="utf-8"))["sha256"] != found:
            verifier.add("manifest", None, "the bytes of the file are not those of the manifest")
    return {
        "ok": not verifier.problems, "entries": verifier.entries, "head": verifier.head,
        "first_at": moment(verifier.first_at), "last_at": moment(verifier.last_at), "evidence": verifier.evidence,
        "rows": verifier.rows, "unwitnessed": verifier.unwitnessed, "redacted": verifier.redacted,
        "not_yet_witnessed": verifier.pending, "problems": verifier.problems, "notes": verifier.notes,
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description="Verify a Valhalla file without Valhalla.")
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--head", help="hash of an entry, noted outside earlier")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not options.file.is_file():
        parser.error(f"{options.file} does not exist")
    verdict = verify(options.file, options.head)
    if options.json:
        print(json.dumps(verdict, indent=2))
    else:
        for problem in verdict["problems"]:
            print(*(value for value in problem.values() if value is not None), sep=": ")
        for note in verdict["notes"]:
            print(note)
        facts = [f"{name} {verdict[name]}" for name in ("entries", "rows", "first_at", "last_at", "head")]
        print("OK:" if verdict["ok"] else "NOT OK:", ", ".join(facts))
    return 0 if verdict["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
