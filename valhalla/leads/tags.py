"""Tags: words that a person sorts leads by. A search finds them, exports carry them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import apsw

from db import audit
from valhalla.leads import lookup, search, sql
from valhalla.program.errors import UsageError
from valhalla.program.later import later

if TYPE_CHECKING:
    from db import Database, orm
    from valhalla.leads import work_models
else:
    orm = later("db.orm")
    work_models = later("valhalla.leads.work_models")

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
                    gone = work_models.Tag.update(removed_at=now, removed_by=actor).where(*_standing(lead_id))
                    of_this += gone.where(work_models.Tag.tag == tag).execute(database)
                elif (
                    not work_models.Tag.select()
                    .where(*_standing(lead_id), work_models.Tag.tag == tag)
                    .exists(database)
                ):
                    work_models.Tag.insert(lead_id=lead_id, tag=tag, at=now, by=actor).execute(database)
                    of_this += 1
            if of_this:
                search.index_again(database, lead_id)
                action = "lead.untag" if off else "lead.tag"
                audit.append(database, action, f"lead:{lead_id}", {"tags": of_this}, actor=actor)
            changed += of_this
    return changed


def of_lead(database: Database, lead_id: int) -> list[str]:
    """The tags of a lead, in the order of the alphabet."""
    query = (
        work_models.Tag.select(work_models.Tag.tag).where(*_standing(lead_id)).order_by(work_models.Tag.tag)
    )
    return [each.tag for each in query.execute(database)]


def _standing(lead_id: int) -> tuple[Any, Any]:
    return work_models.Tag.lead_id == lead_id, work_models.Tag.removed_at.is_null()


def of_leads(database: Database, lead_ids: Sequence[int]) -> dict[int, list[str]]:
    """The tags of several leads; those that have none are left out."""
    found: dict[int, list[str]] = {}
    if lead_ids:
        for lead_id, tag in database.sql(sql.TAGS_OF_LEADS, (apsw.carray(array("q", lead_ids)),)):
            found.setdefault(lead_id, []).append(tag)
    return found


def counts(database: Database) -> list[tuple[str, int]]:
    """Every tag in use with how many leads have it."""
    query = (
        work_models.Tag.select(work_models.Tag.tag, orm.fn.count())
        .where(work_models.Tag.removed_at.is_null())
        .group_by(work_models.Tag.tag)
    )
    return list(query.order_by(orm.fn.count().desc(), work_models.Tag.tag).tuples().execute(database))
