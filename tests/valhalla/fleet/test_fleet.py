"""Three machines, one PostgreSQL server: who owns what, moving, and coming back from a death."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db.errors import Fenced
from db.verifying import verify
from jobs import JobQueue, lease_of
from valhalla.fleet import asking
from valhalla.fleet.asking import Post
from valhalla.fleet.owning import Agent, Timing
from valhalla.fleet.register import Member, Register, ServerAway
from valhalla.intake import by_hand
from valhalla.leads import view
from valhalla.program.database import open_database
from valhalla.program.home import Home

pytestmark = pytest.mark.postgres


@pytest.fixture
def fleet(tmp_path: Path, postgres_url: str, say: Callable[..., Any]) -> Path:
    """A fleet of a, b and c, in which a has the workspace houston with one lead. Returns its home there."""
    for machine in "abc":
        say(machine, "hub", "init")
    place = Path(say("a", "hub", "add", "houston")["home"])
    with open_database(place / "valhalla.db") as database:
        by_hand.add_lead(database, {"name": "Hank Houston", "phone": "713-555-0142"})
    made = say("a", "fleet", "init", postgres_url, "--copies", str(tmp_path / "copies"), "--name", "a")
    assert made == {"machine": "a", "copies": str(tmp_path / "copies"), "workspaces": ["houston"]}
    for machine in "bc":
        assert say(machine, "fleet", "join", postgres_url, "--name", machine)["workspaces"] == []
    return place


def leads_of(home: Path) -> int:
    with open_database(home / "valhalla.db") as database:
        assert verify(database).ok
        return view.count(database)


def test_a_workspace_moves_and_the_file_that_it_left_refuses_writes(
    fleet: Path, say: Callable[..., Any], start: Callable[..., Any], tmp_path: Path
) -> None:
    first, second = start("a"), start("b")
    first.hears("begins houston")
    with open_database(fleet / "valhalla.db") as database:
        by_hand.add_lead(database, {"name": "Late Addition", "phone": "713-555-0143"})
        assert say("c", "fleet", "move", "houston", "b") == {"workspace": "houston", "from": "a", "to": "b"}
        second.hears("begins houston")
        with pytest.raises(Fenced):
            by_hand.add_lead(database, {"name": "Too Late", "phone": "713-555-0144"})
    listed = say("c", "fleet", "list")
    assert [(row["machine"], row["epoch"], row["held"]) for row in listed["workspaces"]] == [("b", 2, True)]
    assert [each["machine"] for each in listed["machines"]] == ["a", "b", "c"]
    assert leads_of(tmp_path / "b" / "workspaces" / "houston") == 2, "nothing was lost"
    assert say("a", "hub", "list") == []
    second.stop()
    assert "owns 1 workspaces" in say("b", "fleet", "leave", code=2)
    first.stop()
    assert say("a", "fleet", "leave") == {"machine": "a"}


def test_after_a_death_the_next_machine_serves_the_verified_file_and_the_old_one_is_refused(
    fleet: Path, say: Callable[..., Any], start: Callable[..., Any], first_of: Callable[..., Any]
) -> None:
    first = start("a")
    first.hears("begins houston")
    others = [start("b"), start("c")]
    first.process.kill()
    winner = first_of(others, "begins houston")
    row = say("b", "fleet", "list")["workspaces"][0]
    assert (row["machine"], row["epoch"]) == (winner.home.name, 2)
    assert leads_of(winner.home / "workspaces" / "houston") == 1
    with open_database(fleet / "valhalla.db") as database:
        lease = lease_of(database)
        assert lease is not None and lease.epoch == 1
        with pytest.raises(Fenced, match="has not held it since"):
            by_hand.add_lead(database, {"name": "On A Dead Machine", "phone": "713-555-0145"})
    again = start("a")  # it comes back, and learns it
    again.hears("fleet houston belongs to another machine now")
    again.stop()
    assert say("a", "hub", "list") == []


def test_a_machine_that_slept_past_its_lease_writes_nothing(
    fleet: Path, start: Callable[..., Any], tmp_path: Path
) -> None:
    first = start("a")
    first.hears("begins houston")
    second = start("b")
    os.kill(first.process.pid, signal.SIGSTOP)
    second.hears("begins houston")
    with open_database(fleet / "valhalla.db") as database:
        before = database.value("SELECT max(seq) FROM audit")
    os.kill(first.process.pid, signal.SIGCONT)
    first.hears("fleet houston belongs to another machine now")
    first.stop()
    with open_database(fleet / "valhalla.db") as database:
        assert database.value("SELECT max(seq) FROM audit") == before


def test_who_has_the_fewest_workspaces_is_the_heir_and_others_wait_twice_as_long(postgres_url: str) -> None:
    with Register(postgres_url) as register:
        register.install()
        for machine in "abc":
            register.call("fleet_join", machine)
        register.call("fleet_add", "waco", "b", 60.0)
        for name in ("houston", "katy"):
            register.call("fleet_add", name, "a", 3.0)

        def failing(machine: str) -> list[str]:
            return [name for (name,) in register.call("fleet_failing", machine, 5.0, 60.0)]

        def take(machine: str, grace: float) -> list[str]:
            return [name for name, _ in register.call("fleet_take_over", machine, grace, 60.0)]

        assert [failing(machine) for machine in "abc"] == [[], [], ["houston"]], "its own do not count"
        assert take("c", 1.0) == [], "the lease has not ended"
        register._with(
            lambda link: link.execute(
                "UPDATE fleet_workspace SET until = now() - interval '90 s' WHERE owner = 'a'"
            )
        )
        assert take("b", 60.0) == [], "it is the heir's"
        assert take("c", 60.0) == ["houston"]
        assert failing("c") == [] and failing("b") == ["katy"], "each has one now, so it goes by name"
        register._with(
            lambda link: link.execute(
                "UPDATE fleet_machine SET seen_at = now() - interval '100 s' WHERE name = 'b'"
            )
        )
        assert failing("c") == ["katy"] and failing("b") == [], "nobody has heard of it"
        assert take("b", 40.0) == ["katy"], "after twice the time it is anybody's"


@pytest.mark.parametrize("lives", [True, False], ids=["its owner lives", "its owner is dead"])
def test_after_an_outage_of_the_server_who_asks_first_does_not_take_what_lives(
    lives: bool, fleet: Path, postgres_url: str, postgres_server: Any, tmp_path: Path
) -> None:
    def agent_of(machine: str) -> Agent:
        member = Member(postgres_url, machine, str(tmp_path / "copies"))
        return Agent(Home(tmp_path / machine), member, dict, lambda name: None, timing=Timing(1.0, 0.3, 0.1))

    def until_heard(agent: Agent) -> None:
        for _ in range(50):
            with contextlib.suppress(ServerAway):
                return agent.renew()
            time.sleep(0.1)

    owner, other = agent_of("a"), agent_of("b")
    owner._held["houston"] = 1
    for each in (owner, other):
        each.renew()
    postgres_server.stop()
    time.sleep(2.0)  # longer than lease and grace
    with pytest.raises(ServerAway):
        other.renew()
    postgres_server.start()
    until_heard(other)
    other.work()  # the first who asks
    if lives:
        until_heard(owner)
    until = time.monotonic() + 3
    while time.monotonic() < until and not other._held:
        for each in (owner, other) if lives else (other,):
            each.renew()
        other.work()
        time.sleep(0.1)
    ((_, machine, epoch, *_),) = other.register.rows()
    assert (machine, epoch) == (("a", 1) if lives else ("b", 2))
    assert bool(owner._held) and bool(other._held) == (not lives)
    for each in (owner, other):
        each.end()


def test_a_machine_hears_that_something_is_to_move_before_it_renews(
    fleet: Path, say: Callable[..., Any], start: Callable[..., Any]
) -> None:
    seldom = ("600", "300", "3600")
    first, second = start("a", seconds=seldom), start("b", seconds=seldom)
    first.hears("begins houston")
    time.sleep(2)  # both have looked once
    say("c", "fleet", "move", "houston", "b")
    second.hears("begins houston")  # long before either renews


def test_the_last_copy_of_what_moves_is_fetched_before_it_is_handed_over(
    fleet: Path, postgres_url: str, say: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("a", "fleet", "move", "houston", "b")
    said: list[str] = []
    copies, member = tmp_path / "copies" / "houston", Member(postgres_url, "b", str(tmp_path / "copies"))
    agent = Agent(Home(tmp_path / "b"), member, dict, lambda name: None, said.append)
    (copy,) = copies.glob("valhalla-*-protected.db")
    sha256 = json.loads(copy.with_name(f"{copy.name}.manifest.json").read_text("utf-8"))["sha256"]
    unchecked = copy.rename(copy.with_name(f".{copy.name}.1.unchecked"))
    agent.work()
    unchecked.rename(copy)
    fetched = [*(tmp_path / "b" / "workspaces" / "houston").rglob("*.db")]
    assert [each.name for each in fetched] == ([copy.name] if os.name != "nt" else [])
    monkeypatch.setattr(shutil, "copyfile", None)  # it is not copied again
    agent.register.call("fleet_hand_over", "houston", "a", 1, sha256, 60.0)
    agent.work()
    assert said == ["houston is here now, with 1 leads, verified"]
    assert leads_of(tmp_path / "b" / "workspaces" / "houston") == 1
    agent.end()


def test_work_for_a_workspace_is_done_once_by_whoever_owns_it(
    fleet: Path, say: Callable[..., Any], start: Callable[..., Any], tmp_path: Path
) -> None:
    number = say("c", "fleet", "ask", "houston", "digest")["job"]  # waits for the owner
    first = start("a")
    first.hears("begins houston")
    with open_database(fleet / "valhalla.db") as database:
        done = "SELECT value FROM kv WHERE queue = 'fleet.applied' AND key = ?"
        deadline = time.monotonic() + 60
        while database.value(done, (str(number),)) is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert database.value(done, (str(number),)) == b"1", "applied by epoch 1"
        assert database.value("SELECT count(*) FROM task WHERE name = 'digest.write'") >= 1
    assert "cannot be asked" in say("a", "fleet", "ask", "houston", "a walk", code=2)


@pytest.mark.parametrize("noted", [True, False], ids=["with the note", "without it, as the control"])
def test_a_job_whose_worker_dies_before_the_end_is_written_is_applied_once(
    home: Home, postgres_url: str, monkeypatch: pytest.MonkeyPatch, noted: bool
) -> None:
    effects: list[int] = []
    tries = threading.Semaphore(0)

    class Dying(Post):
        def _do(self, workspace: str, what: str) -> None:
            super()._do(workspace, what)
            newest = local.database.value("SELECT max(id) FROM task")
            local.wait(newest, timeout=30)
            first = not tries._value
            tries.release()
            if first:
                raise OSError("as if it had died here")

    if not noted:
        monkeypatch.setattr(asking, "note_applied", lambda *given: True)
    with open_database(home.database) as database:
        local = JobQueue(database)
        local.task(name="digest.write")(lambda: effects.append(1))
        worker = local.worker()
        worker.start()
        post = Dying(postgres_url, lambda name: (local, 1))
        post.serve(["houston"])
        number = post.ask("houston", "digest")
        post.queue.wait(number, timeout=30)
        post.close()
        worker.stop(timeout=10)
    assert tries._value == 2
    assert len(effects) == (1 if noted else 2)


def test_what_makes_no_sense_is_a_sentence(
    fleet: Path, say: Callable[..., Any], postgres_url: str, tmp_path: Path
) -> None:
    assert "no workspace dallas" in say("a", "fleet", "move", "dallas", "b", code=1)
    assert "no such machine" in say("a", "fleet", "move", "houston", "z", code=2)
    say("b", "hub", "add", "houston")
    assert "has a workspace houston already, on a" in say("b", "fleet", "join", postgres_url, code=2)
    assert "copies in" in say("c", "fleet", "init", postgres_url, "--copies", str(tmp_path / "other"), code=2)
    say("d", "hub", "init")
    assert "is in no fleet" in say("d", "fleet", "list", code=3)
    assert "not the address" in say("d", "fleet", "join", "mysql://x/y", code=2)


def test_one_operator_loads_no_driver() -> None:
    code = (
        "import sys, valhalla.cli.app as a; a.make_app('today'); import valhalla.program.database, valhalla.service.service,"
        " valhalla.service.hub_run; print([name for name in sys.modules if 'psycopg' in name or name == 'jobs.postgres'])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"
