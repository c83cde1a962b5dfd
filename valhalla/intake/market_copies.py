"""Copying what works in one market to another: rules, scripts and how its sources are read, as one decision that can be undone.

The decision is an entry of the audit chain, ``clone.apply``; its number is the copy's. It holds what there was before, so that
``clone.undo`` brings that back whole.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from db import audit
from valhalla.intake import sql
from valhalla.intake.models import File, Mapping, Source
from valhalla.intake.records import find_source
from valhalla.intake.source_rules import mappings_of, put_mapping
from valhalla.leads.known_markets import market_named
from valhalla.program.errors import NotFound, UsageError, ValhallaError
from valhalla.program.names import is_folder_name
from valhalla.scoring import scripts
from valhalla.scoring import store as stages
from valhalla.scoring.cloning import Copyable, plays
from valhalla.scoring.jobs import Reevaluating

if TYPE_CHECKING:
    from db import Database
    from jobs import JobId


def apply(
    reevaluating: Reevaluating,
    source: str,
    target: str,
    *,
    anyway: bool = False,
    reason: str = "",
    actor: str = "operator",
) -> tuple[dict[str, Any], JobId | None]:
    """Let ``target`` be worked as ``source`` is: its rules in the policy, its own scripts, and for each source of its leads that has
    reading rules one called "SOURCE TARGET" with the same. One durable transaction, and the re-evaluation it calls for.

    Raises :class:`UsageError` for markets that nobody has, :class:`ValhallaError` when a gate is not passed (``anyway``: copy all
    the same, which the decision says).
    """
    return reevaluating.after(lambda database: _apply(database, source, target, anyway, reason, actor))


def _apply(
    database: Database, source: str, target: str, anyway: bool, reason: str, actor: str
) -> dict[str, Any]:
    source, target = (market_named(database, text) or "" for text in (source, target))
    if not source or not target:
        raise UsageError('name both markets, such as --from "Houston, TX" --to "Dallas, TX"')
    if source == target:
        raise UsageError("a market cannot be copied to itself")
    why = _proof(database, source, target)
    if why is not None and not anyway:
        raise ValhallaError(
            f"{source} is not copied to {target}: {why}; to copy it all the same, add --anyway"
        )
    version, policy = stages.latest_policy(database)
    before = policy["markets"].get(target)
    after = {**policy["markets"].get(source, {}), "target": True}
    made = _set_rules(database, target, after, reason.strip() or f"{source} was copied to {target}", actor)
    body = {
        "from": source,
        "to": target,
        "policy": [version, made],
        "before": json.dumps(before),
        "after": json.dumps(after),
        "scripts": _copy_scripts(database, source, target, actor),
        "sources": _copy_sources(database, source, target),
        "why": why or "every gate is passed",
        "proven": why is None,
    }
    number = audit.append(database, "clone.apply", f"policy:{made}", body, actor=actor).entries
    return {"id": number, **described(body)}


def undo(
    reevaluating: Reevaluating, number: int, *, actor: str = "operator"
) -> tuple[dict[str, Any], JobId | None]:
    """Undo a copy whole: the target's rules are what they were, its copied scripts are retired, and sources that were made
    for it are gone, or, where lists of them were read since, are read by the usual rules.

    Raises :class:`NotFound` for what is not a copy, :class:`UsageError` for one that was undone, or whose rules were changed since.
    """
    return reevaluating.after(lambda database: _undo(database, number, actor))


def _undo(database: Database, number: int, actor: str) -> dict[str, Any]:
    text = database.value(sql.COPY_OF_MARKET, (number,))
    if text is None:
        raise NotFound(f"there is no copy of a market {number}; see: valhalla decisions list --about clone")
    if database.value(sql.IS_COPY_UNDONE, (f"clone:{number}",)):
        raise UsageError(f"copy {number} was undone before")
    body = json.loads(text)
    target, before = body["to"], json.loads(body["before"])
    _, policy = stages.latest_policy(database)
    if policy["markets"].get(target) != json.loads(body["after"]):
        raise UsageError(
            f"the rules of {target} were changed after copy {number}; change them by hand, or: valhalla policy revert {body['policy'][0]}"
        )
    made = _set_rules(database, target, before, f"the copy of {body['from']} was undone", actor)
    for script in body["scripts"]:
        scripts.withdraw(database, script, f"The copy of {body['from']} to {target} was undone.", actor)
    for source in body["sources"]:
        _drop_source(database, source)
    audit.append(database, "clone.undo", f"clone:{number}", {"policy": made, "why": "undone"}, actor=actor)
    return {"id": number, **described(body), "policy_version": made}


def described(body: dict[str, Any]) -> dict[str, Any]:
    """What a copy did, as shown."""
    return {
        "from": body["from"],
        "to": body["to"],
        "policy_version": body["policy"][1],
        "scripts": body["scripts"],
        "sources": body["sources"],
        "why": body["why"],
        "proven": body["proven"],
    }


def _proof(database: Database, source: str, target: str) -> str | None:
    """What is missing before the market may be copied; None: nothing is."""
    try:
        (found,) = plays(database, "market", name=source, target=target)
    except NotFound as error:
        return str(error)
    return None if found.readiness.state == "READY" else _missing(found)


def _missing(found: Copyable) -> str:
    ready = found.readiness
    needs = [*ready.shortfall, *(f"{name} to be measured" for name in ready.unmeasured)]
    return f"it passes {ready.passed} of {len(ready.gates)} gates and needs {', '.join(needs)}"


def _set_rules(database: Database, market: str, rules: dict[str, Any] | None, reason: str, actor: str) -> int:
    _, policy = stages.latest_policy(database)
    markets = {name: each for name, each in policy["markets"].items() if name != market}
    if rules is not None:
        markets[market] = rules
    return stages.save_policy(database, {**policy, "markets": markets}, reason, actor)


def _copy_scripts(database: Database, source: str, target: str, actor: str) -> list[int]:
    return [
        scripts.copy_to(database, script, target, f"It was copied from {source}.", actor)
        for script in scripts.of_market(database, source)
    ]


def _copy_sources(database: Database, source: str, target: str) -> list[str]:
    made = []
    for number, name, profile in database.sql(sql.SOURCES_OF_MARKET, (source,)):
        copy = f"{name} {target}"
        if not is_folder_name(copy) or find_source(database, copy) is not None:
            continue
        # One with the same rules, and no files yet: what a person accepted for the one holds for the other.
        row = Source.insert(name=copy, profile=profile, created_at=database.clock())
        copied = int(row.execute(database))
        for each in mappings_of(database, number, "accepted"):
            put_mapping(database, copied, each.header, each.fields, accepted=True)
        made.append(copy)
    return made


def _drop_source(database: Database, name: str) -> None:
    """A source that was only made for a copy goes with it, unless lists of it were read."""
    found = find_source(database, name)
    if found is not None:
        Mapping.delete().where(Mapping.source_id == found.id).execute(database)
        if File.select().where(File.source_id == found.id).exists(database):
            Source.update(profile="{}").where(Source.id == found.id).execute(database)
        else:
            Source.delete().where(Source.id == found.id).execute(database)
