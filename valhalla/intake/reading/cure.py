"""When most of a file fails for a reason that a setting of its source would cure: which setting, and what it changes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from valhalla.intake.reading.chunk import SourceError
from valhalla.intake.reading.profile import DEFAULT_SOURCE, Profile
from valhalla.intake.reading.source import CHUNK_ROWS, open_source

SAMPLE = 20_000
"""Records that are tried; of longer files the beginning."""
_STEPS = 3

_SETTINGS: dict[str, tuple[dict[str, Any], ...]] = {
    "MISSING_EMAIL": ({"contact": "either"},),
    "EMAIL_FORMAT": ({"contact": "either"},),
    "MISSING_PHONE": ({"contact": "either"}, {"contact": "email"}),
    "PHONE_FORMAT": ({"contact": "either"}, {"contact": "email"}),
    "VALUE_CURRENCY": ({"value_format": "us"}, {"value_format": "eu"}),
    "VALUE_GROUPING": ({"value_format": "us"}, {"value_format": "eu"}),
    "VALUE_LOCALE": ({"value_format": "eu"}, {"decimal_comma": True}, {"value_format": "us"}),
    "MISSING_COLUMN": ({"contact": "phone"}, {"contact": "email"}),
}


@dataclass(frozen=True, slots=True)
class Cure:
    """Settings of the profile, and how many of the tried records are accepted without and with them."""

    settings: dict[str, Any]
    profile: Profile
    """The profile with the settings."""
    tried: int
    """Records that were tried: all of the file, or its first 20,000."""
    before: int
    after: int

    def sentence(self, source: str) -> str:
        """What to do, with the counts, for a person."""
        words = " and ".join(f"{name}={str(value).lower()}" for name, value in self.settings.items())
        return (
            f'{self.before:,} of {self.tried:,} rows are accepted; with {words} for source "{source}" '
            f"{self.after:,} are."
        )


@dataclass(frozen=True, slots=True)
class _Result:
    tried: int
    accepted: int
    worst: str | None


def find_cure(
    path: str | os.PathLike[str],
    profile: Profile | None = None,
    mapping: Mapping[str, str] | None = None,
    *,
    source: str = DEFAULT_SOURCE,
) -> Cure | None:
    """The settings that turn a mostly rejected file into a mostly accepted one, or None.

    None too when at least half of the records are accepted as it is. Reads at most 20,000 records, a few times.
    """
    profile = profile or Profile()
    first = _try(path, profile, mapping, source)
    if first.worst is None or 2 * first.accepted > first.tried > 0:
        return None
    best, result, settings = profile, first, dict[str, Any]()
    for _ in range(_STEPS):
        step = _step(path, best, mapping, source, result)
        if step is None:
            break
        changed, best, result = step
        settings |= changed
        if result.worst is None or 2 * result.accepted > result.tried:
            break
    tried = max(first.tried, result.tried)
    if result.accepted <= first.accepted or 2 * result.accepted <= tried:
        return None
    return Cure(settings, best, tried, first.accepted, result.accepted)


def _step(
    path: str | os.PathLike[str],
    profile: Profile,
    mapping: Mapping[str, str] | None,
    source: str,
    now: _Result,
) -> tuple[dict[str, Any], Profile, _Result] | None:
    """The change that removes most of the most frequent failure."""
    found = []
    for changed in _SETTINGS.get(now.worst or "", ()):
        candidate = replace(profile, **changed)
        if candidate != profile:
            result = _try(path, candidate, mapping, source)
            if result.worst != now.worst or result.accepted > now.accepted:
                found.append((changed, candidate, result))
    return max(found, key=lambda step: step[2].accepted, default=None)


def _try(
    path: str | os.PathLike[str], profile: Profile, mapping: Mapping[str, str] | None, source: str
) -> _Result:
    codes: Counter[str] = Counter()
    accepted = tried = 0
    try:
        with open_source(path, profile, mapping, source=source) as opened:
            while tried < SAMPLE:
                chunk = opened.read(min(CHUNK_ROWS, SAMPLE - tried), final=True)
                if chunk is None:
                    break
                tried += chunk.records
                accepted += len(chunk.accepted)
                codes.update(reject.code for reject in chunk.rejected)
    except SourceError as error:
        return _Result(0, 0, error.code)
    return _Result(tried, accepted, codes.most_common(1)[0][0] if codes else None)
