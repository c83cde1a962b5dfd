"""What can be wrong with a request. The text is the ``detail`` of the answer."""

from __future__ import annotations


class Refused(Exception):
    """The request is not taken."""

    status = 400


class Malformed(Refused):
    """It cannot be understood."""


class TooLarge(Refused):
    """It is larger than anything sensible."""

    status = 413


class NotJson(Refused):
    """It does not say that it is JSON. Pages of other sites can send anything but that without being asked for leave."""

    status = 415


class Unproven(Refused):
    """It does not come from whom it says it comes from, or not now."""

    status = 401


class Full(Refused):
    """There is no room for another node."""

    status = 403


class StoreDown(Refused):
    """Redis does not answer."""

    status = 503
