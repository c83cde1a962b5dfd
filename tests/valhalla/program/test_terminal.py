"""Nothing of what data holds is obeyed by a terminal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from valhalla.cli import tables
from valhalla.cli.entry import run
from valhalla.intake import lines
from valhalla.program.terminal import CleanStream, clean, escaped

HOSTILE = [
    *map(chr, (*range(9), 11, 12, *range(14, 32), *range(127, 160))),
    *"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[31m",
    "\x9b31m",
    "over\rwritten",
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def open_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """A function that puts a terminal in place of standard output, which pytest sets after the fixtures."""

    def open_terminal() -> Terminal:
        made = Terminal()
        monkeypatch.setattr(sys, "stdout", CleanStream(made))
        monkeypatch.setenv("TERM", "xterm")
        return made

    return open_terminal


@pytest.mark.parametrize("text", HOSTILE)
def test_no_control_character_passes_the_stream(open_terminal: Callable[[], Terminal], text: str) -> None:
    terminal = open_terminal()
    print(f"Ann{text}Lee")
    assert terminal.getvalue().rstrip("\n") == clean(f"Ann{text}Lee")
    assert not set(terminal.getvalue()) & set("\x1b\x9b\x07\r\u202e")


def test_other_text_passes_as_it_is(open_terminal: Callable[[], Terminal]) -> None:
    terminal = open_terminal()
    text = "Žluť 日本 O’Neill\tא\r\nnext line 👍\n"
    sys.stdout.write(text)
    assert terminal.getvalue() == text


@pytest.mark.parametrize("text", HOSTILE)
def test_tables_clean_their_cells_and_keep_their_own_styles(
    open_terminal: Callable[[], Terminal], text: str
) -> None:
    terminal = open_terminal()
    tables.table(("name",), [(f"Ann{text}Lee",)], title=f"T{text}")
    tables.console().print(f"[bold]{'x'}[/bold]")
    shown = terminal.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\x1b[3m", "")
    assert "\x1b[1mx\x1b[0m" in terminal.getvalue()
    assert clean(shown) == shown


def test_the_lines_of_a_run_colour_their_tags_and_nothing_else(open_terminal: Callable[[], Terminal]) -> None:
    terminal = open_terminal()
    lines.say("[OK] \x1b[2Jlist\x9b.csv")
    assert terminal.getvalue() == "\x1b[32m[OK]\x1b[0m \ufffd[2Jlist\ufffd.csv\n"


def test_json_keeps_what_it_holds() -> None:
    data = {"name": "".join(HOSTILE)}
    text = escaped(json.dumps(data, ensure_ascii=False))
    assert clean(text) == text
    assert json.loads(text) == data


def test_the_command_line_prints_through_it(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout
    assert run(["config", "get", "no\x1b[31m\u202esuch"]) == 2
    assert sys.stdout is before
    said = capsys.readouterr().err
    assert "no such" not in said and not set(said) & set("\x1b\u202e")


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_question_obeys_no_name(encoding: str) -> None:
    code = (
        "from valhalla.program.terminal import printing\nfrom valhalla.cli.asking import confirm\n"
        "with printing(): confirm('Undo \\x1b[31mred.csv?')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="y\n",
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": f"{encoding}:replace"},
    )
    assert done.returncode == 0, done.stderr
    assert "red.csv" in done.stdout and "\x1b" not in done.stdout
