"""The recipes and the first steps of the documents do what they say, line by line."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from valhalla.cli.entry import run

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("docs/recipes.md", "docs/getting-started.md")
SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

COUNTY = 'Owner,Situs Address,Situs City,Situs State,Best Ask\n"HART, JO",12 Oak St,Houston,TX,150000\n'
ELSEWHERE = ("valhalla run", "valhalla startup", "valhalla selftest", "pip install", "python3 scripts")
"""Tests of their own run these: they do not end, or change the computer."""


def sections(page: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The headings of a page, each with its blocks: the language and the text."""
    parts = SECTION.split((ROOT / page).read_text(encoding="utf-8"))
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        if blocks := BLOCK.findall(text):
            yield heading, blocks


RECIPES = [
    pytest.param(blocks, id=f"{Path(page).stem}: {heading}")
    for page in PAGES
    for heading, blocks in sections(page)
]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with lists, and a home that has read the ten sample leads."""
    folder = tmp_path_factory.mktemp("begun")
    (folder / "examples").mkdir()
    for name in ("my_leads.csv", "examples/real_leads.csv"):
        shutil.copy(ROOT / "examples" / "real_leads.csv", folder / name)
    (folder / "county.csv").write_text(COUNTY, encoding="utf-8")
    assert run(["ingest", str(folder / "my_leads.csv"), "--home", str(folder / "home")]) == 0
    assert run(["audit", "copy", str(folder / "for-the-auditor.db"), "--home", str(folder / "home")]) == 0
    return folder


@pytest.fixture
def here(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder to work in."""
    folder = tmp_path / "here"
    shutil.copytree(begun, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("VALHALLA_HOME", str(folder / "home"))
    return folder


@pytest.mark.parametrize("blocks", RECIPES)
def test_a_recipe_works_as_it_is_written(
    blocks: list[tuple[str, str]],
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for language, text in blocks:
        if language == "python":
            done = subprocess.run([sys.executable, "-c", text], capture_output=True, encoding="utf-8")
            assert done.returncode == 0 and "Marcus Whitfield" in done.stdout, done.stderr
            continue
        for line in text.splitlines():
            if line.startswith(ELSEWHERE) and "--cycles" not in line:
                continue
            words = shlex.split(line, comments=True)
            words = [word.replace("/srv/leads", str(here / "home")) for word in words]
            monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
            try:
                code = run(words[1:])
            except SystemExit as left:
                code = int(left.code or 0)
            said = capfd.readouterr()
            assert code == 0, f"{line}: {said.err or said.out}"
