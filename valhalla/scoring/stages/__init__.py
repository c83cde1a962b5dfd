"""Six pure stages that decide on a lead and say why.

assignment -> promotion -> packet -> outcome -> clone -> score. The same formulas serve the import (:func:`decide`) and the
explanation (:func:`valhalla.scoring.stages.explanation.explain`). What they mean is in ``docs/stages.md``.
"""

from valhalla.scoring.stages.compiled import Context
from valhalla.scoring.stages.lead import STAGES, Decision, StageResult, StoredLead
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
