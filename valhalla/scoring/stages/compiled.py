"""Policy and snapshot, compiled once per batch into what the six stages look up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from valhalla.scoring.stages.assignment import compile_assignment
from valhalla.scoring.stages.clone import decide_clone, readiness
from valhalla.scoring.stages.gate import Readiness
from valhalla.scoring.stages.known import signs_in_name
from valhalla.scoring.stages.learnt import LearntScore
from valhalla.scoring.stages.outcome import compile_outcome, estimate, estimate_of_all, mean_fee
from valhalla.scoring.stages.packet import compile_packet, packet_terms
from valhalla.scoring.stages.points import FORMULA as POINTS
from valhalla.scoring.stages.points import PointRules, compile_points, source_points
from valhalla.scoring.stages.policy import formula_of
from valhalla.scoring.stages.promotion import compile_promotion, primary_script, settled
from valhalla.scoring.stages.score import ScoreRules, compile_score, track_points
from valhalla.scoring.stages.segment import Segment
from valhalla.scoring.stages.snapshot import Estimate, Play, Snapshot

_MOST_SEGMENTS = 10_000


def compile_rules(policy: Mapping[str, Any], learnt: LearntScore | None = None) -> ScoreRules | PointRules:
    """What stage 6 needs of a policy, by the formula that it names."""
    by_points = formula_of(policy) == POINTS
    return compile_points(policy, learnt) if by_points else compile_score(policy, learnt)


class Context:
    """Everything a decision depends on in addition to the lead. Made once per batch; it is not changed afterwards.

    ``policy`` must be valid (:func:`valhalla.scoring.stages.policy.validated`), ``now`` is UTC microseconds. Threads may share one: what it
    works out on demand (the segments) is a pure function of the rest.
    """

    __slots__ = (
        "assignment",
        "learnt_from",
        "nothing",
        "now",
        "outcome",
        "packet",
        "policy",
        "policy_version",
        "promotion",
        "readiness",
        "score",
        "segments",
        "snapshot",
        "snapshot_id",
    )

    def __init__(
        self, policy_version: int, policy: Mapping[str, Any], snapshot_id: int, snapshot: Snapshot, now: int
    ) -> None:
        self.policy_version = policy_version
        self.policy = policy
        self.snapshot_id = snapshot_id
        self.snapshot = snapshot
        self.now = now
        self.learnt_from: tuple[object, ...] | None = None
        """What the file's outcomes looked like when the snapshot was made; None when it was not made from them."""
        self.assignment = compile_assignment(policy, snapshot.experiment)
        self.promotion = compile_promotion(policy, snapshot)
        self.packet = compile_packet(policy)
        self.outcome = compile_outcome(policy, snapshot)
        self.score = compile_rules(policy, snapshot.learnt)
        self.nothing = self.play_readiness(None, Play())
        self.readiness: dict[str, Readiness] = {
            market: self.play_readiness(market, play) for market, play in snapshot.plays
        }
        self.segments: dict[tuple[str, str | None, str | None], Segment] = {}

    def at(self, now: int) -> Context:
        """The same context at another time; shares everything that was compiled."""
        other = Context.__new__(Context)
        for name in Context.__slots__:
            setattr(other, name, getattr(self, name))
        other.now = now
        return other

    def play_readiness(
        self, market: str | None, play: Play, *, for_target: bool = False, of_source: bool = False
    ) -> Readiness:
        """The clone readiness of a play in a market (None: not of one market); the rest: see :func:`readiness`."""
        rules = self.policy["markets"].get(market, {}) if market is not None else {}
        cost = rules.get("cost_per_lead", self.policy["outcome"]["cost_per_lead"]) * 100
        won = settled(self.promotion, self.snapshot)
        return readiness(
            play,
            self.policy["clone"],
            cost,
            self.snapshot.data_quality,
            won,
            for_target=for_target,
            of_source=of_source,
        )

    def segment(self, source: str, market: str | None, state: str | None) -> Segment:
        """The numbers of a source, market and state; remembered."""
        key = (source, market, state)
        found = self.segments.get(key)
        if found is None:
            found = self._segment(source, market, state)
            if len(self.segments) >= _MOST_SEGMENTS:  # a list that has its own source in every row
                self.segments.clear()
            self.segments[key] = found
        return found

    def _track_points(self, found: Estimate) -> int:
        if isinstance(self.score, PointRules):
            return source_points(found.p, estimate_of_all(self.outcome), found.source.worked, self.policy)
        return track_points(found.p, self.policy)

    def _segment(self, source: str, market: str | None, state: str | None) -> Segment:
        policy = self.policy
        markets: Mapping[str, Mapping[str, Any]] = policy["markets"]
        own: dict[str, Any] = {}
        for place in (state, market):
            if place is not None:
                own |= markets.get(place, {})
        score = policy["score"]
        arv_share, fixed, fee = packet_terms(policy, own)
        found = estimate(source, market, self.outcome)
        ready = decide_clone(market, self.readiness, self.nothing)
        names_targets = any(rules.get("target") for rules in markets.values())
        target = bool(own.get("target")) if names_targets else None
        return Segment(
            source=source,
            market=market,
            state=state,
            arv_share=arv_share,
            fixed=fixed,
            fee=fee,
            min_spread=own.get("min_spread", policy["packet"]["min_spread"]) * 100,
            buy_box_low=own.get("buy_box_low", score["buy_box_low"]) * 100,
            buy_box_high=own.get("buy_box_high", score["buy_box_high"]) * 100,
            estimate=found,
            p_close=found.p,
            gain=min(mean_fee(fee, self.outcome), self.outcome.gain_cap),
            cost=own.get("cost_per_lead", policy["outcome"]["cost_per_lead"]) * 100,
            readiness=ready,
            clone=ready.state,
            script_id=primary_script(self.snapshot.scripts, market),
            target=target,
            track_points=self._track_points(found),
            target_points=score["target_market"] * 100 if target else 0,
            signs=signs_in_name(source) if isinstance(self.score, PointRules) else (),
        )
