"""The table of tokens as a model."""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField, TextField
from valhalla.program.models import Base


class Token(Base):
    """A program's way into the cockpit; of the token itself only its SHA-256."""

    id = AutoField()
    name = TextField()
    digest = TextField()
    scope = TextField()
    created_at = BigIntegerField()
    created_by = TextField()
    revoked_at = BigIntegerField(null=True)
    revoked_by = TextField(null=True)
