"""Where blocks 11 to 30 are put to the test: a database of their own with a list of which every answer is known.

Each probe uses the function that commands and pages use and compares its answer with what follows from the list by hand. It puts back
what it changed, so that a block that is broken does not make the others look broken.
"""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import apsw

from db import Database, copying, verifying
from db.clock import DAY
from db.orm import fn
from jobs import JobQueue
from valhalla.audit import decisions
from valhalla.intake import market_copies, source_quality, source_registry
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.leads import call_list, deals, market_profiles, merge, source_pauses, source_pausing
from valhalla.leads.outcomes import FROM_LIST, Outcome, Recorder
from valhalla.leads.view import Viewer
from valhalla.program import settings
from valhalla.program.database import open_copy, open_database
from valhalla.program.errors import ValhallaError
from valhalla.reports import packet
from valhalla.safety import stuck, thresholds
from valhalla.sandbox.selfcheck import Broken, must
from valhalla.scoring import cloning, drift, policies, promoting, shadow
from valhalla.scoring import store as stages
from valhalla.scoring.jobs import Reevaluating
from valhalla.scoring.lead_model import Lead
from valhalla.scoring.models import Policy
from valhalla.scoring.stages import redecide

HOUSTON, DALLAS = "Houston, TX", "Dallas, TX"
SOURCE, OTHER = "referral probe", "plain probe"
LEADS, OTHERS = 30, 6
"""Leads of Houston by the first source, and of Dallas by the second."""

HEADER = "name,email,value,location,phone,arv,repairs,address\n"
ARV, REPAIRS = 300_000, 30_000


class Ground:
    """The database in a folder that is thrown away; used as a context manager."""

    def __init__(self) -> None:
        self._ends = ExitStack()
        self._temporary = tempfile.TemporaryDirectory(prefix="valhalla-blocks-", ignore_cleanup_errors=True)
        self.folder = Path(self._temporary.name)
        self.database: Database

    def __enter__(self) -> Ground:
        """Read the list."""
        self.database = self._ends.enter_context(open_database(self.folder / "probe.db"))
        stages.seed(self.database)
        self.read(
            SOURCE,
            *(
                f'Person {n},p{n}@example.com,{100_000 + 1_000 * n},"{HOUSTON}",713555{n:04d},{ARV},{REPAIRS},{n} Main St'
                for n in range(1, LEADS + 1)
            ),
        )
        self.read(
            OTHER,
            *(
                f'Other {n},o{n}@example.com,150000,"{DALLAS}",214555{n:04d},{ARV},{REPAIRS},{n} Oak St'
                for n in range(1, OTHERS + 1)
            ),
        )
        return self

    def __exit__(self, *error: object) -> None:
        """Throw everything away."""
        self._ends.close()
        # The file of the write lock is open while somebody knows the database, and Windows removes no open file.
        self.__dict__.pop("reevaluating", None)
        del self.database
        gc.collect()
        self._temporary.cleanup()

    def read(self, source: str, *lines: str) -> int:
        """Import a list of the source; how many leads there are then."""
        path = self.folder / f"{os.urandom(4).hex()}.csv"
        path.write_text(HEADER + "".join(line + "\n" for line in lines), encoding="utf-8")
        import_file(self.database, Request(str(path), source))
        return int(Lead.select().where(Lead.suppressed.is_null()).count(self.database))

    @cached_property
    def reevaluating(self) -> Reevaluating:
        """What changes of rules ask for; nobody works on its jobs here."""
        return Reevaluating(self.database, JobQueue(self.database))

    @property
    def viewer(self) -> Viewer:
        """Leads as people see them now."""
        return Viewer.now(self.database)

    @contextmanager
    def recorded(self, *outcomes: tuple[Any, ...], **more: Any) -> Iterator[list[int]]:
        """Outcomes ``(lead, event, days ago)`` that stand for a while."""
        database, made = self.database, []
        try:
            with database.write():
                recorder = Recorder(database, "probe")
                for lead, event, days, *amount in outcomes:
                    at = database.clock() - round(days * DAY)
                    outcome = Outcome(lead, event, at, amount[0] if amount else None, **more)
                    made.append(recorder.record(outcome).id)
            yield made
        finally:
            with database.write():
                recorder = Recorder(database, "probe")
                for number in reversed(made):
                    recorder.undo(number)

    @contextmanager
    def altered(self) -> Iterator[Database]:
        """A copy in which somebody changed an amount with another program."""
        path = copying.copy(self.database, self.folder / "altered.db")
        connection = apsw.Connection(str(path))
        try:
            connection.execute("UPDATE outcome SET amount = 1 WHERE id = 1").fetchall()
        finally:
            connection.close()
        with open_copy(path) as database:
            yield database

    @contextmanager
    def rules(self) -> Iterator[None]:
        """The policy is afterwards what it was."""
        version, _ = stages.latest_policy(self.database)
        try:
            yield
        finally:
            policies.revert(self.database, version)


def _registry(ground: Ground) -> str:
    found = {each["name"]: each for each in source_registry.registry(ground.database)}
    must({SOURCE, OTHER} <= found.keys(), f"it lists {', '.join(sorted(found)) or 'nothing'}")
    must(
        (found[SOURCE]["leads"], found[SOURCE]["kind"]) == (LEADS, "referral"),
        "it miscounts a source's leads",
    )
    source_quality.set_cost(ground.database, SOURCE, 60_000)
    costs = source_registry.one(ground.database, SOURCE)["cost_per_lead"]
    must(costs == 60_000 / LEADS / 100, f"a lead of $600 for {LEADS} costs {costs}")
    return f"{len(found)} sources with leads, kind and cost per lead"


def _quality(ground: Ground) -> str:
    worked = [(lead, "appointment" if lead % 4 == 0 else "contacted", 3) for lead in range(1, 21)]
    with ground.recorded(*worked[:-1]):
        few = source_quality.qualities(ground.database)[SOURCE]
        must(few.score is None, f"it judges a source by {len(few.worked)} worked leads")
    with ground.recorded(*worked):
        found = source_quality.qualities(ground.database)[SOURCE]
        must(
            found.score is not None and found.interval is not None,
            "it does not judge a source by 20 worked leads",
        )
        low, high = found.interval or (0.0, 0.0)
        must(low <= (found.score or 0) <= high, "the figure is outside of its interval")
        must(found.parts["conversion"] == 1.0, f"5 of 20 gave a conversion of {found.parts['conversion']}")
    return f"unknown at 19 worked leads, {found.score:.0f} ({low:.0f} to {high:.0f}) at 20"


def _pause(ground: Ground) -> str:
    database = ground.database
    before = call_list.numbers(database, ground.viewer, 100)
    for kind in ("pause", "stop"):
        source_pausing.pause(database, SOURCE, kind, "a probe")
        listed = call_list.numbers(database, ground.viewer, 100)
        stopped = source_pauses.stopped(database, SOURCE) is not None
        source_pausing.resume(database, SOURCE)
        must(
            len(listed) == OTHERS, f"{len(listed)} leads were listed with {SOURCE} paused instead of {OTHERS}"
        )
        must(stopped == (kind == "stop"), "a pause and a stop are the same for its lists")
    must(call_list.numbers(database, ground.viewer, 100) == before, "its leads did not come back")
    return f"{LEADS} leads left the call list and came back"


def _markets(ground: Ground) -> str:
    found = {each["market"]: each for each in market_profiles.profiles(ground.database)}
    must(HOUSTON in found, "a market is missing")
    median = 100_000 + 1_000 * (LEADS + 1) / 2
    must(found[HOUSTON]["leads"] == LEADS, f"it counts {found[HOUSTON]['leads']} leads of {LEADS}")
    must(
        found[HOUSTON]["median_asking"] == median,
        f"the median {median} came out as {found[HOUSTON]['median_asking']}",
    )
    try:
        market_profiles.profiles(ground.database, "Huston, TX")
    except ValhallaError as error:
        must(HOUSTON in str(error), "a typing mistake is not answered with the nearest market")
    else:
        raise Broken("a market that nobody has was found")
    return f"{len(found)} markets; a typing mistake was answered with the nearest"


def _caps(ground: Ground) -> str:
    events = [
        (lead, event, days, 100) for lead in range(1, 5) for event, days in (("contract", 3), ("won", 1))
    ]
    with ground.recorded(*events):
        with ground.database.write():
            for lead in range(1, 5):
                deals.put_terms(ground.database, lead, {"buyer_price": 21_000_000})
        (found,) = market_profiles.profiles(ground.database, HOUSTON)
        wanted = round((4 * 0.80 + 5 * 0.70) / 9, 2)
        must(
            found["cap"]["proposed"] == wanted,
            f"four deals at 0.80 gave {found['cap']['proposed']} instead of {wanted}",
        )
    (found,) = market_profiles.profiles(ground.database, DALLAS)
    must(found["cap"]["proposed"] is None, "it proposes a cap without deals")
    return f"four deals at 0.80 propose {wanted}; without deals the policy's holds"


def _identity(ground: Ground) -> str:
    before = market_profiles.identities(ground.database)
    count = ground.read(
        SOURCE, f'PERSON 1,P1@Example.com,101000,"{HOUSTON}",(713) 555-0001,{ARV},{REPAIRS},1 Main St'
    )
    must(count == LEADS + OTHERS, "a person who was there is another lead now")
    after = market_profiles.identities(ground.database)
    must(after["recognised"] == before["recognised"] + 1, "a recognized row is not counted")
    merge.merge(ground.database, LEADS - 1, LEADS)
    merged = market_profiles.identities(ground.database)["merged"]
    merge.unmerge(ground.database, LEADS)
    must(merged == before["merged"] + 1, "a merge is not counted")
    return "the same person by another spelling is the same lead; a merge was counted and undone"


def _stuck(ground: Ground) -> str:
    levels = []
    values = settings.effective(ground.database)
    for days in (6, 8, 11, 20):
        with ground.recorded((1, "offer", days, 9_000_000)):
            found = [
                each for each in stuck.find(ground.database, values) if each.task.startswith("stuck:deal")
            ]
            levels.append(found[0].level if found else "quiet")
    must(
        levels == ["quiet", "medium", "high", "critical"],
        f"an offer of 6, 8, 11 and 20 days is {', '.join(levels)}",
    )
    return "an offer is quiet at 6 days, medium at 8, high at 11, critical at 20"


def _top(ground: Ground) -> str:
    viewer = ground.viewer
    found = call_list.top(ground.database, viewer, 10)
    must(len(found) == 10, f"{len(found)} of ten are listed")
    entries = [viewer.entry(record, rank) for rank, record in enumerate(found, 1)]
    scores = [each["score"] for each in entries]
    must(scores == sorted(scores, reverse=True), "they are not in the order of their scores")
    best = Lead.select(fn.max(Lead.score_base)).where(Lead.suppressed.is_null()).scalar(ground.database)
    must(found[0].lead.decision.score_base == best, "the best lead is not the first")
    must(all(each["reasons"] for each in entries), "somebody is listed without a reason")
    return "ten leads, the best first, each with its reasons"


def _shields(ground: Ground) -> str:
    def validity() -> thresholds.Threshold:
        values = settings.effective(ground.database)
        return next(each for each in thresholds.thresholds(ground.database, values) if each.rule == "R2")

    before = validity()
    must(before.speaks is False, f"{before.value}% valid rows are beyond {before.threshold}")
    ground.read(OTHER, *(f"Bad {n},no address,1,,,,," for n in range(LEADS)))
    after = validity()
    must(after.speaks is True, f"{after.value}% valid rows are not beyond {after.threshold}")
    return f"valid rows {before.value:.0f}% and {after.value:.0f}%, threshold {after.threshold:.0f}%"


def _decisions(ground: Ground) -> str:
    with ground.rules():
        policies.change(ground.database, "packet.fee", 11_111, "a probe")
        (found,) = decisions.listed(ground.database, 1, about="policy")
        must(
            found["reason"] == "a probe" and "packet.fee" in found["what"],
            f"the newest decision is {found['what']}",
        )
        inputs = decisions.whole(ground.database, found["id"])["inputs"]
        must("packet.fee" in inputs["changes"], "a decision has no inputs")
    return "a change of a rule was there with who, why and what it was before"


def _tracking(ground: Ground) -> str:
    with_one = Lead.select(Lead.id, Lead.variant_id).where(Lead.variant_id.is_null(False)).order_by(Lead.id)
    drawn = dict(with_one.tuples().execute(ground.database))
    must(len(set(drawn.values())) == 2, f"{len(set(drawn.values()))} of two variants were drawn")
    context = stages.look(ground.database, ground.database.clock())
    for lead in stages.stored_leads(ground.database, list(drawn)):
        again = redecide(lead, context).variant_id
        must(again == drawn[lead.id], "somebody was given another variant")
    return f"{len(drawn)} leads have one of two variants, and keep it"


def _promotion(ground: Ground) -> str:
    verdict, moved = promoting.promote(ground.database, "2")
    must(not verdict.allowed and not moved, "a script was promoted without evidence")
    must(any(gate.passed is False for gate in verdict.gates), "no gate says what is missing")
    return (
        f"a script without evidence was held back by {sum(not gate.passed for gate in verdict.gates)} gates"
    )


def _packets(ground: Ground) -> str:
    body = packet.make(ground.database, ground.viewer, 1).body
    _, policy = stages.latest_policy(ground.database)
    wanted = (ARV * policy["packet"]["arv_share"] - REPAIRS - policy["packet"]["fee"]) * 100
    must(
        body["numbers"]["mao_cents"] == wanted,
        f"the most to offer came out as {body['numbers']['mao_cents']} instead of {wanted:.0f} cents",
    )
    return f"the most to offer is ${wanted / 100:,.0f}, as by hand"


def _learning(ground: Ground) -> str:
    database = ground.database

    def closes() -> int:
        snapshot = stages.look(database, database.clock()).snapshot
        return sum(tally.closes for _, tally in snapshot.sources)

    with ground.recorded((1, "won", 1, 100)), ground.recorded((2, "won", 1, 100), origin=FROM_LIST):
        both = closes()
        settings.save(database, "learning.origins", "person")
        try:
            one = closes()
        finally:
            settings.save(database, "learning.origins", "person, list")
    must((both, one) == (2, 1), f"with both origins {both} closes taught, with one {one}")
    return "a close from a list taught only while lists may teach"


def _evaluation(ground: Ground) -> str:
    with ground.database.write():
        Lead.update(p_close=100_000).where(Lead.id <= LEADS).execute(ground.database)
    with ground.recorded(*((lead, "won" if lead <= 10 else "lost", 0) for lead in range(1, 21))):
        found = drift.by_month(ground.database)
    must(sum(each["n"] for each in found) == 20, "not every estimate with a result was judged")
    must(any(each["drifted"] for each in found), "ten closes where two were expected are no drift")
    return "ten closes where two were expected were reported as drift"


def _rules(database: Database) -> str:
    """The text of the rules in force."""
    return str(Policy.select(Policy.body).order_by(Policy.version.desc()).scalar(database))


def _update(ground: Ground) -> str:
    database = ground.database
    before, count = _rules(database), Policy.select().count(database)
    found = shadow.run(database, shadow.proposed(database, {"packet.fee": 12_345}), 20)
    must(
        (found.leads, found.changed) == (20, 20),
        f"a higher fee changes {found.changed} of {found.leads} leads in shadow",
    )
    must(Policy.select().count(database) == count, "the shadow run stored something")
    policies.change(database, "packet.fee", 12_345, "a probe")
    policies.revert(database, count)
    must(_rules(database) == before, "going back does not bring the rules back")
    return "a higher fee was tried on 20 leads, put in force, and undone to the letter"


def _readiness(ground: Ground) -> str:
    with ground.recorded((1, "won", 1, 100), (2, "lost", 1)):
        (found,) = cloning.plays(ground.database, "market", name=HOUSTON)
        must(found.readiness.state != "READY", "a market with one close is ready to be copied")
        names = [gate.name for gate in found.readiness.gates]
        must("closes" in names and bool(found.readiness.shortfall), "it does not say what is missing")
        must("largest rep" not in names, "it asks one person for closes of others")
    return f"{found.readiness.passed} of {len(names)} gates passed; {len(found.readiness.shortfall)} say what is missing"


def _gates(ground: Ground) -> str:
    count = Policy.select().count(ground.database)
    try:
        market_copies.apply(ground.reevaluating, HOUSTON, DALLAS)
    except ValhallaError as error:
        must("--anyway" in str(error), f"it was refused for another reason: {error}")
    else:
        raise Broken("a market without proof was copied")
    must(Policy.select().count(ground.database) == count, "a refused copy changed the policy")
    return "a market without proof was not copied"


def _rollback(ground: Ground) -> str:
    before = _rules(ground.database)
    made, _ = market_copies.apply(ground.reevaluating, HOUSTON, DALLAS, anyway=True)
    must(_rules(ground.database) != before, "a copy changed nothing")
    market_copies.undo(ground.reevaluating, made["id"])
    must(_rules(ground.database) == before, "undoing a copy does not bring the rules back")
    actions = [each["action"] for each in decisions.listed(ground.database, 2, about="clone")]
    must(actions == ["clone.undo", "clone.apply"], f"the chain says {', '.join(actions) or 'nothing'} of it")
    return "a copy was made and undone; both are in the chain"


def _verification(ground: Ground) -> str:
    with ground.recorded((1, "won", 1, 100)):
        sound = verifying.verify(ground.database)
        must(sound.ok, f"a sound file has problems: {sound.problems[0] if sound.problems else ''}")
        with ground.altered() as altered:
            found = verifying.verify(altered)
    must(not found.ok, "an amount that was changed behind its back went unnoticed")
    return f"{sound.entries} entries and {sound.rows} rows are as witnessed; a changed amount was named"


PROBES: dict[int, Callable[[Ground], str]] = {
    11: _registry,
    12: _quality,
    13: _pause,
    14: _markets,
    15: _caps,
    16: _identity,
    17: _stuck,
    18: _top,
    19: _shields,
    20: _decisions,
    21: _tracking,
    22: _promotion,
    23: _packets,
    24: _learning,
    25: _evaluation,
    26: _update,
    27: _readiness,
    28: _gates,
    29: _rollback,
    30: _verification,
}
"""By the block's number."""
