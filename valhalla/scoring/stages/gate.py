"""One condition that must hold before something is promoted or copied, with what it was measured against."""

from __future__ import annotations

from typing import Any, NamedTuple

from valhalla.program.wording import several


class Gate(NamedTuple):
    """A condition, its value and its threshold."""

    name: str
    value: float | int | str | None
    threshold: float | int | str
    passed: bool | None
    """None: it cannot be measured, which never counts as passed."""
    says: str
    """The finding as one sentence."""
    shortfall: str | None = None
    """What is missing, to follow "needs": "4 more closes"."""

    def to_json(self) -> dict[str, Any]:
        """As shown next to a decision."""
        return {"gate": self.name, "value": self.value, "threshold": self.threshold, "passed": self.passed}


def at_least(name: str, value: int, threshold: int, unit: str) -> Gate:
    """A number that must not be below its threshold."""
    fine = value >= threshold
    short = None if fine else several(threshold - value, f"more {unit}")
    return Gate(name, value, threshold, fine, f"{several(value, unit)} of {threshold:,}.", short)


class Readiness(NamedTuple):
    """Whether a play can be copied, with every gate."""

    state: str
    """READY, NOT YET or INSUFFICIENT DATA."""
    gates: tuple[Gate, ...]

    @property
    def passed(self) -> int:
        """Gates passed."""
        return sum(1 for gate in self.gates if gate.passed)

    @property
    def measurable(self) -> int:
        """Gates that could be measured."""
        return sum(1 for gate in self.gates if gate.passed is not None)

    @property
    def shortfall(self) -> list[str]:
        """What is missing, to follow "needs"."""
        return [gate.shortfall for gate in self.gates if gate.shortfall]

    @property
    def unmeasured(self) -> list[str]:
        """Names of the gates that cannot be measured."""
        return [gate.name for gate in self.gates if gate.passed is None]
