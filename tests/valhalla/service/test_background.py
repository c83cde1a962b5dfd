"""What a running instance does by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from db import Database
from jobs.testing import Bench
from valhalla.program.home import Home
from valhalla.safety.jobs import CHECKS_DELAY
from valhalla.scoring.policies import change
from valhalla.service.whole import WholeProgram

HOUR = 3600
TO_SIX = 13_600
"""Seconds from the test's beginning to 18:00."""


def test_digest_at_six_packets_at_once_and_leads_again_at_night(
    database: Database, people: Any, tell: Any, clock: Any, tmp_path: Path
) -> None:
    people(3)
    home = Home(tmp_path)
    home.prepare()
    bench = Bench(database)
    bench.clock.at = clock()  # 14:13:20 UTC
    WholeProgram(database, home, bench.queue).background.schedule("UTC")
    assert sorted(job.name for job in bench.run()) == ["audit.copy", "packets.refresh", "protect.drill"]
    bench.advance(CHECKS_DELAY)
    assert [job.name for job in bench.run()] == ["safety.checks"]
    assert sorted(path.name for path in home.packets.iterdir()) == [
        "lead-1.html",
        "lead-2.html",
        "lead-3.html",
    ]
    bench.advance(TO_SIX - 60)
    assert "digest.write" not in [job.name for job in bench.run()]
    bench.advance(60)
    assert "digest.write" in [job.name for job in bench.run()]
    assert sorted(path.name for path in home.logs.iterdir()) == [
        "digest-2026-09-21.html",
        "digest-2026-09-21.txt",
    ]
    change(database, "outcome.shown_from", 1, "one lead will do")
    tell(1, "won", amount=1_000_000)
    bench.advance(9 * HOUR + 600)  # ten past three
    assert [job.name for job in bench.run() if job.name.startswith("stages")] == [
        "stages.nightly",
        "stages.reevaluate",
    ]
    assert database.value("SELECT count(*) FROM lead WHERE p_close IS NULL") == 0
    bench.close()


def test_whoever_starts_after_six_has_not_missed_the_digest(
    database: Database, clock: Any, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    home.prepare()
    bench = Bench(database)
    bench.clock.at = clock() + (TO_SIX + HOUR) * 1_000_000
    background = WholeProgram(database, home, bench.queue).background
    background.schedule("UTC")
    assert "digest.write" in [job.name for job in bench.run()]
    background.schedule("UTC")
    assert "digest.write" not in [job.name for job in bench.run()]
    bench.close()
