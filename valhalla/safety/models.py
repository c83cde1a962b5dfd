"""The table of counted imports as a model."""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField
from valhalla.program.models import Base


class Quality(Base):
    """What the records of each import were like, counted when it ended (docs/risk.md)."""

    import_id = AutoField()
    source_id = BigIntegerField()
    file_id = BigIntegerField()
    at = BigIntegerField()
    records = BigIntegerField()
    rejected = BigIntegerField()
    duplicates = BigIntegerField()
    missing_cells = BigIntegerField()
    stored = BigIntegerField()
    optional_cells = BigIntegerField()
    optional_filled = BigIntegerField()
    inconsistent = BigIntegerField()
    outliers = BigIntegerField()
    dated = BigIntegerField()
    fresh = BigIntegerField()
    same_value = BigIntegerField()
    required = BigIntegerField()
