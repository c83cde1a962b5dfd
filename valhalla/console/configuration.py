"""Where the console's data comes from: the variables of the ARK documents, else the settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from valhalla.program import settings

if TYPE_CHECKING:
    from db import Database

DEFAULT_REDIS_URL = "redis://localhost:6379/0"


@dataclass(frozen=True)
class Configuration:
    """What is in force."""

    redis_url: str = DEFAULT_REDIS_URL
    federation_url: str | None = None
    base_path: Path | None = None
    """The folder that holds ``data/``; None: the working folder, or ``ARK_BASE_PATH``."""
    fallback: bool = True
    """Show simulated data, marked as such, while a source is unavailable."""
    federation_in_use: bool = False
    memory_in_use: bool = False


def read(database: Database | None) -> Configuration:
    """What is in force now; without a file the environment and the defaults."""
    return resolved(settings.effective(database), os.environ)


def resolved(values: Mapping[str, Any], environment: Mapping[str, str]) -> Configuration:
    """The configuration that ``values`` (settings in force) and ``environment`` make."""
    redis_url = environment.get("REDIS_URL") or values["console.redis_url"]
    federation_url = environment.get("ARK_FEDERATION_URL") or values["console.federation_url"]
    base_path = environment.get("ARK_BASE_PATH") or values["console.base_path"]
    boards = values["console.boards"]
    return Configuration(
        redis_url=redis_url or DEFAULT_REDIS_URL,
        federation_url=federation_url,
        base_path=Path(base_path) if base_path else None,
        fallback=bool(values["console.fallback"]),
        federation_in_use=boards == "on" or (boards == "auto" and bool(redis_url or federation_url)),
        memory_in_use=boards == "on" or (boards == "auto" and bool(base_path)),
    )
