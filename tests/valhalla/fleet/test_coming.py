"""What is here before a workspace is this machine's saves time, and is never taken for more than it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from db import Database
from valhalla.audit import restoring
from valhalla.fleet import litestream, protecting
from valhalla.fleet.coming import Ahead, Coming
from valhalla.fleet.continuous import Continuous
from valhalla.program import settings
from valhalla.program.database import open_database
from valhalla.program.home import Home

fetching = pytest.mark.skipif(os.name == "nt", reason="a copy that is read cannot be given its name there")
sent = pytest.mark.skipif(not litestream.find().usable, reason=f"{litestream.find()}")


@pytest.fixture
def new(tmp_path: Path) -> Home:
    """Where the workspace will be."""
    return Home(tmp_path / "new")


def files_in(home: Home) -> list[str]:
    return [each.name for each in home.path.rglob("*.db")]


def made(place: Path) -> tuple[Path, str]:
    """The copy in the place, and the SHA-256 by which it is handed over."""
    (copy,) = protecting.all_copies(place)
    return copy, str(protecting._manifest_of(copy)["sha256"])


def while_it_is_verified(place: Path, coming: Coming) -> None:
    """Fetch the copy as it stands there until it has been verified."""
    copy, _ = made(place)
    unchecked = copy.rename(copy.with_name(f".{copy.name}.123.unchecked"))
    coming.fetch(str(place))
    unchecked.rename(copy)


@fetching
def test_a_copy_that_was_fetched_becomes_the_file(place: Path, new: Home) -> None:
    coming = Coming(new)
    coming.fetch(str(place))
    assert coming.path is None, "it has its name: there is nothing to be early for"
    while_it_is_verified(place, coming)
    copy, sha256 = made(place)
    assert coming.path is not None and coming.path.name == copy.name
    fetched = coming.path.stat().st_ino
    done = protecting.restore_handed_over(new, str(place), sha256, coming.path)
    coming.forget()
    assert done["head"] == protecting._manifest_of(copy)["head"]
    assert new.database.stat().st_ino == fetched, "it was not copied once more"
    assert files_in(new) == ["valhalla.db"]


@fetching
def test_bytes_that_are_not_those_that_were_handed_over_are_refused(place: Path, new: Home) -> None:
    coming = Coming(new)
    while_it_is_verified(place, coming)
    assert coming.path is not None
    content = bytearray(coming.path.read_bytes())
    content[len(content) // 2] ^= 1
    coming.path.write_bytes(content)
    _, sha256 = made(place)
    with pytest.raises(restoring.NotRestorable, match="are not those that were verified"):
        protecting.restore_handed_over(new, str(place), sha256, coming.path)
    coming.forget()
    assert files_in(new) == [], "nothing is left of it"
    assert protecting.restore_handed_over(new, str(place), sha256)["leads"] == 0


@fetching
def test_each_copy_is_fetched_once_and_only_the_newest_is_kept(
    place: Path, new: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    copyfile = shutil.copyfile
    copy, _ = made(place)
    coming = Coming(new)
    for name in ("1", "1", "2"):
        for old in place.glob(".*.unchecked"):
            old.unlink()
        shutil.copy(copy, copy.with_name(f".{copy.name}.{name}.unchecked"))
        with monkeypatch.context() as patched:
            patched.setattr(
                shutil, "copyfile", lambda *given: copied.append(given[0].name) or copyfile(*given)
            )
            coming.fetch(str(place))
    assert [each.split(".")[-2] for each in copied] == ["1", "2"]
    assert len(files_in(new)) == 1
    coming.forget()
    assert files_in(new) == [] and coming.path is None


# -- what Litestream sent ------------------------------------------------------------------------------------


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Litestream was asked to put together."""
    asked: list[str] = []
    begin = litestream.begin_restore
    monkeypatch.setattr(litestream, "begin_restore", lambda *given: asked.append(given[2]) or begin(*given))
    return asked


@pytest.fixture
def send(database: Database, home: Home) -> Callable[[str], None]:
    """A function that changes something and has it sent."""

    def change(name: str) -> None:
        settings.save(database, "my.name", name)
        sending = Continuous(database, home)
        sending.tick()
        assert sending.running
        sending.end()

    return change


@sent
def test_what_was_put_together_early_is_verified_and_becomes_the_file(
    place: Path, new: Home, send: Callable[[str], None], counted: list[str]
) -> None:
    send("Ann")
    ahead = Ahead(new, str(place))
    put = ahead.put()
    assert put is not None
    done = protecting.restore(new, place, put)
    assert len(counted) == 1 and done["passed_over"] is None
    ahead.forget()
    assert files_in(new) == ["valhalla.db"]
    with open_database(new.database) as database:
        assert settings.value(database, "my.name") == "Ann"


@pytest.mark.parametrize(
    ("names", "upto"),
    [
        ((), ""),
        (("0/{1}-{1}", "0/{2}-{2}", "0/{3}-{3}"), "{3}"),
        (("9/{1}-{1}", "1/{2}-{3}"), "{3}"),  # the same, put together
        (("9/{1}-{1}", "1/{2}-{3}", "0/{4}-{4}"), "{4}"),
    ],
)
def test_putting_pieces_together_is_no_change(names: tuple[str, ...], upto: str, tmp_path: Path) -> None:
    ids = [f"{number:016x}" for number in (0, 1, 9, 10, 17)]
    for name in names:
        piece = tmp_path / "continuous-1" / "ltx" / f"{name.format(*ids)}.ltx"
        piece.parent.mkdir(parents=True, exist_ok=True)
        piece.touch()
    assert litestream.sent_up_to(tmp_path, "continuous-1") == upto.format(*ids)
    assert litestream.sent_up_to(tmp_path, "continuous-2") == ""


@sent
@pytest.mark.parametrize("late", [False, True], ids=["seen at once", "seen only when it is whole"])
def test_what_was_sent_since_is_not_missed(
    late: bool, place: Path, new: Home, send: Callable[[str], None], counted: list[str]
) -> None:
    send("Ann")
    ahead = Ahead(new, str(place))
    put = ahead.put()
    assert put is not None
    send("Bob")
    if not late:
        put = ahead.put()
        assert put is None
    protecting.restore(new, place, put)
    assert len(counted) == 2
    with open_database(new.database) as database:
        assert settings.value(database, "my.name") == "Bob"


@sent
def test_what_does_not_verify_is_passed_over_though_it_was_early(
    place: Path, new: Home, send: Callable[[str], None]
) -> None:
    send("Ann")
    ahead = Ahead(new, str(place))
    put = ahead.put()
    assert put is not None
    put.path.write_bytes(put.path.read_bytes()[:-4096])
    done = protecting.restore(new, place, put)
    assert "is damaged" in done["passed_over"]
    with open_database(new.database) as database:
        assert settings.value(database, "my.name") != "Ann", "it is the whole copy"


@sent
@pytest.mark.parametrize("whole", [False, True])
def test_what_is_not_needed_is_removed(
    whole: bool, place: Path, new: Home, send: Callable[[str], None]
) -> None:
    send("Ann")
    ahead = Ahead(new, str(place))
    if whole:
        assert ahead.put() is not None and len(files_in(new)) == 1
    ahead.forget()
    assert ahead.put() is None
    assert files_in(new) == []


@sent
def test_where_nothing_was_sent_there_is_nothing(place: Path, new: Home) -> None:
    assert Ahead(new, str(place)).put() is None
    assert Ahead(new, str(place / "no such folder")).put() is None
