"""``valhalla doctor`` says what is wrong with a home and, when asked to, mends what can be mended."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from valhalla.cli.entry import run
from valhalla.program.home import Home
from valhalla.scoring.opening import open_home


@pytest.fixture
def sound(tmp_path: Path) -> Home:
    """A home as the first command makes it."""
    home = Home(tmp_path / "home")
    with open_home(home):
        pass
    return home


def doctor(home: Home, *more: str) -> int:
    return run(["--home", str(home.path), "doctor", *more])


def plant(home: Home, *statements: str) -> None:
    connection = apsw.Connection(str(home.database))
    for statement in statements:
        connection.execute(statement).fetchall()
    connection.close()


def test_a_planted_trigger_is_named_and_taken_out(sound: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(sound) == 0
    plant(
        sound,
        "CREATE TRIGGER planted AFTER INSERT ON setting BEGIN UPDATE effect SET state = 'approved'; END",
    )
    capsys.readouterr()
    assert doctor(sound) == 1
    assert "trigger planted is none of this schema" in capsys.readouterr().out
    assert run(["--home", str(sound.path), "leads", "list"]) == 0, "reading goes on"
    assert run(["--home", str(sound.path), "config", "set", "interval", "60"]) != 0
    told = capsys.readouterr()
    assert "doctor --repair" in told.out + told.err
    assert doctor(sound, "--repair") == 0
    assert "mended  trigger planted" in capsys.readouterr().out
    assert len([*sound.path.glob("valhalla-before-repair-*.db")]) == 1
    assert run(["--home", str(sound.path), "config", "set", "interval", "60"]) == 0


def test_tables_of_a_replication_tool_are_named_and_stop_nothing(
    sound: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(sound, "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)")
    plant(sound, "CREATE TABLE _other_seq (id INTEGER PRIMARY KEY, seq INTEGER)")
    assert doctor(sound) == 0
    told = capsys.readouterr().out
    assert (
        "table _litestream_seq is of Litestream, which copies the database; table _other_seq is none of this"
        in told
    )
    assert "continuous copies: no copies outside of this computer" in told
    assert run(["--home", str(sound.path), "config", "set", "interval", "60"]) == 0
