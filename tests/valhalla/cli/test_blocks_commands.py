"""The commands about sources, markets and the blocks."""

from __future__ import annotations

import json
from typing import Any


def test_sources_and_markets_say_what_they_are_worth(data: Any, told: Any) -> None:
    name = max(data("sources", "list"), key=lambda each: each["leads"])["name"]
    assert data("sources", "cost", name, "$400")["cost"] == 400.0
    found = data("sources", "show", name)
    assert (found["cost"], found["quality"]["score"]) == (400.0, None) and found["leads"] > 0
    code, out, _ = told("sources", "show", name)
    assert (code, "unknown: 20 more worked leads" in out) == (0, True)
    assert data("sources", "proposals") == [] and "No source costs more" in told("sources", "proposals")[1]
    market = data("markets", "list")[0]["market"]
    assert data("markets", "cap", market)["cap"]["proposed"] is None
    assert told("markets", "cap", market, "--apply")[0] == 2
    assert told("markets", "list")[0] == 0 and data("policy", "drift") == []


def test_the_status_has_thirty_blocks(told: Any) -> None:
    code, out, err = told("sandbox", "status", "--json")
    assert (code, err) == (1, "")
    found = json.loads(out)["blocks"]
    assert [each["number"] for each in found] == list(range(1, 31)) and all(each["ok"] for each in found)
    assert {"number", "name", "ours", "does", "ok", "detail", "last_used"} <= set(found[0])
    code, out, _ = told("sandbox", "status")
    assert "30 of 30 do what they promise" in out and "30  Verification" in out
