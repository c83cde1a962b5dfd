"""What can go wrong for the operator. The text of each error is the sentence that is shown."""

from __future__ import annotations


class ValhallaError(Exception):
    """Something the operator can read and act on. ``exit_code`` is the command's answer to the shell."""

    exit_code = 1


class UsageError(ValhallaError):
    """The command was called in a way that makes no sense."""

    exit_code = 2


class InputError(ValhallaError):
    """Something that was to be read cannot be."""

    exit_code = 3


class NotFound(ValhallaError):
    """What was asked for is not in the file."""
