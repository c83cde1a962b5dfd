"""What is used of peewee, loaded without drivers of other servers."""

from __future__ import annotations

from db.hiding import DRIVERS, hidden

with hidden(*DRIVERS):
    from peewee import AutoField, BigIntegerField, CompositeKey, Model, PeeweeException, TextField
    from playhouse.apsw_ext import APSWDatabase

__all__ = [
    "APSWDatabase",
    "AutoField",
    "BigIntegerField",
    "CompositeKey",
    "Model",
    "PeeweeException",
    "TextField",
]
