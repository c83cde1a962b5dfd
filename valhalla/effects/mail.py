"""E-mails by SMTP, from templates."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from valhalla.effects.outcome import EffectError, Refused, TryLater, Unknown

SECONDS = 15.0

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
    server: Server, recipient: str, subject: str, text: str, key: str, html: str | None = None
) -> dict[str, Any]:
    """Hand one mail in, as text and, when given, as the page ``html`` too. Raises TryLater, Refused or Unknown."""
    message = EmailMessage()
    try:
        message["From"], message["To"], message["Subject"] = server.sender, recipient, subject
    except ValueError as error:  # a line break in an address or subject
        raise Refused(f"the mail cannot be made: {error}") from None
    message["Message-ID"] = f"<{key}@valhalla>"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    try:
        client = _connected(server)
    except smtplib.SMTPAuthenticationError as error:
        raise Refused(f"{server.host} does not accept the user or password ({error.smtp_code})") from None
    except ssl.SSLError as error:
        raise Refused(f"{server.host} offers no trustworthy TLS: {error}") from None
    except smtplib.SMTPNotSupportedError as error:
        raise Refused(f"{server.host}: {error}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise TryLater(f"{server.host}:{server.port} cannot be reached: {error}") from None
    try:
        client.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        _give_up(*next(iter(error.recipients.values())))
    except smtplib.SMTPResponseException as error:
        _give_up(error.smtp_code, error.smtp_error)
    except smtplib.SMTPServerDisconnected:
        raise Unknown(f"{server.host} hung up before it said whether it took the mail") from None
    except OSError as error:
        raise Unknown(f"the line to {server.host} broke while the mail was handed in: {error}") from None
    try:
        client.quit()
    except (OSError, smtplib.SMTPException):
        pass  # the mail was accepted; how the line ends changes nothing
    return {"accepted": True, "message_id": message["Message-ID"]}


def _connected(server: Server) -> smtplib.SMTP:
    context = ssl.create_default_context()
    client: smtplib.SMTP
    if server.tls == "tls":
        client = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
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
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    reason = f"the mail server answered {code} {text}"
    if 400 <= code < 500:
        raise TryLater(reason)
    raise Refused(reason)
