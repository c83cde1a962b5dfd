"""The map of the house: which room may import which, and that nothing imports in a circle.

Every import counts alike: at the top of a module, inside a function, and under ``TYPE_CHECKING``.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("db", "jobs", "valhalla")

BASE = {"db", "jobs", "program"}
BELOW_SERVICE = BASE | {
    "sandbox",
    "console",
    "scoring",
    "leads",
    "intake",
    "audit",
    "effects",
    "reports",
    "safety",
    "fleet",
    "team",
}
MAY_IMPORT: dict[str, set[str]] = {
    "db": set(),
    "jobs": {"db"},
    "program": {"db", "jobs"},
    "sandbox": BASE,
    "console": BASE,
    "scoring": BASE,
    "leads": BASE | {"scoring"},
    "intake": BASE | {"sandbox", "scoring", "leads"},
    "audit": BASE | {"sandbox", "scoring", "leads", "intake"},
    "effects": BASE | {"sandbox", "scoring", "leads", "intake", "audit"},
    "reports": BASE | {"sandbox", "scoring", "leads", "intake", "audit", "effects"},
    "team": BASE | {"sandbox", "scoring", "leads"},
    "fleet": BASE | {"sandbox", "scoring", "leads", "intake", "audit", "effects", "reports"},
    "safety": BELOW_SERVICE - {"safety", "fleet", "team"},
    "service": BELOW_SERVICE,
    "cockpit": BELOW_SERVICE | {"service"},
    "cli": BELOW_SERVICE | {"service"},
    "ingestion": BELOW_SERVICE | {"service"},
    "__main__": BELOW_SERVICE | {"service", "cockpit", "cli"},
}
"""Each room with those it may import; docs/developing.md shows the same table."""

PURE = {
    "valhalla.scoring.stages": {"apsw", "sqlite3", "peewee", "pathlib", "os", "io", "db", "jobs"},
    "valhalla.intake.reading": {"apsw", "sqlite3", "peewee", "jobs"},
}
"""Packages that decide or parse and touch nothing else, with what they may not import."""

HEAVY = {
    "argon2", "asyncio", "boto3", "botocore", "cryptography", "fastapi", "fpdf", "httpx", "huey", "ijson", "jinja2", "keyring", "openpyxl", "peewee", "phonenumbers",
    "prometheus_client", "psutil", "psycopg", "pygal", "python_calamine", "redis", "rich", "segno", "starlette", "structlog", "uvicorn", "watchfiles", "websockets",
    "ctypes", "difflib", "glob", "platformdirs", "statistics", "tempfile", "winreg", "xml", "zipfile", "zoneinfo",
}  # fmt: skip
"""Packages not ours that are slow to load or exist on one system only, so a function may import them when it needs them."""


class Import(NamedTuple):
    """One name that a module imports: who, whom (``from a import b`` is ``a.b``), where, and when."""

    importer: str
    target: str
    line: int
    kind: str
    """``top``, ``function`` or ``typing``."""


@cache
def parsed(source: str) -> ast.Module:
    return ast.parse(source)


def imports_of(module: str, is_package: bool, source: str) -> Iterator[Import]:
    """Yield every import in the source."""
    package = module if is_package else module.rpartition(".")[0]

    def walk(node: ast.AST, kind: str) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(module, alias.name, child.lineno, kind)
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                if child.level:
                    parts = package.split(".")
                    above = parts[: len(parts) - child.level + 1]
                    base = ".".join([*above, base] if base else above)
                for alias in child.names:
                    yield Import(module, f"{base}.{alias.name}", child.lineno, kind)
            elif isinstance(child, ast.If) and _is_type_checking(child.test):
                for part in child.body:
                    yield from walk(ast.Module([part], []), "typing")
                for part in child.orelse:
                    yield from walk(ast.Module([part], []), kind)
            elif not isinstance(child, ast.expr):  # in which no import can stand
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
                yield from walk(child, "function" if inside else kind)

    return walk(parsed(source), "top")


def _is_type_checking(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in (getattr(test, "id", None), getattr(test, "attr", None))


def modules(root: Path = ROOT) -> dict[str, Path]:
    """The modules of the three packages under ``root`` by full name."""
    found = {}
    for package in PACKAGES:
        for path in (root / package).rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def all_imports() -> list[Import]:
    return [
        found
        for module, path in modules().items()
        for found in imports_of(module, path.name == "__init__.py", path.read_text(encoding="utf-8"))
    ]


def room_of(name: str) -> str | None:
    """The room of a module: ``jobs``, ``leads`` for ``valhalla.leads.search``; None for what is not ours."""
    first, _, rest = name.partition(".")
    if first in ("db", "jobs"):
        return first
    return (rest.partition(".")[0] or "valhalla") if first == "valhalla" else None


def against_the_table(imports: Iterable[Import]) -> list[str]:
    """Name the imports that the table of rooms does not allow."""
    found = []
    for each in imports:
        source, target = room_of(each.importer), room_of(each.target)
        if target is None or source == target or target not in MAY_IMPORT:
            continue  # another's package, the same room, or the package valhalla itself (its version)
        if source not in MAY_IMPORT or target not in MAY_IMPORT[source]:
            found.append(f"{each.importer}:{each.line} imports {each.target}")
    return found


def impure(imports: Iterable[Import]) -> list[str]:
    """Name the imports with which a pure package would reach a file, a database or the clock of one."""
    return [
        f"{each.importer}:{each.line} imports {each.target}"
        for each in imports
        for package, forbidden in PURE.items()
        if each.importer.startswith(package) and each.target.split(".")[0] in forbidden
    ]


def late(imports: Iterable[Import]) -> list[str]:
    """Name the imports inside functions below the command line, of anything but a heavy third-party package."""
    return [
        f"{each.importer}:{each.line} imports {each.target}"
        for each in imports
        if each.kind == "function"
        and room_of(each.importer) not in ("cli", "__main__")
        and each.target.split(".")[0] not in HEAVY
        and not each.target.startswith(
            each.importer + "."
        )  # a package that loads its own parts when they are asked for
    ]


def _graph(imports: Iterable[Import], known: set[str]) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {name: set() for name in known}
    for each in imports:
        target = each.target
        while target and target not in known:
            target = target.rpartition(".")[0]
        # That a module of a package imports the package's own __init__ is not counted: it is loaded before it anyway.
        if target and target != each.importer and not each.importer.startswith(target + "."):
            graph[each.importer].add(target)
    return graph


def circles(imports: Iterable[Import], known: set[str]) -> list[list[str]]:
    """The groups of modules that import each other, directly or through others (strongly connected components)."""
    graph = _graph(imports, known)
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = lowest[name] = len(order)
        stack.append(name)
        for following in sorted(graph[name]):
            if following not in order:
                visit(following)
                lowest[name] = min(lowest[name], lowest[following])
            elif following in stack:
                lowest[name] = min(lowest[name], order[following])
        if lowest[name] == order[name]:
            group = [stack.pop()]
            while group[-1] != name:
                group.append(stack.pop())
            if len(group) > 1:
                found.append(sorted(group))

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    try:
        for name in sorted(graph):
            if name not in order:
                visit(name)
    finally:
        sys.setrecursionlimit(limit)
    return found


def pairs(imports: Iterable[Import]) -> list[tuple[str, str]]:
    """The rooms that import each other."""
    arrows = {
        (source, target)
        for each in imports
        if (source := room_of(each.importer)) and (target := room_of(each.target)) and source != target
    }
    return sorted((a, b) for a, b in arrows if a < b and (b, a) in arrows)


def test_the_table_has_no_pair_and_no_circle() -> None:
    arrows = [Import(room, target, 1, "top") for room, allowed in MAY_IMPORT.items() for target in allowed]
    assert circles(arrows, set(MAY_IMPORT)) == []


def test_every_folder_and_module_is_a_room() -> None:
    assert {room_of(name) for name in modules()} - {"valhalla"} == set(MAY_IMPORT)


def test_rooms_import_only_what_the_table_allows() -> None:
    assert against_the_table(all_imports()) == []


def test_no_two_rooms_import_each_other() -> None:
    assert pairs(all_imports()) == []


def test_no_module_imports_in_a_circle() -> None:
    assert circles(all_imports(), set(modules())) == []


def test_a_module_that_is_loaded_later_is_also_imported_for_types() -> None:
    # so that the tests above count it, and the packager finds it
    for module, path in modules().items():
        for name, target in later_modules(path.read_text(encoding="utf-8")):
            typing = {
                each.target for each in all_imports() if each.importer == module and each.kind == "typing"
            }
            assert target in typing, f"{module} loads {name} later"


def later_modules(source: str) -> Iterator[tuple[str, str]]:
    """The names that a module gives to modules that are loaded when they are first used, and their full names."""
    for node in ast.walk(parsed(source)) if "later(" in source else ():
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        call, name = node.value, node.targets[0]
        if isinstance(call.func, ast.Name) and call.func.id == "later":
            assert isinstance(name, ast.Name) and isinstance(call.args[0], ast.Constant)
            yield name.id, call.args[0].value


def test_only_the_command_line_imports_inside_functions() -> None:
    assert late(all_imports()) == []


def test_stages_and_readers_touch_nothing_else() -> None:
    assert impure(all_imports()) == []


def test_nothing_imports_the_standard_librarys_sqlite() -> None:
    second = [
        f"{each.importer}:{each.line}"
        for each in all_imports()
        if each.target.split(".")[0] in ("sqlite3", "_sqlite3")
    ]
    assert second == []


def test_no_folder_of_tests_or_build_is_a_package() -> None:
    # An __init__.py there would let tests/db stand in front of db.
    strays = [*ROOT.glob("tests/**/__init__.py"), *ROOT.glob("build/**/__init__.py")]
    assert strays == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("db.a", "from jobs import queue"),
        ("db.a", "def f():\n    import valhalla.program.errors"),
        ("jobs.a", "if TYPE_CHECKING:\n    from valhalla.scoring.stages.row import Row"),
        ("valhalla.scoring.a", "from ..cli import app"),
        ("valhalla.leads.a", "from valhalla import cockpit"),
        ("valhalla.cli.a", "import valhalla.cockpit.app"),
        ("valhalla.program.a", "def f():\n    from valhalla.leads import search"),
        ("valhalla.loose", "import db"),
    ],
)
def test_an_import_against_the_table_is_found(module: str, source: str) -> None:
    assert against_the_table(imports_of(module, False, source)) != []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("valhalla.program.a", "from jobs import queue\nimport db.audit"),
        ("jobs.a", "import db"),
        ("valhalla.cli.a", "from valhalla.cli import app\nfrom valhalla import __version__"),
        ("valhalla.__main__", "from valhalla.cli import app"),
        ("valhalla.leads.a", "import json, valhallaclient"),
    ],
)
def test_what_is_allowed_is_not_reported(module: str, source: str) -> None:
    assert against_the_table(imports_of(module, False, source)) == []


@pytest.mark.parametrize(
    "back",
    ["import db.a", "def f():\n    import db.a", "if TYPE_CHECKING:\n    from db.a import x"],
)
def test_a_circle_is_found_whenever_its_imports_run(back: str) -> None:
    known = {"db.a", "db.b"}
    there = list(imports_of("db.a", False, "from db.b import x"))
    assert circles(there, known) == []
    assert circles([*there, *imports_of("db.b", False, back)], known) == [["db.a", "db.b"]]


def test_a_pair_of_rooms_is_found() -> None:
    there = imports_of("valhalla.leads.a", False, "import valhalla.effects.b")
    back = imports_of("valhalla.effects.c", False, "def f():\n    import valhalla.leads.d")
    assert pairs([*there, *back]) == [("effects", "leads")]


def test_a_late_import_and_an_impure_one_are_found() -> None:
    inside = "def f():\n    from valhalla.program import home\n    import openpyxl"
    assert late(imports_of("valhalla.leads.a", False, inside)) == [
        "valhalla.leads.a:2 imports valhalla.program.home"
    ]
    assert late(imports_of("valhalla.cli.a", False, inside)) == []
    assert impure(imports_of("valhalla.scoring.stages.a", False, "from db import Database")) != []


def test_the_guide_shows_each_room_as_its_package_describes_itself() -> None:
    guide = (ROOT / "docs" / "developing.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w/]+)` \| (.+?) \|", guide, re.MULTILINE))
    packages = [name for name in MAY_IMPORT if name in ("db", "jobs") or (ROOT / "valhalla" / name).is_dir()]
    for name in packages:
        folder = name if name in ("db", "jobs") else f"valhalla/{name}"
        docstring = (
            ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text(encoding="utf-8"))) or ""
        )
        assert rows.get(folder) == docstring.partition("\n")[0], folder
