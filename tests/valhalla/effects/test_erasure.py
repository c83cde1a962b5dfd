"""The right to erasure."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from db import Database, audit
from valhalla.effects import erasure
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.leads import suppression
from valhalla.leads.traces import BLOCK, Traces
from valhalla.program.database import open_database
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.instance import Running
from valhalla.scoring import store


def test_nothing_of_the_person_is_left_in_the_file(tmp_path: Path, index: Any) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    path = lists / "a.csv"
    path.write_text(
        "name,email,value,phone,notes\n"
        "Quentin Forgetme,quentin@forgetme.example,1,713-555-2191,his secretword\n"
        "Quentin Forgetme,quentin@forgetme.example,2,713-555-2191,his secretword2\n"
        "Other Person,other@example.com,3,,\n"
        "Broken,quentin@forgetme.example,oops,713-555-2191,\n",
        encoding="utf-8",
    )
    with open_database(tmp_path / "valhalla.db") as database:
        store.seed(database)
        import_file(database, Request(str(path)))
        index(database)
        result = erasure.forget(
            database, erasure.who(database, suppression.entry("quentin@forgetme.example"))
        )
        assert (result["leads"], result["rejects"], result["still_in"]) == ([1], 1, [str(path)])
        assert [row[0] for row in database.sql("SELECT name FROM lead")] == ["Other Person"]
        assert audit.check_chain(database) == [] and database.sql("PRAGMA foreign_key_check") == []
        assert database.value("PRAGMA integrity_check") == "ok"
        with pytest.raises(NotFound):
            erasure.who(database, suppression.entry("quentin@forgetme.example"))
        import_file(database, Request(str(path), again=True))
        codes = database.sql("SELECT code, raw, value FROM reject WHERE import_id = 2 ORDER BY line")
        assert codes == [("HELD", "", None)] * 3, "the broken row is recognised too"
        assert database.value("SELECT count(*) FROM lead") == 1
    content = (tmp_path / "valhalla.db").read_bytes().lower()
    for word in (b"forgetme", b"secretword", b"7135552191", b"713-555-2191"):
        assert word not in content


def test_no_page_keeps_what_a_row_said_before_it_was_changed_or_moved(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with open_database(tmp_path / "valhalla.db") as database:
        store.seed(database)
        for value in range(1, 4):
            rows = [f"Jo {who},jo{who}@forgetme.example,{value}{'0' * (who % 3)}" for who in range(40)]
            path.write_text("\n".join(["name,email,value", *rows, ""]), encoding="utf-8")
            import_file(database, Request(str(path)))
        for who in (6, 17, 33):
            entry = suppression.entry(f"jo{who}@forgetme.example")
            erasure.forget(database, erasure.who(database, entry))
        assert not erasure.uncleaned(database)
    content = (tmp_path / "valhalla.db").read_bytes()
    assert [who for who in (6, 17, 33) if f"jo{who}@forgetme".encode() in content] == []
    assert b"jo7@forgetme" in content, "else this test proves nothing"


def test_a_file_that_could_not_be_cleaned_is_named_and_cleaned_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,email,value\nQuentin,quentin@forgetme.example,1\n", encoding="utf-8")
    with open_database(tmp_path / "valhalla.db") as database:
        store.seed(database)
        import_file(database, Request(str(path)))
        with monkeypatch.context() as busy:
            busy.setattr(database, "compact", lambda: False)
            result = erasure.forget(database, [1])
        assert str(tmp_path / "valhalla.db") in result["still_in"]
        assert erasure.uncleaned(database)
        assert erasure.clean(database)
        assert not erasure.uncleaned(database)


def test_a_large_file_that_another_process_uses_is_left_to_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_database(tmp_path / "valhalla.db") as database:
        monkeypatch.setattr(erasure, "running", lambda home: Running(1, 0, "run"))
        assert erasure.clean(database), "it is small"
        monkeypatch.setattr(erasure, "LARGE", 1)
        assert not erasure.clean(database)
        monkeypatch.setattr(erasure, "running", lambda home: Running(os.getpid(), 0, "run"))
        assert erasure.clean(database)


def test_right_after_forgetting_the_bytes_are_gone(desk: Any, tmp_path: Path, index: Any) -> None:
    path = tmp_path / "gone.csv"
    path.write_text(
        "name,email,value,notes\nQuentin,quentin@forgetme.example,1,secretword\nBo,bo@x.com,1,\n",
        encoding="utf-8",
    )
    with open_database(tmp_path / "valhalla.db") as database:
        store.seed(database)
        import_file(database, Request(str(path)))
        index(database)
        database.checkpoint()
        erasure.forget(database, [1])
    content = (tmp_path / "valhalla.db").read_bytes().lower()
    assert b"forgetme" not in content and b"secretword" not in content


@pytest.mark.parametrize("at", [0, BLOCK - 5, 3 * BLOCK, 8 * BLOCK - 15])
def test_a_list_is_searched_in_blocks_also_where_they_meet(tmp_path: Path, at: int) -> None:
    path, needle = tmp_path / "large.csv", b"ann@example.com"
    content = bytearray(b"x" * (8 * BLOCK))
    content[at : at + len(needle)] = needle.upper()
    path.write_bytes(content)
    del content
    tracemalloc.start()
    try:
        assert Traces({"ann@example.com"}, {"7135552191"}).in_file(path)
        assert not Traces({"bob@example.com"}).in_file(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 6 * BLOCK, "the list of eight blocks was in memory as a whole"


def test_a_person_is_named_by_number_address_or_telephone(database: Database, people: Any) -> None:
    store.seed(database)
    people(2)
    assert erasure.named(database, "2") == ([2], None)
    assert erasure.named(database, "123456") == ([123456], None), "nobody has a telephone number that short"
    for text, kind in (("7135550002", "phone"), ("17135550002", "phone"), ("p2@example.com", "email")):
        leads, entry = erasure.named(database, text)
        assert leads == [2] and entry is not None and entry.kind == kind
    with pytest.raises(UsageError, match="one person"):
        erasure.named(database, "example.com")
