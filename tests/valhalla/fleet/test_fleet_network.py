"""Three machines as three network namespaces: one is cut off, one loses its power. Skipped where one may not make namespaces."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db.errors import Fenced
from db.verifying import verify
from jobs import running_jobs
from valhalla.fleet import litestream, protecting
from valhalla.intake import by_hand
from valhalla.leads import view
from valhalla.program.database import open_copy, open_database

pytestmark = [pytest.mark.postgres, pytest.mark.crash]

LONG = os.environ.get("VALHALLA_LONG") == "1"
SECONDS = ("10", "5", "2") if LONG else ("6", "3", "0.5")
"""Lease, grace, and between renewals; long: those of the program."""

FILE = os.environ.get("VALHALLA_FLEET_FILE")
"""A file of Valhalla's, a large one perhaps, that a copy of is moved about."""

CUT = 20.0
"""Seconds of the cut, in the long form; the short one ends it when another machine has the workspace."""

ADDRESS = "10.231.7.1"


def ip(*words: str) -> None:
    """Run the command ``ip``."""
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


class Wires:
    """A bridge, and a namespace on it for each machine."""

    def __init__(self, names: str) -> None:
        self.tag = f"vh{os.getpid() % 10_000}"
        self._undo: list[tuple[str, ...]] = []
        try:
            self._do(("link", "add", self.tag, "type", "bridge"), ("link", "del", self.tag))
            ip("addr", "add", f"{ADDRESS}/24", "dev", self.tag)
            ip("link", "set", self.tag, "up")
            for number, name in enumerate(names, 2):
                space = self.space(name)
                self._do(("netns", "add", space), ("netns", "del", space))
                self._do(
                    ("link", "add", space, "type", "veth", "peer", "name", "eth0", "netns", space),
                    ("link", "del", space),
                )
                ip("link", "set", space, "master", self.tag, "up")
                ip("-n", space, "addr", "add", f"10.231.7.{number}/24", "dev", "eth0")
                ip("-n", space, "link", "set", "eth0", "up")
                ip("-n", space, "link", "set", "lo", "up")
        except BaseException:
            self.close()
            raise

    def _do(self, does: tuple[str, ...], undoes: tuple[str, ...]) -> None:
        ip(*does)
        self._undo.append(undoes)

    def space(self, name: str) -> str:
        """The namespace of a machine; the end of its wire here has the same name."""
        return f"{self.tag}{name}"

    def cut(self, name: str) -> None:
        """Pull the plug of the network."""
        ip("link", "set", self.space(name), "down")

    def mend(self, name: str) -> None:
        """Put it in again."""
        ip("link", "set", self.space(name), "up")

    def close(self) -> None:
        """Take everything away."""
        for words in reversed(self._undo):
            with contextlib.suppress(subprocess.SubprocessError):
                ip(*words)


@pytest.fixture
def wires() -> Iterator[Wires]:
    """Three namespaces."""
    if not shutil.which("ip"):
        pytest.skip("needs the command ip (Debian: apt-get install iproute2)")
    try:
        made = Wires("abc")
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"network namespaces may not be made here ({type(error).__name__})")
    yield made
    made.close()


@pytest.fixture
def server(wires: Wires, start_postgres: Callable[..., Any]) -> Any:
    """A PostgreSQL server that they reach."""
    return start_postgres(address=ADDRESS)


def wait_until_sent(place: Path, life: str, leads: int, folder: Path) -> None:
    """Wait until Litestream has sent so many leads."""
    for number in range(120):
        time.sleep(0.5)
        with contextlib.suppress(litestream.LitestreamError):
            put = litestream.restore(litestream.find(), place, life, folder / f"sent-{number}.db")
            with open_copy(put) as database:
                if view.count(database) == leads:
                    return
    pytest.fail("Litestream did not send it")


def wait_until_calm(place: Path) -> None:
    """Wait until a large file that has just begun was sent, and no job runs: the processors of this machine stand for those of
    three."""
    with open_database(place / "valhalla.db") as database:
        for _ in range(600):
            sent = not litestream.find().usable or protecting.state(database).sent
            if sent and not running_jobs(database):
                return
            time.sleep(0.5)
    pytest.fail("it is not calm")


def test_one_is_cut_off_and_one_loses_its_power(
    wires: Wires,
    server: Any,
    say: Callable[..., Any],
    start: Callable[..., Any],
    first_of: Callable[..., Any],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    url = server.database()
    for name in "abc":
        say(name, "hub", "init")
    place = Path(say("a", "hub", "add", "houston")["home"])
    if FILE:
        shutil.copyfile(FILE, place / "valhalla.db")
    with open_database(place / "valhalla.db") as database:
        by_hand.add_lead(database, {"name": "Hank Houston", "phone": "713-555-0142"})
        first = view.count(database)
    say("a", "fleet", "init", url, "--copies", str(tmp_path / "copies"), "--name", "a")
    for name in "bc":
        say(name, "fleet", "join", url, "--name", name)
    machines = {
        name: start(name, seconds=SECONDS, prefix=("ip", "netns", "exec", wires.space(name)))
        for name in "abc"
    }
    began: Callable[[], float] = time.monotonic
    machines["a"].hears("begins houston")
    if FILE:
        wait_until_calm(place)
    old = open_database(place / "valhalla.db")
    at = began()
    wires.cut("a")
    owner = first_of([machines["b"], machines["c"]], "begins houston")
    with capfd.disabled():
        print(f"\ncut off: served by {owner.home.name} after {began() - at:.1f} s")
    with pytest.raises(Fenced):
        by_hand.add_lead(old, {"name": "Behind The Cut", "phone": "713-555-0143"})
    if LONG:
        time.sleep(max(0.0, CUT - (began() - at)))
    wires.mend("a")
    machines["a"].hears("fleet houston belongs to another machine now")
    with pytest.raises(Fenced):
        by_hand.add_lead(old, {"name": "After The Cut", "phone": "713-555-0144"})
    old.close_all()
    with open_database(owner.home / "workspaces" / "houston" / "valhalla.db") as database:
        by_hand.add_lead(database, {"name": "Of The Next Owner", "phone": "713-555-0145"})
        say("a", "fleet", "list")

    # Hand it to a machine that stays, so that there is a copy with both; then the power of that one goes.
    third = next(each for each in machines.values() if each.home.name not in ("a", owner.home.name))
    if FILE:
        wait_until_calm(owner.home / "workspaces" / "houston")
    at = began()
    say("a", "fleet", "move", "houston", third.home.name)
    third.hears("begins houston")
    with capfd.disabled():
        print(f"moved to {third.home.name} in {began() - at:.1f} s")
    with open_database(third.home / "workspaces" / "houston" / "valhalla.db") as database:
        by_hand.add_lead(database, {"name": "After The Last Copy", "phone": "713-555-0146"})
        life = litestream.life(database)
    sent = litestream.find().usable
    if FILE:
        wait_until_calm(third.home / "workspaces" / "houston")
    if sent:
        wait_until_sent(tmp_path / "copies" / "houston", life, first + 2, tmp_path)
    at = began()
    third.power_off()
    wires.cut(third.home.name)
    others = [each for each in machines.values() if each is not third]
    last = first_of(others, "begins houston")
    with capfd.disabled():
        size = (last.home / "workspaces" / "houston" / "valhalla.db").stat().st_size
        print(f"power off: {size / 1e6:.0f} MB served by {last.home.name} after {began() - at:.1f} s")
    with open_database(last.home / "workspaces" / "houston" / "valhalla.db") as database:
        assert verify(database).ok
        assert view.count(database) == (first + 2 if sent else first + 1)
    assert [row["epoch"] for row in say("a", "fleet", "list")["workspaces"]] == [4]
