"""What the job that fills the indexes does: first the words of leads, then where they are.

Apart from :mod:`valhalla.leads.search`, because those who only search need not load how addresses are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valhalla.leads import near, search

if TYPE_CHECKING:
    from db import Database


def index_some(database: Database, limit: int = search.BATCH) -> bool:
    """Index the next leads and changes; inside the caller's transaction. False: there was nothing left to do."""
    changed = search.index_words(database, limit)
    if changed is None:
        return near.place_some(database, search.indexed(database).lead, limit)
    if changed:
        near.place_again(database, changed)
    return True


def behind(database: Database) -> int:
    """How many leads and changes are to be indexed yet, possible pairs too."""
    return max(search.behind(database), near.behind(database))


def complete(database: Database) -> bool:
    """Whether everything is indexed."""
    return not behind(database)
