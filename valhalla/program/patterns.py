"""Regular expressions that are compiled when they are first used.

Compiling all those of the modules that a command loads took a tenth of its start, and most lists need few of them.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")


class _Later:
    """Becomes the pattern with the first use: from then on its methods are attributes, found as fast as the pattern's own."""

    __slots__ = ("_flags", "_text", *_METHODS)

    def __init__(self, text: Any, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:  # asked only for what is not there yet
        compiled = re.compile(self._text, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What ``re.compile`` returns, but that mistakes in ``text`` come to light with the first use."""
    return cast("re.Pattern[AnyStr]", _Later(text, flags))
