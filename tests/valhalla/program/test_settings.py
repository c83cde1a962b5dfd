"""Settings: the guide lists them all, and each says what is allowed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from valhalla.program import settings
from valhalla.program.database import memory_database
from valhalla.program.errors import UsageError

GUIDE = (Path(__file__).parents[3] / "docs" / "settings.md").read_text(encoding="utf-8")


def test_the_guide_lists_every_setting_with_meaning_and_variable() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| .+? \| (.+?) \| `(\w+)` \|$", GUIDE, re.MULTILINE)
    assert rows == [
        (key, setting.meaning, settings.environment_name(key)) for key, setting in settings.SETTINGS.items()
    ]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [("watch", " Poll ", "poll"), ("interval", "5", 5), ("quiet_hours", "9:00-17:30", "09:00-17:30")],
)
def test_a_value_is_stored_as_what_it_means(key: str, text: str, value: object) -> None:
    with memory_database() as database:
        assert settings.save(database, key, text) == value == settings.value(database, key)


@pytest.mark.parametrize(
    ("key", "text"), [("watch", "maybe"), ("interval", "0"), ("dry_run_enabled", "perhaps")]
)
def test_what_makes_no_sense_is_refused_with_what_is_allowed(key: str, text: str) -> None:
    with memory_database() as database, pytest.raises(UsageError, match=f"{key} must be "):
        settings.save(database, key, text)
