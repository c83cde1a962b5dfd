"""The decision log: what the program and a person decided about leads, policy, sources and scripts, with reason, inputs and who.

It is not a second log. Each decision is an entry of the audit chain, and its reason is read where it is kept: a person's words in the
table of what was decided (they must be erasable), the program's in the entry itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from db import Database
from db.clock import iso
from valhalla.audit import sql
from valhalla.leads.work_models import SourcePause
from valhalla.program.errors import NotFound
from valhalla.program.file_models import Entry
from valhalla.scoring.models import Outcome, Policy

SUBJECTS = (
    "buyer",
    "clone",
    "consent",
    "deal",
    "effect",
    "experiment",
    "lead",
    "live",
    "market",
    "outcome",
    "policy",
    "promise",
    "score",
    "script",
    "source",
    "suppression",
)
"""Actions that begin with one of these are decisions; ``import.undo`` is one as well."""

ALSO = ("import.undo",)

WHAT = {
    "clone.apply": "copied what works to another market",
    "clone.undo": "undid a copy to another market",
    "deal.move": "moved a deal on",
    "deal.set": "changed a deal",
    "deal.unset": "undid a change of a deal",
    "effect.approve": "approved what goes out",
    "effect.deny": "refused what would go out",
    "effect.stand": "approved a kind of effect in advance",
    "effect.unstand": "ended an approval in advance",
    "experiment.start": "started an experiment",
    "experiment.stop": "stopped an experiment",
    "experiment.weigh": "changed the shares of an experiment",
    "import.undo": "undid an import",
    "lead.add": "added a lead by hand",
    "lead.change": "decided on a change that a list asked for",
    "lead.different": "kept two leads apart",
    "lead.merge": "merged two leads",
    "lead.reevaluate": "decided on leads again",
    "lead.unmerge": "undid a merge",
    "live.off": "closed the lock",
    "live.on": "opened the lock",
    "outcome.record": "recorded an outcome",
    "outcome.undo": "undid an outcome",
    "policy.set": "changed the policy",
    "score.learn": "learnt a score from outcomes",
    "script.move": "moved a script",
    "source.map": "accepted a mapping of columns",
    "source.pause": "paused a source",
    "source.resume": "resumed a source",
    "source.set": "changed how a source is read",
    "source.stop": "stopped a source",
    "suppression.add": "put somebody on do-not-contact",
    "suppression.remove": "took somebody off do-not-contact",
}


def listed(
    database: Database,
    limit: int = 50,
    *,
    about: str | None = None,
    by: str | None = None,
    before: int | None = None,
) -> list[dict[str, Any]]:
    """The newest decisions, newest first: ``{id, at, by, about, what, reason}``. ``about`` a subject such as ``lead:3``, or a kind
    of them such as ``policy``; ``by`` one actor; ``before``: of a lower number only."""
    rows = database.sql(sql.DECISIONS, (json.dumps(SUBJECTS), json.dumps(ALSO), about, by, before, limit))
    return [_shown(database, *row) for row in rows]


def whole(database: Database, number: int) -> dict[str, Any]:
    """One decision with what it was decided from, ``inputs``. Raises :class:`NotFound`."""
    columns = Entry.seq, Entry.at, Entry.actor, Entry.action, Entry.subject, Entry.body
    row = Entry.select(*columns).where(Entry.seq == number).tuples().first(database)
    if row is None or not (row[3].partition(".")[0] in SUBJECTS or row[3] in ALSO):
        raise NotFound(f"there is no decision {number}; see: valhalla decisions list")
    *_, body = row
    return {**_shown(database, *row), "inputs": json.loads(body)}


def _shown(
    database: Database, number: int, at: int, actor: str, action: str, subject: str, text: str
) -> dict[str, Any]:
    body = json.loads(text)
    return {
        "id": number,
        "at": iso(at),
        "by": actor,
        "about": _about(database, subject),
        "what": _what(action, body),
        "action": action,
        "reason": _reason(database, action, subject, body),
    }


def _about(database: Database, subject: str) -> str:
    kind, _, number = subject.partition(":")
    if kind == "source_pause" and number.isdigit():
        name = SourcePause.select(SourcePause.source).where(SourcePause.id == int(number)).scalar(database)
        return f"source:{name}" if name else subject
    return subject


def _what(action: str, body: Mapping[str, Any]) -> str:
    said = WHAT.get(action, action.replace(".", " "))
    if action.startswith("outcome.") and body.get("event"):
        return f"{said}: {body['event']}"
    if action == "policy.set" and body.get("changes"):
        return f"{said}: {', '.join(sorted(body['changes']))}"
    if action == "script.move" and body.get("after"):
        return f"{said} to {body['after']}"
    return said


def _reason(database: Database, action: str, subject: str, body: Mapping[str, Any]) -> str | None:
    """Why, in the words of the person who decided; None: nobody said."""
    kind, _, number = subject.partition(":")
    kept = _KEPT_AT.get(kind)
    found = None
    if action in _OF_OUTCOME:
        found = _stored_reason(database, Outcome, body.get("outcome"))
    elif kept is not None and number.isdigit():
        found = _stored_reason(database, kept, int(number))
    if not found:
        found = next(
            (body[name] for name in ("reason", "why", "says") if isinstance(body.get(name), str)), None
        )
    if not found and action in _SAID:
        found = _SAID[action](body)
    return found or None


_OF_OUTCOME = ("outcome.record", "outcome.undo")
_KEPT_AT = {"source_pause": SourcePause, "policy": Policy}
"""Reasons are a person's words: they are kept where they can be erased, not in the chain."""


def _stored_reason(database: Database, kept: Any, number: int | None) -> Any:
    """What the row of this number gives as its reason."""
    return kept.select(kept.reason).where(kept._meta.primary_key == number).scalar(database)


_SAID: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "lead.reevaluate": lambda body: (
        f"by policy version {body.get('policy')} and what outcomes had taught (snapshot {body.get('snapshot')})"
    ),
    "lead.change": lambda body: "accepted" if body.get("accepted") else "declined",
}
