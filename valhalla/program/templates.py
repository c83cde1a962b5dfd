"""Templates of pages: whatever a list said is escaped, and a name that is missing is an error, not a blank."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from valhalla.program.later import later

if TYPE_CHECKING:
    from jinja2 import Environment

    from valhalla.program import prepared
else:
    prepared = later("valhalla.program.prepared")


def environment(package: str, folder: str = "templates") -> Environment:
    """The templates in ``folder`` of ``package``; in an executable, as they were compiled for it."""
    from jinja2 import PackageLoader, StrictUndefined

    loader = PackageLoader(package, folder)
    compiled = Path(str(sys.modules[package].__file__)).parent / f"{folder}.zip"
    return prepared.QuickEnvironment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=prepared.Prepared(compiled) if compiled.is_file() else None,
    )
