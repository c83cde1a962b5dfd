"""docs/blocks.md has a section for each of the thirty blocks, and every example in it runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from valhalla.safety.blocks import BLOCKS

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "blocks.md").read_text(encoding="utf-8")
EXAMPLES = dict(
    re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
)
SHARED = "The home of the examples"
NUMBER = re.compile(r"(\d+)\. ")


def test_each_block_has_a_section_with_an_example() -> None:
    numbers = [int(found[1]) for title in EXAMPLES if (found := NUMBER.match(title))]
    assert numbers == [block.number for block in BLOCKS] == list(range(1, 31))


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_example_runs(title: str) -> None:
    names: dict[str, Any] = {"__name__": "example"}
    found = NUMBER.match(title)
    if found and int(found[1]) > 10:
        exec(compile(EXAMPLES[SHARED], "docs/blocks.md", "exec"), names)
    exec(compile(EXAMPLES[title], "docs/blocks.md", "exec"), names)
