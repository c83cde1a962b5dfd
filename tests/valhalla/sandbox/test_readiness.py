"""GO only when every check was made and passed."""

from __future__ import annotations

from valhalla.sandbox import SandboxReadinessChecker


def test_no_checks_is_not_ready() -> None:
    checker = SandboxReadinessChecker()
    assert checker.run_all_checks() == {} and checker.is_ready() is False


def test_none_run_is_not_ready() -> None:
    checker = SandboxReadinessChecker()
    checker.register_check("db", lambda: True)
    assert checker.is_ready() is False
    assert checker.get_status()["last_check"] is None
    assert checker.run_all_checks() == {"db": True}
    assert checker.is_ready() is True


def test_an_exception_is_false_and_its_reason_is_kept() -> None:
    checker = SandboxReadinessChecker()
    checker.register_check("db", lambda: True)
    checker.register_check("disk", lambda: 1 / 0)
    assert checker.run_all_checks() == {"db": True, "disk": False}
    status = checker.get_status()
    assert not checker.is_ready() and not status["is_ready"]
    assert (status["total_checks"], status["passed_checks"], status["failed_checks"]) == (2, 1, 1)
    assert status["checks"] == {"db": True, "disk": False} and "division" in status["errors"]["disk"]
    assert status["last_check"]


def test_a_check_registered_later_has_not_been_run() -> None:
    checker = SandboxReadinessChecker()
    checker.register_check("db", lambda: True)
    checker.run_all_checks()
    checker.register_check("worker", lambda: True)
    assert not checker.is_ready() and set(checker.checks) == {"db", "worker"}
