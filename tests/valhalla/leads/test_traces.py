"""Numbers in any spelling, addresses, and a name with its place; not what only looks like them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from valhalla.leads.traces import Traces


@pytest.fixture
def jane() -> Traces:
    traces = Traces()
    traces.add(
        name="Jane Canary",
        emails=["Jane@canary.example"],
        phones=["713-555-0188"],
        places=["12 Oak St, Houston"],
    )
    return traces


@pytest.mark.parametrize(
    "text",
    [
        "7135550188",
        "+1 (713) 555-0188",
        "713.555.0188 x4",
        "1-713/555/0188",
        "７１３－５５５－０１８８",
        "17135550188.0",
        "x,JANE@CANARY.EXAMPLE,y",
        "<jane@canary.example>",
        "Canary Jane,oops,12 OAK ST HOUSTON",
    ],
)
def test_a_text_that_tells_of_her(jane: Traces, text: str) -> None:
    assert jane.in_text(text)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "713-555-0189",
        "mary-jane@canary.example",
        "jane@canary.example-two.com",
        "Jane Canary",
        "Jane Other, 12 Oak St, Houston",
        "Jane Canary, 13 Elm St",
    ],
)
def test_a_text_that_does_not(jane: Traces, text: str | None) -> None:
    assert not jane.in_text(text)


def test_a_name_alone_is_enough_in_the_name_of_a_file(jane: Traces) -> None:
    assert jane.in_text("jane_canary-offer.csv", by_name=True)
    assert not jane.in_text("jane.csv", by_name=True)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ask Jane Canary, (713) 555-0188", "ask [left out]"),
        ("ask CANARY, JANE.", "ask [left out]."),
        (
            "mail jane@canary.example or mary-jane@canary.example",
            "mail [left out] or mary-jane@canary.example",
        ),
        ("+1 713.555.0188 twice, 713-555-0189 once", "[left out] twice, 713-555-0189 once"),
        ("７１３－５５５－０１８８", "[left out]"),
        ("Jane Canaryson of 12 Oak St", "Jane Canaryson of 12 Oak St"),
    ],
)
def test_she_is_left_out_of_what_was_written(jane: Traces, text: str, left: str) -> None:
    assert jane.without(text) == left


@pytest.mark.parametrize("content", ["713 555 0188", "a;Jane Canary;b", "jane@CANARY.example"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_that_holds_her(jane: Traces, tmp_path: Path, content: str, encoding: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(content, encoding=encoding)
    assert jane.in_file(path)
    packed = tmp_path / "list.xlsx"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(path, "sheet.xml")
    assert jane.in_file(packed)
    path.write_text("Bo", encoding=encoding)
    assert not jane.in_file(path)
