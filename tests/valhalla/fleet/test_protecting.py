"""Copies outside of the home, and coming back from them when the computer is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from db import Database, audit
from db.clock import DAY, MINUTE
from db.inspecting import manifest_path
from db.verifying import verify
from valhalla.audit import restoring
from valhalla.fleet import protecting
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.program.database import open_database
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.home import Home
from valhalla.sandbox.alerts import AlertSystem
from valhalla.scoring import store


def test_a_copy_is_there_when_protect_returns_and_brings_everything_back(
    database: Database, home: Home, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text(
        "name,email,value\nAnn Ames,ann@example.com,100000\n", encoding="utf-8"
    )
    store.seed(database)
    import_file(database, Request(str(tmp_path / "list.csv")))
    made = protecting.protect(database, home, str(tmp_path / "stick"))
    head = made["head"]
    assert Path(made["path"]).is_file()
    database.close_all()
    shutil.rmtree(home.path)
    done = protecting.restore(Home(tmp_path / "new"), tmp_path / "stick")
    assert (done["leads"], done["head"], done["kept"]) == (1, head, None)
    with open_database(tmp_path / "new" / "valhalla.db", create=False) as back:
        assert back.value("SELECT name FROM lead") == "Ann Ames"


def test_a_copy_is_made_when_it_is_due_and_old_ones_go(
    database: Database, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VALHALLA_PROTECT_KEPT", "2")
    began = database.clock()
    protecting.protect(database, home, str(tmp_path / "stick"))
    assert protecting.copy_if_due(database, home) is None
    for hour in (1, 2, 3):
        database.clock = lambda hour=hour: began + hour * 61 * MINUTE  # type: ignore[method-assign,misc]
        assert protecting.copy_if_due(database, home) is not None
    assert len(protecting.all_copies(tmp_path / "stick")) == 2
    assert len(list((tmp_path / "stick").iterdir())) == 4, "each with its manifest"


def test_a_folder_that_is_gone_is_an_alert_and_not_an_end(
    database: Database, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protecting.protect(database, home, str(tmp_path / "stick"))
    shutil.rmtree(tmp_path / "stick")
    (tmp_path / "stick").write_text("no folder")
    assert protecting.copy_if_due(database, home) is None
    assert [each["task"] for each in AlertSystem(database=database).get_alerts()] == [protecting.ALERT]


def test_a_drill_restores_the_newest_copy_and_says_so_in_the_chain(
    database: Database, home: Home, tmp_path: Path
) -> None:
    made = protecting.protect(database, home, str(tmp_path / "stick"))
    assert protecting.drill(database, home)["ok"]
    copy = Path(made["path"])
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 0xFF
    copy.write_bytes(content)
    assert not protecting.drill(database, home)["ok"]
    drills = database.sql("SELECT body FROM audit WHERE action = 'protect.drill' ORDER BY seq")
    assert [audit.parsed(body)["ok"] for (body,) in drills] == [True, False]
    assert AlertSystem(database=database).get_alerts(severity="critical")


def test_a_drill_is_due_at_first_then_each_month_and_a_day_after_one_that_failed(
    database: Database, home: Home, tmp_path: Path
) -> None:
    assert protecting.drill_if_due(database, home) is None, "there is nothing to restore"
    copy = Path(protecting.protect(database, home, str(tmp_path / "stick"))["path"])
    began = database.clock()

    def on(day: int) -> bool | None:
        database.clock = lambda: began + day * DAY  # type: ignore[method-assign]
        made = protecting.drill_if_due(database, home)
        return None if made is None else made["ok"]

    assert [on(0), on(29), on(30), on(31)] == [True, None, True, None]
    copy.write_bytes(copy.read_bytes()[:-1] + b"!")
    assert [on(60), on(60), on(61)] == [False, None, False]
    (dated,) = database.one("SELECT at FROM audit WHERE action = 'protect.drill' ORDER BY seq DESC LIMIT 1")
    assert dated == began + 61 * DAY


@pytest.mark.parametrize("target", ["ftp://server/x", "HOME", "HOME/copies", "FILE"])
def test_what_cannot_protect_is_refused(database: Database, home: Home, tmp_path: Path, target: str) -> None:
    (tmp_path / "file").write_text("x")
    named = target.replace("HOME", str(home.path)).replace("FILE", str(tmp_path / "file"))
    with pytest.raises(UsageError):
        protecting.protect(database, home, named)
    assert protecting.state(database).folder is None


def test_two_files_do_not_share_a_folder(database: Database, home: Home, tmp_path: Path) -> None:
    protecting.protect(database, home, str(tmp_path / "stick"))
    protecting.protect(database, home, str(tmp_path / "stick"))
    other = Home(tmp_path / "other")
    other.prepare()
    with open_database(other.database) as second, pytest.raises(UsageError, match="another file"):
        protecting.protect(second, other, str(tmp_path / "stick"))


def test_after_it_is_off_no_copy_is_made(database: Database, home: Home, tmp_path: Path) -> None:
    protecting.protect(database, home, str(tmp_path / "stick"))
    protecting.unprotect(database)
    assert protecting.state(database).folder is None
    assert protecting.copy_if_due(database, home) is None


def test_what_is_handed_over_is_known_by_its_bytes(
    database: Database, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "inspect", lambda *given, **named: pytest.fail("it was verified already"))
    stick, began = tmp_path / "stick", database.clock()
    made = protecting.protect(database, home, str(stick))
    database.clock = lambda: began + MINUTE  # type: ignore[method-assign]
    protecting.protect(database, home, str(stick))
    done = protecting.restore_handed_over(Home(tmp_path / "new"), str(stick), made["sha256"])
    assert (done["head"], done["copy"]) == (made["head"], made["path"])
    with open_database(tmp_path / "new" / "valhalla.db", create=False) as back:
        assert verify(back).ok

    copy = Path(made["path"])
    content = bytearray(copy.read_bytes())
    content[-1] ^= 1
    copy.write_bytes(content)
    with pytest.raises(restoring.NotRestorable, match="are not those that were verified"):
        protecting.restore_handed_over(Home(tmp_path / "other"), str(stick), made["sha256"])
    assert not Home(tmp_path / "other").database.exists()
    copy.unlink()
    manifest_path(copy).unlink()
    with pytest.raises(NotFound, match="not in"):
        protecting.restore_handed_over(Home(tmp_path / "other"), str(stick), made["sha256"])


def test_a_folder_without_copies_is_said(tmp_path: Path) -> None:
    for source in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NotFound):
            protecting.restore(Home(tmp_path / "new"), source)
