"""The small files with which scripts of the documents run unchanged: modules under their old names, and the programs as they were
called. Each only names what is here by another name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from valhalla.intake.samples import NAME, ten_leads
from valhalla.program.errors import InputError, UsageError

MARK = "Written by valhalla shims"
"""Every file begins with this sentence; one that does not is not written over."""

_SANDBOX = (
    *("AlertSystem", "DryRunLock", "GovernorEnforcer", "IdempotencyManager", "RetryBackoffManager"),
    *("SandboxDatabaseManager", "SandboxOrchestrator", "SandboxReadinessChecker", "SchedulerHeartbeat"),
    *("StructuredLogger", "WorkerProcess"),
)
_CONSOLE = (
    *("FederationDataSource", "FederationState", "MemoryDataSource", "MemoryState", "cleanup_data_sources"),
    *("get_federation_source", "get_memory_source", "init_data_sources", "start_dashboard_tasks"),
    *("stop_dashboard_tasks",),
)

_MODULE = '''"""{mark}: what the documents call {name}. It is {module}."""

from {module} import {names}

__all__ = [{listed}]
'''

_PROGRAM = '''"""{mark}: what the documents call {name}. It runs: valhalla {words}"""

import sys

from valhalla.__main__ import main

if __name__ == "__main__":
    sys.argv[1:1] = [{quoted}]
    main()
'''

_INGEST = """
if __name__ == "__main__":
    import sys

    found = ingest_real_data(sys.argv[1] if len(sys.argv) > 1 else "real_leads.csv")
    sys.exit(0 if found else 1)
"""

_CONTINUOUS = """
if __name__ == "__main__":
    ContinuousDataIngestion().run_continuous()
"""

_INTEGRATION = '''"""{mark}: what the documents call {name}: checks first, then the same as continuous_ingestion.py."""

import sys
from pathlib import Path

from continuous_ingestion import ContinuousDataIngestion

CSV_PATH = "real_leads.csv"
INTERVAL = 30


def setup_environment(csv_path=CSV_PATH):
    """Whether the list is there and reports can be written."""
    Path("logs").mkdir(exist_ok=True)
    there = Path(csv_path).is_file()
    if not there:
        print(f"The file '{{csv_path}}' was not found.")
    return there


def show_startup_info(csv_path=CSV_PATH, interval=INTERVAL):
    """What is about to run."""
    print(f"[STARTING] {{csv_path}}, every {{interval}} seconds; nothing leaves this computer")


def main(max_cycles=None, interval=INTERVAL):
    """Check, say what runs, run."""
    if not setup_environment():
        return 3
    show_startup_info(interval=interval)
    ContinuousDataIngestion(CSV_PATH, interval=interval).run_continuous(max_cycles)
    return 0


if __name__ == "__main__":
    sys.exit(main())
'''

_PATH = """import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

"""


def _module(name: str, module: str, names: tuple[str, ...], also: str = "") -> str:
    listed = ", ".join(f'"{each}"' for each in names)
    return _MODULE.format(mark=MARK, name=name, module=module, names=", ".join(names), listed=listed) + also


def _program(name: str, *words: str) -> str:
    quoted = ", ".join(f'"{word}"' for word in words)
    return _PROGRAM.format(mark=MARK, name=name, words=" ".join(words), quoted=quoted)


def _example(name: str, old: str, new: str, *, inside: bool) -> str:
    text = (files("valhalla.service") / "shim_files" / f"{name}.txt").read_text(encoding="utf-8")
    heading, _, rest = text.partition('"""\n')
    _, _, rest = (heading + '"""\n' + rest).partition('"""')
    doc, _, code = rest.partition('"""')
    future = "from __future__ import annotations\n"
    code = code.replace(future, future + "\n" + (_PATH if inside else ""), 1).replace(old, new)
    doc = doc.replace("examples/", "services/" if inside else "")
    return f'"""{MARK}. {doc}"""{code}'


def _tests() -> str:
    text = (files("valhalla.service") / "shim_files" / "test_batch_1_sandbox.txt").read_text(encoding="utf-8")
    return text.replace('"""', f'"""{MARK}. ', 1)


def texts() -> dict[str, str]:
    """The text of each file by its path in the folder."""
    ingestion = "valhalla.ingestion"
    return {
        "services/__init__.py": f'"""{MARK}."""\n',
        "services/sandbox.py": _module("services/sandbox.py", "valhalla.sandbox", _SANDBOX),
        "services/sandbox_examples.py": _example(
            "sandbox_examples", "valhalla.sandbox", "services.sandbox", inside=True
        ),
        "tests/test_batch_1_sandbox.py": _tests(),
        "csv_ingestion.py": _module(
            "csv_ingestion.py", ingestion, ("CSVIngestion", "ingest_real_data"), _INGEST
        ),
        "continuous_ingestion.py": _module(
            "continuous_ingestion.py", ingestion, ("ContinuousDataIngestion",), _CONTINUOUS
        ),
        "csv_ingestion_examples.py": _example(
            "csv_ingestion_examples",
            "from valhalla.ingestion import ContinuousDataIngestion, CSVIngestion, ingest_real_data",
            "from continuous_ingestion import ContinuousDataIngestion\nfrom csv_ingestion import CSVIngestion, ingest_real_data",
            inside=False,
        ),
        "dashboard_data_sources.py": _module("dashboard_data_sources.py", "valhalla.console", _CONSOLE),
        "dashboard_websockets.py": _module("dashboard_websockets.py", "valhalla.console", _CONSOLE),
        "production_workflow.py": _program("production_workflow.py", "production"),
        "risk_monitoring_system.py": _program("risk_monitoring_system.py", "risk"),
        "validate_production_mode.py": _program("validate_production_mode.py", "validate"),
        "show_ops_cockpit.py": _program("show_ops_cockpit.py", "cockpit"),
        "sandbox_controller.py": _program("sandbox_controller.py", "sandbox"),
        "SANDBOX_PERSISTENT.py": _program("SANDBOX_PERSISTENT.py", "sandbox", "start"),
        "ark-federation-service.py": _program("ark-federation-service.py", "federation", "serve"),
        "sandbox_real_data_integration.py": _INTEGRATION.format(
            mark=MARK, name="sandbox_real_data_integration.py"
        ),
    }


def write(folder: Path) -> list[Path]:
    """Write every file into ``folder``, which is made when it is not there, with the ten sample leads where there is no list yet.

    Returns their paths. Raises :class:`UsageError`, and writes nothing, where a file of this name is somebody else's;
    :class:`InputError` when the folder cannot be written.
    """
    made = {folder / name: text for name, text in texts().items()}
    for path in made:
        if path.exists() and MARK not in _beginning(path):
            raise UsageError(
                f"{path} is there already and is not one of ours; name another folder, or move it away"
            )
    try:
        for path, text in made.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        sample = folder / NAME
        if not sample.exists():
            sample.write_bytes(ten_leads())
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}") from None
    return [*made]


def _beginning(path: Path) -> str:
    try:
        return path.read_bytes()[:200].decode("utf-8", "replace")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
