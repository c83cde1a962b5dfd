"""Eleven small programs, one for each sandbox block and one for all of them together.

Run it: ``python3 examples/sandbox_examples.py``. Everything happens in memory; nothing leaves the computer.
"""

from __future__ import annotations

import time

from valhalla.sandbox import (
    AlertSystem,
    DryRunLock,
    GovernorEnforcer,
    IdempotencyManager,
    RetryBackoffManager,
    SandboxOrchestrator,
    SandboxReadinessChecker,
    SchedulerHeartbeat,
    StructuredLogger,
    WorkerProcess,
)


def complete_setup() -> bool:
    """1. The whole sandbox: start, ask, stop."""
    sandbox = SandboxOrchestrator(use_memory_db=True)
    sandbox.initialize()
    ready = sandbox.is_ready()
    print("GO: all systems operational" if ready else "NO-GO")
    sandbox.cleanup()
    return ready


def dry_run_locks() -> list[object]:
    """2. What is irreversible is blocked, what reads runs."""
    lock = DryRunLock(dry_run=True)
    results: list[object] = [
        lock.execute("payment", lambda amount: f"paid {amount}", 100),
        lock.execute("read_data", lambda: "ten leads"),
    ]
    for result in results:
        print(result)
    return results


def background_worker() -> object:
    """3. Work in the background, and its result."""
    worker = WorkerProcess(max_workers=2)
    worker.start()
    job = worker.submit_job("sum", sum, range(101))
    while (status := worker.get_job_status(job)) and status["status"] in ("pending", "running"):
        time.sleep(0.001)
    print(status)
    worker.stop()
    return status["result"] if status else None


def heartbeat_monitoring() -> tuple[bool, bool, bool]:
    """4. Healthy only while it beats."""
    heartbeat = SchedulerHeartbeat(interval=1.0, timeout=3.0)
    before = heartbeat.is_healthy()
    heartbeat.start()
    during = heartbeat.is_healthy()
    print(heartbeat.get_health_status())
    heartbeat.stop()
    return before, during, heartbeat.is_healthy()


def retry_with_backoff() -> list[str]:
    """5. Two failures, then success."""
    retry = RetryBackoffManager(max_retries=3, base_delay=0.001)
    answers = iter([ConnectionError("refused"), ConnectionError("refused"), "connected"])

    def call() -> str:
        answer = next(answers)
        if isinstance(answer, ConnectionError):
            raise answer
        return answer

    print(retry.execute_with_retry(call, "api"))
    return [entry["status"] for entry in retry.get_retry_log("api")]


def idempotent_operation() -> int:
    """6. Asked five times, done once."""
    idempotency = IdempotencyManager(ttl_seconds=60)
    charges: list[int] = []
    for _ in range(5):
        idempotency.process_idempotent("charge-1", charges.append, 100)
    print(f"charged {len(charges)} time")
    return len(charges)


def governor_limits() -> tuple[int, str]:
    """7. Three are allowed in a minute, the fourth is not."""
    governor = GovernorEnforcer()
    governor.set_limit("payment", max_actions=3, window_seconds=60)
    answers = [governor.check_limit("payment") for _ in range(4)]
    print(answers[-1][1])
    return sum(allowed for allowed, _ in answers), answers[-1][1]


def alert_system() -> list[str]:
    """8. Who subscribed is told."""
    alerts, told = AlertSystem(), []
    alerts.subscribe("critical", lambda alert: told.append(alert["reason"]))
    alerts.alert("backup", "the disk is nearly full", severity="warning")
    alerts.alert("payment", "the card was stolen", severity="critical", context={"amount": 100})
    print(told)
    return told


def structured_logging() -> bool:
    """9. Lines tied together by one id."""
    logger = StructuredLogger()
    request = logger.log_request("/api/checkout", "POST", user_id=7)
    entry = logger.log_action("payment_processed", amount=100, email="jane@example.com")
    print(entry)
    return bool(entry["correlation_id"] == request)


def readiness_checks() -> tuple[bool, bool]:
    """10. One failed check is NO-GO."""
    checker = SandboxReadinessChecker()
    checker.register_check("database", lambda: True)
    checker.register_check("network", lambda: False)
    checker.run_all_checks()
    before = checker.is_ready()
    checker.register_check("network", lambda: True)
    checker.run_all_checks()
    print(checker.get_status())
    return before, checker.is_ready()


def integrated_workflow() -> object:
    """11. A payment as it should be made: ready? allowed? once? really?"""
    with SandboxOrchestrator(use_memory_db=True) as sandbox:
        request = sandbox.logger.log_request("/api/pay", "POST")
        if not sandbox.is_ready():
            return None
        allowed, message = sandbox.governor.check_limit("payment")
        if not allowed:
            sandbox.alert_system.alert("payment", message)
            return None

        def pay(amount: int) -> object:
            return sandbox.dry_run_lock.execute("payment", lambda: f"paid {amount}")

        result = sandbox.idempotency_manager.process_idempotent(
            f"payment-{request}", sandbox.retry_manager.execute_with_retry, pay, "payment", 100
        )
        sandbox.logger.log_action("payment", result=result)
        print(result, sandbox.get_status()["alerts"])
        return result


EXAMPLES = (
    complete_setup,
    dry_run_locks,
    background_worker,
    heartbeat_monitoring,
    retry_with_backoff,
    idempotent_operation,
    governor_limits,
    alert_system,
    structured_logging,
    readiness_checks,
    integrated_workflow,
)


def main() -> None:
    """Run all of them."""
    for example in EXAMPLES:
        print(f"\n== {example.__doc__}")
        example()


if __name__ == "__main__":
    main()
