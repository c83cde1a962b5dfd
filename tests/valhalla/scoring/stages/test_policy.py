"""The policy: its checks say one clear sentence per mistake, and a change leaves the old version alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from valhalla.scoring.stages.policy import (
    DEFAULT_POLICY,
    DEFAULTS,
    FIRST_POLICY,
    Change,
    PolicyError,
    diff,
    get_key,
    mistakes,
    set_key,
    validated,
)
from valhalla.scoring.stages.policy_keys import KEYS


def test_the_default_policy_is_sound() -> None:
    assert mistakes(DEFAULT_POLICY) == []


def test_every_plain_key_has_a_meaning() -> None:
    plain = {
        f"{section}.{name}"
        for policy in DEFAULTS.values()
        for section, keys in policy.items()
        if section != "formula"
        for name, value in keys.items()
        if not isinstance(value, (dict, list))
    }
    assert {*plain, "formula"} == set(KEYS)


def test_the_policy_of_a_new_file_is_sound_and_its_parts_add_up() -> None:
    assert mistakes(FIRST_POLICY) == []
    s = FIRST_POLICY["score"]
    assert s["signs_most"] + s["owned"] + s["lists_most"] == 40
    money = ("source_record", "target_market", "equity_most", "equity_amount", "spread_most", "size")
    assert sum(s[name] for name in money) == 25
    assert s["mobile"] + s["further_most"] == 15
    assert max(s["deadlines"].values()) + max(s["conversation"].values()) + s["freshness"] == 20


def test_another_formula_brings_its_keys_and_keeps_what_both_have() -> None:
    mine = set_key(set_key(DEFAULT_POLICY, "score.buy_box_low", 50_000), "packet.fee", 12_000)
    new = set_key(set_key(mine, "markets.Dallas, TX.target", True), "formula", 2)
    assert new["formula"] == 2 and new["score"]["signs"] == FIRST_POLICY["score"]["signs"]
    assert (new["score"]["buy_box_low"], new["packet"]["fee"]) == (50_000, 12_000)
    assert new["calling"]["call_now_from"] == FIRST_POLICY["calling"]["call_now_from"]
    assert set_key(set_key(new, "markets.Dallas, TX", None), "formula", 1) == mine
    assert get_key(mine, "formula") == 1 and "formula" not in mine
    with pytest.raises(PolicyError, match="The formula must be 1 or 2, not 3"):
        set_key(mine, "formula", 3)
    with pytest.raises(PolicyError, match="names formula 7"):
        validated({**FIRST_POLICY, "formula": 7})


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("packet.fee", "much", "packet.fee must be a number, not 'much'."),
        ("packet.fee", 99.5, "packet.fee must be a whole number, not 99.5."),
        ("packet.fee", True, "packet.fee must be a number, not True."),
        ("packet.arv_share", 70, "packet.arv_share must be from 0.3 to 1, not 70."),
        ("packet.arv_share", float("nan"), "packet.arv_share must be a number, not nan."),
        ("outcome.prior", 0.12345678, "outcome.prior can have at most six decimals, not 0.12345678."),
        ("packet.model", "guess", "packet.model must be one of rule, costs, not 'guess'."),
        ("promotion.automatic", 1, "promotion.automatic must be true or false, not 1."),
        ("score.bands.A", 40, "score.bands must fall from band to band."),
        ("score.bands.D", 10, "score.bands must not name D: it is what is left below the last band."),
        ("score.distress.vacant", -1, "score.distress.vacant must be a whole number from 0 to 100, not -1."),
        ("score.history.won", 5, "score.history.won is not a state of an open lead; those are new, contacted, appointment, contract."),
        ("calling.ladder", [{"day": 3, "channel": "call"}, {"day": 1, "channel": "call"}], "Step 2 of calling.ladder must not be before"),
        ("calling.ladder", [{"day": 0, "channel": "smoke"}], "Step 1 of calling.ladder has the channel 'smoke'"),
        ("packet.condition.light.low", 30, "packet.condition.light must have whole numbers with 0 <= low <= high"),
        ("packet.condition.heavy.words", ["fair"], "the word 'fair' already belongs to medium."),
        ("score.buy_box_low", 900_000, "score: buy_box_low must not be above buy_box_high."),
        ("markets.Houston, TX.fee", -1, "markets.Houston, TX.fee must be from 0 to 1e+09, not -1."),
        ("calling.text_first_from", 60, "calling.text_first_from must not be above calling.call_now_from."),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(key: str, value: Any, words: str) -> None:
    with pytest.raises(PolicyError) as caught:
        set_key(DEFAULT_POLICY, key, value)
    assert words in str(caught.value)


@pytest.mark.parametrize("typed", ["pakcet.fee", "packet.fees", "fee", "Packet.fee"])
def test_a_key_that_is_not_there_gets_the_nearest(typed: str) -> None:
    with pytest.raises(PolicyError, match=r"did you mean packet\.fee\?"):
        set_key(DEFAULT_POLICY, typed, 1)


def test_an_option_that_no_market_has_is_named_with_those_that_it_can_have() -> None:
    with pytest.raises(PolicyError, match=r"markets.Houston, TX.fe is not known; a market can have formula"):
        set_key(DEFAULT_POLICY, "markets.Houston, TX.fe", 1)


def test_unknown_and_missing_keys_are_named() -> None:
    policy = copy.deepcopy(DEFAULT_POLICY)
    policy["packet"]["speed"] = 1
    del policy["score"]["phone"]
    policy["extra"] = {}
    assert mistakes(policy) == [
        "The policy has no section 'extra'.",
        "The policy has no key packet.speed.",
        "score.phone is missing.",
    ]


def test_a_key_can_be_set_and_read_and_the_old_policy_stays() -> None:
    changed = set_key(DEFAULT_POLICY, "packet.fee", 12_000)
    assert get_key(changed, "packet.fee") == 12_000
    assert get_key(DEFAULT_POLICY, "packet.fee") == 10_000
    assert diff(DEFAULT_POLICY, changed) == [Change("packet.fee", 10_000, 12_000)]


def test_a_market_with_dots_in_its_name() -> None:
    changed = set_key(DEFAULT_POLICY, "markets.St. Louis, MO.fee", 8_000)
    assert changed["markets"] == {"St. Louis, MO": {"fee": 8_000}}
    assert get_key(changed, "markets.St. Louis, MO.fee") == 8_000
    assert set_key(changed, "markets.St. Louis, MO", None)["markets"] == {}


def test_what_does_not_exist_is_not_invented() -> None:
    for key in ("packet.speed.limit", "nothing", "nothing.at.all"):
        with pytest.raises(PolicyError):
            set_key(DEFAULT_POLICY, key, 1)
    with pytest.raises(PolicyError, match=r"no key packet\.speed"):
        get_key(DEFAULT_POLICY, "packet.speed")


def test_a_validated_policy_is_a_copy() -> None:
    policy = validated(DEFAULT_POLICY)
    policy["packet"]["fee"] = 1
    assert DEFAULT_POLICY["packet"]["fee"] == 10_000


@pytest.mark.parametrize(
    ("name", "low"),
    [("distress", 0), ("history", -100), ("signs", 0), ("deadlines", 0), ("conversation", -100)],
)
def test_points_of_a_table_are_whole_and_within_its_limits(name: str, low: int) -> None:
    (policy,) = [each for each in (DEFAULT_POLICY, FIRST_POLICY) if name in each["score"]][:1]
    (word, *_) = policy["score"][name]
    for points in (low, 100):
        assert mistakes(set_key(policy, f"score.{name}.{word}", points)) == []
    for points in (low - 1, 101, 1.5, "1", True, None):
        changed = copy.deepcopy(policy)
        changed["score"][name][word] = points
        (says,) = mistakes(changed)
        assert says == f"score.{name}.{word} must be a whole number from {low} to 100, not {points!r}."
