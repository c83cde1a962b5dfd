"""The project as a whole: what it declares, ships and promises fits together."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import valhalla

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = PROJECT["optional-dependencies"]
EXTRAS = tuple(name for name in OPTIONAL if name != "dev")
PACKAGES = ("db", "jobs", "valhalla")
OWN_FOLDERS = (*PACKAGES, "build", "docs", "examples", "scripts", "tests", ".ci")


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax of a module, which several tests walk through."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(tree: ast.Module) -> list[ast.AST]:
    """All that a module consists of."""
    return list(ast.walk(tree))


def tracked() -> Iterator[Path]:
    """Yield the project's own files."""
    yield from (path for path in ROOT.iterdir() if path.is_file())
    for folder in OWN_FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def pins() -> dict[str, str]:
    """Return the versions in constraints.txt by name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def test_constraints_name_everything_that_an_install_needs_on_any_system(
    script: Callable[[str], ModuleType],
) -> None:
    pinned = {canonicalize_name(name) for name in pins()}
    assert script("pin").needed_names() - pinned == set()


def test_constraints_satisfy_the_declared_bounds() -> None:
    versions = {canonicalize_name(name): version for name, version in pins().items()}
    declared = [
        Requirement(line) for lines in (PROJECT["dependencies"], *OPTIONAL.values()) for line in lines
    ]
    outside = [str(each) for each in declared if versions[canonicalize_name(each.name)] not in each.specifier]
    assert outside == []


def test_constraints_hold_versions_and_no_address() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    odd = [line for line in lines if not re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[0-9A-Za-z.!+]+", line)]
    assert odd == []


def test_every_runtime_dependency_has_a_lower_bound_and_no_upper_one() -> None:
    for line in PROJECT["dependencies"]:
        assert [each.operator for each in Requirement(line).specifier] == [">="], line


def test_what_is_declared_is_imported_and_what_is_imported_is_declared() -> None:
    imported = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in nodes(parsed(path)):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    imported.add(str(node.module).partition(".")[0])
    owners = importlib.metadata.packages_distributions()
    used = {
        canonicalize_name(owner)
        for name in imported - sys.stdlib_module_names - set(PACKAGES)
        for owner in owners.get(name, [name])
    }
    extras = {canonicalize_name(Requirement(line).name) for name in EXTRAS for line in OPTIONAL[name]}
    # tzdata is what zoneinfo reads where the system has no time zones; FastAPI loads python-multipart to read forms, and
    # uvicorn websockets, by their names.
    indirect = {"tzdata", "python-multipart", "websockets"}
    declared = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]} - indirect
    assert used - extras == declared


def test_the_version_is_static() -> None:
    # Asking the installed package's metadata would cost a third of start-up.
    tree = ast.parse((ROOT / "valhalla" / "__init__.py").read_text(encoding="utf-8"))
    names = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert names == ["__version__"]
    assert not any(isinstance(node, ast.Import) for node in tree.body)
    assert re.fullmatch(r"\d+\.\d+\.\d+", valhalla.__version__)


def test_the_wheel_ships_all_three_packages_whole(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
        (entry,) = (name for name in archive.namelist() if name.endswith("/entry_points.txt"))
        entry_points = archive.read(entry).decode()
    own = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped == own
    for folder in ("db/migrations/", "jobs/migrations/", "valhalla/program/schema/migrations/"):
        assert any(name.startswith(folder) and name.endswith(".sql") for name in shipped), folder
    assert "valhalla = valhalla.__main__:main" in entry_points


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    places = [
        str(ROOT).encode() + b"/",
        *([str(Path.home()).encode() + b"/"] if Path.home() != Path("/") else []),
    ]
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if any(place in path.read_bytes() for place in places)
    ]
    assert found == []


def test_readme_names_the_two_commands_and_ci_runs_the_second() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^python3 (scripts/\S+)$", readme, re.MULTILINE)
    assert commands[:2] == ["scripts/try.py", "scripts/check"]
    assert "\npython3 scripts/check\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
def test_what_is_started_directly_is_executable() -> None:
    for name in (".ci/run", "scripts/check"):
        assert os.access(ROOT / name, os.X_OK), name


@pytest.mark.parametrize("name", ["bootstrap.py", "try.py", "check"])
def test_an_older_python_can_read_what_tells_it_that_it_is_too_old(name: str) -> None:
    ast.parse((ROOT / "scripts" / name).read_text(encoding="utf-8"), feature_version=(3, 8))


FACES = ("cockpit", "cli", "ingestion.py")
_STATEMENT = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|PRAGMA|CREATE|DROP|ALTER)\s+(\w|[*(:]|\Z)"
)


def logic_in_a_face(tree: ast.Module) -> list[str]:
    """Name what a face must leave to the rooms below it: SQL, write transactions, audit entries."""
    chains = {
        alias.asname or alias.name
        for node in nodes(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "db"
        for alias in node.names
        if alias.name == "audit"
    }
    found = []
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _STATEMENT.match(node.value):
            found.append(f"line {node.lineno}: an SQL statement")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            whose, name = ast.unparse(node.func.value).rpartition(".")[2], node.func.attr
            if name in ("sql", "many") or (whose == "database" and name in ("one", "value")):
                found.append(f"line {node.lineno}: {whose}.{name}() runs a statement")
            elif whose == "database" and name == "write":
                found.append(f"line {node.lineno}: a write transaction")
            elif whose in chains | {"audit"} and name == "append":
                found.append(f"line {node.lineno}: an audit entry")
    return found


def test_faces_hold_no_sql_no_transaction_no_audit_entry() -> None:
    found = [
        f"{path.relative_to(ROOT)} {each}"
        for face in FACES
        for path in sorted((ROOT / "valhalla").glob(face if face.endswith(".py") else f"{face}/**/*.py"))
        for each in logic_in_a_face(parsed(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    "planted",
    [
        'LEADS = "SELECT count(*) FROM lead"',
        'LEADS = f"""\nSELECT {COLUMNS} FROM lead"""',
        "rows = here.database.sql(LEADS)",
        "row = database.one(LEADS)",
        "with database.write(durable=True):\n    pass",
        "with here.database.write():\n    pass",
        "from db import audit\naudit.append(database, 'lead.change', 'lead:1', {})",
        "from db import audit as chain\nchain.append(database, 'lead.change', 'lead:1', {})",
    ],
)
def test_logic_planted_in_a_face_is_found(planted: str) -> None:
    assert logic_in_a_face(ast.parse(planted)) != []


def test_what_a_face_may_do_is_not_reported() -> None:
    allowed = 'with database.view():\n    """Select a lead."""\n    file.write(b"x")\n    found.append(jobs.one(here, 1))'
    assert logic_in_a_face(ast.parse(allowed)) == []


HOT = ("intake", "leads", "scoring", "sandbox", "team")
"""Rooms whose statements stay written by hand: what each batch of an import asks, the call list, search and undo; what each draw of
a caller asks; and those of the blocks, which are asked before everything that is done and are translated for PostgreSQL."""

MOST_STATEMENTS = 60
"""Written by hand in all other rooms together; registries are read and written through the models of a room."""

_BEGINS = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|PRAGMA|CREATE|DROP|ALTER|SAVEPOINT|VACUUM|ATTACH|ANALYZE)\s+(\w|[*(:{]|\Z)"
)


def statements(tree: ast.Module) -> list[tuple[int, str]]:
    """The SQL statements in a module's texts: line and beginning. A text that is put together counts as one."""
    parts = {id(part) for node in nodes(tree) if isinstance(node, ast.JoinedStr) for part in node.values[1:]}
    return [
        (node.lineno, node.value.strip()[:60])
        for node in nodes(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts
        if _BEGINS.match(node.value)
    ]


@cache
def by_hand() -> list[tuple[Path, int, str]]:
    """Every statement outside of the hot rooms."""
    return [
        (path, line, text)
        for path in sorted((ROOT / "valhalla").rglob("*.py"))
        if path.relative_to(ROOT / "valhalla").parts[0] not in HOT
        for line, text in statements(parsed(path))
    ]


def test_few_statements_are_written_by_hand() -> None:
    found = [f"{path.relative_to(ROOT)}:{line} {text}" for path, line, text in by_hand()]
    assert 0 < len(found) <= MOST_STATEMENTS, "\n".join(found)


def test_statements_stand_in_sql_modules_with_a_reason() -> None:
    elsewhere = {path for path, _, _ in by_hand() if path.name != "sql.py"}
    allowed = {"program/database.py", "program/schema/__init__.py", "safety/proving_ground.py"}
    assert {path.relative_to(ROOT / "valhalla").as_posix() for path in elsewhere} <= allowed
    for path in {path for path, _, _ in by_hand() if path.name == "sql.py"}:
        assert "by hand" in (ast.get_docstring(parsed(path)) or ""), path


def test_a_planted_statement_is_counted() -> None:
    planted = (
        'ONE = "SELECT name FROM lead"\nTWO = f"""\nSELECT {ONE} FROM lead {ONE}"""\n"""Select a lead."""'
    )
    assert len(statements(ast.parse(planted))) == 2


WORN = {
    "told, tells": r"\btold\b|\btells\b|\btelling\b|(?<![a-z])_?told_|_told\b",
    "kept out": r"\bkept out\b(?! of)",
    "taken back": r"\btaken? back\b(?! from)|\btook (?:a|an|the) [\w ]{1,30} back\b",
    "anew": r"\banew\b",
    "whoever": r"\bwhoever\b",
    "X is no Y": r"!r\} is no [a-z]",
    "is none of": r"\bis none of \{",
    "nobody rests": r"\b(?:every|no)body (?:rests|stands)\b",
    "no rule speaks": r"\bNo rule speaks\b|Nobody of them",
}
"""Words that read as a translation, with what finds them; in their place stand reports, do not contact, undone, again, the caller,
is not a …."""

ORDINARY = {
    "valhalla/scoring/stages/seed_scripts.py": "what a caller says on the telephone",
    "valhalla/audit/signing.py": "a key that is kept outside",
}
"""Files in which such a word is ordinary English, with the reason."""


_WORN = re.compile("|".join(WORN.values()))


def worn_words(text: str) -> list[tuple[int, str]]:
    """The worn words of a text, each with its line."""
    return [(text.count("\n", 0, found.start()) + 1, found[0]) for found in _WORN.finditer(text)]


def test_no_module_page_or_doc_uses_a_worn_word() -> None:
    found = []
    for folder in ("valhalla", "db", "docs"):
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in (".py", ".html", ".js", ".md") and name not in ORDINARY:
                words = worn_words(path.read_text(encoding="utf-8"))
                found += [f"{name}:{line}: {word}" for line, word in words]
    assert found == []


@pytest.mark.parametrize(
    "planted",
    [
        "    told = json.loads(text)",
        "def _told_apart(lead): ...",
        '"""What it tells of a lead."""',
        "they are kept out now",
        "it was taken back",
        '"took a merge back"',
        "counted anew",
        "whoever asks waits",
        'f"{text!r} is no day; write it as 2026-11-29"',
    ],
)
def test_a_planted_worn_word_is_found(planted: str) -> None:
    assert worn_words(planted) != []


def test_ordinary_words_are_not_found() -> None:
    assert worn_words("there is no lead 4; file.tell(); is kept out of bulk work; is no longer open") == []
