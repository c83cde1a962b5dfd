"""The guide and the program know the same codes and settings, and no code is a dead word."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from valhalla.intake.reading import CODES, Profile

ROOT = Path(__file__).resolve().parents[4]
GUIDE = (ROOT / "docs" / "importing.md").read_text(encoding="utf-8")


def test_the_guide_lists_every_code_with_its_meaning_and_no_other():
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", GUIDE, re.MULTILINE))
    assert rows == {code.word: code.meaning for code in CODES.values()}


def test_every_code_in_the_running_text_exists():
    assert set(re.findall(r"`([A-Z]+_[A-Z_]+)`", GUIDE)) <= CODES.keys()


def test_the_guide_lists_every_setting_of_a_profile():
    part = GUIDE.split("## Profiles")[1].split("## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) == [field.name for field in fields(Profile)]


def test_every_code_is_given_somewhere():
    folder = ROOT / "valhalla"
    source = "".join(
        path.read_text(encoding="utf-8") for path in folder.rglob("*.py") if path.name != "codes.py"
    )
    missing = {word for word in CODES if f'"{word}"' not in source}
    assert missing <= {
        "MISSING_NAME",
        "MISSING_VALUE",
        "OWN_RULE",
    }  # put together from the name of the field that is missing
