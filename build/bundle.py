"""What goes into the executable beyond what PyInstaller finds by itself, and what stays out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

import later
from PyInstaller.utils.hooks import collect_data_files, collect_submodules

from valhalla.cockpit import rendering
from valhalla.program import prepared

Entry = tuple[str, str, str]
"""Name in the bundle, file on this machine, kind: as PyInstaller lists them."""

PACKAGES = ("db", "jobs", "valhalla")
BESIDE = "beside.zip"

LATER = {
    "_decimal",
    "_hashlib",
    "_ssl",
    "_cffi_backend",
    "_elementtree",
    "_lzma",
    "_codecs_cn",
    "_codecs_hk",
    "_codecs_jp",
    "_codecs_kr",
    "_codecs_tw",
    "apsw",
    "cryptography.hazmat.bindings._rust",
    "fontTools.misc.bezierTools",
    "fontTools.varLib.iup",
    "orjson.orjson",
    "psutil._psutil_windows",
    "pydantic_core._pydantic_core",
    "pyexpat",
    "python_calamine._python_calamine",
    "unicodedata",
    "watchfiles._rust_notify",
}
"""Modules that the one-file executable unpacks when they are imported: the large ones that ``--version`` does without."""

LIBRARIES = ("libcrypto-3", "libcrypto", "libssl-3", "libssl")
WITH_PACKAGE = (
    "certifi",
    "db",
    "jobs",
    "valhalla.program.schema",
    "valhalla.cockpit",
    "valhalla.reports",
    "valhalla.intake",
)
"""Packages whose files are unpacked when the package is imported."""

NEED_LIBRARIES = ("_ssl", "_hashlib")

MENTIONED_NOWHERE = (
    # Chosen at run time by name, so no import statement leads to them.
    "redis",
    "redis.asyncio",
    "uvicorn.lifespan.on",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.protocols.websockets.websockets_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
    # keyring finds its backends through metadata, which its hook collects.
    "keyring.backends.Windows",
    "keyring.backends.SecretService",
    "keyring.backends.fail",
)

NOT_RUN = ("pyi_rth_inspect", "pyi_rth_multiprocessing", "pyi_rth_pkgutil")
"""What PyInstaller would run before the program: for whoever asks where a function was written, starts Python again for half of its
work, or lists the modules of a package. Nobody here does, and it is half of what ``--version`` takes."""

READ_THEMSELVES = ("anyio", "anyio.abc")
"""Packages that find in their own source what to load when it is asked for. Without that source they load everything."""

LEFT_OUT = (
    # A second window system, and what only serves development.
    "tkinter",
    "_tkinter",
    "turtle",
    # One process, one SQLite: the file is opened through APSW only.
    "sqlite3",
    "_sqlite3",
    "idlelib",
    "ensurepip",
    "lib2to3",
    "pip",
    "pkg_resources",
    "setuptools",
    "wheel",
    "pytest",
    "_pytest",
    "pluggy",
    "hypothesis",
    "mypy",
    "mypyc",
    "ruff",
    "PyInstaller",
    "playwright",
    "schemathesis",
    # Copies to S3 would make the download half as large again; the executable copies to folders.
    "boto3",
    "botocore",
    "s3transfer",
    "moto",
    "flask",
    "werkzeug",
    "sqlite_utils",
    "litequeue",
    "persistqueue",
    "aiosmtpd",
    "huey.contrib",
    "huey.tests",
    "apsw.tests",
    "apsw.__main__",
    "apsw.shell",
    "pydantic.mypy",
    "pydantic._hypothesis_plugin",
    # The models of its first version: FastAPI asks of each parameter whether it is one, and takes it that none is.
    "pydantic.v1",
    "pygal.test",
    "uvicorn.workers",
    "uvicorn.supervisors.watchfilesreload",
    # Numbers and pictures that other packages would use if they were there.
    "numpy",
    "scipy",
    "pandas",
    "matplotlib",
    "IPython",
    "sympy",
    "uharfbuzz",
    "lxml",
    "cairosvg",
    "brotli",
    "zstandard",
    "PIL",
    # Other event loops, and a database that this version does not ship with.
    "trio",
    "curio",
    "uvloop",
    "gevent",
    "greenlet",
    "psycopg",
    "psycopg_binary",
    # What redis, uvicorn and pygal can do with packages that are only here for development.
    "requests",
    "urllib3",
    "charset_normalizer",
    "werkzeug",
    "yaml",
    "pycparser",
    "readline",
    "curses",
    # Time zones are added as one file; see beside().
    "tzdata",
    # Colours for source code and a renderer of Markdown, which rich offers and nobody here asks for.
    "pygments",
    "markdown_it",
    # Names of places for telephone numbers; only their form is checked.
    "phonenumbers.geodata",
    "phonenumbers.carrierdata",
    "phonenumbers.tzdata",
    "phonenumbers.geocoder",
    "phonenumbers.carrier",
    "phonenumbers.timezone",
)


def modules() -> list[str]:
    """The modules that must be in although nothing that PyInstaller reads imports them."""
    own = [name for package in PACKAGES for name in collect_submodules(package)]
    return [*own, *MENTIONED_NOWHERE, *collect_submodules("redis")]


def data() -> list[tuple[str, str]]:
    """Everything in the packages that is no Python: migrations, templates, static files, samples."""
    return [pair for package in PACKAGES for pair in collect_data_files(package)]


def sources() -> list[tuple[str, str]]:
    """The source of the packages that read it."""
    found = {name: str(find_spec(name).origin) for name in READ_THEMSELVES}  # type: ignore[union-attr]
    return [(file, name.replace(".", "/")) for name, file in found.items()]


def templates(path: Path) -> Entry:
    """The cockpit's templates, compiled into ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return "valhalla/cockpit/templates.zip", str(prepared.prepare(rendering.environment(), path)), "DATA"


def beside(path: Path, entries: Iterable[Entry]) -> tuple[Path, list[Entry]]:
    """Write the package tzdata and the metadata of distributions as one file, which start.py puts on the path; return it
    and the entries that are not in it. Seven hundred small files are what an executable unpacks longest."""
    rest = []
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, file in sorted(_below(files("tzdata"), "tzdata")):
            archive.writestr(zipfile.ZipInfo(name), file.read_bytes())
        for entry in sorted(entries):
            name, source, _ = entry
            folder, _, file_name = name.replace("\\", "/").partition("/")
            if not folder.endswith(".dist-info"):
                rest.append(entry)
            elif file_name in ("METADATA", "entry_points.txt"):
                archive.writestr(zipfile.ZipInfo(f"{folder}/{file_name}"), Path(source).read_bytes())
    return path, rest


def split(
    path: Path, binaries: Iterable[Entry], datas: Iterable[Entry]
) -> tuple[Path, list[Entry], list[Entry]]:
    """Write the large binaries and the packages' files as one archive for ``later.py``; return it, the binaries and the
    files that are not in it."""
    small, large, rest = [], {}, []
    packages: dict[str, list[str]] = {}
    for entry in binaries:
        name = _slashed(entry)
        if name.partition(".")[0].rpartition("/")[2] in LIBRARIES or _module(entry) in LATER:
            large[name] = entry
        else:
            small.append(entry)
    libraries = [name for name, entry in large.items() if _module(entry) not in LATER]
    modules = {
        module: [*(libraries if module in NEED_LIBRARIES else []), name]
        for name, entry in large.items()
        if (module := _module(entry)) in LATER
    }
    for entry in datas:
        name = _slashed(entry)
        package = next((each for each in WITH_PACKAGE if name.startswith(each.replace(".", "/") + "/")), None)
        if package is None:
            rest.append(entry)
        else:
            packages.setdefault(package, []).append(name)
            large[name] = entry
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        table = {"modules": modules, "packages": packages}
        archive.writestr(zipfile.ZipInfo(later.TABLE), json.dumps(table, sort_keys=True))
        for name, entry in sorted(large.items()):
            binary = entry[2] in ("BINARY", "EXTENSION")
            archive.write(_stripped(Path(entry[1]), path.parent) if binary else entry[1], name)
    return path, small, rest


def _slashed(entry: Entry) -> str:
    return entry[0].replace("\\", "/")


def _stripped(file: Path, work: Path) -> Path:
    """A copy without what only a debugger reads, as PyInstaller makes of the other binaries; Windows has no need."""
    if sys.platform == "win32":
        return file
    copy = Path(shutil.copy(file, work / f"stripped-{file.name}"))
    subprocess.run(["strip", str(copy)], check=True)
    return copy


def _module(entry: Entry) -> str:
    """The dotted name of an extension module; an empty text for a library."""
    if entry[2] != "EXTENSION":
        return ""
    parts = _slashed(entry).split("/")
    if "lib-dynload" in parts:
        parts = parts[-1:]
    return ".".join([*parts[:-1], parts[-1].partition(".")[0]]).removesuffix(".__init__")


def _below(folder: Traversable, name: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        inner = f"{name}/{entry.name}"
        if entry.is_dir():
            found += _below(entry, inner) if entry.name != "__pycache__" else []
        else:
            found.append((inner, entry))
    return found
