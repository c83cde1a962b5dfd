"""Tables fit the screen they are printed on."""

from __future__ import annotations

import io
import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from valhalla.cli import tables
from valhalla.cli.entry import run
from valhalla.cli.leads import print_list
from valhalla.cli.tables import fitting

HEADERS = ("lead", "name", "email")
ROWS = [("1", "Ann", "ann@example.com"), ("2", "田中", "t@x.jp")]


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_columns_are_left_out_in_the_given_order_until_the_rest_fits() -> None:
    whole = 4 + 4 + 15 + 3 * tables.BETWEEN
    assert fitting(HEADERS, ROWS, ("email", "lead"), whole) == [0, 1, 2]
    assert fitting(HEADERS, ROWS, ("email", "lead"), whole - 1) == [0, 1]
    assert fitting(HEADERS, ROWS, ("email", "lead"), 8) == [1]
    assert fitting(HEADERS, ROWS, (), 8) == [0, 1, 2], "what is not spare stays, and is folded"


ENTRY = {
    "id": 1,
    "name": "Marcus Whitfield",
    "phone": "713-555-0142",
    "email": "marcus.whitfield@example.com",
    "location": "Houston TX",
    "value": 1_150_000.0,
    "score": 35,
    "band": "C",
    "next_action": "text then call",
}


@pytest.mark.parametrize(
    ("width", "said", "unsaid"), [(80, "text then call", "@"), (140, "marcus.whitfield@example.com", "wider")]
)
def test_a_list_of_leads_has_a_line_for_each_lead(
    monkeypatch: pytest.MonkeyPatch, width: int, said: str, unsaid: str
) -> None:
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    print_list([ENTRY])
    said_at_all = re.sub("\x1b[^m]*m", "", screen.getvalue())
    lines = [line for line in said_at_all.splitlines() if line.strip()]
    assert all(len(line) <= width for line in lines)
    (lead,) = [line for line in lines if "Marcus" in line]
    assert "$1,150,000" in lead and "713-555-0142" in lead and said in lead
    assert unsaid not in said_at_all


def test_a_pipe_gets_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    print_list([ENTRY])
    assert "marcus.whitfield@example.com" in capsys.readouterr().out


def test_times_stand_on_the_operators_clock(
    home: Path, sample_leads: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    place = ["--home", str(home)]
    assert run([*place, "ingest", str(sample_leads)]) == 0
    capfd.readouterr()
    assert run([*place, "imports", "list", "--json"]) == 0
    began = datetime.fromisoformat(json.loads(capfd.readouterr().out)[0]["started_at"])
    monkeypatch.setenv("VALHALLA_TIMEZONE", "Asia/Tokyo")
    assert run([*place, "imports", "list"]) == 0
    assert (began + timedelta(hours=9)).strftime("%Y-%m-%d %H:%M") in capfd.readouterr().out
