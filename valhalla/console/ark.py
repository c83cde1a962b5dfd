"""What ark.db says: deduplication, trust, quarantine. Asked again only when another program has written."""

from __future__ import annotations

import json
from typing import Any

from valhalla.console import sql
from valhalla.console.sqlite import ForeignFile

TIERS = ("core", "trusted", "sandbox", "external")
"""Shown even with nothing in them."""

UNNAMED = "unknown"


class Ark:
    """Reads one file. Each method is called after :meth:`ForeignFile.begin`, with what that returned as ``mark``."""

    def __init__(self, file: ForeignFile) -> None:
        self.file = file
        self._kept: dict[str, tuple[object, list[tuple[Any, ...]]]] = {}

    def deduplication(self, mark: object) -> float | None:
        """(uses - distinct snippets) / uses in %; None while nothing was used. Patterns that are kept but never used can
        outnumber the uses: then nothing is saved, which is 0."""
        if not self.file.has("code_patterns", "code_snippet", "usage_count"):
            return None
        ((used, distinct),) = self._once("deduplication", mark, sql.DEDUPLICATION)
        if not used or used < 0:
            return None
        saved: float = 100 * (used - distinct) / used
        return round(max(0.0, saved), 6)

    def trust(self, mark: object) -> dict[str, int]:
        """Indexed files by trust tier: the four usual ones, and any other under its own name."""
        if not self.file.has("code_index", "trust_tier"):
            return {}
        found = dict.fromkeys(TIERS, 0)
        for tier, count in self._once("trust", mark, sql.TRUST):
            name = str(tier).strip().lower() if tier is not None else ""
            found[name or UNNAMED] = found.get(name or UNNAMED, 0) + count
        return found

    def quarantine_count(self, mark: object) -> int | None:
        """Executions that did not end well or have violations; None while there is no such table."""
        if not self._has_executions():
            return None
        ((count,),) = self._once("quarantine", mark, sql.QUARANTINE_COUNT)
        return int(count)

    def quarantine(self, limit: int) -> list[dict[str, Any]]:
        """The executions in quarantine written last, with what is held against them."""
        if not self._has_executions():
            return []
        return [
            {"execution_id": str(number), "status": status, "violations": _listed(violations)}
            for number, status, violations in self.file.ask(sql.QUARANTINE, (limit,))
        ]

    def _has_executions(self) -> bool:
        return self.file.has("sandbox_executions", "execution_id", "status", "security_violations")

    def _once(self, name: str, mark: object, question: str) -> list[tuple[Any, ...]]:
        asked_at, found = self._kept.get(name, (None, []))
        if asked_at != mark:
            found = self.file.ask(question)
            self._kept[name] = mark, found
        return found


def _listed(violations: object) -> list[str]:
    """Violations as texts: a JSON list as its entries, anything else as it stands."""
    if violations is None or violations == "":
        return []
    try:
        said = json.loads(str(violations))
    except (ValueError, RecursionError):
        return [str(violations)]
    if isinstance(said, list):
        return [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in said]
    return [] if said in (None, {}, 0) else [str(violations)]
