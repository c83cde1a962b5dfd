"""Settings, policy, do-not-contact list and buyers as pages show them."""

from __future__ import annotations

import json
import os
from typing import Any

from db import Database
from db.clock import iso
from valhalla.leads import do_not_contact, scrubbing
from valhalla.leads.buyers import all_buyers
from valhalla.program import settings
from valhalla.program.errors import NotFound
from valhalla.program.fields import Field
from valhalla.program.settings import SETTINGS, Stored
from valhalla.scoring import policies
from valhalla.scoring import store as stages
from valhalla.scoring.stages.policy import defaults_of, diff
from valhalla.scoring.stages.policy_keys import KEYS

DNC_PAGE = 100

GROUPS = {
    "": "Running",
    "cockpit": "Cockpit",
    "console": "Console",
    "import": "Reading lists",
    "webhook": "Webhooks",
    "mail": "Mail",
    "effects": "Effects",
    "packets": "Packets",
    "risk": "Risk",
    "audit": "Audit",
    "retention": "Keeping",
}
"""Headings, by what stands before the dot."""

SECTIONS = {
    "score": "Score",
    "calling": "Calling",
    "packet": "Deal packet",
    "outcome": "Expected outcome",
    "assignment": "Which script",
    "promotion": "Moving scripts",
    "clone": "Repeating a play",
    "markets": "Markets",
}


def gather(database: Database) -> dict[str, Any]:
    """Every setting with what is in force, where that comes from, and what may be set."""
    stored = settings.stored(database)
    groups: dict[str, list[dict[str, Any]]] = {}
    for key, setting in SETTINGS.items():
        head, dot, _ = key.partition(".")
        group = GROUPS.get(head if dot else "", head.capitalize())
        groups.setdefault(group, []).append(_setting(key, setting, stored.get(key)))
    return {"groups": [{"title": title, "settings": each} for title, each in groups.items()]}


def one(database: Database, key: str) -> dict[str, Any]:
    """One setting. Raises :class:`UsageError` when there is none of that name."""
    setting = settings.known(key)
    return _setting(key, setting, settings.stored(database).get(key))


def _setting(key: str, setting: Field, stored: Stored | None) -> dict[str, Any]:
    variable = settings.environment_name(key)
    facts: dict[str, Any] = {
        "key": key,
        "meaning": setting.meaning,
        "default": setting.default,
        "value": setting.default,
        "origin": "default",
        "variable": variable,
        "at": None,
        "by": None,
        "problem": None,
        "changed": False,
        "kind": "text",
        "words": None,
        "low": None,
        "high": None,
    }
    if stored is not None:
        facts |= {"value": stored.value, "origin": "file", "at": iso(stored.at), "by": stored.by}
    if variable in os.environ:
        facts["origin"] = "environment"
        try:
            facts["value"] = setting.read(os.environ[variable])
        except ValueError as error:
            facts["problem"] = f"the variable must be {error}"
    facts["changed"] = facts["value"] != setting.default
    if key == "dry_run_enabled":
        facts["kind"] = "lock"
    elif setting.kind == "count":
        facts |= {"kind": "number", "low": setting.low, "high": setting.high}
    elif setting.kind == "word":
        facts |= {"kind": "choice", "words": list(setting.words)}
    elif setting.kind == "flag":
        facts |= {"kind": "choice", "words": ["on", "off"]}
    facts["text"] = "" if facts["value"] is None else settings.as_text(facts["value"])
    facts["default_text"] = settings.as_text(setting.default)
    return facts


def policy(database: Database, version: int | None = None) -> dict[str, Any]:
    """The policy in force or an earlier version, key by key, with meaning, range and default."""
    try:
        newest, present = stages.latest_policy(database)
        shown = present if version is None else stages.policy_at(database, version)
    except stages.Unknown as error:
        raise NotFound(str(error)) from None
    default = policies.leaves(defaults_of(shown))
    sections: dict[str, list[dict[str, Any]]] = {}
    for key, value in policies.leaves(shown).items():
        head = key.partition(".")[0]
        known = KEYS.get(key)
        sections.setdefault(SECTIONS.get(head, head.capitalize()), []).append(
            {
                "key": key,
                "value": value,
                "text": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
                "shown": policies.as_text(value),
                "default": policies.as_text(default[key]) if key in default else None,
                "changed": key not in default or default[key] != value,
                "meaning": known.meaning if known else "",
                "kind": known.kind if known else "market" if head == "markets" else "table",
                "low": known.low if known and known.kind not in ("flag", "word") else None,
                "high": known.high if known and known.kind not in ("flag", "word") else None,
                "words": list(known.words) if known and known.words else None,
            }
        )
    return {
        "version": newest if version is None else version,
        "newest": newest,
        "sections": [{"title": title, "keys": keys} for title, keys in sections.items()],
    }


def history(database: Database, limit: int = 200) -> dict[str, Any]:
    """The newest ``limit`` versions of the policy, newest first, each with what it changed."""
    found = policies.history(database)[-limit:]
    return {
        "versions": [
            {
                "version": each.version,
                "at": iso(each.at),
                "by": each.by,
                "reason": each.reason,
                "changes": [
                    {
                        "key": change.key,
                        "before": policies.as_text(change.before),
                        "after": policies.as_text(change.after),
                    }
                    for change in each.changes
                ],
            }
            for each in reversed(found)
        ]
    }


def difference(database: Database, before: int, after: int) -> dict[str, Any]:
    """In which keys two versions differ."""
    try:
        one, other = stages.policy_at(database, before), stages.policy_at(database, after)
    except stages.Unknown as error:
        raise NotFound(str(error)) from None
    return {
        "from": before,
        "to": after,
        "changes": [
            {
                "key": each.key,
                "before": policies.as_text(each.before),
                "after": policies.as_text(each.after),
                "meaning": KEYS[each.key].meaning if each.key in KEYS else "",
            }
            for each in diff(one, other)
        ],
    }


def dnc(
    database: Database, who: str | None = None, before: int | None = None, limit: int = DNC_PAGE
) -> dict[str, Any]:
    """The do-not-contact list, newest first; ``who``: only this address, number or domain."""
    with database.view():
        counts = do_not_contact.counts(database)
        last = scrubbing.last(database)
        checks = {kind: iso(last[kind]) if kind in last else None for kind in scrubbing.KINDS}
        found = (
            do_not_contact.find(database, who) if who else do_not_contact.newest(database, limit + 1, before)
        )
    return {
        "entries": [_listed(each) for each in found[:limit]],
        "counts": counts,
        "total": sum(counts.values()),
        "scrubs": checks,
        "who": who,
        "before": before,
        "next": found[limit - 1].id if len(found) > limit else None,
    }


def _listed(found: do_not_contact.Listed) -> dict[str, Any]:
    return {
        "id": found.id,
        "kind": found.kind,
        "value": f"+{found.value}" if found.kind == "phone" and found.value is not None else found.value,
        "origin": found.origin,
        "reason": found.reason,
        "at": iso(found.created_at),
        "by": found.created_by,
    }


def buyers(database: Database, limit: int = 500) -> dict[str, Any]:
    """The buyers and what they take; None is "any"."""
    found = all_buyers(database)
    return {"buyers": found[:limit], "total": len(found)}
