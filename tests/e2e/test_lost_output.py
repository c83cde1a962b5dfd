"""Output that nobody takes any more ends no work; a command that only prints says that it could not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from valhalla.program.database import open_database

FULL = Path("/dev/full")


@contextmanager
def pipe_without_reader() -> Iterator[int]:
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@contextmanager
def full_disk() -> Iterator[IO[bytes]]:
    with FULL.open("wb", buffering=0) as file:
        yield file


def close_outputs() -> None:
    os.close(1)
    os.close(2)


WAYS = [
    "closed",
    "broken pipe",
    pytest.param("full", marks=pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")),
]


@pytest.fixture
def deaf(home: Path, tmp_path: Path) -> Callable[..., int]:
    """A function that runs a command whose output is lost in a ``way``; returns the exit code."""

    def run(way: str, *words: object, errors: Any = subprocess.DEVNULL) -> int:
        command = [sys.executable, "-m", "valhalla", "--home", str(home), *map(str, words)]
        options: dict[str, Any] = {"cwd": tmp_path, "timeout": 120, "stderr": errors}
        if way == "closed":
            options["stderr"] = None
            return subprocess.run(command, preexec_fn=close_outputs, **options).returncode
        with pipe_without_reader() if way == "broken pipe" else full_disk() as output:
            return subprocess.run(command, stdout=output, **options).returncode

    return run


def leads(home: Path) -> int:
    with open_database(home / "valhalla.db", create=False) as database:
        return int(database.value("SELECT count(*) FROM lead"))


@pytest.mark.parametrize("way", WAYS)
def test_import_and_run_go_on_without_output(deaf: Any, home: Path, sample: Path, way: str) -> None:
    assert deaf(way, "ingest", sample, "--verbose") == 0
    assert leads(home) == 10
    assert deaf(way, "run", "--source", sample, "--cycles", 1, "--no-cockpit") == 0
    with open_database(home / "valhalla.db", create=False) as database:
        assert database.sql("SELECT number, ok FROM cycle") == [(1, 1)]


def test_run_without_output_is_stopped_as_ever(home: Path, sample: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "valhalla", "--home", str(home), "run", "--source", str(sample)]
    with pipe_without_reader() as output:
        process = subprocess.Popen([*command, "--no-cockpit"], stdout=output, stderr=output, cwd=tmp_path)
        stats = home / "logs" / "continuous_ingestion_stats.json"
        try:
            while not (stats.exists() and b'"cycles_completed": 1' in stats.read_bytes()):
                assert process.poll() is None
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.05)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
        finally:
            process.kill()
            process.wait()


def test_what_only_prints_ends_with_its_reader_and_says_what_a_full_disk_kept(
    deaf: Any, valhalla: Any, sample: Path, tmp_path: Path
) -> None:
    assert valhalla("ingest", sample).code == 0
    assert deaf("broken pipe", "leads", "list") == 0
    assert deaf("closed", "leads", "list") == 0
    if FULL.exists():
        with (tmp_path / "errors").open("w+", encoding="utf-8") as errors:
            assert deaf("full", "leads", "list", errors=errors) == 1
            errors.seek(0)
            assert errors.read() == "the output could not be written: No space left on device\n"
