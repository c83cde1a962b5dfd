"""The statistics behind the stages: closed forms and short series, standard library only.

Every function is checked against an independent implementation in the tests. Probabilities are fractions of one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Interval(NamedTuple):
    """A confidence interval, both ends inclusive."""

    low: float
    high: float


class Bin(NamedTuple):
    """One row of a reliability table: what was predicted, what happened, and how sure that is."""

    size: int
    predicted: float
    observed: float
    interval: Interval


class Calibration(NamedTuple):
    """Calibration in the large: did as many close as the predictions add up to?"""

    expected: float
    observed: int
    z: float


def z_two_sided(confidence: float) -> float:
    """The normal quantile that leaves ``(1 - confidence) / 2`` in each tail."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(0.5 + confidence / 2)


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval for a share (Wilson 1927); (0, 1) when there are no trials."""
    if trials == 0:
        return Interval(0.0, 1.0)
    z = z_two_sided(confidence)
    share = successes / trials
    shrink = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / shrink
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / shrink
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return Interval(low, high)


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by Lentz's continued fraction (Numerical Recipes, 6.4)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_cdf(1 - x, b, a)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    tiny = 1e-300
    c, d = 1.0, 1 / ((1 - (a + b) * x / (a + 1)) or tiny)
    total = d
    for m in range(1, 1_000):
        for part in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / ((1 + part * d) or tiny)
            c = (1 + part / c) or tiny
            total *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * total / a


def beta_interval(a: float, b: float, confidence: float = 0.95) -> Interval:
    """The middle ``confidence`` of a beta distribution, by halving."""

    def quantile(share: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if beta_cdf(middle, a, b) < share else (low, middle)
        return (low + high) / 2

    tail = (1 - confidence) / 2
    return Interval(quantile(tail), quantile(1 - tail))


def upper_gamma(a: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(a, x), by series below a + 1 and continued fraction above."""
    if x <= 0:
        return 1.0
    scale = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        step = a
        while term > total * 1e-17:
            step += 1
            term *= x / step
            total += term
        return 1 - total * scale
    # Modified Lentz's method for the continued fraction of Q.
    tiny = 1e-300
    b = x + 1 - a
    c = 1 / tiny
    d = 1 / b
    fraction = d
    for i in range(1, 10_000):
        numerator = -i * (i - a)
        b += 2
        d = 1 / (numerator * d + b or tiny)
        c = b + numerator / c or tiny
        change = c * d
        fraction *= change
        if abs(change - 1) < 1e-16:
            break
    return scale * fraction


def chi_square_p(statistic: float, freedom: int) -> float:
    """Probability of a chi-square at least this large with ``freedom`` degrees of freedom."""
    if freedom == 1:
        return math.erfc(math.sqrt(statistic / 2))
    return upper_gamma(freedom / 2, statistic / 2)


def sample_ratio_p(counts: Sequence[int], weights: Sequence[int]) -> float:
    """p of a split at least as uneven as ``counts`` when leads fall by ``weights`` (sample-ratio mismatch).

    1.0 when there is nothing to compare.
    """
    total = sum(counts)
    live = [(count, weight) for count, weight in zip(counts, weights, strict=True) if weight > 0]
    whole = sum(weight for _, weight in live)
    if total == 0 or len(live) < 2:
        return 1.0
    statistic = sum(
        (count - total * weight / whole) ** 2 / (total * weight / whole) for count, weight in live
    )
    return chi_square_p(statistic, len(live) - 1)


def homogeneity_p(groups: Sequence[tuple[int, int]]) -> float:
    """p of rates differing at least this much between groups of (successes, trials) that share one rate."""
    live = [(successes, trials) for successes, trials in groups if trials > 0]
    successes = sum(s for s, _ in live)
    trials = sum(n for _, n in live)
    if len(live) < 2 or successes in (0, trials):
        return 1.0
    rate = successes / trials
    statistic = sum((s - n * rate) ** 2 / (n * rate * (1 - rate)) for s, n in live)
    return chi_square_p(statistic, len(live) - 1)


def always_valid_p(a: tuple[int, int], b: tuple[int, int], smallest: float, before: float = 1.0) -> float:
    """p of the mixture sequential probability ratio test that the rates of ``a`` and ``b`` differ.

    Valid at every look, however often one looks (Johari, Koomen, Pekelis, Walsh: "Always valid inference", 2015). ``a``
    and ``b`` are (conversions, leads); ``smallest`` is the standard deviation of the mixture, the smallest difference
    that matters; ``before`` is the p of the look before, under which it never rises.
    """
    (sa, na), (sb, nb) = a, b
    if na == 0 or nb == 0:
        return before
    rate = (sa + sb) / (na + nb)
    variance = rate * (1 - rate) * (1 / na + 1 / nb)
    if variance == 0:
        return before
    mixture = smallest * smallest
    difference = sb / nb - sa / na
    log_ratio = 0.5 * math.log(variance / (variance + mixture))
    log_ratio += mixture * difference * difference / (2 * variance * (variance + mixture))
    return min(before, 1.0, math.exp(-log_ratio))


def leads_to_decide(a: tuple[int, int], b: tuple[int, int], smallest: float, p: float) -> int | None:
    """About how many leads more each arm needs until the always-valid p is at most ``p`` if the rates stay as they are.

    None when the rates are equal, or when ten million leads would not do.
    """
    (sa, na), (sb, nb) = a, b
    if na == 0 or nb == 0 or sa * nb == sb * na:
        return None
    rate_a, rate_b = sa / na, sb / nb

    def decided(more: int) -> bool:
        first, second = na + more, nb + more
        rate = (rate_a * first + rate_b * second) / (first + second)
        variance = rate * (1 - rate) * (1 / first + 1 / second)
        if variance <= 0:
            return False
        mixture = smallest * smallest
        gap = (rate_b - rate_a) ** 2
        log_ratio = 0.5 * math.log(variance / (variance + mixture)) + mixture * gap / (
            2 * variance * (variance + mixture)
        )
        return -log_ratio <= math.log(p)

    if decided(0):
        return 0
    high = 1
    while not decided(high):
        high *= 2
        if high > 10_000_000:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decided(middle) else (middle, high)
    return high


def probability_b_beats_a(a: tuple[int, int], b: tuple[int, int]) -> float:
    """P(rate of B > rate of A) with flat Beta(1, 1) priors; ``a`` and ``b`` are (conversions, leads).

    Evan Miller's closed form for integer Beta parameters, summed over the smaller count.
    """
    (sa, na), (sb, nb) = a, b
    alpha_a, beta_a = 1 + sa, 1 + na - sa
    alpha_b, beta_b = 1 + sb, 1 + nb - sb
    if alpha_a < alpha_b:
        return 1 - _beats(alpha_a, beta_a, alpha_b, beta_b)
    return _beats(alpha_b, beta_b, alpha_a, beta_a)


def _beats(alpha: int, beta: int, other_alpha: int, other_beta: int) -> float:
    """P(X > Y) for X ~ Beta(alpha, beta), Y ~ Beta(other_alpha, other_beta), by a sum of ``alpha`` terms."""
    gamma = math.lgamma
    term = (
        gamma(other_alpha + other_beta)
        - gamma(other_beta)
        + gamma(other_beta + beta)
        - gamma(other_alpha + other_beta + beta)
    )
    # The term for i = 0 is B(a', b' + b) / B(a', b'); each next one follows by a ratio, so errors do not add up.
    value = math.exp(term)
    total = []
    for i in range(alpha):
        total.append(value)
        value *= (other_alpha + i) * (beta + i) / ((other_alpha + other_beta + beta + i) * (i + 1))
    return min(1.0, math.fsum(total))


def stability_index(before: Sequence[int], now: Sequence[int]) -> float:
    """Population stability index of two tables of counts over the same classes: sum of (a - b) * ln(a / b).

    Half a count is added to every class, so that an empty one does not make it infinite.
    """
    first = [count + 0.5 for count in before]
    second = [count + 0.5 for count in now]
    total_first, total_second = sum(first), sum(second)
    return math.fsum(
        (a / total_first - b / total_second) * math.log((a / total_first) / (b / total_second))
        for a, b in zip(first, second, strict=True)
    )


def brier(predicted: Sequence[float], happened: Sequence[int]) -> float:
    """Brier's score: mean squared error of probabilities against 0 or 1; 0 is perfect."""
    return math.fsum((p - o) ** 2 for p, o in zip(predicted, happened, strict=True)) / len(predicted)


def brier_skill(predicted: Sequence[float], happened: Sequence[int]) -> float | None:
    """1 - Brier / Brier of always saying the mean; above 0 is better than the mean, None when all outcomes are alike."""
    mean = sum(happened) / len(happened)
    if mean in (0, 1):
        return None
    return 1 - brier(predicted, happened) / (mean * (1 - mean))


def reliability(
    predicted: Sequence[float], happened: Sequence[int], bins: int = 10, confidence: float = 0.95
) -> list[Bin]:
    """Predictions in up to ``bins`` groups of equal count, each with its mean and what happened."""
    pairs = sorted(zip(predicted, happened, strict=True))
    total = len(pairs)
    table: list[Bin] = []
    for i in range(bins):
        group = pairs[i * total // bins : (i + 1) * total // bins]
        if not group:
            continue
        hits = sum(o for _, o in group)
        mean = math.fsum(p for p, _ in group) / len(group)
        table.append(Bin(len(group), mean, hits / len(group), wilson(hits, len(group), confidence)))
    return table


def calibration_error(table: Sequence[Bin]) -> float:
    """Mean distance between predicted and observed over a reliability table, weighted by count."""
    return math.fsum(b.size * abs(b.predicted - b.observed) for b in table) / sum(b.size for b in table)


def calibration(predicted: Sequence[float], happened: Sequence[int]) -> Calibration:
    """Calibration in the large: z = (closes - expected) / sqrt(sum of p * (1 - p)); 0 when nothing could vary."""
    expected = math.fsum(predicted)
    observed = sum(happened)
    spread = math.sqrt(math.fsum(p * (1 - p) for p in predicted))
    return Calibration(expected, observed, (observed - expected) / spread if spread else 0.0)


def shrunk(successes: float, trials: float, toward: float, weight: float) -> float:
    """A rate pulled toward another as if ``weight`` trials had been seen there (posterior mean of a beta prior)."""
    return (successes + weight * toward) / (trials + weight)


def logistic(
    features: Sequence[Sequence[float]], happened: Sequence[int], penalty: float = 1.0, rounds: int = 50
) -> list[float]:
    """Coefficients of an L2-penalised logistic regression, intercept first (not penalised), by Newton's method (IRLS).

    ``features`` has one row per lead; ``penalty`` is the weight of half the squared coefficients.
    """
    rows = [(1.0, *row) for row in features]
    size = len(rows[0])
    weights = [0.0] * size
    for _ in range(rounds):
        gradient = [0.0] * size
        hessian = [[0.0] * size for _ in range(size)]
        for row, o in zip(rows, happened, strict=True):
            p = sigmoid(sum(w * x for w, x in zip(weights, row, strict=True)))
            miss, bend = o - p, p * (1 - p)
            for i, x in enumerate(row):
                gradient[i] += miss * x
                bent = bend * x
                line = hessian[i]
                for j in range(i + 1):
                    line[j] += bent * row[j]
        for i in range(1, size):
            gradient[i] -= penalty * weights[i]
            hessian[i][i] += penalty
        step = _solve(hessian, gradient)
        weights = [w + s for w, s in zip(weights, step, strict=True)]
        if max(abs(s) for s in step) < 1e-13:
            break
    return weights


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)), without overflow."""
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    e = math.exp(x)
    return e / (1 + e)


def _solve(lower: list[list[float]], right: list[float]) -> list[float]:
    """Solve a symmetric positive definite system by Cholesky; only the lower triangle of the matrix is read."""
    size = len(right)
    factor = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = lower[i][j] - math.fsum(factor[i][k] * factor[j][k] for k in range(j))
            factor[i][j] = math.sqrt(max(rest, 1e-300)) if i == j else rest / factor[j][j]
    forward: list[float] = []
    for i in range(size):
        forward.append((right[i] - math.fsum(factor[i][k] * forward[k] for k in range(i))) / factor[i][i])
    answer = [0.0] * size
    for i in reversed(range(size)):
        known = math.fsum(factor[k][i] * answer[k] for k in range(i + 1, size))
        answer[i] = (forward[i] - known) / factor[i][i]
    return answer
