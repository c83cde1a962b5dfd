from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import Retry


def test_waits_double_up_to_the_cap_without_jitter() -> None:
    retry = Retry(retries=9, base=2, factor=2, cap=30, jitter=0)
    assert [retry.delay(failures) for failures in (1, 2, 3, 4, 5, 100_000)] == [2, 4, 8, 16, 30, 30]


@given(
    base=st.floats(0, 1e6),
    factor=st.floats(1, 100),
    cap=st.floats(0, 1e6),
    jitter=st.floats(0, 1),
    failures=st.integers(1, 10_000),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_wait_is_never_above_the_cap_nor_below_its_share(
    base: float, factor: float, cap: float, jitter: float, failures: int, chance: float
) -> None:
    retry = Retry(1, base, factor, cap, jitter)
    wait = retry.delay(failures, lambda: chance)
    whole = Retry(1, base, factor, cap, 0).delay(failures)
    assert whole * (1 - jitter) - 1e-6 <= wait <= min(whole, cap)


@pytest.mark.parametrize(
    "wrong", [{"retries": -1}, {"base": -1}, {"cap": -1}, {"factor": 0.5}, {"jitter": 2}]
)
def test_nonsense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        Retry(**wrong)  # type: ignore[arg-type]


def test_jitter_takes_away_its_share_by_chance() -> None:
    retry = Retry(retries=3, base=8, factor=2, cap=100)
    assert [retry.delay(2, lambda chance=chance: chance) for chance in (0.0, 0.5, 0.75)] == [16, 12, 10]  # type: ignore[misc]
    assert len({retry.delay(1) for _ in range(20)}) > 1
    assert all(4 < retry.delay(1) <= 8 for _ in range(20))
