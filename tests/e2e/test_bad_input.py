"""Whatever is wrong: one clear sentence, the right exit code, nothing half-written."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from valhalla.program.database import open_database

Run = Callable[..., Any]

HEADER = "name,email,value\n"
GOOD = HEADER + "Ann Ames,ann@example.com,100000\n"


def one_sentence(text: str) -> str:
    """``text`` is exactly one line of prose, without a trace of Python in it."""
    assert text.endswith("\n") and text.count("\n") == 1, text
    assert "Traceback" not in text and "Error(" not in text
    return text.strip()


def refused(answer: Any, code: int, *words: str) -> None:
    assert answer.code == code, (answer.out, answer.err)
    sentence = one_sentence(answer.err)
    for word in words:
        assert word in sentence


def leads(home: Path) -> int:
    if not (home / "valhalla.db").exists():
        return 0
    with open_database(home / "valhalla.db", create=False) as database:
        return int(database.value("SELECT count(*) FROM lead"))


def test_missing_file(valhalla: Run, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    refused(valhalla("ingest", path), 3, f"The file '{path}' was not found.")
    refused(valhalla("run", "--source", path, "--cycles", 1), 3, f"The file '{path}' was not found.")
    assert leads(home) == 0


def test_one_of_several_is_missing(inside: Run, home: Path, tmp_path: Path, sample: Path) -> None:
    refused(inside("ingest", sample, tmp_path / "none.csv"), 3, "none.csv")
    assert leads(home) == 10, "the other one is read all the same"


def test_folder_without_lists(inside: Run, tmp_path: Path) -> None:
    folder = tmp_path / "empty folder"
    folder.mkdir()
    refused(inside("ingest", folder), 3, "there is no lead list in the folder", str(folder))


NO_LISTS = [
    (b"", "EMPTY_FILE", "is empty"),
    (b"PK\x03\x04" + b"\x00" * 200, "NOT_READABLE", "workbook"),
    (b"<html><body>not a list</body></html>", "NOT_CSV", "web page"),
    (b"\x89PNG\r\n\x1a\n" + bytes(200), "NOT_CSV", "wrong-3.csv"),
    (b"phone,notes\n713-555-0101,x\n", "MISSING_COLUMN", "name"),
]


def test_files_that_are_no_lists(inside: Run, home: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"wrong-{number}.csv" for number in range(len(NO_LISTS))]
    for path, (content, _, _) in zip(paths, NO_LISTS, strict=True):
        path.write_bytes(content)
    answer = inside("ingest", *paths, "--json")
    assert answer.code == 3
    assert [file["error"]["code"] for file in answer.json["files"]] == [code for _, code, _ in NO_LISTS]
    answer = inside("ingest", *paths)
    assert answer.code == 3
    sentences = answer.err.splitlines(keepends=True)
    for sentence, (_, _, word) in zip(sentences, NO_LISTS, strict=True):
        assert word in one_sentence(sentence)
    refused(inside("ingest", paths[0]), 3, "is empty")
    assert leads(home) == 0
    for number, path in enumerate(paths):
        path.write_text(GOOD.replace("ann", f"ann{number}").replace("Ann", f"Ann{number}"), encoding="utf-8")
    assert inside("ingest", *paths, "--json").json["totals"]["new"] == len(paths), "mended, they are read"


def test_header_only_is_an_empty_list(inside: Run, tmp_path: Path) -> None:
    path = tmp_path / "header.csv"
    path.write_text(HEADER, encoding="utf-8")
    answer = inside("ingest", path, "--json")
    assert answer.code == 0 and answer.json["totals"]["rows"] == 0 and not answer.json["files"][0]["error"]


def test_every_row_refused(inside: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(HEADER + "Ann,ann.example.com,1\nBen,,2\n", encoding="utf-8")
    answer = inside("ingest", path)
    assert answer.code == 1 and "Invalid leads: 2" in answer.out
    assert f"[REJECTED] {path}:2: Invalid email format: ann.example.com" in answer.out


def test_wrong_usage(valhalla: Run) -> None:
    refused(valhalla("leeds"), 2, "leeds")
    refused(valhalla("leads", "top", "--limit", "many"), 2, "--limit", "valhalla leads top --help")
    refused(valhalla("run", "--interval", "0"), 2, "--interval", "greater than or equal to 1")


def test_db_only_reads(inside: Run, home: Path, sample: Path) -> None:
    inside("ingest", sample)
    file = home / "valhalla.db"
    refused(inside("ingest", sample, "--db", file), 2, "--db only reads")
    refused(inside("config", "set", "interval", 5, "--db", file), 2, "--db only reads")
    assert len(inside("leads", "top", "--db", file, "--json").json) == 10


def test_no_home_yet(inside: Run, home: Path) -> None:
    refused(inside("leads", "top"), 3, "there is no Valhalla file", "valhalla ingest FILE")
    assert not home.exists()


def test_a_file_that_is_no_database(inside: Run, home: Path, sample: Path) -> None:
    home.mkdir()
    (home / "valhalla.db").write_bytes(b"this is a text and no database " * 200)
    before = (home / "valhalla.db").read_bytes()
    refused(inside("ingest", sample), 3, "is not a Valhalla database")
    assert (home / "valhalla.db").read_bytes() == before


def test_a_database_of_another_program(valhalla: Run, home: Path, sample: Path) -> None:
    home.mkdir()
    with sqlite3.connect(home / "valhalla.db") as other:
        other.execute("CREATE TABLE recipe (name TEXT)")
    other.close()
    before = (home / "valhalla.db").read_bytes()
    refused(valhalla("ingest", sample), 3, "another program")
    assert (home / "valhalla.db").read_bytes() == before


def test_a_newer_schema(inside: Run, home: Path, sample: Path) -> None:
    inside("ingest", sample)
    with sqlite3.connect(home / "valhalla.db") as file:
        file.execute("PRAGMA user_version = 9999")
    file.close()
    refused(inside("ingest", sample), 3, "newer version of Valhalla", "update the program")
    refused(inside("leads", "top", "--db", home / "valhalla.db"), 3, "newer version of Valhalla")


def test_the_home_is_a_file(inside: Run, home: Path, sample: Path) -> None:
    home.write_text("not a folder", encoding="utf-8")
    refused(inside("ingest", sample), 3, "choose another --home")


def test_no_permission(home: Path, tmp_path: Path, bound_by_permissions: list[str]) -> None:
    path = tmp_path / "list.csv"
    path.write_text(GOOD, encoding="utf-8")

    def ingest() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *bound_by_permissions,
                sys.executable,
                "-m",
                "valhalla",
                "--home",
                str(home),
                "ingest",
                str(path),
            ],
            capture_output=True,
            encoding="utf-8",
            cwd=tmp_path,
            timeout=60,
        )

    path.chmod(0)
    answer = ingest()
    assert answer.returncode == 3 and "cannot be read: permission denied" in one_sentence(answer.stderr)
    path.chmod(0o644)
    assert ingest().returncode == 0
    home.chmod(0o555)
    answer = ingest()
    home.chmod(0o755)
    assert answer.returncode == 3 and "may not be written" in one_sentence(answer.stderr)
    (home / "valhalla.db").chmod(0o400)
    answer = ingest()
    assert answer.returncode == 3 and "may not be written" in one_sentence(answer.stderr)


def test_a_locked_file(valhalla: Run, home: Path, tmp_path: Path, sample: Path) -> None:
    valhalla("ingest", sample)
    more = tmp_path / "more.csv"
    more.write_text(GOOD, encoding="utf-8")
    other = sqlite3.connect(home / "valhalla.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        refused(valhalla("ingest", more), 3, "locked for too long")
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert valhalla("ingest", more, "--json").json["totals"]["new"] == 1


@pytest.mark.skipif(sys.platform != "linux", reason="uses a limit on file sizes in place of a full disk")
def test_a_full_disk(valhalla: Run, home: Path, tmp_path: Path, lead_list: Any) -> None:
    valhalla("ingest", Path(__file__).parents[2] / "examples" / "real_leads.csv")
    path, truth = lead_list(6_000, seed=3)

    def small_files() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))

    answer = subprocess.run(
        [sys.executable, "-m", "valhalla", "--home", str(home), "ingest", str(path)],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        preexec_fn=small_files,
        timeout=120,
    )
    assert answer.returncode == 3, (answer.stdout, answer.stderr)
    one_sentence(answer.stderr)
    with open_database(home / "valhalla.db", create=False) as database:
        assert database.value("PRAGMA integrity_check") == "ok"
        stored = database.value("SELECT count(*) FROM lead WHERE import_id > 1")
        said = database.value("SELECT coalesce(sum(new), 0) FROM import WHERE id > 1")
        assert stored == said
        assert database.sql("SELECT task, severity FROM alert") == [("import.file", "error")]
    totals = valhalla("ingest", path, "--json").json["totals"]
    assert totals["rows"] == 6_000
    assert leads(home) == 10 + truth.leads
