"""The distribution ``valhalla-queue`` in an environment that holds it and what it needs, beside modules of the same names."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("apsw", "huey", "orjson", "peewee")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, queue_wheel: Path) -> Path:
    """The Python of a clean environment with the wheel and its four dependencies."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, symlinks=os.name != "nt")
    (site,) = (each for each in folder.rglob("site-packages") if each.is_dir())
    with zipfile.ZipFile(queue_wheel) as wheel:
        wheel.extractall(site)
    for name in NEEDED:
        for file in importlib.metadata.files(name) or []:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), site / file)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@pytest.fixture(scope="module")
def queue_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, str(ROOT / "scripts" / "release.py"), "queue", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The program of the introduction, next to a jobs.py and a db.py of its author."""
    text = (ROOT / "docs" / "queue" / "introduction.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", text, re.S)
    assert found is not None
    (tmp_path / "jobs.py").write_text("mine = 1\n", encoding="utf-8")
    (tmp_path / "db.py").write_text("mine = 2\n", encoding="utf-8")
    path = tmp_path / "app.py"
    path.write_text("import db, jobs\nassert (jobs.mine, db.mine) == (1, 2)\n" + found[1], encoding="utf-8")
    return path


def run(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(python), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=clean,
        timeout=300,
    )


def test_program_of_the_introduction_works_in_a_clean_environment(environment: Path, program: Path) -> None:
    done = run(environment, program.parent, "app.py")
    assert (done.stdout, done.stderr) == ("Hello Ann\n", "")
    done = run(environment, program.parent, "-m", "valhalla_queue.command", "prove", "app.db", "--json")
    assert json.loads(done.stdout)["holds"] is True
    done = run(environment, program.parent, "-m", "valhalla_queue.command", "list", "app.db")
    assert "greet" in done.stdout


def test_it_holds_one_package_that_imports_nothing_beside_it(queue_wheel: Path) -> None:
    with zipfile.ZipFile(queue_wheel) as wheel:
        texts = {name: wheel.read(name).decode() for name in wheel.namelist()}
    (info,) = {name.partition("/")[0] for name in texts} - {"valhalla_queue"}
    assert info.endswith(".dist-info")
    foreign = re.compile(r"^\s*(from|import) (jobs|db|valhalla)\b", re.M)
    assert [name for name, text in texts.items() if foreign.search(text)] == []
    assert {"valhalla_queue/py.typed", "valhalla_queue/db/turn.py"} <= texts.keys()
    for folder in ("migrations", "db/migrations"):
        assert any(name.startswith(f"valhalla_queue/{folder}/") for name in texts)
    metadata = texts[f"{info}/METADATA"]
    needed = re.findall(r"^Requires-Dist: ([\w-]+)(?!.*extra ==)", metadata, re.M)
    assert sorted(needed) == list(NEEDED)
    pages = re.findall(r"^Requires-Dist: ([\w-]+).*extra == 'web'", metadata, re.M)
    assert sorted(pages) == ["fastapi", "jinja2", "python-multipart"]
    assert {
        f"valhalla_queue/web/{name}"
        for name in ("templates/jobs.html", "static/jobs.css", "frame/frame.html")
    } <= texts.keys()
    assert "valhalla-queue = valhalla_queue.command:main" in texts[f"{info}/entry_points.txt"]
    (version,) = re.findall(r"^Version: (.+)$", metadata, re.M)
    assert f'__version__ = "{version}"' in texts["valhalla_queue/__init__.py"]


PAGES = """
import asyncio, logging, sys
sys.path.insert(1, {site!r})  # where FastAPI is
import valhalla_queue.web

queue = valhalla_queue.Queue.open("pages.db")
queue.task(name="greet", by_hand=True)(lambda name: name).enqueue("Ann")
app = valhalla_queue.web.pages(queue)
assert valhalla_queue.web.__file__.startswith({clean!r})

async def ask(path):
    sent = []
    scope = dict(type="http", method="GET", path=path, root_path="", query_string=b"", headers=[], http_version="1.1", scheme="http",
                 server=("shop", 80), client=("127.0.0.1", 1))
    asked = [dict(type="http.request", body=b"", more_body=False)]
    async def receive():
        return asked.pop() if asked else dict(type="http.disconnect")
    async def send(message):
        sent.append(message)
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:]).decode()

for path, what in (("/jobs", "Greet"), ("/jobs/1", "Ann"), ("/jobs/schedule", "No periodic jobs"), ("/jobs/figures", "Throughput"),
                   ("/jobs/new", "greet"), ("/static/jobs.css", "")):
    status, text = asyncio.run(ask(path))
    assert status == 200 and what in text, (path, status, text)
queue.shut()
"""


def test_pages_are_shown_from_the_distribution(environment: Path, tmp_path: Path) -> None:
    clean = str(environment.parent.parent)
    text = PAGES.format(
        site=str(Path(str(importlib.metadata.distribution("fastapi").locate_file("")))), clean=clean
    )
    (tmp_path / "app.py").write_text(text, encoding="utf-8")
    done = run(environment, tmp_path, "app.py")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_program_of_the_introduction_passes_strict_types(environment: Path, program: Path) -> None:
    # What mypy knows of the standard library is kept, apart from what it knows by the project's own settings.
    cache = Path(os.environ.get("MYPY_CACHE_DIR") or ROOT / ".mypy_cache") / "queue"
    command = [
        "-m",
        "mypy",
        "--strict",
        "--python-executable",
        str(environment),
        "--cache-dir",
        str(cache),
        "app.py",
    ]
    done = run(Path(sys.executable), program.parent, *command)
    assert done.returncode == 0, done.stdout


def test_only_imports_loggers_and_references_are_rewritten(script: Callable[[str], ModuleType]) -> None:
    rewritten = script("queue_distribution").rewritten
    assert rewritten("from db import Database\n    from jobs.sql import X\nimport jobs\n") == (
        "from valhalla_queue.db import Database\n    from valhalla_queue.sql import X\nimport valhalla_queue\n"
    )
    assert rewritten('getLogger("jobs")') == 'getLogger("valhalla_queue")'
    for kept in (
        "from jobscheduler import X\n",
        'Migrations("jobs", path)',
        "from dbm import open\n",
        "the jobs.\n",
    ):
        assert rewritten(kept) == kept
