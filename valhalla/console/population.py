"""Fills the two databases of the memory board with made-up data, to try it with."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import apsw

from valhalla.console import sql
from valhalla.console.errors import SourceError
from valhalla.console.memory import ARK_DB, REASONING_DB
from valhalla.console.moments import now_ms
from valhalla.console.simulated import SUBJECTS

SEED = 1
SPAN_S = 600
"""Seconds that the sessions are spread over, up to now: what the board draws."""

STAGES = ("recall", "plan", "answer")
TIERS = (("core", 140), ("trusted", 85), ("sandbox", 36), ("external", 12))
PATTERNS = 60
EXECUTIONS = 40


def populate(base: Path, sessions: int) -> dict[str, int]:
    """Make ``data/reasoning_logs.db`` and ``data/ark.db`` below ``base`` with their tables, and fill them. What an earlier call wrote
    is written again. Returns how many rows each table has.

    Raises :class:`SourceError` when a file cannot be written, or holds rows that were not made up here: then nothing is written to it.
    """
    random = Random(SEED)
    reasoning, ark = base / REASONING_DB, base / ARK_DB
    try:
        reasoning.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f"{reasoning.parent} cannot be made: {error.strerror}") from None
    rows = _reasoning(random, sessions, now_ms() / 1000) | _ark(random)
    _write(reasoning, sql.REASONING_TABLES, {name: rows[name] for name in sql.REASONING_MADE_UP})
    _write(ark, sql.ARK_TABLES, {name: rows[name] for name in sql.ARK_MADE_UP})
    return {name: len(found) for name, found in rows.items()}


def _reasoning(random: Random, sessions: int, now: float) -> dict[str, list[tuple[Any, ...]]]:
    made: dict[str, list[tuple[Any, ...]]] = {"reasoning_sessions": [], "reasoning_stages": []}
    for number in range(sessions):
        at = now - SPAN_S * (1 - (number + 1) / sessions)
        name, subject = f"seed-{number + 1:05d}", random.choice(SUBJECTS)
        confidence = 0.0
        for order, stage in enumerate(STAGES):
            confidence = min(0.99, max(0.05, 0.55 + 0.12 * order + random.gauss(0, 0.12)))
            spent = random.randint(20, 400)
            made["reasoning_stages"].append((name, stage, order, round(confidence, 3), spent, at))
        done = (name, "seed-agent", subject, "made up", round(confidence, 3), 900, at, "{}", at)
        made["reasoning_sessions"].append(done)
    return made


def _ark(random: Random) -> dict[str, list[tuple[Any, ...]]]:
    files = [
        (f"seed/{tier}_{number:03d}.py", tier) for tier, count in TIERS for number in range(1, count + 1)
    ]
    held = {3: ("failed", ["seed: wrote outside its folder"]), 17: ("timeout", []), 31: ("refused", [])}
    return {
        "code_index": [(number, *each) for number, each in enumerate(files, 1)],
        "code_patterns": [
            (number, f"seed snippet {number}", random.randint(1, 40)) for number in range(1, PATTERNS + 1)
        ],
        "sandbox_executions": [
            (f"seed-{number:03d}", status, json.dumps(violations))
            for number in range(1, EXECUTIONS + 1)
            for status, violations in [held.get(number, ("success", []))]
        ],
    }


def _write(path: Path, tables: str, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    try:
        connection = apsw.Connection(str(path))
    except apsw.Error:
        raise SourceError(f"{path} cannot be opened for writing") from None
    try:
        connection.set_busy_timeout(2_000)
        with connection:
            connection.execute(tables)
            for table in rows:
                own = {**sql.REASONING_MADE_UP, **sql.ARK_MADE_UP}[table]
                if connection.execute(sql.FOREIGN_ROW.format(table=table, own=own)).fetchall():
                    raise SourceError(
                        f"{path} holds rows in {table} that were not made up here; name another folder"
                    )
                connection.execute(sql.EMPTIED.format(table=table))
                columns = sql.MADE_UP_COLUMNS[table]
                places = (sql.SPELLED if each in sql.TIMES else "?" for each in columns)
                fill = sql.FILL.format(table=table, columns=", ".join(columns), places=", ".join(places))
                connection.executemany(fill, rows[table])
    except apsw.Error as error:
        kind = type(error).__name__.removesuffix("Error")
        raise SourceError(f"{path} cannot be filled ({kind})") from None
    finally:
        connection.close()
