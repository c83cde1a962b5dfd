"""Measures Valhalla's whole job against plain loaders, in one run on the same files.

``python3 scripts/bench.py`` makes lead lists of 10,000, 100,000 and 1,000,000 rows (``--sizes``) and lets each program
take each of them as a process of its own: seconds from start to exit, peak memory, bytes written, size of the file.

- *valhalla*: the whole job: read, check, clean, tell who is new, six stages, store with evidence, rejects.
- *sqlite3 .import*: the SQLite shell loads the text into a table, nothing else: the floor.
- *sqlite-utils*: ``sqlite-utils insert --csv --no-detect-types``, also a load only.

Then Valhalla looks again at the unchanged file, and at the file with 1,000 rows appended. The programs take turns, so
that a slow minute of the machine hits all of them; shown are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bootstrap import WORK, clean_environment, enter
from make_leads import write_leads

SIZES = (10_000, 100_000, 1_000_000)
APPENDED = 1_000

WARM_ROWS = 40_000
"""A list that each program takes first, unmeasured: large enough for all modules to be loaded, and so to be compiled."""


@dataclass(frozen=True)
class Run:
    """One process, measured. Bytes are None where the system does not tell."""

    seconds: float
    peak_bytes: int | None
    written_bytes: int | None
    output: str


def measure(command: list[str], variables: Mapping[str, str] | None = None) -> Run:
    """Run the command to its end, with ``variables`` in its environment besides what is there. Ends the program with the
    command's own words when it fails."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=clean_environment() | {"NO_COLOR": "1"} | dict(variables or {}),
        )
        peak, written = _watch(process)
        seconds = time.perf_counter() - started
        said, complaint = (_all_of(stream) for stream in (out, err))
    if process.returncode not in (0, 1):
        words = complaint or said
        sys.exit(f"{' '.join(command)}\nended with {process.returncode}: {words[-2000:]}")
    return Run(seconds, peak, written, said)


def _all_of(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace").strip()


def _watch(process: subprocess.Popen[bytes]) -> tuple[int | None, int | None]:
    """Wait for the end; return peak memory of the process and its children together, and the bytes it wrote."""
    import psutil

    peaks: dict[int, int] = {}
    written: int | None = None
    done = threading.Event()
    top = psutil.Process(process.pid)
    family = [top]

    def look() -> None:
        nonlocal written
        for one in family:
            try:
                peaks[one.pid] = max(peaks.get(one.pid, 0), _peak_of(one))
            except (psutil.Error, OSError):
                pass
        try:
            written = top.io_counters().write_bytes
        except (psutil.Error, OSError, AttributeError):
            pass

    def loop() -> None:
        nonlocal family
        rounds = 0
        # The system keeps the peaks, so they need not be looked at often; looking takes time from anyone who uses all processors.
        while not done.wait(0.05):
            rounds += 1
            if rounds % 5 == 0:  # finding children reads the whole process list
                try:
                    family = [top, *top.children(recursive=True)]
                except psutil.Error:
                    pass
            look()

    watcher = threading.Thread(target=loop)
    watcher.start()
    if hasattr(os, "waitid"):
        # The counters of an ended process can be read until somebody waits for it.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    else:
        process.wait()
    done.set()
    watcher.join()
    look()
    process.wait()
    return sum(peaks.values()) or None, written


def _peak_of(process: Any) -> int:
    """The most memory the process has held, from the system where it keeps count, else what it holds now."""
    try:
        with open(f"/proc/{process.pid}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    memory = process.memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))


class Bench:
    """The runs on one file, and what they found."""

    def __init__(self, folder: Path, rows: int, seed: int) -> None:
        self.folder = folder
        self.rows = rows
        self.list = folder / f"leads-{rows}.csv"
        self.truth = write_leads(self.list, rows, seed=seed)
        tail = folder / "tail.csv"
        write_leads(tail, APPENDED, seed=seed, first=rows)
        self.tail = tail.read_bytes().partition(b"\r\n")[2]
        tail.unlink()
        self.runs: dict[str, list[Run]] = {}
        self.taken: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        self.remarks: list[str] = []

    def round(self) -> None:
        """Let each program take the file once, each from nothing."""
        self._valhalla()
        shell = shutil.which("sqlite3")
        if shell:
            self._load(
                "sqlite3 .import", [shell, "{db}", "-cmd", ".mode csv", f'.import "{self.list}" leads']
            )
        utils = [sys.executable, "-m", "sqlite_utils", "insert", "{db}", "leads", str(self.list)]
        self._load("sqlite-utils", [*utils, "--csv", "--no-detect-types"])

    def _load(self, name: str, command: list[str]) -> None:
        database = self.folder / "load.db"
        self._note(
            name, measure([part.replace("{db}", str(database)) for part in command]), database, self.rows
        )
        database.unlink()

    def _valhalla(self) -> None:
        home = self.folder / "home"
        source = self.folder / "list.csv"
        shutil.copy(self.list, source)
        command = [sys.executable, "-m", "valhalla", "ingest", str(source), "--home", str(home), "--json"]
        first = measure(command)
        self._note("valhalla", first, home / "valhalla.db", self.rows)
        self._compare(first.output)
        self._note("valhalla, unchanged file", measure(command), home / "valhalla.db", 0)
        with source.open("ab") as file:
            file.write(self.tail)
        self._note(f"valhalla, {APPENDED:,} rows appended", measure(command), home / "valhalla.db", APPENDED)
        shutil.rmtree(home)

    def _note(self, name: str, run: Run, database: Path, rows: int) -> None:
        self.taken[name] = rows
        self.runs.setdefault(name, []).append(run)
        files = (database.with_name(database.name + suffix) for suffix in ("", "-wal"))
        self.sizes[name] = sum(file.stat().st_size for file in files if file.exists())

    def _compare(self, output: str) -> None:
        """Put down where Valhalla's counts differ from what is known to be in the list."""
        try:
            totals = json.loads(output)["totals"]
        except (ValueError, KeyError):
            self.remarks.append(f"{self.rows:,} rows: valhalla printed no totals")
            return
        for name, right in (
            ("rows", self.truth.rows),
            ("new", self.truth.leads),
            ("rejected", self.truth.rejected),
        ):
            if totals.get(name) != right:
                self.remarks.append(
                    f"{self.rows:,} rows: valhalla says {name} {totals.get(name)}, the list has {right}"
                )

    def figures(self) -> list[dict[str, Any]]:
        """Return one line for each program: medians, and how many times as long as the loaders it takes."""
        lines: list[dict[str, Any]] = []
        medians = {name: statistics.median(run.seconds for run in runs) for name, runs in self.runs.items()}
        for name, runs in self.runs.items():
            rows = self.taken[name]
            peaks = [run.peak_bytes for run in runs if run.peak_bytes is not None]
            written = [run.written_bytes for run in runs if run.written_bytes is not None]
            whole = rows == self.rows
            lines.append(
                {
                    "rows": self.rows,
                    "program": name,
                    "seconds": round(medians[name], 3),
                    "fastest": round(min(run.seconds for run in runs), 3),
                    "slowest": round(max(run.seconds for run in runs), 3),
                    "leads_per_second": round(rows / medians[name]) if rows else None,
                    "peak_bytes": max(peaks, default=None),
                    "written_bytes": round(statistics.median(written)) if written else None,
                    "file_bytes": self.sizes[name],
                    "times_sqlite_utils": _ratio(medians, name, "sqlite-utils") if whole else None,
                    "times_sqlite3": _ratio(medians, name, "sqlite3 .import") if whole else None,
                }
            )
        return lines


def _ratio(medians: dict[str, float], name: str, other: str) -> float | None:
    return round(medians[name] / medians[other], 2) if other in medians else None


def show(lines: list[dict[str, Any]]) -> None:
    """Print the figures as a table, wide enough not to be cut."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="One run on the same files; medians", header_style="bold")
    for heading in (
        "rows",
        "program",
        "s",
        "leads/s",
        "peak MB",
        "written MB",
        "file MB",
        "x sqlite-utils",
        "x sqlite3",
    ):
        table.add_column(heading, justify="left" if heading == "program" else "right", no_wrap=True)
    previous = None
    for line in lines:
        if previous not in (None, line["rows"]):
            table.add_section()
        previous = line["rows"]
        rate = line["leads_per_second"]
        table.add_row(
            f"{line['rows']:,}",
            line["program"],
            f"{line['seconds']:.2f}",
            f"{rate:,}" if rate else "",
            *(_megabytes(line[key]) for key in ("peak_bytes", "written_bytes", "file_bytes")),
            *(
                "" if line[key] is None else f"{line[key]:.2f}"
                for key in ("times_sqlite_utils", "times_sqlite3")
            ),
        )
    console = Console()
    Console(width=max(console.width, 130)).print(table)


def _megabytes(count: int | None) -> str:
    return "not known" if count is None else f"{count / 1e6:.1f}"


def main(arguments: argparse.Namespace) -> int:
    """Make the lists, let the programs take turns, print the table."""
    folder = Path(arguments.work) if arguments.work else WORK / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[dict[str, Any]] = []
    remarks: list[str] = []
    if not shutil.which("sqlite3"):
        remarks.append("the sqlite3 shell is not installed, so its line is missing")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        Bench(Path(scratch), WARM_ROWS, arguments.seed).round()
    for rows in arguments.sizes:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            bench = Bench(Path(scratch), rows, arguments.seed)
            for turn in range(arguments.repeat):
                print(
                    f"{rows:,} rows, turn {turn + 1} of {arguments.repeat} ...", file=sys.stderr, flush=True
                )
                bench.round()
            lines += bench.figures()
            remarks += dict.fromkeys(bench.remarks)
    show(lines)
    for remark in remarks:
        print(remark)
    print(f"{os.cpu_count()} processors, Python {platform.python_version()}, {platform.platform()}")
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"figures": lines, "remarks": remarks}, indent=2) + "\n", encoding="utf-8"
        )
    return 0


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=SIZES, metavar="ROWS", help="rows of each list"
    )
    parser.add_argument(
        "--quick", action="store_const", const=SIZES[:1], dest="sizes", help="10,000 rows only"
    )
    parser.add_argument("--repeat", type=int, default=3, help="turns; the table shows medians (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--work", help="folder for the files, on the disk to be measured (default: .work/bench)"
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    chosen = parser.parse_args()
    if min(chosen.sizes) < 1 or chosen.repeat < 1:
        parser.error("--sizes and --repeat must be positive")
    return chosen


if __name__ == "__main__":
    chosen = options()
    enter("dev")
    sys.exit(main(chosen))
