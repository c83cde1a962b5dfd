"""Reading lead lists: from bytes to checked, cleaned rows with keys. Knows no database.

>>> with open_source("leads.csv") as source:                                        # doctest: +SKIP
...     for chunk in source.chunks(final=True):
...         print(len(chunk.accepted), [reject.message for reject in chunk.rejected])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valhalla.intake.reading.chunk import Chunk, Columns, Position, Reject, SourceError, Warning
from valhalla.intake.reading.codes import CODES, Code
from valhalla.intake.reading.profile import DEFAULT_SOURCE, Profile

if TYPE_CHECKING:
    from valhalla.intake.reading.hashing import prefix_hash
    from valhalla.intake.reading.source import CHUNK_ROWS, Source, as_they_are, open_source

__all__ = [
    "CHUNK_ROWS",
    "CODES",
    "DEFAULT_SOURCE",
    "Chunk",
    "Code",
    "Columns",
    "Position",
    "Profile",
    "Reject",
    "Source",
    "SourceError",
    "Warning",
    "as_they_are",
    "open_source",
    "prefix_hash",
]


def __getattr__(name: str) -> Any:
    """What opens a list, when it is asked for: half of the package, of which a search needs how telephone numbers are written."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from valhalla.intake.reading import source

    return getattr(source, name)
