"""Measures Valhalla's whole job against plain loaders, in one run on the same files.

``python3 scripts/bench.py`` makes lists of 10,000, 100,000 and 1,000,000 rows (``--sizes``) in two shapes (``--shapes``): leads as the
documents have them, and property exports of forty columns with three phones. It lets each program take each of them as a process of
its own: seconds from start to exit, CPU of each process, peak memory, size of the file.

- *valhalla*: the whole job: read, check, clean, tell who is new, six stages, store with evidence, rejects.
- *sqlite3 .import*: the SQLite shell loads the text into a table, nothing else: the floor.
- *sqlite-utils*: ``sqlite-utils insert --csv --no-detect-types``, also a load only.

Then Valhalla looks again at the unchanged file, and at the file in which one row of a hundred says something else; and the file that
holds 1,000,000 takes 100,000 more. *growth* is the time of a lead next to that of one of 100,000 in a new file. The programs take
turns, so that a slow minute of the machine hits all of them; shown are medians. ``--write`` puts the table into
``docs/performance.md``, with the machine, the date and the commit.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import IO, Any

from bootstrap import ROOT, WORK, clean_environment, enter
from make_leads import write_leads
from make_properties import write_properties

SHAPES = ("leads", "properties")
SIZES = (10_000, 100_000, 1_000_000)
CHANGED = 100
"""One row of so many says something else when a list is read again."""
FULL, MORE = 1_000_000, 100_000
"""A file that holds so many rows takes so many more."""
INTO = f"valhalla, into {FULL:,}"
SMALL_TURNS = 3
"""Short lists take so many turns for each of a long one: a slow moment of the machine is a large part of theirs."""
TABLE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"

WARM_ROWS = 40_000
"""A list that each program takes first, unmeasured: large enough for all modules to be loaded, and so to be compiled."""


@dataclass(frozen=True)
class Run:
    """One process, measured. What the system does not tell is None."""

    seconds: float
    peak_bytes: int | None
    own_cpu: float | None
    """Seconds that the process itself computed: of Valhalla, the one that stores."""
    other_cpu: float | None
    """Those of the processes that it started: of Valhalla, the one that reads."""
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
        peak, own, other = _watch(process)
        seconds = time.perf_counter() - started
        said, complaint = (_all_of(stream) for stream in (out, err))
    if process.returncode not in (0, 1):
        words = complaint or said
        sys.exit(f"{' '.join(command)}\nended with {process.returncode}: {words[-2000:]}")
    return Run(seconds, peak, own, other, said)


def _all_of(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace").strip()


def _watch(process: subprocess.Popen[bytes]) -> tuple[int | None, float | None, float | None]:
    """Wait for the end; return peak memory of the process and its children together, its CPU seconds, and theirs."""
    import psutil

    peaks: dict[int, int] = {}
    own: float | None = None
    others: float | None = None
    done = threading.Event()
    top = psutil.Process(process.pid)
    family = [top]

    def look() -> None:
        nonlocal own, others
        for one in family:
            try:
                peaks[one.pid] = max(peaks.get(one.pid, 0), _peak_of(one))
            except (psutil.Error, OSError):
                pass
        try:
            times = top.cpu_times()  # also of those children for which it has waited
            own = times.user + times.system
            others = times.children_user + times.children_system if hasattr(times, "children_user") else None
        except (psutil.Error, OSError):
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
    return sum(peaks.values()) or None, own, others


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
    """The runs on one list, and what they found."""

    def __init__(self, folder: Path, shape: str, rows: int, seed: int) -> None:
        self.folder = folder
        self.shape = shape
        self.rows = rows
        self.list = folder / f"{shape}-{rows}.csv"
        self.later = folder / f"{shape}-{rows}-later.csv"
        self.more = folder / f"{shape}-more.csv" if rows == FULL else None
        self.right = {"rows": rows, "new": rows, "rejected": 0}
        if shape == "leads":
            truth = write_leads(self.list, rows, seed=seed)
            self.right = {"rows": truth.rows, "new": truth.leads, "rejected": truth.rejected}
            _change(self.list, self.later)
            if self.more:
                write_leads(self.more, MORE, seed=seed + 1, first=2 * rows)
        else:
            write_properties(self.list, rows, seed=seed)
            write_properties(self.later, rows, seed=seed, changed=1 / CHANGED)
            if self.more:
                write_properties(self.more, MORE, seed=seed, first=rows)
        self.runs: dict[str, list[Run]] = {}
        self.sizes: dict[str, int] = {}
        self.remarks: list[str] = []

    def round(self) -> None:
        """Let each program take the list once, each from nothing."""
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
        self._note(name, measure([part.replace("{db}", str(database)) for part in command]), database)
        database.unlink()

    def _valhalla(self) -> None:
        home = self.folder / "home"
        source = self.folder / "list.csv"
        shutil.copy(self.list, source)

        def ingest(path: Path) -> Run:
            return measure(
                [sys.executable, "-m", "valhalla", "ingest", str(path), "--home", str(home), "--json"]
            )

        first = ingest(source)
        self._note("valhalla", first, home / "valhalla.db")
        self._compare(first.output)
        self._note("valhalla, unchanged", ingest(source), home / "valhalla.db")
        shutil.copy(self.later, source)
        self._note("valhalla, 1% changed", ingest(source), home / "valhalla.db")
        if self.more:
            self._note(INTO, ingest(self.more), home / "valhalla.db")
        shutil.rmtree(home)

    def _note(self, name: str, run: Run, database: Path) -> None:
        self.runs.setdefault(name, []).append(run)
        files = (database.with_name(database.name + suffix) for suffix in ("", "-wal"))
        self.sizes[name] = sum(file.stat().st_size for file in files if file.exists())

    def _compare(self, output: str) -> None:
        """Put down where Valhalla's counts differ from what is known to be in the list."""
        what = f"{self.rows:,} rows of {self.shape}"
        try:
            totals = json.loads(output)["totals"]
        except (ValueError, KeyError):
            self.remarks.append(f"{what}: valhalla printed no totals")
            return
        for name, right in self.right.items():
            if totals.get(name) != right:
                self.remarks.append(f"{what}: valhalla says {name} {totals.get(name)}, the list has {right}")

    def figures(self) -> list[dict[str, Any]]:
        """Return one line for each program: medians, and how many times as long as the loaders it takes."""
        lines: list[dict[str, Any]] = []
        medians = {name: statistics.median(run.seconds for run in runs) for name, runs in self.runs.items()}
        for name, runs in self.runs.items():
            # what another list is measured by says nothing of this one
            rows, others = (MORE, {}) if name == INTO else (self.rows, medians)
            peaks = [run.peak_bytes for run in runs if run.peak_bytes is not None]
            lines.append(
                {
                    "shape": self.shape,
                    "rows": rows,
                    "program": name,
                    "seconds": round(medians[name], 3),
                    "fastest": round(min(run.seconds for run in runs), 3),
                    "slowest": round(max(run.seconds for run in runs), 3),
                    "own_cpu": _median(run.own_cpu for run in runs),
                    "other_cpu": _median(run.other_cpu for run in runs),
                    "leads_per_second": round(rows / medians[name]) if name in ("valhalla", INTO) else None,
                    "peak_bytes": max(peaks, default=None),
                    "file_bytes": self.sizes[name],
                    "times_sqlite_utils": _ratio(others, name, "sqlite-utils"),
                    "times_sqlite3": _ratio(others, name, "sqlite3 .import"),
                    "times_first": _ratio(others, name, "valhalla"),
                }
            )
        return lines


def compare_sizes(lines: list[dict[str, Any]]) -> None:
    """Add the growth: how many times as long a lead takes as one of :data:`MORE` in a new file."""
    usual = {
        line["shape"]: line["leads_per_second"]
        for line in lines
        if (line["rows"], line["program"]) == (MORE, "valhalla")
    }
    for line in lines:
        rate, base = line["leads_per_second"], usual.get(line["shape"])
        line["growth"] = round(base / rate, 2) if rate and base else None


_PRICE = re.compile(rb"^([^,\"]+,[^,\"]+@[^,\"]+,)(\d+)(?=,)")


def _change(source: Path, target: Path) -> None:
    """Copy a list of leads; in one line of so many the price is another one."""
    with source.open("rb") as file, target.open("wb") as changed:
        for number, line in enumerate(file):
            if number % CHANGED == 1:
                line = _PRICE.sub(lambda found: found[1] + b"%d" % (int(found[2]) + 7), line)
            changed.write(line)


def _median(seconds: Iterable[float | None]) -> float | None:
    known = [each for each in seconds if each is not None]
    return round(statistics.median(known), 2) if known else None


def _ratio(medians: dict[str, float], name: str, other: str) -> float | None:
    return round(medians[name] / medians[other], 2) if other in medians else None


HEADINGS = (
    "shape",
    "rows",
    "program",
    "s",
    "CPU s",
    "CPU s, reader",
    "leads/s",
    "peak MB",
    "file MB",
    "x sqlite-utils",
    "x sqlite3",
    "x first",
    "growth",
)


def _cells(line: dict[str, Any]) -> list[str]:
    def number(key: str) -> str:
        return "" if line[key] is None else f"{line[key]:.2f}"

    rate = line["leads_per_second"]
    ours = line["program"].startswith("valhalla")
    return [
        *(line["shape"], f"{line['rows']:,}", line["program"], number("seconds"), number("own_cpu")),
        *(number("other_cpu") if ours else "", f"{rate:,}" if rate else ""),
        *("" if line[key] is None else f"{line[key] / 1e6:.1f}" for key in ("peak_bytes", "file_bytes")),
        *(number("times_sqlite_utils"), number("times_sqlite3")),
        number("times_first") if ours and not rate else "",
        number("growth"),
    ]


def show(lines: list[dict[str, Any]]) -> None:
    """Print the figures as a table, wide enough not to be cut."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="One run on the same files; medians", header_style="bold")
    for heading in HEADINGS:
        table.add_column(
            heading, justify="left" if heading in ("shape", "program") else "right", no_wrap=True
        )
    for line in lines:
        table.add_row(*_cells(line))
    console = Console()
    Console(width=max(console.width, 175)).print(table)


def write(lines: list[dict[str, Any]], remarks: list[str]) -> None:
    """Put the table into its document, between its two marks."""
    text = TABLE.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    rows = [
        HEADINGS,
        tuple("---" if name in ("shape", "program") else "---:" for name in HEADINGS),
        *map(_cells, lines),
    ]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    notes = "".join(f"\n{remark}.\n" for remark in (_machine(), *remarks))
    TABLE.write_text(f"{before}{BEGIN}\n{table}\n{notes}{END}{after}", encoding="utf-8")


def _machine() -> str:
    """What was measured, and on what."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    busy = f", load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    return (
        f"Measured {date.today().isoformat()} at commit {commit or 'unknown'}: {_processor()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}, {platform.system()}{busy}"
    )


def _processor() -> str:
    try:
        names = re.findall(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        names = []
    return " ".join(names[0].split()) if names else platform.processor() or platform.machine()


def _optimised() -> bool:
    """Whether this Python was built with the optimisations of a release; without them everything takes about 10 % longer."""
    arguments = sysconfig.get_config_var("CONFIG_ARGS")
    # Distributions have a way of their own to ask for them.
    return arguments is None or sys.base_prefix == "/usr" or "--enable-optimizations" in arguments


def main(arguments: argparse.Namespace) -> int:
    """Make the lists, let the programs take turns, print the table."""
    folder = Path(arguments.work) if arguments.work else WORK / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[dict[str, Any]] = []
    remarks: list[str] = []
    if not shutil.which("sqlite3"):
        remarks.append("the sqlite3 shell is not installed, so its line is missing")
    if not _optimised():
        remarks.append(
            "this Python was built without optimisations, so every figure of Valhalla and sqlite-utils is about 10 % too high"
        )
    for shape in arguments.shapes:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            Bench(Path(scratch), shape, WARM_ROWS, arguments.seed).round()
    for shape, rows in product(arguments.shapes, arguments.sizes):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            bench = Bench(Path(scratch), shape, rows, arguments.seed)
            turns = arguments.repeat * (SMALL_TURNS if rows < SIZES[-1] else 1)
            for turn in range(turns):
                about = f"{rows:,} rows of {shape}, turn {turn + 1} of {turns} ..."
                print(about, file=sys.stderr, flush=True)
                bench.round()
            lines += bench.figures()
            remarks += dict.fromkeys(bench.remarks)
    compare_sizes(lines)
    show(lines)
    for remark in remarks:
        print(remark)
    print(_machine())
    if arguments.write:
        write(lines, remarks)
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
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=SHAPES, help="of the lists")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument(
        "--repeat",
        type=int,
        default=3,
        help="turns, of short lists three times as many; the table shows medians (%(default)s)",
    )
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
