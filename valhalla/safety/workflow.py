"""What a production run did, gate by gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from valhalla.intake.results import PassResult

Report = Callable[[dict[str, Any]], object]
"""Called with each step of a workflow as it ends."""


@dataclass
class Workflow:
    """The steps of a production run and what it read."""

    on_step: Report = lambda step: None
    steps: list[dict[str, Any]] = field(default_factory=list)
    result: PassResult = field(default_factory=lambda: PassResult([], 0.0))
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every gate was passed."""
        return all(step["ok"] for step in self.steps)

    def step(self, name: str, ok: bool, detail: str) -> bool:
        """Note a gate and whether it was passed."""
        self.steps.append({"step": name, "ok": ok, "detail": detail})
        self.on_step(self.steps[-1])
        return ok
