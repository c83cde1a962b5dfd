"""The first k of the call list are those of a full sort, read without reading everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from valhalla.scoring.stages.policy import DEFAULT_POLICY
from valhalla.scoring.stages.ranking import Best, Candidate, first, least_base
from valhalla.scoring.stages.score import compile_score, freshness

RULES = compile_score(DEFAULT_POLICY)
DAY = 86_400_000_000
NOW = 1_000 * DAY

candidates = st.lists(
    st.builds(
        Candidate,
        st.integers(1, 10**6),
        st.integers(-1_000, 9_000),
        st.integers(NOW - 100 * DAY, NOW + DAY),
        st.one_of(st.none(), st.integers(-5_000, 5_000)),
    ),
    max_size=60,
    unique_by=lambda c: c.id,
)


def alike(given_: list[Candidate]) -> list[Candidate]:
    """The same leads, many of them equal but for when they came, or wholly."""
    return [
        c._replace(
            score_base=c.score_base // 1_000 * 1_000,
            expected_value=None,
            since=c.since // DAY // 30 * 30 * DAY,
        )
        for c in given_
    ]


@given(st.one_of(candidates, candidates.map(alike)), st.integers(0, 12))
def test_equal_to_sorting_everything(given_: list[Candidate], count: int) -> None:
    def key(c: Candidate) -> tuple[int, bool, int, int, int, int]:
        total = c.score_base + freshness(c.since, NOW, RULES)
        return (-total, c.expected_value is None, -(c.expected_value or 0), -c.since, c.identity, c.id)

    in_order = sorted(given_, key=lambda c: -c.score_base)
    assert [r.id for r in first(in_order, count, NOW, RULES)] == [
        c.id for c in sorted(given_, key=key)[:count]
    ]


@given(candidates, st.integers(1, 12), st.integers(-1_000, 9_000))
def test_days_left_is_how_old_a_lead_may_be(offered: list[Candidate], count: int, base: int) -> None:
    best = Best(count, NOW, RULES)
    for candidate in offered:
        best.offer(candidate)
    days = best.days_left(base)
    if len(offered) < count:
        assert days > 1_000
        return
    worst = best.ranked()[-1].total
    for age in range(120):
        reaches = base + freshness(NOW - age * DAY, NOW, RULES) >= worst
        assert reaches == (age <= days)


def test_reading_stops_when_the_answer_is_certain() -> None:
    read = []

    def leads() -> object:
        for number in range(10_000):
            read.append(number)
            yield Candidate(number, 9_000 - number, NOW, None)

    assert [r.id for r in first(leads(), 3, NOW, RULES)] == [0, 1, 2]  # type: ignore[arg-type]
    assert len(read) <= 5
    assert least_base(10_000, RULES) == 9_000
