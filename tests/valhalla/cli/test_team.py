"""``valhalla team``, and what people do under their own names."""

from __future__ import annotations

import json
from collections.abc import Callable

Told = Callable[..., tuple[int, str, str]]


def test_a_team_is_made_and_left(told: Told) -> None:
    assert told("team", "on")[0] == 0
    assert told("team", "add", "Dana", "--role", "caller")[0] == 0
    assert json.loads(told("team", "list", "--json")[1]) == [{"name": "Dana", "role": "caller"}]
    assert told("team", "add", "dana")[0] == 2
    assert told("team", "remove", "Dana")[:2] == (0, "Dana is out of the team.\n")
    assert json.loads(told("team", "list", "--json")[1]) == []
    assert told("team", "off")[0] == 0


def test_an_outcome_stands_under_the_name_of_who_recorded_it(told: Told) -> None:
    told("team", "add", "Dana")
    assert told("outcome", "3", "no_answer", "--as", "Dana")[0] == 2, "the team is off"
    told("team", "on")
    assert told("outcome", "3", "no_answer", "--as", "dana")[0] == 0
    assert json.loads(told("outcome", "list", "3", "--json")[1])[0]["recorded_by"] == "Dana"
    code, _, err = told("outcome", "3", "no_answer", "--as", "Dona")
    assert (code, "did you mean Dana" in err) == (2, True)
    assert told("leads", "next", "--as", "Dona")[0] == 2
    assert told("leads", "next", "--release")[0] == 2
    assert json.loads(told("leads", "next", "--as", "Dana", "--release", "--json")[1]) == {"released": False}
