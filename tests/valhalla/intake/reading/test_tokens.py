"""Records as Python's csv reads them, wherever that accepts a text."""

from __future__ import annotations

import csv

from hypothesis import given
from hypothesis import strategies as st

from valhalla.intake.reading.tokens import Open, Record, next_record


def records(text: str, width: int = 99) -> list[Record]:
    found, at = [], 0
    while at < len(text):
        record = next_record(text, at, ",", width, True)
        assert isinstance(record, Record)
        assert record.end > at
        found.append(record)
        at = record.end
    return found


@given(st.text(st.sampled_from('ab,"\n\r'), max_size=30))
def test_agrees_with_csv_where_csv_accepts_the_text(text):
    try:
        expected = list(csv.reader(text.splitlines(keepends=True), strict=True))
    except csv.Error:
        return
    assert [record.cells for record in records(text)] == [cells or [""] for cells in expected]


@given(st.text(st.sampled_from('ab, "\n\r'), max_size=40))
def test_records_follow_each_other_and_count_their_lines(text):
    found = records(text, width=3)
    assert "".join(text[record.start : record.end] for record in found) == text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    assert sum(record.lines for record in found) == len(lines)


@given(st.text(st.sampled_from('ab,"\n'), max_size=30), st.integers(0, 30))
def test_a_cut_text_never_gives_another_record_than_the_whole_one(text, cut):
    part = next_record(text[:cut], 0, ",", 99, False) if text[:cut] else Open(0, False)
    if isinstance(part, Record) and part.problem is None:
        assert part == next_record(text, 0, ",", 99, True)
