"""The program of a home that decides on leads again."""

from __future__ import annotations

from functools import cached_property

from valhalla.scoring.jobs import Reevaluating
from valhalla.scoring.promoting import review
from valhalla.service.program import Program


class ReevaluatingProgram(Program):
    """Adds re-evaluation: what commands need that teach the stages something, such as ``outcome``."""

    @cached_property
    def reevaluating(self) -> Reevaluating:
        """The re-evaluation of leads, after which scripts may be promoted or retired."""

        def review_scripts() -> None:
            if review(self.database):
                self.reevaluating.ask()

        return Reevaluating(self.database, self.queue, review_scripts)
