"""docs/auditing.md: its queries run and find what they promise to find."""

from __future__ import annotations

import re
from pathlib import Path

from valhalla.program.database import open_database

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "auditing.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_the_queries_find_leads_that_were_added_or_taken_away_behind_the_programs_back(
    home: Path, sample_leads: Path
) -> None:
    from valhalla.cli.entry import run

    assert run(["ingest", str(sample_leads)]) == 0
    log, of_lead, added, gone, links, counts = QUERIES
    with open_database(home / "valhalla.db") as database:
        assert len(database.sql(log)) > 10
        assert [row[3] for row in database.sql(of_lead)] == ["import.chunk"]
        assert database.sql(added) == database.sql(gone) == database.sql(links) == database.sql(counts) == []
        with database.write(), database.recorder().off():
            database.sql("DELETE FROM lead_key WHERE lead_id = 7")
            database.sql("DELETE FROM lead WHERE id = 7")
            columns = ", ".join(row[1] for row in database.sql("PRAGMA table_info(lead)") if row[1] != "id")
            database.sql(f"INSERT INTO lead (id, {columns}) SELECT 99, {columns} FROM lead WHERE id = 3")
        assert database.sql(added) == [(99,)]
        assert [row[0] for row in database.sql(gone)] == [7]
        with database.write(), database.recorder().off():
            database.connection().authorizer = None
            database.sql("DROP TRIGGER witness_no_delete")
            database.sql("DELETE FROM witness WHERE tbl = 'lead' AND key = 2")
            database.sql("DROP TRIGGER audit_no_delete")
            database.sql("DELETE FROM audit WHERE seq = 3")
        assert [row[1] for row in database.sql(counts)] == ["lead"]
        assert [row[0] for row in database.sql(links)] == [4]
