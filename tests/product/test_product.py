"""What must hold for each product on each system."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

import valhalla

if TYPE_CHECKING:
    from conftest import Product

ROOT = Path(__file__).parents[2]


def test_it_says_its_version(product: Product) -> None:
    done = subprocess.run(
        product.command("--version"),
        capture_output=True,
        encoding="utf-8",
        env=product.environment,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, f"valhalla {valhalla.__version__}")


@pytest.mark.any_kind
def test_without_a_command_it_helps(product: Product) -> None:
    done = subprocess.run(
        product.command(),
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", env=product.environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert "who do I call today" in done.stdout


def test_it_checks_itself(product: Product) -> None:
    done = product.run("selftest", "--json")

    assert done.code == 0, done.out + done.err
    assert {check["name"]: check["ok"] for check in done.json["checks"]} == dict.fromkeys(
        (
            *("parts", "home", "reading process", "run", "leads", "documents", "audit copy", "verification"),
            "thirty blocks",
        ),
        True,
    )


def test_three_cycles_then_the_call_list(product: Product, sample: Path) -> None:
    done = product.run("run", "--source", sample, "--cycles", "3", "--interval", "1", "--no-cockpit")
    assert done.code == 0, done.err
    assert "Total cycles: 3" in done.out

    top = product.run("leads", "top", "--json")
    assert [lead["rank"] for lead in top.json] == list(range(1, 11))
    assert not list(product.home.glob("*-wal")), "the file is checkpointed and alone"
    if product.kind == "one file":
        assert product.runtime() == []


@pytest.mark.any_kind
def test_an_audit_copy_verifies_without_the_program(product: Product, sample: Path, tmp_path: Path) -> None:
    product.run("ingest", sample)
    copy = tmp_path / "copy.db"

    assert product.run("audit", "copy", copy).code == 0

    verifier = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "verify_audit.py"), str(copy)],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert verifier.returncode == 0, verifier.stdout + verifier.stderr


@pytest.mark.any_kind
def test_names_in_any_script_come_through_a_pipe(product: Product, tmp_path: Path) -> None:
    names = ["Jiří Žluťoučký", "山田 太郎", "Renée O’Neill"]
    listed = tmp_path / "Žluť 日本.csv"
    rows = "".join(f"{name},p{number}@example.com,100000\n" for number, name in enumerate(names))
    listed.write_text("name,email,value\n" + rows, encoding="utf-8")

    done = product.run("ingest", listed, "--verbose")

    assert done.code == 0, done.err
    assert all(name in done.out for name in names)
    assert {lead["name"] for lead in product.run("leads", "list", "--json").json} == set(names)


def test_a_large_list_is_read_by_two_processes(product: Product, lead_list: object) -> None:
    path, truth = lead_list(30_000, seed=3)  # type: ignore[operator]  # more than what is worth a second process
    done = product.run("ingest", path, "--json")
    assert done.code == 0, done.err
    totals = done.json["totals"]
    counted = sum(totals[name] for name in ("new", "updated", "unchanged", "duplicate", "rejected"))
    assert counted == totals["rows"] == truth.rows


def test_a_large_list_is_imported_by_another_process_than_the_pages(
    product: Product, lead_list: object
) -> None:
    path, truth = lead_list(30_000, seed=4)  # type: ignore[operator]
    running = product.start("run", "--source", path, "--interval", "1", "--port", "0")

    def apart() -> bool:
        return any("--apart" in process.cmdline() for process in product.processes())

    running.wait(apart)
    assert running.answers()
    running.wait(lambda: "[OK] Cycle 1" in running.said())
    product.interrupt(running)
    running.ended()
    totals = product.run("ingest", path, "--json").json["totals"]
    assert (totals["rows"], totals["new"]) == (truth.rows, 0), "all of it was read"


def test_it_runs_from_any_folder(product: Product, sample: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(sample, elsewhere / "real_leads.csv")  # the working folder's list is taken

    assert product.run("ingest", cwd=elsewhere).code == 0
    assert len(product.run("leads", "list", "--json", cwd=elsewhere).json) == 10


def test_ctrl_c_stops_it_in_good_order(product: Product, sample: Path) -> None:
    running = product.start("run", "--source", sample, "--interval", "1", "--port", "0")
    running.wait(lambda: "[OK] Cycle 1" in running.said())
    assert running.answers()

    product.interrupt(running)

    running.ended()
    assert "[FINAL REPORT]" in running.said()
    assert not list(product.home.glob("*-wal"))
    assert product.runtime() == [] or product.kind == "folder"
    assert product.run("doctor").code == 0


def test_an_executable_that_is_renamed_while_it_runs_goes_on(product: Product, sample: Path) -> None:
    running = product.start("run", "--source", sample, "--interval", "1", "--port", "0")
    link = running.link()
    old = product.executable.with_name("old" + product.executable.suffix)

    product.executable.rename(old)  # what an update does
    try:
        client = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        client.open(link, timeout=20).close()
        metrics = f"{link.partition('?')[0].rstrip('/')}/metrics"
        with client.open(metrics, timeout=20) as answer:  # made by modules that nobody has needed until now
            assert b"valhalla_" in answer.read()
    finally:
        old.rename(product.executable)


@pytest.mark.any_kind
def test_a_second_start_says_who_runs_and_opens_its_cockpit(product: Product, sample: Path) -> None:
    running = product.start("run", "--source", sample, "--interval", "1", "--port", "0")
    link = running.link()

    second = product.run("run")

    assert second.code == 3
    assert "another Valhalla (process" in second.err
    assert second.out.startswith("Cockpit: " + link.partition("?")[0]) or link.partition("?")[0] in second.out
    assert running.answers()


def test_a_kill_loses_nothing(product: Product, lead_list: object) -> None:
    path, truth = lead_list(6_000, seed=5)  # type: ignore[operator]
    running = product.start("run", "--source", path, "--interval", "1", "--port", "0")
    running.link()

    for process in reversed(product.processes()):
        process.kill()
    running.ended()

    done = product.run("ingest", path, "--json")
    assert done.code == 0, done.err
    assert product.run("audit", "verify", "--json").json["ok"]
    assert len(product.run("leads", "list", "--limit", "10000", "--json").json) == truth.leads


def test_a_killed_loader_leaves_nobody_listening(product: Product, sample: Path) -> None:
    if product.kind != "one file":
        pytest.skip("the folder has no loader")
    running = product.start("run", "--source", sample, "--interval", "1", "--port", "0")
    running.link()
    loader, child = product.processes()[:2]
    assert running.answers()

    loader.kill()

    assert psutil.wait_procs([child], timeout=20)[1] == []
    assert not running.answers()
    assert product.run("doctor").code == 0


def test_what_a_killed_program_left_is_swept_by_the_next(product: Product, sample: Path) -> None:
    if product.kind != "one file" or (product.system != "wine" and os.name != "nt"):
        pytest.skip(
            "elsewhere the system's folder for temporary files is used, and the child removes its own"
        )
    running = product.start("run", "--source", sample, "--interval", "1", "--port", "0")
    running.link()
    for process in product.processes():
        process.kill()
    running.ended()
    assert product.runtime()

    product.run("run", "--cycles", "2", "--interval", "1", "--no-cockpit")

    assert product.runtime() == []


def test_the_background_service_outlives_the_command(product: Product, sample: Path) -> None:
    started = product.run("sandbox", "start", "--source", sample, "--interval", "1", "--json")
    assert started.code == 0, started.err
    try:
        for _ in range(100):
            told = product.run("sandbox", "status", "--json").json
            assert told["running"]
            if url := told["instance"]["url"]:
                break
        with urllib.request.urlopen(f"{url}/healthz", timeout=20) as answer:
            assert json.load(answer) == {"ok": True}
    finally:
        assert product.run("sandbox", "stop").code == 0
    assert not product.run("sandbox", "status", "--json").json["running"]


@pytest.mark.any_kind
def test_a_home_that_cannot_be_written_is_one_sentence(product: Product, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder", encoding="utf-8")

    done = product.run("run", "--cycles", "1", home=in_the_way / "home")

    assert done.code == 3
    assert len(done.err.strip().splitlines()) == 1
    assert "choose another --home" in done.err


@pytest.mark.any_kind
def test_a_read_only_home_is_one_sentence(product: Product) -> None:
    product.home.mkdir()
    chattr = shutil.which("chattr")
    if (
        not chattr
        or subprocess.run([chattr, "+i", str(product.home)], capture_output=True, check=False).returncode
    ):
        pytest.skip("this user, or this file system, cannot make a folder that nobody may change")
    try:
        done = product.run("run", "--cycles", "1")
    finally:
        subprocess.run([chattr, "-i", str(product.home)], check=True)

    assert done.code == 3
    assert len(done.err.strip().splitlines()) == 1
    assert "cannot be made or written" in done.err


def test_a_portable_folder_keeps_its_data_beside_it(product: Product, sample: Path) -> None:
    (product.executable.parent / "portable").touch()

    done = subprocess.run(
        product.command("ingest", sample),
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", env=product.environment, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert (product.executable.parent / "valhalla.db").exists()


def test_the_one_file_is_small_enough_to_download(product: Product) -> None:
    if product.kind == "one file":
        assert product.executable.stat().st_size <= 35 * 2**20


def test_a_start_does_not_do_again_what_the_build_can_do_once(product: Product) -> None:
    """Each of these was a tenth of a start; see build/bundle.py and build/valhalla.spec."""
    readers = pytest.importorskip("PyInstaller.archive.readers")
    archive = readers.CArchiveReader(str(product.executable))
    modules = archive.open_embedded_archive("PYZ.pyz")

    run_before = {name for name in archive.toc if name.startswith("pyi_rth_")}
    assert run_before <= {"pyi_rth_cryptography_openssl"}
    assert "pydantic.main" in modules.toc
    assert "pydantic.v1" not in modules.toc
    if product.kind == "folder":
        inside = product.executable.parent / "_internal"
        for made in ("valhalla/cockpit/templates.zip", "anyio/__init__.py", "anyio/abc/__init__.py"):
            assert (inside / made).is_file(), made
        length = len(modules.extract("pydantic.main", raw=True))
        assert modules.toc["pydantic.main"][2] >= length, "packed in what is packed"
    else:
        packed = {name: entry[3] for name, entry in archive.toc.items()}
        assert not packed["later.zip"], "packed once more"


def test_the_licences_of_all_parts_are_in_it(product: Product) -> None:
    if product.kind != "folder":
        pytest.skip("the same files, inside the executable")
    (texts,) = product.executable.parent.rglob("licences.txt")
    told = texts.read_text(encoding="utf-8")
    for part in ("Python", "apsw", "fastapi", "pydantic", "pyinstaller", "peewee", "huey", "redis"):
        assert f"\n{part}" in told, part
