"""Why something did not go out, in words that quote nobody."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import pytest

from valhalla.effects.outcome import why

UNTRUSTED = ssl.SSLCertVerificationError("hello secret.example")
UNTRUSTED.verify_code = 18


def caused(error: BaseException, cause: BaseException, *, said: bool) -> BaseException:
    """``error`` as it is raised while ``cause`` is handled, or from it."""
    try:
        try:
            raise cause
        except BaseException as first:
            if said:
                raise error from first
            raise error  # noqa: B904 - the other way
    except BaseException as found:
        return found


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (UNTRUSTED, "its certificate is not trusted, code 18"),
        (ssl.SSLError("secret"), "TLS failed"),
        (socket.gaierror("secret"), "its name is not known"),
        (TimeoutError("secret"), "it took too long"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "secret"), os.strerror(errno.ECONNREFUSED)),
        (OSError("secret"), "OSError"),
        (ValueError("secret"), "ValueError"),
    ],
)
def test_the_reason_is_the_systems_word_or_ours(error: BaseException, says: str) -> None:
    assert why(error) == says
    if says != type(error).__name__:
        for said in (True, False):
            assert why(caused(RuntimeError("secret"), error, said=said)) == says
            deep = caused(KeyError("secret"), caused(RuntimeError("x"), error, said=said), said=said)
            assert why(deep) == says
