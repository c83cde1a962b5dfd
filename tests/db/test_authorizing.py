"""The program's own connections cannot change the chain, also when the triggers are gone."""

from __future__ import annotations

import pytest

from db import Database, audit, errors


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'x'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE seq = 1",
        "DELETE FROM witness",
        "UPDATE witness SET hash = NULL",
        "UPDATE witness SET entry = 1",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET id = 1",
        "DROP TABLE audit",
        "DROP TABLE witness",
        "DROP TRIGGER audit_no_update",
        "DROP TRIGGER witness_no_delete",
        "ALTER TABLE audit RENAME TO other",
        "PRAGMA writable_schema = 1",
    ],
)
def test_the_chain_is_refused(database: Database, statement: str) -> None:
    with database.write():
        audit.append(database, "a", "b", {})
        database.sql(
            "INSERT INTO alert (task, severity, reason, at, last_at) VALUES ('t', 'info', 'r', 1, 1)"
        )
    with pytest.raises(errors.AppendOnly, match="append-only"), database.write():
        database.sql(statement)
    assert audit.check_chain(database) == []


def test_everything_else_is_allowed(database: Database) -> None:
    with database.write():
        database.sql(
            "INSERT INTO alert (task, severity, reason, at, last_at) VALUES ('t', 'info', 'r', 1, 1)"
        )
        database.sql("CREATE TABLE own (a)")
        database.sql("CREATE TRIGGER mine AFTER INSERT ON own BEGIN SELECT 1; END")
        database.sql("DROP TRIGGER mine")
        database.sql("DROP TABLE own")
    with database.write():
        database.sql("UPDATE alert SET seen = 2")  # which takes the salt of the older hash away
    with database.write():
        database.sql("DELETE FROM alert")
