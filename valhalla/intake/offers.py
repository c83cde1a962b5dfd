"""Buyers among the rows of lists: offered, until a person takes them into the list of buyers or says no.

A row about somebody who buys is not a lead. It counts as rejected with the code ``BUYER``, and its text waits as any refused
row's does; ``offered`` says how many of the rejected rows are such. Accepting an offer is a person's word: undoing the
import leaves the buyer, and reading the list again offers nobody a second time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from db import audit
from valhalla.intake import sql
from valhalla.program.errors import NotFound
from valhalla.program.later import later

if TYPE_CHECKING:
    from db import Database
    from valhalla.intake.reading import header, tables
    from valhalla.leads import buyers
else:
    header = later("valhalla.intake.reading.header")
    tables = later("valhalla.intake.reading.tables")
    buyers = later("valhalla.leads.buyers")

CODE = "BUYER"
"""The code of a row that is offered."""

PAGE = 500


@dataclass
class Decided:
    """What became of offers that a person decided on."""

    offers: int = 0
    """Rows."""
    new: int = 0
    """Buyers that were not on the list."""
    known: int = 0
    """Rows about buyers on the list already, of whom only blanks were filled."""
    left: int = 0
    """Buyers who left the list again, when an offer is undone."""
    refused: list[dict[str, Any]] = field(default_factory=list)
    """Rows that say nobody's name, address or number: they stay offered."""


def waiting(
    database: Database, limit: int, after: int = 0, import_id: int | None = None
) -> list[dict[str, Any]]:
    """Open offers in the order in which they came, each with what the row says of the buyer."""
    rows = database.sql(sql.OPEN_OFFERS, {"after": after, "limit": limit, "import": import_id})
    return [_offer(*row) for row in rows]


def count(database: Database) -> int:
    """How many wait."""
    return int(database.value(sql.COUNT_OFFERS))


def offered_by(database: Database, import_id: int) -> int:
    """How many of the rejected rows of an import were offered, whatever became of them."""
    return int(database.value(sql.OFFERED_BY_IMPORT, (import_id,)))


def offered_in(database: Database, file_id: int) -> int:
    """The same for a list that was not read again."""
    return int(database.value(sql.OFFERED_IN_FILE, (file_id,)))


def accept(
    database: Database,
    numbers: Iterable[int] | None = None,
    *,
    import_id: int | None = None,
    actor: str = "operator",
) -> Decided:
    """Take offers into the list of buyers: those of the numbers, else all (of an import). Rows about one person make one
    buyer; a buyer who is known keeps what is known and learns what is blank. Audited and durable. Raises :class:`NotFound`
    for a number that is not offered."""
    done = Decided()
    with database.write(durable=True):
        roll, taken = buyers.Roll(database), list[int]()
        for offers in _chosen(database, numbers, import_id):
            for offer in offers:
                made = roll.take(offer["buyer"])
                if made is None:
                    done.refused.append({"id": offer["id"], "line": offer["line"], "file": offer["file"]})
                    continue
                taken.append(offer["id"])
                done.new += made
                done.known += not made
        database.many(sql.TAKE_OFFER, [(number,) for number in taken])
        done.offers = len(taken)
        _audit(database, "accept", done, import_id, actor)
    return done


def decline(
    database: Database,
    numbers: Iterable[int] | None = None,
    *,
    import_id: int | None = None,
    actor: str = "operator",
) -> Decided:
    """Say no to offers; they are not made again. Audited and durable. Raises :class:`NotFound`."""
    done = Decided()
    with database.write(durable=True):
        for offers in _chosen(database, numbers, import_id):
            database.many(sql.DECLINE_OFFER, [(offer["id"],) for offer in offers])
            done.offers += len(offers)
        _audit(database, "decline", done, import_id, actor)
    return done


def undo(database: Database, numbers: Sequence[int], *, actor: str = "operator") -> Decided:
    """Offer again what was accepted or declined. A buyer who came by the offer alone, and whom nothing has changed since,
    leaves the list. Audited and durable. Raises :class:`NotFound`."""
    done = Decided()
    with database.write(durable=True):
        roll = buyers.Roll(database)
        for number in dict.fromkeys(numbers):
            row = database.one(sql.DECIDED_OFFER, (number,))
            if row is None:
                raise NotFound(f"offer {number} was not decided; see: valhalla buyers list --offered")
            *offer, declined = row
            database.sql(sql.OFFER_AGAIN, (number,))
            done.offers += 1
            if not declined:
                done.left += roll.drop(_offer(*offer)["buyer"])
        _audit(database, "undo", done, None, actor)
    return done


def _audit(database: Database, what: str, done: Decided, import_id: int | None, actor: str) -> None:
    counts = {
        "offers": done.offers,
        "new": done.new,
        "known": done.known,
        "left": done.left,
        "refused": len(done.refused),
    }
    subject = "buyers" if import_id is None else f"import:{import_id}"
    audit.append(database, f"buyer.{what}", subject, counts, actor=actor)


def _chosen(
    database: Database, numbers: Iterable[int] | None, import_id: int | None
) -> Iterator[list[dict[str, Any]]]:
    if numbers is None:
        after = 0
        while page := waiting(database, PAGE, after, import_id):
            yield page
            after = page[-1]["id"]
        return
    found = []
    for number in dict.fromkeys(numbers):
        row = database.one(sql.OPEN_OFFER, (number,))
        if row is None:
            raise NotFound(f"there is no open offer {number}; see: valhalla buyers list --offered")
        found.append(_offer(*row))
    yield found


def _offer(
    number: int,
    import_id: int,
    path: str,
    line: int,
    raw: str | None,
    names: str | None,
    fields: str,
    delimiter: str | None,
) -> dict[str, Any]:
    cells = dict(zip(json.loads(names or "[]"), tables.raw_cells(raw or "", delimiter or ","), strict=False))
    mapped = {field: cells.get(each, "").strip() for each, field in json.loads(fields).items()}
    forms = {header.normal(each): text.strip() for each, text in reversed(cells.items())}
    said = {
        field: mapped.get(field)
        or next((text for name in known if (text := forms.get(header.normal(name)))), "")
        for field, known in buyers.COLUMNS.items()
    }
    first, last = mapped.get("first_name", ""), mapped.get("last_name", "")
    said["name"] = said["name"] or f"{first} {last}".strip() or mapped.get("company", "")
    said["city"], said["state"] = mapped.get("city", ""), mapped.get("state", "")
    return {
        "id": number,
        "import_id": import_id,
        "file": PurePath(path).name,
        "line": line,
        "wants": mapped.get("interested_in") or None,
        "buyer": buyers.offered(said),
    }
