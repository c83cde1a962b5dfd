"""Taking an import back: what it made is removed, what it changed gets its previous values, what a person did stays.

Every lead ends in one of three buckets: *reversed*; *kept*, because a person has worked with it since; *failed*, because
something else stands in the way, such as a second list that names it. Works in fenced batches, so that a million
leads do not hold up others; when it is interrupted, the next call goes on.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import apsw

from db import Database, audit, pacing
from db.pacing import Pace
from valhalla.intake import sql
from valhalla.leads import redecide, remove
from valhalla.program.errors import NotFound, ValhallaError

BATCH = 5_000
FIRST = 500
SMALLEST = 50
"""Rows that are taken back at a time, in the first batch, and the least while somebody else waits to write."""

ITEMS = 1_000
"""Leads that are named with a reason; the rest are counted."""

READ = "SELECT state, kind, file_id, rows, rejected, started_at, path FROM import WHERE id = ?"
LATER = """
SELECT id FROM import
WHERE file_id = ? AND id > ? AND kind = 'whole' AND (state = 'done' OR state = 'running') ORDER BY id LIMIT 1
"""
# What an interrupted undo had left alone is looked at, and counted, again.
BEGIN = """
INSERT INTO import_undo (import_id, at, actor) VALUES (?, ?, ?)
ON CONFLICT (import_id) DO UPDATE SET kept = 0, failed = 0, items = '[]'
"""
# As if the list had never been read, but not to be read again until it changes or somebody asks.
RESET_FILE = """
UPDATE file SET digest = '', offset = size, rows = CASE WHEN import_id = ?1 THEN max(rows - ?2, 0) ELSE rows END,
  rejected = CASE WHEN import_id = ?1 THEN max(rejected - ?3, 0) ELSE rejected END WHERE id = ?4
"""
# In whatever order the index has them: what was looked at is not open any more.
REFUSED = "SELECT id FROM reject INDEXED BY reject_by_import WHERE import_id = :import AND state = 'open' LIMIT :most"
IGNORE = "UPDATE reject SET state = 'ignored' WHERE id IN (SELECT value FROM carray(?)) AND state = 'open'"
REPAIRED = "SELECT id FROM reject WHERE closed_by = :import AND id > :after ORDER BY id LIMIT :most"
# Of a row that was refused by several readings of its list only the last stands open, and none of an undone reading.
REOPEN = """
UPDATE reject SET closed_by = NULL, state = CASE
  WHEN (SELECT state FROM import WHERE id = reject.import_id) = 'undone' THEN 'ignored'
  WHEN EXISTS (SELECT 1 FROM import AS later WHERE later.file_id = reject.file_id AND later.id > reject.import_id
    AND later.kind = 'whole' AND later.state IN ('done', 'running')) THEN 'superseded'
  ELSE 'open' END
WHERE id IN (SELECT value FROM carray(?)) AND state IN ('fixed', 'superseded')
"""
CLOSE_CHANGES = "UPDATE lead_change SET state = 'declined', decided_at = ?, decided_by = ? WHERE import_id = ? AND state = 'open'"
COUNT = "UPDATE import_undo SET reversed = reversed + ?, kept = kept + ?, failed = failed + ?, items = ? WHERE import_id = ?"
READ_ITEMS = "SELECT items FROM import_undo WHERE import_id = ?"
SETTLE = "UPDATE import SET state = 'undone' WHERE id = ? AND state <> 'undone'"
RESULT = "SELECT reversed, kept, failed, items FROM import_undo WHERE import_id = ?"

MADE = "SELECT id FROM lead WHERE import_id = :import AND id > :after ORDER BY id LIMIT :most"
TYPED = "SELECT id FROM import WHERE path LIKE '(by hand)%'"
WORKED_ON = f"""
SELECT DISTINCT k.value, 'an outcome was recorded' FROM carray(?1) AS k CROSS JOIN outcome AS o ON o.lead_id = k.value
UNION ALL
SELECT k.value, 'a person changed it' FROM carray(?1) AS k CROSS JOIN lead_history AS h ON h.lead_id = k.value
WHERE h.actor <> 'import' AND h.cause <> ?2 OR h.import_id <> ?3 AND h.import_id IN ({TYPED})
UNION ALL
SELECT m.kept_id, 'another lead was merged into it' FROM lead_merge AS m
WHERE m.undone_at IS NULL AND m.kept_id IN (SELECT value FROM carray(?1))
UNION ALL
SELECT m.merged_id, 'it was merged into lead ' || m.kept_id FROM lead_merge AS m
WHERE m.undone_at IS NULL AND m.merged_id IN (SELECT value FROM carray(?1))
"""
NAMED_ELSEWHERE = """
SELECT k.value, 'import ' || s.import_id || ' names it too' FROM carray(?1) AS k
CROSS JOIN sighting AS s ON s.lead_id = k.value WHERE s.import_id <> ?2
UNION ALL
SELECT k.value, 'import ' || h.import_id || ' changed it since' FROM carray(?1) AS k
CROSS JOIN lead_history AS h ON h.lead_id = k.value WHERE h.import_id <> ?2
"""
SIGHTED = """
SELECT lead_id FROM sighting WHERE import_id = ? AND first_seen >= ? AND lead_id > ? ORDER BY lead_id LIMIT ?
"""
ALSO_CHANGED = """
SELECT DISTINCT h.lead_id FROM carray(?1) AS k CROSS JOIN lead_history AS h ON h.lead_id = k.value WHERE h.import_id = ?2
"""
UNSIGHT = "DELETE FROM sighting WHERE import_id = ? AND lead_id = ?"
CHANGED = """
SELECT DISTINCT lead_id FROM lead_history WHERE import_id = :import AND actor = 'import' AND lead_id > :after
ORDER BY lead_id LIMIT :most
"""
HISTORY = f"""
SELECT h.lead_id, h.import_id, h.actor = 'import' AND h.import_id NOT IN ({TYPED}), h.cause, h.before
FROM carray(?1) AS k
CROSS JOIN lead_history AS h ON h.lead_id = k.value ORDER BY h.lead_id, h.id
"""
PRESENT = f"""
SELECT id, {", ".join(sql.CONTENT)}, header_id FROM lead WHERE id IN (SELECT value FROM carray(?))
"""
FORGET_FINGERPRINT = "UPDATE lead SET fingerprint = 0 WHERE id = ? AND file_id = ?"
FORGET_SIGHTED = "UPDATE sighting SET fingerprint = 0 WHERE lead_id = ? AND file_id = ?"


@dataclass(frozen=True)
class Hooks:
    """See :class:`valhalla.intake.request.Hooks`."""

    fence: Callable[[], object] = lambda: None
    between: Callable[[dict[str, int]], object] = lambda progress: None


def undo_import(
    database: Database, import_id: int, actor: str = "operator", hooks: Hooks | None = None
) -> dict[str, Any]:
    """Take the import back; audited. Returns ``{import_id, reversed, kept, failed, items}``.

    Raises :class:`NotFound`, and :class:`ValhallaError` when it cannot be taken back as a whole.
    """
    return _Undo(database, import_id, actor, hooks or Hooks()).run()


class _Undo:
    def __init__(self, database: Database, import_id: int, actor: str, hooks: Hooks) -> None:
        self.database = database
        self.import_id = import_id
        self.actor = actor
        self.hooks = hooks
        self.done = 0
        self.pace = Pace(BATCH, SMALLEST, pacing.BRIEFLY)
        self.pace.rows = min(FIRST, BATCH)

    def run(self) -> dict[str, Any]:
        row = self.database.one(READ, (self.import_id,))
        if row is None:
            raise NotFound(f"there is no import {self.import_id}; see: valhalla imports list")
        state, self.kind, self.file_id, self.rows, self.rejected, self.started_at, path = row
        if state == "undone":
            raise ValhallaError(f"import {self.import_id} ({path}) was taken back already")
        if state == "running":
            raise ValhallaError(f"import {self.import_id} ({path}) is still running")
        later = self.database.value(LATER, (self.file_id, self.import_id))
        if later is not None:
            raise ValhallaError(f"import {later} read the same list again; take that one back first")
        self._begin()
        # Removing a lead would make SQLite look for its keys one lead at a time, through a table without such an index;
        # they are removed with it, batch by batch.
        with self.database.references_unchecked():
            self._batches(MADE, self._remove)
        self._batches(CHANGED, self._restore)
        self._batches(REFUSED, lambda ids: self._rejects(IGNORE, ids))
        self._batches(REPAIRED, lambda ids: self._rejects(REOPEN, ids))
        self._unsight()
        return self._end()

    def _begin(self) -> None:
        database, now = self.database, self.database.clock()
        with database.write():
            self.hooks.fence()
            database.sql(BEGIN, (self.import_id, now, self.actor))
            database.sql(RESET_FILE, (self.import_id, self.rows, self.rejected, self.file_id))
            database.sql(CLOSE_CHANGES, (now, self.actor, self.import_id))

    def _batches(self, text: str, act: Callable[[list[int]], None]) -> None:
        after = 0
        while ids := [
            row[0]
            for row in self.database.sql(
                text, {"import": self.import_id, "after": after, "most": self.pace.rows}
            )
        ]:
            with self.pace.write(self.database):
                self.hooks.fence()
                act(ids)
                self.database.sql(sql.MOVE_GENERATION)
            after = ids[-1]
            self.done += len(ids)
            self.hooks.between({"leads": self.done})

    def _remove(self, ids: list[int]) -> None:
        kept = _first_reasons(
            self.database.sql(
                WORKED_ON, (apsw.carray(array("q", ids)), f"undo:{self.import_id}", self.import_id)
            )
        )
        failed = _first_reasons(
            self.database.sql(NAMED_ELSEWHERE, (apsw.carray(array("q", ids)), self.import_id))
        )
        failed = {lead: reason for lead, reason in failed.items() if lead not in kept}
        gone = [lead for lead in ids if lead not in kept and lead not in failed]
        remove.remove_leads(self.database, gone)
        self._count(len(gone), kept, failed)

    def _rejects(self, text: str, ids: list[int]) -> None:
        self.database.sql(text, (apsw.carray(array("q", ids)),))

    def _restore(self, ids: list[int]) -> None:
        database = self.database
        wanted, persons, lists = self._previous(ids)
        present = {row[0]: row[1:] for row in database.sql(PRESENT, (apsw.carray(array("q", ids)),))}
        columns = (*sql.CONTENT, "header_id")
        restored = []
        for lead, before in wanted.items():
            if lead not in present:
                continue
            now = dict(zip(columns, present[lead], strict=True))
            put = {column: before[column] for column in columns if column in before}
            if put:
                database.sql(
                    f"UPDATE lead SET {', '.join(f'{column} = ?' for column in put)} WHERE id = ?",
                    (*put.values(), lead),
                )
                was = json.dumps({column: now[column] for column in put}, ensure_ascii=False)
                database.sql(
                    sql.ADD_HISTORY,
                    (lead, database.clock(), self.actor, f"undo:{self.import_id}", None, was),
                )
                database.sql(FORGET_FINGERPRINT, (lead, self.file_id))
                database.sql(FORGET_SIGHTED, (lead, self.file_id))
                restored.append(lead)
        redecide.decide_again(database, restored)
        self._count(
            len([lead for lead in restored if lead not in persons and lead not in lists]), persons, lists
        )

    def _previous(self, ids: list[int]) -> tuple[dict[int, dict[str, Any]], dict[int, str], dict[int, str]]:
        """Per lead the values before the import, without what was changed since; and who changed that."""
        wanted: dict[int, dict[str, Any]] = {}
        persons: dict[int, str] = {}
        lists: dict[int, str] = {}
        done: set[int] = set()
        for lead, import_id, by_list, cause, text in self.database.sql(
            HISTORY, (apsw.carray(array("q", ids)),)
        ):
            before = json.loads(text)
            if import_id == self.import_id:
                for column, value in before.items():
                    wanted.setdefault(lead, {}).setdefault(column, value)
                continue
            if cause == f"undo:{self.import_id}":
                done.add(lead)
                continue
            if lead not in wanted:
                continue
            for column in before:
                if wanted[lead].pop(column, self) is self:
                    continue
                if by_list:
                    lists[lead] = f"import {import_id} changed its {column} since"
                else:
                    persons[lead] = f"a person changed its {column}"
        for lead in done:  # by an undo that was interrupted; what it left alone is told again
            wanted.pop(lead, None)
        return wanted, persons, {lead: why for lead, why in lists.items() if lead not in persons}

    def _unsight(self) -> None:
        """Leads that only this list had named are one list poorer."""
        database, after = self.database, 0
        while ids := [
            row[0] for row in database.sql(SIGHTED, (self.import_id, self.started_at, after, self.pace.rows))
        ]:
            with self.pace.write(database):
                self.hooks.fence()
                changed = {
                    row[0]
                    for row in database.sql(ALSO_CHANGED, (apsw.carray(array("q", ids)), self.import_id))
                }
                self._count(len(ids) - len(changed), {}, {})
                database.many(UNSIGHT, [(self.import_id, lead) for lead in ids])
                redecide.decide_again(database, ids, lambda lead: lead._replace(lists=max(1, lead.lists - 1)))
                database.sql(sql.MOVE_GENERATION)
            after = ids[-1]
            self.done += len(ids)
            self.hooks.between({"leads": self.done})

    def _count(self, reversed_: int, kept: dict[int, str], failed: dict[int, str]) -> None:
        items = json.loads(self.database.value(READ_ITEMS, (self.import_id,)))
        for bucket, reasons in (("kept", kept), ("failed", failed)):
            items += [{"lead": lead, "bucket": bucket, "reason": why} for lead, why in reasons.items()]
        text = json.dumps(items[:ITEMS], ensure_ascii=False)
        self.database.sql(COUNT, (reversed_, len(kept), len(failed), text, self.import_id))

    def _end(self) -> dict[str, Any]:
        database = self.database
        reversed_, kept, failed, items = database.sql(RESULT, (self.import_id,))[0]
        counts = {"reversed": reversed_, "kept": kept, "failed": failed}
        with database.write():
            self.hooks.fence()
            database.sql(SETTLE, (self.import_id,))
            audit.append(database, "import.undo", f"import:{self.import_id}", dict(counts), actor=self.actor)
        return {"import_id": self.import_id, **counts, "items": json.loads(items)}


def _first_reasons(rows: Iterable[tuple[Any, ...]]) -> dict[int, str]:
    reasons: dict[int, str] = {}
    for lead, reason in rows:
        reasons.setdefault(lead, reason)
    return reasons
