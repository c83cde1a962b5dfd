"""What the documents name exists: files, links, scripts, commands and their options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from valhalla.cli.entry import run

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("build/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(document: Path) -> set[str]:
    """Return the fragments that lead to headings of the document."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def shell_lines(document: Path) -> Iterator[list[str]]:
    """Yield the commands in the document's shell blocks, without their comments."""
    for block in FENCE.findall(document.read_text(encoding="utf-8")):
        for line in block.splitlines():
            if words := line.partition(" #")[0].split():
                yield words


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        file = document.parent / name if name else document
        if not file.exists() or (fragment and file.suffix == ".md" and fragment not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_the_book_names_every_page_once_in_its_parts() -> None:
    book = ROOT / "docs" / "README.md"
    parts = book.read_text(encoding="utf-8").partition("\n## ")[2]
    pages = (page for page in ROOT.glob("docs/**/*.md") if page != book)
    inside = sorted(page.relative_to(book.parent).as_posix() for page in pages)
    linked = LINK.findall(parts)
    assert set(linked) == set(inside)
    assert [each for each in linked if linked.count(each) > 1] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_scripts_and_their_options_exist(document: Path) -> None:
    wrong = []
    for words in shell_lines(document):
        if words[0] != "python3" or not words[1].startswith("scripts/"):
            continue
        script = ROOT / words[1]
        if not script.is_file():
            wrong.append(words[1])
            continue
        text = script.read_text(encoding="utf-8")
        own = words[2 : words.index("--") if "--" in words else None]
        wrong += [f"{words[1]} {word}" for word in own if word.startswith("--") and f'"{word}"' not in text]
    assert wrong == []


def commands() -> list[list[str]]:
    """Return every different Valhalla command that a document shows."""
    found = {
        tuple(words[1:])
        for document in DOCUMENTS
        for words in shell_lines(document)
        if words[0] == "valhalla"
    }
    return [list(words) for words in sorted(found)]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_and_their_options_exist(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    path = []
    for word in words:
        if word.startswith("-") or not re.fullmatch(r"[a-z]+", word):
            break
        path.append(word)
    code = run([*path, "--help"])
    said = capfd.readouterr()
    assert code == 0, said.err
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    missing = {option for option in options if option not in said.out} - {
        "--home",
        "--json",
        "--db",
        "--version",
    }
    assert missing == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_source_files_that_a_document_names_exist(document: Path) -> None:
    named = re.findall(r"`((?:[\w.]+/)+\w+\.(?:py|sql|spec|css|js))`", document.read_text(encoding="utf-8"))
    roots = (ROOT, ROOT / "valhalla", ROOT / "valhalla" / "cockpit", ROOT / "tests")
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


def test_each_thing_that_nobody_can_do_names_a_test() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    table = text.partition("## Who could do what")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    assert len(rows) > 20
    for row in rows:
        *_, could_not, seen, _ = row.split("|")
        named = [ROOT / name for name in re.findall(r"`(tests/[\w/]+\.py)`", seen)]
        assert could_not.strip() and named, f"no test is named in: {row}"
        assert all("def test_" in path.read_text(encoding="utf-8") for path in named), row
