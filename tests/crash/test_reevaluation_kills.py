"""A re-evaluation that is killed at any moment and begun again ends like one that was left alone."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from db import verifying
from db.clock import DAY
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.leads.outcomes import Outcome, record
from valhalla.program.database import open_database
from valhalla.scoring import store as stages
from valhalla.scoring.policies import change

LEADS, BATCH = 1_500, 25
KILLS, KILLS_BETWEEN = (200, 100) if os.environ.get("VALHALLA_LONG") == "1" else (6, 3)
"""``KILLS_BETWEEN``: so many at least must fall between the first and the last batch."""

DECISIONS = """SELECT id, variant_id, script_id, packet, mao, spread, p_close, expected_value, clone, score_base, policy_version
               FROM lead ORDER BY id"""
DONE = "SELECT count(*) FROM lead WHERE p_close IS NOT NULL"


@pytest.mark.crash
def test_killed_re_evaluations_end_like_an_undisturbed_one(
    tmp_path: Path,
    script: Callable[[str], ModuleType],
    nursery: Callable[[str], Any],
    count_kills: Callable[[str, int], None],
) -> None:
    source, first = tmp_path / "leads.csv", tmp_path / "first.db"
    script("make_leads").write_leads(source, LEADS, seed=5)
    with open_database(first) as database:
        stages.seed(database)
        change(database, "outcome.shown_from", 1, "one lead will do")
        import_file(database, Request(str(source)))
        record(database, Outcome(1, "won", database.clock() - DAY, 1_000_000))
        leads = database.value("SELECT count(*) FROM lead")
    processes = nursery("reevaluating")
    calm = tmp_path / "calm.db"
    shutil.copy(first, calm)
    assert processes.start(str(calm), "0", "0").wait() == "done\n"
    with open_database(calm) as database:
        expected = database.sql(DECISIONS)
        assert database.value(DONE) == leads

    dice, kills, between = random.Random(7), 0, 0
    while kills < KILLS:
        path = tmp_path / f"killed-{kills}.db"
        shutil.copy(first, path)
        done = 0
        while done < leads and kills < KILLS:
            batch = dice.randrange(1, max(2, (leads - done) // BATCH // 2))
            if processes.start(str(path), str(batch), str(dice.uniform(0, 0.03))).wait():
                break  # it was faster than the kill
            kills += 1
            with open_database(path) as database:
                done = database.value(DONE)
            between += 0 < done < leads
        assert processes.start(str(path), "0", "0").wait() == "done\n"
        with open_database(path) as database:
            assert database.sql(DECISIONS) == expected
            verdict = verifying.verify(database)
            assert verdict.ok, verdict.problems
    count_kills("re-evaluations", kills)
    assert between >= KILLS_BETWEEN
