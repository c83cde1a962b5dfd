"""Notes: what a person writes about a lead. They are only added to; one that was a mistake is marked as removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from db import audit
from db.clock import iso
from valhalla.leads import lookup, search
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.later import later

if TYPE_CHECKING:
    from db import Database
    from valhalla.leads import work_models
else:
    work_models = later("valhalla.leads.work_models")

LONGEST = 4_000
"""Characters of a note."""


class Note(NamedTuple):
    """One note; times are UTC microseconds."""

    id: int
    lead_id: int
    text: str
    at: int
    by: str

    def to_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {"id": self.id, "text": self.text, "at": iso(self.at), "by": self.by}


def add(database: Database, lead_id: int, text: str, *, actor: str = "operator") -> Note:
    """Write a note on a lead; audited and durable. Raises :class:`UsageError`, :class:`NotFound`."""
    text = text.strip()
    if not text:
        raise UsageError('a note needs words, such as: valhalla note 12 "daughter handles it"')
    if len(text) > LONGEST:
        raise UsageError(f"a note has at most {LONGEST:,} characters, this one has {len(text):,}")
    with database.write(durable=True):
        lookup.check_exists(database, lead_id)
        now = database.clock()
        number = int(work_models.Note.insert(lead_id=lead_id, text=text, at=now, by=actor).execute(database))
        # The words stay out of the chain: they are about a person, and must be erasable.
        search.index_again(database, lead_id)
        audit.append(database, "note.add", f"lead:{lead_id}", {"note": number}, actor=actor)
    return Note(number, lead_id, text, now, actor)


def remove(database: Database, note_id: int, *, actor: str = "operator") -> Note:
    """Mark a note as removed: it is not shown any more. Audited and durable. Raises :class:`NotFound`."""
    with database.write(durable=True):
        row = work_models.Note
        found: Note | None = _standing().where(row.id == note_id).first(database)
        if found is None:
            raise NotFound(f"there is no note {note_id}")
        removed = row.update(removed_at=database.clock(), removed_by=actor).where(row.id == note_id)
        removed.execute(database)
        search.index_again(database, found.lead_id)
        audit.append(database, "note.remove", f"lead:{found.lead_id}", {"note": note_id}, actor=actor)
    return found


def of_lead(database: Database, lead_id: int) -> list[Note]:
    """The notes on a lead, oldest first."""
    row = work_models.Note
    return list(_standing().where(row.lead_id == lead_id).order_by(row.at, row.id).execute(database))


def _standing() -> Any:
    """A query for the notes that were not removed; its rows are each a :class:`Note`."""
    row = work_models.Note
    query = row.select(row.id, row.lead_id, row.text, row.at, row.by)
    return query.where(row.removed_at.is_null()).objects(Note)
