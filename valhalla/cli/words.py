"""What words of the command line mean, where that is plain; what is not is left to Typer.

Typer asks pydantic about every option, also about those that were not given. To load pydantic takes longer than most commands
do. A word that Typer might refuse, or see otherwise, is its own matter: the sentences about what is wrong are its sentences.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args, get_origin

ASKED = ("get_runtime_param", "type_descriptor")
"""What an option of Typer has when it is read as is known here; in versions where it has not, nothing is changed."""

WHOLE = re.compile(r"[0-9]{1,15}")
DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")


class _NotPlain(Exception):
    """Typer has to say."""


def read_plainly(command: Any) -> None:
    """Let the options of ``command`` (a click command, or a group with all that is in it) read plain words themselves."""
    options = command.get_params

    def reading_plainly(ctx: Any) -> Any:
        found = options(ctx)
        for option in found:
            if all(hasattr(option, name) for name in ASKED) and ASKED[0] not in vars(option):
                option.get_runtime_param = _Reader(option).itself
        return found

    command.get_params = reading_plainly  # among them is --help, which is made when it is asked for
    for below in getattr(command, "commands", {}).values():
        read_plainly(below)


class _Reader:
    """Stands where Typer's reader of one option stood. What a later Typer gives or asks for besides goes to that one."""

    def __init__(self, option: Any) -> None:
        self._option = option
        self._typers = option.get_runtime_param

    def __getattr__(self, name: str) -> Any:
        return getattr(self._typers(), name)

    def itself(self, *_: Any, **__: Any) -> _Reader:
        """What Typer asks an option for."""
        return self

    def coerce(self, value: Any, *rest: Any, **named: Any) -> Any:
        """The value for ``value``: a word, several, a default, or None. Raises Typer's errors."""
        try:
            return self._plain(value)
        except (_NotPlain, AttributeError):
            return self._typers().coerce(value, *rest, **named)

    def _plain(self, value: Any) -> Any:
        option, described = self._option, self._option.type_descriptor
        several = option.multiple or option.nargs == -1
        if value is None:
            return () if several else None
        kind, info = described.annotation, described.parameter_info
        if info.parser is not None:
            raise _NotPlain
        if get_origin(kind) is not list:
            return _one(value, kind, info)
        if not several or not isinstance(value, (list, tuple)):
            raise _NotPlain
        (each,) = get_args(kind)
        return [_one(item, each, info) for item in value]


def _one(value: Any, kind: Any, info: Any) -> Any:
    """One word, or the default, as ``kind``."""
    if isinstance(value, str):
        value = _word(value, kind)
    if kind is Path:
        _expect(isinstance(value, Path) and _is_any_path(info) and (not info.readable or _may_be_read(value)))
    elif kind is str:
        _expect(type(value) is str)
    else:
        _expect(kind in (int, float) and type(value) is kind)
        _expect(math.isfinite(value) and _is_within(value, info))
    return value


def _word(word: str, kind: Any) -> Any:
    if kind is int:
        _expect(WHOLE.fullmatch(word))
        return int(word)
    if kind is float:
        _expect(DECIMAL.fullmatch(word))
        return float(word)
    if kind is Path:
        _expect("\0" not in word)  # no system has such a path; Typer says so
        return Path(word)
    return word


def _is_any_path(info: Any) -> bool:
    """Whether the path of a file or of a folder will do, there or not, as it was written."""
    unusual: Iterable[Any] = (info.exists, info.writable, info.resolve_path, info.allow_dash, info.path_type)
    return bool(info.file_okay and info.dir_okay) and not any(unusual)


def _may_be_read(path: Path) -> bool:
    return not os.path.exists(path) or os.access(path, os.R_OK)


def _is_within(number: float, info: Any) -> bool:
    return (info.min is None or number >= info.min) and (info.max is None or number <= info.max)


def _expect(plain: object) -> None:
    if not plain:
        raise _NotPlain
