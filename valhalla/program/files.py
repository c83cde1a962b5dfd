"""Files that other programs read while we write them: reports, packets, exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from db.files import whole

__all__ = ["whole", "write_report"]


def write_report(path: Path, content: dict[str, Any]) -> None:
    """Replace the report at ``path``, which is always whole and always valid JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        part.write_text(
            json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
        )
