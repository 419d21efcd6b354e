"""Is a client's certificate one that the hospital's authority made for clients, and not revoked?

The proxy has checked it, and it is checked here again: a proxy that was set up to ask for any
certificate (`ssl_verify_client optional_no_ca`) would otherwise let everybody be anybody.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder

from gateway.identity.forwarded import Presented

_UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
_KINDS: Final = (
    ("dns", x509.DNSName),
    ("uri", x509.UniformResourceIdentifier),
    ("email", x509.RFC822Name),
)


class CertificateError(ValueError):
    """The certificate is not believed. The message is ours and quotes nothing of it."""


class AuthorityError(Exception):
    """The authorities' files cannot be used; the message names the file and what to do."""


@dataclass(frozen=True, slots=True)
class Certified:
    """What a certificate says that an authority of ours vouches for. Times in milliseconds."""

    names: frozenset[tuple[str, str]]
    """(`subject` | `dns` | `uri` | `email`, value)"""
    begins: int
    expires: int
    revoked: bool


class Authorities:
    """Who may vouch, and what they took back. Safe to use from several threads."""

    def __init__(self, ca_file: Path, crl_file: Path | None) -> None:
        """Read the files. Raises `AuthorityError`."""
        self._crl_file = crl_file
        self._lock = threading.Lock()
        try:
            self._anchors = x509.load_pem_x509_certificates(ca_file.read_bytes())
            self._store = verification.Store(self._anchors)
        except (OSError, *_UNREADABLE) as error:
            raise AuthorityError(
                f"identity.certificates.ca_file: {ca_file} does not hold certificates in PEM "
                f"({type(error).__name__}): name a file that does"
            ) from None
        self._seen: tuple[int, ...] = ()
        self._lists: tuple[x509.CertificateRevocationList, ...] = ()
        self.generation()

    def generation(self) -> tuple[int, ...]:
        """Return what changes with the list of the revoked, read again where it has changed.

        Raises `AuthorityError` where it cannot be read: then nobody's certificate is believed.
        """
        if self._crl_file is None:
            return ()
        with self._lock:
            try:
                status = os.stat(self._crl_file)  # noqa: PTH116 - as fast as can be: each request asks
                seen = (status.st_mtime_ns, status.st_size, status.st_ino)
                if seen != self._seen:
                    self._lists = _lists(self._crl_file.read_bytes())
                    self._seen = seen
            except (OSError, *_UNREADABLE) as error:
                self._seen, self._lists = (), ()
                raise AuthorityError(
                    f"identity.certificates.crl_file: {self._crl_file} does not hold lists of "
                    f"revoked certificates in PEM ({type(error).__name__}): put a good one there"
                ) from None
            return self._seen

    def state(self, now: int) -> str | None:
        """Return what is wrong with the files by now, for people, or `None`."""
        moment = dt.datetime.fromtimestamp(now / 1000, dt.UTC)
        if any(each.not_valid_after_utc <= moment for each in self._anchors):
            return "an authority in ca_file has expired: put its successor there"
        if any((end := found.next_update_utc) is None or end <= moment for found in self._lists):
            return "a list in crl_file is out of date: fetch a new one"
        return None

    def check(self, presented: Presented, now: int) -> Certified:
        """Return what the certificate says. Raises `CertificateError` or `AuthorityError`.

        Whether it is the time, and whether it was revoked, is for the caller to say: such a
        certificate has an owner. At another time it is checked as of the nearest that it was for.
        """
        try:
            leaf = x509.load_der_x509_certificate(presented.leaf)
            chain = [x509.load_der_x509_certificate(each) for each in presented.chain]
            begins, expires = leaf.not_valid_before_utc, leaf.not_valid_after_utc
            moment = min(max(dt.datetime.fromtimestamp(now / 1000, dt.UTC), begins), expires)
            verified = self._verifier(moment).verify(leaf, chain).chain
            names = frozenset(_names(leaf))
        except verification.VerificationError:
            raise CertificateError(
                "no authority of this gateway vouches for it, for clients"
            ) from None
        except _UNREADABLE:
            raise CertificateError("it cannot be read") from None
        return Certified(
            names=names,
            begins=_milliseconds(begins),
            expires=_milliseconds(expires),
            revoked=self._revoked(verified, dt.datetime.fromtimestamp(now / 1000, dt.UTC)),
        )

    def _verifier(self, moment: dt.datetime) -> verification.ClientVerifier:
        ca = ExtensionPolicy.permit_all().require_present(
            x509.BasicConstraints, Criticality.AGNOSTIC, _is_authority
        )
        ca = ca.may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_sign)
        client = ExtensionPolicy.webpki_defaults_ee()
        client = client.may_be_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
        client = client.require_present(
            x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _is_for_clients
        )
        builder = PolicyBuilder().store(self._store).time(moment.replace(tzinfo=None))
        return builder.extension_policies(ca_policy=ca, ee_policy=client).build_client_verifier()

    def _revoked(self, chain: Sequence[x509.Certificate], now: dt.datetime) -> bool:
        """Say whether anything in `chain`, which ends with an anchor, was taken back."""
        if self._crl_file is None:
            return False
        for each, issuer in itertools.pairwise(chain):
            lists = [
                found
                for found in self._lists
                if found.issuer == each.issuer and _signed_by(found, issuer)
            ]
            current = [found for found in lists if (end := found.next_update_utc) and end > now]
            if not current:
                raise AuthorityError(
                    f"identity.certificates.crl_file: {self._crl_file} holds no list of the "
                    "authority that is current: fetch a new one"
                )
            for found in current:
                if found.get_revoked_certificate_by_serial_number(each.serial_number) is not None:
                    return True
        return False


def _lists(data: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    marker = b"-----BEGIN X509 CRL-----"
    blocks = data.split(marker)[1:]
    if not blocks:
        raise ValueError("no list")
    return tuple(x509.load_pem_x509_crl(marker + block) for block in blocks)


def _signed_by(found: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    # The others are those that no chain which was verified can hold.
    return isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) and (
        found.is_signature_valid(key)
    )


def _names(leaf: x509.Certificate) -> list[tuple[str, str]]:
    found = [("subject", leaf.subject.rfc4514_string())]
    try:
        others = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return found
    for kind, general in _KINDS:
        found += [(kind, value) for value in others.get_values_for_type(general)]
    return found


def _is_authority(
    _policy: verification.Policy, _leaf: x509.Certificate, found: x509.BasicConstraints
) -> None:
    if not found.ca:
        raise ValueError("not an authority")


def _may_sign(
    _policy: verification.Policy, _leaf: x509.Certificate, found: x509.KeyUsage | None
) -> None:
    if found is not None and not found.key_cert_sign:
        raise ValueError("may not sign certificates")


def _is_for_clients(
    _policy: verification.Policy, _leaf: x509.Certificate, found: x509.ExtendedKeyUsage
) -> None:
    # Not `any`: whoever made it for everything did not mean this.
    if ExtendedKeyUsageOID.CLIENT_AUTH not in found:
        raise ValueError("not for clients")


def _milliseconds(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)
