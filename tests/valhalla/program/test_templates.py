"""Templates, and those that were compiled when the executable was built."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from jinja2 import Environment
from jinja2.exceptions import UndefinedError

from valhalla.program import prepared, templates


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package ``letters`` with two templates."""
    folder = tmp_path / "letters"
    (folder / "templates").mkdir(parents=True)
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "templates" / "frame.html").write_text(
        "<p>{% block inner %}{% endblock %}</p>", encoding="utf-8"
    )
    (folder / "templates" / "letter.html").write_text(
        '{% extends "frame.html" %}{% block inner %}Dear {{ name }}{% endblock %}', encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "letters", raising=False)
    return folder


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The templates that Jinja compiles, as it does so."""
    names: list[str] = []
    compile_as_ever = Environment.compile

    def compile_and_note(
        self: Environment, source: str, name: str, *arguments: object, **options: object
    ) -> object:
        names.append(name)
        return compile_as_ever(self, source, name, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Environment, "compile", compile_and_note)
    return names


def test_what_a_list_said_is_escaped_and_a_missing_name_is_an_error(package: Path) -> None:
    letter = templates.environment("letters").get_template("letter.html")

    assert letter.render(name="<b>") == "<p>Dear &lt;b&gt;</p>"
    with pytest.raises(UndefinedError):
        letter.render()


def test_templates_that_were_compiled_before_are_not_compiled_again(
    package: Path, compiled: list[str]
) -> None:
    prepared.prepare(templates.environment("letters"), package / "templates.zip")
    assert compiled == ["frame.html", "letter.html"]
    compiled.clear()
    elsewhere = shutil.copytree(package, package.parent / "elsewhere" / "letters")
    sys.modules["letters"].__path__ = [str(elsewhere)]
    sys.modules["letters"].__file__ = str(elsewhere / "__init__.py")

    letter = templates.environment("letters").get_template("letter.html")

    assert letter.render(name="<b>") == "<p>Dear &lt;b&gt;</p>"
    assert compiled == []
    assert str(package) not in repr(letter.root_render_func.__code__), (
        "where it was built is nobody's business"
    )


def test_a_template_that_has_changed_since_is_compiled(package: Path, compiled: list[str]) -> None:
    prepared.prepare(templates.environment("letters"), package / "templates.zip")
    compiled.clear()
    (package / "templates" / "frame.html").write_text(
        "<b>{% block inner %}{% endblock %}</b>", encoding="utf-8"
    )
    (package / "templates" / "new.html").write_text("New", encoding="utf-8")

    environment = templates.environment("letters")

    assert environment.get_template("letter.html").render(name="Ann") == "<b>Dear Ann</b>"
    assert environment.get_template("new.html").render() == "New"
    assert compiled == ["frame.html", "new.html"]


def test_equal_templates_make_equal_bytes(package: Path, tmp_path: Path) -> None:
    made = [
        prepared.prepare(templates.environment("letters"), tmp_path / name) for name in ("a.zip", "b.zip")
    ]

    assert made[0].read_bytes() == made[1].read_bytes()


def test_a_dictionary_is_asked_for_what_jinja_would_find() -> None:
    made = templates.environment("valhalla.cockpit")
    given = {"each": {"name": "Ann", "items": "a key", "none": None}}
    for asked in ("each.name", "each.items()", "each['items']", "each.none", "each.get('name')", "each"):
        text = "{{ " + asked + " }}"
        assert made.from_string(text).render(given) == Environment(autoescape=True).from_string(text).render(
            given
        )
    with pytest.raises(UndefinedError):
        made.from_string("{{ each.missing }}").render(given)
