"""Tags: words that a person sorts leads by. A search finds them, exports carry them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import apsw

from db import audit
from valhalla.leads import lookup, search, sql
from valhalla.program.errors import UsageError

if TYPE_CHECKING:
    from db import Database

LONGEST = 60
"""Characters of a tag."""


def normal(text: str) -> str:
    """A tag as it is stored: lower case, words with single blanks, no comma. Raises :class:`UsageError`."""
    tag = " ".join(text.replace(",", " ").lower().removeprefix("#").split())
    if not tag:
        raise UsageError("a tag needs a word, such as: valhalla leads tag 12 hot")
    if len(tag) > LONGEST:
        raise UsageError(f"a tag has at most {LONGEST} characters, {tag[:20]!r} has {len(tag)}")
    return tag


def put(
    database: Database,
    lead_ids: Sequence[int],
    tags: Iterable[str],
    *,
    off: bool = False,
    actor: str = "operator",
) -> int:
    """Put tags on leads, or with ``off`` take them off; audited and durable. Returns how many of them were not so before."""
    wanted = list(dict.fromkeys(map(normal, tags)))
    if not wanted:
        raise UsageError("say which tag, such as: valhalla leads tag 12 hot")
    changed = 0
    with database.write(durable=True):
        now = database.clock()
        for lead_id in lead_ids:
            lookup.check_exists(database, lead_id)
            of_this = 0
            for tag in wanted:
                if off:
                    done = database.sql(sql.REMOVE_TAG, (now, actor, lead_id, tag))
                else:
                    done = database.sql(sql.ADD_TAG, (lead_id, tag, now, actor))
                of_this += len(done)
            if of_this:
                search.index_again(database, lead_id)
                action = "lead.untag" if off else "lead.tag"
                audit.append(database, action, f"lead:{lead_id}", {"tags": of_this}, actor=actor)
            changed += of_this
    return changed


def of_lead(database: Database, lead_id: int) -> list[str]:
    """The tags of a lead, in the order of the alphabet."""
    return [tag for (tag,) in database.sql(sql.TAGS_OF, (lead_id,))]


def of_leads(database: Database, lead_ids: Sequence[int]) -> dict[int, list[str]]:
    """The tags of several leads; those that have none are left out."""
    found: dict[int, list[str]] = {}
    if lead_ids:
        for lead_id, tag in database.sql(sql.TAGS_OF_LEADS, (apsw.carray(array("q", lead_ids)),)):
            found.setdefault(lead_id, []).append(tag)
    return found


def counts(database: Database) -> list[tuple[str, int]]:
    """Every tag in use with how many leads have it."""
    return database.sql(sql.TAG_COUNTS)
