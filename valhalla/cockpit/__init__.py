"""The cockpit in the browser: reads a request, calls one use case or query below, and renders a page or JSON."""

from __future__ import annotations

from pydantic import BaseModel

# FastAPI declares the sixty models of OpenAPI when it is imported. Making their validators is half of that time, and they are
# needed by who asks for the description of the JSON: pydantic makes each when it validates first.
BaseModel.model_config["defer_build"] = True
