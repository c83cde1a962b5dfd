"""The table of packets as a model."""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField, TextField
from valhalla.program.models import Base


class Packet(Base):
    """A deal packet as it was made for a lead."""

    id = AutoField()
    lead_id = BigIntegerField()
    status = TextField()
    body = TextField()
    policy_version = BigIntegerField()
    created_at = BigIntegerField()
