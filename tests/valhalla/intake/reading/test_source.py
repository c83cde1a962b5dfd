"""Positions, tails and changes of a file while it is read."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from valhalla.intake.reading import Position, SourceError, open_source, prefix_hash, source
from valhalla.intake.reading.csvfile import Window

HEAD = "name,email,value,notes\n"


def line(number: int) -> str:
    note = '"two\nlines"' if number % 7 == 0 else "é" if number % 5 == 0 else "plain"
    return f"Lead {number},lead{number}@example.com,{number + 1},{note}\n"


def test_reading_resumes_at_every_position(read_path, write):
    path = write(HEAD + "".join(map(line, range(60))) + "broken,row\n" + 'x,"open,5,\n' + line(61))
    whole = read_path(path)
    for size in (1, 3, 10):
        with open_source(path) as source:
            ends = [chunk.end for chunk in source.chunks(size, final=True)]
        for end in ends:
            rest = read_path(path, start=Position.from_json(end.to_json()))
            assert rest.rows == [row for row in whole.rows if row.line >= end.line]
            assert rest.codes == [code for code in whole.codes if code[0] >= end.line]
            assert rest.end == whole.end


@pytest.mark.parametrize("above", ["", "My list\n", "My list\n\nof May\n", '"A title\nof two lines"\n\n'])
def test_rows_below_titles_are_numbered_by_the_lines_of_the_file(read_path, write, above):
    path = write(above + HEAD + line(1) + line(7) + line(2))
    first = above.count("\n") + 2
    assert [row.line for row in read_path(path).rows] == [first, first + 1, first + 3]


def test_an_appended_file_is_read_on(read_path, write):
    path = write(HEAD + "".join(map(line, range(10))))
    first = read_path(path)
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(map(line, range(10, 20))))
    second = read_path(path, start=first.end)
    assert first.rows + second.rows == read_path(path).rows
    assert second.end == read_path(path).end


def test_a_half_written_last_line_waits(read_path, write):
    path = write(HEAD + line(1) + "Lead 2,lead2@exam")
    first = read_path(path, final=False)
    assert [row.name for row in first.rows] == ["Lead 1"]
    with path.open("a", encoding="utf-8") as file:
        file.write('ple.com,2,"two\nli')
    second = read_path(path, start=first.end, final=False)
    assert (second.rows, second.rejects, second.end) == ([], [], first.end)
    with path.open("a", encoding="utf-8") as file:
        file.write('nes"\n')
    third = read_path(path, start=second.end, final=False)
    assert [(row.name, row.line) for row in third.rows] == [("Lead 2", 3)]
    assert third.rows + first.rows != []


def test_a_last_line_without_end_is_read_when_final(read_path, write):
    path = write(HEAD + line(1) + line(2).rstrip("\n"))
    assert len(read_path(path, final=False).rows) == 1
    assert len(read_path(path, final=True).rows) == 2


def test_a_first_accent_in_the_appended_part_decides_the_encoding(read_path, write):
    path = write(HEAD + line(1))
    first = read_path(path)
    assert first.end.encoding == ""
    with path.open("ab") as file:
        file.write("José,jose@example.com,5,x\n".encode("cp1252"))
    second = read_path(path, start=first.end)
    assert [row.name for row in second.rows] == ["José"]
    assert [w.code for w in second.source.warnings] == ["ENCODING_ASSUMED"]
    with path.open("ab") as file:
        file.write("Zoë,zoe@example.com,5,x\n".encode("cp1252"))
    assert [row.name for row in read_path(path, start=second.end).rows] == ["Zoë"]


def test_the_digest_is_that_of_the_bytes_before_the_position(write):
    path = write(HEAD + "".join(map(line, range(50))))
    with open_source(path) as source:
        for chunk in source.chunks(7, final=True):
            assert source.digest() == prefix_hash(path, chunk.end.offset).hexdigest()
            with open_source(path, start=chunk.end) as resumed:
                assert resumed.digest() == source.digest()
    assert prefix_hash(path, 10).hexdigest() != prefix_hash(path, 11).hexdigest()


def test_a_file_that_is_cut_while_it_is_read(write):
    path = write(HEAD + "".join(map(line, range(1000))))
    with open_source(path) as source:
        source.read(10)
        path.write_text(HEAD, encoding="utf-8")
        with pytest.raises(SourceError) as caught:
            source.read(10)
    assert caught.value.code == "FILE_CHANGED"


def test_a_file_that_is_rewritten_while_it_is_read(write):
    path = write(HEAD + "".join(map(line, range(1000))))
    with open_source(path) as source:
        source.read(10)
        path.write_text(HEAD + "".join(map(line, range(5000, 7000))), encoding="utf-8")
        with pytest.raises(SourceError) as caught:
            list(source.chunks(10))
    assert caught.value.code == "FILE_CHANGED"


def test_a_file_that_grows_while_it_is_read_is_fine(write):
    path = write(HEAD + "".join(map(line, range(100))))
    names = []
    with open_source(path) as source:
        for number, chunk in enumerate(source.chunks(10)):
            names += [row.name for row in chunk.accepted]
            if number < 5:
                with path.open("a", encoding="utf-8") as file:
                    file.write(line(100 + number))
    assert names == [f"Lead {number}" for number in range(105)]


def test_a_replaced_file_is_read_as_it_was(write, tmp_path: Path):
    path = write(HEAD + "".join(map(line, range(1000))))
    with open_source(path) as source:
        first = source.read(10)
        other = tmp_path / "other"
        other.write_text(HEAD + line(7), encoding="utf-8")
        try:
            other.replace(path)
        except OSError:
            pytest.skip("an open file cannot be replaced here")
        rest = list(source.chunks())
    assert first is not None
    assert first.records + sum(chunk.records for chunk in rest) == 1000


CELL = st.text(st.sampled_from(list('aé,;"\n\r\t \0=+@5.')) | st.characters(codec="utf-8"), max_size=12)
ROW = st.lists(CELL, max_size=6).map(",".join) | st.sampled_from(
    ["A,a@example.com,5,x", '"A, B",b@example.com,7,"x ""y"" z"', "C,c@example.com,1.5,", ",,,", ""]
)


@given(st.lists(ROW, max_size=25), st.sampled_from(["\n", "\r\n", "\r"]), st.integers(1, 9), st.booleans())
def test_any_text_is_read_the_same_in_any_chunks_and_by_both_paths(
    read_path, tmp_path_factory, rows, end, size, final
):
    path = tmp_path_factory.mktemp("any") / "leads.csv"
    path.write_bytes((HEAD.replace("\n", end) + end.join(rows)).encode("utf-8", "surrogatepass"))
    careful = read_path(path, slow=True, final=final)
    for reading in (read_path(path, final=final), read_path(path, chunk=size, final=final)):
        assert reading.rows == careful.rows
        assert reading.rejects == careful.rejects
        assert sorted(reading.warnings) == sorted(careful.warnings)
        assert (reading.blank, reading.end) == (careful.blank, careful.end)


@given(st.lists(ROW, max_size=15), st.data())
def test_what_is_appended_is_read_as_if_it_had_been_there(read_path, tmp_path_factory, rows, data):
    path = tmp_path_factory.mktemp("tail") / "leads.csv"
    content = (HEAD + "\n".join(rows)).encode()
    cut = data.draw(st.integers(len(HEAD), len(content)))
    path.write_bytes(content[:cut])
    try:
        first = read_path(path, final=False)
    except SourceError:
        return
    path.write_bytes(content)
    second = read_path(path, start=first.end)
    whole = read_path(path)
    if first.source.encoding == second.source.encoding == whole.source.encoding:
        assert first.rows + second.rows == whole.rows
        assert first.blank + second.blank == whole.blank
        assert second.end.records == whole.end.records


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", HEAD.encode(), b"\xff\xfe", b"PK\x03\x04", b"[{", b'{"a":']),
)
def test_arbitrary_bytes_are_read_or_refused_with_a_sentence(read_path, tmp_path_factory, content, head):
    path = tmp_path_factory.mktemp("bytes") / "leads.csv"
    path.write_bytes(head + content)
    try:
        reading = read_path(path)
    except SourceError as error:
        assert error.message  # noqa: PT017
        return
    assert reading.end.records == len(reading.rows) + len(reading.rejects)
    if reading.source.format == "csv":
        assert reading.end.offset == len(head + content)


@pytest.mark.parametrize(("cell", "taken"), [(1, 80), (1 << 20, 5)], ids=["short rows", "rows of a megabyte"])
def test_the_top_of_a_table_is_a_few_rows_and_a_few_megabytes(cell, taken):
    rows = iter([(number, ["x" if number == 0 else "x" * cell]) for number in range(100)])
    assert [number for number, _ in source._top(rows)] == list(range(taken))
    assert next(rows)[0] == taken, "no more is read than is needed"


@given(
    st.lists(st.sampled_from(["a,b", "", "c" * 5_000]), max_size=8),
    st.sampled_from([("\n",), ("\r\n",), ("\r",), ("\n", "\r", "\r\n")]),
    st.integers(1, 9),
)
@example(["a", "b", "c"], ("\n", "\r", "\r\n"), 2)
def test_the_first_lines_are_as_many_as_were_asked_for(lines, ends, count):
    text = [line + ends[at % len(ends)] for at, line in enumerate(lines)]
    data = "".join(text).encode()
    window = Window(io.BytesIO(data), 0, "utf-8", "\r" if ends == ("\r",) else "\n")
    window.fill(len(data) + 1)
    expected = re.findall(rb"[^\r\n]*(?:\r\n?|\n)", data)
    assert window.first_lines(count, len(data)) == (
        len(b"".join(expected[:count])) if len(expected) >= count else len(data)
    )
