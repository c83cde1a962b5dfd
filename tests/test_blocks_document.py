"""Every example in docs/blocks.md runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "blocks.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_each_block_has_an_example() -> None:
    assert len(EXAMPLES) == 11


@pytest.mark.parametrize("code", [code for _, code in EXAMPLES], ids=[title for title, _ in EXAMPLES])
def test_the_example_runs(code: str) -> None:
    exec(compile(code, "docs/blocks.md", "exec"), {"__name__": "example"})
