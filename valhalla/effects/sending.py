"""How each kind of effect is done. Preparing finds what is missing before anything is sent; the call it returns sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from valhalla.effects.outcome import Refused, why
from valhalla.leads.sql import CONTACT_COLUMNS
from valhalla.program import addresses, secrets, settings
from valhalla.program.files import whole
from valhalla.program.home import Home, digest_path
from valhalla.program.later import later

if TYPE_CHECKING:
    from db import Database
    from valhalla.effects import erasure, mail, webhook
    from valhalla.leads import export
else:
    erasure = later("valhalla.effects.erasure")
    mail = later("valhalla.effects.mail")
    webhook = later("valhalla.effects.webhook")
    export = later("valhalla.leads.export")

Call = Callable[[], dict[str, Any]]


def honours_key(database: Database, effect: Mapping[str, Any]) -> bool:
    """Whether the operator has declared that the receiver does nothing twice under one key."""
    if effect["kind"] != "webhook":
        return False
    return effect["target"] in (settings.value(database, "webhook.honours_key") or "").split()


class Senders:
    """The senders, as the settings say. ``values``: settings in force."""

    def __init__(self, database: Database, values: Mapping[str, Any]) -> None:
        self.database = database
        self._values = values

    def prepare(self, effect: Mapping[str, Any]) -> Call:
        """What does the effect when it is called. Raises an :class:`valhalla.effects.outcome.EffectError` with what is missing."""
        maker: Callable[[Mapping[str, Any]], Call] = getattr(self, f"_{effect['kind']}")
        return maker(effect)

    def _webhook(self, effect: Mapping[str, Any]) -> Call:
        secret = self._secret("webhook.secret")
        try:
            address = addresses.resolved(effect["target"])
        except secrets.SecretMissing as error:
            raise Refused(str(error)) from None
        parts = urlsplit(address)
        if parts.scheme == "http":
            self._expect_consent(parts.hostname, "by plain http, unencrypted")
        honours = honours_key(self.database, effect)
        return lambda: webhook.send(
            address, effect["payload"], effect["key"], secret=secret, honours_key=honours
        )

    def _email(self, effect: Mapping[str, Any]) -> Call:
        values, payload = self._values, effect["payload"]
        if not values["mail.host"] or not values["mail.from"]:
            raise Refused("no mail server is set; use: valhalla config set mail.host, and mail.from")
        if values["mail.tls"] == "none":
            self._expect_consent(values["mail.host"], "without TLS")
        server = mail.Server(
            values["mail.host"],
            values["mail.port"],
            values["mail.from"],
            values["mail.tls"],
            values["mail.user"],
            self._secret("mail.password"),
        )
        text, html = self._content(payload)
        return lambda: mail.send(server, effect["target"], payload["subject"], text, effect["key"], html)

    def _content(self, payload: Mapping[str, Any]) -> tuple[str, str | None]:
        """Text and page of a mail; those of a digest lie in the home's logs."""
        date = payload.get("digest")
        if date is None:
            return payload["text"], None
        if self.database.path is None:
            raise Refused("a file in memory has no digests")
        home = Home(self.database.path.parent)
        try:
            return (
                digest_path(home, date, "txt").read_text(encoding="utf-8"),
                digest_path(home, date).read_text(encoding="utf-8"),
            )
        except OSError as error:
            raise Refused(f"the digest of {date} cannot be read: {why(error)}") from None

    def _export(self, effect: Mapping[str, Any]) -> Call:
        path = Path(effect["target"])
        if not path.parent.is_dir():
            raise Refused("the folder that the file is to be in does not exist")
        return lambda: self._write(path, effect["payload"]["leads"])

    def _write(self, path: Path, leads: list[int]) -> dict[str, Any]:
        try:
            with whole(path) as part, open(part, "w", encoding="utf-8", newline="") as file:
                count = export.write_csv(file, CONTACT_COLUMNS, export.contact_rows(self.database, leads))
        except OSError as error:
            raise Refused(f"the file cannot be written: {why(error)}") from None
        return {"file": str(path), "leads": count}

    def _purge(self, effect: Mapping[str, Any]) -> Call:
        def purge() -> dict[str, Any]:
            done = erasure.forget(self.database, effect["payload"]["leads"], actor="effect")
            folders = {
                str(Path(path).parent) for path in done["still_in"]
            }  # a file may be called after the person
            return {"leads": len(done["leads"]), "still_in": sorted(folders)}

        return purge

    def _expect_consent(self, host: str | None, how: str) -> None:
        """Raise Refused unless the host is this computer or the operator said yes. Asked again each time: a yes may be
        undone during a run."""
        if addresses.is_here(host) or settings.value(self.database, "effects.unencrypted"):
            return
        raise Refused(
            f"it would go to another computer {how}; if that is meant, use: valhalla config set effects.unencrypted on"
        )

    def _secret(self, setting: str) -> str | None:
        reference = self._values[setting]
        if not reference:
            return None
        try:
            return secrets.read(reference)
        except secrets.SecretMissing as error:
            raise Refused(str(error)) from None
