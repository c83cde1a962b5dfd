"""An approved effect on its way: readiness, dry-run lock, governor, idempotency, the call, and what is recorded of it.

The call is framed by two commits that are on the disk: before it, that it begins (state running, sending 1, its key
reserved); after it, what came of it. A process that dies in between leaves an effect of which nobody can know whether it
was done: it becomes *uncertain*, raises an alert, and is never run again by itself, unless its receiver is declared to do nothing
twice under one key. One that dies before the call begins has done nothing, and the effect goes on by itself. Effects go out
one after the other, so a process that dies leaves one of them uncertain at most.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from db import audit
from db.orm import Case
from jobs import DoNotRetry, JobQueue, Retry, worker_is_dead
from valhalla.effects import live, recipients, register
from valhalla.effects.models import Effect
from valhalla.effects.outcome import EffectError, Refused, TryLater, Unknown
from valhalla.effects.sending import Senders, honours_key
from valhalla.program import correlation
from valhalla.sandbox import idempotency
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.dry_run import DryRunLock
from valhalla.sandbox.governor import GovernorEnforcer
from valhalla.sandbox.idempotency import IdempotencyManager
from valhalla.sandbox.logger import StructuredLogger

if TYPE_CHECKING:
    from db import Database

JOB = "effect.run"

ACTIONS = {
    "webhook": "send_webhook",
    "email": "send_email",
    "export": "data_export_external",
    "purge": "user_deletion",
}
"""Under which name the dry-run lock knows each kind."""

LIMITS = {"webhook": (100, 3600), "email": (50, 3600), "export": (10, 3600), "purge": (100, 3600)}
"""How often each kind may go out, in how many seconds, until somebody sets another limit (``governor set effect.KIND``)."""

RULE = Retry(retries=5, base=2.0, factor=3.0, cap=600.0)


class Effects:
    """Runs approved effects as jobs of ``queue``. ``run_id``: the run whose live session opens the lock (None: none can).

    ``ready``: what must hold first; it answers None, or what is wrong. ``senders``: how each kind is done.
    """

    def __init__(
        self,
        database: Database,
        queue: JobQueue,
        senders: Senders,
        *,
        run_id: int | None = None,
        ready: Callable[[], str | None] = lambda: None,
        rule: Retry = RULE,
    ) -> None:
        self.database = database
        self.queue = queue
        self.run_id = run_id
        self.rule = rule
        self.held = False
        """While it is, approved effects stay approved; :meth:`prepare` takes them up afterwards."""
        self.alerts = AlertSystem(database=database)
        self.lock = DryRunLock(
            lambda: live.is_dry(database, self.run_id),
            database=database,
            fail_closed=True,
            alerts=self.alerts,
        )
        self.governor = GovernorEnforcer(database=database, alerts=self.alerts)
        self.keys = IdempotencyManager(None, database=database)
        self.log = StructuredLogger(database=database)
        self._senders = senders
        self._ready = ready
        self._job = queue.task(name=JOB, concurrency=1)(self._run_job)

    def prepare(self) -> None:
        """Set the default limits, settle what an earlier process left behind, enqueue what is approved."""
        for kind, (most, seconds) in LIMITS.items():
            if not self.governor.get_status(f"effect.{kind}"):
                self.governor.set_limit(f"effect.{kind}", most, seconds)
        self.recover()
        # Of these the job may not have been put into the queue.
        approved = Effect.select(Effect.id).where(Effect.state == "approved").order_by(Effect.id)
        for each in list(approved.execute(self.database)):
            self.enqueue(each.id)

    def approve(self, numbers: Sequence[int], actor: str = "operator") -> list[dict[str, Any]]:
        """A person says yes to drafts: to all of them or to none. Whichever process works on the queue runs them."""
        return self._send_all(numbers, register.approve, actor)

    def retry(self, numbers: Sequence[int], actor: str = "operator") -> list[dict[str, Any]]:
        """Send effects on their way again, all of them or none; see :func:`valhalla.effects.register.put_back`."""
        return self._send_all(numbers, register.put_back, actor)

    def _send_all(
        self, numbers: Sequence[int], decide: Callable[[Database, int, str], dict[str, Any]], actor: str
    ) -> list[dict[str, Any]]:
        with self.database.write(durable=True):
            made = [decide(self.database, number, actor) for number in numbers]
            for number in numbers:
                self.enqueue(number)
        return made

    def enqueue(self, number: int, delay: float | None = None) -> int:
        """Have an approved effect run, once, by whichever process works on the queue; the job's number."""
        # Its key ends when the job begins, so that the job can put its own successor into the queue.
        return int(
            self.queue.enqueue(self._job.s(number), unique=f"{JOB}:{number}", scope="waiting", delay=delay)
        )

    def recover(self) -> list[int]:
        """Settle the effects of dead processes; returns those that became uncertain."""
        uncertain = []
        row = Effect
        begun = row.select(row.id, row.owner, row.sending, row.key).where(row.state == "running").tuples()
        for number, owner, sending, key in list(begun.execute(self.database)):
            if owner is not None and not worker_is_dead(self.database, owner):
                continue
            with self.database.write(durable=True):
                effect = register.show(self.database, number)
                if not sending:
                    idempotency.free(self.database, key)
                    self._end(effect, "approved", "the program ended before it was sent")
                elif effect["tries"] <= self.rule.retries and honours_key(self.database, effect):
                    idempotency.free(self.database, key)
                    reason = "the program ended while it was being sent; it is sent again under the same key"
                    self._end(effect, "approved", reason, unsure=True)
                else:
                    reason = (
                        "the program ended while it was being sent; nobody here can know whether it arrived"
                    )
                    self._end(effect, "uncertain", reason)
                    uncertain.append(number)
        for number in uncertain:
            self._alert(number, "error", "it is uncertain whether it was sent")
        return uncertain

    def run(self, number: int) -> str:
        """Take one approved effect through all gates; returns the state it ends in."""
        self.recover()
        me = self.keys.owner_id
        with self.database.write():  # of several that look at it at once one has it
            take = Effect.update(state="running", owner=me)
            claimed = bool(take.where(Effect.id == number, Effect.state == "approved").execute(self.database))
        effect = register.show(self.database, number)
        if not claimed:
            return str(effect["state"])
        with correlation.using(effect["correlation_id"]):
            stopped = self._gate(effect)
            if stopped is not None:
                state, reason = _unless_unsure(effect, *stopped)
                with self.database.write(durable=True):
                    self._end(effect, state, reason)
                if state == "uncertain":
                    self._alert(number, "error", f"{state}: {reason}")
                return state
            return self._send(effect)

    # -- inside --------------------------------------------------------------------------------------------

    def _run_job(self, number: int) -> str:
        if self.held:
            return "held"
        state = self.run(number)
        if state == "failed":
            raise DoNotRetry(register.show(self.database, number)["reason"])
        return state

    def _gate(self, effect: Mapping[str, Any]) -> tuple[str, str] | None:
        """The state and reason with which the effect stops here; None: it may go out. A blocked one is counted nowhere."""
        unready = self._ready()
        if unready is not None:
            self._alert(effect["id"], "warning", f"not ready: {unready}")
            return "blocked", f"not ready: {unready}"
        if not register.approved_in_chain(self.database, effect):
            reason = "the audit chain has no approval of it as it is now; look at it and approve it again"
            self._alert(effect["id"], "critical", reason)
            return "blocked", reason
        why = self._forbidden(effect)
        if why is not None:
            return "blocked", why
        if not register.still_covered(self.database, effect):
            return (
                "blocked",
                "the address has changed since its standing approval; a person has to approve it",
            )
        return None

    def _stopped(self, effect: Mapping[str, Any]) -> tuple[str, str] | None:
        """The state and reason with which the effect stops where sending begins. The governor is asked last: what does not go
        out takes no place from what does."""
        why = self._forbidden(effect)
        if why is not None:
            return "blocked", why
        allowed, message = self.governor.check_limit(f"effect.{effect['kind']}")
        return None if allowed else ("denied", message)

    def _forbidden(self, effect: Mapping[str, Any]) -> str | None:
        """What a person decided against it: the lock, do-not-contact. Asked at the gate, and again where sending begins."""
        action = ACTIONS[effect["kind"]]
        if self.lock.blocks(action):
            self.lock.note_blocked(action)
            return "dry run is on"
        why = recipients.against(
            self.database, effect["kind"], effect["target"], effect["lead_id"], effect["payload"]
        )
        if why is not None:
            self.alerts.repeat("risk:R14", f"{why}; effect {effect['id']} was blocked", "critical")
        return why

    def _send(self, effect: dict[str, Any]) -> str:
        number, key = effect["id"], effect["key"]
        me = self.keys.owner_id
        with self.database.write(durable=True):
            if not self.keys.reserve(key, durable=True, take_over=False):
                self._end(
                    effect, "uncertain", "its key is taken: it was, or is being, sent under another number"
                )
                return "uncertain"
            Effect.update(tries=Effect.tries + 1).where(*_still_of(number, me)).execute(self.database)
            self._audit("effect.begin", effect, {})
        effect["tries"] += 1
        try:
            call = self._senders.prepare(effect)
        except EffectError as error:
            return self._record(effect, *_unless_unsure(effect, "failed", str(error)), error.said)
        with self.database.write(durable=True):  # preparing may take long: reading a keyring asks a person
            if register.show(self.database, number)["payload"] != effect["payload"]:
                self.keys.release(key, durable=True)
                self._end(effect, "denied", "the person was forgotten")
                return "denied"
            stopped = self._stopped(effect)
            if stopped is not None:
                self.keys.release(key, durable=True)
                state, reason = _unless_unsure(effect, *stopped)
                self._end(effect, state, reason)
                if state == "uncertain":
                    self._alert(number, "error", f"{state}: {reason}")
                return state
            # On the disk before the call: from then on nobody here can know whether it was done.
            sending = Effect.update(sending=1).where(*_still_of(number, me))
            if not sending.execute(self.database):  # it was taken for dead meanwhile
                return str(register.show(self.database, number)["state"])
        try:
            response = call()
        except TryLater as error:
            return self._later(effect, error)
        except Refused as error:
            return self._record(effect, "failed", str(error), error.said)
        except Unknown as error:
            return self._unknown(effect, error)
        except Exception as error:
            reason = f"the program failed while it was sent ({type(error).__name__})"
            return self._unknown(effect, Unknown(reason, {"error": str(error)}))
        return self._record(effect, "done", None, response)

    def _unknown(self, effect: dict[str, Any], error: Unknown) -> str:
        """It may have arrived. Where the receiver knows it again by its key, asking again is the way to know."""
        if honours_key(self.database, effect):
            return self._later({**effect, "sending": 1}, TryLater(str(error), error.said))
        return self._record(effect, "uncertain", str(error), error.said)

    def _later(self, effect: dict[str, Any], error: TryLater) -> str:
        tries = effect["tries"]
        if tries > self.rule.retries:
            reason = f"{error}; given up after {tries} tries"
            return self._record(effect, *_unless_unsure(effect, "failed", reason), error.said)
        delay = max(self.rule.delay(tries), error.after or 0.0)
        with self.database.write(durable=True):
            self.keys.release(effect["key"], durable=True)
            reason = f"{error}; next try in {delay:.0f} s"
            self._end(effect, "approved", reason, error.said, unsure=bool(effect["sending"]))
            self.enqueue(effect["id"], delay)
        return "approved"

    def _record(
        self, effect: dict[str, Any], state: str, reason: str | None, response: dict[str, Any] | None = None
    ) -> str:
        with self.database.write(durable=True):
            if state == "done":
                self.keys.finish(effect["key"], {"effect": effect["id"]}, durable=True)
            elif state == "failed":
                self.keys.release(effect["key"], durable=True)
            self._end(effect, state, reason, response)
        if state in ("failed", "uncertain"):
            self._alert(effect["id"], "error", f"{state}: {reason}")
        return state

    def _end(
        self,
        effect: Mapping[str, Any],
        state: str,
        reason: str | None,
        response: dict[str, Any] | None = None,
        *,
        unsure: bool = False,
    ) -> None:
        """``unsure``: it goes on, and what was sent so far may have arrived."""
        database = self.database
        text = None if response is None else json.dumps(response, ensure_ascii=False)
        finished = None if state == "approved" else database.clock()
        # What was said about somebody who was erased meanwhile is not kept.
        said = Case(None, [(Effect.target == "", None)], text)
        end = Effect.update(
            state=state, reason=reason, response=said, sending=int(unsure), owner=None, finished_at=finished
        )
        end.where(Effect.id == effect["id"]).execute(database)
        self._audit(f"effect.{state}", effect, {"reason": reason})
        fields = {"effect": effect["id"], "kind": effect["kind"], "reason": reason}
        database.after_commit(
            lambda: self.log.log_action(f"effect.{state}", "info" if state == "done" else "warning", **fields)
        )

    def _audit(self, action: str, effect: Mapping[str, Any], body: dict[str, Any]) -> None:
        audit.append(
            self.database,
            action,
            f"effect:{effect['id']}",
            {"kind": effect["kind"], "key": effect["key"], **body},
            correlation_id=effect["correlation_id"],
        )

    def _alert(self, number: int, severity: str, reason: str) -> None:
        self.alerts.repeat(f"effect:{number}", reason, severity)


def _still_of(number: int, owner: int) -> tuple[Any, Any, Any]:
    """What the row of an effect fulfils while its owner sends it: a process that was taken for dead does not count any more."""
    return Effect.id == number, Effect.state == "running", Effect.owner == owner


def _unless_unsure(effect: Mapping[str, Any], state: str, reason: str) -> tuple[str, str]:
    """The end of an effect that goes no further: uncertain, if an earlier try of it may have arrived."""
    if effect["sending"]:
        return "uncertain", f"{reason}; an earlier try may have arrived"
    return state, reason
