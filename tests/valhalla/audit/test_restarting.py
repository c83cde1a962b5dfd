"""A chain that holds what must not stay is ended: what it said is in a copy, what is in the file is witnessed again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from db import audit, copies
from db.inspecting import inspect
from valhalla.audit import restarting, verifying
from valhalla.cli.entry import run as main
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.program.database import open_database
from valhalla.program.home import Home
from valhalla.program.schema import SCHEMA
from valhalla.safety import doctor
from valhalla.scoring import store

SCRIPT = Path(__file__).parents[3] / "scripts" / "verify_audit.py"
WORDS = "550 <jane@canary.example>"


@pytest.fixture
def old(home: Path, sample_leads: Path) -> tuple[Home, str]:
    """A home with an entry as version 0.1 wrote them, and the head of its chain."""
    with open_database(home / "valhalla.db") as database:
        store.seed(database)
        import_file(database, Request(str(sample_leads)))
        with database.write(durable=True):
            audit.add(database, "effect.failed", "effect:1", {"reason": WORDS})
        return Home(home), audit.head(database).hash


def test_the_doctor_says_which_entries_hold_words(old: tuple[Home, str]) -> None:
    home, _ = old
    with open_database(home.database) as database, database.write(durable=True):
        number = audit.head(database).entries
        audit.add(database, "effect.failed", "effect:2", {"reason": "the receiver answered 404: no Jane"})
        audit.add(database, "effect.failed", "effect:3", {"reason": "the receiver answered 404"})
        later = "the receiver answered 503; next try in 2 s"
        audit.add(database, "effect.approved", "effect:3", {"reason": later})

    def told() -> tuple[bool, str]:
        (check,) = [each for each in doctor.examine(home) if each.name == "words in the chain"]
        return check.ok, check.detail

    ok, detail = told()
    assert not ok and f"entries {number}, {number + 1} hold" in detail and "audit restart" in detail
    restarting.restart(home, "words")
    assert told()[0]


def test_the_words_are_gone_and_everything_is_witnessed(old: tuple[Home, str]) -> None:
    home, head = old
    done = restarting.restart(home, "words of a receiver")
    assert WORDS.encode() not in home.database.read_bytes()
    with open_database(home.database) as database:
        verdict = verifying.home_file(database, home.audit)
        assert verdict.ok and not verdict.unwitnessed and verdict.rows > 10
        action, body = database.sql("SELECT action, body FROM audit ORDER BY seq LIMIT 1")[0]
        told = json.loads(body)
        assert action == "audit.restart" and told["reason"] == "words of a receiver"
        with database.write():
            database.sql("UPDATE lead SET name = 'X' WHERE id = 1")
        assert verifying.home_file(database, home.audit).ok, "the home is used as before"
    kept = Path(done["copy"])
    assert inspect(kept, SCHEMA, told["head"]).ok and inspect(kept, SCHEMA, head).ok
    assert WORDS.encode() in kept.read_bytes()


def test_a_head_of_the_old_chain_is_answered_from_the_copy(
    old: tuple[Home, str], capsys: pytest.CaptureFixture[str]
) -> None:
    home, head = old
    assert main(["audit", "restart", "--reason", "words", "--yes"]) == 0
    capsys.readouterr()
    assert main(["audit", "verify", "--head", head]) == 0
    assert "of the chain that was ended" in capsys.readouterr().out
    assert main(["audit", "verify", "--head", "0" * 64]) == 1
    assert main(["audit", "verify"]) == 0
    (kept,) = (home.audit / restarting.FOLDER).glob("*.db")
    assert main(["audit", "verify", str(kept)]) == 0
    for path in (kept, home.database):
        alone = subprocess.run([sys.executable, str(SCRIPT), str(path)], capture_output=True, check=False)
        assert alone.returncode == 0, alone.stdout


def test_a_file_that_does_not_verify_keeps_its_chain(old: tuple[Home, str]) -> None:
    home, _ = old
    with open_database(home.database) as database:
        connection = database.connection()
        with database.recorder().off():
            connection.execute("UPDATE lead SET name = 'Planted' WHERE id = 1")
    before = home.database.read_bytes()
    with pytest.raises(copies.NotVerified):
        restarting.restart(home, "words")
    assert home.database.read_bytes() == before
