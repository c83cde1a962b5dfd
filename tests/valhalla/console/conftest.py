"""Files as the ARK programs write them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import apsw
import pytest

from valhalla.console import redis_client

SCHEMA = {
    "reasoning_logs.db": """
        CREATE TABLE reasoning_sessions (
            session_id TEXT PRIMARY KEY, agent_name TEXT NOT NULL, query TEXT NOT NULL, final_output TEXT,
            overall_confidence REAL, total_duration_ms REAL, timestamp TEXT NOT NULL, metadata TEXT,
            created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
        CREATE TABLE reasoning_stages (
            id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT, stage_name TEXT, stage_order INTEGER,
            confidence REAL, duration_ms REAL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);""",
    "ark.db": """
        CREATE TABLE code_index (file_id INTEGER PRIMARY KEY, file_path TEXT, trust_tier TEXT);
        CREATE TABLE code_patterns (pattern_id INTEGER PRIMARY KEY, code_snippet TEXT, usage_count INTEGER);
        CREATE TABLE sandbox_executions (execution_id TEXT, status TEXT, security_violations TEXT);""",
}


class Data:
    """The folder ``data/``, written through connections of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reasoning = folder / "reasoning_logs.db"
        self.ark = folder / "ark.db"
        self._session = 0

    def make(self, *names: str) -> Data:
        """Make the files, all tables empty."""
        for name in names or SCHEMA:
            self.write(name, SCHEMA[name])
        return self

    def write(self, name: str, text: str, rows: Iterable[tuple[Any, ...]] | None = None) -> None:
        connection = apsw.Connection(str(self.folder / name))
        try:
            with connection:
                if rows is None:
                    connection.execute(text)
                else:
                    connection.executemany(text, rows)
        finally:
            connection.close()

    def sessions(self, *times: str, confidence: float | None = 0.9) -> None:
        rows = []
        for at in times:
            self._session += 1
            rows.append((f"session-{self._session}", "kyle", f"question {self._session}", confidence, at, at))
        self.write(
            "reasoning_logs.db",
            "INSERT INTO reasoning_sessions (session_id, agent_name, query, overall_confidence, timestamp, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )

    def stages(self, *rows: tuple[str | None, float | str | None, str]) -> None:
        self.write(
            "reasoning_logs.db",
            "INSERT INTO reasoning_stages (session_id, stage_name, confidence, created_at) VALUES (?, 'plan', ?, ?)",
            rows,
        )


@pytest.fixture
async def redis(redis_server: Any, anyio_backend: str) -> AsyncIterator[Any]:
    """A client of the test's Redis."""
    client = redis_client.client(redis_server.url, 5)
    yield client
    await client.aclose()


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """The folder, still without files."""
    folder = tmp_path / "data"
    folder.mkdir()
    return Data(folder)


@pytest.fixture
def at() -> Callable[[int, str], str]:
    """A function that writes a time so many seconds before the test's now, in a format of strftime."""
    from datetime import UTC, datetime, timedelta

    def written(ago: int, form: str = "%Y-%m-%d %H:%M:%S") -> str:
        return (NOW - timedelta(seconds=ago)).strftime(form)

    NOW = datetime(2026, 1, 7, 19, 12, 28, tzinfo=UTC)
    return written
