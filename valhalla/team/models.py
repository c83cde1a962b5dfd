"""The tables of a team as models."""

from __future__ import annotations

from db.orm import AutoField, BigIntegerField, TextField
from valhalla.program.models import Base


class Member(Base):
    """Somebody who works here under their own name."""

    id = AutoField()
    name = TextField()
    role = TextField()
    added_at = BigIntegerField()
    added_by = TextField()
    removed_at = BigIntegerField(null=True)
    removed_by = TextField(null=True)


class Credential(Base):
    """How a member proves who they are."""

    member_id = AutoField()
    password = TextField(null=True)
    invitation = TextField(null=True)
    invited_until = BigIntegerField(null=True)
    changed_at = BigIntegerField()


class MemberSession(Base):
    """A browser in which a member is signed in."""

    digest = TextField(primary_key=True)
    member_id = BigIntegerField()
    created_at = BigIntegerField()
    seen_at = BigIntegerField()


class SignIn(Base):
    """That a member signed in or out, or that somebody tried to."""

    id = AutoField()
    member_id = BigIntegerField(null=True)
    at = BigIntegerField()
    result = TextField()


class LeadHold(Base):
    """Who is calling whom at this moment."""

    lead_id = AutoField()
    drawn_id = BigIntegerField()
    who = TextField()
    at = BigIntegerField()
    until = BigIntegerField()
