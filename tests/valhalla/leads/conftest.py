"""Properties are tried with no limit on the time of one example, which a busy computer exceeds."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
