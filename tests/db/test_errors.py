"""The sentence for each kind of trouble."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import SimpleNamespace

import apsw
import pytest

from db import errors
from db.schema import Words

EXPECTED = {
    apsw.SQLITE_BUSY: errors.Busy,
    apsw.SQLITE_LOCKED: errors.Busy,
    apsw.SQLITE_FULL: errors.DiskFull,
    apsw.SQLITE_NOTADB: errors.ForeignFile,
    apsw.SQLITE_CORRUPT: errors.Damaged,
    apsw.SQLITE_READONLY: errors.ReadOnly,
    apsw.SQLITE_CANTOPEN: errors.CannotOpen,
    apsw.SQLITE_IOERR: errors.DiskFailure,
}


@pytest.mark.parametrize(("code", "kind"), EXPECTED.items(), ids=lambda each: getattr(each, "__name__", None))
def test_sqlites_error_becomes_one_sentence_that_names_the_file(
    code: int, kind: type[errors.DatabaseError], tmp_path: Path
) -> None:
    path = tmp_path / "valhalla.db"
    translated = errors.translate(apsw.exception_for(code), path, Words())
    assert type(translated) is kind
    assert str(path) in str(translated)
    assert "\n" not in str(translated)
    assert str(translated)[-1] not in ".!"


@pytest.mark.parametrize("code", [apsw.SQLITE_IOERR, apsw.SQLITE_CANTOPEN])
@pytest.mark.parametrize(("free", "is_full"), [(0, True), (4_096, True), (10**9, False)])
def test_disk_without_space_is_not_taken_for_a_broken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, free: int, is_full: bool
) -> None:
    monkeypatch.setattr(errors.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    told = errors.translate(apsw.exception_for(code), tmp_path / "valhalla.db", Words())
    assert isinstance(told, errors.DiskFull) == is_full


@pytest.mark.parametrize("code", [apsw.SQLITE_CONSTRAINT, apsw.SQLITE_MISUSE, apsw.SQLITE_ERROR])
def test_an_error_of_the_program_is_not_told_as_one_of_the_file(code: int) -> None:
    assert errors.translate(apsw.exception_for(code), "valhalla.db", Words()) is None


def test_every_error_is_of_the_one_tree_and_says_what_it_means() -> None:
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if kind.__module__ == errors.__name__:
            assert issubclass(kind, errors.DatabaseError), name
            assert kind.__doc__, name
