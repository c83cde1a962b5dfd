"""Memory and its collector."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from valhalla.cli.entry import run
from valhalla.program.memory import collect_seldom, collector_paused, few_heaps, give_back


def test_the_collector_rests_inside_and_works_on_afterwards() -> None:
    assert gc.isenabled()
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_service_collects_more_often_than_a_command(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(gc, "set_threshold", lambda first, *_: seen.append(first))
    collect_seldom()
    assert run(["run", "--cycles", "0", "--no-cockpit", "--json"]) == 0
    assert len(seen) == 2 and seen[0] > 5 * seen[1]


@pytest.mark.skipif(sys.platform != "linux", reason="glibc keeps what was freed")
def test_free_memory_is_given_back() -> None:
    code = """
import psutil
from valhalla.program.memory import give_back
resident = lambda: psutil.Process().memory_info().rss
kept, freed = [], []
for _ in range(200_000):  # small pieces between pieces that stay
    freed.append(bytes(600)); kept.append(bytes(513))
kept = kept[::50]; freed.clear()
before = resident()
assert give_back() and before - resident() > 20 << 20, (before, resident())
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc has a heap for each thread")
def test_threads_share_heaps() -> None:
    code = "from valhalla.program.memory import few_heaps; assert few_heaps()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_elsewhere_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert give_back() is False and few_heaps() is False
