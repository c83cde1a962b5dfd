"""Taking an import back: what it made is removed, what it changed gets its previous values, what a person did stays.

Every lead ends in one of three buckets: *reversed*; *kept*, because a person has worked with it since; *failed*, because
something else stands in the way, such as a second list that names it. Works in fenced batches, so that a million
leads do not hold up others; when it is interrupted, the next call goes on.
"""

from __future__ import annotations

import json
import math
import time
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import apsw

from db import Database, audit, pacing, sealing, waiting
from db.among import among
from db.pacing import Pace
from valhalla.intake import sql
from valhalla.leads import redecide, remove, scrubbing
from valhalla.leads import sql as leads_sql
from valhalla.leads.generation import touched
from valhalla.program.errors import NotFound, ValhallaError
from valhalla.scoring.stages.row import CONTENT

BATCH = 100_000
FIRST = 20_000
SMALLEST = 50
"""Rows that are undone at a time, in the first batch, and the least while somebody else waits to write. The keys of a batch stand all
over their index, so twice as many batches write its pages twice as often."""

ALONE = 5_000
PART = 250
"""Rows that are undone between two looks at whether somebody waits to write, who gets the turn then: while nobody does, and for as
long as :data:`db.waiting.AT_WORK` after somebody did. Of a large file not all pages of the index of keys that a batch changes fit
into memory, so more parts write them more often."""

HELD = 2_500
"""Leads whose values are in memory at a time, when they get their previous ones back."""

CACHE = 32 * 1024
"""KiB of pages that are kept in memory meanwhile."""

ITEMS = 1_000
"""Leads that are named with a reason; the rest are counted."""


@dataclass(frozen=True)
class Hooks:
    """See :class:`valhalla.intake.request.Hooks`."""

    fence: Callable[[], object] = lambda: None
    between: Callable[[dict[str, int]], object] = lambda progress: None


def undo_import(
    database: Database, import_id: int, actor: str = "operator", hooks: Hooks | None = None
) -> dict[str, Any]:
    """Take the import back; audited. Returns ``{import_id, reversed, kept, failed, items}``.

    Raises :class:`NotFound`, and :class:`ValhallaError` when it cannot be undone as a whole.
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
        self.waited = -math.inf
        """When somebody waited to write."""
        self.items: list[dict[str, Any]] = []

    def run(self) -> dict[str, Any]:
        row = self.database.one(sql.IMPORT_TO_UNDO, (self.import_id,))
        if row is None:
            raise NotFound(f"there is no import {self.import_id}; see: valhalla imports list")
        state, self.kind, self.file_id, self.rows, self.rejected, self.started_at, path = row
        if state == "undone":
            raise ValhallaError(f"import {self.import_id} ({path}) was undone already")
        if state == "running":
            raise ValhallaError(f"import {self.import_id} ({path}) is still running")
        later = self.database.value(sql.LATER_IMPORT, (self.file_id, self.import_id))
        if later is not None:
            raise ValhallaError(f"import {later} read the same list again; undo that one first")
        self._begin()
        self.database.set_cache(CACHE)
        try:
            # Removing a lead would make SQLite look for its keys one lead at a time, through a table without such an index;
            # they are removed with it, batch by batch.
            with self.database.references_unchecked():
                self._batches(sql.LEADS_MADE, self._remove)
            self._batches(sql.LEADS_CHANGED, self._restore, HELD)
            self._batches(sql.REJECTS_TO_IGNORE, lambda ids: self._rejects(sql.IGNORE_REJECTS, ids))
            self._batches(sql.REJECTS_TO_REOPEN, lambda ids: self._rejects(sql.REOPEN_REJECTS, ids))
            self._batches(sql.LEADS_SIGHTED, self._unsight, HELD)
        finally:
            self.database.set_cache()
        return self._end()

    def _begin(self) -> None:
        database, now = self.database, self.database.clock()
        with database.write():
            self.hooks.fence()
            database.sql(sql.BEGIN_UNDO, (self.import_id, now, self.actor))
            database.sql(sql.RESET_FILE, (self.import_id, self.rows, self.rejected, self.file_id))
            database.sql(sql.CLOSE_CHANGES, (now, self.actor, self.import_id))

    def _batches(self, text: str, act: Callable[[list[int]], None], part: int = ALONE) -> None:
        after = 0
        while ids := self._next(text, after, part):
            with self.pace.write(self.database):
                self.hooks.fence()
                taken, most = 0, self.pace.rows
                while ids:
                    act(ids)
                    sealing.seal(self.database)  # or who waits would wait until all parts are witnessed
                    taken, after = taken + len(ids), ids[-1]
                    waits = self.database.contended()
                    if waits:
                        self.waited = time.monotonic()
                    ids = [] if waits or taken >= most else self._next(text, after, part)
                touched(self.database)
                self.pace.rows = taken
            self.done += taken
            self.hooks.between({"leads": self.done})

    def _next(self, text: str, after: int, part: int) -> list[int]:
        disturbed = time.monotonic() - self.waited < waiting.AT_WORK
        most = min(self.pace.rows, PART if disturbed else part)
        given = {"import": self.import_id, "since": self.started_at, "after": after, "most": most}
        return [number for (number,) in self.database.sql(text, given)]

    def _remove(self, ids: list[int]) -> None:
        words, given = among(array("q", ids))
        given |= {"import": self.import_id, "undo": f"undo:{self.import_id}"}
        kept = _first_reasons(self.database.sql(sql.WORKED_ON.format(words), given))
        failed = _first_reasons(self.database.sql(sql.NAMED_ELSEWHERE.format(words), given))
        failed = {lead: reason for lead, reason in failed.items() if lead not in kept}
        gone = [lead for lead in ids if lead not in kept and lead not in failed]
        remove.remove_leads(self.database, gone)
        self._count(len(gone), kept, failed)

    def _rejects(self, text: str, ids: list[int]) -> None:
        self.database.sql(text, (apsw.carray(array("q", ids)),))

    def _restore(self, ids: list[int]) -> None:
        database = self.database
        wanted, persons, lists = self._previous(ids)
        present = {
            lead: content
            for lead, *content in database.sql(sql.PRESENT_CONTENT, (apsw.carray(array("q", ids)),))
        }
        columns = (*CONTENT, "header_id")
        puts: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        history = []
        for lead, before in wanted.items():
            put = {column: before[column] for column in columns if column in before}
            if lead in present and put:
                now = dict(zip(columns, present[lead], strict=True))
                was = json.dumps({column: now[column] for column in put}, ensure_ascii=False)
                puts.setdefault(tuple(put), []).append((*put.values(), lead))
                history.append((lead, database.clock(), self.actor, f"undo:{self.import_id}", None, was))
        for names, rows in puts.items():
            database.many(leads_sql.put_columns(names), rows)
        database.many(sql.ADD_HISTORY, history)
        restored = [lead for lead, *_ in history]
        for text in (sql.FORGET_FINGERPRINT, sql.FORGET_SIGHTED):
            database.many(text, [(lead, self.file_id) for lead in restored])
        redecide.decide_again(database, restored)
        scrubbing.apply(database, restored)
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
            sql.HISTORY_OF, (apsw.carray(array("q", ids)),)
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
        for lead in done:  # by an undo that was interrupted; what it left alone is reported again
            wanted.pop(lead, None)
        return wanted, persons, {lead: why for lead, why in lists.items() if lead not in persons}

    def _unsight(self, ids: list[int]) -> None:
        """Leads that only this list had named are one list poorer."""
        database = self.database
        changed = database.value(sql.ALSO_CHANGED, (apsw.carray(array("q", ids)), self.import_id))
        self._count(len(ids) - changed, {}, {})
        database.sql(sql.UNSIGHT, (self.import_id, apsw.carray(array("q", ids))))
        redecide.decide_again(database, ids, lambda lead: lead._replace(lists=max(1, lead.lists - 1)))

    def _count(self, reversed_: int, kept: dict[int, str], failed: dict[int, str]) -> None:
        for bucket, reasons in (("kept", kept), ("failed", failed)):
            self.items += [{"lead": lead, "bucket": bucket, "reason": why} for lead, why in reasons.items()]
        del self.items[ITEMS:]
        counts = (reversed_, len(kept), len(failed), json.dumps(self.items, ensure_ascii=False))
        self.database.sql(sql.COUNT_UNDONE, (*counts, self.import_id))

    def _end(self) -> dict[str, Any]:
        database = self.database
        reversed_, kept, failed, items = database.sql(sql.UNDO_RESULT, (self.import_id,))[0]
        counts = {"reversed": reversed_, "kept": kept, "failed": failed}
        with database.write():
            self.hooks.fence()
            database.sql(sql.END_UNDO, (self.import_id,))
            audit.append(database, "import.undo", f"import:{self.import_id}", dict(counts), actor=self.actor)
        return {"import_id": self.import_id, **counts, "items": json.loads(items)}


def _first_reasons(rows: Iterable[tuple[Any, ...]]) -> dict[int, str]:
    reasons: dict[int, str] = {}
    for lead, reason in rows:
        reasons.setdefault(lead, reason)
    return reasons
