"""Measures the built products: size, ``--version``, and from start to the cockpit's first page.

python3 scripts/bench_product.py                 dist/, for this system
python3 scripts/bench_product.py --wine          dist/windows, under Wine
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bootstrap import ROOT

LARGEST_MB, RATIO = 35, 4.0
START_SECONDS = {"folder": 1.0, "one file": 2.0}
"""Until the page Today is there; under Wine twice as long."""
TIMES = 7


def main() -> int:
    """Measure and say whether each figure is kept; exit code 1 when one is not."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wine", action="store_true", help="the Windows products, under Wine")
    wine = parser.parse_args().wine
    environment, front = dict(os.environ), []
    if wine:
        from windows_exe import Tools

        place = os.environ.get("VALHALLA_WINDOWS_TOOLS")
        tools = Tools(Path(place) if place else Path.home() / ".cache" / "valhalla-windows")
        tools.serve()
        environment, front = tools.environment, ["wine"]
    folder = ROOT / "dist" / ("windows" if wine else "")
    suffix = ".exe" if wine or sys.platform == "win32" else ""
    one_file, portable = folder / f"valhalla{suffix}", folder / "valhalla-portable" / f"valhalla{suffix}"
    size = one_file.stat().st_size / 2**20
    one = _version(front, one_file, environment)
    other = _version(front, portable, environment)
    kept = [size <= LARGEST_MB, one <= RATIO * other]
    print(f"one file         {size:6.1f} MB   at most {LARGEST_MB}        {_verdict(kept[0])}")
    print(
        f"--version        {one:6.2f} s    one file; folder {other:.2f} s: {one / other:.1f} times, at most {RATIO:.0f}   "
        f"{_verdict(kept[1])}"
    )
    for name, executable in (("folder", portable), ("one file", one_file)):
        longest = START_SECONDS[name] * (2 if wine else 1)
        start = statistics.median(_start(front, executable, environment) for _ in range(TIMES))
        kept.append(start <= longest)
        print(f"first page       {start:6.2f} s    {name}, at most {longest:.0f}   {_verdict(kept[-1])}")
    if wine:
        tools.end()
    return 0 if all(kept) else 1


def _verdict(kept: bool) -> str:
    return "kept" if kept else "NOT KEPT"


def _version(front: list[str], executable: Path, environment: dict[str, str]) -> float:
    """The median time in seconds, after one that nobody counts."""
    seconds = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        subprocess.run(
            [*front, _named(front, executable), "--version"],
            stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=True,
        )  # fmt: skip
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[1:])


def _start(front: list[str], executable: Path, environment: dict[str, str]) -> float:
    """Seconds until the first page of a home that was used before is there: by the printed link, as a browser gets it."""
    with tempfile.TemporaryDirectory(prefix="valhalla-bench-", ignore_cleanup_errors=True) as home:
        command = [*front, _named(front, executable), "--home", _named(front, Path(home))]
        subprocess.run(
            [*command, "ingest", _named(front, ROOT / "examples" / "real_leads.csv")],
            stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=True,
        )  # fmt: skip
        began = time.perf_counter()
        process = subprocess.Popen(
            [*command, "run", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        try:
            assert process.stdout is not None
            link = None
            while link is None:
                line = process.stdout.readline().decode()
                link = re.search(r"Cockpit: http://([^/]+):(\d+)(/\S+)", line)
                if not line:
                    sys.exit("the product ended at once")
            connection = http.client.HTTPConnection("127.0.0.1", int(link[2]), timeout=20)
            host = {"Host": f"{link[1]}:{link[2]}"}
            connection.request("GET", link[3], headers=host)
            entrance = connection.getresponse()
            entrance.read()
            cookie = str(entrance.getheader("Set-Cookie")).partition(";")[0]
            connection.request("GET", str(entrance.getheader("Location")), headers={**host, "Cookie": cookie})
            page = connection.getresponse()
            if page.status != 200 or b"</html>" not in page.read():
                sys.exit(f"the first page was answered with {page.status}")
            return time.perf_counter() - began
        finally:
            subprocess.run(
                [*command, "sandbox", "stop"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=environment,
                check=False,
            )
            process.wait(20)


def _named(front: list[str], path: Path) -> str:
    return "Z:" + str(path).replace("/", "\\") if front else str(path)


if __name__ == "__main__":
    sys.exit(main())
