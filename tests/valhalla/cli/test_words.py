"""Words on the command line mean what Typer says that they mean, no matter who reads them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_origin

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from valhalla.cli.app import make_app
from valhalla.cli.words import _Reader, read_plainly

WORDS = [
    "",
    " ",
    "a",
    "12",
    "007",
    "-3",
    "+4",
    " 5 ",
    "1_000",
    "1.5",
    "1.0",
    ".5",
    "1e3",
    "nan",
    "inf",
    "٣",
    "12345678901234567890",
]
WORDS += ["true", "no", "~", "a/../b", "/", "-", "é", "\udcff", "x" * 300, "100001", "0", "0.1", "99"]
FEW = ["12", "a", "-1", "\udcff", "\0"]
OTHERS: list[Any] = [None, 0, 7, -1, 2.5, float("nan"), True, Path("list.csv"), b"bytes"]


@pytest.fixture
def context() -> typer.Context:
    app: Any = typer.main.get_command(make_app("ready"))
    context: typer.Context = app.make_context("valhalla", ["ready"])
    return context


def options(command: Any, words: str = "") -> Iterator[tuple[str, Any]]:
    for option in command.params:
        if hasattr(option, "type_descriptor"):
            yield f"{words} {option.name}", option
    for name, below in getattr(command, "commands", {}).items():
        yield from options(below, f"{words} {name}")


def outcome(reader: Any, value: Any, option: Any, context: Any) -> Any:
    """What came of it, as it is written: NaN is not equal to itself, and 1 is equal to 1.0."""
    try:
        return repr(reader.coerce(value, param=option, ctx=context))
    except typer.BadParameter as error:
        return error.format_message()


class Readers(NamedTuple):
    """Of one option: ours and the one of the Typer that is installed."""

    name: str
    option: Any
    ours: Any
    typers: Any

    @property
    def several(self) -> bool:
        return get_origin(self.option.type_descriptor.annotation) is list

    def differ(self, value: Any, context: Any) -> tuple[Any, ...] | None:
        """How they see ``value``, unless they see it alike."""
        ours, theirs = (outcome(each, value, self.option, context) for each in (self.ours, self.typers))
        return None if ours == theirs else (self.name, value, ours, theirs)


@pytest.fixture(scope="module")
def readers() -> list[Readers]:
    """Of every option and argument of every command."""
    return [
        Readers(name, option, _Reader(option), option.get_runtime_param())
        for name, option in options(typer.main.get_command(make_app(None)))
    ]


def kind_of(reader: Readers) -> tuple[Any, ...]:
    kind, info = reader.option.type_descriptor.annotation, reader.option.type_descriptor.parameter_info
    return (str(kind), info.min, info.max, info.readable, info.parser)


def test_every_option_of_every_command_reads_as_typer_does(
    readers: list[Readers], context: typer.Context
) -> None:
    seen, differ = set(), []
    for reader in readers:
        values: list[Any] = [reader.option.default, *FEW]
        if (kind := kind_of(reader)) not in seen:  # of each kind one meets all of them
            seen.add(kind)
            values += [*WORDS, *OTHERS]
        if reader.several:
            values = [None, (), "12", *[(word,) for word in values], ("1", "2"), ["a", "b"], ("1", "\udcff")]
        differ += [found for value in values if (found := reader.differ(value, context))]
    assert differ == []
    assert len(readers) > 300


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=12)
    | st.from_regex(r"[ +-]?[0-9_]{0,18}([.][0-9]{0,14})?([eE]-?[0-9])?[ ]?", fullmatch=True)
    | st.integers(-10, 10**17).map(str)
    | st.floats(allow_nan=True).map(str)
)
def test_no_word_is_read_otherwise_than_typer_reads_it(
    readers: list[Readers], context: typer.Context, word: str
) -> None:
    for reader in {kind_of(each): each for each in readers}.values():
        assert reader.differ((word,) if reader.several else word, context) is None


def test_a_path_that_may_not_be_read_is_refused_by_typer(
    context: typer.Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = typer.Typer(add_completion=False)

    @app.command()
    def show(path: Path, folder: Path = typer.Option(Path(), file_okay=False)) -> None: ...

    command: Any = typer.main.get_command(app)
    read_plainly(command)
    path, folder = command.get_params(context)[:2]
    (tmp_path / "list").touch()
    given = str(tmp_path / "list")
    assert path.process_value(context, given) == tmp_path / "list"
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(typer.BadParameter, match="is not readable"):
        path.process_value(context, given)
    with pytest.raises(typer.BadParameter, match="is a file"):
        folder.process_value(context, given)


def test_an_option_with_a_reader_of_its_own_keeps_it(context: typer.Context) -> None:
    app = typer.Typer(add_completion=False)

    @app.command()
    def show(word: str = typer.Option("", parser=str.upper)) -> None: ...

    command: Any = typer.main.get_command(app)
    read_plainly(command)
    assert command.get_params(context)[0].process_value(context, "loud") == "LOUD"


def test_what_a_later_typer_does_besides_is_left_to_it() -> None:
    class Reader:
        colour = "blue"

        def coerce(self, value: str, manner: str, *, loud: bool) -> str:
            return f"{value} {manner} {loud}"

    class Option:
        """Without half of what is asked of it."""

        multiple = False
        nargs = 1
        type_descriptor = object()

        def get_runtime_param(self) -> Reader:
            return Reader()

    reader = _Reader(Option()).itself("why", not_="known")
    assert reader.coerce("word", "slowly", loud=True) == "word slowly True"
    assert reader.colour == "blue"


def test_options_of_another_typer_are_left_alone(context: typer.Context) -> None:
    class Option:
        """As it was before Typer had readers."""

    class Group:
        def __init__(self, **commands: Group) -> None:
            self.params = [Option()]
            self.commands = commands

        def get_params(self, ctx: object) -> list[Option]:
            return self.params

    group = Group(below=Group())
    read_plainly(group)
    for each in (group, group.commands["below"]):
        assert [vars(option) for option in each.get_params(context)] == [{}]


@pytest.mark.parametrize(
    "words",
    [
        ["ingest", "{leads}", "--home", "{home}", "--json"],
        ["leads", "top", "--limit", "5", "--home", "{home}"],
        ["leads", "top", "--home={home}", "--json"],
        ["jobs", "list", "--home", "{home}"],
        ["--help"],
    ],
)
def test_pydantic_is_not_loaded_for_plain_words(words: list[str], tmp_path: Path, sample_leads: Path) -> None:
    home = str(tmp_path / "home")
    given = [word.format(leads=sample_leads, home=home) for word in words]
    code = (
        "import sys; from valhalla.cli.entry import run\n"
        f"run(['ingest', {str(sample_leads)!r}, '--home', {home!r}]); code = run({given!r})\n"
        "sys.exit(code or ' '.join({'pydantic', 'pydantic_core'} & set(sys.modules)) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
