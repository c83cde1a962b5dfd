"""The first try and so many more, later and later, and the last error to the caller."""

from __future__ import annotations

from itertools import pairwise

import pytest

from db import Database
from valhalla.sandbox import AlertSystem, RetryBackoffManager


class Flaky:
    """Fails so many times, then answers."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.calls = 0

    def __call__(self, *args: object) -> object:
        self.calls += 1
        if self.calls <= self.failures:
            raise OSError(f"failure {self.calls}")
        return args


def test_it_succeeds_after_failures_and_logs_every_try() -> None:
    naps: list[float] = []
    manager, flaky = RetryBackoffManager(sleep=naps.append), Flaky(2)
    assert manager.execute_with_retry(flaky, "api", 1, 2, jitter=False) == (1, 2)
    assert naps == [1.0, 2.0]
    log = manager.get_retry_log("api")
    assert [(entry["attempt"], entry["status"]) for entry in log] == [
        (1, "failed"),
        (2, "failed"),
        (3, "success"),
    ]
    assert log[0]["error"] == "OSError: failure 1" and log[2]["result"] == "(1, 2)"
    assert all("timestamp" in entry for entry in log)
    assert manager.get_retry_log() == log and manager.get_retry_log("other") == []


def test_first_try_and_max_retries_then_the_last_error(database: Database) -> None:
    alerts = AlertSystem(database=database)
    manager = RetryBackoffManager(3, database=database, alerts=alerts, sleep=lambda seconds: None)
    flaky = Flaky(99)
    with pytest.raises(OSError, match="failure 4"):
        manager.execute_with_retry(flaky, "api")
    assert flaky.calls == 4
    (alert,) = alerts.alerts
    assert (alert["task"], alert["severity"]) == ("retry:api", "error") and "4 times" in alert["reason"]


def test_no_retries_is_one_try() -> None:
    flaky = Flaky(1)
    with pytest.raises(OSError, match="failure 1"):
        RetryBackoffManager(0).execute_with_retry(flaky, "api")
    assert flaky.calls == 1


def test_no_wait_is_above_the_maximum_and_jitter_only_shortens() -> None:
    naps: list[float] = []
    manager = RetryBackoffManager(40, base_delay=0.5, max_delay=8.0, sleep=naps.append)
    with pytest.raises(OSError, match="failure 41"):
        manager.execute_with_retry(Flaky(99), "api", backoff_multiplier=3.0, jitter=False)
    assert naps[:4] == [0.5, 1.5, 4.5, 8.0] and max(naps) == 8.0
    assert all(later >= earlier for earlier, later in pairwise(naps))
    naps.clear()
    with pytest.raises(OSError, match="failure 41"):
        manager.execute_with_retry(Flaky(99), "api", jitter=True)
    assert max(naps) <= 8.0 and min(naps) >= 0.25 and len(set(naps)) > 10


@pytest.mark.parametrize("options", [{"max_retries": -1}, {"base_delay": -1}, {"max_delay": -1}])
def test_what_makes_no_sense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        RetryBackoffManager(**options)  # type: ignore[arg-type]
