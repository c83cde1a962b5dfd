"""Records as Python's csv reads them, wherever that accepts a text."""

from __future__ import annotations

import csv

from hypothesis import example, given
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
@example('"a""",b')
@example('"""a""b",""\n"""",b')
@example('"a""\r\n""",""""""\n')
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


@given(st.text(st.sampled_from('ab,"\n'), max_size=30), st.integers(0, 30), st.sampled_from([1, 300]))
@example('"\n",bb', 1, 300)
def test_a_cut_text_never_gives_another_record_than_the_whole_one(text, cut, size):
    text, cut = text.replace("b", "b" * size), cut * size
    part = next_record(text[:cut], 0, ",", 99, False) if text[:cut] else Open(0, False)
    if isinstance(part, Record) and part.problem is None:
        assert part == next_record(text, 0, ",", 99, True)


class Searched(str):
    """A text that counts the characters in which something was looked for."""

    looked = 0

    def find(self, sub: str, start: int = 0, end: int | None = None) -> int:  # type: ignore[override]
        end = len(self) if end is None else end
        found = str.find(self, sub, start, end)
        self.looked += (found if found >= 0 else end) - start
        return found


def test_the_end_of_a_line_is_not_looked_for_through_all_of_a_text():
    for ends in ("\r", "\n", "\r\n", "a,b\r"):
        text = Searched(ends * 50_000)
        for at in range(0, 1_000 * len(ends), len(ends)):
            assert next_record(text, at, ",", 9, True).end == at + len(ends)
        assert text.looked < 2_000_000
