"""The certificate in a proxy's headers, read strictly: what is not exactly so is refused.

RFC 9440: `Client-Cert` is one byte sequence of RFC 8941, `Client-Cert-Chain` a list of them.
Envoy's `X-Forwarded-Client-Cert` is one element with `Cert`, and perhaps `Chain`, as
percent-encoded PEM. Called for headers of a named proxy alone. A header of the other form, or one
that a careless proxy would take for these (`client_cert`), is what a client wrote and the proxy let
through: refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.certificates import CERT, CHAIN, XFCC

MAX_DER: Final = 16 * 1024
"""Bytes of one certificate. A request's headers have 32 KiB together."""
MAX_CHAIN: Final = 8
_BYTES: Final = re.compile(r":([A-Za-z0-9+/]*={0,2}):\Z")
_PEM: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----(?:\r?\n)*"
)
_PAIR: Final = re.compile(r'(By|Hash|Cert|Chain|Subject|URI|DNS)=(?:"((?:[^"\\]|\\.)*)"|([^";,]*))')
_REPEATED: Final = frozenset({"URI", "DNS"})


class ForwardedError(ValueError):
    """The headers are not what a proxy writes. The message is ours and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Presented:
    """A client's certificate and what came with it, as DER. Nothing of it is believed yet."""

    leaf: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def thumbprint(self) -> bytes:
        """Return SHA-256 of the certificate (RFC 8705 `x5t#S256`), 32 bytes."""
        return hashlib.sha256(self.leaf).digest()


def presented(headers: Sequence[tuple[str, str]], form: str) -> Presented | None:
    """Return the certificate in `headers`, if there is one. Raises `ForwardedError`.

    An empty header is as none: it names nobody.
    """
    expected = {XFCC} if form == "xfcc" else {CERT, CHAIN}
    held: dict[str, list[str]] = {}
    for name, value in headers:
        if name not in expected:
            raise ForwardedError("the proxy lets headers through that only it may write")
        held.setdefault(name, []).append(value)
    values = {name: [value for value in lines if value.strip()] for name, lines in held.items()}
    if any(len(lines) > 1 for name, lines in held.items() if name != CHAIN):
        raise ForwardedError("the header of a certificate came twice")
    if form == "xfcc":
        found = values.get(XFCC)
        return _xfcc(found[0]) if found else None
    leaf, chain = values.get(CERT), ",".join(values.get(CHAIN, ()))
    if not leaf:
        if chain:
            raise ForwardedError("a chain came without its certificate")
        return None
    items = [_item(word) for word in chain.split(",")] if chain else []
    return _bounded(_item(leaf[0]), items)


def _item(text: str) -> bytes:
    match = _BYTES.match(text.strip(" \t"))
    if match is None:
        raise ForwardedError("a certificate is one byte sequence between colons (RFC 9440)")
    return _base64(match[1])


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise ForwardedError("a certificate is not in base64") from None


def _xfcc(value: str) -> Presented:
    fields = _pairs(value)
    if "Cert" not in fields:
        raise ForwardedError("the header names a certificate and does not hold it (Cert=)")
    leaf, *extra = _pem(fields["Cert"])
    if extra:
        raise ForwardedError("Cert holds more than one certificate")
    chain = [each for each in _pem(fields["Chain"]) if each != leaf] if "Chain" in fields else []
    found = _bounded(leaf, chain)
    if "Hash" in fields and not hmac.compare_digest(
        fields["Hash"].lower().encode("utf-8", "surrogatepass"), found.thumbprint.hex().encode()
    ):
        raise ForwardedError("the hash is not that of the certificate")
    return found


def _pairs(value: str) -> Mapping[str, str]:
    """Return the fields of the one element. A second one was there before the proxy came."""
    fields: dict[str, str] = {}
    at = 0
    while True:
        match = _PAIR.match(value, at)
        if match is None:
            raise ForwardedError("this is not an X-Forwarded-Client-Cert header")
        name, quoted, plain = match.groups()
        if name in fields and name not in _REPEATED:
            raise ForwardedError("a field of the header came twice")
        fields[name] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        at = match.end()
        if at == len(value):
            return fields
        if value[at] != ";":
            raise ForwardedError(
                "the header has more than one element: the proxy has to replace it"
            )
        at += 1


def _pem(text: str) -> list[bytes]:
    data = unquote_to_bytes(text)
    if len(data) > 2 * MAX_DER * MAX_CHAIN:
        raise ForwardedError("a certificate is too large")
    found = list(_certificates(data))
    if not found:
        raise ForwardedError("a certificate is not in PEM")
    return found


def _certificates(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        match = _PEM.match(data, at)
        if match is None:
            raise ForwardedError("a certificate is not in PEM")
        yield _base64("".join(match[1].decode("ascii").split()))
        at = match.end()


def _bounded(leaf: bytes, chain: Sequence[bytes]) -> Presented:
    if len(chain) > MAX_CHAIN or any(len(each) > MAX_DER for each in (leaf, *chain)):
        raise ForwardedError("a certificate or its chain is too large")
    return Presented(leaf, tuple(chain))
