"""``valhalla leads unfold`` on a home of version 0.1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "folded" / "schema-0015.sql"


def test_it_shows_asks_does_and_takes_back(home: Path, command: Any) -> None:
    home.mkdir(exist_ok=True)
    connection = apsw.Connection(str(home / "valhalla.db"))
    connection.execute(FIXTURE.read_text(encoding="utf-8"))
    connection.close()

    def told(*words: object) -> Any:
        return command(*words, "--json", code=0).json

    assert told("leads", "unfold", "--preview")["houses"] == 6
    assert len(told("leads", "list")) == 8
    assert "5 leads stand for several houses" in command("leads", "unfold", "--preview", code=0).out
    done = told("leads", "unfold", "--yes")
    assert (done["leads"], done["houses"], [each["lead"] for each in done["unsure"]]) == (5, 6, [5])
    (asked,) = done["unsure"]
    assert told("leads", "unfold", "--assign", asked["id"], asked["houses"][0]["lead"])["moved"] == 1
    assert len(told("leads", "show", 1)["person"]["other_leads"]) == 2
    assert told("leads", "unfold", "--undo", done["unfolding"])["leads"] == 5
    assert len(told("leads", "list")) == 8
    assert "under number 9" in command("leads", "unfold", "--undo", "9", code=1).err
