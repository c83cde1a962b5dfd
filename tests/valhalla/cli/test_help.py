"""What ``valhalla`` alone says."""

from __future__ import annotations

from pathlib import Path

import pytest

from valhalla.cli.app import COMMANDS, GROUPS, MEANT
from valhalla.cli.entry import run


def test_valhalla_alone_shows_every_command_below_its_heading(capfd: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    lines = capfd.readouterr().out.splitlines()
    headings = [line.rstrip(":") for line in lines if line.rstrip(":") in GROUPS]
    assert headings == ["Every day", "Lists", "Deals", "Safety", "Audit", "Engineers"]
    below = lines[lines.index("Every day:") :]
    assert [line.split()[0] for line in below if line.startswith("  ")] == [*COMMANDS]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["lead"], "No such command 'lead'. Did you mean 'leads'?;"),
        (["Today"], "Did you mean 'today'?"),
        (["appointments"], "Did you mean 'calendar'?"),
        (["export"], "Did you mean 'leads export'?"),
        (["xyzzy"], "No such command 'xyzzy'; see: valhalla --help"),
        (["leads", "lst"], "Did you mean 'list'?"),
        (["leads", "list", "--markt", "x"], "--market"),
        (
            ["leads", "show", "Marcus"],
            "'lead': a lead is named by its number, which valhalla leads search shows;",
        ),
        (["leads", "top", "--limit", "many"], "it must be a whole number;"),
        (["leads", "top", "--limit", "0"], "it must be greater than or equal to 1;"),
    ],
)
def test_a_wrong_word_is_answered_in_one_sentence(
    typed: list[str], says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(typed) == 2
    error = capfd.readouterr().err
    assert says in error and error.count("\n") == 1


def test_every_word_that_is_meant_leads_to_a_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert not MEANT.keys() & COMMANDS.keys()
    for words in {*MEANT.values()} - {"--help"}:
        command, *rest = words.split()
        assert command in COMMANDS
        assert run([command, *rest, "--help"]) == 0, words
        assert "Usage" in capfd.readouterr().out


def test_the_shell_completes_commands_and_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "/bin/bash"))
    with pytest.raises(SystemExit) as left:
        run(["--install-completion"])
    assert not left.value.code and "bash completion installed" in capfd.readouterr().out
    script = (tmp_path / ".bash_completions" / "valhalla.sh").read_text(encoding="utf-8")
    assert "_VALHALLA_COMPLETE=complete_bash" in script

    for typed, completed in (
        ("valhalla pro", "production protect promises"),
        ("valhalla leads export --f", "--filter --for"),
    ):
        monkeypatch.setenv("_VALHALLA_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", typed)
        monkeypatch.setenv("COMP_CWORD", str(len(typed.split()) - 1))
        with pytest.raises(SystemExit):
            run([])
        assert capfd.readouterr().out.split() == completed.split()
