#!/usr/bin/env python3
"""Files made to stop an import, one after another, while another import goes on.

    python scripts/hostile_files.py --count 500 --seed 1

Workbooks and archives that unpack to gigabytes, name rows and columns that cannot be or lie about themselves; JSON of every depth and
length; text without end; names that are devices or control the terminal. Each is imported into one file. After each: at most 60 s of processor time (300 s by the clock), at most
200 MB for the whole process, and every list of the other import is read. Prints the figures as JSON; exit code 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import multiprocessing
import random
import struct
import sys
import tempfile
import threading
import time
import traceback
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from db import Database
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.intake.results import of_import
from valhalla.program.database import open_database
from valhalla.program.errors import InputError
from valhalla.program.heap import few_heaps, give_back
from valhalla.scoring import store

SECONDS = 60.0
"""Of processor time, for the whole process."""
WAITING = 300.0
"""Seconds by the clock: others may use the machine meanwhile."""
MOST_MB = 200.0
PAUSE = 1.0
"""Seconds between two lists of the other import, whose work counts, too."""

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
TYPES = "[Content_Types].xml"
BOOK, LINKS, SHEET = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"
SHARED, STYLES = "xl/sharedStrings.xml", "xl/styles.xml"
HEAD = '<row r="1"><c t="inlineStr"><is><t>name</t></is></c><c t="inlineStr"><is><t>email</t></is></c><c t="inlineStr"><is><t>value</t></is></c></row>'
LEAD = '<c t="inlineStr"><is><t>Ann Ames</t></is></c><c t="inlineStr"><is><t>ann@example.com</t></is></c><c><v>500000</v></c>'
LAUGHS = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
) + "]>"  # fmt: skip


def parts(rows: str = HEAD + f'<row r="2">{LEAD}</row>', **others: str) -> dict[str, str]:
    """The parts of a workbook with one sheet."""
    found = {
        TYPES: f'<Types xmlns="{PACKAGE}/content-types">'
        f'<Override PartName="/{BOOK}" ContentType="{KIND}.sheet.main+xml"/>'
        f'<Override PartName="/{SHARED}" ContentType="{KIND}.sharedStrings+xml"/></Types>',
        BOOK: f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="Leads" sheetId="1" r:id="rId1"/></sheets></workbook>',
        LINKS: f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        SHARED: f'<sst xmlns="{MAIN}"></sst>',
        STYLES: f'<styleSheet xmlns="{MAIN}"></styleSheet>',
        SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    }
    return found | others


def packed(content: Mapping[str, str | bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The parts as an archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", how) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return target.getvalue()


def bomb(name: str, megabytes: int, claimed: int | None = None) -> bytes:
    """A workbook with one more part, of so many megabytes of nothing; ``claimed``: bytes that it says it has."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    more = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    data = block + more * (megabytes - 1) + packer.flush()
    size = min(megabytes << 20 if claimed is None else claimed, 0xFFFFFFFF)
    whole = packed(dict(parts()))
    at = whole.rindex(b"PK\x05\x06")
    count, length, start = struct.unpack("<HLL", whole[at + 10 : at + 20])
    entry = struct.pack("<HHHHHLLL", 20, 0, 8, 0, 33, 0, len(data), size)
    label = name.encode()
    local = b"PK\x03\x04" + entry + struct.pack("<HH", len(label), 0) + label + data
    listed = (
        b"PK\x01\x02"
        + struct.pack("<H", 20)
        + entry
        + struct.pack("<HHHHHLL", len(label), 0, 0, 0, 0, 0, start)
        + label
    )
    directory = listed + whole[start:at]
    end = b"PK\x05\x06" + struct.pack(
        "<HHHHLLH", 0, 0, count + 1, count + 1, length + len(listed), start + len(local), 0
    )
    return whole[:start] + local + directory + end


class Files:
    """Makes hostile files, the same ones for the same seed."""

    def __init__(self, seed: int, share: float = 1.0) -> None:
        self.chance = random.Random(seed)
        self._share = share

    def many(self, count: int) -> int:
        """So many of something, or the share of it that is wanted."""
        return max(int(count * self._share), 10)

    def all(self, only: str | None = None) -> Iterator[tuple[str, bytes, str]]:
        """What kind each is, its content and its name; without end, every kind in turn, or those with ``only`` in their name."""
        kinds: list[Callable[[], tuple[bytes, str]]] = [
            getattr(self, name) for name in dir(self) if name.startswith("make_") and (only or "") in name
        ]
        while True:
            self.chance.shuffle(kinds)
            for kind in kinds:
                content, ending = kind()
                name = f"list{ending}"
                if self.chance.random() < 0.15:
                    name = self.chance.choice(NAMES) + ending
                elif self.chance.random() < 0.1:
                    name = "list" + self.chance.choice([".csv", ".json", ".jsonl", ".xlsx", ".txt", ".tsv"])
                yield kind.__name__.removeprefix("make_"), content, name

    def _book(self, rows: str = HEAD + f'<row r="2">{LEAD}</row>', **others: str) -> tuple[bytes, str]:
        return packed(dict(parts(rows)) | others), ".xlsx"

    # -- workbooks and archives

    def make_row_far_down(self) -> tuple[bytes, str]:
        row = self.chance.choice(
            [2_000_000_000, 1_048_577, 10**30, "9" * 5_000, -5, 0, "1e9", "1e400", "x", 1_048_576]
        )
        return self._book(HEAD + f'<row r="{row}">{LEAD}</row><row r="2">{LEAD}</row>')

    def make_column_far_out(self) -> tuple[bytes, str]:
        column = self.chance.choice(["ZZZ", "XFE", "XFD", "Z" * 5_000, "1", "", "\u00e9", "xfd"])
        count = self.chance.choice([1_200, 5_000, self.many(20_000)])
        return self._book(
            HEAD + "".join(f'<row r="{n}"><c r="{column}{n}"><v>1</v></c></row>' for n in range(2, count))
        )

    def make_wide_header(self) -> tuple[bytes, str]:
        names = "".join(f"<c><v>{n}</v></c>" for n in range(self.chance.choice([2_000, 16_380])))
        return self._book(
            HEAD.replace("</row>", names + "</row>")
            + f"<row>{LEAD}</row>" * self.chance.choice([100, self.many(10_000)])
        )

    def make_row_without_end(self) -> tuple[bytes, str]:
        cell = self.chance.choice(["<c/>", "<c><v>1</v></c>", '<c r="A1"><v>1</v></c>'])
        return self._book(
            HEAD + "<row>" + cell * self.chance.choice([self.many(100_000), self.many(2_000_000)]) + "</row>"
        )

    def make_rows_without_end(self) -> tuple[bytes, str]:
        row = self.chance.choice(["<row/>", '<row r="1"/>', "<row><c/></row>", "<row><c><v>1</v></c></row>"])
        most = (
            500_000 if "<v>" in row else 1_500_000
        )  # such rows are stored: as many take as long as any list of theirs
        return self._book(HEAD + row * self.chance.choice([self.many(200_000), self.many(most)]))

    def make_shared_texts(self) -> tuple[bytes, str]:
        text = self.chance.choice(["<si/>", "<si><t>ab</t></si>", "<si><r><t>a</t></r><r><t>b</t></r></si>"])
        return self._book(
            **{
                SHARED: f'<sst xmlns="{MAIN}">{text * self.chance.choice([self.many(100_000), self.many(1_500_000)])}</sst>'
            }
        )

    def make_long_shared_text(self) -> tuple[bytes, str]:
        text = "x" * self.chance.choice([32_767, self.many(1_000_000), self.many(30_000_000)])
        row = "<row>" + '<c t="s"><v>0</v></c>' * self.chance.choice([3, 60, 16_000]) + "</row>"
        return self._book(
            HEAD + row * self.chance.choice([10, 1_000]),
            **{SHARED: f'<sst xmlns="{MAIN}"><si><t>{text}</t></si></sst>'},
        )

    def make_styles(self) -> tuple[bytes, str]:
        style = self.chance.choice([
            "<cellXfs>" + '<xf numFmtId="14"/>' * self.many(1_500_000) + "</cellXfs>",
            "<numFmts>" + "".join(f'<numFmt numFmtId="{n}" formatCode="d"/>' for n in range(self.many(300_000))) + "</numFmts>",
            f'<numFmts><numFmt numFmtId="200" formatCode="{"[" * self.many(900_000)}"/></numFmts><cellXfs><xf numFmtId="200"/></cellXfs>',
            "<fonts>" + "<font/>" * self.many(3_000_000) + "</fonts>",
        ])  # fmt: skip
        return self._book(**{STYLES: f'<styleSheet xmlns="{MAIN}">{style}</styleSheet>'})

    def make_relations(self) -> tuple[bytes, str]:
        links = "".join(
            f'<Relationship Id="r{n}" Target="worksheets/sheet1.xml"/>'
            for n in range(self.chance.choice([10_000, self.many(400_000)]))
        )
        return self._book(
            **{LINKS: f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'}
        )

    def make_contents(self) -> tuple[bytes, str]:
        types = "".join(
            f'<Override PartName="/p{n}" ContentType="a/b{n}"/>' for n in range(self.many(300_000))
        )
        return self._book(**{TYPES: f'<Types xmlns="{PACKAGE}/content-types">{types}</Types>'})

    def make_many_sheets(self) -> tuple[bytes, str]:
        sheets = "".join(f'<sheet name="s{n}" sheetId="{n}" r:id="rId1"/>' for n in range(self.many(300_000)))
        return self._book(
            **{BOOK: f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{sheets}</sheets></workbook>'}
        )

    def make_entities(self) -> tuple[bytes, str]:
        part = self.chance.choice([TYPES, BOOK, LINKS, SHARED, STYLES, SHEET])
        text = parts()[part]
        laughing = LAUGHS + text.replace(">", "><a>&i;</a>", 1)
        how = self.chance.choice(["utf-8", "utf-16"])
        return packed(dict(parts()) | {part: laughing.encode(how)}), ".xlsx"

    def make_strange_xml(self) -> tuple[bytes, str]:
        part = self.chance.choice([TYPES, BOOK, LINKS, SHARED, STYLES, SHEET])
        inside = self.chance.choice([
            "<a>" * self.many(2_000_000), f'<a b="{"x" * self.many(30_000_000)}"/>', f"<!--{'x' * self.many(30_000_000)}-->", "".join(f"<a{n}/>" for n in range(self.many(2_000_000))),
            f"<a {' '.join(f'b{n}=1' for n in range(self.many(100_000)))}/>", f"<a>{'x' * self.many(40_000_000)}</a>", "<![CDATA[" + "]" * self.many(1_000_000), "<?a " + "b" * self.many(20_000_000) + "?>",
            "&#0;", "\x00", "<a></b>", "&nothing;",
        ])  # fmt: skip
        return packed(dict(parts()) | {part: parts()[part].replace(">", ">" + inside, 1)}), ".xlsx"

    def make_bomb(self) -> tuple[bytes, str]:
        name = self.chance.choice(["mimetype", "xl/media/image1.png", SHARED, STYLES, LINKS, TYPES, SHEET])
        return bomb(name, self.many(1_500), self.chance.choice([None, 0, 100, 40 << 20])), ".xlsx"

    def make_many_parts(self) -> tuple[bytes, str]:
        count = self.chance.choice([3_000, self.many(40_000)])
        return packed(dict(parts()) | {f"xl/p{n}.xml": "" for n in range(count)}, zipfile.ZIP_STORED), ".xlsx"

    def make_lying_directory(self) -> tuple[bytes, str]:
        content = bytearray(self._book()[0])
        start, end = content.index(b"PK\x01\x02"), content.rindex(b"PK\x05\x06")
        for _ in range(self.chance.randint(1, 4)):
            match self.chance.randrange(4):
                case 0:  # a size, an offset or a method of an entry
                    at = content.rindex(b"PK\x01\x02", start, self.chance.randint(start + 4, end))
                    content[at + self.chance.choice([10, 20, 24, 28, 42]) :][:4] = b"\xff\xff\xff\xff"
                    struct.pack_into(
                        "<L",
                        content,
                        at + self.chance.choice([20, 24, 42]),
                        self.chance.choice([0, 1, 2**31, 2**32 - 1]),
                    )
                case 1:  # how many entries, how long
                    struct.pack_into(
                        "<L",
                        content,
                        end + self.chance.choice([8, 12, 16]),
                        self.chance.choice([0, 70_000, 2**32 - 1]),
                    )
                case 2:  # encrypted, another method
                    at = content.rindex(b"PK\x01\x02", start, self.chance.randint(start + 4, end))
                    struct.pack_into(
                        "<HH",
                        content,
                        at + 8,
                        self.chance.choice([0, 1, 64]),
                        self.chance.choice([0, 8, 9, 12, 14, 93, 99]),
                    )
                case _:
                    del content[self.chance.randrange(len(content)) :][:3]
        return bytes(content), ".xlsx"

    def make_zip64(self) -> tuple[bytes, str]:
        content = self._book()[0]
        at = content.rindex(b"PK\x05\x06")
        count, length, start = struct.unpack("<HLL", content[at + 10 : at + 20])
        length, count = self.chance.choice([(length, count), (2**40, count), (length, 2**60), (2**63, 2**63)])
        far = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, count, count, length, start)
        where = b"PK\x06\x07" + struct.pack("<LQL", 0, at, 1)
        return content[:at] + far + where + b"PK\x05\x06" + struct.pack(
            "<HHHHLLH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0
        ), ".xlsx"

    def make_other_packing(self) -> tuple[bytes, str]:
        content: dict[str, str | bytes] = dict(parts())
        content["xl/media/a.xml"] = b" " * self.many(40 << 20)
        return packed(content, self.chance.choice([zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])), ".xlsx"

    def make_bitten_workbook(self) -> tuple[bytes, str]:
        content = bytearray(self._book()[0])
        for _ in range(self.chance.randint(1, 6)):
            content[self.chance.randrange(4, len(content))] = self.chance.randrange(256)
        return bytes(
            content[: self.chance.choice([len(content), self.chance.randrange(4, len(content))])]
        ), ".xlsx"

    def make_other_archive(self) -> tuple[bytes, str]:
        return packed(
            {
                "mimetype": "application/vnd.oasis.opendocument.spreadsheet"
                * self.chance.choice([1, self.many(100_000)]),
                "content.xml": "<a/>",
            }
        ), ".xlsx"

    def make_odd_cells(self) -> tuple[bytes, str]:
        value = self.chance.choice(
            [
                "1" * self.many(100_000),
                "1e999999",
                "nan",
                "-1",
                "x",
                "",
                "99999999999999999999",
                "\u0661",
                "1_0",
                "0x1",
                "9e9",
            ]
        )
        cells = "".join(
            f'<c t="{kind}" s="{style}"><v>{value}</v></c>'
            for kind in ("n", "b", "d", "e", "str", "inlineStr", "zz")
            for style in ("0", "1", "-1", "x")
        )
        style = '<numFmts/><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        return self._book(
            HEAD + f"<row>{LEAD}{cells}</row>", **{STYLES: f'<styleSheet xmlns="{MAIN}">{style}</styleSheet>'}
        )

    # -- JSON

    def make_depth(self) -> tuple[bytes, str]:
        depth = self.chance.choice([150, 900, 3_000, self.many(200_000), self.many(5_000_000)])
        begin, end = self.chance.choice([("[", "]"), ('{"a":', "}"), ('{"]":[', "]}"), ("[{", "}]")])
        text = begin * depth + "1" + end * self.chance.choice([depth, 0])
        form = self.chance.choice(
            ['[{"name":"A","email":"a@example.com","value":1,"x":%s}]', "%s", '{"items":[%s]}']
        )
        return (form % text).encode(), self.chance.choice([".json", ".jsonl"])

    def make_numbers(self) -> tuple[bytes, str]:
        number = self.chance.choice(
            [
                "1" * 5_000,
                "9" * self.many(3_000_000),
                "1e999999999",
                "-1e-999999999",
                "1." + "0" * self.many(3_000_000),
                "1e" + "9" * 30,
                "1E400",
                "-0",
                "01",
                "NaN",
                "-Infinity",
            ]
        )
        form = self.chance.choice(
            [
                '[{"name":"A","email":"a@example.com","value":%s}]',
                '{"name":"A","email":"a@example.com","value":%s}\n' * 2,
            ]
        )
        return (form % ((number,) * form.count("%s"))).encode(), ".json"

    def make_texts(self) -> tuple[bytes, str]:
        text = self.chance.choice(
            [
                "x" * self.many(20_000_000),
                "\\u0041" * self.many(3_000_000),
                "\\\\" * self.many(4_000_000),
                "\\ud800" * 10,
                "\\u0000",
                "{[" * self.many(1_000_000),
                '\\"' * self.many(3_000_000),
            ]
        )
        return (
            f'[{{"name":"{text}","email":"a@example.com","value":1}},{{"name":"B","email":"b@example.com","value":2}}]'.encode(),
            self.chance.choice([".json", ".jsonl"]),
        )

    def make_many_keys(self) -> tuple[bytes, str]:
        first = ",".join(f'"k{n}":1' for n in range(self.chance.choice([5_000, 16_380, self.many(100_000)])))
        rest = self.chance.choice(
            [
                ",{}" * self.many(500_000),
                ',{"name":"A"}' * self.many(100_000),
                "".join(f',{{"x{n}":1}}' for n in range(self.many(100_000))),
            ]
        )
        return f'[{{"name":"A","email":"a@example.com","value":1,{first}}}{rest}]'.encode(), ".json"

    def make_long_record(self) -> tuple[bytes, str]:
        inside = self.chance.choice(
            [
                "1.5," * self.many(1_900_000),
                "[]," * self.many(2_500_000),
                '"a":1,' * self.many(1_000_000),
                "{}," * self.many(2_500_000),
            ]
        )[:-1]
        form = (
            '{"name":"A","email":"a@example.com","value":1,%s}'
            if inside[0] == '"'
            else '{"name":"A","email":"a@example.com","value":1,"x":[%s]}'
        )
        return (
            self.chance.choice(["[%s]", "%s\n", '{"n":1,"items":[%s]}']) % form % inside
        ).encode(), self.chance.choice([".json", ".jsonl"])

    def make_same_key(self) -> tuple[bytes, str]:
        line = "{" + '"name":"A",' * self.many(50_000) + '"email":"a@example.com","value":1}\n'
        return (line * 3).encode(), ".jsonl"

    # -- delimited text

    def make_long_cell(self) -> tuple[bytes, str]:
        cell = self.chance.choice(CELLS)
        row = [
            "Ann",
            "ann@example.com",
            "5",
            "7135550123",
            "Houston TX",
            "2026-01-05",
            "1 Main St",
            "5",
            "note",
        ]
        row[self.chance.randrange(9)] = cell
        return (
            "name,email,value,phone,location,list date,address,arv,notes\n" + ",".join(row) + "\n"
        ).encode("utf-8", "surrogatepass"), ".csv"

    def make_endless(self) -> tuple[bytes, str]:
        head = b"name,email,value,notes\n"
        unit, count = self.chance.choice(
            [
                (b"x", self.many(30 << 20)),
                (b'"', self.many(3 << 20)),
                (b'"x\n', self.many(1 << 16)),
                (b'"",', self.many(2 << 20)),
                (b"\r", self.many(1 << 20)),
                (b"\n", self.many(1 << 20)),
                (b"a,\n", self.many(1 << 16)),
                (b"\x00", self.many(9 << 20)),
                (b",", self.many(9 << 20)),
            ]
        )
        return (head if self.chance.random() < 0.7 else b"") + unit * count, ".csv"

    def make_header(self) -> tuple[bytes, str]:
        count = self.chance.choice([2_000, 16_384, self.many(20_000), self.many(300_000)])
        name = self.chance.choice(["a", "", "email", "c%d", "nom\u0301" * 20, "owner name %d (x"])
        names = ",".join(name % n if "%" in name else name for n in range(count))
        first = self.chance.choice(["name,email,value,", "", "name,mail adress,worth,"])
        return (
            first + names + "\n" + "Ann,ann@example.com,5\n" * self.chance.choice([3, self.many(100_000)])
        ).encode(), ".csv"

    def make_cut_encoding(self) -> tuple[bytes, str]:
        text = "name,email,value\n" + "J\u00f6rg,j@example.com,5\n" * 50
        content = self.chance.choice(
            [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\x00\x00"]
        ) + text.encode(self.chance.choice(["utf-8", "utf-16", "utf-16-be", "utf-32", "utf-7", "cp1252"]))
        return content[: self.chance.randrange(1, len(content))] + self.chance.choice(
            [b"", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x1a"]
        ), ".csv"

    def make_other_kind(self) -> tuple[bytes, str]:
        start = self.chance.choice(
            [
                b"%PDF-1.7",
                b"\x1f\x8b\x08",
                b"BZh9",
                b"7z\xbc\xaf\x27\x1c",
                b"Rar!",
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
                b"MZ",
                b"\x7fELF",
                b"PK\x05\x06",
                b"PK\x07\x08",
                b"<?xml ?>",
                b"SQLite format 3\x00",
            ]
        )
        return start + self.chance.randbytes(self.chance.choice([0, 18, 5_000])), self.chance.choice(
            [".csv", ".xlsx", ".json"]
        )

    def make_noise(self) -> tuple[bytes, str]:
        return self.chance.randbytes(
            self.chance.choice([1, 10, 5_000, self.many(300_000)])
        ), self.chance.choice([".csv", ".xlsx", ".json", ".jsonl"])


NAMES = ("CON", "aux", "LPT1", "nul.", "COM1 ", "a\nb", "\x1b[31mred", "\x07bell", "\u202egnp", "..", " ", "a" * 240, "-rf", "~$list", "'; DROP TABLE lead;--",
         "\udcff\udcfe", "%s%n", "=cmd()", "\u200b", "a\tb", "file:stream", "\u0130\u0131", "e\u0301", "\ufeff")  # fmt: skip
LONG = 250_000
CELLS = ("+" + "1" * LONG + "x", "-" + " " * LONG + "x", "+ " * LONG + "x", "=" + "(" * LONG, "total " + "lead " * LONG, "a@" * LONG, "a@" + "a." * LONG, "a" * LONG + "@example.com",
         "(" * LONG, "[" * LONG, "\u200b" * LONG, "e" + "\u0301" * LONG, "\uff11" * LONG, "$" + "1" * LONG, "1e" + "9" * LONG, "1 St " * LONG, "Houston, TX " * LONG, "1/1/" * LONG,
         "vacant " * LONG, "\t" * LONG + "x", " " * LONG + "x", "\ud800" * 10, '"' + "1," * LONG + '"', "not vacant " * (LONG // 2), "-1 (2) 3/4,." * LONG, "'" * LONG)  # fmt: skip


def make(seed: int, share: float, only: str | None, skip: int, folder: Path, asked: Connection) -> None:
    """In a process of its own, so that making a file takes no memory from importing it: writes one each time it is asked."""
    made = itertools.islice(Files(seed, share).all(only), skip, None)
    for number in itertools.count():
        if not asked.recv():
            return
        kind, content, called = next(made)
        place = folder / str(number)
        place.mkdir()
        path = place / called
        try:
            path.write_bytes(content)
        except (OSError, ValueError):  # no name here
            path = place / f"list{Path(called).suffix}"
            path.write_bytes(content)
        asked.send((kind, path, len(content)))


class Other:
    """The import that goes on meanwhile: one small list after another."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.lists = self.rows = 0
        self.slowest = 0.0
        self.problem: str | None = None
        self._database = database
        self._path = folder / "good.csv"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="other import")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the list that is being read."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.wait(PAUSE):
                began = time.perf_counter()
                lines = "".join(
                    f"Lead {self.lists}-{n},l{self.lists}x{n}@example.com,{n + 1}\n" for n in range(100)
                )
                self._path.write_text("name,email,value\n" + lines, encoding="utf-8")
                number = import_file(self._database, Request(str(self._path)))
                assert number is not None
                found = of_import(self._database, number)
                assert found.error is None and found.rows == 100 and found.rejected == 0, found
                self.lists += 1
                self.rows += 100
                self.slowest = max(self.slowest, time.perf_counter() - began)
        except Exception:
            self.problem = traceback.format_exc()


def peak_mb() -> float | None:
    """The most memory this process has had since the last time, MB; None where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return None
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def main() -> int:
    """Import them all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--skip", type=int, default=0, help="begin behind so many of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--share", type=float, default=1.0, help="of what is repeated in them, such as 0.02: quick ones"
    )
    parser.add_argument("--only", help="kinds with this in their name, such as endless")
    parser.add_argument("--verbose", action="store_true", help="a line for each")
    options = parser.parse_args()
    few_heaps()  # as the program does
    problems: list[str] = []
    codes: dict[str, int] = {}
    slowest: tuple[float, str] = (0.0, "")
    largest: tuple[float, str] = (0.0, "")
    longest = 0.0
    with tempfile.TemporaryDirectory(prefix="valhalla-hostile-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        database = open_database(folder / "valhalla.db")
        store.seed(database)
        other = Other(database, folder)
        other.start()
        peak_mb()
        maker, end = multiprocessing.get_context("spawn").Pipe()
        multiprocessing.get_context("spawn").Process(
            target=make,
            args=(options.seed, options.share, options.only, options.skip, folder, end),
            daemon=True,
        ).start()
        for number in range(options.skip, options.skip + options.count):
            maker.send(True)
            kind, path, size = maker.recv()
            give_back()  # as the service does after lists: what the files before have left is not this one's
            peak_mb()
            began, worked = time.perf_counter(), time.process_time()
            try:
                made_import = import_file(database, Request(str(path)))
                found = None if made_import is None else of_import(database, made_import)
                code = "read" if found is None or found.error is None else found.error["code"]
                if found is not None and found.error is not None and "\n" in found.error["message"]:
                    problems.append(f"{number} {kind}: more than one line: {found.error['message']!r}")
            except InputError as error:
                code = "refused"
                if "\n" in str(error):
                    problems.append(f"{number} {kind}: more than one line: {str(error)!r}")
            except Exception:
                code = "exception"
                problems.append(f"{number} {kind} {path.name!r}: {traceback.format_exc()}")
            taken, worked, peak = time.perf_counter() - began, time.process_time() - worked, peak_mb() or 0.0
            codes[code] = codes.get(code, 0) + 1
            what = f"{number} {kind}, {size:,} bytes, {code}"
            slowest, largest = max(slowest, (worked, what)), max(largest, (peak, what))
            longest = max(longest, taken)
            if worked > SECONDS or taken > WAITING or peak > MOST_MB or other.problem:
                problems.append(f"{what}: {worked:.1f} of {taken:.1f} s, {peak:.0f} MB {other.problem or ''}")
            if options.verbose:
                print(f"{worked:6.1f} of {taken:6.1f} s {peak:5.0f} MB  {what}", file=sys.stderr, flush=True)
            path.unlink()
        maker.send(False)
        other.stop()
        if other.problem and not problems:
            problems.append(other.problem)
        database.close_all()
    told = {"files": options.count, "seed": options.seed, "codes": codes, "slowest_seconds": round(slowest[0], 2), "slowest": slowest[1], "longest_by_the_clock": round(longest, 2),
            "peak_mb": round(largest[0], 1), "largest": largest[1], "other_lists": other.lists, "other_slowest_seconds": round(other.slowest, 2),
            "problems": problems}  # fmt: skip
    print(json.dumps(told, indent=2))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
