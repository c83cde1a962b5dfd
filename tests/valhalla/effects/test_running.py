"""The way of an effect: what is blocked reaches nobody, what goes out goes out once, what is unknown says so."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from db import Database, audit
from db.clock import HOUR, SECOND
from jobs import WorkerRegistration, worker_is_dead
from jobs.testing import Bench, FakeClock
from valhalla.effects import live, register
from valhalla.effects.outcome import EffectError
from valhalla.program import settings

Make = Callable[..., Any]


def approved(database: Database, url: str, about: str = "one", **payload: Any) -> int:
    number = register.draft(database, "webhook", url, payload or {"lead": "Ann"}, about=about)["id"]
    register.approve(database, number)
    return int(number)


def state(database: Database, number: int) -> tuple[str, str | None]:
    effect = register.show(database, number)
    return effect["state"], effect["reason"]


def test_a_draft_goes_nowhere_until_it_is_approved(database: Database, make: Make, receiver: Any) -> None:
    effects = make(is_live=True)
    number = register.draft(database, "webhook", receiver.url, {"a": 1}, about="x")["id"]
    assert effects.run(number) == "drafted" and receiver.requests == []
    assert register.draft(database, "webhook", receiver.url, {"a": 1}, about="x")["id"] == number
    register.deny(database, number, "no")
    assert state(database, number) == ("denied", "no")
    with pytest.raises(EffectError, match="only a draft"):
        register.approve(database, number)


def test_dry_run_blocks_keeps_what_it_would_have_sent_and_takes_no_key_and_no_count(
    database: Database, make: Make, receiver: Any
) -> None:
    effects = make()
    number = approved(database, receiver.url, name="Ann")
    assert effects.run(number) == "blocked"
    assert state(database, number) == ("blocked", "dry run is on")
    assert receiver.requests == []
    assert register.show(database, number)["payload"] == {"name": "Ann"}
    assert database.value("SELECT count(*) FROM idempotency_key") == 0
    assert effects.governor.get_status("effect.webhook")["current_actions"] == 0
    assert effects.lock.get_execution_log("send_webhook")[0]["status"] == "dry_run_blocked"
    live.open_for(database, effects.run_id, "test")
    register.put_back(database, number)
    assert effects.run(number) == "done" and len(receiver.requests) == 1


def test_a_webhook_arrives_whole_signed_and_under_its_key(
    database: Database, make: Make, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_KEY", "s3cret")
    effects = make(is_live=True, values={"webhook.secret": "env:HOOK_KEY"})
    number = approved(database, receiver.url, name="Zoë")
    assert effects.run(number) == "done"
    ((headers, body),) = receiver.requests
    assert json.loads(body) == {"name": "Zoë"}
    effect = register.show(database, number)
    assert headers["Idempotency-Key"] == effect["key"] and headers["Content-Type"] == "application/json"
    at, digest = (part.partition("=")[2] for part in headers["X-Valhalla-Signature"].split(","))
    assert digest == hmac.new(b"s3cret", f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert effect["response"]["status"] == 200 and effect["state"] == "done"
    assert effects.run(number) == "done" and len(receiver.requests) == 1


def test_one_correlation_id_ties_alert_audit_and_effect(
    database: Database, make: Make, receiver: Any
) -> None:
    receiver.answers = [(404, {})]
    effects = make(is_live=True)
    number = approved(database, receiver.url)
    assert effects.run(number) == "failed"
    effect = register.show(database, number)
    assert "404" in effect["reason"]
    (alert,) = effects.alerts.get_alerts(task_name=f"effect:{number}")
    assert alert["correlation_id"] == effect["correlation_id"]
    entries = database.sql(
        "SELECT action FROM audit WHERE correlation_id = ? AND action <> 'rows' ORDER BY seq",
        (effect["correlation_id"],),
    )
    assert [row[0] for row in entries] == [
        "effect.draft",
        "effect.approve",
        "effect.begin",
        "effect.failed",
        "alert.open",
    ]
    assert audit.check_chain(database) == []


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_transient_answer_is_tried_again_under_the_same_key(
    database: Database, make: Make, receiver: Any, status: int
) -> None:
    receiver.answers = [(status, {})]
    effects = make(is_live=True)
    number = approved(database, receiver.url)
    assert effects.run(number) == "approved"
    assert effects.run(number) == "done"
    assert len(receiver.requests) == 2 and len(set(receiver.keys)) == 1


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 410, 422])
def test_a_final_answer_is_not_tried_again(
    database: Database, make: Make, receiver: Any, status: int
) -> None:
    receiver.answers = [(status, {"Location": receiver.url})]
    effects = make(is_live=True)
    assert effects.run(approved(database, receiver.url)) == "failed"
    assert len(receiver.requests) == 1


def test_retry_after_is_honoured_and_retries_end(
    database: Database, clock: FakeClock, make: Make, receiver: Any
) -> None:
    receiver.answers = [(429, {"Retry-After": "120"}), (503, {}), (503, {})]
    effects = make(is_live=True)
    number = approved(database, receiver.url)
    effects.run(number)
    due = database.value("SELECT due FROM task WHERE name = 'effect.run' AND state = 'scheduled'")
    assert due == clock.at + 120 * SECOND
    effects.run(number)
    assert effects.run(number) == "failed"
    assert "given up after 3 tries" in str(state(database, number)[1])
    assert database.value("SELECT count(*) FROM idempotency_key") == 0


def test_a_receiver_that_is_down_is_tried_again_one_that_hangs_up_is_uncertain(
    database: Database, make: Make, receiver: Any
) -> None:
    effects = make(is_live=True)
    assert effects.run(approved(database, "http://127.0.0.1:1/hook", "down")) == "approved"
    receiver.answers = [(0, {})]
    number = approved(database, receiver.url, "hangs up")
    assert effects.run(number) == "uncertain"
    assert effects.run(number) == "uncertain" and len(receiver.requests) == 1, "never by itself"
    register.put_back(database, number)
    assert effects.run(number) == "done" and len(set(receiver.keys)) == 1


def honouring(database: Database, make: Make, url: str) -> Any:
    settings.save(database, "webhook.honours_key", url)
    return make(is_live=True)


def due(database: Database) -> int:
    return int(database.value("SELECT count(*) FROM task WHERE name = 'effect.run' AND state = 'scheduled'"))


def test_what_may_have_arrived_where_keys_are_honoured_is_sent_again_under_its_key(
    database: Database, make: Make, receiver: Any
) -> None:
    effects = honouring(database, make, receiver.url)
    receiver.answers += [(0, {}), (409, {}), (200, {})]
    number = approved(database, receiver.url)
    for tries in (1, 2):
        assert effects.run(number) == "approved"
        assert (register.show(database, number)["tries"], due(database)) == (tries, 1)
        database.sql("DELETE FROM task")
    assert effects.run(number) == "done"
    assert len(receiver.keys) == 3 and len(set(receiver.keys)) == 1


@pytest.mark.parametrize("how", ["given up", "lock closed", "setting gone", "refused"])
def test_what_may_have_arrived_and_goes_no_further_is_uncertain(
    database: Database, make: Make, receiver: Any, how: str
) -> None:
    effects = honouring(database, make, receiver.url)
    receiver.answers += [(0, {})]
    number = approved(database, receiver.url)
    assert effects.run(number) == "approved"
    if how == "given up":
        receiver.answers += [(503, {}), (503, {})]
        assert effects.run(number) == "approved"
    elif how == "lock closed":
        live.close(database, "test")
    elif how == "setting gone":
        settings.save(database, "webhook.honours_key", "")
        receiver.answers += [(0, {})]
    else:
        receiver.answers += [(422, {})]
    assert effects.run(number) == ("failed" if how == "refused" else "uncertain")
    assert number in [int(each["task"].partition(":")[2]) for each in effects.alerts.get_alerts("error")]
    register.put_back(database, number)
    assert register.show(database, number)["sending"] == 0


def test_key_that_a_dead_process_holds_is_not_taken_over(
    database: Database, make: Make, receiver: Any
) -> None:
    effects = make(is_live=True)
    number = approved(database, receiver.url)
    owner = WorkerRegistration(database, "idempotency")
    held = (register.show(database, number)["key"], owner.id, database.clock())
    with database.write():
        database.sql(
            "INSERT INTO idempotency_key (key, state, owner, created_at) VALUES (?, 'reserved', ?, ?)", held
        )
    owner.release_lock()
    assert worker_is_dead(database, owner.id)
    assert effects.run(number) == "uncertain"
    assert receiver.requests == []


def test_effects_go_out_one_after_the_other(
    database: Database, make: Make, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    effects = make(is_live=True)
    together: list[int] = []
    run = effects.run

    def watched(number: int) -> str:
        running = "SELECT count(*) FROM task WHERE name = 'effect.run' AND state = 'running'"
        together.append(database.value(running))
        return str(run(number))

    monkeypatch.setattr(effects, "run", watched)
    drafts = [
        register.draft(database, "webhook", receiver.url, {"n": n}, about=str(n))["id"] for n in range(8)
    ]
    effects.approve(drafts)
    worker = effects.queue.worker(threads=3)
    worker.start()
    effects.queue.drain(timeout=20)
    worker.stop(timeout=5)
    assert len(receiver.requests) == 8 and set(together) == {1}


def test_the_governor_denies_what_is_too_much(database: Database, make: Make, receiver: Any) -> None:
    effects = make(is_live=True)
    effects.governor.set_limit("effect.webhook", 2, 3600)
    states = [effects.run(approved(database, receiver.url, str(number))) for number in range(3)]
    assert states == ["done", "done", "denied"] and len(receiver.requests) == 2
    assert effects.alerts.get_alerts(task_name="governor:effect.webhook")


def test_not_ready_blocks(database: Database, make: Make, receiver: Any) -> None:
    effects = make(is_live=True, ready=lambda: "the disk is full")
    number = approved(database, receiver.url)
    assert effects.run(number) == "blocked"
    assert state(database, number)[1] == "not ready: the disk is full" and receiver.requests == []


def test_a_missing_secret_fails_before_anything_is_sent(
    database: Database, make: Make, receiver: Any
) -> None:
    effects = make(is_live=True, values={"webhook.secret": "env:NOT_SET_ANYWHERE"})
    number = approved(database, receiver.url)
    assert effects.run(number) == "failed"
    assert "NOT_SET_ANYWHERE" in str(state(database, number)[1]) and receiver.requests == []


def test_jobs_carry_effects_and_a_failed_one_is_a_dead_letter(
    database: Database, make: Make, receiver: Any
) -> None:
    receiver.answers = [(200, {}), (404, {})]
    effects = make(is_live=True)
    first, second = approved(database, receiver.url, "1"), approved(database, receiver.url, "2")
    bench = Bench(database)
    bench.queue.close()
    bench.queue = effects.queue
    for number in (first, second, first):
        effects.enqueue(number)
    assert [job.state for job in bench.run()] == ["done", "dead"]
    assert [state(database, number)[0] for number in (first, second)] == ["done", "failed"]


def test_a_live_session_belongs_to_its_run_and_ends(database: Database, clock: FakeClock, make: Make) -> None:
    effects = make(is_live=True)
    assert not effects.lock.dry_run
    assert live.is_dry(database, effects.run_id + 1), "another run stays dry"
    assert live.is_dry(database, None)
    clock.advance(8 * HOUR / SECOND)
    assert effects.lock.dry_run
    other = make(is_live=True)
    assert not other.lock.dry_run
    with database.write():
        database.sql("UPDATE run SET stopped_at = 1 WHERE id = ?", (other.run_id,))
    assert other.lock.dry_run, "a run that has stopped is dry"
    third = make(is_live=True)
    clock.advance(-60)
    assert third.lock.dry_run, "a clock that was set back closes the lock"
    clock.advance(60)
    assert live.close(database, "test") and third.lock.dry_run and not live.close(database, "test")


def test_a_standing_approval_has_a_daily_cap(database: Database, clock: FakeClock) -> None:
    settings.save(database, "webhook.url", "http://x")
    register.stand(database, "webhook", 2)
    drafts = [register.draft(database, "webhook", "http://x", {}, about=str(n))["id"] for n in range(4)]
    assert [register.approve_by_standing(database, number) for number in drafts] == [True, True, False, False]
    assert register.show(database, drafts[0])["approved_by"] == "standing approval 1"
    clock.advance(86_400)
    assert register.approve_by_standing(database, drafts[2])
    register.end_standing(database, "webhook")
    assert not register.approve_by_standing(database, drafts[3])
    with pytest.raises(EffectError, match="one by one"):
        register.stand(database, "purge", 5)


DYING = """
import os, signal, sys
from db import Database
from valhalla.program.database import open_database
from jobs import JobQueue
from valhalla.program import settings
from valhalla.effects import live, webhook
from valhalla.effects.running import Effects
from valhalla.effects.sending import Senders
database = open_database(sys.argv[1])
where, number, run_id = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
die = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
effects = Effects(database, JobQueue(database), Senders(database, settings.effective(database)), run_id=run_id)
if where == "reserved":
    effects._senders.prepare = die
elif where == "sending":
    webhook.send = die
else:
    effects._record = die
effects.run(number)
"""


@pytest.mark.crash
@pytest.mark.skipif(os.name == "nt", reason="kills by signal")
@pytest.mark.parametrize(
    ("where", "honoured", "arrived", "after", "later"),
    [
        ("reserved", False, 0, "done", 1),
        ("sending", False, 0, "uncertain", 0),
        ("sent", False, 1, "uncertain", 1),
        ("sending", True, 0, "done", 1),
        ("sent", True, 1, "done", 2),
    ],
)
def test_killed_on_the_way_each_key_arrives_at_most_once_or_where_that_is_one_effect(
    database: Database,
    make: Make,
    receiver: Any,
    where: str,
    honoured: bool,
    arrived: int,
    after: str,
    later: int,
) -> None:
    effects = make(is_live=True)
    if honoured:
        settings.save(database, "webhook.honours_key", f"https://other.example/hook {receiver.url}")
    import time

    database.clock = lambda: time.time_ns() // 1000
    live.open_for(database, effects.run_id, "test")
    number = approved(database, receiver.url)
    words = [str(database.path), where, str(number), str(effects.run_id)]
    dead = subprocess.run([sys.executable, "-c", DYING, *words], capture_output=True, check=False)
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    assert len(receiver.requests) == arrived
    assert register.show(database, number)["state"] == "running"
    assert effects.run(number) == after and len(receiver.requests) == later
    if after == "uncertain":
        (alert,) = effects.alerts.get_alerts(task_name=f"effect:{number}")
        assert "uncertain" in alert["reason"]
    assert len(set(receiver.keys)) <= 1


def test_an_erasure_takes_the_person_out_of_earlier_effects(
    database: Database, make: Make, receiver: Any, sample_leads: Any
) -> None:
    from valhalla.effects import drafting
    from valhalla.intake.importer import import_file
    from valhalla.intake.request import Request
    from valhalla.scoring import store

    store.seed(database)
    import_file(database, Request(str(sample_leads), "csv", True))
    name = database.value("SELECT name FROM lead WHERE id = 1")
    effects = make(is_live=True)
    told = drafting.by_hand(database, "webhook", [1], to=receiver.url, template=None, limit=1)[0]["id"]
    register.approve(database, told)
    assert effects.run(told) == "done" and name.encode() in receiver.requests[0][1]
    (purge,) = drafting.by_hand(database, "purge", [1], to=None, template=None, limit=1)
    register.approve(database, purge["id"])
    assert effects.run(purge["id"]) == "done"
    assert database.value("SELECT count(*) FROM lead WHERE id = 1") == 0
    assert register.show(database, told)["payload"] == {}
    assert name not in json.dumps([register.as_json(each) for each in register.find(database)])
    assert audit.check_chain(database) == []


def test_an_export_is_written_whole_and_a_lead_not_to_be_contacted_blocks_it(
    database: Database, make: Make, sample_leads: Any, tmp_path: Any
) -> None:
    from valhalla.effects import drafting
    from valhalla.intake.importer import import_file
    from valhalla.intake.request import Request
    from valhalla.scoring import store

    store.seed(database)
    import_file(database, Request(str(sample_leads), "csv", True))
    effects, target = make(is_live=True), tmp_path / "out.csv"
    (first,) = drafting.by_hand(database, "export", [1, 2], to=str(target), template=None, limit=1)
    register.approve(database, first["id"])
    assert effects.run(first["id"]) == "done"
    assert len(target.read_text(encoding="utf-8").splitlines()) == 3
    (second,) = drafting.by_hand(
        database, "export", [1, 2], to=str(tmp_path / "no.csv"), template=None, limit=2
    )
    with database.write():
        database.sql("UPDATE lead SET suppressed = 'operator' WHERE id = 2")
    with pytest.raises(EffectError, match="lead 2 must not be contacted"):
        drafting.by_hand(database, "export", [1, 2], to=str(tmp_path / "too.csv"), template=None, limit=2)
    register.approve(database, second["id"])
    assert effects.run(second["id"]) == "blocked" and not (tmp_path / "no.csv").exists()
    assert effects.alerts.get_alerts("critical")[0]["task"] == "risk:R14"


def test_many_workers_send_an_effect_once(
    database: Database, make: Make, receiver: Any, together: Callable[..., list[object]]
) -> None:
    effects = make(is_live=True)
    number = approved(database, receiver.url)
    together(6, lambda _: effects.run(number))
    assert len(receiver.requests) == 1 and register.show(database, number)["state"] == "done"
    assert effects.governor.get_status("effect.webhook")["current_actions"] == 1


# -- what the chain does not say ---------------------------------------------------------------------------

PLANTED = {
    "approved": "UPDATE effect SET state = 'approved', approved_at = 1, approved_by = 'operator'",
    "approved after it was denied": "UPDATE effect SET state = 'approved'",
    "redirected": "UPDATE effect SET target = target || '?to=me'",
    "said otherwise": 'UPDATE effect SET payload = \'{"lead": "Eve"}\'',
    "sent again": "UPDATE effect SET state = 'approved', key = 'another'",
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_a_planted_trigger_did_to_an_effect_is_not_sent(
    what: str, database: Database, make: Make, receiver: Any
) -> None:
    effects = make(is_live=True)
    number = register.draft(database, "webhook", receiver.url, {"lead": "Ann"}, about="x")["id"]
    if what != "approved":
        register.approve(database, number)
    if "denied" in what:
        register.deny(database, number)
    if what == "sent again":
        assert effects.run(number) == "done"
    sent = len(receiver.requests)
    with (
        database.write()
    ):  # a trigger acts inside of the program's own transactions, which the chain witnesses
        database.sql(PLANTED[what])
    assert effects.run(number) == "blocked"
    assert "audit chain has no approval" in str(state(database, number)[1])
    assert len(receiver.requests) == sent
    if what != "sent again":
        register.put_back(database, number)
        assert register.approved_in_chain(database, register.show(database, number)), (
            "a person has looked at it"
        )
