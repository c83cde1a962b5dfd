"""What a subject of the cockpit is declared on."""

from __future__ import annotations

from jobs.web import views
from valhalla.cockpit.rendering import page


class Views(views.Views):
    """The routes of one subject, whose pages stand in the cockpit's frame."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag, page)
