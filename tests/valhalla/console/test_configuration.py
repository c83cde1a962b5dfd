"""Where sources are: variables of the ARK documents, else settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from valhalla.console import configuration
from valhalla.console.configuration import resolved
from valhalla.program import settings
from valhalla.program.database import memory_database
from valhalla.program.errors import UsageError


def values(**changed: Any) -> dict[str, Any]:
    plain = {key: setting.default for key, setting in settings.SETTINGS.items()}
    return {**plain, **{f"console.{key}": value for key, value in changed.items()}}


def test_with_nothing_set_it_is_the_usual_redis_and_no_board_is_listed() -> None:
    found = resolved(values(), {})
    assert (found.redis_url, found.federation_url, found.base_path) == (
        "redis://localhost:6379/0",
        None,
        None,
    )
    assert (found.fallback, found.federation_in_use, found.memory_in_use) == (True, False, False)


def test_variables_stand_above_settings() -> None:
    environment = {"REDIS_URL": "redis://a/1", "ARK_FEDERATION_URL": "http://b:1", "ARK_BASE_PATH": "/c"}
    found = resolved(values(redis_url="redis://x/1", federation_url="http://y", base_path="/z"), environment)
    assert (found.redis_url, found.federation_url, found.base_path) == (
        "redis://a/1",
        "http://b:1",
        Path("/c"),
    )


@pytest.mark.parametrize(
    ("changed", "listed"),
    [
        ({"redis_url": "redis://a/1"}, (True, False)),
        ({"federation_url": "http://a"}, (True, False)),
        ({"base_path": "/a"}, (False, True)),
        ({"boards": "on"}, (True, True)),
        ({"boards": "off", "redis_url": "redis://a/1", "base_path": "/a"}, (False, False)),
    ],
)
def test_a_board_is_listed_when_its_source_is_named_or_boards_are_switched_on(
    changed: dict[str, Any], listed: tuple[bool, bool]
) -> None:
    found = resolved(values(**changed), {})
    assert (found.federation_in_use, found.memory_in_use) == listed


def test_what_is_in_the_file_is_read() -> None:
    with memory_database() as database:
        settings.save(database, "console.fallback", "off")
        settings.save(database, "console.redis_url", "rediss://cache.example:6380/2")
        found = configuration.read(database)
    assert (found.fallback, found.redis_url) == (False, "rediss://cache.example:6380/2")


@pytest.mark.parametrize("address", ["localhost:6379", "http://localhost", "redis://user:secret@host/0"])
def test_a_redis_address_that_makes_no_sense_or_holds_a_password_is_refused(address: str) -> None:
    with memory_database() as database, pytest.raises(UsageError, match=r"console\.redis_url must be"):
        settings.save(database, "console.redis_url", address)
