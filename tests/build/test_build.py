"""The parts of the build that need no built product."""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import valhalla

ROOT = Path(__file__).parents[2]
PINS = re.compile(r"^([a-z0-9-]+)==([^ ]+) --hash=sha256:[0-9a-f]{64}$")


def test_the_icon_has_all_sizes_and_is_the_same_each_time(tmp_path: Path) -> None:
    icon = importlib.import_module("icon")
    from PIL import Image

    first = icon.write(tmp_path / "a.ico").read_bytes()

    assert icon.write(tmp_path / "b.ico").read_bytes() == first
    with Image.open(tmp_path / "a.ico") as picture:
        assert picture.info["sizes"] == {(size, size) for size in icon.SIZES}


def test_the_version_resource_says_the_version() -> None:
    pytest.importorskip("pefile", reason="PyInstaller needs it on Windows only")
    versions = importlib.import_module("version_resource")

    made = str(versions.resource("1.2.3"))

    assert versions.numbers("1.2.3") == (1, 2, 3, 0)
    assert "(1, 2, 3, 0)" in made
    assert "'ProductVersion', '1.2.3'" in made.replace('"', "'")


def test_the_licence_of_each_part_is_written_or_the_build_stops(tmp_path: Path) -> None:
    licences = importlib.import_module("licences")

    text = licences.write(tmp_path / "licences.txt", ROOT, ["apsw.ext", "huey.api"]).read_text(
        encoding="utf-8"
    )

    for part in ("Valhalla\n", "Python\n", "apsw ", "huey ", "pyinstaller "):
        assert f"\n{part}" in text, part


def test_large_modules_are_set_apart_with_the_libraries_they_need(tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller")
    bundle = importlib.import_module("bundle")
    later = importlib.import_module("later")
    binaries = []
    for name, kind in (
        ("python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so", "EXTENSION"),
        ("libssl.so.3", "BINARY"),
        ("apsw/__init__.cpython-311-x86_64-linux-gnu.so", "EXTENSION"),
        ("libz.so.1", "BINARY"),
        ("markupsafe/_speedups.cpython-311-x86_64-linux-gnu.so", "EXTENSION"),
    ):
        file = tmp_path / Path(name).name
        file.write_bytes(Path(sys.executable).resolve().read_bytes()[:4096])
        binaries.append((name, str(file), kind))
    bundle._stripped = lambda file, work: file

    page = tmp_path / "page.html"
    page.write_text("<p>", encoding="utf-8")
    datas = [("valhalla/cockpit/templates/page.html", str(page), "DATA"), ("licences.txt", str(page), "DATA")]

    archive, rest, few = bundle.split(tmp_path / "work" / later.ARCHIVE, binaries, datas)

    assert [name for name, _, _ in few] == ["licences.txt"]
    assert [name for name, _, _ in rest] == [
        "libz.so.1",
        "markupsafe/_speedups.cpython-311-x86_64-linux-gnu.so",
    ]
    with zipfile.ZipFile(archive) as packed:
        table = json.loads(packed.read(later.TABLE))
        assert packed.read("valhalla/cockpit/templates/page.html") == b"<p>"
    assert table["packages"] == {"valhalla.cockpit": ["valhalla/cockpit/templates/page.html"]}
    assert table["modules"]["_ssl"] == [
        "libssl.so.3",
        "python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so",
    ]
    assert list(table["modules"]) == ["_ssl", "apsw"]


def test_a_module_set_apart_is_unpacked_when_it_is_imported(tmp_path: Path) -> None:
    later = importlib.import_module("later")
    import _zoneinfo as module  # any extension module in a file of its own

    if not getattr(module, "__file__", None):
        pytest.skip("built into this Python")
    with zipfile.ZipFile(tmp_path / later.ARCHIVE, "w") as archive:
        archive.write(module.__file__, "inner/_zoneinfo.so")
        archive.writestr("valhalla/cockpit/page.html", "<p>")
        table = {
            "modules": {"_zoneinfo": ["inner/_zoneinfo.so"]},
            "packages": {"valhalla.cockpit": ["valhalla/cockpit/page.html"]},
        }
        archive.writestr(later.TABLE, json.dumps(table))
    finder = later.Finder(str(tmp_path))

    spec = finder.find_spec("_zoneinfo")

    assert spec is not None
    assert spec.origin == str(tmp_path / "inner" / "_zoneinfo.so")
    assert Path(str(spec.origin)).read_bytes() == Path(module.__file__).read_bytes()
    assert finder.find_spec("json") is None
    assert not (tmp_path / "valhalla").exists()
    assert finder.find_spec("valhalla.cockpit") is None, "it is found as always, with its files next to it"
    assert (tmp_path / "valhalla" / "cockpit" / "page.html").read_text(encoding="utf-8") == "<p>"


def test_modules_are_found_by_name_and_read_though_the_executable_was_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("PyInstaller")
    from PyInstaller import loader
    from PyInstaller.archive.writers import ZlibArchiveWriter

    modules = importlib.import_module("modules")
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "nowhere"), raising=False)
    monkeypatch.syspath_prepend(str(Path(loader.__file__).parent))
    reader = importlib.import_module("pyimod01_archive")
    importers = importlib.import_module("pyimod02_importers")
    entries, code = [], {}
    for name, kind, text in (
        ("packed", "PYMODULE", "from packed import inner"),
        ("packed.inner", "PYMODULE", "answer = 42"),
    ):
        file = tmp_path / ("__init__.py" if name == "packed" else f"{name}.py")
        entries.append((name, str(file), kind))
        code[name] = compile(text, str(file), "exec")
    executable = tmp_path / "valhalla.exe"
    ZlibArchiveWriter(str(executable), entries, code)
    finder = modules.Finder(reader.ZlibArchiveReader(str(executable)), importers.PyiFrozenLoader)
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])

    executable.rename(tmp_path / "old.exe")
    executable.write_bytes(b"another version")
    packed = importlib.import_module("packed")

    assert packed.inner.answer == 42
    assert packed.__path__ == [str(tmp_path / "nowhere" / "packed")]
    assert packed.inner.__file__ == str(tmp_path / "nowhere" / "packed" / "inner.py")
    assert finder.find_spec("json") is None
    with pytest.raises(KeyError):
        finder.extract("packed.missing")


def test_what_is_left_out_is_not_what_the_program_imports() -> None:
    pytest.importorskip("PyInstaller")
    bundle = importlib.import_module("bundle")
    imported = set()
    for package in bundle.PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    imported.add(node.module)
    left_out = set(bundle.LEFT_OUT) - {
        "psycopg",
        "boto3",
        "botocore",
    }  # which the documents say the executable does without
    assert {name for name in imported if name in left_out or name.partition(".")[0] in left_out} == set()


@pytest.mark.parametrize("name", ["windows", "linux"])
def test_a_release_is_built_from_the_tested_versions_with_a_hash_each(
    name: str, script: Callable[[str], ModuleType]
) -> None:
    closure = script("closure")
    lines = (ROOT / "build" / f"requirements-{name}.txt").read_text(encoding="utf-8").splitlines()
    found = [PINS.match(line) for line in lines if not line.startswith("#")]
    assert all(found)

    wanted = closure.pins({"windows": "win32"}.get(name, name), "313", "redis", "build", "test")

    assert [f"{each[1]}=={each[2]}" for each in found if each] == wanted


def test_samples_are_those_of_the_examples() -> None:
    from valhalla.intake.samples import ROWS, ten_leads

    assert ten_leads() == (ROOT / "examples" / "real_leads.csv").read_bytes()
    assert len(ten_leads().splitlines()) == ROWS + 1
    assert valhalla.__version__


def test_the_release_workflow_makes_steps_that_there_are_in_their_order(
    script: Callable[[str], ModuleType],
) -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    made = [word for word in re.findall(r"scripts/release\.py (\w+)", workflow) if word != "pack"]
    steps = list(script("release").STEPS)
    assert made == [step for step in steps if step != "pack"]
    assert "--require-hashes" in (ROOT / "scripts" / "release.py").read_text(encoding="utf-8")
    assert "attest-build-provenance" in workflow
    assert not re.search(r"pip install(?! --require-hashes)", workflow)


def test_the_release_workflow_takes_actions_by_commit_and_runs_nothing_that_a_person_named() -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")

    actions = re.findall(r"uses: (\S+)", workflow)
    assert actions
    assert [action for action in actions if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)] == []
    scripts = re.findall(r"run: (?:\|\n((?: {10}.*\n)+)|(.*)\n)", workflow)
    assert [text for pair in scripts for text in pair if "${{ github." in text] == []


def test_a_tag_that_is_not_the_version_is_refused(script: Callable[[str], ModuleType]) -> None:
    release = script("release")
    release.version(f"v{valhalla.__version__}")
    with pytest.raises(SystemExit, match="is not the version"):
        release.version("v99.0.0")


def test_checksums_are_those_of_the_files(
    script: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    release = script("release")
    for name in ("EXECUTABLE", "ARCHIVE"):
        file = tmp_path / getattr(release, name).name
        file.write_bytes(name.encode())
        monkeypatch.setattr(release, name, file)
    monkeypatch.setattr(release, "OUT", tmp_path / "release")

    release.checksums("linux")

    lines = (tmp_path / "release" / "checksums-linux.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / "release" / name).read_bytes()).hexdigest() == digest


def test_every_template_of_the_cockpit_is_compiled(tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller")
    bundle = importlib.import_module("bundle")

    name, made, kind = bundle.templates(tmp_path / "work" / "templates.zip")

    folders = (ROOT / "valhalla" / "cockpit" / "templates", ROOT / "jobs" / "web" / "templates")
    pages = {page.relative_to(folder).as_posix() for folder in folders for page in folder.rglob("*.html")}
    assert (name, kind) == ("valhalla/cockpit/templates.zip", "DATA")
    with zipfile.ZipFile(made) as archive:
        assert set(archive.namelist()) == pages
        assert not any(str(ROOT).encode() in archive.read(page) for page in pages)


def test_a_package_that_reads_itself_has_its_source() -> None:
    pytest.importorskip("PyInstaller")
    bundle = importlib.import_module("bundle")

    found = bundle.sources()

    assert [place for _, place in found] == ["anyio", "anyio/abc"]
    assert all("install_lazy_importer()" in Path(file).read_text(encoding="utf-8") for file, _ in found)
