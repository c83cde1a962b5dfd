"""The import rules: valhalla -> jobs -> db only, faces on top, no circles, no second SQLite in the process."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("db", "jobs", "valhalla")  # each may import those before it
FACES = ("valhalla.cli", "valhalla.cockpit")
ENTRANCES = ("valhalla.__main__", "valhalla.cli.browser")  # start a face; the second one the cockpit of a run


class Import(NamedTuple):
    """One import statement: who, whom (a full name; for ``from a import b`` that is ``a.b``), where, and when."""

    importer: str
    target: str
    line: int
    at_import_time: bool


def imports_of(module: str, is_package: bool, source: str) -> Iterator[Import]:
    """Yield every import in the source, also those inside functions and under TYPE_CHECKING."""
    package = module if is_package else module.rpartition(".")[0]

    def walk(node: ast.AST, at_import_time: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(module, alias.name, child.lineno, at_import_time)
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                if child.level:
                    parts = package.split(".")
                    above = parts[: len(parts) - child.level + 1]
                    base = ".".join([*above, base] if base else above)
                for alias in child.names:
                    yield Import(module, f"{base}.{alias.name}", child.lineno, at_import_time)
            elif isinstance(child, ast.If) and _is_type_checking(child.test):
                for part in child.body:
                    yield from walk(ast.Module([part], []), False)
                for part in child.orelse:
                    yield from walk(ast.Module([part], []), at_import_time)
            else:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from walk(child, at_import_time and not inside)

    return walk(ast.parse(source), True)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def modules(root: Path) -> dict[str, Path]:
    """Return the modules of the three packages under ``root`` by full name."""
    found = {}
    for layer in LAYERS:
        for path in (root / layer).rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def all_imports(root: Path = ROOT) -> list[Import]:
    return [
        found
        for module, path in modules(root).items()
        for found in imports_of(module, path.name == "__init__.py", path.read_text(encoding="utf-8"))
    ]


def upward(imports: list[Import]) -> list[str]:
    """Name the imports that go from a lower package to a higher one."""
    return [
        f"{each.importer}:{each.line} imports {each.target}"
        for each in imports
        if (top := each.target.split(".")[0]) in LAYERS
        and LAYERS.index(top) > LAYERS.index(each.importer.split(".")[0])
    ]


def below_a_face(imports: list[Import]) -> list[str]:
    """Name the imports of a face by a module that is none, and of a face by another one."""

    def face(name: str) -> str | None:
        return next((each for each in FACES if name == each or name.startswith(each + ".")), None)

    return [
        f"{each.importer}:{each.line} imports {each.target}"
        for each in imports
        if face(each.target) not in (None, face(each.importer)) and each.importer not in ENTRANCES
    ]


def circles(imports: list[Import], known: set[str]) -> list[str]:
    """Name the circles among imports made at import time."""
    graph: dict[str, set[str]] = {name: set() for name in known}
    for each in imports:
        if not each.at_import_time:
            continue
        target = each.target
        while target and target not in known:
            target = target.rpartition(".")[0]
        # A package's __init__ that gathers names from its own modules, which import each other, is no circle.
        if target and target != each.importer and not each.importer.startswith(target + "."):
            graph[each.importer].add(target)
    found, done = [], set()
    path: list[str] = []

    def visit(name: str) -> None:
        if name in path:
            found.append(" -> ".join([*path[path.index(name) :], name]))
            return
        if name in done:
            return
        path.append(name)
        for following in sorted(graph[name]):
            visit(following)
        path.pop()
        done.add(name)

    for name in sorted(graph):
        visit(name)
    return found


def test_packages_import_downwards_only() -> None:
    assert upward(all_imports()) == []


def test_nothing_below_imports_a_face() -> None:
    assert below_a_face(all_imports()) == []


def test_no_module_imports_in_a_circle() -> None:
    assert circles(all_imports(), set(modules(ROOT))) == []


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
    ("module", "source", "broken"),
    [
        ("db.a", "from jobs import queue", upward),
        ("db.a", "def f():\n    import valhalla.scoring.stages.row", upward),
        ("jobs.a", "if TYPE_CHECKING:\n    from valhalla.scoring.stages.row import Row", upward),
        ("valhalla.stages.a", "from ..cli import app", below_a_face),
        ("valhalla.a", "from valhalla import cockpit", below_a_face),
        ("valhalla.cli.a", "import valhalla.cockpit.app", below_a_face),
    ],
)
def test_a_broken_rule_is_found(module: str, source: str, broken: object) -> None:
    assert callable(broken)
    assert broken(list(imports_of(module, False, source))) != []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("valhalla.a", "from jobs import queue\nimport db.audit"),
        ("jobs.a", "import db"),
        ("valhalla.cli.a", "from valhalla.cli import app"),
        ("valhalla.__main__", "from valhalla.cli import app"),
        ("valhalla.a", "import valhalla.client"),
    ],
)
def test_what_is_allowed_is_not_reported(module: str, source: str) -> None:
    found = list(imports_of(module, False, source))
    assert upward(found) + below_a_face(found) == []


def test_a_circle_is_found_and_a_late_import_breaks_it() -> None:
    known = {"db.a", "db.b"}
    there = list(imports_of("db.a", False, "from db.b import x"))
    back = list(imports_of("db.b", False, "import db.a"))
    late = list(imports_of("db.b", False, "def f():\n    import db.a"))
    assert circles(there + back, known) == ["db.a -> db.b -> db.a"]
    assert circles(there + late, known) == []
