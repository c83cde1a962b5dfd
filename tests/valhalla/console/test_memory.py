"""The memory source on real files of SQLite."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from valhalla.console import reasoning
from valhalla.console.errors import SourceError
from valhalla.console.memory import MemoryDataSource
from valhalla.console.reasoning import Reasoning
from valhalla.console.sqlite import ForeignFile

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 1, 7, 19, 12, 28, tzinfo=UTC)
At = Callable[..., str]


@pytest.fixture
async def source(data: Any, anyio_backend: str) -> AsyncIterator[MemoryDataSource]:
    source = MemoryDataSource(data.reasoning, data.ark, clock=lambda: round(NOW.timestamp() * 1000))
    yield source
    await source.close()


FORMS = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S.5",
    "%Y-%m-%dT%H:%M:%S+00:00",
]


@pytest.mark.parametrize("form", FORMS)
async def test_rates_count_the_last_minute_however_times_are_written(
    source: MemoryDataSource, data: Any, at: At, form: str
) -> None:
    data.make()
    data.sessions(*(at(ago, form) for ago in (1, 30, 58, 61, 90)))
    data.stages(
        ("s", 0.7, at(1, form)), ("s", 0.69, at(1, form)), ("s", None, at(1, form)), ("s", 1.0, at(75, form))
    )
    assert await source.get_consolidation_rates() == {
        "ingestion_rate": 3 / 60,
        "consolidation_rate": 1 / 60,
    }


async def test_a_time_in_another_zone_is_the_same_instant(
    source: MemoryDataSource, data: Any, at: At
) -> None:
    data.make()
    hour = 3_600
    data.sessions(at(10 - 5 * hour) + "+05:00", at(10 + 5 * hour) + "-05:00", at(10) + "+05:00", "soon", "")
    rates = await source.get_consolidation_rates()
    assert rates["ingestion_rate"] == 2 / 60


async def test_exactly_a_minute_ago_is_not_in_the_last_minute_and_the_future_is_not_either(
    source: MemoryDataSource, data: Any, at: At
) -> None:
    data.make()
    data.sessions(at(60), at(59), at(0), at(-5))
    assert (await source.get_consolidation_rates())["ingestion_rate"] == 2 / 60


async def test_rates_beyond_the_rows_that_are_read_are_still_exact(
    source: MemoryDataSource, data: Any, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reasoning, "TAIL", 4)
    data.make()
    data.sessions(*(at(ago) for ago in range(100, 0, -1)), at(-5))
    data.stages(*(("s", 0.9, at(ago)) for ago in range(100, 0, -1)))
    assert await source.get_consolidation_rates() == {
        "ingestion_rate": 59 / 60,
        "consolidation_rate": 59 / 60,
    }


@pytest.mark.parametrize("small", [0, 20_000], ids=["as in a large table", "as in a small one"])
async def test_rates_beyond_the_rows_that_are_read_follow_what_is_written(
    source: MemoryDataSource, data: Any, at: At, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(reasoning, "TAIL", 2)
    monkeypatch.setattr(reasoning, "SMALL", small)
    data.make()

    async def counted() -> tuple[int, int]:
        rates = await source.get_consolidation_rates()
        return round((rates["ingestion_rate"] or 0) * 60), round((rates["consolidation_rate"] or 0) * 60)

    for number in range(1, 6):
        data.sessions(at(3), at(2), at(3), at(1), at(70))
        data.stages(("s", 0.9, at(1)), ("s", 0.1, at(1)), ("s", 0.9, at(2)))
        assert await counted() == (4 * number, 2 * number)
    data.write("reasoning_logs.db", "DELETE FROM reasoning_sessions WHERE rowid <= 10")
    if small:
        assert (await counted())[0] == 12
    else:
        monkeypatch.setattr(reasoning, "TRUST_FOR", 0)  # what changed in old rows is seen after a while
        assert (await counted())[0] == 12


async def test_rows_written_later_count_at_once(source: MemoryDataSource, data: Any, at: At) -> None:
    data.make()
    assert (await source.get_consolidation_rates())["ingestion_rate"] == 0
    data.sessions(at(1))
    assert (await source.get_consolidation_rates())["ingestion_rate"] == 1 / 60
    data.write("reasoning_logs.db", "DELETE FROM reasoning_sessions")
    assert (await source.get_consolidation_rates())["ingestion_rate"] == 0


async def test_deduplication_is_reuse_among_all_uses(source: MemoryDataSource, data: Any) -> None:
    data.make()
    assert await source.get_deduplication_efficiency() is None
    insert = "INSERT INTO code_patterns (code_snippet, usage_count) VALUES (?, ?)"
    data.write("ark.db", insert, [("a", 0)])
    assert await source.get_deduplication_efficiency() is None
    data.write("ark.db", insert, [("a", 10), ("b", 5), ("a", 5)])
    assert await source.get_deduplication_efficiency() == 90.0


async def test_patterns_that_were_never_used_do_not_make_it_negative(
    source: MemoryDataSource, data: Any
) -> None:
    data.make()
    insert = "INSERT INTO code_patterns (code_snippet, usage_count) VALUES (?, ?)"
    data.write("ark.db", insert, [("a", 0), ("b", 0), ("c", 1)])
    assert await source.get_deduplication_efficiency() == 0


async def test_quarantine_holds_bad_ends_and_violations(source: MemoryDataSource, data: Any) -> None:
    data.make()
    assert await source.get_quarantine_count() == 0
    rows = [
        ("1", "error", None), ("2", "Failed", "[]"), ("3", "timeout", ""), ("4", "killed", None), ("5", "refused", None),
        ("6", "success", '["network access"]'), ("7", "success", "wrote outside"),
        ("8", "success", None), ("9", "success", "[]"), ("10", "success", " [ ] "), ("11", "success", "null"), ("12", None, ""),
    ]  # fmt: skip
    data.write("ark.db", "INSERT INTO sandbox_executions VALUES (?, ?, ?)", rows)
    assert await source.get_quarantine_count() == 7
    held = {each["execution_id"]: each["violations"] for each in await source.get_quarantine()}
    assert held == {
        "1": [], "2": [], "3": [], "4": [], "5": [], "6": ["network access"], "7": ["wrote outside"],
    }  # fmt: skip


async def test_trust_names_the_four_tiers_and_any_other(source: MemoryDataSource, data: Any) -> None:
    data.make()
    assert await source.get_trust_distribution() == {"core": 0, "trusted": 0, "sandbox": 0, "external": 0}
    tiers = ["core", "core", "Sandbox", "experimental", None]
    data.write("ark.db", "INSERT INTO code_index (trust_tier) VALUES (?)", [(tier,) for tier in tiers])
    assert await source.get_trust_distribution() == {
        "core": 2,
        "trusted": 0,
        "sandbox": 1,
        "external": 0,
        "experimental": 1,
        "unknown": 1,
    }


async def test_confidence_differences_are_taken_within_a_session_oldest_first(
    source: MemoryDataSource, data: Any, at: At
) -> None:
    data.make()
    data.stages(
        ("a", 0.5, at(50)),
        ("b", 0.2, at(40)),
        ("a", 0.9, at(30, "%Y-%m-%dT%H:%M:%S")),
        ("b", "not a number", at(25)),
        (None, 0.1, at(25)),
        (None, 0.9, at(24)),
        ("b", 0.1, at(20)),
        ("a", 0.8, at(10)),
        ("lonely", 0.8, at(5)),
    )
    assert await source.get_confidence_deltas() == [0.4, -0.1, -0.1]
    assert await source.get_confidence_deltas(2) == [-0.1, -0.1]
    assert await source.get_confidence_deltas(0) == []


async def test_stages_of_one_second_follow_each_other_as_written(
    source: MemoryDataSource, data: Any, at: At
) -> None:
    data.make()
    data.stages(("a", 0.1, at(5)), ("a", 0.4, at(5)), ("a", 0.2, at(5)), ("a", 1.0, at(9)))
    assert await source.get_confidence_deltas() == [-0.9, 0.3, -0.2]


STAGES = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.integers(0, 100).map(lambda hundredths: hundredths / 100),
        st.integers(0, 30),
    ),
    max_size=60,
)


@given(
    batches=st.lists(STAGES, min_size=1, max_size=3),
    tail=st.integers(1, 12),
    count=st.integers(1, 9),
    orderly=st.booleans(),
)
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_differences_are_the_plain_ones_however_little_of_the_table_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[list[tuple[str, float, int]]],
    tail: int,
    count: int,
    orderly: bool,
) -> None:
    path = tmp_path_factory.mktemp("deltas") / "reasoning_logs.db"
    writer = apsw.Connection(str(path))
    writer.execute("PRAGMA synchronous = OFF")
    writer.execute("CREATE TABLE reasoning_stages (session_id TEXT, confidence REAL, created_at TEXT)")
    subject = Reasoning(ForeignFile(path))
    stages: list[tuple[str, float, int]] = []
    before = reasoning.TAIL, reasoning.AHEAD
    reasoning.TAIL, reasoning.AHEAD = tail, 1
    try:
        for batch in batches:
            batch = sorted(batch, key=lambda stage: stage[2]) if orderly else batch
            base = 31 * len(stages) if orderly else 0
            rows = []
            for session, confidence, second in batch:
                stages.append((session, confidence, base + second))
                moment = datetime.fromtimestamp(1_700_000_000 + base + second, UTC)
                rows.append((session, confidence, moment.strftime(random.Random(second).choice(FORMS[:3]))))
            with writer:
                writer.executemany("INSERT INTO reasoning_stages VALUES (?, ?, ?)", rows)
            last: dict[str, float] = {}
            plain = []
            for _, (session, confidence, _second) in sorted(
                enumerate(stages), key=lambda entry: (entry[1][2], entry[0])
            ):
                if session in last:
                    plain.append(round(confidence - last[session], 9))
                last[session] = confidence
            assert subject.deltas(subject.file.begin(), count) == plain[-count:]
    finally:
        reasoning.TAIL, reasoning.AHEAD = before
        subject.file.close()
        writer.close()


async def test_the_log_is_the_newest_sessions_in_words(source: MemoryDataSource, data: Any, at: At) -> None:
    data.make()
    data.sessions(at(30), confidence=0.3)
    data.sessions(at(10), confidence=0.85)
    data.sessions(at(20), confidence=None)
    logs = await source.get_recent_logs(2)
    now = round(NOW.timestamp() * 1000)
    assert logs == [
        {"timestamp": now - 10_000, "message": "kyle: question 2 (confidence 0.85)", "type": "consolidation", "severity": "info"},
        {"timestamp": now - 20_000, "message": "kyle: question 3 (confidence unknown)", "type": "reasoning", "severity": "info"},
    ]  # fmt: skip
    (doubt,) = (await source.get_recent_logs())[2:]
    assert doubt["severity"] == "warning"


async def test_the_log_is_right_when_rows_are_not_written_in_order(
    source: MemoryDataSource, data: Any, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reasoning, "TAIL", 2)
    data.make()
    data.sessions(*(at(ago) for ago in [1, *range(100, 60, -1)]))
    assert (await source.get_recent_logs(1))[0]["message"].startswith("kyle: question 1 ")


async def test_history_is_what_the_rates_were_each_ten_seconds(data: Any, at: At) -> None:
    data.make()
    pick = random.Random(5)
    data.sessions(*(at(pick.randint(0, 700)) for _ in range(150)))
    data.stages(*(("a", pick.choice([0.6, 0.8]), at(pick.randint(0, 700))) for _ in range(150)))
    now = round(NOW.timestamp() * 1000)
    source = MemoryDataSource(data.reasoning, data.ark, clock=lambda: now)
    history = await source.get_history()
    assert [each["at"] for each in history] == [1_767_813_140_000 - 10_000 * n for n in range(59, -1, -1)]
    for point in history:
        now = int(point["at"])
        rates = await source.get_consolidation_rates()
        assert rates == {key: point[key] for key in rates}
    await source.close()


# What can be wrong with a file.


async def test_missing_files_are_named(source: MemoryDataSource, data: Any) -> None:
    assert not source.connected
    with pytest.raises(SourceError) as error:
        await source.read()
    assert str(error.value) == f"{data.reasoning} does not exist; {data.ark} does not exist"
    assert await source.get_consolidation_rates() == {"ingestion_rate": None, "consolidation_rate": None}
    assert await source.get_quarantine_count() is None


async def test_one_missing_file_leaves_the_other_with_its_figures(
    source: MemoryDataSource, data: Any, at: At
) -> None:
    data.make("reasoning_logs.db")
    data.sessions(at(1))
    found = await source.read()
    assert (found.ingestion_rate, found.quarantine_count, found.trust_distribution) == (1 / 60, None, {})
    assert found.notes == [f"{data.ark} does not exist"]
    assert source.reasons == {"reasoning": None, "ark": f"{data.ark} does not exist"}


async def test_empty_files_are_named_and_count_nothing(source: MemoryDataSource, data: Any) -> None:
    data.reasoning.touch()
    data.ark.touch()
    found = await source.read()
    assert (found.ingestion_rate, found.consolidation_rate) == (0, 0)
    assert (found.dedup_rate, found.quarantine_count, found.confidence_deltas) == (None, None, [])
    assert found.notes == [f"{data.reasoning} is empty", f"{data.ark} is empty"]


async def test_files_with_empty_tables_have_nothing_wrong_with_them(
    source: MemoryDataSource, data: Any
) -> None:
    data.make()
    found = await source.read()
    assert (found.ingestion_rate, found.dedup_rate, found.quarantine_count, found.notes) == (0, None, 0, [])


async def test_damaged_files_are_named(source: MemoryDataSource, data: Any, at: At) -> None:
    data.make()
    data.sessions(*[at(1)] * 500)
    content = bytearray(data.reasoning.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    data.reasoning.write_bytes(content)
    data.ark.write_text("this is a text" * 1000, encoding="utf-8")
    with pytest.raises(SourceError) as error:
        await source.read()
    assert f"{data.reasoning} is damaged" in str(error.value)
    assert f"{data.ark} is no SQLite database" in str(error.value)


async def test_a_folder_in_place_of_a_file_is_named(source: MemoryDataSource, data: Any) -> None:
    data.ark.mkdir()
    with pytest.raises(SourceError, match="is not a file"):
        await source.read()


async def test_a_file_put_in_the_place_of_another_is_read(
    source: MemoryDataSource, data: Any, at: At, tmp_path: Path
) -> None:
    data.make()
    assert (await source.read()).ingestion_rate == 0
    other = type(data)(tmp_path).make("reasoning_logs.db")
    other.sessions(at(1))
    os.replace(other.reasoning, data.reasoning)
    assert (await source.read()).ingestion_rate == 1 / 60


async def test_a_table_that_came_later_and_one_with_other_columns(
    source: MemoryDataSource, data: Any, at: At
) -> None:
    data.write("ark.db", "CREATE TABLE code_patterns (something TEXT)")
    assert (await source.read()).dedup_rate is None
    data.write("ark.db", "DROP TABLE code_patterns")
    data.make("ark.db")
    assert (await source.read()).quarantine_count == 0


async def test_a_locked_file_is_named_and_the_event_loop_goes_on(data: Any, at: At) -> None:
    data.make()
    source = MemoryDataSource(data.reasoning, data.ark, lock_timeout=0.4)
    lock = apsw.Connection(str(data.reasoning))
    lock.execute("BEGIN EXCLUSIVE")
    beats: list[float] = []

    async def beat() -> None:
        while True:
            beats.append(time.monotonic())
            await asyncio.sleep(0.01)

    beating = asyncio.create_task(beat())
    began = time.monotonic()
    found = await source.read()
    took = time.monotonic() - began
    beating.cancel()
    assert found.notes == [f"{data.reasoning} is locked by another program"]
    assert (found.ingestion_rate, found.quarantine_count) == (None, 0)
    assert took >= 0.35  # it did wait in its thread
    assert len(beats) >= 10  # while the loop went on
    lock.execute("ROLLBACK")
    assert (await source.read()).notes == []
    lock.close()
    await source.close()


async def test_a_file_in_wal_mode_is_read_while_it_is_written(
    source: MemoryDataSource, data: Any, at: At
) -> None:
    data.make()
    writer = apsw.Connection(str(data.reasoning))
    writer.execute("PRAGMA journal_mode=WAL").fetchall()
    data.sessions(at(1))
    with writer:
        writer.execute("DELETE FROM reasoning_sessions")
        assert (await source.read()).ingestion_rate == 1 / 60
    assert (await source.read()).ingestion_rate == 0
    writer.close()


async def test_nothing_is_written(source: MemoryDataSource, data: Any) -> None:
    data.make()
    await source.read()
    with pytest.raises(SourceError):
        source._reasoning.file.ask("CREATE TABLE mine (x)")


async def test_a_question_without_end_is_cut_off(data: Any) -> None:
    data.make("reasoning_logs.db")
    file = ForeignFile(data.reasoning, deadline=0.2)
    file.begin()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with pytest.raises(SourceError, match="too slow"):
        file.ask(endless)
    file.close()


async def test_at_rest_no_file_is_open(source: MemoryDataSource, data: Any) -> None:
    data.make()
    await source.read()
    await source.rest()
    assert source._reasoning.file._connection is None
    assert (await source.read()).notes == []


async def test_what_was_written_while_it_rested_is_seen(source: MemoryDataSource, data: Any, at: At) -> None:
    data.make()
    for number in range(1, 4):
        data.sessions(at(1))
        data.write("ark.db", "INSERT INTO sandbox_executions VALUES (1, 'error', NULL)")
        found = await source.read()
        assert (found.ingestion_rate, found.quarantine_count) == (number / 60, number)
        assert len(found.logs) == number
        await source.rest()


async def test_ark_base_path_moves_the_folder(
    data: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data.make()
    monkeypatch.setenv("ARK_BASE_PATH", str(tmp_path))
    source = MemoryDataSource()
    assert source.reasoning_db_path == data.reasoning
    assert (await source.read()).notes == []
    await source.close()


def test_the_standard_librarys_sqlite_is_never_used(data: Any, tmp_path: Path) -> None:
    import subprocess

    data.make()
    program = """
import sys
def watch(event, args):
    if event == "sqlite3.connect":
        print("STDLIB SQLITE", args, file=sys.stderr, flush=True)
sys.addaudithook(watch)
import asyncio
from valhalla.console import MemoryState, cleanup_data_sources, init_data_sources
async def main():
    await init_data_sources("redis://127.0.0.1:1/0")
    state = MemoryState()
    print((await state.update_metrics())["source"]["mode"])
    await cleanup_data_sources()
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "ARK_BASE_PATH": str(tmp_path)},
        timeout=60,
    )
    assert done.stdout.strip() == "production"
    assert "STDLIB" not in done.stderr
