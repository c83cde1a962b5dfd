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

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, cast


class _Later:
    """Stands for a module: its attributes are that module's."""

    __slots__ = ("_module", "_name")

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def __getattr__(self, attribute: str) -> Any:
        if attribute != "_module":
            return getattr(self._module, attribute)
        __import__(self._name)  # returns when it is whole, also if another thread loads it
        module = sys.modules[self._name]
        object.__setattr__(self, "_module", module)
        return module

    def __setattr__(self, attribute: str, value: object) -> None:
        setattr(self._module, attribute, value)

    def __delattr__(self, attribute: str) -> None:
        delattr(self._module, attribute)


def later(name: str) -> Any:
    """The module with this full name, loaded with the first use."""
    return _Later(name)


class _Postponed(_Later):
    """Stands for a module among those that are loaded, too."""

    __slots__ = ()

    __spec__ = None
    """An import statement asks for it."""

    def __getattr__(self, attribute: str) -> Any:
        if attribute == "_module" and isinstance(sys.modules.get(self._name), _Postponed):
            del sys.modules[self._name]
        return super().__getattr__(attribute)


@contextmanager
def postponed(name: str) -> Iterator[None]:
    """Inside the block an import of the module gives one that is loaded with the first use, unless it is loaded already: for a library
    that imports it at once and needs it for what this program does not do."""
    mine = name not in sys.modules
    if mine:
        sys.modules[name] = cast("ModuleType", _Postponed(name))
    try:
        yield
    finally:
        if mine and isinstance(sys.modules.get(name), _Postponed):
            del sys.modules[name]
