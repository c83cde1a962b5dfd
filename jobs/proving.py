"""Recomputes from the sealed events alone that each job was begun at most once per claim and ended once.

What the rows of jobs say plays no part. The audit chain has to be whole, it witnesses which ranges of events there are
and the digest of each, and the events are followed job by job. A claim is the number under which a job is handed out; a
group of atomic jobs records the start of a job together with its end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jobs import sql
from jobs.file_engine import engine_of
from jobs.schema import EVENTS
from jobs.sealing import sealed_ranges
from jobs.state import ENDED

if TYPE_CHECKING:
    from jobs.engine import Store

WAITS, RUNS, OVER = 0, 1, 2
"""Where a job stands, as far as its events say."""

BACK = frozenset({"retry", "released", "rescued"})
"""Events that end a claim and leave the job for another one."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not be. ``job`` and ``event``: their numbers, None where it is not about one."""

    job: int | None
    event: int | None
    what: str


@dataclass(slots=True)
class Proof:
    """What was found. It holds when there are no violations."""

    events: int = 0
    """Sealed events."""
    jobs: int = 0
    begun: int = 0
    """Claims in which a job was begun."""
    ended: int = 0
    """Jobs that have ended and were not put back by hand since."""
    unsealed: int = 0
    """Events since the last seal, which prove nothing yet."""
    violations: list[Violation] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether every job was begun at most once per claim and ended once."""
        return not self.violations


def prove(database: Store) -> Proof:
    """Follow all sealed events of ``database``, which may be one that is only read."""
    proof = Proof()
    with database.view():  # as of one moment, while others go on writing
        proof.violations += [Violation(None, None, each) for each in engine_of(database).check_chain()]
        follow = _Follower(proof)
        proof.violations += _unwitnessed(database, database.sql(sql.SEALS))
        for each in sealed_ranges(database):
            if each.problem is not None:
                proof.violations.append(Violation(None, None, each.problem))
            follow.events(each.rows)
        proof.unsealed = int(database.value(sql.COUNT_UNSEALED))
    proof.jobs = len(follow.stands)
    proof.ended = sum(1 for state, _ in follow.stands.values() if state == OVER)
    return proof


def _unwitnessed(database: Store, seals: Iterable[Sequence[Any]]) -> list[Violation]:
    """Where the list of sealed ranges is not what the chain says it is."""
    witnessed: dict[tuple[int, int], tuple[int, str]] = {}
    for action, text in database.sql(sql.ENTRIES_OF_SEALS, (EVENTS.sealed, EVENTS.pruned)):
        body = json.loads(text)
        first, last = body["first"], body["last"]
        if action == EVENTS.pruned:
            witnessed = {key: value for key, value in witnessed.items() if not first <= key[1] <= last}
        witnessed[first, last] = (body["events"], body["sha256"])
    noted = {(first, last): (count, digest) for last, first, count, digest in seals}
    found = []
    for key in sorted(witnessed.keys() | noted.keys()):
        if witnessed.get(key) != noted.get(key):
            who = "only in the chain" if key not in noted else "otherwise in the chain"
            who = "not in the chain" if key not in witnessed else who
            found.append(Violation(None, None, f"the seal of job events {key[0]} to {key[1]} is {who}"))
    return found


class _Follower:
    """Takes the events in order, and knows of each job where it stands and the highest claim that was used up."""

    def __init__(self, proof: Proof) -> None:
        self._proof = proof
        self.stands: dict[int, tuple[int, int]] = {}

    def events(self, rows: Iterable[Sequence[Any]]) -> None:
        """Follow the events of one range."""
        stands, proof = self.stands, self._proof
        for number, job, _, event, claim, worker, _, _ in rows:
            proof.events += 1
            known = stands.get(job)
            state, used = known or (WAITS, 0)
            wrong = None
            if event == "started":
                if state == OVER:
                    wrong = "was begun after it had ended"
                elif claim is None:
                    wrong = "was begun without a claim"
                elif claim <= used:
                    wrong = f"was begun again in claim {claim}"
                elif state == RUNS:
                    wrong = f"was begun in claim {claim} while it ran in claim {used}"
                stands[job] = (RUNS, max(used, claim or 0))
                proof.begun += 1
            elif event in ENDED:
                if state == WAITS and worker is not None:
                    proof.begun += 1
                wrong = _leaves(state, used, claim, "ended", worker is None)
                stands[job] = (OVER, max(used, claim or 0))
            elif event in BACK:
                if event == "retry" and state == WAITS:
                    proof.begun += 1
                wrong = _leaves(state, used, claim, f"went back ({event})", False)
                stands[job] = (WAITS, max(used, claim or 0))
            elif event == "returned":
                if state != OVER:
                    wrong = "was put back by hand before it had ended"
                stands[job] = (WAITS, used)
            elif event in ("enqueued", "scheduled"):
                if known is not None:
                    wrong = f"was {event} a second time"
                else:
                    stands[job] = (WAITS, 0)
            elif known is None:
                stands[job] = (WAITS, 0)
            if wrong is not None:
                proof.violations.append(Violation(job, number, f"job {job} {wrong}"))


def _leaves(state: int, used: int, claim: int | None, how: str, by_others: bool) -> str | None:
    """What is wrong with a job's leaving ``claim``. One that was not begun in it before was begun and left at once.

    ``by_others``: without a worker, as a job is buried that waits and that nobody else may run.
    """
    if state == OVER:
        return f"{how} after it had ended"
    if claim is None:
        return f"{how} without a claim while it ran in claim {used}" if state == RUNS else None
    if state == RUNS:
        return None if claim == used else f"{how} in claim {claim} while it ran in claim {used}"
    if claim > used or (by_others and claim == used):
        return None
    return f"{how} in claim {claim}, which was over"
