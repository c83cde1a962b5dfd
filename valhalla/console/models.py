"""The table of the boards' past as a model."""

from __future__ import annotations

from db.orm import BigIntegerField, CompositeKey, TextField
from valhalla.program.models import Base


class BoardHistory(Base):
    """Figures of a board at one moment, or summed over an hour."""

    board = TextField()
    step = BigIntegerField()
    at = BigIntegerField()
    body = TextField()

    class Meta:
        primary_key = CompositeKey("board", "step", "at")
