"""Six pure stages that decide on a lead and say why.

assignment -> promotion -> packet -> outcome -> clone -> score. The same formulas serve the import (:func:`decide`) and the
explanation (:func:`valhalla.scoring.stages.explanation.explain`). What they mean is in ``docs/stages.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valhalla.scoring.stages.lead import STAGES, Decision, StageResult, StoredLead

if TYPE_CHECKING:
    from valhalla.scoring.stages.compiled import Context
    from valhalla.scoring.stages.pipeline import decide, redecide

__all__ = [
    "STAGES",
    "Context",
    "Decision",
    "StageResult",
    "StoredLead",
    "decide",
    "redecide",
]


def __getattr__(name: str) -> Any:
    """What decides, when it is asked for: anyone who only names a stage or reads what was decided needs none of the rules."""
    if name == "Context":
        from valhalla.scoring.stages.compiled import Context

        return Context
    if name in ("decide", "redecide"):
        from valhalla.scoring.stages import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
