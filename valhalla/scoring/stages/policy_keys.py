"""What every plain key of the policy means, its unit and its range."""

from __future__ import annotations

from valhalla.program.fields import Field

_MONEY = 1_000_000_000


def _share(meaning: str, low: float = 0, high: float = 1) -> Field:
    return Field("share", low, high, meaning)


def _money(meaning: str) -> Field:
    return Field("money", 0, _MONEY, meaning)


def _count(meaning: str, low: int = 1, high: int = 10_000_000) -> Field:
    return Field("count", low, high, meaning)


def _days(meaning: str, low: int = 0) -> Field:
    return Field("days", low, 3_650, meaning)


def _points(meaning: str, low: int = 0, high: int = 100) -> Field:
    return Field("points", low, high, meaning)


KEYS: dict[str, Field] = {
    "formula": _count("how the score is made: 1 as in version 0.1, 2 by four parts", 1, 2),
    "outcome.shown_from": _count("worked leads from which a source's rate is said", 1, 100_000),
    "assignment.holdout_share": _share("share of leads that take part in no experiment", 0, 0.5),
    "assignment.sample_ratio_alarm": _share("p below which the split of leads counts as broken", 0, 0.1),
    "assignment.sample_ratio_from": _count("leads from which the split is checked"),
    "promotion.matured_days": _days("days after which a contacted lead counts even without a result"),
    "promotion.matured_leads": _count("matured leads each script needs"),
    "promotion.conversions": _count("conversions both scripts need together"),
    "promotion.days": _days("whole days a comparison must have run"),
    "promotion.always_valid_p": _share("largest always-valid p that promotes", 0, 0.5),
    "promotion.smallest_effect": _share("smallest difference of rates that matters", 0.0001, 0.5),
    "promotion.opt_out_margin": _share("how far opt-outs may exceed those of the script in use"),
    "promotion.automatic": Field("flag", 0, 1, "promote without a person's click"),
    "packet.value_means": Field("word", 0, 0, "what the list's value is", ("asking", "arv")),
    "packet.model": Field("word", 0, 0, "share of ARV, or every cost by itself", ("rule", "costs")),
    "packet.arv_share": _share("share of ARV an investor pays, repairs included", 0.3, 1),
    "packet.fee": _money("assignment fee to earn"),
    "packet.holding": _money("cost model: holding costs"),
    "packet.closing": _money("cost model: closing costs"),
    "packet.selling_share": _share("cost model: selling costs as a share of ARV", 0, 0.5),
    "packet.profit_share": _share("cost model: the buyer's profit as a share of ARV", 0, 0.5),
    "packet.assume_arv": Field("flag", 0, 1, "take the value for the ARV where the list gives none"),
    "packet.min_spread": _money("spread under which a deal is called thin"),
    "packet.buyer_share_limit": _share("largest buyer's price as a share of ARV that still sells easily"),
    "packet.opening_share": _share("opening offer as a share of the MAO", 0.5, 1),
    "outcome.prior": _share("closes per worked lead expected before any outcome", 0.000001, 0.9),
    "outcome.pseudo_leads": _count("worked leads that the expectation weighs as much as"),
    "outcome.pseudo_deals": _count("deals that the configured fee weighs as much as"),
    "outcome.matured_days": _days("days after which a worked lead without a close counts as not closed"),
    "outcome.cost_per_lead": _money("cost of working one lead"),
    "outcome.gain": Field(
        "word", 0, 0, "what a close earns: the spread where known, or the fee", ("spread", "fee")
    ),
    "outcome.gain_cap": _money("most a close is expected to earn"),
    "outcome.prior_alone": Field(
        "flag", 0, 1, "use the prior as an assumption while there is no outcome at all"
    ),
    "outcome.calibration_from": _count("resolved predictions from which calibration is shown"),
    "outcome.calibration_alarm": Field(
        "number", 1, 10, "absolute z of expected against real closes that alarms"
    ),
    "clone.matured_leads": _count("matured leads the play needs"),
    "clone.closes": _count("closes the play needs"),
    "clone.some_leads": _count("matured leads under which nothing can be said"),
    "clone.months": _count("months with matured leads the play needs", 2, 60),
    "clone.homogeneity_p": _share("p under which months differ too much"),
    "clone.fee_variation": Field(
        "number", 0, 10, "largest coefficient of variation of the fee per lead by month"
    ),
    "clone.confidence": _share("confidence of the lower bound of the close rate", 0.5, 0.999),
    "clone.largest_source": _share("largest share of closes from one source"),
    "clone.largest_rep": _share("largest share of closes by one person"),
    "clone.data_quality": _share("least data quality"),
    "clone.similarity": Field(
        "number", 0, 10, "population stability index at which the target differs too much"
    ),
    "score.track_record": _points("most for the source's record of closes"),
    "score.track_record_full": _share("probability to close that earns all of it", 0.000001, 1),
    "score.target_market": _points("for a market marked as target"),
    "score.buy_box": _points("for a value inside the buy box"),
    "score.buy_box_low": _money("lower end of the buy box"),
    "score.buy_box_high": _money("upper end of the buy box"),
    "score.spread": _points("for a spread above zero"),
    "score.spread_enough": _points("more for a spread of at least packet.min_spread"),
    "score.equity": _points("for enough equity"),
    "score.equity_share": _share("(ARV - asking) / ARV that is enough"),
    "score.repairs": _points("for light repairs"),
    "score.repairs_share": _share("repairs / ARV up to which repairs are light"),
    "score.distress_other": _points("for a distress word without its own points"),
    "score.distress_most": _points("most for all distress words"),
    "score.phone": _points("for a plausible phone number"),
    "score.email": _points("for a plausible e-mail address"),
    "score.own_address": _points("for an e-mail address of a person, not of a role"),
    "score.freshness": _points("for a lead of today"),
    "score.half_life_days": _days("days after which freshness has halved", 1),
    "score.list": _points("for each further list the lead is on"),
    "score.list_most": _points("most for further lists"),
    "score.warning": _points("for each quality warning", -100, 0),
    "score.warning_most": _points("most taken off for warnings", -100, 0),
    "score.learnt": Field(
        "word",
        0,
        0,
        "the score learnt from outcomes: show it next to the rules, or decide by it once it is better",
        ("off", "show", "use"),
    ),
    "score.learn_from_resolved": _count("resolved leads from which a score is learnt next to the rules"),
    "score.learn_from_positives": _count("closes from which a score is learnt next to the rules"),
    "score.sign_other": _points("for a sign without its own points"),
    "score.signs_most": _points("most for all signs"),
    "score.owned": _points("most for the years that the owner has had it"),
    "score.owned_from_years": _count("years owned up to which they add nothing", 0, 100),
    "score.owned_full_years": _count("years owned that earn all of it", 1, 200),
    "score.per_list": _points("for each further list the lead is on"),
    "score.lists_most": _points("most for further lists"),
    "score.source_record": _points("most for a source that closes more often than all leads do"),
    "score.outside_buy_box": _points("for a price outside the buy box", -100, 0),
    "score.equity_most": _points("most for the owner's share of the value"),
    "score.equity_from": _share("share of the value up to which equity adds nothing", 0, 0.99),
    "score.equity_amount": _points("most for the equity in dollars"),
    "score.equity_amount_full": _money("equity that earns all of it"),
    "score.spread_most": _points("most for the spread"),
    "score.spread_full": _money("spread that earns all of it"),
    "score.size": _points("most for a large deal: the price as a share of buy_box_high"),
    "score.mobile": _points("for a mobile number: its owner answers it"),
    "score.further_number": _points("for each further number that can be called"),
    "score.further_most": _points("most for further numbers"),
    "calling.call_now_from": _points("score from which a lead is called at once"),
    "calling.text_first_from": _points("score from which a text goes before the call"),
    "calling.same_day_gap_hours": Field("hours", 0, 24, "hours between two tries on one day"),
    "calling.after_ladder_days": _days("days between tries after the ladder", 1),
}
"""Every key that holds one plain value. Tables and lists are checked in :mod:`valhalla.scoring.stages.policy_tables`."""

MARKET_KEYS: dict[str, Field] = {
    "formula": _count("how the score is made: 1 as in version 0.1, 2 by four parts", 1, 2),
    "outcome.shown_from": _count("worked leads from which a source's rate is said", 1, 100_000),
    "target": Field("flag", 0, 1, "leads of this market are wanted"),
    "arv_share": KEYS["packet.arv_share"],
    "fee": KEYS["packet.fee"],
    "min_spread": KEYS["packet.min_spread"],
    "cost_per_lead": KEYS["outcome.cost_per_lead"],
    "buy_box_low": KEYS["score.buy_box_low"],
    "buy_box_high": KEYS["score.buy_box_high"],
}
"""What one market may set for itself; everything else is as in the rest of the policy."""
