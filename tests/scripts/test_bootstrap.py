"""The environment is made once, made again when something changed, and nobody else's folder is touched."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def commands() -> list[list[str]]:
    return []


@pytest.fixture
def bootstrap(
    script: Callable[[str], ModuleType],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    commands: list[list[str]],
) -> ModuleType:
    """The module on a checkout of its own, with a venv and a pip that do nothing but succeed."""
    module = script("bootstrap")

    def run(command: list[str]) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "")

    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("first", encoding="utf-8")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "WORK", tmp_path / ".work")
    monkeypatch.setattr(module, "_run", run)
    monkeypatch.setattr(module, "_running_one_serves", lambda extras: False)
    return module


def test_a_second_call_does_nothing(bootstrap: ModuleType, commands: list[list[str]], tmp_path: Path) -> None:
    first = bootstrap.ensure("dev")
    made = list(commands)
    again = bootstrap.ensure("dev")

    assert first == again
    assert first.is_relative_to(tmp_path / ".work" / "venv")
    assert made[0][1:3] == ["-m", "venv"]
    assert made[-1][-1] == ".[dev]"
    assert commands == made


def test_less_than_what_is_there_needs_nothing_and_more_adds(
    bootstrap: ModuleType, commands: list[list[str]]
) -> None:
    bootstrap.ensure("dev")
    commands.clear()
    bootstrap.ensure()
    assert commands == []
    bootstrap.ensure("redis")
    assert [command[-1] for command in commands] == ["hatchling", ".[dev,redis]"]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_it_is_made_again_when_a_requirement_changes(
    bootstrap: ModuleType, commands: list[list[str]], tmp_path: Path, name: str
) -> None:
    bootstrap.ensure()
    commands.clear()
    (tmp_path / name).write_text("second", encoding="utf-8")
    bootstrap.ensure()
    assert commands[0][1:3] == ["-m", "venv"]


def test_one_that_was_never_finished_is_made_again(
    bootstrap: ModuleType, commands: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(command: list[str]) -> subprocess.CompletedProcess[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "_run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.ensure()
    bootstrap.ensure()
    assert [command[-1] for command in commands] == [str(tmp_path / ".work" / "venv"), "hatchling", "."]


def test_a_folder_of_somebody_else_is_left_alone(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "pyvenv.cfg").write_text("theirs", encoding="utf-8")
    monkeypatch.setenv("VALHALLA_VENV", str(other))
    with pytest.raises(SystemExit):
        bootstrap.ensure()
    assert (other / "pyvenv.cfg").read_text(encoding="utf-8") == "theirs"
    assert "was not made by this script" in capsys.readouterr().err


def test_without_ensurepip_the_pip_at_hand_installs_one(
    bootstrap: ModuleType, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    works = bootstrap._run

    def run(command: list[str]) -> subprocess.CompletedProcess[str]:
        if command[1:3] == ["-m", "venv"] and "--without-pip" not in command:
            return subprocess.CompletedProcess(command, 1, "ensurepip is not available")
        done: subprocess.CompletedProcess[str] = works(command)
        return done

    monkeypatch.setattr(bootstrap, "_run", run)
    python = bootstrap.ensure()
    assert "--without-pip" in commands[0]
    assert commands[1][1:5] == ["-m", "pip", "--python", str(python)]


def test_a_failed_install_shows_pips_words_and_is_tried_again(
    bootstrap: ModuleType,
    commands: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    works = bootstrap._run

    def run(command: list[str]) -> subprocess.CompletedProcess[str]:
        if command[-1] == "hatchling":
            return subprocess.CompletedProcess(command, 1, "no network here\n")
        done: subprocess.CompletedProcess[str] = works(command)
        return done

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "_run", run)
        with pytest.raises(SystemExit):
            bootstrap.ensure()
    assert "no network here" in capsys.readouterr().err
    bootstrap.ensure()
    assert (
        json.loads((tmp_path / ".work/venv/valhalla-stamp.json").read_text(encoding="utf-8"))["extras"] == []
    )
