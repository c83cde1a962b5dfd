"""Rows about people who asked to be forgotten: nothing of them is kept."""

from __future__ import annotations

from collections.abc import Container
from pathlib import PurePath
from typing import TYPE_CHECKING

from valhalla.intake import sql
from valhalla.intake.reading.chunk import Chunk, Reject
from valhalla.leads.suppression import Match, Suppression

if TYPE_CHECKING:
    from db import Database
    from valhalla.intake.request import Admitted
    from valhalla.leads.traces import Traces

MESSAGES = {
    "FORGOTTEN": "The person asked to be forgotten; nothing of the row is kept",
    "HELD": "It may be about somebody who asked to be forgotten; look into the list, and let it be read with --admit-held if not",
}


def leave_out_forgotten(known: Suppression, chunk: Chunk, *, admit: Admitted = False) -> None:
    """Turn the rows that are, or may be, about forgotten people into rejects that hold nothing of them.

    ``admit``: a person has looked at those that may be, or at those on some lines.
    """
    looked_at: Container[int] = range(0) if isinstance(admit, bool) else admit
    codes = {row.line: known.about_forgotten(row) for row in chunk.accepted}
    for reject in chunk.rejected:
        found = known.names_forgotten(reject.raw)
        codes[reject.line] = max(found, codes.get(reject.line, Match.NO), key=lambda match: match.value)
    gone = {
        line: "FORGOTTEN" if match is Match.YES else "HELD"
        for line, match in codes.items()
        if match is Match.YES or (match is Match.MAYBE and admit is not True and line not in looked_at)
    }
    if not gone:
        return
    chunk.rejected[:] = [reject for reject in chunk.rejected if reject.line not in gone]
    chunk.accepted = [row for row in chunk.accepted if row.line not in gone]
    chunk.rejected.extend(
        Reject(line, None, code, MESSAGES[code], None, "") for line, code in sorted(gone.items())
    )
    chunk.rejected.sort(key=lambda reject: reject.line)
    chunk.warnings[:] = [warning for warning in chunk.warnings if warning.line not in gone]


def forget_names(database: Database, traces: Traces) -> None:
    """Leave out the paths, warnings and errors of lists that name the people; inside the caller's transaction.

    A list whose path is left out is a new one when it is met again.
    """
    for number, path, *texts in database.sql(sql.TEXTS_OF_IMPORTS):
        if _named_after(path, traces):
            database.sql(sql.BLANK_IMPORT, (number,))
        elif any(map(traces.in_text, texts)):
            database.sql(sql.BLANK_WARNINGS, (number,))
    for number, path, error in database.sql(sql.TEXTS_OF_FILES):
        if _named_after(path, traces) or traces.in_text(error):
            database.sql(sql.BLANK_FILE, (number,))


def _named_after(path: str, traces: Traces) -> bool:
    return any(traces.in_text(part, by_name=True) for part in PurePath(path).parts)
