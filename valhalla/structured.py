"""structlog without the traceback printer that it loads for terminals, and without greenlets.

That printer (rich with its highlighter) takes four megabytes which a service that writes JSON lines never uses.
"""

from __future__ import annotations

from db.hiding import hidden

with hidden("rich", "greenlet"):
    import structlog

__all__ = ["structlog"]
