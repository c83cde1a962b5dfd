#!/usr/bin/env python3
"""Small faults put into the program one at a time, and whether the tests of the module notice.

    pip install cosmic-ray      # into the environment that runs the tests; nothing else needs it
    python scripts/mutate.py --count 300 --seed 1 --out mutants.jsonl

The faults are those of cosmic-ray (another operator, another number, a condition turned round, a loop left out). They are drawn by the seed,
for each package as many as it has lines, and made in a copy of the project, so the checkout stays as it is. Only the tests
that are called like the module run, and up to ``--more`` others that lead to it; what needs a server is left out. Nothing is changed on
lines that nobody evaluates.

Prints the share that was noticed, by package, and the faults that were not. Started again with the same file, it goes on where it was
stopped. With ``--again`` it tries those once more that were not noticed, wherever their lines stand by now, and drops those whose
lines are gone: with more tests, or when tests were written for them.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    *("jobs", "db", "valhalla/effects", "valhalla/intake", "valhalla/leads", "valhalla/scoring/stages"),
    "valhalla/team",
)
COPIED = ("db", "jobs", "valhalla", "scripts", "tests", "examples", "docs", "pyproject.toml", "README.md")
LEFT_OUT = ("core/RemoveDecorator", "core/VariableReplacer", "core/VariableInserter")
"""Faults that mostly cannot be imported, or need arguments."""

SLOWEST = 90
"""Seconds after which a test that hangs has noticed."""

ELSEWHERE = {"browser", "product", "build", "scripts", "crash", "e2e"}
"""Folders of tests that are not tried: they start the whole program, or need a browser."""

READING = ("tests/valhalla/test_durable.py",)
"""Tests that read the text of every module, so that no import leads from them to one."""

MARKS = "not slow and not crash and not browser and not wine and not postgres and not redis"
PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")


class Fault(NamedTuple):
    """One place and what is made of it."""

    package: str
    module: str
    """Its path in the project."""
    operator: str
    occurrence: int
    line: int


def operators() -> dict[str, Any]:
    """cosmic-ray's operators that need no arguments, by name."""
    try:
        plugins = importlib.import_module("cosmic_ray.plugins")
    except ImportError:
        sys.exit("cosmic-ray is not installed; run: pip install cosmic-ray")
    names = [name for name in plugins.operator_names() if not name.startswith(LEFT_OUT)]
    return {name: plugins.get_operator(name)() for name in names}


def left_out_lines(source: str) -> set[int]:
    """The lines on which nobody evaluates what stands there: those on which an annotation begins or goes on, and what asks whether
    types are checked."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        found = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            found.append(node.test)
        for each in found:
            if isinstance(each, ast.expr):
                lines.update(range(each.lineno, (each.end_lineno or each.lineno) + 1))
    return lines


def faults(package: str, path: Path, known: dict[str, Any]) -> list[Fault]:
    """Every fault that can be put into a module; each place counts once, whatever can be made of it."""
    trees = importlib.import_module("cosmic_ray.ast")
    source = path.read_text(encoding="utf-8")
    left_out, nodes = left_out_lines(source), list(trees.ast_nodes(trees.get_ast(source)))
    at: dict[tuple[Any, Any], list[Fault]] = {}
    for name, operator in known.items():
        occurrence = 0
        for node in nodes:
            for start, end in operator.mutation_positions(node):
                if start[0] not in left_out:
                    module = path.relative_to(ROOT).as_posix()
                    at.setdefault((start, end), []).append(Fault(package, module, name, occurrence, start[0]))
                occurrence += 1
    return [random.choice(each) for each in at.values()]


def drawn(count: int, seed: int, known: dict[str, Any]) -> Iterator[Fault]:
    """The faults to try, in the order in which they are tried: packages in turn."""
    random.seed(seed)
    lines = {
        package: {
            path: len(path.read_text(encoding="utf-8").splitlines())
            for path in sorted((ROOT / package).rglob("*.py"))
            if path.name not in ("__init__.py", "sql.py", "models.py") and "postgres" not in path.name
        }
        for package in PACKAGES
    }
    weights = {package: sum(each.values()) for package, each in lines.items()}
    kept: dict[Path, list[Fault]] = {}
    for package in random.choices(list(weights), list(weights.values()), k=count):
        while True:
            (path,) = random.choices(list(lines[package]), list(lines[package].values()))
            if path not in kept:
                kept[path] = faults(package, path, known)
            if kept[path]:
                yield kept[path].pop(random.randrange(len(kept[path])))
                break


@cache
def imported(path: Path) -> frozenset[str]:
    """What a file imports, wherever in it: full names of modules, and of what might be one."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
    return frozenset(names)


@cache
def steps_to(module: str) -> dict[str, int]:
    """How many imports lead to a module, for each module that leads to it; itself 0."""
    every = {
        path.relative_to(ROOT).with_suffix("").as_posix().removesuffix("/__init__").replace("/", "."): path
        for package in ("db", "jobs", "valhalla")
        for path in (ROOT / package).rglob("*.py")
    }
    known = {module: 0}
    last = set(known)
    while last:
        last = {name for name, path in every.items() if name not in known and imported(path) & last}
        known.update(dict.fromkeys(last, max(known.values()) + 1))
    return known


@cache
def words(path: Path) -> frozenset[str]:
    """Every word of a file."""
    return frozenset(re.findall(r"\w+", path.read_text(encoding="utf-8")))


@cache
def tests_of(module: str, more: int) -> list[str]:
    """The tests that are called like a module or its package, and up to ``more`` others that lead to it: those that name something
    of it before the others, those near it in the tree, those from which the fewest imports lead to it, the shortest."""
    name, room = Path(module).stem, Path(module).parent.parts
    steps = steps_to(module.removesuffix(".py").replace("/", "."))
    body = ast.parse((ROOT / module).read_text(encoding="utf-8")).body
    public = {each.name for each in body if isinstance(each, ast.FunctionDef | ast.ClassDef)}
    ranked = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        away = min((steps[each] for each in imported(path) if each in steps), default=99)
        if away < 99 and not ELSEWHERE & set(path.parts):
            where = path.relative_to(ROOT / "tests").parent.parts
            near = sum(1 for mine, its in zip(room, where, strict=False) if mine == its)
            called = path.stem.removeprefix("test_")
            own = (called == name and (near > 1 or where == room or away == 1)) or (*where, called) == room
            rank = (not own, not public & words(path), -near, away, path.stat().st_size)
            ranked.append((rank, path.relative_to(ROOT).as_posix()))
    ranked.sort()
    nearest = [path for _, path in ranked[: sum(not rank[0] for rank, _ in ranked) + more]]
    return [*nearest, *READING]


def copied(folder: Path) -> None:
    """Copy the project, and compile it and its tests, so that this is not done for each fault."""
    for part in COPIED:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / part, folder / part)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(
        [*PYTEST, "--collect-only", "-q", "tests"],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(folder)},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def changed_by(fault: Fault, known: dict[str, Any]) -> tuple[int, str, str, str]:
    """The whole source with a fault put in, and the first line that differs: its number, as it was, and as it is then.
    Nothing differs where there is no such fault: then the source is empty."""
    source = (ROOT / fault.module).read_text(encoding="utf-8")
    mutating = importlib.import_module("cosmic_ray.mutating")
    changed = mutating.mutate_code(source, known[fault.operator], fault.occurrence) or source
    lines = zip(source.splitlines(), changed.splitlines(), strict=False)
    for number, (old, new) in enumerate(lines, 1):
        if old != new:
            return number, old.strip(), new.strip(), changed
    return fault.line, "", "", ""


def found_again(row: dict[str, Any], known: dict[str, Any]) -> Fault | None:
    """A fault that was tried, in the module as it is now: the same change of the same line, wherever that stands."""
    fault = Fault(*(row[name] for name in Fault._fields))
    for away in range(40):
        for occurrence in {fault.occurrence + away, fault.occurrence - away}:
            here = fault._replace(occurrence=occurrence)
            line, before, after, _ = changed_by(here, known) if occurrence >= 0 else (0, "", "", "")
            if before and (before, after) == (row["before"], row["after"]):
                return here._replace(line=line)
    return None


def tried(fault: Fault, known: dict[str, Any], folder: Path, more: int) -> dict[str, Any]:
    """Put a fault into the copy, run the tests, and take it out again."""
    line, before, after, changed = changed_by(fault, known)
    if not changed:
        return {**fault._asdict(), "result": "nothing"}
    path, tests = folder / fault.module, tests_of(fault.module, more)
    source, was = path.read_bytes(), path.stat()
    began, result, by = time.monotonic(), "noticed", None
    used = os.times()
    path.write_text(changed, encoding="utf-8")
    # Each test has its time; one that hangs ends the run.
    command = [
        *PYTEST,
        "-q",
        "-x",
        "-o",
        f"faulthandler_timeout={SLOWEST}",
        "-o",
        "faulthandler_exit_on_timeout=true",
    ]
    try:
        done = subprocess.run(
            [*command, "-m", MARKS, *tests],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=3 * SLOWEST,  # where a module cannot even be imported in time
        )
        if done.returncode in (0, 5):
            result = "lived"
        else:
            failed = (each for each in done.stdout.splitlines() if each.startswith(("FAILED", "ERROR")))
            by = next(failed, f"pytest, which ended with {done.returncode}")
    except subprocess.TimeoutExpired:
        by = "a timeout"
    finally:
        path.write_bytes(source)
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))  # what was compiled is valid again
    now = os.times()
    return {
        **fault._asdict(),
        "line": line,
        "before": before,
        "after": after,
        "result": result,
        "by": by and by[:160],
        "tests": tests,
        "seconds": round(time.monotonic() - began, 1),
        "processor": round(
            now.children_user + now.children_system - used.children_user - used.children_system, 1
        ),
    }


def report(rows: list[dict[str, Any]]) -> None:
    """The share that was noticed, and what was not."""
    counted = Counter((row["package"], row["result"]) for row in rows)
    for package in (*PACKAGES, "all"):
        names = PACKAGES if package == "all" else (package,)
        noticed, lived = (sum(counted[name, result] for name in names) for result in ("noticed", "lived"))
        share = f"{100 * noticed // (noticed + lived)} %" if noticed + lived else "-"
        print(f"{package:24} {noticed:4} of {noticed + lived:4} noticed  {share}")
    for row in rows:
        if row["result"] == "lived":
            print(f"{row['module']}:{row['line']}  {row['before']}  ->  {row['after']}")


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--more", type=int, default=4, help="other test modules to run for a module")
    parser.add_argument("--out", type=Path, required=True, help="one line of JSON for each fault")
    parser.add_argument("--again", action="store_true", help="try those that lived once more")
    given = parser.parse_args()
    rows = [json.loads(line) for line in given.out.read_text().splitlines()] if given.out.exists() else []
    known = operators()
    with tempfile.TemporaryDirectory() as name:
        copied(Path(name))

        def keep(at: int, row: dict[str, Any]) -> None:
            rows[at : at + 1] = [row]
            given.out.write_text("".join(json.dumps(each) + "\n" for each in rows))
            print(f"{at + 1}: {row['result']} {row['module']}:{row['line']}", flush=True)

        if given.again:
            for at, row in enumerate(rows):
                if row["result"] == "lived":
                    fault = found_again(row, known)
                    again = (
                        tried(fault, known, Path(name), given.more) if fault else {**row, "result": "gone"}
                    )
                    keep(at, again)
        else:
            seen = {(row["module"], row["operator"], row["occurrence"]) for row in rows}
            for fault in drawn(given.count, given.seed, known):
                if (fault.module, fault.operator, fault.occurrence) not in seen:
                    keep(len(rows), tried(fault, known, Path(name), given.more))
    report(rows)


if __name__ == "__main__":
    main()
