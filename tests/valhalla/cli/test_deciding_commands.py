"""The commands around decisions: outcome, policy, experiments, scripts, buyers, packet, digest."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from valhalla.cli import afterwards
from valhalla.scoring import reevaluate


def test_an_outcome_and_its_undoing(data: Any, told: Any) -> None:
    made = data("outcome", 3, "won", "--amount", "12,000", "--at", "2026-01-05 10:00", "--channel", "call")
    assert (made["outcome"], made["status"], made["new"], made["reevaluated"]["decided"]) == (
        1,
        "won",
        True,
        10,
    )
    assert data("outcome", "list", 3)[0]["amount"] == 12000.0
    assert 3 not in [lead["id"] for lead in data("leads", "top")]
    code, out, _ = told("outcome", "undo", 1)
    assert (code, out.startswith("Outcome 1 was undone.")) == (0, True)
    assert 3 in [lead["id"] for lead in data("leads", "top")]
    code, out, _ = told("outcome", 4, "opted_out")
    assert code == 0 and "will not be called again" in out


def test_while_leads_are_decided_again_a_bar_says_how_far_it_is(
    data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    decide = reevaluate._Run._decide

    class Bar:
        """Notes what a terminal would show."""

        task_ids: tuple[int, ...] = ()

        def add_task(self, description: str, **fields: Any) -> int:
            self.task_ids = (0,)
            return 0

        def update(self, task: int, *, completed: int, total: int, counts: str) -> None:
            shown.append(counts)

        def stop(self) -> None:
            shown.append("gone")

    def slowly(run: Any, leads: Any) -> Any:
        time.sleep(0.1)
        return decide(run, leads)

    monkeypatch.setattr(afterwards, "EACH", 0.02)
    monkeypatch.setattr(afterwards, "begin_bar", Bar)
    monkeypatch.setattr(afterwards, "sys", SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True)))
    monkeypatch.setattr(reevaluate, "BATCH", 3)
    monkeypatch.setattr(reevaluate._Run, "_decide", slowly)
    made = data("policy", "set", "packet.fee", "12000", "--anyway")
    assert (made["reevaluated"]["decided"], made["reevaluated"]["finished"]) == (10, True)
    assert {"3 of 10 leads", "6 of 10 leads"} <= {*shown}
    assert shown[-1] == "gone"


def test_outcomes_from_a_file(data: Any, told: Any, tmp_path: Path) -> None:
    path = tmp_path / "crm.csv"
    path.write_text("lead,event,date\n1,contacted,2026-01-05\n99,contacted,2026-01-05\n", encoding="utf-8")
    done = data("outcome", "import", path)
    assert (done["rows"], done["recorded"], done["refused"][0]["line"]) == (2, 1, 3)
    path.write_text("lead,event,date\n99,contacted,2026-01-05\n", encoding="utf-8")
    code, out, _ = told("outcome", "import", path)
    assert code == 1 and "there is no lead 99" in out


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("outcome", 3, "eaten"), 2, "is not an outcome"),
        (("outcome", 99, "won"), 1, "there is no lead 99"),
        (("outcome", "x", "won"), 2, "no lead number"),
        (("outcome", 3, "paused"), 2, "until when"),
        (("outcome", "import", "none.csv"), 3, "was not found"),
        (("outcome", "undo", 7), 1, "there is no outcome 7"),
        (("policy", "set", "packet.fee", "much"), 2, "must be a number"),
        (("policy", "set", "packet.fees", "1"), 2, "no key packet.fees"),
        (("policy", "show", "nothing"), 1, "no key nothing"),
        (("policy", "show", "--version", "9"), 1, "no policy version 9"),
        (("experiments", "show", "x"), 1, "no experiment 'x'"),
        (("experiments", "set", "opener", "calm"), 2, "is not a weight"),
        (("experiments", "set", "opener", "calm=1"), 2, "no variant 'calm'"),
        (("experiments", "start", "new", "--variant", "a=1", "--variant", "b=2"), 2, "stop it first"),
        (("scripts", "show", "x"), 1, "no script 'x'"),
        (("scripts", "retire", "1"), 2, "is in use"),
        (("scripts", "add", "New", "none.txt"), 3, "was not found"),
        (("packet", 99), 1, "there is no lead 99"),
        (("buyers", "import", "none.csv"), 3, "was not found"),
        (("digest", "--html", "--text"), 2, "choose"),
    ],
)
def test_what_goes_wrong_is_one_sentence(told: Any, words: tuple[object, ...], code: int, says: str) -> None:
    found, out, err = told(*words)
    assert (found, out) == (code, "")
    assert says in err and err.count("\n") == 1


def test_the_policy_is_versioned(data: Any, told: Any) -> None:
    made = data("policy", "set", "packet.fee", "12000", "--reason", "busy")
    assert (made["version"], made["changes"]) == (2, [{"key": "packet.fee", "before": 10000, "after": 12000}])
    assert data("policy", "set", "packet.fee", "12000")["changes"] == []
    assert data("policy", "show", "packet.fee") == {"version": 2, "packet.fee": 12000}
    assert data("policy", "show", "packet.fee", "--version", 1)["packet.fee"] == 10000
    assert data("policy", "set", "markets.Houston, TX.target", "true")["version"] == 3
    assert [each["reason"] for each in data("policy", "history")][1:] == [
        "busy",
        "markets.Houston, TX.target was set",
    ]
    assert data("policy", "set", "markets.Houston, TX.target", "")["changes"][0]["after"] is None
    code, out, _ = told("policy", "show")
    assert code == 0 and "assignment fee to earn" in out and "changed" in out


def test_experiments_from_start_to_stop(data: Any, told: Any, tmp_path: Path) -> None:
    assert data("experiments", "list")[0]["name"] == "opener"
    assert told("experiments", "list")[0] == told("experiments", "show", "opener")[0] == 0
    assert data("experiments", "set", "opener", "direct=3")["version"] == 2
    assert data("experiments", "stop", "opener")["state"] == "stopped"
    text = tmp_path / "short.txt"
    text.write_text("Hi {name}.", encoding="utf-8")
    assert data("scripts", "add", "Short", text)["id"] == 3
    made = data(
        "experiments", "start", "second", "--variant", "old=1", "--variant", "new=Short:2", "--metric", "won"
    )
    assert [(v["name"], v["weight"], v["script_id"]) for v in made["variants"]] == [
        ("old", 1, 1),
        ("new", 2, 3),
    ]
    assert {lead["variant"].split(": ")[0] for lead in data("leads", "top") if lead["variant"]} == {"second"}


def test_scripts_are_promoted_only_on_evidence_and_pinned_by_hand(data: Any, told: Any) -> None:
    code, out, _ = told("scripts", "promote", 2)
    assert code == 1 and "Not yet: it still needs 200 more matured leads" in out
    assert data("scripts", "pin", 2, "--reason", "gut")["moves"][-1]["after"] == "primary"
    assert [s["state"] for s in data("scripts", "list")] == ["primary", "secondary"]
    shown = data("scripts", "show", 2)
    assert shown["pinned"] and shown["moves"][-1]["why"] == "Pinned by hand: gut"
    assert data("scripts", "pin", 2, "--off") == {"script": 2, "pinned": False}
    assert data("scripts", "retire", 1)["moves"] == [
        {
            "script": 1,
            "before": "secondary",
            "after": "retired",
            "why": "Retired by hand: not wanted any more",
        }
    ]
    assert told("scripts", "list")[0] == told("scripts", "show", 1)[0] == 0


def test_packets_as_page_pdf_and_json(data: Any, told: Any, home: Path, tmp_path: Path) -> None:
    body = data("packet", 1)
    assert (body["status"], body["files"]) == ("INCOMPLETE", [])
    code, out, _ = told("packet", 1)
    assert code == 0 and out.rstrip().endswith("lead-1.html")
    assert (home / "packets" / "lead-1.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    told("packet", 1, "--pdf", "--html")
    assert (home / "packets" / "lead-1.pdf").read_bytes().startswith(b"%PDF-")
    elsewhere = tmp_path / "deal.pdf"
    assert told("packet", 1, "--pdf", "--out", elsewhere)[0] == 0
    assert elsewhere.read_bytes().startswith(b"%PDF-")


def test_buyers_and_digest(data: Any, told: Any, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "buyers.csv"
    path.write_text("name,markets\nAnn,TX\n", encoding="utf-8")
    assert data("buyers", "import", path)["new"] == 1
    assert data("buyers", "list")[0]["markets"] == ["TX"]
    assert told("buyers", "list")[0] == 0
    assert told("digest")[1].startswith("VALHALLA, ")
    assert told("digest", "--html")[1].startswith("<!doctype html>")
    assert [Path(name).suffix for name in data("digest", "--write")["files"]] == [".html", ".txt"]
    assert len(list((home / "logs").glob("digest-*"))) == 2


def test_stages_are_told_as_the_documents_do(told: Any) -> None:
    _, out, _ = told("leads", "show", 1)
    for number, title in enumerate(
        (
            "A/B Test Tracking",
            "Script Promotion",
            "Deal Packet",
            "Outcome Evaluation",
            "Clone Readiness",
            "Lead Scoring",
        ),
        1,
    ):
        assert f"[{number}/6] {title}: PROCESSED - " in out


def test_a_workbook_of_the_call_list(data: Any, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    path = tmp_path / "calls.xlsx"
    assert data("leads", "export", path, "--top")["leads"] == 10
    sheet = load_workbook(path).active
    assert sheet is not None and sheet.max_row == 11
    assert isinstance(sheet["D2"].value, int)


def test_a_copy_can_be_looked_at_and_not_changed(told: Any, home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes((home / "valhalla.db").read_bytes())
    for words in (
        ("policy", "show"),
        ("experiments", "show", "opener"),
        ("scripts", "show", "1"),
        ("digest",),
        ("leads", "top"),
    ):
        assert told(*words, "--db", copy)[0] == 0, words
    for words in (
        ("outcome", "1", "won"),
        ("policy", "set", "packet.fee", "1"),
        ("scripts", "pin", "2"),
        ("packet", "1"),
    ):
        code, _, err = told(*words, "--db", copy)
        assert code == 2 and "only reads" in err


def test_a_source_is_paused_and_resumed(data: Any, told: Any) -> None:
    source = data("sources", "list")[0]["name"]
    made = data("sources", "pause", source, "--reason", "wrong numbers", "--until", "2w")
    assert (made["source"], made["kind"], made["reason"]) == (source, "pause", "wrong numbers")
    assert data("leads", "top") == [] and len(data("leads", "list")) == 10
    code, out, _ = told("sources", "list")
    assert (code, "paused until" in out, "still read" in out) == (0, True, True)
    assert data("sources", "resume", source)["ended"]["kind"] == "pause"
    assert len(data("leads", "top")) == 10 and data("sources", "list")[0]["pause"] is None
    code, _, err = told("sources", "pause", f"{source}x", "--reason", "wrong numbers")
    assert (code, f"do you mean {source}?" in err) == (1, True)
    code, _, err = told("sources", "stop", source)
    assert code == 2


def test_a_deal_by_command(
    told: Callable[..., tuple[int, str, str]], data: Callable[..., Any], tmp_path: Path
) -> None:
    code, _, err = told("deals", "show", 1)
    assert code == 1 and "has no deal yet" in err
    told("outcome", 1, "contract")
    assert data("buyers", "add", "Cem Homes", "--markets", "TX")["new"]
    set_ = data("deals", "set", 1, "--closing", "2099-01-15", "--earnest", "500", "--buyer-price", "110000")
    assert (set_["closing_at"], set_["earnest"], set_["stage"]) == ("2099-01-15", 500.0, "contract")
    code, out, _ = told("deals", "list")
    assert code == 0 and "contract" in out
    told("deals", "set", 1, "--earnest", "700")
    assert data("deals", "undo", 1)["earnest"] == 500.0
    assert told("deals", "set", 1)[0] == 2
    code, _, err = told("deals", "set", 1, "--buyer", "Nobody")
    assert code == 2 and 'valhalla buyers add "Nobody"' in err
    assigned = data("deals", "assign", 1, "--fee", "$12,000", "--buyer", "Cem Homes")
    assert (assigned["stage"], assigned["fee"], assigned["buyer"]["name"]) == (
        "assigned",
        12000.0,
        "Cem Homes",
    )
    assert data("deals", "show", 1)[0]["stage"] == "assigned"
    code, _, err = told("deals", "lose", 1)
    assert code == 2 and "is assigned already" in err
    assert data("deals", "close", 1)["stage"] == "closed"
    sheet = data("deals", "sheet", 1, "--pdf", "--out", tmp_path / "sheet.pdf")
    assert sheet["price_cents"] == 11_000_000 and (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")
    assert [each["reliability"]["n"] for each in data("buyers", "list")] == [1]


def test_a_policy_is_tried_in_shadow_and_reverted(data: Any, told: Any) -> None:
    tried = data("policy", "shadow", "packet.fee", 20000)
    assert (tried["leads"], tried["passed"], tried["changes"][0]["key"]) == (10, True, "packet.fee")
    assert data("policy", "show")["version"] == 1
    assert data("policy", "shadow", "packet.fee", 20000, "--apply")["applied"] == 2
    before = data("leads", "list")
    made = data("policy", "revert", 1, "--reason", "too greedy")
    assert (made["version"], data("policy", "show", "packet.fee")["packet.fee"]) == (3, 10000)
    assert told("policy", "revert", 9)[0] == 1 and told("policy", "shadow")[0] == 2
    newest = data("decisions", "list", "--about", "policy")[0]
    assert {"id", "at", "by", "about", "what", "reason"} <= set(newest)
    assert (newest["about"], newest["by"], newest["reason"]) == ("policy:3", "operator", "too greedy")
    assert "packet.fee" in data("decisions", "show", newest["id"])["inputs"]["changes"]
    assert len(before) == 10


def test_a_market_is_copied_and_taken_back(data: Any, told: Any) -> None:
    markets = sorted({lead["location"] for lead in data("leads", "list")})
    code, _, err = told("clone", "apply", "--from", markets[0], "--to", markets[1])
    assert (code, "--anyway" in err) == (1, True)
    made = data("clone", "apply", "--from", markets[0], "--to", markets[1], "--anyway")
    assert data("clone", "undo", made["id"])["policy_version"] == made["policy_version"] + 1
    code, _, err = told("clone", "apply", "--from", markets[0] + "x", "--to", markets[1])
    assert (code, "did you mean" in err) == (2, True)
    assert data("clone") == [] and told("clone", "--by", "planet")[0] == 2
