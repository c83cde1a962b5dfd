"""Which leads the call list's index holds.

An index of every lead would cost a large import a quarter of its time, and few leads ever get near the top. So the index ``lead_by_score``
holds those with at least a certain base, its *line*; where that leaves too few (a list without phone numbers, say), the line is lowered
until they fill a list. It stands in the index itself, so that a file can be moved and every process reads the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from db import audit
from valhalla.leads import sql
from valhalla.program.later import later
from valhalla.program.patterns import pattern
from valhalla.scoring import store as stages

if TYPE_CHECKING:
    from db import Database
    from valhalla.scoring.stages import compiled
else:
    compiled = later("valhalla.scoring.stages.compiled")

USUAL = 2_250
"""Hundredths of a point: about one in twenty of a list without signs is above it, so that a first list seldom moves the line."""

ENOUGH = 2_000
"""So many leads in the index fill any list that is looked at."""

FEW = 1_000
"""A file with no more leads than this is read whole in no time, 6 ms; a caller's next lead would wait 70 ms for 15,000."""

LISTED = 600
"""A list of so many is read from the index alone: a lead below its line, however fresh, could not be on it."""

MOST = 200_000
"""Unless the index would hold more than this: then such a list looks at all leads instead."""

INDEX = "lead_by_score"
_LINE = pattern(r"(score_base >= )(-?\d+)")


def of(database: Database) -> int:
    """The line of the file's index, hundredths of a point."""
    found = _LINE.search(database.value(sql.INDEX_DEFINITION) or "")
    if found is None:
        raise LookupError("the file has no call list index")
    return int(found[2])


def newest_lead(database: Database) -> int:
    """The number of the newest lead; 0 without any."""
    return int(database.value(sql.NEWEST_LEAD))


def as_made(definition: str | None) -> str | None:
    """The definition of the index with the usual line: what to compare schemas by."""
    return None if definition is None else _LINE.sub(rf"\g<1>{USUAL}", definition)


def adapt(database: Database) -> int | None:
    """Move the line when too few leads are above it, or enough above the usual one again. The new line; None: it stays.

    That looks at some leads of the index only; moving it reads all leads, about a second for a million.
    """
    here = of(database)
    reach = _reach(database, here)
    if here < USUAL and _above(database, USUAL) >= 2 * ENOUGH and (reach is None or reach >= USUAL):
        return _move(database, USUAL)
    if newest_lead(database) <= FEW:
        return None
    if _above(database, here) < ENOUGH:
        wanted = _fitting(database)
    elif reach is not None and reach < here and _count(database, reach) <= MOST:
        wanted = reach
    else:
        return None
    return _move(database, wanted) if wanted < here else None


def _reach(database: Database, line: int) -> int | None:
    """The lowest base from which the freshest lead could still be on a list of :data:`LISTED`; None: the index has fewer leads."""
    last = database.value(sql.LISTED_BASE.format(line, LISTED))
    return None if last is None else int(last) - _freshest(database)


def _freshest(database: Database) -> int:
    """What freshness is worth at most."""
    _, policy = stages.latest_policy(database)
    return compiled.compile_rules(policy).fresh[0]


def _count(database: Database, line: int) -> int:
    return int(database.value(sql.COUNT_INDEXED.format(line, MOST + 1)))


def _above(database: Database, line: int) -> int:
    return int(database.value(sql.COUNT_INDEXED.format(line, 2 * ENOUGH)))


def _fitting(database: Database) -> int:
    """The highest line above which stand twice as many leads as are enough, and all that could be on a list of :data:`LISTED` unless
    those are too many; with fewer, as low as the last of them."""
    count, line, reach = 0, USUAL, None
    for base, leads in database.sql(sql.BASES):
        enough = count >= 2 * ENOUGH
        if enough and (reach is None or base < reach or count + leads > MOST):
            break
        count, line = count + leads, base
        if reach is None and count > LISTED:
            reach = base - _freshest(database)
    else:
        line = min(line, line if reach is None else reach)
    return min(line, USUAL)


def _move(database: Database, line: int) -> int:
    with database.temporary_on_disk():  # a million entries
        _make(database, line)
    return line


def _make(database: Database, line: int) -> None:
    with database.write():
        definition = database.value(sql.INDEX_DEFINITION)
        database.sql(sql.DROP_CALL_LIST_INDEX)
        database.sql(_LINE.sub(rf"\g<1>{line}", definition))
        audit.append(database, "index.line", INDEX, {"line": line})
