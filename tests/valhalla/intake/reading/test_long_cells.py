"""Cells of enormous length take as long as they are, not the square of it: a list with one must not stop the program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from valhalla.intake.reading import open_source
from valhalla.intake.reading.chunk import CHUNK_BYTES

CODE = """
import sys
from valhalla.intake.reading import Profile
from valhalla.intake.reading.single import read_lead
from valhalla.intake.reading.header import normal
for field in {fields!r}:
    for unit in {units!r}:
        print(field, repr(unit), flush=True)
        for before in ("", "1"):
            text = before + unit * (100_000 // len(unit)) + "!"
            normal(text)
            for form in ("strict", "us", "eu"):
                read_lead({{"name": "Ann", "email": "a@b.co", "value": "5", field: text}}, Profile(contact="either", value_format=form))
"""
FIELDS = ("name", "email", "value", "phone", "location", "sqft", "list date", "notes")
UNITS = (" ", ", ", "1", "0", "1,", "1 ", "[", "(", "a@", "a.", "$", "-", "x ", "ext ", "90210 ", "\u00a0")


def test_no_cell_takes_the_square_of_its_length() -> None:
    """In a process that can be ended; the last line it prints names the cell that took too long."""
    code = CODE.format(units=UNITS, fields=FIELDS)
    subprocess.run([sys.executable, "-c", code], check=True, timeout=240)


def test_a_place_behind_a_long_text_is_still_found_and_a_long_number_still_counts() -> None:
    from valhalla.intake.reading import Profile
    from valhalla.intake.reading.single import read_lead
    from valhalla.leads.markets import market_of

    assert market_of(None, None, "x" * 5_000 + ", Houston, TX 77002") == ("Houston, TX", "TX")
    row, _, _ = read_lead({"name": "Ann", "email": "a@b.co", "value": "0" * 500 + "5"}, Profile())
    assert row.value == 500  # type: ignore[union-attr]
    row, _, _ = read_lead({"name": "Ann", "email": "a@b.co", "value": "1," * 500 + "5"}, Profile())
    assert row.code == "VALUE_NOT_NUMBER"  # type: ignore[union-attr]


NOTE = "\U0001f3e0" + "word " * 20_000
LONG = [{"name": f"Lead {n}", "email": f"l{n}@x.com", "value": str(n + 1), "notes": NOTE} for n in range(60)]
CONTENTS = {
    "a.csv": "name,email,value,notes\n" + "".join(",".join(each.values()) + "\n" for each in LONG),
    "a.jsonl": "".join(json.dumps(each) + "\n" for each in LONG),
    "a.json": json.dumps(LONG),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_rows_with_long_cells_come_few_at_a_time(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(CONTENTS[name], encoding="utf-8")
    with open_source(path) as source:
        chunks = list(source.chunks(1_000, final=True))
    assert [row.name for chunk in chunks for row in chunk.accepted] == [each["name"] for each in LONG]
    most = CHUNK_BYTES // len(NOTE)
    assert max(chunk.records for chunk in chunks) <= most + 3, "what was begun is read to its end"
    assert len({chunk.end for chunk in chunks}) == len(chunks), "and reading can go on behind each"
