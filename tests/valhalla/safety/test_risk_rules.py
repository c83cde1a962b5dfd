"""Each rule speaks when it should: its alert opens, repeats as one, gets worse where the rule can, and closes without flapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database
from jobs.testing import FakeClock
from valhalla.intake import disk_space
from valhalla.intake.by_hand import add_lead
from valhalla.intake.importer import import_file
from valhalla.intake.request import Hooks, Request
from valhalla.intake.undo import undo_import
from valhalla.leads import source_pausing
from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.safety import risk
from valhalla.sandbox import AlertSystem
from valhalla.scoring.opening import open_home

ADD_OUTCOME = """
INSERT INTO outcome (lead_id, event, at, recorded_at, recorded_by, p_close, predicted_at) VALUES (?, ?, ?, ?, 'ann', ?, 1)
"""


class Watch:
    """A file whose risk is assessed minute by minute, and its alerts about one rule."""

    def __init__(self, database: Database, home: Path, folder: Path) -> None:
        self.database = database
        self.home = home
        self.folder = folder
        self.values: dict[str, Any] = {}
        self.clock: Any = database.clock

    def read(self, name: str, text: str | bytes, source: str = "csv") -> int | None:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return import_file(self.database, Request(str(path), source, again=True))

    def minutes(self, count: float) -> None:
        self.clock.advance(count * 60)

    def level(self, rule: str) -> str | None:
        """Assess now; the level at which the rule speaks."""
        values = {**settings.effective(self.database), **self.values}
        report = risk.assess(self.database, Home(self.home), values)
        levels = [each["level"] for each in report["rules"]["speaking"] if each["rule"] == rule]
        assert len(levels) <= 1
        return levels[0] if levels else None

    def alerts(self, rule: str, *, standing: bool = True) -> list[dict[str, Any]]:
        found = AlertSystem(database=self.database).get_alerts(
            state="standing" if standing else None, limit=1_000
        )
        return [alert for alert in found if alert["task"].startswith(f"risk:{rule}:")]


@pytest.fixture
def watch(home: Path, tmp_path: Path) -> Iterator[Watch]:
    home.chmod(0o700)
    with open_home(Home(home)) as database:
        database.clock = FakeClock(database.clock())
        yield Watch(database, home, tmp_path)


def good(count: int, start: int = 0, price: int = 100_000) -> str:
    rows = (f"Ann {n},ann{n}@example.com,{price + n * 997}\n" for n in range(start, start + count))
    return "name,email,value\n" + "".join(rows)


def silent_source(watch: Watch) -> Callable[[], object]:
    for n in range(5):
        watch.read(f"a{n}.csv", good(30, n * 30))
        watch.minutes(60)
    assert watch.level("R7") is None
    watch.minutes(150)
    return lambda: watch.read("b.csv", good(30, 500))


def growing_file(watch: Watch) -> Callable[[], object]:
    path = watch.folder / "a.csv"
    path.write_text(good(30), encoding="utf-8")
    import_file(watch.database, Request(str(path)))
    for n in range(4):
        watch.minutes(4)
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"Ben {n},ben{n}@example.com,{n + 1}\n")
        import_file(watch.database, Request(str(path)))
        assert watch.level("R8") is None or n == 3
    return lambda: watch.minutes(15)


def formulas(watch: Watch) -> Callable[[], object]:
    watch.read("a.csv", good(30) + "=HYPERLINK(1),x@example.com,5\n")
    return lambda: watch.read("a.csv", good(30))


def personal_column(watch: Watch) -> Callable[[], object]:
    watch.read("a.csv", "name,email,value,SSN\nAnn,ann@example.com,5,078-05-1120\n")
    return lambda: watch.read("a.csv", good(30))


def assumed_encoding(watch: Watch) -> Callable[[], object]:
    watch.read("a.csv", "name,email,value\nAnn Müller,ann@example.com,5\n".encode("cp1252"))
    return lambda: watch.read("a.csv", good(30))


def heap_of_prices(watch: Watch) -> Callable[[], object]:
    watch.read("a.csv", "name,email,value\n" + "".join(f"A {n},a{n}@x.com,250000\n" for n in range(40)))
    return lambda: watch.read("a.csv", good(40))


def skewed_split(watch: Watch) -> Callable[[], object]:
    watch.read("a.csv", good(200))

    def assign(text: str) -> None:
        with watch.database.write():
            watch.database.sql(f"UPDATE lead SET variant_id = {text}")

    assign("1")
    return lambda: assign("1 + id % 2")


def wrong_predictions(watch: Watch) -> Callable[[], object]:
    watch.read("a.csv", good(120))
    now = watch.database.clock()
    with watch.database.write():
        watch.database.many(
            ADD_OUTCOME, [(n, "won" if n <= 30 else "lost", now, now, 20_000) for n in range(1, 121)]
        )

    def take_back() -> None:
        with watch.database.write():
            watch.database.sql(
                "UPDATE outcome SET undone_at = ?, undone_by = 'ann' WHERE lead_id <= 28", (now,)
            )

    return take_back


def full_disk(watch: Watch) -> Callable[[], object]:
    watch.values["risk.disk_mb"] = 10**9
    return lambda: watch.values.clear()


def old_list_of_people_not_to_be_called(watch: Watch) -> Callable[[], object]:
    def load(digest: str) -> None:
        with watch.database.write():
            watch.database.sql(
                "INSERT INTO suppression (kind, value, digest, origin, created_at, created_by) VALUES ('email', 'a@b.c', ?, 'list', ?, 'me')",
                (digest, watch.database.clock()),
            )

    load("x")
    watch.minutes(32 * 24 * 60)
    return lambda: load("y")


def failed_half_way(watch: Watch) -> Callable[[], object]:
    settings.save(watch.database, "import.chunk_rows", "500")
    path = watch.folder / "a.csv"
    path.write_text(good(20_000), encoding="utf-8")

    def cut(progress: Any) -> None:
        path.write_text(good(100, 90_000), encoding="utf-8")

    import_file(watch.database, Request(str(path)), Hooks(between=cut))
    assert watch.database.sql("SELECT state, rows >= 500, error_code FROM import") == [
        ("failed", 1, "FILE_CHANGED")
    ]
    return lambda: watch.read("a.csv", good(30))


CASES = [
    ("R7", "medium", silent_source),
    ("R8", "low", growing_file),
    ("R9", "medium", formulas),
    ("R9", "medium", personal_column),
    ("R10", "low", assumed_encoding),
    ("R11", "low", heap_of_prices),
    ("R12", "high", skewed_split),
    ("R13", "medium", wrong_predictions),
    ("R15", "medium", full_disk),
    ("R16", "medium", old_list_of_people_not_to_be_called),
    ("R17", "high", failed_half_way),
]


@pytest.mark.parametrize(("rule", "level", "make"), CASES, ids=lambda each: getattr(each, "__name__", each))
def test_a_rule_opens_one_alert_and_closes_it_when_it_has_been_silent_for_a_while(
    watch: Watch, rule: str, level: str, make: Callable[[Watch], Callable[[], object]]
) -> None:
    mend = make(watch)
    assert watch.level(rule) == level
    (alert,) = watch.alerts(rule)
    assert alert["severity"] == {"low": "info", "medium": "warning", "high": "error"}[level]
    watch.minutes(1)
    assert watch.level(rule) == level
    (again,) = watch.alerts(rule)
    assert (again["id"], again["seen"]) == (alert["id"], 2), "the same alert, not another"
    mend()
    watch.minutes(1)
    assert watch.level(rule) is None
    if rule != "R8":  # its silence is a quarter of an hour already
        assert watch.alerts(rule), "one good look closes nothing"
    watch.minutes(1)
    assert watch.level(rule) is None
    assert not watch.alerts(rule)
    assert [each["state"] for each in watch.alerts(rule, standing=False)] == ["closed"]


def test_of_many_leads_the_split_is_counted_again_after_five_minutes(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valhalla.safety.risk_rules.SRM_MANY", 200)
    mend = skewed_split(watch)
    assert watch.level("R12") == "high"
    mend()
    watch.minutes(4)
    assert watch.level("R12") == "high"
    watch.minutes(1)
    assert watch.level("R12") is None


def test_what_comes_and_goes_each_minute_is_one_alert(watch: Watch) -> None:
    for n in range(10):
        watch.values = {"risk.disk_mb": 10**9} if n % 2 == 0 else {}
        watch.level("R15")
        watch.minutes(1)
        assert len(watch.alerts("R15")) == 1
    assert len(watch.alerts("R15", standing=False)) == 1


def test_it_opens_again_when_it_comes_back_later(watch: Watch) -> None:
    for _ in range(2):
        watch.values = {"risk.disk_mb": 10**9}
        assert watch.level("R15") == "medium"
        watch.values = {}
        for _ in range(3):
            watch.minutes(1)
            watch.level("R15")
        assert not watch.alerts("R15")
    assert len(watch.alerts("R15", standing=False)) == 2


def test_a_worse_level_makes_the_same_alert_worse(watch: Watch) -> None:
    watch.read("a.csv", "name,email,value,notes\nAnn,ann@example.com,5,x\n")
    watch.read("a.csv", "name,email,value\nAnn,ann@example.com,5\n")
    assert watch.level("R3") == "medium"
    (before,) = watch.alerts("R3")
    watch.read("a.csv", "email,notes\nann@example.com,x\n")
    watch.minutes(1)
    assert watch.level("R3") == "high"
    (after,) = watch.alerts("R3")
    assert (before["id"], before["severity"], after["severity"]) == (after["id"], "warning", "error")
    assert "a required column is gone" in after["reason"] and after["state"] == "open"


def test_the_other_limits_of_load(watch: Watch) -> None:
    with watch.database.write():
        watch.database.sql("INSERT INTO run (pid, version, settings, started_at) VALUES (1, 'test', '{}', 0)")
        now = watch.database.clock()
        watch.database.sql(
            "INSERT INTO cycle (run_id, number, started_at, finished_at, ok, files) VALUES (1, 1, ?, ?, 1, 0)",
            (now - 40 * 1_000_000, now),
        )
    assert watch.level("R15") == "medium" and watch.alerts("R15")[0]["task"] == "risk:R15:cycle_time"
    watch.values = {"interval": 60}
    assert watch.level("R15") is None


def test_a_person_who_types_leads_is_no_source_that_fell_silent(watch: Watch) -> None:
    for n in range(5):
        add_lead(watch.database, {"name": f"Ann {n}", "phone": f"713-555-210{n}", "value": "5"})
        watch.minutes(60)
    watch.minutes(600)
    assert watch.level("R7") is None


def test_what_a_person_did_on_purpose_is_no_alert(watch: Watch) -> None:
    # Given a list with a column that is worth an alert, undone; and a source that was paused before it fell silent.
    number = watch.read("a.csv", "name,email,value,SSN\nAnn,ann@example.com,5,078-05-1120\n")
    assert number is not None and watch.level("R9") == "medium"
    undo_import(watch.database, number)
    silent_source(watch)
    source_pausing.pause(watch.database, "csv", "stop", "the subscription has ended")

    report = risk.assess(watch.database, Home(watch.home), settings.effective(watch.database))

    assert report["rules"]["speaking"] == []
    watch.minutes(2)
    watch.level("R9")
    assert AlertSystem(database=watch.database).get_alerts(state="standing") == []


def test_a_condition_counts_once(watch: Watch) -> None:
    watch.read("a.csv", "email,notes\nann@example.com,x\n")
    watch.values = {"risk.disk_mb": 10**9}
    AlertSystem(database=watch.database).repeat(disk_space.TASK, "there is no space on the disk", "critical")

    assert (watch.level("R1"), watch.level("R3"), watch.level("R15")) == (None, "high", "medium")
    standing = AlertSystem(database=watch.database).get_alerts(state="standing")
    assert [each["task"].rpartition(":")[0] for each in standing] == ["", "risk:R3"]
