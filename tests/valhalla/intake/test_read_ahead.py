"""Reading in a second process gives what reading in this one gives."""

from __future__ import annotations

import marshal
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from db import Database
from db.verifying import verify
from valhalla.intake import helper, helper_main, importer, read_ahead
from valhalla.intake.helper_protocol import PART_ROWS, file_of, packed, unpacked
from valhalla.intake.importer import import_file
from valhalla.intake.reading import DEFAULT_SOURCE, Position, Profile, SourceError, open_source, prefix_hash
from valhalla.intake.reading.chunk import CHUNK_BYTES
from valhalla.intake.reading.said import SaidBefore
from valhalla.intake.request import Request
from valhalla.intake.watchdog import Patience
from valhalla.leads import do_not_contact
from valhalla.leads.suppression import entry
from valhalla.program import executable
from valhalla.program.database import memory_database, open_database
from valhalla.scoring import store as stages
from valhalla.scoring.stages import Context

TIMES = ("at", "created_at", "updated_at", "decided_at", "started_at", "finished_at")
START = Position()


def opened() -> Database:
    database = memory_database()
    stages.seed(database)
    return database


def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    for table in ("lead", "lead_key", "lead_history", "reject", "import"):
        columns = [row[1] for row in database.sql(f"PRAGMA table_info('{table}')") if row[1] not in TIMES]
        found[table] = database.sql(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1, 2")
    return found


def what(path: Path, start: Position = START) -> read_ahead.List:
    stat = path.stat()
    file = [stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns]
    return read_ahead.List(path, Profile(), None, start, "csv", final=True, file=file)


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> list[read_ahead.ReadAhead]:
    """Every list is worth a second process; those that were started."""
    started: list[read_ahead.ReadAhead] = []
    begin = read_ahead.ReadAhead.__init__

    def noticed(self: read_ahead.ReadAhead, *given: Any) -> None:
        begin(self, *given)
        started.append(self)

    monkeypatch.setattr(helper, "WORTH_BYTES", 0)
    monkeypatch.setattr(read_ahead.ReadAhead, "__init__", noticed)
    return started


@pytest.fixture(params=["the second process", "this one", "now this, now that"])
def decides(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which of the two decides on the rows."""
    few, many = {"the second process": (0, 0), "this one": (2**40, 2**40)}.get(request.param, (1, 2**20))
    monkeypatch.setattr(read_ahead, "FEW_BYTES", few)
    monkeypatch.setattr(read_ahead, "MANY_BYTES", many)
    return str(request.param)


def test_the_file_ends_up_the_same(
    lead_list: Any,
    readers: list[read_ahead.ReadAhead],
    monkeypatch: pytest.MonkeyPatch,
    decides: str,
) -> None:
    path, truth = lead_list(12_000, seed=5)
    monkeypatch.setenv("VALHALLA_IMPORT_CHUNK_ROWS", "3500")
    with opened() as alone, opened() as helped:
        import_file(helped, Request(str(path)))
        assert len(readers) == 1
        monkeypatch.setenv("VALHALLA_IMPORT_READ_AHEAD", "off")
        import_file(alone, Request(str(path)))
        assert len(readers) == 1
        assert len(dump(alone)["lead"]) == truth.leads
        assert helped.sql("PRAGMA foreign_key_check") == [], "what is not looked up fits all the same"
        assert helped.value("PRAGMA foreign_keys") == 1, "and later statements are looked up again"
        assert {key: value for key, value in dump(helped).items() if key != "import"} == {
            key: value for key, value in dump(alone).items() if key != "import"
        }


def test_the_digest_is_that_of_the_bytes_and_reading_goes_on_anywhere(
    lead_list: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_ahead, "FEW_BYTES", 0)
    path, _ = lead_list(9_000, seed=6)
    with opened() as database:
        context = stages.load(database, 1)
        with read_ahead.ReadAhead(what(path), context, 100_000, Patience(Path("list"))) as reader:
            found = reader.read(4_000, context)
            assert found is not None
            chunk, digest, decided = found
            assert decided is not None and {*map(len, decided.decisions)} == {len(chunk.accepted)}
            assert digest == prefix_hash(path, chunk.end.offset).hexdigest()
        with read_ahead.ReadAhead(what(path, chunk.end), context, 100_000, Patience(Path("list"))) as rest:
            found = rest.read(1_000_000, context)
            assert found is not None and found[0].start == chunk.end
            assert found[0].end.records == 9_000
            assert rest.read(1, context) is None and rest.read(1, context) is None


def test_decisions_of_another_policy_are_not_taken(lead_list: Any) -> None:
    path, _ = lead_list(100, seed=7)
    with opened() as database:
        context = stages.load(database, 1)
        other = Context(2, context.policy, context.snapshot_id, context.snapshot, 1)
        with read_ahead.ReadAhead(what(path), context, 1000, Patience(Path("list"))) as reader:
            found = reader.read(1000, other)
            assert found is not None and found[2] is None


def test_fewer_rows_come_at_a_time_while_fewer_are_asked_for(lead_list: Any) -> None:
    path, truth = lead_list(20_000, seed=6)
    with opened() as database:
        context, sizes = stages.load(database, 1), []
        with read_ahead.ReadAhead(what(path), context, 5_000, Patience(Path("list"))) as reader:
            while (found := reader.read(500, context)) is not None:
                sizes.append(found[0].records)
    assert sum(sizes) == truth.rows
    assert max(sizes[-4:-1]) <= 500


def test_an_unusable_list_is_refused_with_its_code(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_bytes(b"")
    with opened() as database, pytest.raises(SourceError) as refused:
        read_ahead.ReadAhead(what(path), stages.load(database, 1), 1000, Patience(Path("list")))
    assert refused.value.code == "EMPTY_FILE" and "is empty" in refused.value.message


@pytest.mark.parametrize("command", [["no-such-program-anywhere"], [sys.executable, "-c", "pass"]])
def test_without_a_second_process_the_list_is_read_here(
    lead_list: Any, readers: list[read_ahead.ReadAhead], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    path, truth = lead_list(500, seed=8)
    monkeypatch.setattr(executable, "helper", lambda _: command)
    with opened() as database:
        import_file(database, Request(str(path)))
        assert not readers and database.value("SELECT count(*) FROM lead") == truth.leads


def test_a_second_process_that_dies_loses_nothing(
    lead_list: Any, readers: list[read_ahead.ReadAhead], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, truth = lead_list(24_000, seed=9)
    monkeypatch.setenv("VALHALLA_IMPORT_CHUNK_ROWS", "1000")

    def kill(progress: importer.Progress) -> None:
        if len(readers) == 1:
            readers[0]._process.kill()
            readers[0]._process.wait()

    with opened() as database:
        with pytest.raises(EOFError):
            import_file(database, Request(str(path)), importer.Hooks(between=kill))
        assert 0 < database.value("SELECT rows FROM import") < 24_000
        import_file(database, Request(str(path)), importer.Hooks(between=kill))
        assert database.sql("SELECT state, rows FROM import") == [("done", 24_000)]
        assert database.value("SELECT count(*) FROM lead") == truth.leads


def asked_for(path: Path) -> dict[str, Any]:
    """What the second process is told about a list that is read by the usual rules."""
    with open_source(path) as source:
        return {
            "path": str(path),
            "profile": Profile().to_json(),
            "mapping": None,
            "start": START.to_json(),
            "source": DEFAULT_SOURCE,
            "rows": PART_ROWS,
            "file": file_of(source),
        }


def test_what_is_read_before_the_rules_are_told_is_the_lists_beginning(lead_list: Any) -> None:
    path, _ = lead_list(22_000, seed=10)
    guessed = helper_main._Guessed(str(path))
    while guessed.read():
        pass
    assert guessed.fits(asked_for(path))
    parts = [chunk for chunk, _ in guessed.parts]
    assert len(parts) == helper_main.GUESSED_PARTS, "and no more than may wait in memory"
    with open_source(path) as source:
        for chunk, digest in guessed.parts:
            assert source.read(PART_ROWS) == chunk and source.digest() == digest


def test_rows_with_long_cells_wait_and_come_few_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    lines = (f"Lead {n},lead{n}@example.com,{n + 1},{'long ' * 2_000}\n" for n in range(1_000))
    path.write_text("name,email,value,notes\n" + "".join(lines), encoding="utf-8")
    guessed = helper_main._Guessed(str(path))
    while guessed.read():
        pass
    assert len(guessed.parts) == 1, "that one is long enough"
    with (
        opened() as database,
        read_ahead.ReadAhead(what(path), stages.load(database, 5), 5_000, Patience(Path("list"))) as other,
    ):
        sizes = []
        while (found := other.read(5_000, stages.load(database, 5))) is not None:
            sizes.append(found[0].records)
    assert sum(sizes) == 1_000
    assert max(sizes) <= (read_ahead.MOST_BYTES + 2 * CHUNK_BYTES) // 10_000


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/another/list.csv"},
        {"profile": Profile(contact="either").to_json()},
        {"mapping": {"Name": "name"}},
        {"start": Position(100, 2, 1).to_json()},
        {"source": "county"},
        {"rows": 500},
    ],
    ids=lambda other: next(iter(other)),
)
def test_by_other_rules_than_the_usual_it_is_read_again(lead_list: Any, other: dict[str, Any]) -> None:
    path, _ = lead_list(100, seed=11)
    guessed = helper_main._Guessed(str(path))
    assert guessed.read() and guessed.fits(asked_for(path))
    assert not guessed.fits(asked_for(path) | other)


def test_a_list_that_was_replaced_or_became_longer_meanwhile_is_read_again(
    lead_list: Any, tmp_path: Path
) -> None:
    path, _ = lead_list(100, seed=12)
    guessed = helper_main._Guessed(str(path))
    with path.open("ab") as file:
        file.write(b"one more line\r\n")
    assert not guessed.fits(asked_for(path))
    guessed = helper_main._Guessed(str(path))
    copy = tmp_path / "copy.csv"
    copy.write_bytes(path.read_bytes())
    os.utime(copy, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    assert guessed.fits(asked_for(path))
    with open_source(copy) as source:  # of the same length and age
        assert not guessed.fits(asked_for(path) | {"file": file_of(source)})


def test_a_process_that_was_started_for_a_list_reads_it_and_any_other(lead_list: Any) -> None:
    path, _ = lead_list(6_000, seed=13)
    other, _ = lead_list(3_000, seed=14)
    with opened() as database:
        context = stages.load(database, 1)
        for prepared, wanted, rows in ((path, path, 6_000), (path, other, 3_000), (path.parent, path, 6_000)):
            helper._spare.append(helper._spawn(prepared))
            with read_ahead.ReadAhead(what(wanted), context, 100_000, Patience(Path("list"))) as reader:
                assert not helper._spare, "the one that was started is taken"
                found = reader.read(100_000, context)
                assert found is not None and found[0].records == rows
                assert found[1] == prefix_hash(wanted, wanted.stat().st_size).hexdigest()


def test_the_slower_of_the_two_does_not_decide_too(lead_list: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = lead_list(30_000, seed=32)
    monkeypatch.setattr(read_ahead, "MANY_BYTES", 2**20)
    monkeypatch.setattr(read_ahead, "AHEAD_BYTES", 2 * 2**20)
    with opened() as database:
        context = stages.load(database, 1)
        with read_ahead.ReadAhead(what(path), context, 100_000, Patience(Path("list"))) as reader:
            did = []
            while (found := reader.read(PART_ROWS, context)) is not None:
                did.append(found[2] is not None)
                if len(did) >= 8:  # until then this one waited
                    time.sleep(0.2)
    assert not did[7] and did[-1]


def test_what_waits_here_is_bounded_and_nothing_is_left_behind(
    lead_list: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is read to its end or given up with the other thread waiting for room."""
    path, _ = lead_list(20_000, seed=31)
    monkeypatch.setattr(read_ahead, "AHEAD_BYTES", 1)
    with opened() as database:
        context = stages.load(database, 1)
        for read in (20_000, 1):
            with read_ahead.ReadAhead(what(path), context, 100_000, Patience(Path("list"))) as reader:
                deadline = time.monotonic() + 30
                while not reader._waiting and time.monotonic() < deadline:
                    time.sleep(0.01)
                time.sleep(0.5)  # in which more would come
                assert reader._parts.qsize() == 1
                found = 0
                while found < read and (more := reader.read(PART_ROWS, context)) is not None:
                    found += more[0].records
            assert not reader._drain.is_alive() and found >= read


def test_a_prepared_process_that_is_not_needed_ends(lead_list: Any) -> None:
    path, _ = lead_list(100, seed=15)
    process = helper._spawn(path)
    helper._spare.append(process)
    helper.discard()
    assert process.returncode is not None and not helper._spare


def test_what_the_second_process_prepared_of_the_evidence_is_right(
    tmp_path: Path, readers: list[read_ahead.ReadAhead], decides: str
) -> None:
    """Also of a lead that is not to be contacted, of one that two rows are about, and of rows read again."""
    path = tmp_path / "list.csv"
    lines = [f"P {n},p{n % 40}@example.com,{n}000,713-555-{2000 + n}\n" for n in range(1, 60)]
    path.write_text("name,email,value,phone\n" + "".join(lines), encoding="utf-8")
    with opened() as database:
        do_not_contact.add(database, [entry("p7@example.com"), entry("p27@example.com")])
        import_file(database, Request(str(path)))
        path.write_text(path.read_text(encoding="utf-8").replace("P 9,", "Ann Lee,"), encoding="utf-8")
        import_file(database, Request(str(path)))
        assert len(readers) == 2
        assert database.value("SELECT count(*) FROM lead WHERE suppressed IS NOT NULL") == 3
        assert verify(database).problems == []


def test_no_process_is_started_early_for_a_list_that_was_probably_read(
    tmp_path: Path, lead_list: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = lead_list(50, seed=16)
    database, wal = tmp_path / "valhalla.db", tmp_path / "valhalla.db-wal"
    now = path.stat().st_ctime
    started: list[Path] = []
    spare: list[Any] = []
    monkeypatch.setattr(helper, "WORTH_BYTES", 1)
    monkeypatch.setattr(helper, "_spare", spare)
    monkeypatch.setattr(helper, "_spawn", started.append)

    def prepared() -> bool:
        helper.prepare([str(path)], database)
        before = len(started)
        started.clear()
        spare.clear()
        return before == 1

    assert prepared(), "in a new home"
    for written, at in ((database, now + 10), (wal, now + 20)):
        written.touch()
        os.utime(path, (at - 5, at - 5))
        assert prepared(), "the list was changed since"
        os.utime(written, (at, at))
        assert not prepared()


def test_a_workbook_is_read_by_one_process(
    tmp_path: Path, readers: list[read_ahead.ReadAhead], monkeypatch: pytest.MonkeyPatch
) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Leads")
    for row in (("name", "email", "value"), ("Ann", "ann@example.com", 5)):
        sheet.append(row)
    path = tmp_path / "leads.XLSX"
    book.save(path)
    monkeypatch.setattr(helper, "_spawn", lambda *given: pytest.fail("the words would be held twice"))
    helper.prepare([str(path)], tmp_path / "valhalla.db")
    with opened() as database:
        import_file(database, Request(str(path)))
        assert database.value("SELECT count(*) FROM lead") == 1
    assert not readers


@pytest.mark.parametrize("shape", ["documents", "properties"])
def test_a_list_that_comes_again_ends_up_the_same(
    shape: str,
    tmp_path: Path,
    readers: list[read_ahead.ReadAhead],
    monkeypatch: pytest.MonkeyPatch,
    decides: str,
) -> None:
    """Rows that say what they said before are not understood again; nothing else comes of them, in whatever order they stand."""
    chance = random.Random(shape)
    said: list[int] = []
    begin = importer._Import._said_before

    def noted(self: Any) -> SaidBefore | None:
        found = begin(self)
        said.append(len(found or ()))
        return found

    monkeypatch.setattr(importer._Import, "_said_before", noted)
    if shape == "documents":
        head = "name,email,value,phone,notes"

        def row(number: int) -> str:
            return f'P{number % 150},p{number % 150}@x.com,{number % 7 + 1}000,713-555-{2000 + number % 140},"a, {number % 3}"'
    else:
        head = "Owner Name,Property Address,City,State,Zip,Phone 1,Phone 1 DNC,Est. Value,Vacant,Asking Price"

        def row(number: int) -> str:
            price = ("", "$90,000", "120k")[number % 3]
            return (
                f"Ann {chr(65 + number % 9)}lee,{number % 150} Oak St,Houston,TX,77018,713-555-{2000 + number % 140},"
                f'{("", "Yes")[number % 11 == 0]},"${100 + number % 5},000",{("", "Yes")[number % 4 == 0]},"{price}"'
            )

    path = tmp_path / "list.csv"
    rows = [row(number) for number in range(200)]
    with opened() as alone, opened() as helped:
        for turn in range(3):
            path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
            counts = []
            for database, ahead in ((helped, "on"), (alone, "off")):
                monkeypatch.setenv("VALHALLA_IMPORT_READ_AHEAD", ahead)
                number = import_file(database, Request(str(path)))
                counts.append(
                    database.sql(
                        "SELECT rows, new, updated, unchanged, duplicate, rejected FROM import WHERE id = ?",
                        (number,),
                    )
                )
            assert counts[0] == counts[1], turn
            one, other = dump(helped), dump(alone)
            assert {name: each for name, each in one.items() if name != "import"} == {
                name: each for name, each in other.items() if name != "import"
            }, turn
            for _ in range(12):  # some say something else, come twice, are gone, stand elsewhere
                rows[chance.randrange(len(rows))] = row(chance.randrange(400))
                rows.insert(chance.randrange(len(rows)), chance.choice(rows))
                del rows[chance.randrange(len(rows))]
    assert len(said) == 3 and said[0] == 0 and min(said[1:]) > 80


def test_rows_cross_the_pipe_in_columns_as_they_are() -> None:
    for columns in (
        [],
        [()],
        [(1,), (None,), ((),)],
        [(1, 2, 3), (None,) * 3, ((), (), (4,)), (None, "b", None)],
    ):
        assert unpacked(marshal.loads(marshal.dumps(packed(columns)))) == columns
    assert packed([(None, None)]) == [[None, 2]], "what is blank throughout is sent once"


def test_no_process_is_started_early_for_a_list_that_was_saved_again(
    tmp_path: Path, lead_list: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = lead_list(50, seed=17)
    database, started = tmp_path / "home.db", []
    with open_database(database) as known:
        stages.seed(known)
        import_file(known, Request(str(path)))
    text = path.read_bytes()
    monkeypatch.setattr(helper, "WORTH_BYTES", 1)
    monkeypatch.setattr(helper, "_spare", [])
    monkeypatch.setattr(helper, "_spawn", started.append)
    path.write_bytes(text)
    helper.prepare([str(path)], database)
    assert started == []
    path.write_bytes(text + b"One More,one@example.com,1,,\r\n")
    helper.prepare([str(path)], database)
    assert started == [str(path)]
