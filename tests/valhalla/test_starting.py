"""What a command loads before it does anything: a start should not grow again unnoticed."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

IMPORTED = re.compile(r"^import time: +\d+ \| +\d+ \| +(\S+)$", re.MULTILINE)

NEVER = {
    "pydantic",
    "psutil",
    "importlib.metadata",
    "importlib.resources",
    "rich",
    "structlog",
    "phonenumbers",
    "httpx",
}
FACES = {"fastapi", "starlette", "uvicorn", "jinja2", "valhalla.cockpit", "valhalla.console"}
OTHER_LISTS = {
    "openpyxl",
    "ijson",
    "zipfile",
    "pyexpat",
}
REASONS = {
    "valhalla.scoring.stages.score_reasons",
    "valhalla.scoring.stages.calling",
    "zoneinfo",
    "difflib",
    "statistics",
}


def loaded(*words: str) -> set[str]:
    """The modules that import statements load to run a command."""
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "valhalla", *words],
        check=True,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    return set(IMPORTED.findall(result.stderr))


WORK_WITH_LEADS = {
    f"valhalla.{name}"
    for name in (
        *("leads.view", "leads.merge", "leads.deals", "leads.buyers", "leads.outcomes", "leads.settling"),
        *("intake.unfolding", "intake.undo", "intake.sample_leads", "intake.advice", "audit.signing"),
    )
}
"""What nobody needs who imports a list of the documents' shape."""
PROPERTIES = {
    f"valhalla.intake.reading.{name}"
    for name in ("recognition", "bulk_lists", "xlsx", "vcard", "web_table", "jsonfile", "old_workbook")
}


def test_an_import_that_goes_well_loads_no_more_than_it_uses(home: Path, sample_leads: Path) -> None:
    found = loaded("ingest", str(sample_leads), "--json")
    assert "valhalla.intake.importer" in found
    assert (
        found & (NEVER | FACES | OTHER_LISTS | (REASONS - {"difflib"}) | WORK_WITH_LEADS | PROPERTIES)
        == set()
    )


def test_a_list_that_has_not_changed_loads_nothing_that_reads_or_works(
    home: Path, sample_leads: Path
) -> None:
    for _ in range(2):
        found = loaded("ingest", str(sample_leads), "--json")
    unused = {"huey", "jobs.queue", "valhalla.intake.importer", "valhalla.intake.reading.source"}
    assert "valhalla.intake.passes" in found
    assert (
        found
        & (NEVER | FACES | OTHER_LISTS | (REASONS - {"difflib"}) | WORK_WITH_LEADS | PROPERTIES | unused)
        == set()
    )


def test_the_second_process_of_an_import_loads_what_reads_and_decides() -> None:
    found = loaded("--read-ahead")
    unused = {
        "apsw",
        "peewee",
        "playhouse",
        "typer",
        "huey",
        "subprocess",
        "logging",
        "socket",
        "db.connection",
    }
    assert {"db.evidence", "valhalla.intake.reading.source", "valhalla.scoring.stages.pipeline"} <= found
    assert found & (NEVER | FACES | OTHER_LISTS | REASONS | PROPERTIES | unused) == set()
    assert not {name for name in found if name.startswith("valhalla.cli")}


def test_the_call_list_is_shown_without_what_imports_need(home: Path, sample_leads: Path) -> None:
    loaded("ingest", str(sample_leads))
    found = loaded("leads", "top", "--json")
    assert "valhalla.leads.call_list" in found
    unused = {"huey", "valhalla.intake.importer", "valhalla.intake.reading.source"}
    unused |= {f"valhalla.leads.{name}" for name in ("addresses", "postal_tables", "owners", "name_tables")}
    assert found & (NEVER | FACES | OTHER_LISTS | unused) == set()
    # Of the queue only the package, which names its tables; what works on jobs would show with its own imports.
    assert {name for name in found if name.startswith("jobs")} == {"jobs"}


def test_the_help_is_shown_without_what_the_commands_need(home: Path) -> None:
    found = loaded("--help")
    unused = {
        "asyncio",
        "apsw.ext",
        "db.connection",
        "jobs",
        "valhalla.intake.reading",
        "valhalla.scoring.stages",
    }
    assert "typer" in found
    assert found & (NEVER | FACES | OTHER_LISTS | unused) == set()


def test_the_version_is_told_at_once() -> None:
    assert not {"typing", "typer", "db", "valhalla.cli"} & loaded("--version")


def test_who_to_call_today_is_shown_without_what_other_commands_need(home: Path, sample_leads: Path) -> None:
    loaded("ingest", str(sample_leads))
    found = loaded("today")
    assert "valhalla.leads.today" in found
    unused = {"huey", "asyncio", "tempfile", "valhalla.intake.importer", "valhalla.intake.reading.source"}
    unused |= {f"valhalla.leads.{name}" for name in ("addresses", "postal_tables", "owners", "name_tables")}
    assert found & ((NEVER - {"rich"}) | FACES | OTHER_LISTS | unused) == set()
    others = {
        "peewee",
        "logging",
        "traceback",
        "subprocess",
        "difflib",
        "socket",
        "valhalla.cli.leads",
        "valhalla.intake.helper",
    }
    assert found & others == set()


def test_what_works_with_models_loads_no_sqlite_of_its_own(home: Path, sample_leads: Path) -> None:
    loaded("ingest", str(sample_leads))
    found = loaded("effects", "list")
    assert "peewee" in found
    # peewee asks for Python's own SQLite and is told that there is none; see db.hiding.
    assert not {name for name in found if name.startswith(("sqlite3.", "_sqlite3"))}


PAGES = {f"valhalla.cockpit.pages.{name}" for name in ("today", "leads")}
"""Today, and the module of a list of leads, whose words it has."""

RARELY = {
    *(
        "valhalla.cockpit.metrics",
        "valhalla.cockpit.health",
        "valhalla.cockpit.hub",
        "valhalla.cockpit.sites",
    ),
    *(
        "valhalla.console.service",
        "valhalla.console.current",
        "valhalla.service.hub_run",
        "valhalla.fleet.hub",
    ),
    *(
        "valhalla.effects.erasure",
        "valhalla.effects.mail",
        "valhalla.reports.packet",
        "valhalla.safety.blocks",
    ),
    *(
        "valhalla.safety.proving_ground",
        "valhalla.leads.export",
        "valhalla.leads.merge",
        "valhalla.intake.undo",
    ),
    *("valhalla.intake.repairing", "valhalla.intake.plan", "valhalla.intake.reading.source"),
    *("jobs.web.routes", "jobs.postgres_sql", "fastapi.testclient"),
}
"""Of the program itself, what neither the first page nor a service that waits needs."""

LIBRARIES = {
    *(
        "pydantic.v1",
        "sqlite3.dbapi2",
        "redis.client",
        "prometheus_client",
        "httpx",
        "psutil",
        "click",
        "uvicorn.main",
    ),
    *(
        "anyio._core._fileio",
        "anyio._core._subprocesses",
        "anyio.abc._sockets",
        "watchfiles",
        "importlib.metadata",
    ),
    *(
        "cryptography",
        "keyring",
        "argon2",
        "pygal",
        "fpdf",
        "openpyxl",
        "phonenumbers",
        "rich.console",
        "websockets",
    ),
}


def unwanted(found: set[str]) -> set[str]:
    """Those that nobody who waits for the first page needs."""
    pages = {name for name in found if name.startswith("valhalla.cockpit.pages.")}
    gathering = {name for name in found if name.startswith("valhalla.cockpit.gather.")}
    rest = {name for name in found if name.partition(".")[0] in LIBRARIES or name in LIBRARIES}
    asked = {f"valhalla.cockpit.gather.{name}" for name in ("today", "calls", "facets")}
    return (pages - PAGES) | (gathering - asked) | rest | (found & RARELY)


def test_the_cockpit_is_loaded_without_what_no_page_has_asked_for() -> None:
    """Until the first page a person waits for all of this."""
    script = """
import importlib.metadata, sys

def entry_points(**of):
    raise AssertionError(f"somebody reads what every package says of itself, for {of}")

importlib.metadata.entry_points = entry_points
import valhalla.cockpit.server
from fastapi.openapi.models import OpenAPI, Operation, Schema
from fastapi.routing import APIRoute
from valhalla.cockpit import routes
from valhalla.cockpit.subjects import each_route

print(OpenAPI.__pydantic_complete__ or Operation.__pydantic_complete__ or Schema.__pydantic_complete__)
found = [route for route in each_route(routes.workspace().subjects) if isinstance(route, APIRoute)]
assert len(found) > 200
print(*(route.path for route in found if {"path_regex", "dependant"} & vars(route).keys()))
"""
    result = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert result.stdout.split("\n") == ["False", "", ""], "a route is worked out, or models of OpenAPI are"
    result = subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            "-c",
            "import valhalla.cockpit.server, valhalla.service.service",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    found = set(IMPORTED.findall(result.stderr))
    assert {"fastapi.openapi.models", "valhalla.effects.running"} | PAGES <= found
    assert unwanted(found) == set()


def test_the_first_page_loads_its_own_subject_only(home: Path) -> None:
    """By what is loaded, as time on a machine that is busy says nothing."""
    command = [
        sys.executable,
        "-X",
        "importtime",
        "-m",
        "valhalla",
        "run",
        "--port",
        "0",
        "--interval",
        "3600",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        said: list[str] = []
        hearing = threading.Thread(target=lambda lines: said.extend(lines), args=(process.stderr,))
        hearing.start()
        try:
            link = next(line.split()[-1] for line in process.stdout if "token=" in line)
            answer = first_page(link)
        finally:
            process.terminate()
            process.wait(20)
            hearing.join(20)
    assert answer.startswith("<!doctype html>") and 'title="Today"' in answer
    found = IMPORTED.findall("".join(said))
    # What comes after the cockpit may be of the first cycle.
    assert unwanted(set(found[: found.index("valhalla.cockpit.server")])) == set()
    assert {name for name in found if name.startswith("valhalla.cockpit.pages.")} == PAGES


def first_page(link: str) -> str:
    """What a browser shows that follows the link."""
    address = urlsplit(link)
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=30)
    connection.request("GET", f"{address.path}?{address.query}", headers={"Host": address.netloc})
    answer = connection.getresponse()
    answer.read()
    cookie, to = answer.headers["set-cookie"].partition(";")[0], answer.headers["location"]
    connection.request("GET", to, headers={"Host": address.netloc, "Cookie": cookie})
    return connection.getresponse().read().decode()


def test_a_service_without_pages_loads_nothing_that_sends_or_unpacks() -> None:
    """Each takes a megabyte or more for the days that it runs."""
    script = """
import valhalla.service.service
from valhalla.program.logs import line_library

line_library().get_logger()
"""
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", script], check=True, capture_output=True, text=True
    )
    found = set(IMPORTED.findall(result.stderr))
    assert {"structlog.stdlib", "valhalla.effects.running", "huey"} <= found
    assert found & ({"asyncio", "ssl", "smtplib", "email.message", "zipfile"} | RARELY | FACES) == set()
