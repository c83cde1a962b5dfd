"""Builds the distribution ``valhalla-queue``: what jobs/ and db/ hold as one package, ``valhalla_queue``.

The modules of jobs/ stand in the package itself, those of db/ in ``valhalla_queue.db``, so that a program may have a jobs.py
and a db.py of its own. Only imports, names of loggers and references in the text are rewritten.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from bootstrap import ROOT

PACKAGE = "valhalla_queue"
NEEDED = ("apsw", "huey", "orjson", "peewee")
FOR_PAGES = ("fastapi", "jinja2", "python-multipart")

PLACES = {"jobs": PACKAGE, "db": f"{PACKAGE}.db"}
IMPORT = re.compile(r"^(\s*(?:from|import) )(jobs|db)\b", re.M)
LOGGER = re.compile(r'getLogger\("(jobs|db)"\)')
REFERENCE = re.compile(r"(:\w+:`)(jobs|db)\.")

PROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "valhalla-queue"
version = "{version}"
description = "Jobs in an SQLite database that are neither lost nor done twice, and that can prove it."
readme = "README.md"
license = "MIT"
license-files = ["LICENSE"]
requires-python = "{python}"
keywords = ["queue", "jobs", "sqlite", "huey", "cron"]
classifiers = [
    "Development Status :: 4 - Beta",
    "Intended Audience :: Developers",
    "Operating System :: Microsoft :: Windows",
    "Operating System :: POSIX",
    "Programming Language :: Python :: 3",
    "Typing :: Typed",
]
dependencies = {dependencies}

[project.optional-dependencies]
otel = ["opentelemetry-api>=1.30"]
postgres = ["psycopg[binary]>=3.2"]
web = {pages}

[project.scripts]
valhalla-queue = "valhalla_queue.command:main"

[tool.hatch.build.targets.wheel]
packages = ["valhalla_queue"]
"""


def build(target: Path) -> list[Path]:
    """Put the wheel and the source archive into ``target``; returns them."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch)
        write_tree(tree)
        command = [sys.executable, "-m", "hatchling", "build", "--directory", str(target.resolve())]
        done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stderr)
    return sorted(target.glob("valhalla_queue-*"))


def write_tree(tree: Path) -> None:
    """Write what the distribution is built from."""
    package = tree / PACKAGE
    shutil.copytree(ROOT / "jobs", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "db", package / "db", ignore=shutil.ignore_patterns("__pycache__"))
    for path in package.rglob("*.py"):
        path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    (package / "py.typed").touch()
    version = re.search(r'__version__ = "(.+)"', (ROOT / "valhalla" / "__init__.py").read_text("utf-8"))
    assert version is not None
    with (package / "__init__.py").open("a", encoding="utf-8", newline="\n") as init:
        init.write(f'\n\n__version__ = "{version[1]}"\n')
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed, pages = (
        [each for each in project["dependencies"] if re.split(r"[^\w-]", each)[0] in names]
        for names in (NEEDED, FOR_PAGES)
    )
    assert (len(needed), len(pages)) == (len(NEEDED), len(FOR_PAGES))
    (tree / "pyproject.toml").write_text(
        PROJECT.format(
            version=version[1], python=project["requires-python"], dependencies=needed, pages=pages
        ),
        encoding="utf-8",
    )
    shutil.copy(ROOT / "LICENSE", tree)
    shutil.copy(ROOT / "docs" / "queue" / "introduction.md", tree / "README.md")


def rewritten(text: str) -> str:
    """A module's text with the imports that it has in the package."""
    text = IMPORT.sub(lambda found: found[1] + PLACES[found[2]], text)
    text = LOGGER.sub(lambda found: f'getLogger("{PLACES[found[1]]}")', text)
    return REFERENCE.sub(lambda found: f"{found[1]}{PLACES[found[2]]}.", text)
