"""The ways to a person."""

from __future__ import annotations

CHANNELS = ("call", "text", "email", "letter", "visit")
"""How a lead can be contacted."""
