"""One cheap look at a file: is there anything to read in it?"""

from __future__ import annotations

import os
import time
from typing import Literal, NamedTuple

from db import Database
from valhalla.intake import sql
from valhalla.intake.reading.container import on_disk
from valhalla.intake.reading.hashing import prefix_hash
from valhalla.intake.records import ListFile, find_file
from valhalla.intake.sources import Candidate

SETTLED_SECONDS = 2.0
"""A file that was last written longer ago than this is taken as finished."""


class Look(NamedTuple):
    """What a look at a file found. ``settled``: whether its last line counts even without a line end."""

    candidate: Candidate
    verdict: Literal["unchanged", "changed", "gone"]
    settled: bool


def look(database: Database, candidate: Candidate, rules: str, *, inside: bool = False) -> Look:
    """Compare the file's size, time and identity with the last import's; ``rules`` is what it would be read by now.

    Costs one ``stat`` and one indexed query; the file is not opened. ``inside``: one that is as long as the list that was read is
    compared byte by byte, by its hash, before it counts as changed, and noted when it was only saved again.
    """
    try:
        stat = os.stat(on_disk(candidate.path))
    except OSError:
        return Look(candidate, "gone", False)
    known = find_file(database, str(candidate.path))
    settled = time.time() - stat.st_mtime > SETTLED_SECONDS
    if known is None:
        return Look(candidate, "changed", settled)
    same = (stat.st_size, stat.st_mtime_ns, stat.st_ino) == (known.size, known.modified_ns, known.inode)
    same = same and known.profile == rules
    if same and (known.offset == known.size or known.error_code is not None):
        interrupted = known.import_id is None and known.error_code is None
        return Look(candidate, "changed" if interrupted else "unchanged", settled)
    if inside and known.profile == rules and _saved_again(database, candidate, known, stat):
        return Look(candidate, "unchanged", settled)
    return Look(candidate, "changed", settled or same)


def _saved_again(database: Database, candidate: Candidate, known: ListFile, stat: os.stat_result) -> bool:
    """Whether the file is byte by byte the list that was read to its end; that is noted."""
    if known.error_code is not None or not known.digest or not stat.st_size == known.size == known.offset:
        return False
    if database.sql(sql.FIND_RUNNING, (known.id,)):
        return False
    try:
        if prefix_hash(on_disk(candidate.path), known.offset).hexdigest() != known.digest:
            return False
    except OSError:  # its import says why
        return False
    with database.write():
        now = database.clock()
        database.sql(sql.TOUCH_FILE, (stat.st_size, stat.st_mtime_ns, stat.st_ino, now, known.id))
    return True
