"""The cockpit on the local network: off until somebody turns it on, over TLS only, for members who sign in.

The certificate is made here, unless the owner has one: browsers do not know who made it and ask once; its fingerprint is how a
person sees that they reach this computer and nobody else.
"""

from __future__ import annotations

import io
import os
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from db import Database
from valhalla.program import settings
from valhalla.program.errors import InputError, UsageError
from valhalla.program.files import whole
from valhalla.program.home import Home
from valhalla.team import members

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

ENABLED, PORT = "team.network", "team.port"
CERTIFICATE, KEY = "team.certificate", "team.key"

DAYS = 825
"""How long a certificate that is made here is good: browsers take none for longer."""

RENEW_DAYS = 30
"""It is made again this long before it ends."""

FOLDER = "tls"


class Identity(NamedTuple):
    """The certificate that the cockpit shows to the network."""

    certificate: Path
    key: Path
    fingerprint: str
    """SHA-256, as browsers show it."""
    until: datetime
    own: bool
    """Whether the owner brought it."""


class Network(NamedTuple):
    """How the local network reaches the cockpit."""

    names: tuple[str, ...]
    port: int
    identity: Identity

    @property
    def url(self) -> str:
        """Where a phone or another computer finds it: by address, which every network knows."""
        return f"https://{self.names[0]}:{self.port}"

    def to_json(self) -> dict[str, object]:
        """Its documented shape."""
        return {
            "url": self.url,
            "names": list(self.names),
            "port": self.port,
            "fingerprint": self.identity.fingerprint,
            "until": self.identity.until.isoformat(),
            "own": self.identity.own,
        }


def switch(database: Database, on: bool, actor: str = "operator") -> None:
    """Let the local network reach the cockpit from the next start on, or not. Raises :class:`UsageError` without a team."""
    if on and not members.enabled(database):
        raise UsageError("only members who sign in come in from the network; first: valhalla team on")
    settings.save(database, ENABLED, "on" if on else "off", actor)


def bring(database: Database, certificate: Path, key: Path, actor: str = "operator") -> None:
    """Use the owner's certificate and key. Raises :class:`InputError` where they do not fit each other or cannot be read."""
    certificate, key = certificate.expanduser().absolute(), key.expanduser().absolute()
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
        _read(certificate)
    except (OSError, ValueError):
        raise InputError(
            f"{certificate} and {key} are no certificate with its key, as PEM files without a password"
        ) from None
    with database.write(durable=True):
        settings.save(database, CERTIFICATE, str(certificate), actor)
        settings.save(database, KEY, str(key), actor)


def wanted(database: Database) -> bool:
    """Whether the local network may reach the cockpit."""
    return members.enabled(database) and bool(settings.value(database, ENABLED))


def network(database: Database, home: Home) -> Network:
    """How the local network reaches the cockpit; the certificate is made where there is none. Raises :class:`InputError`."""
    found = identity(database, home)
    return Network(names(found.certificate), settings.value(database, PORT), found)


def identity(database: Database, home: Home) -> Identity:
    """The owner's certificate, else the one that was made here."""
    certificate, key = settings.value(database, CERTIFICATE), settings.value(database, KEY)
    own = bool(certificate and key)
    if not own:
        certificate, key = home.path / FOLDER / "certificate.pem", home.path / FOLDER / "key.pem"
        if not certificate.exists() or not key.exists() or _ends_soon(certificate):
            _make(certificate, key)
    try:
        read = _read(Path(certificate))
    except (OSError, ValueError) as error:
        raise InputError(
            f"the certificate {certificate} cannot be read ({type(error).__name__}); see: valhalla team network"
        ) from None
    from cryptography.hazmat.primitives import hashes

    shown = read.fingerprint(hashes.SHA256()).hex(":").upper()
    return Identity(Path(certificate), Path(key), shown, read.not_valid_after_utc, own)


def names(certificate: Path | None = None) -> tuple[str, ...]:
    """What this computer is called on the network: addresses first, then names; and what its certificate is for."""
    host = socket.gethostname().lower()
    short = host.partition(".")[0]
    own = [*addresses(), f"{short}.local", short, host]
    if certificate is not None:
        own += _for(certificate)
    return tuple(dict.fromkeys(each for each in own if each))


def addresses() -> list[str]:
    """This computer's IPv4 addresses on networks, the private ones first; with none, the loopback one."""
    import psutil

    found = [
        ip_address(each.address)
        for at in psutil.net_if_addrs().values()
        for each in at
        if each.family == socket.AF_INET
    ]
    usable = [each for each in found if not each.is_loopback and not each.is_link_local]
    return [str(each) for each in sorted(usable, key=lambda each: (not each.is_private, each))] or [
        "127.0.0.1"
    ]


def listen(port: int) -> socket.socket:
    """A listening socket for the local network. Raises :class:`InputError` when the port is taken."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        option = getattr(socket, "SO_EXCLUSIVEADDRUSE", None) or socket.SO_REUSEADDR
        found.setsockopt(socket.SOL_SOCKET, option, 1)
        found.bind(("0.0.0.0", port))
        found.listen(256)
        found.setblocking(False)
    except OSError as error:
        found.close()
        raise InputError(
            f"the local network cannot be served on port {port} ({error.strerror}); choose another: valhalla config set team.port NUMBER"
        ) from None
    return found


def picture(text: str) -> str:
    """A QR code that a terminal shows."""

    import segno

    out = io.StringIO()
    segno.make(text, micro=False).terminal(out, compact=True)
    return out.getvalue()


def _make(certificate: Path, key: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    certificate.parent.mkdir(mode=0o700, exist_ok=True)
    secret = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Valhalla on this computer")])
    now = datetime.now(UTC)
    called_so = [
        x509.IPAddress(ip_address(each)) if each[0].isdigit() and each.count(".") == 3 else x509.DNSName(each)
        for each in names()
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS - 1))
        .add_extension(x509.SubjectAlternativeName(called_so), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(secret, hashes.SHA256())
    )
    private = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with whole(key) as part:
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(private)
    with whole(certificate) as part:
        part.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _read(certificate: Path) -> Certificate:
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate.read_bytes())


def _ends_soon(certificate: Path) -> bool:
    try:
        return _read(certificate).not_valid_after_utc < datetime.now(UTC) + timedelta(days=RENEW_DAYS)
    except (OSError, ValueError):
        return True


def _for(certificate: Path) -> list[str]:
    from cryptography import x509

    try:
        found = _read(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return []
    wanted = [*found.get_values_for_type(x509.IPAddress), *found.get_values_for_type(x509.DNSName)]
    return [str(each).lower() for each in wanted if "*" not in str(each)]
