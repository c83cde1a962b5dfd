"""What is asked of Windows is answered: closing, signing off, starting with Windows. By a Windows Python under Wine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


@pytest.fixture
def told(tools: Any) -> dict[str, Any]:
    if tools is None:
        pytest.skip("needs the tools of scripts/windows_exe.py")
    from windows_exe import windows_path  # type: ignore[import-not-found]

    done = tools.wine(
        "C:\\python\\python.exe", windows_path(HERE / "windows_calls.py"), windows_path(ROOT), seconds=120
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.wine
def test_windows_is_asked_and_answers(told: dict[str, Any]) -> None:
    assert told["hidden_window"]
    assert told["may_the_session_end"] == 1
    assert told["stopped_at_session_end"]
    assert told["ctrl_c"] == told["ctrl_break"] == [False, False], "these are signals"
    assert told["close"] == told["logoff"] == told["shutdown"] == [True, True]
    assert told["startup_before"] is None
    assert told["startup_on"] == told["startup_command"]
    assert told["startup_on"].endswith('--home "C:\\My Leads" sandbox start')
    assert told["startup_off"] == [True, False, None]
    assert told["share"] and told["local"]
