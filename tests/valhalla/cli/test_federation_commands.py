"""``valhalla federation``: the service as a program, and a Redis filled for trying out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.redis


Run = Callable[..., Any]


@pytest.fixture
def valhalla(home: Path, command: Run) -> Run:
    """A function that runs a command in this process."""
    return command


def test_seed_serve_and_trust(valhalla: Run, redis_server: Any) -> None:
    seeded = valhalla("--json", "federation", "seed", "--peers", "5", "--redis", redis_server.url)
    assert seeded.json == {"peers": 5, "events": 10}
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "valhalla",
            "federation",
            "serve",
            "--port",
            "0",
            "--pull",
            "http://127.0.0.1:1",
        ],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "REDIS_URL": redis_server.url},
    ) as service:
        try:
            assert service.stdout is not None
            line = service.stdout.readline()
            address = line.split()[2]
            assert address.startswith("http://127.0.0.1:")
            found = httpx.get(f"{address}/discover").json()
            assert (found["count"], found["peers"][0]["trust_tier"]) == (5, "core")
            assert [peer["status"] for peer in found["peers"]] == ["online"] * 4 + ["offline"]
            said = valhalla("federation", "trust", "seed-01", "verified", REDIS_URL=redis_server.url)
            assert said.out == "seed-01 is verified.\n"
            assert httpx.get(f"{address}/discover").json()["peers"][0]["trust_tier"] == "verified"
            taken = valhalla(
                "federation", "serve", "--port", address.rpartition(":")[2], "--redis", redis_server.url
            )
            assert taken.code == 3
            assert "cannot be used" in taken.err
        finally:
            service.terminate()


def test_the_setting_names_the_redis(valhalla: Run, redis_server: Any) -> None:
    assert valhalla("config", "set", "console.redis_url", redis_server.url).code == 0
    assert valhalla("federation", "seed").out == (
        f"8 peers and 10 sync events written to {redis_server.url}.\n"
    )


@pytest.mark.parametrize("words", [["serve", "--port", "0"], ["seed"], ["trust", "a", "core"]])
def test_without_redis_it_is_one_sentence(valhalla: Run, redis_server: Any, words: list[str]) -> None:
    redis_server.kill()
    answer = valhalla("federation", *words, "--redis", redis_server.url.replace("//", "//:secret@"))
    assert answer.code == 3
    assert answer.err.count("\n") == 1
    assert "cannot be reached" in answer.err
    assert "secret" not in answer.err


def test_a_tier_that_is_none_is_wrong_usage(valhalla: Run) -> None:
    answer = valhalla("federation", "trust", "a", "best")
    assert answer.code == 2
    assert "core, trusted, verified, external" in answer.err
    answer = valhalla("federation", "serve", "--pull", "10.0.0.2:9001")
    assert answer.code == 2 and "such as http://10.0.0.2:9001, not '10.0.0.2:9001'" in answer.err
