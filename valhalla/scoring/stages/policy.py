"""The policy: every constant of the six stages, as data.

A policy is a nested dict of plain JSON values. It is stored in the file, numbered, and never changed in place; a result names the
version it used. Shares, rates and probabilities are fractions of one, money is whole currency units, times are days or
hours, points are points of the 100 a lead can score. The stages compile a policy into integers once per batch
(:mod:`valhalla.scoring.store`), so nothing here is on a hot path.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from valhalla.scoring.stages.policy_keys import KEYS, MARKET_KEYS
from valhalla.scoring.stages.policy_tables import check_tables

Policy = dict[str, Any]

DEFAULT_POLICY: Policy = {
    "assignment": {
        "holdout_share": 0.0,
        "sample_ratio_alarm": 0.001,
        "sample_ratio_from": 100,
    },
    "promotion": {
        "matured_days": 30,
        "matured_leads": 200,
        "conversions": 20,
        "days": 7,
        "always_valid_p": 0.05,
        "smallest_effect": 0.01,
        "opt_out_margin": 0.01,
        "automatic": False,
    },
    "packet": {
        "value_means": "asking",
        "model": "rule",
        "arv_share": 0.70,
        "fee": 10_000,
        "holding": 5_000,
        "closing": 4_000,
        "selling_share": 0.08,
        "profit_share": 0.15,
        "assume_arv": False,
        "min_spread": 10_000,
        "buyer_share_limit": 0.75,
        "opening_share": 0.90,
        "bands": ["A", "B"],
        "condition": {
            "light": {
                "low": 15,
                "high": 25,
                "words": ["light", "good", "great", "excellent", "updated", "cosmetic", "move-in ready", "rent ready"],
            },
            "medium": {"low": 40, "high": 65, "words": ["medium", "fair", "average", "moderate", "dated", "needs work"]},
            "heavy": {
                "low": 80,
                "high": 120,
                "words": ["heavy", "poor", "bad", "gut", "full gut", "distressed", "uninhabitable", "teardown"],
            },
        },
    },
    "outcome": {
        "prior": 0.02,
        "pseudo_leads": 50,
        "pseudo_deals": 5,
        "matured_days": 90,
        "cost_per_lead": 15,
        "gain": "spread",
        "gain_cap": 40_000,
        "prior_alone": False,
        "calibration_from": 30,
        "calibration_alarm": 3.0,
    },
    "clone": {
        "matured_leads": 200,
        "closes": 10,
        "some_leads": 50,
        "months": 3,
        "homogeneity_p": 0.05,
        "fee_variation": 0.5,
        "confidence": 0.80,
        "largest_source": 0.80,
        "largest_rep": 0.80,
        "data_quality": 0.90,
        "similarity": 0.25,
    },
    "score": {
        "track_record": 15,
        "track_record_full": 0.05,
        "target_market": 5,
        "buy_box": 5,
        "buy_box_low": 40_000,
        "buy_box_high": 750_000,
        "spread": 7,
        "spread_enough": 3,
        "equity": 3,
        "equity_share": 0.30,
        "repairs": 2,
        "repairs_share": 0.15,
        "distress": {
            "pre-foreclosure": 5,
            "foreclosure": 5,
            "probate": 5,
            "inherited": 5,
            "tax lien": 5,
            "vacant": 5,
            "absentee": 3,
            "divorce": 5,
            "bankruptcy": 5,
            "code violation": 5,
            "eviction": 3,
            "fire damage": 5,
        },
        "distress_other": 5,
        "distress_most": 20,
        "phone": 10,
        "email": 5,
        "own_address": 5,
        "role_names": [
            "abuse", "admin", "billing", "contact", "enquiries", "hello", "help", "info", "mail", "marketing",
            "no-reply", "noreply", "office", "postmaster", "sales", "service", "support", "team", "webmaster",
        ],
        "freshness": 10,
        "half_life_days": 30,
        "list": 3,
        "list_most": 10,
        "warning": -2,
        "warning_most": -10,
        "history": {"contacted": 0, "appointment": 5, "contract": 5},
        "bands": {"A": 70, "B": 50, "C": 30},
        "learnt": "show",
        "learn_from_resolved": 200,
        "learn_from_positives": 30,
    },
    "calling": {
        "call_now_from": 50,
        "text_first_from": 30,
        "ladder": [
            {"day": 0, "channel": "call"},
            {"day": 0, "channel": "text"},
            {"day": 0, "channel": "call"},
            {"day": 1, "channel": "call"},
            {"day": 3, "channel": "text"},
            {"day": 7, "channel": "call"},
        ],
        "same_day_gap_hours": 2,
        "after_ladder_days": 30,
    },
    "markets": {},
}  # fmt: skip
"""Version 1 of the policy of every new file. What each key means, with unit and range: :data:`policy_keys.KEYS`."""


class PolicyError(ValueError):
    """A policy that the stages cannot work with; the message is one sentence per mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__(" ".join(mistakes))
        self.mistakes = mistakes


class Change(NamedTuple):
    """One key in which two policies differ; None where a policy does not have it."""

    key: str
    before: Any
    after: Any


def mistakes(policy: Mapping[str, Any]) -> list[str]:
    """What is wrong with ``policy``: one clear sentence per mistake, empty when it is sound."""
    found: list[str] = []
    for section in policy:
        if section not in DEFAULT_POLICY:
            found.append(f"The policy has no section {section!r}.")
    for section, default in DEFAULT_POLICY.items():
        given = policy.get(section)
        if not isinstance(given, Mapping):
            found.append(f"The section {section!r} is missing.")
            continue
        if section == "markets":
            continue
        found += [f"The policy has no key {section}.{name}." for name in given if name not in default]
        found += [f"{section}.{name} is missing." for name in default if name not in given]
    if found:
        return found
    for name, key in KEYS.items():
        section, _, last = name.partition(".")
        mistake = key.mistake(name, policy[section][last])
        if mistake:
            found.append(mistake)
    found += check_markets(policy["markets"])
    return found or check_tables(policy)


def check_markets(markets: Mapping[str, Any]) -> list[str]:
    """Mistakes in the rules per market; a market is "Houston, TX" or a state, "TX"."""
    found: list[str] = []
    for market, rules in markets.items():
        if not isinstance(rules, Mapping):
            found.append(f"The rules of market {market!r} must be a table of keys and values.")
            continue
        for name, value in rules.items():
            key = MARKET_KEYS.get(name)
            if key is None:
                known = ", ".join(MARKET_KEYS)
                found.append(f"markets.{market}.{name} is not known; a market can have {known}.")
                continue
            mistake = key.mistake(f"markets.{market}.{name}", value)
            if mistake:
                found.append(mistake)
    return found


def validated(policy: Mapping[str, Any]) -> Policy:
    """A copy of ``policy`` that nobody else holds; :class:`PolicyError` when it has mistakes."""
    found = mistakes(policy)
    if found:
        raise PolicyError(found)
    return copy.deepcopy(dict(policy))


def get_key(policy: Mapping[str, Any], key: str) -> Any:
    """The value at a dotted key such as ``packet.fee`` or ``markets.St. Louis, MO.fee``."""
    here: Any = policy
    for part in _parts(key):
        if not isinstance(here, Mapping) or part not in here:
            raise PolicyError([f"The policy has no key {key}."])
        here = here[part]
    return here


def set_key(policy: Mapping[str, Any], key: str, value: Any) -> Policy:
    """A new, validated policy in which ``key`` has ``value``; ``policy`` itself stays as it was.

    A market, a distress word or a band need not exist before. ``value=None`` removes what may be absent.
    """
    changed = copy.deepcopy(dict(policy))
    *path, last = _parts(key)
    here: Any = changed
    for part in path:
        if path[0] == "markets" and part not in here:
            here[part] = {}
        if not isinstance(here, dict) or part not in here:
            raise PolicyError([f"The policy has no key {key}."])
        here = here[part]
    if not isinstance(here, dict):
        raise PolicyError([f"The policy has no key {key}."])
    if value is None:
        if here.pop(last, None) is None:
            raise PolicyError([f"The policy has no key {key}."])
    else:
        here[last] = value
    return validated(changed)


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every key in which two policies differ, in the order of the keys."""
    old = dict(_leaves(before, ""))
    new = dict(_leaves(after, ""))
    keys = sorted(old.keys() | new.keys())
    return [Change(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]


def _parts(key: str) -> list[str]:
    """Split a dotted key; the name of a market may hold dots itself, its option does not."""
    section, _, rest = key.partition(".")
    if section != "markets" or not rest:
        return key.split(".")
    market, _, option = rest.rpartition(".")
    if market and option in MARKET_KEYS:
        return ["markets", market, option]
    return ["markets", rest]


def _leaves(here: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in here.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


__all__ = [
    "DEFAULT_POLICY",
    "Change",
    "Policy",
    "PolicyError",
    "diff",
    "get_key",
    "mistakes",
    "set_key",
    "validated",
]
