"""Rows about people who asked to be forgotten: nothing of them is kept."""

from __future__ import annotations

from valhalla.intake.reading.chunk import Chunk, Reject
from valhalla.leads.suppression import Suppression


def leave_out_forgotten(known: Suppression, chunk: Chunk) -> None:
    """Turn the rows about forgotten people into rejects that hold nothing of them."""
    gone = {row.line for row in chunk.accepted if known.is_forgotten(row)}
    broken = {reject.line for reject in chunk.rejected if known.names_forgotten(reject.raw)}
    if not gone and not broken:
        return
    message = "The person asked to be forgotten; nothing of the row is kept"
    chunk.rejected[:] = [reject for reject in chunk.rejected if reject.line not in broken]
    gone |= broken
    chunk.accepted[:] = [row for row in chunk.accepted if row.line not in gone]
    chunk.rejected.extend(Reject(line, None, "FORGOTTEN", message, None, "") for line in sorted(gone))
    chunk.rejected.sort(key=lambda reject: reject.line)
    chunk.warnings[:] = [warning for warning in chunk.warnings if warning.line not in gone]
