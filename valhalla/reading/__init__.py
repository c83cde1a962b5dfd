"""Reading lead lists: from bytes to checked, cleaned rows with keys. Knows no database.

>>> with open_source("leads.csv") as source:                                        # doctest: +SKIP
...     for chunk in source.chunks(final=True):
...         print(len(chunk.accepted), [reject.message for reject in chunk.rejected])
"""

from valhalla.reading.chunk import Chunk, Position, Reject, SourceError, Warning
from valhalla.reading.codes import CODES, Code
from valhalla.reading.profile import Profile
from valhalla.reading.source import CHUNK_ROWS, DEFAULT_SOURCE, Source, open_source, prefix_hash

__all__ = [
    "CHUNK_ROWS",
    "CODES",
    "DEFAULT_SOURCE",
    "Chunk",
    "Code",
    "Position",
    "Profile",
    "Reject",
    "Source",
    "SourceError",
    "Warning",
    "open_source",
    "prefix_hash",
]
