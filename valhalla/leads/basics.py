"""The settings that matter on a working day, read and saved as one: who you are, when and where you call, what you buy.

They stand where they always stood, as settings and as keys of the policy; here they are one form with one Save.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from valhalla.leads import call_list_index
from valhalla.leads.known_markets import market_named
from valhalla.leads.markets import market_of
from valhalla.program import settings
from valhalla.program.errors import UsageError
from valhalla.program.patterns import pattern
from valhalla.scoring import policies
from valhalla.scoring import store as stages

if TYPE_CHECKING:
    from db import Database
    from valhalla.scoring.jobs import Reevaluating

SETTINGS = {
    "name": "my.name",
    "phone": "my.phone",
    "company": "my.company",
    "zone": "timezone",
    "goal": "goal.dials",
    "mail": "digest.mail",
}
"""Fields that are a setting each."""

POLICY = {
    "buy_low": "score.buy_box_low",
    "buy_high": "score.buy_box_high",
    "fee": "packet.fee",
    "arv": "packet.arv_share",
}
"""Fields that are a key of the policy each."""

FIELDS = (*SETTINGS, "from", "until", "markets", *POLICY)

_TIME = pattern(r"(\d{1,2})(?:[:.](\d{2}))?\s*([ap])?\.?m?\.?", re.IGNORECASE)
_MARKET = pattern(r"[^,;\n]+(?:,\s*[A-Za-z.]{2,20}(?=\s*(?:[,;\n]|$)))?")


class Wrong(UsageError):
    """What was typed cannot be; ``problems`` has a sentence for each field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


def read(database: Database) -> dict[str, str]:
    """Every field as a person types it; empty: not set."""
    values = settings.effective(database)
    _, policy = stages.latest_policy(database)
    found = {
        field: "" if values[key] is None else settings.as_text(values[key]) for field, key in SETTINGS.items()
    }
    until, begins = values["quiet_hours"].split("-")
    found |= {"from": _twelve(begins), "until": _twelve(until)}
    found["markets"] = "; ".join(_targets(policy))
    leaves = policies.leaves(policy)
    for field in ("buy_low", "buy_high", "fee"):
        found[field] = f"{leaves[POLICY[field]]:,.0f}"
    found["arv"] = f"{100 * leaves[POLICY['arv']]:g}"
    return found


def save(reevaluating: Reevaluating, typed: Mapping[str, str], *, actor: str = "operator") -> list[str]:
    """Save the fields that are given, all of them or none, and have leads decided on again where that changes something.

    Returns which fields changed. Raises :class:`Wrong`.
    """
    unknown = typed.keys() - set(FIELDS)
    if unknown:
        raise UsageError(f"there is no field {sorted(unknown)[0]}; there are {', '.join(FIELDS)}")

    def put(database: Database) -> tuple[list[str], bool]:
        before, changed, decided = read(database), [], False
        problems: dict[str, str] = {}
        for field in FIELDS:
            text = typed.get(field)
            if text is None or text.strip() == before[field]:
                continue
            try:
                decided = _put(database, field, text.strip(), typed, actor) or decided
                changed.append(field)
            except UsageError as error:
                problems[field] = str(error)
        if problems:
            raise Wrong(problems)
        return changed, decided

    (changed, _), _ = reevaluating.after(put, when=lambda made: made[1])
    return changed


def _put(database: Database, field: str, text: str, typed: Mapping[str, str], actor: str) -> bool:
    """Store one field. Returns whether leads have to be decided on again."""
    if field in SETTINGS:
        settings.save(database, SETTINGS[field], text, actor)
        return False
    if field in ("from", "until"):
        now = read(database)
        _clock(text or now[field])  # the other one says for itself what is wrong with it
        try:
            begins, ends = (_clock(typed.get(name) or now[name]) for name in ("from", "until"))
        except UsageError:
            return False
        if begins >= ends:
            raise UsageError(f"calling hours must begin before they end, not {begins} to {ends}")
        settings.save(database, "quiet_hours", f"{ends}-{begins}", actor)
        return False
    if field == "markets":
        return _put_markets(database, text, actor)
    number = _number(text)
    if field == "arv":
        number = number / 100 if number > 1 else number
    value: float = number if field == "arv" else int(number)
    return bool(policies.change(database, POLICY[field], value, "set in the settings", actor=actor).changes)


def _put_markets(database: Database, text: str, actor: str) -> bool:
    _, policy = stages.latest_policy(database)
    wanted = [_market(database, each) for each in _MARKET.findall(text) if each.strip()]
    before, changed = _targets(policy), False
    for market in dict.fromkeys([*wanted, *before]):
        if (market in wanted) != (market in before):
            value = True if market in wanted else None
            made = policies.change(
                database, f"markets.{market}.target", value, "set in the settings", actor=actor
            )
            changed = changed or bool(made.changes)
    return changed


def _market(database: Database, text: str) -> str:
    market, _ = market_of(None, None, text.strip())
    if market is not None:
        return market
    if call_list_index.newest_lead(database) == 0:
        raise UsageError(f"write {text.strip()} with its state, such as Houston, TX")
    found = market_named(database, text)
    assert found is not None, "blank ones are left out"
    return found


def _targets(policy: Mapping[str, object]) -> list[str]:
    markets = policy.get("markets", {})
    assert isinstance(markets, Mapping)
    return [market for market, rules in markets.items() if rules.get("target")]


def _number(text: str) -> float:
    bare = text.replace("$", "").replace(",", "").replace("%", "").strip()
    try:
        return float(bare)
    except ValueError:
        raise UsageError(f"{text!r} is not a number") from None


def _clock(text: str) -> str:
    """``20:00`` of 8pm, 8:00 pm, 20:00."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is not a time, such as 8:00 am")
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise UsageError(f"{text!r} is not a time, such as 8:00 am")
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        raise UsageError(f"{text!r} is not a time, such as 8:00 am")
    return f"{hour:02}:{minute:02}"


def _twelve(text: str) -> str:
    hour, minute = text.split(":")
    return f"{int(hour) % 12 or 12}:{minute} {'pm' if int(hour) >= 12 else 'am'}"
