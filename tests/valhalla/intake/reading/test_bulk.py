"""The fast path gives what the careful path gives, on lists as they are generated for the benchmarks."""

from __future__ import annotations

import random

import pytest

from valhalla.intake.reading import Profile

CELLS = [
    "", "x", "é", "Jo\u200b", "=1", "-5", "+x", "'=a", '"a ""q"" b"', '"two\nlines"', '"open', 'in"side', ' "spaced" ', "\t",
    "a  b", " lead", "$5", "5,5", "12/31/2025", "vacant", "not vacant", "nan", "1e5", "0", "O'Brien", "\0", "\x07", "ＡＢ", "１２",
    "a@b@c.de", "j..x@example.com", "a@xn--p1ai.xn--p1ai", "9" * 14, "1234567890123.45", "2222222222", "1 713 555 2123",
    "713-555-2123 x5", "713555212.0", "3+", "2,100 sqft", "\\", "\u2028", "😀", "Total", "(713) 555-2123", "+17135552123",
]  # fmt: skip
HEADS = [
    "name,email,value,location,phone,source,address,arv,repairs,list_date,property_type,notes",
    "first name,last name,email,price,city,state,zip,phone,notes",
    "name,email,value,lead id,condition,beds,sqft,address,city,phone",
]
PROFILES = [
    Profile(),
    Profile(contact="either", value_format="us"),
    Profile(country="DE", day_first=True, value_format="eu"),
]
USUAL = {
    "name": "Ann Lee",
    "first name": "Ann",
    "value": "5000",
    "price": "12",
    "phone": "713-555-2123",
    "location": "Houston TX",
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_both_paths_agree(write, read_path, head, profile, end):
    chance = random.Random(f"{head}{profile}")
    rows = []
    for number in range(1500):
        usual = USUAL | {"email": f"lead{number % 400}@example.com"}
        odd = 0.1 if number % 5 == 0 else 0
        rows.append(
            ",".join(
                chance.choice(CELLS) if chance.random() < odd else usual.get(name, "")
                for name in head.split(",")
            )
        )
    path = write(f"{head}\n{chr(10).join(rows)}\n".replace("\n", end))
    fast, careful = read_path(path, profile=profile), read_path(path, profile=profile, slow=True)
    assert fast.rows == careful.rows
    assert len(fast.rows) > 900
    assert fast.rejects == careful.rejects
    assert sorted(fast.warnings) == sorted(careful.warnings)
    assert fast.end == careful.end


def test_a_generated_list_gives_its_known_truth(lead_list, read_path):
    path, truth = lead_list(3000)
    reading = read_path(path)
    assert reading.end.records == truth.rows
    assert reading.rows == read_path(path, slow=True).rows


@pytest.mark.parametrize("value", ["0", "0.00", "000", "-0", "0.004"])
@pytest.mark.parametrize("slow", [False, True], ids=["fast", "careful"])
def test_nothing_is_no_price_on_either_path(write, read_path, value, slow):
    path = write(f"name,email,value\nAnn Lee,ann@example.com,{value}\nBob Ray,bob@example.com,1\n")
    reading = read_path(path, slow=slow)
    assert [row.name for row in reading.rows] == ["Bob Ray"]
    assert reading.codes == [(2, "VALUE_NOT_POSITIVE")]
    unpriced = read_path(path, slow=slow, profile=Profile(value="optional"))
    assert [(row.name, row.value) for row in unpriced.rows] == [("Ann Lee", None), ("Bob Ray", 100)]
