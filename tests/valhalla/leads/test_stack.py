"""Who is on several lists, and what each list added."""

from __future__ import annotations

from typing import Any

from valhalla.intake.undo import undo_import
from valhalla.leads.stack import leads_on, stack
from valhalla.leads.view import Viewer

HEADER = "Owner Name,Property Address,City,State,Zip,Tags,Date Added\n"


def house(number: int, tags: str = "", date: str = "") -> str:
    return f"Owner {number} Lee,{number} Oak St,Houston,TX,77002,{tags},{date}\n"


def test_lists_stand_by_lists_with_what_they_have_in_common(desk: Any) -> None:
    desk.read(desk.write("taxes.csv", "".join(house(n) for n in range(1, 11)), HEADER))
    desk.read(desk.write("probate.csv", house(1) + house(2) + house(30), HEADER))
    desk.read(desk.write("vacant.csv", house(2) + house(3), HEADER))
    told = stack(desk.database)
    assert told["on"] == {2: 2, 3: 1, 4: 0}
    assert [(each["name"], each["leads"], each["shared"]) for each in told["lists"]] == [
        ("taxes.csv", 10, 3), ("probate.csv", 3, 2), ("vacant.csv", 2, 2),
    ]  # fmt: skip
    assert told["pairs"] == [[10, 2, 2], [2, 3, 1], [2, 1, 2]]
    assert leads_on(desk.database, 10) == [1, 3] and leads_on(desk.database, 10, on=3) == [2]
    one, two = told["lists"][0]["id"], told["lists"][1]["id"]
    assert leads_on(desk.database, 10, one=one, other=two) == [2, 1]
    undo_import(desk.database, desk.last_import())
    assert stack(desk.database)["on"] == {2: 2, 3: 0, 4: 0}, "what other lists brought stays"


def test_each_sign_names_the_list_that_it_came_from_first(desk: Any) -> None:
    desk.read(desk.write("taxes.csv", house(1, "tax lien", "2026-01-05"), HEADER))
    desk.read(desk.write("probate.csv", house(1, "probate; tax lien", "2026-02-07"), HEADER))
    viewer = Viewer.now(desk.database)
    signs = {each["sign"]: (each["list"], each["date"]) for each in viewer.whole(viewer.record(1))["signs"]}
    assert signs == {"tax lien": ("taxes.csv", "2026-01-05"), "probate": ("probate.csv", "2026-02-07")}
    undo_import(desk.database, desk.last_import())
    viewer = Viewer.now(desk.database)
    assert [each["sign"] for each in viewer.whole(viewer.record(1))["signs"]] == ["tax lien"]
