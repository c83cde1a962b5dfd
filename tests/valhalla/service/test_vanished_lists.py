"""A list that vanishes while a run works is told of until it is back."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from valhalla.intake.lines import final_report
from valhalla.intake.passes import Pass
from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.safety import risk
from valhalla.sandbox.alerts import AlertSystem
from valhalla.service.service import Events, Plan, Service
from valhalla.service.whole import WholeProgram


def unread(program: WholeProgram) -> list[str]:
    """What the risk assessment says of lists."""
    report = risk.assess(program.database, program.home, settings.effective(program.database))
    return [each["reason"] for each in report["rules"]["speaking"] if each["rule"] == "R1"]


@pytest.mark.parametrize("is_folder", [False, True], ids=["list", "folder"])
def test_it_is_an_alert_speaks_in_risk_and_is_in_the_report(
    home: Path, sample_leads: Path, monkeypatch: pytest.MonkeyPatch, is_folder: bool
) -> None:
    monkeypatch.chdir(home)
    source = sample_leads
    if is_folder:
        source = sample_leads.parent / "lists"
        source.mkdir()
        sample_leads.rename(source / "leads.csv")
    aside = source.with_name("moved away")
    told: dict[int, tuple[list[str], list[dict[str, Any]]]] = {}

    def cycle_ends(number: int, _: int, done: Pass) -> None:
        alerts = AlertSystem(database=program.database)
        told[number] = (unread(program), alerts.get_alerts(state="standing"))
        if number == 1:
            source.rename(aside)
        elif number == 2:
            aside.rename(source)

    Home(home).prepare()
    with WholeProgram.open(Home(home)) as program:
        values = {**settings.effective(program.database), "watch": "off"}
        service = Service(program, Plan([source], 1, 3), values, Events(cycle_ends=cycle_ends))
        stats = service.run(threading.Event())
        found = [each for each in told[2][1] if str(source) in each["reason"]]
        assert [(each["severity"], each["state"], each["seen"]) for each in found] == [("error", "open", 1)]
        assert found[0]["reason"] in told[2][0]
        for cycle in (1, 3):
            assert told[cycle][0] == []
            assert not [each for each in told[cycle][1] if str(source) in each["reason"]]
    report = final_report(stats, stats.started_at, risk_level=None, data_quality=None)
    assert "  Total cycles: 3; in 1 of them a list could not be read" in report
    assert stats.as_json(stats.started_at)["cycles_failed"] == 1
