"""Verify a Valhalla file without Valhalla: nothing but Python's standard library is needed.

    python3 verify_audit.py copy.db [--head HASH] [--json]

Checks that the file is whole and every row of evidence as the audit chain says, by the description in docs/file-format.md;
shares no code with Valhalla. Prints OK or every problem; exit code 0 or 1. Only reads, and leaves nothing next to the file.
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
OWN = re.compile(r"sqlite_(autoindex_.*|sequence|stat\d)", re.IGNORECASE)
VIRTUAL = re.compile(r"\s*CREATE\s+VIRTUAL\b", re.IGNORECASE)
TOKENS = re.compile(r"""--[^\n]*|/\*.*?\*/|('(?:[^']|'')*'|"[^"]*"|\w+|[^\s\w])""", re.DOTALL)


ENCODE = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, default=lambda value: {"hex": bytes.hex(value)}
).encode


def plain(values):
    """The values as they are hashed: a JSON array in UTF-8 without spaces."""
    return ENCODE(values).encode()


def part_digest(kind, name, table, text):
    """Of a table, index, trigger or view, by the words of its text, without comments and quotes around names."""
    if name == "lead_by_score":  # the program makes this index again, with another number in it
        text = re.sub(r"\d+", "0", text)
    text = " ".join(token.strip('"') for token in TOKENS.findall(text) if token)
    return sha256("\n".join((kind, name, table, text)).encode()).hexdigest()[:16]


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


def blank(value):
    """Whether nothing stands in a personal column."""
    return value in BLANKS or LEFT_OUT.fullmatch(str(value)) or (isinstance(value, bytes) and not any(value))


def noted(folder):
    """The heads in heads.jsonl: (entry, hash); a restored copy ends what was noted beyond it."""
    found: list[tuple[int, str]] = []
    with contextlib.suppress(OSError):
        for line in (folder / "heads.jsonl").read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                facts = json.loads(line)
                if "restart" in facts:
                    found = [each for each in found if each[0] <= facts["restart"]]
                found.append((int(facts["entries"]), str(facts["head"])))
    return found


class Verifier:
    def __init__(self, connection):
        self.db = connection
        self.problems, self.evidence, self.notes = [], [], []
        self.sealed, self.lists, self.newest, self.ranges, self.told = {}, {}, {}, {}, None
        self.left_out = False
        self.entries = self.rows = self.unwitnessed = self.redacted = self.pending = 0
        self.head, self.first_at, self.last_at = "", None, None

    def add(self, table, key, what):
        key = key.hex() if isinstance(key, bytes) else key  # of a witness that was altered
        self.problems.append({"table": table, "key": key, "what": what})

    def run(self, outside, heads=(), newest=False):
        try:
            if self.db.execute("PRAGMA application_id").fetchone()[0] != 0x56414C48:
                self.add("file", None, "does not bear the mark of a Valhalla file")
            for (line,) in self.db.execute("PRAGMA integrity_check(100)").fetchall():
                if line != "ok":
                    self.add("file", None, f"{TORN}: {line}")
            for table, rowid, parent, _ in self.db.execute("PRAGMA foreign_key_check").fetchall():
                self.add(table, rowid, f"refers to a row of {parent} that is missing")
            self.chain(outside, dict(heads), newest)
            self.structure()
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

    def chain(self, outside, heads, newest):
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
            self.left_out = self.left_out or action == "copy.redacted"
            if heads.get(seq, digest) != digest and action != "copy.redacted":
                self.add("audit", seq, "is not the entry that was noted outside")
            previous, expected = digest, seq + 1
            self.entries += 1
            self.first_at, self.last_at = self.first_at if self.first_at is not None else at, at
        self.head = previous
        if newest and max(heads, default=0) >= expected:
            self.add(
                "audit", max(heads), "was noted outside, but the chain ends before it: the file is older"
            )
        if newest and self.left_out:
            self.add("file", None, "is a redacted copy in the place of the file itself")
        if self.db.execute("SELECT 1 FROM audit_head WHERE id IS NOT 1").fetchone():
            self.add("audit_head", None, "there are rows in addition to the one that is the head")
        end = self.db.execute("SELECT entries, hash FROM audit_head WHERE id = 1").fetchone()
        if end is None:
            self.add("audit_head", 1, "missing, so entries may be too")
        elif end != (expected - 1, previous):
            self.add("audit_head", 1, f"names entry {end[0]} as the last, not {expected - 1}")
        if not found:
            self.add("audit", None, f"the head {outside} is not in this chain: it was made again or cut")

    def note(self, seq, action, body):
        if action == "rows":
            for table, facts in json.loads(body)["tables"].items():
                self.sealed.setdefault(table, {})[seq] = facts
        elif action == "schema.tables":
            self.told = json.loads(body)
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

    def structure(self):
        release = self.db.execute("PRAGMA user_version").fetchone()[0]
        known = {}
        for line in PARTS.split("\n"):
            since, until, digest, part = line.split(" ", 3)
            if int(since) <= release <= int(until):
                known[part] = digest
        expected = known or (self.told or {}).get("parts")
        if not expected:
            self.notes.append("This schema is not known here, so its parts were not compared.")
            return
        ours = {part[6:].lower() for part in expected if part.startswith("table ")}
        there = {}
        for kind, name, table, text in self.db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"):
            part = f"{kind} {name}"
            if OWN.fullmatch(name):
                continue
            there[part] = part_digest(kind, name, table, text or "")
            if part not in expected and not self.acts(kind, name, table, text or "", ours):
                self.notes.append(f"{part} is none of this schema; it touches nothing of the file's own.")
            elif part not in expected:
                self.add("schema", part, "is none of this schema")
            elif there[part] != expected[part]:
                self.add("schema", part, "is not what this schema makes")
        for part in sorted(expected.keys() - there.keys()):
            self.add("schema", part, "is missing")
        told = self.told
        if (
            told
            and known
            and (told["release"] > release or (told["release"] == release and told["parts"] != known))
        ):
            self.add("schema", None, "the file says that it is of another version than the chain does")

    def acts(self, kind, name, table, text, ours):
        """Whether a part that does not belong there can change what happens to the file's own tables."""
        if kind == "trigger" or VIRTUAL.match(text):
            return True
        if kind != "table":
            return (name if kind == "view" else table).lower() in ours
        refers = self.db.execute('SELECT "table" FROM pragma_foreign_key_list(?)', (name,)).fetchall()
        return any(each.lower() in ours for (each,) in refers)

    def witnesses(self, there):
        salts = {length for (length,) in self.db.execute("SELECT DISTINCT length(salt) FROM witness")}
        if self.told is None and not self.left_out and 32 in salts and 16 not in salts:
            self.left_out = True
            self.notes.append("The file looks like a redacted copy as version 0.1 made them.")
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
        must = {*EVIDENCE.split(), *(self.told["evidence"] if self.told else ())}
        for table in sorted((must & there) - self.newest.keys()):
            count = self.db.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
            self.unwitnessed += count
            if count:
                self.add(table, None, f"{count} rows that no entry witnesses")

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
            if not self.left_out:
                self.add(table, key, "its personal columns were left out, but this is no redacted copy")
            personal = [row[name] for name in facts["personal"]]
            if not all(blank(value) for value in personal):
                self.add(table, key, "personal columns hold something although they were left out")
        elif salt is not None and self.left_out:
            self.add(table, key, "its personal columns are there, but this is a redacted copy")
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
            self.add(table, key, f"is missing with its witness: entry {entry} names it")
        for key in sorted(extra, key=str):
            self.add(table, key, f"was added: entry {entry}, given as its witness, does not name it")
        if not missing and not extra:
            what = f"rows of entry {entry} were changed together with their hashes: digest expected {facts['sha256']}, found {found}"
            self.add(table, next(iter(there)) if len(there) == 1 else None, what)

    def events(self):
        last = max((facts["last"] for facts in self.ranges.values()), default=0)
        left_out = self.left_out and not self.db.execute("SELECT 1 FROM job_event LIMIT 1").fetchone()
        for first, facts in sorted(self.ranges.items()):
            digest, count = sha256(b"valhalla-job-events-1"), 0
            for row in self.db.execute(EVENTS, (first, facts["last"])):
                count += 1
                digest.update(b"\n" + json.dumps(list(row), separators=(",", ":")).encode("ascii"))
            if (count, digest.hexdigest()) != (facts["events"], facts["sha256"]) and not left_out:
                self.add("job_event", [first, facts["last"]], "changed after they were sealed")
        self.pending = self.db.execute("SELECT count(*) FROM job_event WHERE id > ?", (last,)).fetchone()[0]


# Written by scripts/pin_schema.py from the migrations: tables whose rows are witnessed, and every part of each schema,
# the first and the last schema in which it is so before its digest.
EVIDENCE = """
alert buyer consent deal duplicate effect experiment experiment_epoch header import import_undo knowledge lead
lead_change lead_history lead_merge list_cost live_session mapping member model_snapshot note outcome packet
policy promise reject run saved_filter script script_move scrub setting sighting sign_in source source_pause
standing_approval suppression tag token unfolded unfolding variant
"""
PARTS = """\
1 28 920f79911c3de2aa index alert_open
1 28 c3f06de1d1d26512 index import_by_file
1 3 fd189ef190126501 index lead_by_score
1 28 2b8de0cce85450cc index lead_history_by_lead
1 28 0c6190e1c77a7fa3 index outcome_by_lead
1 28 a93cdd2b2be81715 index packet_by_lead
1 13 6793f4f2b953376f index reject_by_import
1 28 3dce45460c16b51c table alert
1 28 875db2d6a0f425ca table audit
1 28 56566c6050ee7949 table audit_head
1 28 570d154a8b82dea9 table cycle
1 28 7ea777db32ca7978 table experiment
1 2 9966569ea3e0edb2 table file
1 28 0ac9669469f27b23 table header
1 2 cffc7a1460d06df0 table import
1 28 9acec3ea5039d91e table import_seen
1 20 68d43b343fb42854 table lead
1 2 887455e8c2f9278a table lead_generation
1 28 f8bc80f252f6cd57 table lead_history
1 14 420fddb08f252ec5 table lead_key
1 28 435dc4a4b0f134cc table mapping
1 28 2f110c8aec995256 table model_snapshot
1 3 b9ff1c3a583e71ce table outcome
1 28 5d9b4d0604c75874 table overtaken
1 28 0bd4c1fb080cb386 table packet
1 28 3613b32f1612ee3a table policy
1 9 ea91897fc79cd191 table reject
1 28 ee201753322baf74 table run
1 3 989977c325010580 table script
1 28 d303aff218eabbf4 table setting
1 28 82b21cb03e509403 table sighting
1 28 f18c3f270bad2482 table source
1 28 8d4dbe707e441b1f table variant
1 28 e7809b8bb4038074 trigger audit_head_no_delete
1 28 8389e5014bc8ce8a trigger audit_head_no_insert
1 28 0dc6fadc364ab31d trigger audit_head_steps
1 28 fb5326b7638490cb trigger audit_no_delete
1 28 7fe8f5d0c0e60695 trigger audit_no_replace
1 28 b4a71d83f75ae295 trigger audit_no_update
2 28 770a68611de3b0c7 index task_dead
2 28 6a2b084662006a61 index task_running
2 28 217ca0ecc01d8399 index task_scheduled
2 28 e00d0494a06fb4ea index task_unique
2 28 10f88e2cc8307940 index task_waiting
2 28 3bccaf866514019c table counter
2 28 0868d10db88ad127 table cycle_slot
2 27 0a2ecea37540621e table job_event
2 28 893254c4da33b992 table job_seal
2 28 b11c62369a94a1ef table kv
2 28 6373673568e14082 table queue_state
2 19 5125fdd676946f83 table task
2 28 6604f51d10eb7d54 table worker
3 28 4022e1484f6a5fed index duplicate_open
3 28 00e78f09ca5ad6e7 index lead_merge_in_force
3 28 f7f6d48ee794fc1f index reject_open
3 24 99d0e770e49cefae index suppression_in_force
3 25 cac079040ed91f45 table duplicate
3 28 d8cc6ad582b71dee table file
3 28 e74672a0cafe8ec5 table import
3 28 15604fcc754a5f86 table import_undo
3 28 163f26a27b9b73ca table lead_change
3 28 95b5083939eb34fc table lead_generation
3 25 ac63ee64eb2a4320 table lead_index_state
3 28 de53cf0f18ffc8ef table lead_merge
3 28 5b0bf6e599cd66b9 table lead_phone
3 28 368fafab4ac2a851 table lead_search
3 28 1eb8ba6501e8b0df table lead_search_config
3 28 9896ba8812010b65 table lead_search_content
3 28 ab73e05204825bc5 table lead_search_data
3 28 02f39e1447114257 table lead_search_idx
3 24 6f4c85a7e18fbf5e table suppression
3 28 734db24aad46484a table suppression_state
4 5 3de41efc39ae0ff8 index lead_by_score
4 28 e0929199c76cecfa index outcome_undone
4 28 91b1d1e3ab11e912 index script_move_by_script
4 28 c021226def3dbef5 index script_one_primary
4 28 53e2e577abfd63d9 table buyer
4 28 79b7441b2ed2e3f3 table experiment_epoch
4 24 6ba8293673e5c765 table outcome
4 28 5b6ae9744dd7b910 table script
4 28 5e2edf1209eb7205 table script_move
5 28 6a18e99e1abd1bb2 index idempotency_expiry
5 28 fe380e68a0c9ebc4 table dry_run_log
5 28 fd70fbf0cafbde2f table governor_limit
5 28 fc2503785fcd3ca9 table governor_slot
5 28 b88dd05e2622e64a table governor_violation
5 28 94ecc2ef1d138ef9 table heartbeat
5 28 b7e1551d16493797 table idempotency_key
5 28 48707bba3bdc983d table retry_log
6 12 5eed154cc576cddf index lead_by_score
7 28 532e64287ce9522a index effect_by_lead
7 28 f9e8ac92861b0c67 index effect_open
7 28 d99eeda815bb8823 table effect
7 28 7995cfcd73fbf184 table live_session
7 16 440e704436400edf table standing_approval
8 28 579c8b34467f19b2 index audit_declaration
8 28 6316c7afd3114c38 table witness
8 28 0684bc198de076a1 trigger witness_no_delete
8 28 44f1e2bd356e1410 trigger witness_no_update
9 28 7bb2edf35cf929ce index quality_by_file
9 20 eca82e7ceba4ee36 table quality
10 28 957a86a644f333ee index reject_closed
10 28 5c694ee036290278 index reject_fixed
10 28 711e42d40e0050b4 table reject
11 28 af669cd87b3e14d6 index import_by_start
11 28 5e71ec35f84d2b03 index outcome_by_time
12 24 c4c422ae30ecb2d8 table knowledge
13 24 ef5dfc11c623b012 index lead_by_score
14 28 921f03be08d0b000 index reject_by_import
15 28 d2bbce5f24963c0e index duplicate_by_other
15 28 2cab766bd10fb4df index lead_key_learnt
15 28 79484b25a7524196 table lead_key
16 28 b11d5283c48ae663 table schema_version
17 28 8f98006a629890c7 table standing_approval
18 28 0c56807157a0bc43 index token_name
18 28 cbac161f903de5db table token
19 28 c9592b7b23492d83 index audit_effect
20 27 57b6c8d8f8490821 table task
21 22 b7b629edd664de20 table lead
21 28 8c90fe4201b388f4 table quality
23 28 e1e6917bee3f761c index lead_by_person
23 24 e07b895cb56cb24b table lead
24 28 a8fcd1ebb6dd6db5 index audit_token
25 28 ff0cbfce7e310b07 index consent_by_lead
25 28 93bf1808f31f74f9 index deal_by_lead
25 28 76d13256ae9a7f33 index deal_open
25 28 d5a0cf6bf52d09fd index lead_by_last_contact
25 26 9d37a83890f6bcad index lead_by_score
25 28 a897e2de76be6b81 index lead_by_standing
25 28 a8bd1cd3566b227a index member_in_force
25 28 3493146976a84fe8 index note_by_lead
25 28 fd3e861d83432125 index outcome_by_number
25 28 f5cbcb662e32d5e4 index promise_by_lead
25 28 b8f2efa48bf7794a index promise_by_outcome
25 28 9272c50284221bd4 index promise_open
25 28 db7c4eaf0e8980e2 index saved_filter_in_force
25 28 c4d00d2b7a699477 index source_pause_in_force
25 28 f3e1e162e369fc98 index suppression_in_force
25 28 64c3088e637113f8 index tag_by_lead
25 28 b487b1934c1df85f index tag_by_name
25 28 c3d02a6f00dd888a index tag_in_force
25 28 93a3da975f56d0d0 table consent
25 28 9491b11df11fb86f table deal
25 28 68d7456dd7ee7059 table knowledge
25 28 4c2bf655297b2dd4 table lead
25 28 ba12297e8f430437 table lead_hold
25 28 989b2a97c1af1edd table list_cost
25 28 9a22121ab956bb47 table member
25 28 e75d5955c1fdade3 table note
25 28 a6f51bf30680a115 table outcome
25 28 76c499407043a13b table promise
25 28 5899eed9d3cba30c table saved_filter
25 28 314d2a2ea4a13f27 table scrub
25 28 5eb992eee30de90a table source_pause
25 28 89328b60e7c19cec table suppression
25 28 bd16151afa97b900 table tag
26 28 b65e82b8c6e66a8a index credential_by_invitation
26 28 6b20e7ca31d038c0 index lead_place_by_lead
26 28 99c4661b7de78481 index member_session_by_member
26 28 ec64f8634fa05505 index unfolded_by_lead
26 28 172e864a6600face index unfolded_open
26 28 8e84d16b5b22a1fa table board_history
26 28 32f0e27497f09c08 table credential
26 28 752b28f2e95a9b48 table duplicate
26 28 a38b2406eda2a3fd table lead_index_state
26 28 791d962332c72712 table lead_place
26 28 2a4b51f114fe7d42 table member_session
26 28 6639517a0b2fc9cc table sign_in
26 28 63afaf341e771c58 table unfolded
26 28 19ac71acc158737e table unfolding
27 28 50bda37b267adb0d index lead_by_score
28 28 6786becf5bf663c4 table job_event
28 28 f33ffa03d2e83e9c table task
28 28 a2d30fadd6b2a24f trigger task_number_stays
"""[:-1]


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
        newest = (
            path.name == "valhalla.db" and (path.parent / "audit" / "heads.jsonl").exists()
        )  # a home's own file
        heads = noted(path.parent / "audit" if newest else path.parent)
        connection = sqlite3.connect(opened.absolute().as_uri() + mode, uri=True)
        stack.callback(connection.close)
        verifier = Verifier(connection)
        verifier.run(outside, heads, newest)
        if opened is not path:
            verifier.notes.append(f"{log.name} lies next to the file and was read with it")
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
