"""JSON of every depth and length, and headers of every width."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valhalla.intake.reading import SourceError, open_source, source
from valhalla.intake.reading.careful import formula_like
from valhalla.intake.reading.chunk import COLUMNS_LIMIT
from valhalla.intake.reading.nesting import DEPTH_LIMIT, CountedBrackets

LEAD = '"name":"Ann","email":"ann@example.com","value":5'


def read(write: Callable[..., Path], text: str, name: str = "leads.json") -> Any:
    with open_source(write(text, name)) as opened:
        return list(opened.chunks(final=True))


def refused(write: Callable[..., Path], text: str) -> str:
    with pytest.raises(SourceError) as caught:
        read(write, text)
    assert caught.value.code == "TOO_LARGE"
    return caught.value.message


@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}"), ('{"]":[', "]}"), ('{"\\"]":', "}")])
def test_a_deep_document_is_refused_before_it_takes_memory(write, begin, end):
    deep = begin * 300_000 + "1" + end * 300_000
    assert "levels deep" in refused(write, f'[{{{LEAD},"x":{deep}}}]')


def test_as_deep_as_is_allowed_is_read_and_stored_as_text(write):
    depth = DEPTH_LIMIT - 2
    (chunk,) = read(write, f'[{{{LEAD},"x":{"[" * depth}{"]" * depth}}}]')
    assert chunk.accepted[0].extras == json.dumps(["[" * depth + "]" * depth])


def test_deep_lines_cost_their_line(write):
    deep = "[" * 100_000
    (chunk,) = read(write, f'{{{LEAD}}}\n{{{LEAD},"x":{deep}}}\n{{{LEAD}}}\n', "leads.jsonl")
    assert [row.line for row in chunk.accepted] == [1, 3] and [r.line for r in chunk.rejected] == [2]


@pytest.mark.parametrize("depth", [100, 400, 800, 950, 990])
def test_lines_of_any_depth_are_read_or_rejected(write, depth):
    deep = "[" * depth + "]" * depth
    (chunk,) = read(write, f'{{{LEAD}}}\n{{{LEAD},"x":{deep}}}\n', "leads.jsonl")
    assert chunk.records == 2 and len(chunk.accepted) >= 1


@pytest.mark.parametrize("number", ["1" * 5_000, "1e999999999", "1e" + "9" * 30, "-0", "1." + "0" * 100_000])
def test_numbers_of_any_length_are_read_or_refused_with_a_sentence(write, number):
    for form, name in (("[{%s}]", "leads.json"), ("{%s}\n", "leads.jsonl")):
        text = form % f'"name":"Ann","email":"ann@example.com","value":{number}'
        try:
            found = sum(chunk.records for chunk in read(write, text, name))
        except SourceError as error:
            found = len(error.message) < 500
        assert found == 1


def test_a_record_of_a_million_numbers_is_refused(write):
    assert "elements" in refused(write, f'[{{{LEAD},"x":[{"1.5," * 1_000_000}1]}}]')


def test_a_text_too_long_to_be_held_is_refused(write):
    assert "8 MiB" in refused(write, f'[{{{LEAD},"x":"{"x" * (10 << 20)}"}}]')


def test_more_keys_than_columns_share_one_column(write):
    keys = ",".join(f'"k{number}":1' for number in range(20_000))
    with open_source(write(f"[{{{LEAD},{keys}}},{{{LEAD}}}]", "leads.json")) as opened:
        assert len(opened.header) == COLUMNS_LIMIT and opened.header[-1] == "(more)"
        chunks = list(opened.chunks(final=True))
    assert sum(len(chunk.accepted) for chunk in chunks) == 2


def test_records_that_lack_most_of_many_columns_are_counted(write, monkeypatch):
    monkeypatch.setattr(source, "EMPTY_CELLS", 2_000_000)
    keys = ",".join(f'"k{number}":1' for number in range(16_000))
    assert "cells are empty" in refused(write, f"[{{{LEAD},{keys}}}" + ',{"name":"A"}' * 20_000 + "]")


def test_lines_that_lack_most_of_many_columns_are_counted(write, monkeypatch):
    monkeypatch.setattr(source, "EMPTY_CELLS", 2_000_000)
    names = ",".join(f"c{number}" for number in range(16_000))
    with pytest.raises(SourceError, match="cells are empty") as caught:
        read(write, f"name,email,value,{names}\n" + "a\n" * 20_000, "leads.csv")
    assert caught.value.code == "TOO_LARGE"


@pytest.mark.parametrize("name", ["a", "", "c%d", "owner name %d (x"])
def test_a_header_wider_than_a_sheet_is_refused_soon(write, name):
    names = ",".join(name % n if "%" in name else name for n in range(100_000))
    with pytest.raises(SourceError, match=r"up to 16,384 are read") as caught:
        read(write, f"name,email,value,{names}x\n", "leads.csv")
    assert caught.value.code == "TOO_LARGE"


@pytest.mark.parametrize("name", ["a", "", "mail adress of the owner %d"])
def test_a_header_as_wide_as_a_sheet_is_read_soon_and_warns_briefly(write, name):
    names = ",".join(name % n if "%" in name else name for n in range(16_000))
    with open_source(write(f"name,email,value,{names},x\nA,a@example.com,5\n")) as opened:
        assert len(opened.warnings) <= 101
    with pytest.raises(SourceError, match="No column for name and email"):
        open_source(write(f"{names},value\n"))


def test_a_long_cell_that_begins_like_a_number_is_looked_at_once():
    assert formula_like("+" + "1" * 300_000 + "x") and not formula_like("+" + "1" * 300_000)


@given(
    st.recursive(
        st.text(alphabet='\\"[]{},x') | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='\\"[]{}'), inner),
    ),
    st.integers(1, 9),
)
def test_brackets_in_texts_do_not_count(value, size):
    counted = CountedBrackets(io.BytesIO(json.dumps(value).encode()), Path("list"))
    while counted.read(size):
        assert counted._depth >= 0
    assert counted._depth == 0 and not counted._quoted


@pytest.mark.parametrize("text", ["x" * 4_000_000, "\\u0041" * 600_000, '\\"' * 2_000_000])
def test_a_long_text_is_given_in_few_blocks(tmp_path, text):
    # The parser decodes what is open from its start with each block: many small ones take it minutes.
    document = f'[{{"name":"{text}"}},{{"name":"B"}}]'.encode()
    counted = CountedBrackets(io.BytesIO(document), tmp_path, 1)
    blocks = list(iter(lambda: counted.read(1 << 16), b""))
    assert b"".join(blocks) == document and len(blocks) < 12
