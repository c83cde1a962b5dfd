"""The templates of the pages about jobs. They stand in a frame.html and use a parts.html: those of ``frame``, or a program's own."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from jobs.web import pieces, wording

HERE = Path(__file__).parent

TEMPLATES = FileSystemLoader(HERE / "templates")
"""The pages, without anything that stands around them."""

FILTERS = (wording.ago, wording.stamp, wording.moment, wording.number, wording.words, wording.span)


class Pieces:
    """What templates call as ``html.num(...)``. There are no icons here; a chip's word says it all."""

    capped = staticmethod(pieces.capped)
    num = staticmethod(pieces.num)
    text = staticmethod(pieces.text)
    age = staticmethod(pieces.age)

    @staticmethod
    def icon(_: str) -> Markup:
        """No icon."""
        return Markup("")

    chip = staticmethod(pieces.chips(lambda _: Markup("")))


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates in the frame of their own: escapes everything, and an unknown name is an error."""
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(HERE / "frame"), TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {each.__name__: each for each in FILTERS}
    html: dict[str, Any] = {"html": Pieces}
    made.globals |= html
    return made


def local(to: str | None, otherwise: str = "/") -> str:
    """``to`` if it is an address of this host, else ``otherwise``: a form field must not lead elsewhere."""
    if not to or not to.startswith("/") or to[1:2] in ("/", "\\") or any(ord(char) < 32 for char in to):
        return otherwise
    return to
