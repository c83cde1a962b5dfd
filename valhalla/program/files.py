"""Reports in ``logs/``: always whole, always valid JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from db.copying import replace


def write_report(path: Path, content: dict[str, Any]) -> None:
    """Replace the report at ``path``: written beside it, then renamed, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    temporary.write_text(
        json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )
    replace(temporary, path)
