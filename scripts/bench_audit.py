#!/usr/bin/env python3
"""What the audit chain costs, side by side in one run on the same list.

``python3 scripts/bench_audit.py`` makes a list of 1,000,000 leads (``--rows``) and takes turns (``--repeat``) at

- importing it as ever, and importing it with the chain, the digests and the salts switched off. The switch is in this
  script: the program itself has none;
- copying the file while another import writes to it, and copying it with the system's own ``cp`` meanwhile;
- verifying the copy, by the program and by ``scripts/verify_audit.py``;
- erasing one person, which writes the file again.

Each is a process of its own; shown are medians of seconds, and the most memory. *Work* is processor time, which other programs on
the machine disturb less.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import Run, measure
from bootstrap import ROOT, WORK, clean_environment, enter
from make_leads import write_leads

COST, SECONDS, MEGABYTES, RATE, SHARE = 45, 20, 200, 150, 0.5
"""What is promised: percent of the time of an import, seconds and memory of a verification, MB/s of a copy or share of cp's."""

LOAD = "import db.audit, db.connection, db.evidence, db.sealing\n"
"""Python reads a module called ``sitecustomize`` at its start, also in the process that reads ahead: that is the switch."""

SWITCHED_OFF = (
    LOAD
    + """
import contextlib
from db.audit import Head

class Recorder:
    reason = None
    def __init__(self, connection, tables): pass
    def renew(self): pass
    def pending(self): return False
    def off(self): return contextlib.nullcontext()
    def close(self): pass

def nothing(*_, **__): return Head(0, "")

db.connection.Recorder = Recorder
db.sealing.seal = db.audit.append = db.audit.add = nothing
db.evidence.halves = lambda table, columns, rows: [None] * len(rows)
db.sealing.Bulk.hashes = lambda self, rows, prepared=None: [None] * len(rows)
db.sealing.Bulk.insert = lambda self, database, rows, witnesses: rows and database.many(self._statement, rows)
"""
)

COPY = """
import sys, time
from pathlib import Path
from db import copying
from valhalla.program.database import open_database
with open_database(sys.argv[1], create=False) as database:
    began = time.perf_counter()
    copying.copy(database, Path(sys.argv[2]))
    print(time.perf_counter() - began)
"""

ERASE = """
import sys, time
from valhalla.program.database import open_database
from valhalla.leads import forgetting
with open_database(sys.argv[1], create=False) as database:
    began = time.perf_counter()
    forgetting.forget(database, [database.value("SELECT max(id) FROM lead")])
    print(time.perf_counter() - began)
"""


class Bench:
    """The files in ``folder``, and what was measured."""

    def __init__(self, folder: Path, rows: int, seed: int) -> None:
        self.folder = folder
        self.list, self.other = folder / "leads.csv", folder / "other.csv"
        write_leads(self.list, rows, seed=seed)
        write_leads(self.other, rows, seed=seed + 1, first=rows)
        self.runs: dict[str, list[Run]] = {}
        self.seconds: dict[str, list[float]] = {}
        self.bytes = 0
        for name, text in (("with", LOAD), ("without", SWITCHED_OFF)):
            (folder / name).mkdir()
            (folder / name / "sitecustomize.py").write_text(text, encoding="utf-8")

    def imports(self, turns: int) -> None:
        """Take turns, so that a slow minute of the machine hits both; the last home with a chain is kept."""
        for turn in range(turns):
            for name in ("with", "without") if turn % 2 else ("without", "with"):
                home = self.folder / f"home-{name}"
                shutil.rmtree(home, ignore_errors=True)
                switch, before = {"PYTHONPATH": str(self.folder / name)}, _work()
                self._note(f"import {name}", measure(_ingest(home, self.list), switch))
                self.seconds.setdefault(f"work {name}", []).append(_work() - before)

    @property
    def file(self) -> Path:
        return self.folder / "home-with" / "valhalla.db"

    def copies(self, turns: int) -> None:
        """Copy while the other list is imported, which begins again when it has ended."""
        target, plain = self.folder / "copy.db", self.folder / "plain.db"
        shutil.copy(self.file, self.folder / "before.db")
        importing = self._import_more()
        try:
            for _ in range(turns):
                if importing.poll() is not None:
                    importing = self._import_more()
                self.bytes = self.file.stat().st_size
                run = measure([sys.executable, "-c", COPY, str(self.file), str(target)])
                self.seconds.setdefault("copy", []).append(float(run.output))
                began = time.perf_counter()
                with self.file.open("rb") as source, plain.open("wb") as file:
                    shutil.copyfileobj(source, file, 2**20)
                    file.flush()
                    os.fsync(file.fileno())
                self.seconds.setdefault("cp", []).append(time.perf_counter() - began)
                plain.unlink()
                if importing.poll() is not None:
                    sys.exit("the import that was to run during the copies ended before them; take more rows")
        finally:
            importing.kill()
            importing.wait()

    def _import_more(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            _ingest(self.folder / "home-with", self.other),
            stdout=subprocess.DEVNULL,
            env=clean_environment(),
        )
        time.sleep(2.0)  # until it writes
        return process

    def verifications(self, turns: int) -> None:
        """Of the file as it was before more was imported."""
        before = str(self.folder / "before.db")
        script = str(ROOT / "scripts" / "verify_audit.py")
        for _ in range(turns):
            valhalla = [sys.executable, "-m", "valhalla", "audit", "verify", before, "--json"]
            for name, command in (
                ("verify", valhalla),
                ("verify_audit.py", [sys.executable, script, before, "--json"]),
            ):
                run = measure(command)
                if not json.loads(run.output)["ok"]:
                    sys.exit(f"{name} finds fault with the file: {run.output[:2000]}")
                self._note(name, run)

    def erasure(self) -> None:
        """One person out of all."""
        run = measure([sys.executable, "-c", ERASE, str(self.folder / "before.db")])
        self.seconds["erase"] = [float(run.output)]

    def _note(self, name: str, run: Run) -> None:
        self.runs.setdefault(name, []).append(run)
        self.seconds.setdefault(name, []).append(run.seconds)

    def peak(self, name: str) -> float:
        """The most memory of a run, MB."""
        return max(run.peak_bytes or 0 for run in self.runs[name]) / 1e6


def _work() -> float:
    """Seconds of processor time of all processes that have ended so far (0 where the system does not tell)."""
    times = os.times()
    return times.children_user + times.children_system


def _ingest(home: Path, path: Path) -> list[str]:
    return [sys.executable, "-m", "valhalla", "ingest", str(path), "--home", str(home), "--json"]


def show(bench: Bench, rows: int) -> dict[str, float]:
    """Print the figures next to what is promised."""
    medians = {name: statistics.median(seconds) for name, seconds in bench.seconds.items()}
    took, least = medians["import with"], medians["import without"]
    rate, plain = (bench.bytes / 1e6 / medians[name] for name in ("copy", "cp"))
    figures = {
        "rows": rows,
        "import_with_s": round(took, 2),
        "import_without_s": round(least, 2),
        "cost_percent_of_import": round(100 * (took - least) / took, 1),
        "cost_percent_on_top": round(100 * (took - least) / least, 1),
        "work_with_s": round(medians["work with"], 2),
        "work_without_s": round(medians["work without"], 2),
        "file_mb": round(bench.bytes / 1e6),
        "copy_mb_per_s": round(rate),
        "cp_mb_per_s": round(plain),
        "copy_of_cp": round(rate / plain, 2),
        "verify_s": round(medians["verify"], 2),
        "verify_mb": round(bench.peak("verify")),
        "verify_script_s": round(medians["verify_audit.py"], 2),
        "verify_script_mb": round(bench.peak("verify_audit.py")),
        "erase_s": round(medians["erase"], 2),
    }
    for name, figure in figures.items():
        print(f"{name:24} {figure:>12,}")
    kept = {
        f"chain at most {COST} % of the import": figures["cost_percent_of_import"] <= COST,
        f"copy at least {RATE} MB/s or {SHARE} of cp": rate >= RATE or rate >= SHARE * plain,
        f"verification under {SECONDS} s and {MEGABYTES} MB": medians["verify"] < SECONDS
        and bench.peak("verify") < MEGABYTES,
    }
    for promise, held in kept.items():
        print(f"{'kept' if held else 'NOT KEPT':8} {promise}")
    return figures


def main() -> int:
    """Run everything once."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="leads in the list (%(default)s)")
    parser.add_argument("--repeat", type=int, default=3, help="turns; shown are medians (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", help="folder for the files (default: .work/bench)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    chosen = parser.parse_args()
    enter("dev")
    folder = Path(chosen.work) if chosen.work else WORK / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        bench = Bench(Path(scratch), chosen.rows, chosen.seed)
        bench.imports(chosen.repeat)
        bench.copies(chosen.repeat)
        bench.verifications(min(chosen.repeat, 2))
        bench.erasure()
        figures = show(bench, chosen.rows)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
