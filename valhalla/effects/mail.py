"""E-mails by SMTP, from templates."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from valhalla.effects import deadline
from valhalla.effects.outcome import EffectError, Refused, TryLater, Unknown, why
from valhalla.leads.contacts import plausible_email
from valhalla.program.later import later

if TYPE_CHECKING:
    import email.message as email_message
    import smtplib
    import ssl
    from email.message import EmailMessage
else:  # see outcome
    email_message, smtplib, ssl = later("email.message"), later("smtplib"), later("ssl")

SECONDS = 15.0
"""Of silence, while the server is waited for."""

SAID_SHOWN = 300
"""Characters of an answer that are kept."""

_FIELD = re.compile(r"\{(\w+)\}")


class TemplateField(EffectError):
    """A template names a field that is not known."""


@dataclass(frozen=True)
class Server:
    """Where mails are handed in. ``tls``: starttls (the default), tls (from the first byte) or none (tests, localhost)."""

    host: str
    port: int
    sender: str
    tls: str = "starttls"
    user: str | None = None
    password: str | None = None


def render(template: str, fields: Mapping[str, Any], where: str) -> tuple[str, str]:
    """Subject and text of a template: its first line is ``Subject: ...``, ``{name}`` stands for a field.

    Raises :class:`TemplateField` for a field that is missing or empty, and for a template without subject.
    """

    def fill(found: re.Match[str]) -> str:
        value = fields.get(found[1])
        if value in (None, ""):
            raise TemplateField(f"the template needs {{{found[1]}}}, which {where} does not have")
        return str(value)

    head, _, body = template.replace("\r\n", "\n").partition("\n")
    if not head.startswith("Subject:"):
        raise TemplateField("the template must begin with a line such as: Subject: About {address}")
    return _FIELD.sub(fill, head.removeprefix("Subject:")).strip(), _FIELD.sub(fill, body).strip() + "\n"


def send(
    server: Server,
    recipient: str,
    subject: str,
    text: str,
    key: str,
    html: str | None = None,
    total: float = deadline.SECONDS,
) -> dict[str, Any]:
    """Hand one mail in, as text and, when given, as the page ``html`` too. Raises TryLater, Refused or Unknown."""
    message = email_message.EmailMessage()
    try:
        message["From"], message["To"], message["Subject"] = server.sender, recipient, subject
    except ValueError:
        raise Refused("the mail cannot be made: a line break stands in an address or its subject") from None
    if not plausible_email(recipient.lower()):
        raise Refused("a mail goes to one e-mail address, and this is not one")
    message["Message-ID"] = f"<{key}@valhalla>"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    line = _Line()
    with deadline.cutting_off(lambda: line.socket, total) as line.over:
        _hand_in(_connected(server, line), server, recipient, message)
    return {"accepted": True, "message_id": message["Message-ID"]}


def _hand_in(client: smtplib.SMTP, server: Server, recipient: str, message: EmailMessage) -> None:
    try:
        client.send_message(message, to_addrs=[recipient])
    except smtplib.SMTPRecipientsRefused as error:
        _give_up(*next(iter(error.recipients.values())))
    except smtplib.SMTPResponseException as error:
        _give_up(error.smtp_code, error.smtp_error)
    except smtplib.SMTPServerDisconnected:
        raise Unknown(f"{server.host} hung up before it said whether it took the mail") from None
    except smtplib.SMTPNotSupportedError:
        raise Refused(f"{server.host} does not take addresses like this one") from None
    except OSError as error:
        raise Unknown(f"the line to {server.host} broke while the mail was handed in: {why(error)}") from None
    try:
        client.quit()
    except (OSError, smtplib.SMTPException):
        pass  # the mail was accepted; how the line ends changes nothing


class _Line:
    """The socket of a session, as soon as there is one."""

    def __init__(self) -> None:
        self.client: smtplib.SMTP | None = None
        self.over = threading.Event()

    @property
    def socket(self) -> socket.socket | None:
        return getattr(self.client, "sock", None)


def _connected(server: Server, line: _Line) -> smtplib.SMTP:
    """A session that is ready to take a mail. Raises TryLater or Refused."""
    try:
        return _session(server, line)
    except smtplib.SMTPAuthenticationError as error:
        raise Refused(
            f"{server.host} does not accept the user or password ({error.smtp_code})", _said(error.smtp_error)
        ) from None
    except smtplib.SMTPResponseException as error:
        raise TryLater(
            f"{server.host}:{server.port} does not talk to us now ({error.smtp_code})",
            _said(error.smtp_error),
        ) from None
    except ssl.SSLError as error:
        raise Refused(f"{server.host} offers no trustworthy TLS: {why(error)}") from None
    except smtplib.SMTPNotSupportedError:
        lacks = "STARTTLS" if server.tls == "starttls" else "AUTH"
        raise Refused(f"{server.host} does not offer {lacks}, or not the kind that is needed") from None
    except (OSError, smtplib.SMTPException) as error:
        raise TryLater(f"{server.host}:{server.port} cannot be reached: {why(error)}") from None


def _session(server: Server, line: _Line) -> smtplib.SMTP:
    context = ssl.create_default_context()

    class Watched(smtplib.SMTP):
        def __init__(self, *args: Any, **options: Any) -> None:
            line.client = self  # it connects, and waits for the greeting, while it is made
            super().__init__(*args, **options)

        def getreply(self) -> tuple[int, bytes]:
            reply = super().getreply()
            if line.over.is_set():  # a line that was cut in its middle looks like a whole one
                raise smtplib.SMTPServerDisconnected("it took too long")
            return reply

    class Encrypted(Watched, smtplib.SMTP_SSL):
        pass

    client: smtplib.SMTP
    if server.tls == "tls":
        client = Encrypted(server.host, server.port, timeout=SECONDS, context=context)
    else:
        client = Watched(server.host, server.port, timeout=SECONDS)
    try:
        client.ehlo()
        if server.tls == "starttls":
            client.starttls(context=context)
            client.ehlo()
        if server.user and server.password:
            client.login(server.user, server.password)
    except BaseException:
        client.close()
        raise
    return client


def _give_up(code: int, said: bytes | str) -> None:
    reason = f"the mail server answered {code}"
    if 400 <= code < 500:
        raise TryLater(reason, _said(said))
    raise Refused(reason, _said(said))


def _said(text: bytes | str) -> dict[str, Any]:
    """The server's own words; see :class:`valhalla.effects.outcome.EffectError`."""
    return {"said": (text.decode(errors="replace") if isinstance(text, bytes) else text)[:SAID_SHOWN]}
