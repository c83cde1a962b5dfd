"""What ``valhalla`` alone says."""

from __future__ import annotations

from pathlib import Path

import pytest

from valhalla.cli.app import COMMANDS, GROUPS
from valhalla.cli.entry import run


def test_valhalla_alone_shows_every_command_below_its_heading(capfd: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    lines = capfd.readouterr().out.splitlines()
    headings = [line.rstrip(":") for line in lines if line.rstrip(":") in GROUPS]
    assert headings == ["Every day", "Lists", "Deals", "Safety", "Audit", "Engineers"]
    below = lines[lines.index("Every day:") :]
    assert [line.split()[0] for line in below if line.startswith("  ")] == [*COMMANDS]


def test_a_wrong_word_gets_the_nearest_right_one(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["lead"]) == 2
    assert "Did you mean 'leads'" in capfd.readouterr().err


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
