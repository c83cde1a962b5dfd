"""The sample leads in a home: known by their source, and gone when the first real list has come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from db import Database, audit
from valhalla.intake import sql
from valhalla.leads.generation import touched
from valhalla.program.later import later

if TYPE_CHECKING:
    from valhalla.intake import undo
    from valhalla.leads import merge, remove
else:
    undo = later("valhalla.intake.undo")
    merge = later("valhalla.leads.merge")
    remove = later("valhalla.leads.remove")

SOURCE = "sample leads"
"""The source of the list that the button loads; no other list has it."""


def present(database: Database) -> bool:
    """Whether the sample leads are in the home."""
    return bool(database.value(sql.SAMPLES_PRESENT, (SOURCE,)))


def overtaken(database: Database) -> bool:
    """Whether they are, and a real list has brought leads."""
    return present(database) and bool(database.value(sql.REAL_LEADS, (SOURCE,)))


def leave(database: Database, hooks: undo.Hooks | None = None) -> dict[str, Any]:
    """Take them out, with what was tried on them; what a real list knows as well stays. Audited. Returns how many left."""
    left = 0
    for (number,) in database.sql(sql.SAMPLE_IMPORTS, (SOURCE,)):
        before = [lead for (lead,) in database.sql(sql.SAMPLE_LEADS, (number,))]
        undo.undo_import(database, number, "valhalla", hooks)
        with database.references_unchecked(), database.write(durable=True):
            rest = [lead for (lead,) in database.sql(sql.SAMPLES_ALONE, (number,))]
            merge.forget(database, rest)
            remove.remove_leads(database, rest)
            touched(database)
            gone = len(before) - len(database.sql(sql.SAMPLE_LEADS, (number,)))
            audit.append(database, "samples.leave", f"import:{number}", {"leads": gone}, actor="valhalla")
        left += gone
    return {"leads": left}
