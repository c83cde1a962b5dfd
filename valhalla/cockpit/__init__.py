"""The cockpit in the browser: reads a request, calls one use case or query below, and renders a page or JSON."""

from __future__ import annotations

import os
from typing import Any

from pydantic import BaseModel

from db.hiding import postponed

# Settings of pydantic's own, for the time that a person waits for the first page. Nobody adds to pydantic here, and to look for
# plugins is to read what every package says of itself: a tenth of a start of the executable.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

# FastAPI declares the sixty models of OpenAPI when it is imported. Making their validators is most of that time, and they are
# needed by who asks for the description of the JSON: pydantic makes each when it validates first.
BaseModel.model_config["defer_build"] = True
_rebuild = vars(BaseModel)["model_rebuild"]


def _when_needed(cls: type[BaseModel], /, **options: Any) -> bool | None:
    """Make the validator if pydantic itself asks, which it does with options, and not because a module has declared all of its models."""
    made: bool | None = _rebuild.__get__(None, cls)(**options) if options else None
    return made


BaseModel.model_rebuild = classmethod(_when_needed)  # type: ignore[assignment, method-assign]
try:
    with postponed(
        "importlib.metadata", "entry_points", "version"
    ):  # of plugins, and of a package that is not here
        import fastapi.openapi.models  # noqa: F401
finally:
    BaseModel.model_rebuild = _rebuild  # type: ignore[method-assign]
