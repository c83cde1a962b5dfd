"""Kills while effects go out: one is uncertain at most, and none where the receiver knows it again by its key."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from valhalla.effects import register
from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.sandbox.governor import GovernorEnforcer
from valhalla.scoring.opening import open_home

pytestmark = [pytest.mark.crash, pytest.mark.skipif(os.name == "nt", reason="kills by signal")]

LONG = os.environ.get("VALHALLA_LONG") == "1"
KILLS = 50 if LONG else 1
HONOURED = [False, True] if LONG else [False]
"""tests/valhalla/effects/test_running.py has the quick form of the other."""
EACH = 2
"""Effects for each kill, and some more for the end."""


class Receiver:
    """Kills the sender as soon as as many requests are under way as its threads could have begun, or no more come."""

    def __init__(self, receive: Callable[..., str]) -> None:
        self.keys: Counter[str] = Counter()
        self.victim: Any = None
        self._mutex = threading.Lock()
        self._three = threading.Event()
        self._waiting = 0
        self.url = f"{receive(self._answer)}/hook"

    def _answer(self, request: Any) -> None:
        request.rfile.read(int(request.headers["Content-Length"]))
        self.keys[request.headers["Idempotency-Key"]] += 1
        self.kill()
        request.send_response(200)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def arm(self, victim: Any) -> None:
        self._three.clear()
        self._waiting = 0
        self.victim = victim

    def kill(self) -> None:
        if self.victim is None:
            return
        with self._mutex:
            self._waiting += 1
            if self._waiting == 3:
                self._three.set()
        self._three.wait(0.2)
        with self._mutex:
            if self.victim is not None and not self.victim.over.is_set():
                self.victim.kill()


@pytest.mark.parametrize("is_honoured", HONOURED, ids=["keys unknown", "keys honoured"][: len(HONOURED)])
def test_kill_leaves_one_uncertain_at_most(
    home: Path,
    receive: Callable[..., str],
    is_honoured: bool,
    nursery: Callable[[str], Any],
    count_kills: Callable[[str, int], None],
) -> None:
    receiver = Receiver(receive)
    Home(home).prepare()
    with open_home(Home(home)) as database:
        GovernorEnforcer(database=database).set_limit("effect.webhook", 10 * KILLS * EACH, 60)
        if is_honoured:
            settings.save(database, "webhook.honours_key", receiver.url)
        for number in range(KILLS * EACH):
            draft = register.draft(database, "webhook", receiver.url, {"n": number}, about=str(number))
            register.approve(database, draft["id"])
    senders = nursery("sending")
    for _ in range(KILLS):
        process = senders.start(str(home))
        receiver.arm(process)
        assert process.over.wait(60), "no effect came"
    count_kills("effects", KILLS)
    receiver.victim = None
    last = senders.start(str(home))
    last.tell("")
    assert last.wait(600) == "done\n"
    with open_home(Home(home)) as database:
        states = Counter(state for (state,) in database.sql("SELECT state FROM effect"))
    print(f"{KILLS} kills: {dict(states)}, most under one key: {max(receiver.keys.values())}")
    assert len(receiver.keys) == KILLS * EACH, "each arrived"
    if is_honoured:
        assert states == {"done": KILLS * EACH}
    else:
        assert max(receiver.keys.values()) == 1, "none arrived twice"
        assert states["uncertain"] <= KILLS
        assert states["done"] + states["uncertain"] == KILLS * EACH
