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
"""The defaults of formula 1, by which files of version 0.1 are decided until a person switches. They stay as they are: a policy that
names no formula is read by them. What each key means, with unit and range: :data:`policy_keys.KEYS`."""

FORMULA = "formula"
"""The key in which a policy names the formula of its score; absent: 1."""

SHARED = (
    "buy_box_low",
    "buy_box_high",
    "half_life_days",
    "learnt",
    "learn_from_resolved",
    "learn_from_positives",
)
"""Keys of the score that both formulas have."""

_BY_SCORE = ("bands", "call_now_from", "text_first_from")
"""Keys of other sections that are compared with a score."""

FIRST_POLICY: Policy = {
    FORMULA: 2,
    **copy.deepcopy(DEFAULT_POLICY),
    "packet": {**copy.deepcopy(DEFAULT_POLICY["packet"]), "bands": ["A", "B", "C"]},
    "outcome": {**DEFAULT_POLICY["outcome"], "shown_from": 20},
    "score": {
        "signs": {
            "foreclosure": 14, "auction": 14, "pre-foreclosure": 13, "lis pendens": 13, "probate": 10, "tax lien": 10, "divorce": 8,
            "inherited": 8, "fire damage": 8, "code violation": 7, "bankruptcy": 7, "vacant": 8, "expired listing": 6,
            "failed listing": 6, "eviction": 6, "tired landlord": 6, "lien": 5, "out of state": 5, "absentee": 3, "senior": 3,
        },
        "sign_other": 4,
        "signs_most": 32,
        "owned": 5,
        "owned_from_years": 5,
        "owned_full_years": 30,
        "per_list": 1,
        "lists_most": 3,
        "source_record": 2,
        "target_market": 1,
        "outside_buy_box": -4,
        "buy_box_low": 40_000,
        "buy_box_high": 750_000,
        "equity_most": 10,
        "equity_from": 0.30,
        "equity_amount": 4,
        "equity_amount_full": 250_000,
        "spread_most": 7,
        "spread_full": 20_000,
        "size": 1,
        "mobile": 9,
        "further_number": 3,
        "further_most": 6,
        "warning": -1,
        "warning_most": -3,
        "deadlines": {
            "foreclosure": 8, "auction": 8, "pre-foreclosure": 7, "lis pendens": 7, "eviction": 4, "tax lien": 3,
            "code violation": 3, "expired listing": 3,
        },
        "conversation": {"contacted": 2, "interested": 4, "appointment": 4, "offer": 4, "contract": 4},
        "freshness": 8,
        "half_life_days": 30,
        "bands": {"A": 40, "B": 25, "C": 12},
        "learnt": "show",
        "learn_from_resolved": 200,
        "learn_from_positives": 30,
    },
    "calling": {**copy.deepcopy(DEFAULT_POLICY["calling"]), "call_now_from": 10, "text_first_from": 10},
}  # fmt: skip
"""The policy of every new file: formula 2, see :mod:`valhalla.scoring.stages.points`."""

DEFAULTS = {1: DEFAULT_POLICY, 2: FIRST_POLICY}
"""By formula."""


def formula_of(policy: Mapping[str, Any]) -> int:
    """The formula that a policy names."""
    return int(policy.get(FORMULA, 1))


def defaults_of(policy: Mapping[str, Any]) -> Policy:
    """The defaults of the formula that a policy names; those of formula 1 where it names one that does not exist."""
    formula = policy.get(FORMULA, 1)
    return DEFAULTS.get(formula, DEFAULT_POLICY) if isinstance(formula, int) else DEFAULT_POLICY


def completed(policy: Mapping[str, Any]) -> Policy:
    """A policy of another program version: keys it could not have are at the defaults of its formula, keys that went are left
    out."""
    whole: Policy = {FORMULA: policy[FORMULA]} if FORMULA in policy else {}
    for section, default in defaults_of(policy).items():
        mine = policy.get(section, {})
        if section == "markets":
            whole[section] = mine
        elif section != FORMULA:
            whole[section] = {name: mine.get(name, value) for name, value in default.items()}
    return whole


def switched(policy: Mapping[str, Any], formula: Any, before: Mapping[str, Any] | None = None) -> Policy:
    """The same policy by another formula: keys that both have keep their values, the others are those of ``before`` (an
    earlier policy by that formula), else its defaults. Raises :class:`PolicyError`."""
    if isinstance(formula, bool) or formula not in DEFAULTS:
        raise PolicyError([f"The formula must be {' or '.join(map(str, DEFAULTS))}, not {formula!r}."])
    base = copy.deepcopy(before if before is not None else DEFAULTS[formula])
    whole: Policy = {FORMULA: formula} if formula != 1 else {}
    for section, default in base.items():
        if section == "markets":
            whole[section] = policy[section]
        elif section == "score":
            whole[section] = default | {name: policy[section][name] for name in SHARED}
        elif section != FORMULA:
            whole[section] = {
                name: value if name in _BY_SCORE else policy[section].get(name, value)
                for name, value in default.items()
            }
    return validated(whole)


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
    defaults = defaults_of(policy)
    if policy.get(FORMULA, 1) not in DEFAULTS or isinstance(policy.get(FORMULA), bool):
        return [
            f"The policy names formula {policy[FORMULA]!r}; this version knows {' and '.join(map(str, DEFAULTS))}."
        ]
    for section in policy:
        if section not in defaults and section != FORMULA:
            found.append(f"The policy has no section {section!r}.")
    for section, default in defaults.items():
        if section == FORMULA:
            continue
        given = policy.get(section)
        if not isinstance(given, Mapping):
            found.append(f"The section {section!r} is missing.")
            continue
        if section == "markets":
            continue
        found += [_no_key(defaults, f"{section}.{name}") for name in given if name not in default]
        found += [f"{section}.{name} is missing." for name in default if name not in given]
    if found:
        return found
    for name, key in KEYS.items():
        section, _, last = name.partition(".")
        if section == FORMULA or last not in defaults[section]:
            continue  # of the other formula
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
            typed = market.rpartition(".")[2]
            found.append(
                f"markets.{market} is not known; a market can have {', '.join(MARKET_KEYS)}."
                if typed != market and typed.isidentifier()
                else f"The rules of market {market!r} must be a table of keys and values."
            )
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
    if key == FORMULA:
        return formula_of(policy)
    here: Any = policy
    for part in _parts(key):
        if not isinstance(here, Mapping) or part not in here:
            raise PolicyError([_no_key(policy, key)])
        here = here[part]
    return here


def set_key(policy: Mapping[str, Any], key: str, value: Any) -> Policy:
    """A new, validated policy in which ``key`` has ``value``; ``policy`` itself stays as it was.

    A market, a distress word or a band need not exist before. ``value=None`` removes what may be absent. ``formula`` brings
    the keys of that formula, see :func:`switched`.
    """
    if key == FORMULA:
        return switched(policy, value)
    changed = copy.deepcopy(dict(policy))
    *path, last = _parts(key)
    here: Any = changed
    for part in path:
        if path[0] == "markets" and part not in here:
            here[part] = {}
        if not isinstance(here, dict) or part not in here:
            raise PolicyError([_no_key(policy, key)])
        here = here[part]
    if not isinstance(here, dict) or (not path and last not in here):
        raise PolicyError([_no_key(policy, key)])
    if value is None:
        if here.pop(last, None) is None:
            raise PolicyError([_no_key(policy, key)])
    else:
        here[last] = value
    return validated(changed)


def _no_key(policy: Mapping[str, Any], key: str) -> str:
    from difflib import get_close_matches

    section, dot, last = key.rpartition(".")
    names = [name for name, _ in _leaves(policy, "")]
    inside = [name for name in names if dot and name.startswith(section + dot)]
    ends = {
        name.rpartition(".")[2]: name for name in reversed(inside or names)
    }  # the section may be what is wrong
    near = [ends[each] for each in get_close_matches(last, ends, 1)]
    return f"The policy has no key {key}" + (f": did you mean {near[0]}?" if near else ".")


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
    "DEFAULTS",
    "DEFAULT_POLICY",
    "FIRST_POLICY",
    "FORMULA",
    "Change",
    "Policy",
    "PolicyError",
    "completed",
    "defaults_of",
    "diff",
    "formula_of",
    "get_key",
    "mistakes",
    "set_key",
    "switched",
    "validated",
]
