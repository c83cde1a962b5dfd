"""What scripts run while they measure or take pictures: Valhalla at noon, a Redis of its own, a browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bootstrap import ROOT

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")

CLOCK = """
import db.clock, time
began = time.monotonic()
db.clock.now = lambda: {at} + round((time.monotonic() - began) * 1_000_000)
"""
"""Begins at a given time and goes on from there."""


def at_noon(folder: Path) -> dict[str, str]:
    """The environment of a program whose clock begins at noon in Chicago on the next weekday, as nobody may be called at night; what
    does it is put into ``folder``."""
    at = datetime.now(ZoneInfo("America/Chicago")).replace(hour=12, minute=0, second=0, microsecond=0)
    at += timedelta(days=1)
    while at.weekday() > 4:
        at += timedelta(days=1)
    clock = CLOCK.format(at=int(at.timestamp()) * 1_000_000)
    (folder / "sitecustomize.py").write_text(clock, encoding="utf-8")
    return {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def valhalla(home: Path) -> list[str]:
    """The command on a home."""
    return [sys.executable, "-m", "valhalla", "--home", str(home)]


@contextmanager
def program(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run Valhalla while inside; the link that it prints."""
    with subprocess.Popen(
        [*valhalla(home), "run", "--interval", "5", "--port", "0"],
        env=environment,
        cwd=home.parent,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        try:
            yield next(line for line in process.stdout if "token=" in line).split()[-1]
        finally:
            process.terminate()


@contextmanager
def redis(folder: Path) -> Iterator[str | None]:
    """A redis-server of its own while inside; None where there is none."""
    server = shutil.which("redis-server")
    if server is None:
        yield None
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        for _ in range(100):
            with socket.socket() as line:
                if line.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


def open_browser(playwright: Any) -> Any:
    """The Chromium at :data:`CHROMIUM`, without a window."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
