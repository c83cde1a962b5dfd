"""One cheap look at a file: is there anything to read in it?"""

from __future__ import annotations

import os
import time
from typing import Literal, NamedTuple

from db import Database
from valhalla.intake.reading.container import on_disk
from valhalla.intake.records import find_file
from valhalla.intake.sources import Candidate

SETTLED_SECONDS = 2.0
"""A file that was last written longer ago than this is taken as finished."""


class Look(NamedTuple):
    """What a look at a file found. ``settled``: whether its last line counts even without a line end."""

    candidate: Candidate
    verdict: Literal["unchanged", "changed", "gone"]
    settled: bool


def look(database: Database, candidate: Candidate, rules: str) -> Look:
    """Compare the file's size, time and identity with the last import's; ``rules`` is what it would be read by now.

    Costs one ``stat`` and one indexed query; the file is not opened.
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
    return Look(candidate, "changed", settled or same)
