"""Mails reach a real SMTP server, or say exactly why not."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from db import Database
from valhalla.effects import mail, register
from valhalla.effects.mail import TemplateField, render


class Box:
    """Keeps mails, and answers as the test says."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.mails.append(envelope)
        return self.answer


@pytest.fixture
def box() -> Iterator[tuple[Box, int]]:
    box = Box()
    with socket.socket() as probe:  # the controller wants to know its port beforehand
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def drafted(database: Database) -> int:
    payload = {"subject": "Über 12 Oak St", "text": "Hello Zoë\n"}
    number = register.draft(database, "email", "zoe@example.com", payload, about="x")["id"]
    register.approve(database, number)
    return int(number)


def values(port: int, **others: object) -> dict[str, object]:
    return {
        "mail.host": "127.0.0.1",
        "mail.port": port,
        "mail.from": "me@example.com",
        "mail.tls": "none",
        **others,
    }


def test_a_blocked_mail_never_reaches_the_server(
    database: Database, make: Callable, box: tuple[Box, int]
) -> None:
    assert make(values=values(box[1])).run(drafted(database)) == "blocked"
    assert box[0].mails == []


def test_a_mail_arrives_with_its_key(database: Database, make: Callable, box: tuple[Box, int]) -> None:
    number = drafted(database)
    assert make(is_live=True, values=values(box[1])).run(number) == "done"
    (envelope,) = box[0].mails
    assert envelope.rcpt_tos == ["zoe@example.com"] and envelope.mail_from == "me@example.com"
    assert f"<{register.show(database, number)['key']}@valhalla>".encode() in envelope.content


@pytest.mark.parametrize(("answer", "state"), [("451 later", "approved"), ("554 spam", "failed")])
def test_the_servers_answer_decides(
    database: Database, make: Callable, box: tuple[Box, int], answer: str, state: str
) -> None:
    box[0].answer = answer
    number = drafted(database)
    assert make(is_live=True, values=values(box[1])).run(number) == state
    assert answer[:3] in register.show(database, number)["reason"]


def test_tls_that_is_not_offered_is_not_done_without(
    database: Database, make: Callable, box: tuple[Box, int]
) -> None:
    number = drafted(database)
    assert make(is_live=True, values=values(box[1], **{"mail.tls": "starttls"})).run(number) == "failed"
    assert "STARTTLS" in register.show(database, number)["reason"] and box[0].mails == []


def test_no_server_is_tried_later_none_set_fails(database: Database, make: Callable) -> None:
    number = drafted(database)
    assert make(is_live=True, values=values(1)).run(number) == "approved"
    assert make(is_live=True, values={"mail.host": None}).run(number) == "failed"
    assert "mail.host" in register.show(database, number)["reason"]


def test_a_line_break_in_an_address_makes_no_header() -> None:
    server = mail.Server("127.0.0.1", 1, "me@example.com", "none")
    with pytest.raises(mail.Refused, match="cannot be made"):
        mail.send(server, "a@example.com\nBcc: all@example.com", "s", "t", "k")


def test_a_template_is_filled_and_a_missing_field_is_named() -> None:
    template = "Subject: About {address}\r\n\r\nHello {name},\nabout {address}.\n"
    fields = {"name": "Ann", "address": "12 Oak St"}
    assert render(template, fields, "lead 4") == ("About 12 Oak St", "Hello Ann,\nabout 12 Oak St.\n")
    with pytest.raises(TemplateField, match=r"\{address\}, which lead 4 does not have"):
        render(template, {"name": "Ann"}, "lead 4")
    with pytest.raises(TemplateField, match="Subject"):
        render("Hello", {}, "lead 4")
    assert render("Subject: {name}\n{name.__class__}", fields, "lead 4")[1] == "{name.__class__}\n"
