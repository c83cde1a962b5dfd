"""Takes a large home of version 0.1 through the upgrade, and compares what the program says of it before and after.

``python3 scripts/upgrade_home.py --old CHECKOUT`` where CHECKOUT is version 0.1 with its environment in ``.work/venv``. That version
imports a list in which every tenth owner has two to four houses, and explains every decision; this one migrates the file, takes the
folded leads apart, kills itself on the way, verifies with both verifiers, explains every decision that stands word for word, and
takes it all back. Prints each figure; ends with 1 where one is wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from bootstrap import ROOT, enter

STREETS = ("Oak", "Elm", "Pine", "Cedar")
EXPLAIN = """
import hashlib, json, sys
{imports}
with {opened} as database:
    viewer = {viewer}
    for (number,) in database.sql("SELECT id FROM lead ORDER BY id"):
        lead = viewer.record(number).lead
        told = json.dumps([stage_json(each) for each in explain(lead, viewer.context(lead))])
        print(number, hashlib.sha256(told.encode()).hexdigest())
"""
OLD = EXPLAIN.format(
    imports="""from db import Database
from valhalla.leads.view import Viewer, stage_json
from valhalla.stages.pipeline import explain""",
    opened="Database.open(sys.argv[1])",
    viewer='Viewer(database, database.clock(), quiet="20:00-08:00", zone=None)',
)
NEW = EXPLAIN.format(
    imports="""from valhalla.program.database import open_database
from valhalla.leads.view import Viewer, stage_json
from valhalla.scoring.stages.explanation import explain""",
    opened="open_database(sys.argv[1])",
    viewer="Viewer.now(database)",
)
OPEN = """
import sys
from valhalla.program.database import open_database
with open_database(sys.argv[1]):
    pass
"""
KILLED = """
import os, sys
from pathlib import Path
from valhalla.intake import unfolding
from valhalla.intake.undo import Hooks
from valhalla.program.database import open_database
with open_database(sys.argv[1]) as database:
    left = int(sys.argv[2])
    def between(progress):
        global left
        left -= 1
        if not left:
            os._exit(9)
    hooks = Hooks(between=between)
    if sys.argv[3] == "undo":
        print(unfolding.undo(database, unfolding.runs(database)[0]["id"], hooks=hooks))
    else:
        print(unfolding.unfold(database, unfolding.begin(database), hooks))
"""


def main() -> int:
    """Run it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", type=Path, required=True)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=ROOT / ".work" / "upgrade")
    given = parser.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True)
    home = given.folder / "home"
    houses = write_list(given.folder / "list.csv", given.leads, given.seed)
    old = Old(given.old.resolve(), home)
    step("0.1 imports", lambda: old.run("ingest", str(given.folder / "list.csv")))
    for lead, outcome in ((1, "contacted"), (11, "contract"), (21, "appointment"), (22, "won")):
        old.run("outcome", str(lead), outcome)
    before = step("0.1 explains", lambda: old.python(OLD, home / "valhalla.db"))
    file = home / "valhalla.db"
    copy = given.folder / "old.db"
    old.run("audit", "copy", str(copy))
    step("migrate", lambda: new(OPEN, file))
    after = step("explain", lambda: new(NEW, file))
    failed = check("decisions explained otherwise after the migration", differing(before, after), 0)
    failed += check("0.1's verifier on a copy by 0.1", verified(given.old, old.interpreter, copy), 0)
    failed += check("this verifier on it", verified(ROOT, sys.executable, copy), 0)
    killed = kill(file, "unfold")
    done = json.loads(step("unfold", lambda: cli("leads", "unfold", "--yes", "--json", home=home)))
    run = json.loads(cli("leads", "unfold", "--preview", "--json", home=home))
    apart = new(NEW, file)
    print(f"killed {killed} times; {done}")
    failed += check("leads", len(apart.splitlines()), houses)
    failed += check("leads that still stand for several houses", run["leads"], 0)
    step("verify", lambda: cli("audit", "verify", home=home))
    folded = houses - given.leads
    print(f"decisions of single-house leads that changed: {differing(before, apart)} (folded: {folded})")
    number = str(json.loads(new(RUNS, file))[0])
    killed = kill(file, "undo")
    back = json.loads(
        step("take it back", lambda: cli("leads", "unfold", "--undo", number, "--json", home=home))
    )
    print(f"killed {killed} times; {back}")
    step("verify", lambda: cli("audit", "verify", home=home))
    failed += check("the script for auditors on it", verified(ROOT, sys.executable, file), 0)
    undone = new(NEW, file)
    failed += check("leads", len(undone.splitlines()), given.leads)
    failed += check("decisions explained otherwise after it was taken back", differing(before, undone), 0)
    return 1 if failed else 0


RUNS = """
import json, sys
from valhalla.intake import unfolding
from valhalla.program.database import open_database
with open_database(sys.argv[1]) as database:
    print(json.dumps([each["id"] for each in unfolding.runs(database)]))
"""


def kill(file: Path, what: str) -> int:
    """Begin it three times in a process that kills itself after its third batch. Returns how often that was so."""
    words = [sys.executable, "-c", KILLED, str(file), "3", what]
    return sum(subprocess.run(words, cwd=ROOT).returncode == 9 for _ in range(3))


class Old:
    """Version 0.1."""

    def __init__(self, checkout: Path, home: Path) -> None:
        self.checkout, self.home = checkout, home
        self.interpreter = str(checkout / ".work" / "venv" / "bin" / "python")

    def run(self, *words: str) -> str:
        """One of its commands."""
        return said([self.interpreter, "-m", "valhalla", "--home", str(self.home), *words], self.checkout)

    def python(self, text: str, file: Path) -> str:
        """A program against its modules."""
        return said([self.interpreter, "-c", text, str(file)], self.checkout)


def verified(root: Path, interpreter: str, file: Path) -> int:
    """How the verifier of a checkout ends on a file."""
    words = [interpreter, str(root.resolve() / "scripts" / "verify_audit.py"), str(file)]
    return subprocess.run(words, stdout=subprocess.DEVNULL).returncode


def said(words: list[str], folder: Path) -> str:
    """What a command prints; an error ends it all."""
    return subprocess.run(words, cwd=folder, check=True, text=True, stdout=subprocess.PIPE).stdout


def cli(*words: str, home: Path) -> str:
    """One of this version's commands."""
    return said([sys.executable, "-m", "valhalla", "--home", str(home), *words], ROOT)


def new(text: str, file: Path) -> str:
    """A program against this version's modules."""
    return said([sys.executable, "-c", text, str(file)], ROOT)


def step(name: str, act: object) -> str:
    """Do it and say how long it took."""
    began = time.perf_counter()
    found: str = act()  # type: ignore[operator]
    print(f"{name}: {time.perf_counter() - began:.1f} s", flush=True)
    return found


def check(name: str, found: int, wanted: int) -> int:
    """Say a figure; 1 where it is wrong."""
    print(f"{name}: {found:,}" + ("" if found == wanted else f", not {wanted:,}"), flush=True)
    return int(found != wanted)


def differing(before: str, after: str) -> int:
    """How many lines of the first are not in the second."""
    return len(set(before.splitlines()) - set(after.splitlines()))


def write_list(path: Path, owners: int, seed: int) -> int:
    """A list of so many owners, of whom every tenth has two to four houses. Returns the number of houses."""
    chance, count = random.Random(seed), 0
    with path.open("w", encoding="utf-8") as file:
        file.write("name,email,value,address,location,arv,repairs\n")
        for owner in range(owners):
            for house in range(1 if owner % 10 else chance.randint(2, 4)):
                number, place = owner % 9_000 + 1 + house * 17, f"Houston, TX 77{owner % 100:03d}"
                price, arv, repairs = (
                    chance.randrange(50, 900),
                    chance.randrange(100, 900),
                    chance.randrange(5, 90),
                )
                file.write(
                    f"Person {owner},p{owner}@example.com,{price}000,{number} {STREETS[house]} St,"
                    f'"{place}",{arv}000,{repairs}000\n'
                )
                count += 1
    return count


if __name__ == "__main__":
    enter("dev")
    sys.exit(main())
