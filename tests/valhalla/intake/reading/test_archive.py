"""Archives that claim or unpack to more than a workbook may hold."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from valhalla.intake.reading import SourceError, open_source
from valhalla.intake.reading.archive import DEPTH_LIMIT, TAG_LIMIT

SHEET = "xl/worksheets/sheet1.xml"
PARTS = ("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/sharedStrings.xml", SHEET)  # fmt: skip


@pytest.fixture
def made(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("hostile_files")


def refused(path: Path) -> SourceError:
    with pytest.raises(SourceError) as caught:
        open_source(path)
    assert caught.value.message.endswith(".") and "\n" not in caught.value.message
    return caught.value


@pytest.mark.parametrize("name", ["mimetype", "xl/media/image1.png", "xl/sharedStrings.xml", "xl/styles.xml"])
def test_a_part_that_unpacks_to_gigabytes_is_not_read(tmp_path: Path, made: ModuleType, name: str) -> None:
    path = tmp_path / "leads.xlsx"
    path.write_bytes(made.bomb(name, 1_500))
    tracemalloc.start()
    try:
        error = refused(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.code == "TOO_LARGE" and "50 MB" in error.message
    assert peak < 20 << 20


@pytest.mark.parametrize("claimed", [100, 40 << 20])
def test_what_a_part_claims_to_be_is_all_that_is_read_of_it(
    tmp_path: Path, made: ModuleType, claimed: int
) -> None:
    path = tmp_path / "leads.xlsx"
    path.write_bytes(made.bomb("xl/more.xml", 1_500, claimed))
    tracemalloc.start()
    try:
        assert refused(path).code == "NOT_READABLE"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 << 20


def test_a_list_of_parts_as_long_as_a_book_is_not_read(tmp_path: Path, made: ModuleType) -> None:
    path = tmp_path / "leads.xlsx"
    path.write_bytes(
        made.packed(dict(made.parts()) | {f"xl/a/part/with/a/long/name/{n}": "" for n in range(30_000)}, 0)
    )
    error = refused(path)
    assert error.code == "TOO_LARGE" and "more parts than a workbook has" in error.message


def test_an_archive_with_a_password_says_so(tmp_path: Path, made: ModuleType) -> None:
    content = bytearray(made.packed(dict(made.parts())))
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        content[at + 8] |= 1
        at += 4
    path = tmp_path / "leads.xlsx"
    path.write_bytes(content)
    error = refused(path)
    assert error.code == "NOT_READABLE" and "password" in error.message


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_that_unpacks_without_bound_is_refused(tmp_path: Path, made: ModuleType, how: int) -> None:
    path = tmp_path / "leads.xlsx"
    path.write_bytes(made.packed(dict(made.parts()), how))
    assert "packed by a method" in refused(path).message


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_in_every_part_and_encoding(
    tmp_path: Path, made: ModuleType, part: str, encoding: str
) -> None:
    text = made.LAUGHS + made.parts()[part].replace(">", "><a>&i;</a>", 1)
    path = tmp_path / "leads.xlsx"
    path.write_bytes(made.packed(dict(made.parts()) | {part: text.encode(encoding)}))
    error = refused(path)
    assert error.code == "NOT_READABLE" and "document type" in error.message and part in error.message


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("inside", "word"),
    [
        ("<a>" * (DEPTH_LIMIT + 9), "deep"),
        (f"<a b='{'x' * 3 * TAG_LIMIT}'/>", "a tag"),
        (f"<!--{'x' * 3 * TAG_LIMIT}-->", "a tag"),
        ("".join(f"<a{n}/>" for n in range(60_000)), "different names"),
    ],
)
def test_xml_that_takes_memory_without_bound_is_refused(
    tmp_path: Path, made: ModuleType, part: str, inside: str, word: str
) -> None:
    path = tmp_path / "leads.xlsx"
    path.write_bytes(
        made.packed(dict(made.parts()) | {part: made.parts()[part].replace(">", ">" + inside, 1)})
    )
    error = refused(path)
    assert error.code == "NOT_READABLE" and word in error.message


def test_an_archive_in_the_newer_form_for_large_ones_is_read(tmp_path: Path, made: ModuleType) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in made.parts().items():
            with archive.open(name, "w", force_zip64=True) as part:
                part.write(text.encode())
    path = tmp_path / "leads.xlsx"
    path.write_bytes(target.getvalue())
    with open_source(path) as source:
        chunk = source.read(final=True)
    assert chunk is not None and [row.name for row in chunk.accepted] == ["Ann Ames"]
