"""Checks of the policy's tables and lists, and of keys that must fit each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHANNELS = ("call", "text", "email", "letter")
OPEN_STATES = ("new", "contacted", "appointment", "contract")


def check_tables(policy: Mapping[str, Any]) -> list[str]:
    """One sentence per mistake in a policy whose plain keys are sound."""
    packet, score, calling = policy["packet"], policy["score"], policy["calling"]
    found = _condition(packet["condition"])
    found += _bands(score["bands"], packet["bands"])
    for name, low in (
        ("distress", 0),
        ("history", -100),
        ("signs", 0),
        ("deadlines", 0),
        ("conversation", -100),
    ):
        if name in score:
            found += _points(f"score.{name}", score[name], low)
    if score.get("owned_full_years", 1) <= score.get("owned_from_years", 0):
        found.append("score.owned_full_years must be above score.owned_from_years.")
    for name in ("equity_amount_full", "spread_full"):
        if score.get(name, 1) == 0:
            found.append(f"score.{name} must be above 0.")
    if isinstance(score.get("history"), Mapping):
        found += [
            f"score.history.{state} is not a state of an open lead; those are {', '.join(OPEN_STATES)}."
            for state in score["history"]
            if state not in OPEN_STATES
        ]
    if "role_names" in score and not _texts(score["role_names"]):
        found.append("score.role_names must be a list of words.")
    found += _ladder(calling["ladder"])
    if packet["selling_share"] + packet["profit_share"] >= 1:
        found.append("packet.selling_share and packet.profit_share must together be under 1.")
    if calling["text_first_from"] > calling["call_now_from"]:
        found.append("calling.text_first_from must not be above calling.call_now_from.")
    return found + _boxes(policy)


def _condition(tiers: Any) -> list[str]:
    if not isinstance(tiers, Mapping):
        return ["packet.condition must be a table of tiers."]
    found: list[str] = []
    seen: dict[str, str] = {}
    for name, tier in tiers.items():
        where = f"packet.condition.{name}"
        if (
            not isinstance(tier, Mapping)
            or set(tier) != {"low", "high", "words"}
            or not _texts(tier["words"])
        ):
            found.append(f"{where} must have low, high and a list of words.")
            continue
        if not (_whole(tier["low"]) and _whole(tier["high"]) and 0 <= tier["low"] <= tier["high"] <= 10_000):
            found.append(
                f"{where} must have whole numbers with 0 <= low <= high <= 10000 (currency units per square foot)."
            )
        for word in tier["words"]:
            if word != word.lower():
                found.append(f"{where}: the word {word!r} must be lower case.")
            if seen.setdefault(word, name) != name:
                found.append(f"{where}: the word {word!r} already belongs to {seen[word]}.")
    return found


def _bands(bands: Any, earn_packet: Any) -> list[str]:
    if not isinstance(bands, Mapping) or not bands:
        return ["score.bands must be a table of band and least score."]
    found = _points("score.bands", bands, 0)
    if found:
        return found
    if "D" in bands:
        found.append("score.bands must not name D: it is what is left below the last band.")
    if list(bands.values()) != sorted(set(bands.values()), reverse=True):
        found.append("score.bands must fall from band to band.")
    if not isinstance(earn_packet, list) or any(band not in bands and band != "D" for band in earn_packet):
        found.append("packet.bands must be a list of bands of score.bands or D.")
    return found


def _points(name: str, table: Any, low: int) -> list[str]:
    if not isinstance(table, Mapping):
        return [f"{name} must be a table of words and points."]
    return [
        f"{name}.{key} must be a whole number from {low} to 100, not {value!r}."
        for key, value in table.items()
        if not _whole(value) or not low <= value <= 100
    ]


def _ladder(ladder: Any) -> list[str]:
    if not isinstance(ladder, list) or not ladder:
        return ["calling.ladder must be a list of steps with day and channel."]
    last = 0
    for number, step in enumerate(ladder, 1):
        if not isinstance(step, Mapping) or set(step) != {"day", "channel"} or not _whole(step["day"]):
            return [f"Step {number} of calling.ladder must have a day and a channel."]
        if step["channel"] not in CHANNELS:
            return [
                f"Step {number} of calling.ladder has the channel {step['channel']!r}; known are {', '.join(CHANNELS)}."
            ]
        if not last <= step["day"] <= 365:
            return [
                f"Step {number} of calling.ladder must not be before the step above it, nor after day 365."
            ]
        last = step["day"]
    return []


def _boxes(policy: Mapping[str, Any]) -> list[str]:
    found = []
    score = policy["score"]
    boxes = {"score": score, **{f"markets.{name}": rules for name, rules in policy["markets"].items()}}
    for name, box in boxes.items():
        low = box.get("buy_box_low", score["buy_box_low"])
        high = box.get("buy_box_high", score["buy_box_high"])
        if low > high:
            found.append(f"{name}: buy_box_low must not be above buy_box_high.")
    return found


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) and word for word in value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
