"""Every statistic against an independent implementation."""

from __future__ import annotations

import math

import numpy
import pytest
import scipy  # each of its parts is loaded when it is first used, by the one process that runs these tests
from hypothesis import given
from hypothesis import strategies as st

from valhalla.scoring.stages import statistics as ours

CLOSE = {"rel": 1e-9, "abs": 1e-12}
parts = st.integers(0, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
real_parts = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(st.floats(0.05, 5_000), st.floats(0.05, 5_000), st.floats(0, 1))
def test_beta_is_scipys(a: float, b: float, x: float) -> None:
    assert ours.beta_cdf(x, a, b) == pytest.approx(scipy.stats.beta.cdf(x, a, b), rel=1e-7, abs=1e-9)


@given(st.integers(1, 400), st.integers(1, 4_000), st.sampled_from([0.8, 0.95]))
def test_the_interval_of_a_beta_is_scipys(a: int, b: int, confidence: float) -> None:
    theirs = scipy.stats.beta.interval(confidence, a, b)
    assert tuple(ours.beta_interval(a, b, confidence)) == pytest.approx(theirs, rel=1e-6, abs=1e-9)


@given(real_parts, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_wilson_is_scipys(part: tuple[int, int], confidence: float) -> None:
    theirs = scipy.stats.binomtest(*part).proportion_ci(confidence, method="wilson")
    mine = ours.wilson(*part, confidence)
    assert mine.low == pytest.approx(theirs.low, rel=1e-9, abs=1e-9)
    assert mine.high == pytest.approx(theirs.high, rel=1e-9, abs=1e-9)


def test_wilson_of_nothing_says_nothing() -> None:
    assert ours.wilson(0, 0) == (0.0, 1.0)


@given(st.floats(0.5, 200), st.floats(0, 500))
def test_incomplete_gamma_is_scipys(a: float, x: float) -> None:
    assert ours.upper_gamma(a, x) == pytest.approx(float(scipy.special.gammaincc(a, x)), rel=1e-9, abs=1e-12)


@given(st.integers(1, 40), st.floats(0, 300))
def test_chi_square_is_scipys(freedom: int, statistic: float) -> None:
    assert ours.chi_square_p(statistic, freedom) == pytest.approx(
        float(scipy.stats.chi2.sf(statistic, freedom)), **CLOSE
    )


@given(st.lists(st.tuples(st.integers(0, 4_000), st.integers(1, 9)), min_size=2, max_size=5))
def test_sample_ratio_is_scipys(arms: list[tuple[int, int]]) -> None:
    counts, weights = [c for c, _ in arms], [w for _, w in arms]
    if sum(counts) == 0:
        assert ours.sample_ratio_p(counts, weights) == 1.0
        return
    expected = [sum(counts) * w / sum(weights) for w in weights]
    theirs = scipy.stats.chisquare(counts, expected, sum_check=False).pvalue
    assert ours.sample_ratio_p(counts, weights) == pytest.approx(float(theirs), **CLOSE)


def test_a_variant_without_weight_is_left_out_of_the_split() -> None:
    assert ours.sample_ratio_p([50, 50, 0], [1, 1, 0]) == 1.0


@given(st.lists(real_parts, min_size=2, max_size=6))
def test_homogeneity_is_scipys(groups: list[tuple[int, int]]) -> None:
    hits, trials = sum(s for s, _ in groups), sum(n for _, n in groups)
    if hits in (0, trials):
        assert ours.homogeneity_p(groups) == 1.0
        return
    table = [[s for s, _ in groups], [n - s for s, n in groups]]
    theirs = scipy.stats.chi2_contingency(table, correction=False).pvalue
    assert ours.homogeneity_p(groups) == pytest.approx(float(theirs), **CLOSE)


@given(real_parts, real_parts, st.floats(0.001, 0.2))
def test_always_valid_p_is_the_ratio_of_mixture_to_null(
    a: tuple[int, int], b: tuple[int, int], t: float
) -> None:
    """The mixture likelihood is integrated numerically instead of taken from the closed form."""
    rate = (a[0] + b[0]) / (a[1] + b[1])
    sd = math.sqrt(rate * (1 - rate) * (1 / a[1] + 1 / b[1]))
    if sd == 0:
        assert ours.always_valid_p(a, b, t) == 1.0
        return
    d = b[0] / b[1] - a[0] / a[1]
    # Normal prior times normal likelihood is the normal density with both variances added.
    log_ratio = scipy.stats.norm.logpdf(d, 0, math.hypot(sd, t)) - scipy.stats.norm.logpdf(d, 0, sd)
    assert ours.always_valid_p(a, b, t) == pytest.approx(min(1.0, math.exp(-log_ratio)), rel=1e-9)


def test_the_mixture_really_is_an_integral() -> None:
    a, b, t = (30, 1_000), (52, 1_000), 0.01
    rate = 82 / 2_000
    sd = math.sqrt(rate * (1 - rate) * 2 / 1_000)
    d = 0.022
    mixture, _ = scipy.integrate.quad(
        lambda theta: (
            math.exp(theta * d / sd**2 - theta**2 / (2 * sd**2)) * scipy.stats.norm.pdf(theta, 0, t)
        ),
        -0.2,
        0.2,
        epsabs=0,
        epsrel=1e-12,
        points=[0, d],
    )
    assert ours.always_valid_p(a, b, t) == pytest.approx(1 / mixture, rel=1e-9)


def test_always_valid_p_never_rises() -> None:
    assert ours.always_valid_p((10, 100), (10, 100), 0.01, before=0.03) == 0.03


NODES, WEIGHTS = numpy.polynomial.legendre.leggauss(310)
NODES = (NODES + 1) / 2
"""Gauss-Legendre of this order is exact for the polynomials below (degree at most 603)."""


@given(
    st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
)
def test_probability_to_beat_is_the_integral(a: tuple[int, int], b: tuple[int, int]) -> None:
    first = scipy.stats.beta(1 + a[0], 1 + a[1] - a[0])
    second = scipy.stats.beta(1 + b[0], 1 + b[1] - b[0])
    theirs = float(numpy.sum(WEIGHTS / 2 * second.pdf(NODES) * first.cdf(NODES)))
    assert ours.probability_b_beats_a(a, b) == pytest.approx(theirs, rel=1e-9, abs=1e-10)


def test_probability_to_beat_of_equals_is_a_half() -> None:
    assert ours.probability_b_beats_a((30, 1_000), (30, 1_000)) == pytest.approx(0.5, abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=1, max_size=12))
def test_stability_index_is_the_sum_of_two_divergences(classes: list[tuple[int, int]]) -> None:
    a = numpy.array([c for c, _ in classes]) + 0.5
    b = numpy.array([c for _, c in classes]) + 0.5
    theirs = scipy.stats.entropy(a, b) + scipy.stats.entropy(b, a)
    assert ours.stability_index([c for c, _ in classes], [c for _, c in classes]) == pytest.approx(
        float(theirs), rel=1e-9, abs=1e-12
    )


predictions = st.lists(st.tuples(st.floats(0.001, 0.999), st.integers(0, 1)), min_size=1, max_size=200)


@given(predictions)
def test_brier_and_calibration(pairs: list[tuple[float, int]]) -> None:
    p, o = numpy.array([x for x, _ in pairs]), numpy.array([y for _, y in pairs])
    assert ours.brier(list(p), list(o)) == pytest.approx(float(numpy.mean((p - o) ** 2)), rel=1e-9)
    found = ours.calibration(list(p), list(o))
    assert found.z == pytest.approx(
        float((o.sum() - p.sum()) / numpy.sqrt((p * (1 - p)).sum())), rel=1e-9, abs=1e-9
    )


@given(predictions)
def test_reliability_keeps_every_prediction(pairs: list[tuple[float, int]]) -> None:
    table = ours.reliability([p for p, _ in pairs], [o for _, o in pairs])
    assert sum(b.size for b in table) == len(pairs)
    assert sum(round(b.observed * b.size) for b in table) == sum(o for _, o in pairs)
    assert [b.predicted for b in table] == sorted(b.predicted for b in table)
    assert max(b.size for b in table) - min(b.size for b in table) <= 1


def test_skill_of_always_saying_the_mean_is_zero() -> None:
    assert ours.brier_skill([0.25] * 4, [1, 0, 0, 0]) == pytest.approx(0)
    assert ours.brier_skill([0.25], [1]) is None


def test_shrinkage_is_the_mean_of_the_posterior() -> None:
    theirs = scipy.stats.beta(9 + 50 * 0.02, 312 - 9 + 50 * 0.98).mean()
    assert ours.shrunk(9, 312, 0.02, 50) == pytest.approx(float(theirs), rel=1e-9)


@pytest.mark.parametrize("penalty", [0.1, 1.0, 25.0])
def test_logistic_is_the_root_of_the_score_equations(penalty: float) -> None:
    random = numpy.random.default_rng(5)
    x = random.normal(size=(400, 4))
    y = (random.random(400) < 1 / (1 + numpy.exp(-(x @ [1, -0.5, 0, 2] - 1)))).astype(int)
    design = numpy.column_stack([numpy.ones(400), x])
    ridge = numpy.array([0, *[penalty] * 4])

    def score(w: numpy.ndarray) -> numpy.ndarray:
        return design.T @ (y - scipy.special.expit(design @ w)) - ridge * w

    theirs = scipy.optimize.root(score, numpy.zeros(5), tol=1e-14).x
    assert ours.logistic(x.tolist(), y.tolist(), penalty) == pytest.approx(
        theirs.tolist(), rel=1e-9, abs=1e-10
    )


@given(st.floats(-800, 800))
def test_sigmoid_is_scipys(x: float) -> None:
    assert ours.sigmoid(x) == pytest.approx(float(scipy.special.expit(x)), rel=1e-12)


def test_leads_to_decide_decides_and_not_before() -> None:
    a, b = (30, 1_000), (45, 1_000)
    more = ours.leads_to_decide(a, b, 0.01, 0.05)
    assert more

    assert _decided(more)
    assert not _decided(more - 1)
    assert ours.leads_to_decide(a, a, 0.01, 0.05) is None
    assert ours.leads_to_decide((0, 0), b, 0.01, 0.05) is None


def _decided(extra: int) -> bool:
    """The formula written out once more, for rates of 3 % and 4.5 % that stay as they are."""
    n = 1_000 + extra
    variance = 0.0375 * 0.9625 * 2 / n
    ratio = math.sqrt(variance / (variance + 1e-4)) * math.exp(
        1e-4 * 0.015**2 / (2 * variance * (variance + 1e-4))
    )
    return 1 / ratio <= 0.05
