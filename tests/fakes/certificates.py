"""An authority in memory, and certificates of every kind that it, or nobody, would make."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.fakes.identity import START

NOW = dt.datetime.fromtimestamp(START / 1000, dt.UTC)
DAY = dt.timedelta(days=1)
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)


@cache
def _key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(words: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, words),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Hospital"),
        ]
    )


@dataclass(frozen=True)
class Made:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def item(self) -> str:
        """As RFC 9440 writes it."""
        return f":{base64.b64encode(self.der).decode()}:"

    @property
    def cert(self) -> str:
        """As Envoy writes it, and nginx's `$ssl_client_escaped_cert`."""
        return quote(self.pem.decode(), safe="")

    @property
    def thumbprint(self) -> str:
        """As a token's `cnf` names it."""
        return (
            base64.urlsafe_b64encode(self.certificate.fingerprint(hashes.SHA256()))
            .decode()
            .rstrip("=")
        )

    def save(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write certificate and key where a client or a server wants them."""
        pem, key = folder / f"{name}.pem", folder / f"{name}.key"
        pem.write_bytes(self.pem)
        key.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return pem, key


@dataclass
class Authority:
    """One that signs. Made by itself, or by `above`."""

    name: str = "root"
    above: Authority | None = None
    path_length: int | None = None
    is_authority: bool = True
    now: dt.datetime = NOW
    made: Made = field(init=False)

    def __post_init__(self) -> None:
        issuer = self.above.made if self.above else None
        key = _key(f"authority {self.name}")
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(self.name))
            .issuer_name(issuer.certificate.subject if issuer else _name(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - 400 * DAY)
            .not_valid_after(self.now + 400 * DAY)
            .add_extension(
                x509.BasicConstraints(
                    self.is_authority, self.path_length if self.is_authority else None
                ),
                critical=True,
            )
        )
        self.made = Made(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)

    def issue(
        self,
        name: str = "ward5",
        *,
        dns: Sequence[str] = ("ward5.hospital.example",),
        uri: Sequence[str] = (),
        usages: Sequence[x509.ObjectIdentifier] | None = CLIENT,
        begins: dt.timedelta = -DAY,
        ends: dt.timedelta = 30 * DAY,
    ) -> Made:
        key = _key(name)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self.made.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + begins)
            .not_valid_after(self.now + ends)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.made.key.public_key()),
                critical=False,
            )
        )
        names = [
            *map(x509.DNSName, dns),
            *map(x509.UniformResourceIdentifier, uri),
        ]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if usages is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        return Made(builder.sign(self.made.key, hashes.SHA256()), key)

    def revoking(self, *revoked: Made, ends: dt.timedelta = DAY) -> bytes:
        """Return a list of what was taken back, in PEM."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.made.certificate.subject)
            .last_update(self.now - DAY)
            .next_update(self.now + ends)
        )
        for each in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(each.certificate.serial_number)
                .revocation_date(self.now - DAY)
                .build()
            )
        signed = builder.sign(self.made.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)
