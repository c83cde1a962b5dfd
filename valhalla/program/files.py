"""Files that other programs read while we write them: reports, packets, exports."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from db.copying import replace


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Write ``path`` so that no reader ever sees half of it: yields the path of a file next to it, which takes its place
    when the block ends, and goes when it fails."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_report(path: Path, content: dict[str, Any]) -> None:
    """Replace the report at ``path``, which is always whole and always valid JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        part.write_text(
            json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
        )
