#!/usr/bin/env python3
"""Small faults put into the program one at a time, and whether the tests of the module notice.

    pip install cosmic-ray      # into the environment that runs the tests; nothing else needs it
    python scripts/mutate.py --count 300 --seed 1 --out mutants.jsonl

The faults are those of cosmic-ray (another operator, another number, a condition turned round, a loop left out). They are drawn by the seed,
for each package as many as it has lines, and made in a copy of the project, so the checkout stays as it is. Only the tests
that are called like the module run, and up to ``--more`` others that lead to it; what needs a server is left out. Where a line stands in an annotation nothing is changed: nobody evaluates it.

Prints the share that was noticed, by package, and the faults that were not. Started again with the same file, it goes on where it was
stopped.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
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

SLOWEST = 300
"""Seconds after which tests that hang have noticed."""


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


def annotated_lines(source: str) -> set[int]:
    """The lines on which an annotation begins or goes on, with where no other code stands."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        found = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        for each in found:
            if isinstance(each, ast.expr):
                lines.update(range(each.lineno, (each.end_lineno or each.lineno) + 1))
    return lines


def faults(package: str, path: Path, known: dict[str, Any]) -> list[Fault]:
    """Every fault that can be put into a module; each place counts once, whatever can be made of it."""
    trees = importlib.import_module("cosmic_ray.ast")
    source = path.read_text(encoding="utf-8")
    left_out, nodes = annotated_lines(source), list(trees.ast_nodes(trees.get_ast(source)))
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


def drawn(count: int, seed: int) -> Iterator[Fault]:
    """The faults to try, in the order in which they are tried: packages in turn."""
    random.seed(seed)
    known = operators()
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


def imports(path: Path, dotted: str) -> bool:
    """Whether a file imports a module, by its full name or from its package."""
    text, (package, _, name) = path.read_text(encoding="utf-8"), dotted.rpartition(".")
    lines = (line for line in text.splitlines() if line.lstrip().startswith(("from ", "import ")))
    return any(
        line.lstrip().startswith((f"from {dotted} ", f"import {dotted}"))
        or (line.lstrip().startswith(f"from {package} ") and name in line.replace(",", " ").split())
        for line in lines
    )


def tests_of(module: str, more: int) -> list[str]:
    """The tests that are called like a module, and up to ``more`` others: the shortest that import it, then those that are called
    like a module that imports it."""
    name, dotted = Path(module).stem, module.removesuffix(".py").replace("/", ".")
    every = [
        path
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if not {"browser", "product", "build", "scripts", "crash", "e2e"} & set(path.parts)
    ]
    every.sort(key=lambda path: path.stat().st_size)
    above = {
        path.stem
        for package in ("db", "jobs", "valhalla")
        for path in (ROOT / package).rglob("*.py")
        if imports(path, dotted)
    }
    own = [path for path in every if path.stem.removeprefix("test_") == name]
    others = [path for path in every if path not in own and imports(path, dotted)]
    others += [
        path for path in every if path not in own + others and path.stem.removeprefix("test_") in above
    ]
    found = own + others[:more]
    if not found:
        found = sorted((ROOT / "tests" / Path(module).parent).glob("test_*.py"))[:more]
    return [path.relative_to(ROOT).as_posix() for path in found]


def tried(fault: Fault, known: dict[str, Any], folder: Path, more: int) -> dict[str, Any]:
    """Put a fault into the copy, run the tests, and take it out again."""
    mutating = importlib.import_module("cosmic_ray.mutating")
    path, source = folder / fault.module, (ROOT / fault.module).read_text(encoding="utf-8")
    changed = mutating.mutate_code(source, known[fault.operator], fault.occurrence)
    tests = tests_of(fault.module, more)
    began, result, by = time.monotonic(), "noticed", None
    if changed is None or changed == source:
        return {**fault._asdict(), "result": "nothing"}
    path.write_text(changed, encoding="utf-8")
    try:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
        marks = "not slow and not crash and not browser and not wine and not postgres and not redis"
        done = subprocess.run(
            [*command, "-m", marks],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=SLOWEST,
            check=False,
        )
        if done.returncode in (0, 5):
            result = "lived"
        else:
            by = next(
                (each for each in done.stdout.splitlines() if each.startswith(("FAILED", "ERROR"))), None
            )
    except subprocess.TimeoutExpired:
        by = "a timeout"
    finally:
        path.write_text(source, encoding="utf-8")
    old, new = source.splitlines(), changed.splitlines()
    line = next((number for number, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
    return {
        **fault._asdict(),
        "line": line + 1,
        "before": old[line].strip(),
        "after": new[line].strip() if line < len(new) else "",
        "result": result,
        "by": by and by[:160],
        "tests": tests,
        "seconds": round(time.monotonic() - began, 1),
    }


def report(rows: list[dict[str, Any]]) -> None:
    """The share that was noticed, and what was not."""
    counted = Counter((row["package"], row["result"]) for row in rows)
    for package in (*PACKAGES, "all"):
        names = PACKAGES if package == "all" else (package,)
        noticed, lived = (sum(counted[name, result] for name in names) for result in ("noticed", "lived"))
        share = f"{100 * noticed / (noticed + lived):.0f} %" if noticed + lived else "-"
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
    if given.again:
        rows = [row for row in rows if row["result"] != "lived"]
    known, seen = operators(), {(row["module"], row["operator"], row["occurrence"]) for row in rows}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in COPIED:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(ROOT / part, folder / part)
        for fault in drawn(given.count, given.seed):
            if (fault.module, fault.operator, fault.occurrence) in seen:
                continue
            rows.append(tried(fault, known, folder, given.more))
            given.out.write_text("".join(json.dumps(row) + "\n" for row in rows))
            print(f"{len(rows)}: {rows[-1]['result']} {fault.module}:{fault.line}", flush=True)
    report(rows)


if __name__ == "__main__":
    main()
