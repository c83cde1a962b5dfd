"""Databases filled to try the memory board with."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.console.errors import SourceError
from valhalla.console.memory import MemoryDataSource
from valhalla.console.population import populate

pytestmark = pytest.mark.anyio


async def test_both_databases_are_made_and_every_part_of_the_board_has_data(data: Any) -> None:
    base = data.folder.parent
    for _ in range(2):  # the second time replaces the first
        assert populate(base, 120) == {
            "reasoning_sessions": 120,
            "reasoning_stages": 360,
            "code_index": 273,
            "code_patterns": 60,
            "sandbox_executions": 40,
        }
    source = MemoryDataSource(data.reasoning, data.ark)
    found = await source.read()
    assert found.notes == [] and 0.1 < (found.ingestion_rate or 0) < 0.3 and found.quarantine_count == 3
    assert found.trust_distribution == {"core": 140, "trusted": 85, "sandbox": 36, "external": 12}
    assert (len(found.confidence_deltas), len(found.logs)) == (50, 10) and (found.dedup_rate or 0) > 80
    assert sum(each["ingestion_rate"] > 0 for each in await source.get_history()) >= 55
    await source.close()


def test_a_file_with_real_rows_is_left_as_it_is(data: Any) -> None:
    data.make().sessions("2026-01-07 19:12:00")
    with pytest.raises(SourceError, match="holds rows in reasoning_sessions that were not made up here"):
        populate(data.folder.parent, 5)
    assert (data.folder / "ark.db").read_bytes() and data.reasoning.is_file()


def test_what_is_no_database_is_one_sentence(data: Any) -> None:
    data.reasoning.write_text("not a database, but long enough to be looked at as one" * 20, encoding="utf-8")
    with pytest.raises(SourceError, match=r"reasoning_logs\.db cannot be filled \(NotADB\)"):
        populate(data.folder.parent, 5)
