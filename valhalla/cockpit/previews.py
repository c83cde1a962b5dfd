"""What an import would do, worked out in the background: one list at a time, on a copy of the file that is thrown away."""

from __future__ import annotations

import itertools
import json
import logging
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db import Database, DatabaseError
from valhalla.cockpit.gather.calls import viewer_of
from valhalla.cockpit.work import percent_read
from valhalla.program.errors import ValhallaError
from valhalla.program.later import later

if TYPE_CHECKING:
    from valhalla.intake import columns, preview
else:
    columns = later("valhalla.intake.columns")
    preview = later("valhalla.intake.preview")

log = logging.getLogger("valhalla.cockpit")

KEPT = 20
FIRST = 8
"""Leads of a preview that are shown."""


class Previews:
    """The previews of one cockpit. Nothing of them is stored."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._known: OrderedDict[tuple[str, str, str], Future[dict[str, Any]]] = OrderedDict()
        self._percent: tuple[Path, float | None] | None = None
        self._mutex = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None

    def get(self, path: Path, source: str, rules: str, patience: float = 0.3) -> dict[str, Any] | None:
        """What reading ``path`` as a list of ``source`` by ``rules`` would do; None while that is being worked out."""
        key = (str(path), source, rules)
        with self._mutex:
            if key not in self._known:
                if self._thread is None:
                    self._thread = ThreadPoolExecutor(1, "cockpit-preview")
                self._known[key] = self._thread.submit(self._work_out, path, source)
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)[1].cancel()
            future = self._known[key]
        try:
            return future.result(patience)
        except TimeoutError:
            return None

    def percent(self, path: Path) -> float | None:
        """How far the preview of ``path`` that is being worked out has come; None: it has not begun to read."""
        working = self._percent
        return working[1] if working is not None and working[0] == path else None

    def close(self) -> None:
        """Work out nothing more."""
        with self._mutex:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown(wait=False, cancel_futures=True)

    def _work_out(self, path: Path, source: str) -> dict[str, Any]:
        def watch(_: Path, progress: dict[str, float] | None) -> None:
            self._percent = path, percent_read(progress)

        try:
            seen = columns.glance(self.database, path, source)
            if seen["error"] is not None and seen["error"]["code"] == "NO_PROGRESS":
                raise ValhallaError(seen["error"]["message"])  # others wait; once is enough
            with preview.trial(self.database) as importing:
                done = importing.read_again(path, source, watch)
                viewer = viewer_of(importing.database)
                records = itertools.islice(viewer.touched(done.import_ids), FIRST)
                first = [viewer.entry(record) for record in records]
            file = vars(done.result.files[0])
            problem = None
        except (ValhallaError, DatabaseError) as error:
            seen, file, first, problem = {"columns": [], "error": None}, None, [], str(error)
        except Exception:
            log.exception("a preview failed")
            seen, file, first = {"columns": [], "error": None}, None, []
            problem = "It could not be worked out what the list would do; the log says why."
        finally:
            self._percent = None
        facts = {"file": file, "columns": seen["columns"], "first": first, "problem": problem}
        return _by_name(facts, path)


def _by_name(facts: dict[str, Any], path: Path) -> dict[str, Any]:
    """The list is called by its name: where it waits is nobody's business."""
    where, name = (json.dumps(text, ensure_ascii=False)[1:-1] for text in (str(path), path.name))
    found: dict[str, Any] = json.loads(json.dumps(facts, ensure_ascii=False).replace(where, name))
    return found
