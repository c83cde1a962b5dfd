"""The heap of the C library."""

from __future__ import annotations

import subprocess
import sys

import pytest

from valhalla.program.heap import few_heaps, give_back


@pytest.mark.skipif(sys.platform != "linux", reason="glibc keeps what was freed")
def test_free_memory_is_given_back() -> None:
    code = """
import psutil
from valhalla.program import heap
from valhalla.program.heap import give_back
resident = lambda: psutil.Process().memory_info().rss
kept, freed = [], []
for _ in range(200_000):  # small pieces between pieces that stay
    freed.append(bytes(600)); kept.append(bytes(513))
kept = kept[::50]; freed.clear()
before = resident()
assert not give_back()  # a person waits for the first page
heap.APART = 0.0
assert give_back() and before - resident() > 20 << 20, (before, resident())
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc has a heap for each thread")
def test_threads_share_heaps() -> None:
    code = "from valhalla.program.heap import few_heaps; assert few_heaps()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_elsewhere_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert give_back() is False and few_heaps() is False
