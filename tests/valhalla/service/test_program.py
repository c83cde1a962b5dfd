"""A home's program, whose parts are made once, when they are first used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.service import runs
from valhalla.service.whole import WholeProgram


def test_each_part_is_made_once_on_one_queue(tmp_path: Path) -> None:
    with WholeProgram.open(Home(tmp_path)) as program:
        assert program.importing is program.importing
        assert program.importing.queue is program.queue is program.background.queue
        assert program.background.reevaluating is program.reevaluating
        assert program.effects.queue is program.queue


def test_the_effects_of_a_program_are_those_of_its_run(tmp_path: Path) -> None:
    with WholeProgram.open(Home(tmp_path)) as program:
        values = settings.effective(program.database)
        run_id = runs.begin(program.database, "run", values)
        safety = program.guard(values, run_id)
        assert program.effects is safety.effects and safety.effects.run_id == run_id
        assert program.background.approved == safety.effects.enqueue


def test_opening_a_program_loads_none_of_its_parts(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from valhalla.program.home import Home\n"
        "from valhalla.service.program import Program\n"
        "with Program.open(Home(Path(sys.argv[1]))): pass\n"
        "print([name for name in sys.modules if name.startswith(('valhalla.intake', 'valhalla.effects', 'valhalla.safety'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_last_cycle_is_of_the_newest_run(tmp_path: Path) -> None:
    with WholeProgram.open(Home(tmp_path)) as program:
        assert runs.last_cycle(program.database) is None
