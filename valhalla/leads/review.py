"""Changes that a list asked for and a person has to allow: of sources whose merge policy is ``review``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from db import audit
from valhalla.leads import redecide, sql
from valhalla.leads.editing import overrule
from valhalla.leads.generation import touched
from valhalla.program.errors import NotFound
from valhalla.scoring.stages.row import CONTENT

if TYPE_CHECKING:
    from db import Database


NEW_OWNER = "new_owner"
"""What a change holds in addition to columns where a list names another owner of a house: the row as the list has it."""


def waiting(database: Database, limit: int, after: int = 0) -> list[dict[str, Any]]:
    """Open changes with what the lead says now and what the list says."""
    found = []
    for number, lead_id, name, path, line, body, at, import_id in database.sql(
        sql.OPEN_CHANGES, (after, limit)
    ):
        said = json.loads(body)
        wanted = {column: value for column, value in said.items() if column not in ("header_id", NEW_OWNER)}
        now = _present(database, lead_id, wanted)
        found.append(
            {
                "id": number,
                "lead": lead_id,
                "name": name,
                "file": path,
                "line": line,
                "at": at,
                "import_id": import_id,
                "new_owner": NEW_OWNER in said,
                "changes": {column: [now[column], value] for column, value in wanted.items()},
            }
        )
    return found


def accept(database: Database, change_id: int, actor: str = "operator") -> int:
    """Let the change happen, with history; audited and durable. Returns the lead."""
    with database.write(durable=True):
        lead_id, wanted = _find(database, change_id)
        put = {column: value for column, value in wanted.items() if column in (*CONTENT, "header_id")}
        before = json.dumps(_present(database, lead_id, put), ensure_ascii=False)
        database.sql(sql.put_columns(put), (*put.values(), lead_id))
        overrule(database, lead_id, put)
        now = database.clock()
        database.sql(sql.ADD_HISTORY, (lead_id, now, actor, f"change:{change_id}", before))
        database.sql(sql.DECIDE_CHANGE, ("accepted", now, actor, change_id))
        redecide.decide_again(database, [lead_id])
        touched(database)
        audit.append(
            database, "lead.change", f"lead:{lead_id}", {"change": change_id, "accepted": True}, actor=actor
        )
    return lead_id


def new_owner(database: Database, change_id: int) -> tuple[int, dict[str, Any]] | None:
    """The lead and the row of a list that names another owner of its house; None where the change is about something else. Raises
    :class:`NotFound`."""
    lead_id, wanted = _find(database, change_id)
    said = wanted.get(NEW_OWNER)
    return (lead_id, said) if said is not None else None


def by_import(database: Database) -> list[dict[str, Any]]:
    """How many open changes each import asks for, most first."""
    names = ("import_id", "file", "changes")
    return [dict(zip(names, row, strict=True)) for row in database.sql(sql.CHANGES_BY_IMPORT)]


def decline(database: Database, change_id: int, actor: str = "operator") -> int:
    """Leave the lead as it is; audited and durable. Returns the lead."""
    with database.write(durable=True):
        lead_id, _ = _find(database, change_id)
        database.sql(sql.DECIDE_CHANGE, ("declined", database.clock(), actor, change_id))
        audit.append(
            database, "lead.change", f"lead:{lead_id}", {"change": change_id, "accepted": False}, actor=actor
        )
    return lead_id


def _find(database: Database, change_id: int) -> tuple[int, dict[str, Any]]:
    row = database.one(sql.FIND_CHANGE, (change_id,))
    if row is None:
        raise NotFound(f"there is no open change {change_id}; see: valhalla leads review")
    lead_id, body = row
    return lead_id, json.loads(body)


def _present(database: Database, lead_id: int, columns: dict[str, Any]) -> dict[str, Any]:
    names = [column for column in columns if column in (*CONTENT, "header_id")]
    row = database.one(sql.columns_of_lead(names), (lead_id,)) if names else None
    return dict(zip(names, row or (), strict=False))
