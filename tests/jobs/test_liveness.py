"""When the process of a worker began, which tells it from a later one with the same number."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from jobs.liveness import _started, _started_by_psutil


def test_both_ways_to_ask_when_a_process_began_give_the_same_moment() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert _started(child.pid) == _started_by_psutil(child.pid) > _started(1)
        assert _started(os.getpid()) == _started_by_psutil(os.getpid()) > 0


@pytest.mark.parametrize("started", [_started, _started_by_psutil])
def test_a_process_that_is_not_there_began_at_no_time(started: object) -> None:
    assert callable(started)
    assert started(2**22 + 1) == 0
