"""What can be wrong with a source. The text of each error is the sentence a frame gives as its reason."""

from __future__ import annotations


class SourceError(Exception):
    """The source cannot be read now."""


class NotUsable(SourceError):
    """The source cannot be read until somebody changes a setting or installs something: asking again is no use."""
