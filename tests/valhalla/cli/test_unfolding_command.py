"""``valhalla leads unfold`` on a home of version 0.1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import apsw
import pytest

from valhalla.cli.entry import run

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "folded" / "schema-0015.sql"


def test_it_shows_asks_does_and_takes_back(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    home.mkdir(exist_ok=True)
    connection = apsw.Connection(str(home / "valhalla.db"))
    connection.execute(FIXTURE.read_text(encoding="utf-8"))
    connection.close()

    def told(*words: object) -> Any:
        capfd.readouterr()
        assert run([*map(str, words), "--json"]) == 0
        return json.loads(capfd.readouterr().out)

    assert told("leads", "unfold", "--preview")["houses"] == 6
    assert len(told("leads", "list")) == 8
    assert run(["leads", "unfold", "--preview"]) == 0
    assert "5 leads stand for several houses" in capfd.readouterr().out
    done = told("leads", "unfold", "--yes")
    assert (done["leads"], done["houses"], [each["lead"] for each in done["unsure"]]) == (5, 6, [5])
    (asked,) = done["unsure"]
    assert told("leads", "unfold", "--assign", asked["id"], asked["houses"][0]["lead"])["moved"] == 1
    assert len(told("leads", "show", 1)["person"]["other_leads"]) == 2
    assert told("leads", "unfold", "--undo", done["unfolding"])["leads"] == 5
    assert len(told("leads", "list")) == 8
    capfd.readouterr()
    assert run(["leads", "unfold", "--undo", "9"]) == 1
    assert "under number 9" in capfd.readouterr().err
