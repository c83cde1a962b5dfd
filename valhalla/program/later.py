"""Modules that are loaded when something of them is first used.

A command loads what it runs, not all that its subject can need: importing a plain list touches nothing of what reads
workbooks, takes leads apart or offers buyers. Such a module is named twice, so that type checkers, the packager and the
test of the rooms see an ordinary import::

    if TYPE_CHECKING:
        from valhalla.intake import unfolding
    else:
        unfolding = later("valhalla.intake.unfolding")
"""

from __future__ import annotations

from typing import Any

from db.hiding import Later


def later(name: str) -> Any:
    """The module with this full name, loaded with the first use."""
    return Later(name)
