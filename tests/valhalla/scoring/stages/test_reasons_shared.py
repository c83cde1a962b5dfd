"""What is said of a lead of which nothing is rare: what is its own."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from valhalla.scoring.stages.explanation import codes_of, reasons_of, score_lines
from valhalla.scoring.stages.policy import FIRST_POLICY
from valhalla.scoring.stages.shares import Counts, Shares


@pytest.mark.parametrize(
    ("details", "says"),
    [
        ({"mailing": {"address": "9 Elm", "city": "Tulsa", "state": "OK"}}, "The owner lives in Tulsa, OK"),
        ({"flags": ["tax lien"], "tax_owed": 700_000}, "Owes $7,000 in taxes"),
    ],
    ids=["place", "taxes"],
)
def test_where_everything_is_common_what_is_its_own_is_said(
    lab: Any, details: dict[str, Any], says: str
) -> None:
    context = lab.context_of(FIRST_POLICY)
    row = lab.PLAIN._replace(details=json.dumps(details), distress="tax lien" if "flags" in details else None)
    lead = lab.decided(row, context)
    codes, _ = codes_of(lead, context, lab.NOW)
    shares = Shares(lab.NOW, 1_000, 1_000, tuple((code, 1_000) for code in sorted(codes)), ())
    first, *_ = reasons_of(lead, context, score_lines(lead, context, lab.NOW), Counts(shares), lab.NOW)
    assert first.says.startswith(says)


@pytest.mark.parametrize(
    ("days", "age"),
    [(10, "recent"), (200, "this year"), (1_000, "2 years"), (20_000, "54 years"), (25_000, "68 years")],
)
def test_signs_are_as_old_as_they_are(lab: Any, days: int, age: str) -> None:
    context = lab.context_of(FIRST_POLICY)
    details = {"signs": [{"sign": "probate", "date": lab.NOW - days * lab.DAY}]}
    lead = lab.decided(lab.PLAIN._replace(details=json.dumps(details)), context)
    codes, _ = codes_of(lead, context, lab.NOW)
    assert {
        code for code in codes if code.startswith("probate:") and "-" not in code and "new" not in code
    } == {f"probate:{age}"}


@pytest.mark.parametrize(
    ("days", "width"),
    [(0, 7), (6, 7), (7, 30), (29, 30), (30, 90), (31, 90), (89, 90), (90, 365), (120, 365)],
)
def test_a_list_counts_as_new_as_those_of_its_week_month_or_quarter(lab: Any, days: int, width: int) -> None:
    context = lab.context_of(FIRST_POLICY)
    lead = lab.decided(lab.PLAIN._replace(list_date=lab.NOW - days * lab.DAY), context)
    codes, _ = codes_of(lead, context, lab.NOW)
    assert {code for code in codes if re.fullmatch(r"fresh:\d+d", code)} == {f"fresh:{width}d"}
