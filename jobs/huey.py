"""Loads Huey without what it would load for storages that are not used here.

Huey imports the clients of Redis and of other servers, where they are installed; the first costs every command 50 ms and 10 MB.
"""

from __future__ import annotations

from db.hiding import DRIVERS, hidden

with hidden("redis", *DRIVERS):
    import huey

__all__ = ["huey"]
