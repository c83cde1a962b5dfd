#!/usr/bin/env python3
"""The whole importer on bytes that no program would write.

    python scripts/fuzz_import.py --seconds 300 --seed 1

Made-up files (noise, lists that were cut, bitten or mixed, headers of every kind, JSON, JSON lines, workbooks, enormous cells) go
through previews, imports, appends and repeated readings, into one file that fills up. After each: rows = new + updated + unchanged +
duplicate + rejected, in the ledger and added up over the chunks; leads never disappear. Prints cases, the slowest and the
most memory; a file that breaks a promise is kept and named. Exit code 1 then.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path

from db import Database
from valhalla.intake.importer import import_file
from valhalla.intake.reading.header import FIELDS
from valhalla.intake.request import Request
from valhalla.intake.results import PassResult, of_import
from valhalla.intake.source_settings import Change, set_source
from valhalla.program.database import open_database
from valhalla.program.heap import few_heaps
from valhalla.scoring import store

SLOW_SECONDS = 10.0
MOST_MB = 150.0
CASES_PER_FILE = 400
"""After so many cases the file that they fill is thrown away."""

NAMES = ("name", "email", "value", "phone", "Full Name", "E-Mail", "asking price", "budget", "city", "state", "zip", "notes", "ARV",
         "list date", "lead id", "", "name", "ssn", "_reject", "_line", "_more", "\u00e9t\u00e9", "\u4ef7\u683c", "=cmd()", "a" * 300)  # fmt: skip
CELLS = ("Ann Ames", "ann@example.com", "500000", "$500,000", "500.000,00 \u20ac", "1e5", "nan", "inf", "-5", "\uff15\uff10\uff10", "0", "1" * 40,
         "", " ", "713-555-0142", "+1 713 555 0142", "Houston TX", "2026-02-30", "02/03/26", "=2+3", "@x", "a@b", "a@b.c", "\u202eevil",
         "\u200b", "\x00", '"', '""', "a\nb", "x" * 5_000, "\U0001f3e0", "\ud7ff", "Total", "null", "[1]", "{}", "'", "\\")  # fmt: skip
BITES = (b"\x00", b'"', b"\r", b"\n", b"\r\n", b",", b";", b"\t", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"\x80", b"\xc3\x28", b"{", b"[", b"PK\x03\x04",
         b"<html>", b"sep=;\n", b"\x1a", b"\\", b"%PDF-", b"\xf0\x9f\x8f\xa0")  # fmt: skip


class Files:
    """Makes contents, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.kinds: tuple[Callable[[], tuple[bytes, str]], ...] = (
            self.noise,
            self.table,
            self.table,
            self.bitten,
            self.bitten,
            self.bitten,
            self.lines,
            self.document,
            self.workbook,
            self.large,
        )

    def one(self) -> tuple[bytes, str]:
        """Content and the ending of its name."""
        content, ending = self.chance.choice(self.kinds)()
        if self.chance.random() < 0.1:
            ending = self.chance.choice([".csv", ".json", ".jsonl", ".xlsx", ".txt", ".tsv"])
        return content, ending

    def noise(self) -> tuple[bytes, str]:
        return self.chance.randbytes(self.chance.choice([0, 1, 2, 3, 10, 100, 5_000])), ".csv"

    def rows(self, most: int = 40) -> list[list[str]]:
        pick, width = self.chance.choice, self.chance.randint(1, 12)
        header = [pick(NAMES) for _ in range(width)]
        if self.chance.random() < 0.7:
            header[:3] = ["name", "email", "value"]
        rows = [header]
        for n in range(self.chance.randint(0, most)):
            row = [pick(CELLS) for _ in range(max(0, len(header) + pick([0, 0, 0, 0, -1, 1, 5])))]
            if self.chance.random() < 0.7:
                row[:3] = [f"Lead {n % 13}", f"lead{n % 17}@example.com", str(1_000 + n % 7)]
            rows.append(row)
        return rows

    def table(self) -> tuple[bytes, str]:
        pick = self.chance.choice
        delimiter, end, quote = pick(",,,;\t|"), pick(["\n", "\n", "\r\n", "\r"]), pick([True, True, False])

        def cell(text: str) -> str:
            wants = quote and (delimiter in text or '"' in text or "\n" in text)
            return '"' + text.replace('"', '""') + '"' if wants or self.chance.random() < 0.1 else text

        text = end.join(delimiter.join(map(cell, row)) for row in self.rows()) + pick([end, "", end * 3])
        text = pick(["", "", "", "sep=" + delimiter + end, "My list\n\n", "\n\n"]) + text
        encoding = pick(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1"])
        return text.encode(encoding, "replace"), ".csv"

    def bitten(self) -> tuple[bytes, str]:
        content, ending = self.table()
        whole = bytearray(content)
        for _ in range(self.chance.randint(1, 8)):
            at = self.chance.randint(0, len(whole))
            match self.chance.randrange(4):
                case 0:
                    whole[at:at] = self.chance.choice(BITES)
                case 1:
                    del whole[at : at + self.chance.choice([1, 2, 30, 400])]
                case 2:
                    whole[at : at + 1] = bytes([self.chance.randrange(256)])
                case _:
                    whole[at:at] = whole[: self.chance.randint(0, 200)]
        return bytes(whole), ending

    def records(self) -> list[dict[str, object]]:
        header, *rows = self.rows()
        odd: tuple[object, ...] = (None, True, 5, 1e300, -0.0, [], {}, [1, {"a": 2}], "text")
        return [
            {
                name: self.chance.choice(odd) if self.chance.random() < 0.05 else cell
                for name, cell in zip(header, row, strict=False)
            }
            for row in rows
        ]

    def lines(self) -> tuple[bytes, str]:
        text = "\n".join(json.dumps(each, ensure_ascii=self.chance.random() < 0.5) for each in self.records())
        return self._maybe_bitten(text.encode("utf-8", "surrogatepass")), ".jsonl"

    def document(self) -> tuple[bytes, str]:
        whole: object = self.records()
        match self.chance.randrange(5):
            case 0:
                whole = {"items": whole}
            case 1:
                whole = {"a": 1, "data": {"leads": whole}}
            case 2:
                return b"[" * self.chance.choice([5, 3_000, 100_000]), ".json"
            case _:
                pass
        return self._maybe_bitten(json.dumps(whole).encode()), ".json"

    def _maybe_bitten(self, content: bytes) -> bytes:
        if content and self.chance.random() < 0.4:
            at = self.chance.randrange(len(content))
            return content[:at] + self.chance.choice(BITES) + content[at + self.chance.choice([0, 1, 20]) :]
        return content

    def workbook(self) -> tuple[bytes, str]:
        from openpyxl import Workbook
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        book = Workbook(write_only=True)
        sheet = book.create_sheet("Leads")
        for row in self.rows(12):
            sheet.append([ILLEGAL_CHARACTERS_RE.sub("", cell) for cell in row])
        target = io.BytesIO()
        book.save(target)
        content = target.getvalue()
        match self.chance.randrange(4):
            case 0:
                at = self.chance.randrange(len(content))
                content = (
                    content[:at] + self.chance.randbytes(self.chance.choice([0, 3, 50])) + content[at + 7 :]
                )
            case 1:
                bomb = io.BytesIO()
                with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
                    archive.writestr("[Content_Types].xml", "<Types/>")
                    for name, megabytes in (("xl/workbook.xml", 20), ("xl/worksheets/sheet1.xml", 60)):
                        with archive.open(name, "w") as part:
                            part.write(b"<a>")
                            for _ in range(megabytes):
                                part.write(b" " * (1 << 20))
                content = bomb.getvalue()
            case _:
                pass
        return content, ".xlsx"

    def large(self) -> tuple[bytes, str]:
        head = b"name,email,value,notes\n"
        match self.chance.randrange(7):
            case 0:
                return head + b"Ann,a@b.co,5," + b"x" * (3 << 20) + b"\n", ".csv"
            case 1:
                return head + b'Ann,a@b.co,5,"' + b"y\n" * (1 << 15), ".csv"
            case 2:
                return b"n" * (4 << 20), ".csv"
            case 3:
                names = b",".join(b"c%d" % n for n in range(2_000))
                return b"name,email,value," + names + b"\nAnn,a@b.co,5" + b",z" * 2_000 + b"\n", ".csv"
            case 4:
                return head + b"\n" * (1 << 20) + b"Ann,a@b.co,5,\n", ".csv"
            case 5:
                return head + b"".join(b"L%d,l%d@x.com,%d,\n" % (n, n, n) for n in range(20_000)), ".csv"
            case _:
                return head + b'"' * (1 << 19), ".csv"


class Run:
    """Imports what :class:`Files` makes and holds the promises."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.files = Files(seed)
        self.chance = random.Random(-seed)
        self.folder = folder
        self.cases = 0
        self.rows = 0
        self.slowest = (0.0, "")
        self.database: Database | None = None

    def case(self) -> None:
        """One file: read, perhaps again, perhaps with more at its end."""
        if self.database is None or self.cases % CASES_PER_FILE == 0:
            self._fresh_file()
        assert self.database is not None
        content, ending = self.files.one()
        path = self.folder / f"case-{self.cases % 5}{ending}"
        path.write_bytes(content)
        began = time.perf_counter()
        self._read(path, final=self.chance.random() < 0.7)
        match self.chance.randrange(4):
            case 0:
                self._read(path, again=True)
            case 1:
                with open(path, "ab") as file:
                    file.write(self.files.one()[0][:2_000])
                self._read(path)
            case _:
                pass
        taken = time.perf_counter() - began
        if taken > self.slowest[0]:
            self.slowest = (taken, f"case {self.cases}, {len(content):,} bytes{ending}")
        if taken > SLOW_SECONDS:
            raise AssertionError(f"took {taken:.1f} s")
        self.cases += 1

    def _read(self, path: Path, *, final: bool = True, again: bool = False) -> None:
        database = self.database
        assert database is not None
        before = database.value("SELECT count(*) FROM lead")
        number = import_file(
            database, Request(str(path), self.chance.choice(["csv", "us", "phone"]), final, again)
        )
        leads = database.value("SELECT count(*) FROM lead")
        if number is None:
            assert leads == before
            return
        found = of_import(database, number)
        rows, new, updated, unchanged, duplicate, rejected, state = database.sql(
            "SELECT rows, new, updated, unchanged, duplicate, rejected, state FROM import WHERE id = ?",
            (number,),
        )[0]
        assert rows == new + updated + unchanged + duplicate + rejected, "the row identity"
        assert (found.error is None) == (state == "done"), (state, found.error)
        assert leads == before + new, "leads that came or went without a row"
        assert rejected == database.value("SELECT count(*) FROM reject WHERE import_id = ?", (number,))
        assert set(found.mapping.values()) <= set(FIELDS), found.mapping
        json.dumps(PassResult([found], 0.0).as_json()).encode()
        self.rows += rows

    def _fresh_file(self) -> None:
        self.close()
        path = self.folder / "valhalla.db"
        for each in self.folder.glob("valhalla.db*"):
            each.unlink()
        self.database = open_database(path)
        store.seed(self.database)
        set_source(self.database, "us", Change(options={"value_format": "us", "contact": "either"}))
        set_source(self.database, "phone", Change(options={"contact": "phone", "value_format": "eu"}))

    def close(self) -> None:
        """Let go of the file; its references and its chain are whole."""
        if self.database is not None:
            assert self.database.sql("PRAGMA foreign_key_check") == []
            self.database.close_all()
            self.database = None


def peak_mb() -> float | None:
    """The most memory this process has had, MB; None where the system does not say."""
    try:
        # On Linux ru_maxrss begins with what the process that started this one had; VmHWM is this program's own.
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)  # macOS counts bytes


def main() -> int:
    """Import until the time is over."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="how long")
    parser.add_argument(
        "--cases", type=int, default=10**9, help="end after so many, if the time is not over before"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(), help="folder for a file that breaks a promise")
    options = parser.parse_args()
    few_heaps()  # as the program does
    end = time.monotonic() + options.seconds
    with tempfile.TemporaryDirectory(prefix="valhalla-fuzz-", ignore_cleanup_errors=True) as folder:
        run = Run(options.seed, Path(folder))
        problem = None
        try:
            while time.monotonic() < end and run.cases < options.cases:
                run.case()
            run.close()
        except Exception:
            newest = max(Path(folder).glob("case-*"), key=lambda path: path.stat().st_mtime_ns)
            kept = options.keep / f"fuzz-{options.seed}-{run.cases}{newest.suffix}"
            kept.write_bytes(newest.read_bytes())
            problem = f"{kept}: {traceback.format_exc()}"
    peak = peak_mb()
    told = {"cases": run.cases, "rows": run.rows, "seed": options.seed, "slowest_seconds": round(run.slowest[0], 3),
            "slowest": run.slowest[1], "peak_mb": None if peak is None else round(peak, 1), "problem": problem}  # fmt: skip
    print(json.dumps(told, indent=2))
    return 1 if problem or (peak is not None and peak > MOST_MB) else 0


if __name__ == "__main__":
    sys.exit(main())
