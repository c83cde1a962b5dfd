"""Importing a library without what it would load in addition to itself."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, cast

DRIVERS = ("psycopg2cffi", "psycopg2", "psycopg", "pymysql", "MySQLdb", "sqlite3")
"""Drivers of other servers, and Python's own of SQLite. peewee and huey load whichever they find; that of PostgreSQL is seventy
modules and eight megabytes, which a program that works on one SQLite file would carry with every command. The file is opened
through APSW only, and a second SQLite in the process would be one too many."""


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Inside the block modules of these names seem not to be installed, unless they are loaded already."""
    mine = [name for name in names if name not in sys.modules]
    for name in mine:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in mine:
            if sys.modules.get(name, name) is None:
                del sys.modules[name]


class Later:
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


class _Part:
    """Stands for a function or class of a module, to be called."""

    __slots__ = ("_module", "_name")

    def __init__(self, module: Later, name: str) -> None:
        self._module = module
        self._name = name

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return getattr(self._module._module, self._name)(*arguments, **options)


class _Postponed(Later):
    """Stands for a module among those that are loaded, too."""

    __slots__ = ("_parts",)

    __spec__ = None
    """An import statement asks for it."""

    def __init__(self, name: str, parts: Container[str]) -> None:
        super().__init__(name)
        object.__setattr__(self, "_parts", parts)

    def __getattr__(self, attribute: str) -> Any:
        if attribute in self._parts:
            return _Part(self, attribute)
        if attribute == "__path__" and self._parts:  # "from" asks for it first; what has parts is no package
            raise AttributeError(attribute)
        if attribute == "_module" and isinstance(sys.modules.get(self._name), _Postponed):
            del sys.modules[self._name]
        return super().__getattr__(attribute)


@contextmanager
def postponed(name: str, *parts: str) -> Iterator[None]:
    """Inside the block an import of the module gives one that is loaded with the first use, unless it is loaded already: for a library
    that imports it at once and needs it for what this program does not do. ``parts``: functions and classes that it imports from there;
    they can be called, no more."""
    mine = name not in sys.modules
    if mine:
        sys.modules[name] = cast("ModuleType", _Postponed(name, parts))
    try:
        yield
    finally:
        if mine and isinstance(sys.modules.get(name), _Postponed):
            del sys.modules[name]
