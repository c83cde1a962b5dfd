"""From the words on the command line to an exit code; every error becomes one sentence here."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from db.hiding import postponed
from valhalla.program.home import locate
from valhalla.program.memory import collector_paused
from valhalla.program.terminal import FULL, OutputLost, printing

if TYPE_CHECKING:
    from valhalla.cli.browser import MakeServer
    from valhalla.program.logs import End

INTERRUPTED = 130
GLOBAL_FLAGS = ("--json",)
GLOBAL_OPTIONS = ("--home", "--db")
PLAIN = (
    (
        "'lead': Input should be a valid integer",
        "'lead': a lead is named by its number, which valhalla leads search shows",
    ),
    (", unable to parse string as an integer", ""),
    (", unable to parse string as a number", ""),
    ("Input should be a valid integer", "it must be a whole number"),
    ("Input should be", "it must be"),
)
"""Words of pydantic, and those that a person reads instead."""


def run(arguments: Sequence[str], cockpit: MakeServer | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 the answer is no, 2 wrong usage, 3 input cannot be read,
    130 interrupted. ``cockpit`` makes the server of the pages; without it ``run`` works without pages."""
    _speak_utf8()
    front, rest = globals_first(arguments)
    ends: list[End] = []
    with printing(), ExitStack() as afterwards:
        try:
            if rest[:1] == ["ingest"]:  # loads while this process loads
                from valhalla.intake import helper

                afterwards.callback(helper.discard)
                words = (word for word in rest[1:] if not word.startswith("-"))
                helper.prepare(words, locate(given_home(front)).database)
            code, error = _run(rest[0] if rest else None, [*front, *rest], cockpit, ends)
            code, error = _printed(code, error)
        except KeyboardInterrupt as stopped:
            code, error = INTERRUPTED, stopped
        except BrokenPipeError:  # the reader of our output has gone, as with "| head"
            code, error = 0, None
        for end in ends:
            end(code, error)
    return code


def _run(
    command: str | None, arguments: list[str], cockpit: MakeServer | None, ends: list[End]
) -> tuple[int, BaseException | None]:
    """The exit code, and the error the command ended in, if any."""
    with collector_paused():  # what is loaded here stays; looking for garbage in it only takes time
        # Typer opens pages, explains mistakes of programmers, knows what a wrong word could mean and completes words in a shell. A
        # command that runs needs none of it.
        with (
            postponed("subprocess"),
            postponed("difflib", "get_close_matches"),
            postponed("traceback", "FrameSummary", "StackSummary"),
            postponed("typer.completion", "get_completion_inspect_parameters"),
        ):
            import typer

        from db import DatabaseError
        from valhalla.cli.invocation import Given
        from valhalla.program.errors import ValhallaError

        app = _application(command)
    gc.freeze()

    # Typer raises the errors of the click it carries, which is not the click that other packages may have installed.
    click: Any = sys.modules[typer.BadParameter.__module__]
    try:
        given = Given(cockpit, ends)
        return app(args=arguments, prog_name="valhalla", standalone_mode=False, obj=given) or 0, None
    except click.NoArgsIsHelpError as error:
        print(error.format_message())
        return 2 if arguments else 0, None
    except click.UsageError as error:
        hint = f"; see: {error.ctx.command_path} --help" if error.ctx else ""
        return _refuse(f"{_plainly(error.format_message()).rstrip('.')}{hint}", 2), error
    except typer.Abort as error:
        return INTERRUPTED, error
    except ValhallaError as error:
        return _refuse(str(error), error.exit_code), error
    except DatabaseError as error:
        return _refuse(str(error), 3), error
    except (KeyboardInterrupt, BrokenPipeError):
        raise
    except OSError as error:
        if error.errno not in FULL:
            return _refuse(_unforeseen(error), 1), error
        where = f" ({error.filename})" if error.filename else ""
        return _refuse(f"the disk is full{where}; free some space and start again", 3), error
    except Exception as error:
        return _refuse(_unforeseen(error), 1), error


@lru_cache(maxsize=8)
def _application(command: str | None) -> Any:
    """What reads the words after ``valhalla``. To make it takes longer than most commands, of which a process may run several."""
    import typer

    from valhalla.cli.app import make_app
    from valhalla.cli.words import read_plainly

    app = typer.main.get_command(make_app(command))
    read_plainly(app)
    return app


def _plainly(sentence: str) -> str:
    """What Typer says of a value, without the words of the library that it asks."""
    for words, plain in PLAIN:
        sentence = sentence.replace(words, plain)
    return sentence


def _printed(code: int, error: BaseException | None) -> tuple[int, BaseException | None]:
    """The end of a command once its output has arrived, or has not."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    except OutputLost as lost:
        return (_refuse(str(lost), lost.exit_code), lost) if not code else (code, error)
    return code, error


def globals_first(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """--home, --db and --json are understood anywhere: separate them from the command and its words."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest.append(word)
            rest.extend(words)
        elif word in GLOBAL_FLAGS or word.startswith(tuple(f"{option}=" for option in GLOBAL_OPTIONS)):
            front.append(word)
        elif word in GLOBAL_OPTIONS:
            front.append(word)
            front.extend([value] if (value := next(words, None)) is not None else [])
        else:
            rest.append(word)
    return front, rest


def given_home(front: Sequence[str]) -> str | None:
    """The home that was given last among what :func:`globals_first` found."""
    found = None
    for word, following in zip(front, [*front[1:], None], strict=False):
        if word == "--home":
            found = following
        elif word.startswith("--home="):
            found = word.partition("=")[2]
    return found


def _refuse(sentence: str, code: int) -> int:
    print(" ".join(sentence.split()), file=sys.stderr, flush=True)
    return code


def _unforeseen(error: Exception) -> str:
    """A defect of ours: keep the trace for the person who mends it, without what the error quotes, and inform the operator in a
    sentence."""
    import tempfile
    import traceback

    from valhalla.program.masking import masked_error

    kind = type(error).__name__
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="valhalla-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            for line in "".join(traceback.format_exception(error)).splitlines(keepends=True):
                file.write(line if line.startswith("  ") else masked_error(line))
        report = f"Please report it with {file.name}"
    except OSError:
        report = "Please report it"
    return f"Something went wrong that should not ({kind}); what was saved is safe. {report}"


def _speak_utf8() -> None:
    """Names have accents on every system; a pipe on Windows would otherwise get the local code page."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
