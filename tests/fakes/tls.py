"""A certificate for a name and for 127.0.0.9, made anew, and what vouches for it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS for `name`, and the file that vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named("test")
    now = dt.datetime.now(dt.UTC)
    alternatives = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / f"{name}.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    both = folder / f"{name}.both"
    both.write_bytes(_private(key) + pem.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, pem


def hospital(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS for `name`, and the file of the authority that issued it.

    As hospitals have it: a root that is handed out, and beneath it who issues; the server shows its
    own certificate and the one between.
    """
    root, between, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    chain = [
        _issued(own, f"{name} of a ward", "Hospital Issuing", between, name),
        _issued(between, "Hospital Issuing", "Hospital Root", root),
    ]
    authority = folder / f"{name}.root.pem"
    authority.write_bytes(
        _issued(root, "Hospital Root", "Hospital Root", root).public_bytes(
            serialization.Encoding.PEM
        )
    )
    both = folder / f"{name}.both"
    both.write_bytes(
        _private(own) + b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, authority


def _issued(
    key: ec.EllipticCurvePrivateKey,
    subject: str,
    issuer: str,
    by: ec.EllipticCurvePrivateKey,
    name: str | None = None,
) -> x509.Certificate:
    """Return a certificate of a server called `name`, or else of an authority."""
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder(
            _named(issuer), _named(subject), key.public_key(), x509.random_serial_number()
        )
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=name is None, path_length=None), critical=True)
    )
    if name is not None:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name)])
        builder = builder.add_extension(alternatives, critical=False)
    return builder.sign(by, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
