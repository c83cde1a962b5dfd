"""The cockpit in the browser: reads a request, calls one use case or query below, and renders a page or JSON."""

from __future__ import annotations

import os

from pydantic import BaseModel

# Two settings of pydantic's own, for the time that a person waits for the first page. Nobody adds to pydantic here, and to look for
# plugins is to read what every package says of itself: a tenth of a start of the executable.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

# FastAPI declares the sixty models of OpenAPI when it is imported. Making their validators is half of that time, and they are
# needed by who asks for the description of the JSON: pydantic makes each when it validates first.
BaseModel.model_config["defer_build"] = True
