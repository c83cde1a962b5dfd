"""Continuous copies by the real Litestream: nothing is lost that was written before the end, and nothing unverified comes back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from db import Database, audit
from db.clock import DAY, MINUTE
from db.errors import Fenced
from valhalla.fleet import continuous, litestream, protecting
from valhalla.fleet.continuous import Continuous
from valhalla.fleet.litestream import Found
from valhalla.program import settings
from valhalla.program.database import open_database
from valhalla.program.home import Home
from valhalla.sandbox.alerts import AlertSystem
from valhalla.scoring import store
from valhalla.service.service import Events, Plan, Service
from valhalla.service.whole import WholeProgram

pytestmark = pytest.mark.skipif(not litestream.find().usable, reason=f"{litestream.find()}")


@pytest.fixture
def sending(database: Database, home: Home, place: Path) -> Iterator[Continuous]:
    """Litestream at work."""
    made = Continuous(database, home)
    begin(made, home)
    yield made
    made.end()


def begin(made: Continuous, home: Home) -> psutil.Process:
    """Have Litestream started; its process."""
    made.tick()
    assert made.running
    process = psutil.Process(int((home.path / litestream.FOLDER / "pid").read_text("ascii")))
    deadline = time.monotonic() + 20
    while "litestream" not in " ".join(process.cmdline()) and time.monotonic() < deadline:
        time.sleep(0.01)  # it has been forked, and is not Litestream yet
    return process


def test_what_was_written_after_the_copy_comes_back(
    sending: Continuous, database: Database, home: Home, place: Path, tmp_path: Path
) -> None:
    settings.save(database, "my.name", "Ann")
    sending.end()
    head = audit.head(database)
    assert head.hash != json.loads(next(place.glob("*.manifest.json")).read_text("utf-8"))["head"]
    state = protecting.state(database)
    assert state.sent is not None and state.to_json()["continuous"]
    assert protecting.drill(database, home)["continuous"] is True
    assert "ERROR" not in (home.logs / litestream.LOG).read_text("utf-8")
    database.close_all()
    shutil.rmtree(home.path)
    done = protecting.restore(Home(tmp_path / "new"), place)
    assert (done["head"], done["entries"]) == (head.hash, head.entries)
    assert done["copy"].startswith(f"{place}/{litestream.PREFIX}") and done["passed_over"] is None
    with open_database(tmp_path / "new" / "valhalla.db", create=False) as back:
        assert settings.value(back, "my.name") == "Ann"
        assert litestream.life(back) != Path(done["copy"]).name, "what it sends is kept apart"


def test_what_does_not_verify_or_cannot_be_put_together_is_passed_over(
    sending: Continuous,
    database: Database,
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.save(database, "my.name", "Ann")
    sending.end()
    (copy,) = protecting.all_copies(place)
    with monkeypatch.context() as without:
        without.setattr(litestream, "find", lambda: Found(None, None))
        done = protecting.restore(Home(tmp_path / "one"), place)
    assert done["copy"] == str(copy) and "not installed" in done["passed_over"]

    other = Home(tmp_path / "other")  # what another database sent stands there by mistake
    other.prepare()
    with open_database(other.database) as another:
        store.seed(another)
        settings.save(another, protecting.FOLDER, str(tmp_path / "elsewhere"))
        also = Continuous(another, other)
        also.tick()
        also.end()
        life = litestream.life(another)
    shutil.rmtree(next(place.glob(f"{litestream.PREFIX}*")))
    shutil.move(tmp_path / "elsewhere" / life, place / life)
    done = protecting.restore(Home(tmp_path / "two"), place)
    assert done["copy"] == str(copy) and "does not verify" in done["passed_over"]

    for piece in place.glob(f"{litestream.PREFIX}*/ltx/*/*.ltx"):
        content = bytearray(piece.read_bytes())
        content[len(content) // 2] ^= 1
        piece.write_bytes(content)
    done = protecting.restore(Home(tmp_path / "three"), place)
    assert done["copy"] == str(copy) and "could not put" in done["passed_over"]


def test_one_that_a_killed_program_left_is_ended_and_one_that_ends_is_started_again(
    sending: Continuous, database: Database, home: Home
) -> None:
    note = home.path / litestream.FOLDER / "pid"
    left = psutil.Process(int(note.read_text("ascii")))
    now = [1000.0]
    next_one = Continuous(database, home, lambda: now[0])
    next_one.tick()
    try:
        assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE
        mine = int(note.read_text("ascii"))
        os.kill(mine, signal.SIGKILL)
        psutil.Process(mine).wait(20)
        now[0] += continuous.LOOK_EACH
        next_one.tick()
        assert not next_one.running
        assert [each["task"] for each in AlertSystem(database=database).get_alerts()] == [protecting.ALERT]
        now[0] += continuous.AGAIN_AFTER
        next_one.tick()
        assert next_one.running
        settings.save(database, continuous.ENABLED, "off")
        now[0] += continuous.LOOK_EACH
        next_one.tick()
        assert not next_one.running and not note.exists()
    finally:
        next_one.end()


def test_one_that_is_given_up_ends_at_once_sends_no_rest_and_is_no_trouble(
    sending: Continuous, database: Database, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(continuous, "LOOK_EACH", 0.0)
    monkeypatch.setattr(litestream, "send_rest", pytest.fail)
    continuous.give_up(home)
    assert not sending.running
    sending.end()
    again = Continuous(database, home)
    begin(again, home)
    continuous.give_up(home)
    again.tick()
    again.end()
    assert AlertSystem(database=database).get_alerts() == []


def test_whole_copies_are_made_each_day_while_it_sends_and_each_hour_when_it_does_not(
    sending: Continuous, database: Database, home: Home, place: Path
) -> None:
    sending.end()
    began = database.clock()

    def later(by: int, sent: bool) -> str | None:
        at = began + by
        database.clock = lambda: at  # type: ignore[method-assign]
        for piece in place.glob(f"{litestream.PREFIX}*/ltx/*/*.ltx"):
            if sent:
                os.utime(piece, (at / 1e6, at / 1e6))
        return protecting.copy_if_due(database, home)

    assert later(61 * MINUTE, sent=True) is None
    assert later(DAY + MINUTE, sent=True) is not None
    assert later(DAY + 63 * MINUTE, sent=False) is not None


def test_the_log_is_emptied_while_it_pauses(sending: Continuous, database: Database) -> None:
    settings.save(database, "my.name", "Ann")
    with sending.paused():
        assert not sending.running
        assert database.compact() and database.log_bytes() == 0
    sending.tick()
    assert sending.running


@pytest.mark.parametrize(
    ("found", "usable", "says"),
    [
        (Found(None, None), False, "not installed"),
        (Found("/x/litestream", "0.3.13"), False, "0.3.13 (/x/litestream) is not used: 0.5 is known"),
        (Found("/x/litestream", None), False, "unknown version"),
        (Found("/x/litestream", "0.5.2"), True, "Litestream 0.5.2"),
    ],
)
def test_its_version_is_checked(found: Found, usable: bool, says: str) -> None:
    assert found.usable is usable and says in str(found)


def test_it_ends_with_a_run_that_may_not_write_any_more(home: Home, database: Database, place: Path) -> None:
    def refuse(_: object) -> None:
        raise Fenced("another machine has it")

    database.close_all()
    with WholeProgram.open(home) as program:
        values = {**settings.effective(program.database), "watch": "off"}
        service = Service(program, Plan([], 3600, None), values, Events())
        with pytest.raises(Fenced), service.running():
            service.continuous.tick()
            assert service.continuous.running
            program.database.fence = refuse
        assert not service.continuous.running
        program.database.fence = None
