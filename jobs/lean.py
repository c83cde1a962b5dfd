"""Loads Huey without what it would load for storages that are not used here.

Huey imports the Redis client, where it is installed, for its Redis storages; that costs every command 50 ms and 10 MB.
"""

from __future__ import annotations

import sys
from typing import Any

_modules: dict[str, Any] = sys.modules

if "redis" not in _modules and "huey" not in _modules:
    _modules["redis"] = (
        None  # an import of it now fails as if it were not installed, which Huey is prepared for
    )
    try:
        import huey  # noqa: F401
    finally:
        del _modules["redis"]
