"""The program of a home that reads lists."""

from __future__ import annotations

from functools import cached_property

from valhalla.intake.passes import Importing
from valhalla.service.program import Program


class ImportingProgram(Program):
    """Adds imports: what ``ingest`` and its siblings need."""

    @cached_property
    def importing(self) -> Importing:
        """Imports, their undoing, and the indexes that follow them."""
        return Importing(self.database, self.queue)
