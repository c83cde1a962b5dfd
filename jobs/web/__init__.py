"""Pages about a queue's jobs, to be mounted in any ASGI program; needs FastAPI, Jinja2 and python-multipart (the extra ``web``).

app.mount("/queue", valhalla_queue.web.pages(queue))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.web.app import pages

__all__ = ["pages"]


def __getattr__(name: str) -> Any:
    """``pages``, when it is asked for: it loads FastAPI."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.app"), name)
