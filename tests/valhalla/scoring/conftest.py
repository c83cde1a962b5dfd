"""What the tests of the stages build on: a plain lead, a context and hypothesis strategies for random ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from valhalla.scoring.stages import Context, Decision, StoredLead, decide
from valhalla.scoring.stages.policy import DEFAULT_POLICY
from valhalla.scoring.stages.row import Row
from valhalla.scoring.stages.snapshot import Arm, Experiment, Month, Play, Script, Snapshot, Tally, Variant

# How long an example takes depends on what else the machine does.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

NOW = 1_790_000_000_000_000
DAY = 86_400_000_000

PLAIN = Row(
    name="Ann Lee",
    email="ann@lee.org",
    phone="(713) 555-0100",
    value=150_000_00,
    location="Houston, TX",
    source="csv",
    market="Houston, TX",
    state="TX",
    list_date=None,
    address="1 Main St",
    arv=300_000_00,
    repairs=30_000_00,
    sqft=1_500,
    condition="fair",
    beds=3,
    distress=None,
    phone_key=17135550100,
    warnings=None,
    extras=None,
    details=None,
    person=None,
    identity=42,
    fingerprint=1,
    line=2,
    aliases=(),
)

EXPERIMENT = Experiment(1, "opener", 1, "appointment", (Variant(1, "A", 1, 1), Variant(2, "B", 1, 2)))
SCRIPTS = (Script(1, "Calm", 1, "call", None, "primary"), Script(2, "Brisk", 1, "call", None, "testing"))
LEARNT = Snapshot(
    experiment=EXPERIMENT,
    scripts=SCRIPTS,
    arms=((1, Arm(300, 260, 12, 3, 40)), (2, Arm(310, 270, 20, 2, 40))),
    sources=(("csv", Tally(200, 4)), ("ppc", Tally(312, 9))),
    segments=(("csv", "Houston, TX", Tally(100, 4)), ("ppc", "Dallas, TX", Tally(12, 0))),
    deals=9,
    fees=9 * 12_000_00,
    plays=(
        (
            "Houston, TX",
            Play(
                (Month("2026-01", 40, 2, 2_000_000), Month("2026-02", 60, 2, 2_400_000)),
                (("csv", 3), ("ppc", 1)),
                (("ann", 4),),
                4,
            ),
        ),
    ),
)


def context_of(
    policy: dict[str, Any] = DEFAULT_POLICY, snapshot: Snapshot = LEARNT, now: int = NOW
) -> Context:
    return Context(1, policy, 1, snapshot, now)


def stored(row: Row, decision: Decision, **more: Any) -> StoredLead:
    """The row as table ``lead`` would have it."""
    columns: dict[str, Any] = {
        **row._asdict(),
        **decision._asdict(),
        "id": 1,
        "lists": 1,
        "created_at": decision.decided_at,
        "status": "new",
        "contacts": 0,
        "last_contact": None,
        "hold_until": None,
        "standing": None,
        "suppressed": None,
        **more,
    }
    return StoredLead.from_columns(columns)


def decided(row: Row, context: Context, **more: Any) -> StoredLead:
    asked = {name: more[name] for name in ("lists", "suppressed", "status") if name in more}
    return stored(row, decide(row, context, since=more.get("created_at"), **asked), **more)


_money = st.one_of(st.none(), st.integers(1, 2_000_000_00))
rows = st.builds(
    Row,
    name=st.just("X"),
    email=st.sampled_from([None, "ann@lee.org", "info@lee.org", "sales@x.com"]),
    phone=st.just("1"),
    value=st.integers(1, 3_000_000_00),
    location=st.none(),
    source=st.sampled_from(["csv", "ppc", "never seen"]),
    market=st.sampled_from([None, "Houston, TX", "Dallas, TX", "St. Louis, MO"]),
    state=st.sampled_from([None, "TX", "MO"]),
    list_date=st.one_of(st.none(), st.integers(NOW - 400 * DAY, NOW + 9 * DAY)),
    address=st.sampled_from([None, "1 Main St"]),
    arv=_money,
    repairs=st.one_of(_money, st.just(0)),
    sqft=st.one_of(st.none(), st.integers(1, 9_000)),
    condition=st.sampled_from([None, "fair", "poor", "good", "?"]),
    beds=st.none(),
    distress=st.sampled_from(
        [None, "probate", "probate,vacant", "absentee,divorce,eviction,vacant,probate", "odd"]
    ),
    phone_key=st.sampled_from([None, 17135550100]),
    warnings=st.sampled_from([None, "A", "A,B", "A,B,C,D,E,F,G"]),
    extras=st.none(),
    identity=st.integers(-(2**63), 2**63 - 1),
    fingerprint=st.just(1),
    line=st.just(2),
    aliases=st.just(()),
)


class Lab:
    """Everything above under one name: test modules cannot import a conftest."""

    NOW = NOW
    DAY = DAY
    PLAIN = PLAIN
    EXPERIMENT = EXPERIMENT
    SCRIPTS = SCRIPTS
    LEARNT = LEARNT
    rows = rows
    context_of = staticmethod(context_of)
    stored = staticmethod(stored)
    decided = staticmethod(decided)


@pytest.fixture(scope="session")
def lab() -> type[Lab]:
    return Lab


@pytest.fixture(scope="session")
def context() -> Context:
    return context_of()
