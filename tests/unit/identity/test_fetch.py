"""A document comes from the pinned address, whole, small and soon, or there is none."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.endpoints import parse_endpoint
from gateway.identity.fetch import FetchError, get
from gateway.identity.provider import ProviderError, fetcher
from gateway.pinned import MAX_BYTES
from tests.fakes.provider import ISSUER, key_set, public, rsa, settings
from tests.fakes.tls import certificate

NAME = "idp.hospital.example"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
Peer = Callable[[socket.socket], None]


@contextmanager
def peer(
    *replies: bytes | Peer, tls: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """One reply a connection, then silence. Yields the port, and the requests that came."""
    requests: list[bytes] = []

    def serve() -> None:
        for reply in replies:
            try:
                connection, _ = listener.accept()
                with tls.wrap_socket(connection, server_side=True) if tls else connection as sock:
                    sock.settimeout(5)
                    requests.append(sock.recv(65536))
                    if isinstance(reply, bytes):
                        sock.sendall(reply)
                    else:
                        reply(sock)
            except OSError:
                continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], requests
    thread.join(6)


def fetch(port: int, seconds: float = 5.0) -> bytes:
    return get(parse_endpoint(f"http://{NAME}:{port}/keys?x=1", "127.0.0.1"), None, seconds)


def test_a_document_is_asked_for_by_its_name_and_fetched_from_its_address() -> None:
    with peer(GOOD) as (port, requests):
        assert fetch(port) == b"{}"
    assert requests[0].startswith(b"GET /keys?x=1 HTTP/1.1\r\n")
    assert f"\r\nHost: {NAME}:{port}\r\n".encode() in requests[0]


def test_a_chunked_reply_is_put_together() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    with peer(chunked) as (port, _):
        assert fetch(port) == b"{}"


def drip(sock: socket.socket) -> None:
    for _ in range(1000):
        sock.sendall(b"H")
        time.sleep(0.05)


def silent(sock: socket.socket) -> None:
    sock.settimeout(50)
    sock.recv(1)  # Until the other side has had enough.


def endless(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(1000):
        sock.sendall(b"x" * 65536)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}", "status"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\n\r\n", "status"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "not_http"),
        (b"SSH-2.0\r\n", "not_http"),
        (b"", "not_http"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * MAX_BYTES, "too_large"),
        (endless, "too_large"),
        (drip, "timeout"),
        (silent, "timeout"),
    ],
)
def test_what_is_no_small_and_timely_document_is_refused(reply: bytes | Peer, why: str) -> None:
    with peer(reply) as (port, _):
        begun = time.monotonic()
        with pytest.raises(FetchError) as raised:
            fetch(port, 0.5)
        assert time.monotonic() - begun < 20  # Those who take their time take fifty.
    assert raised.value.reason == why


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FetchError, match="unreachable"):
        fetch(port)


def body(document: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(document), document)


@pytest.mark.parametrize(("named", "trusted"), [(True, True), (False, True), (True, False)])
def test_tls_needs_the_name_and_the_authority_of_the_settings(
    tmp_path: Path,
    named: bool,  # noqa: FBT001
    trusted: bool,  # noqa: FBT001
) -> None:
    tls, pem = certificate(tmp_path, NAME if named else "other.example")
    _, other = certificate(tmp_path, "unrelated.example")
    with peer(body(key_set(public(rsa()))), tls=tls) as (port, requests):
        ask = fetcher(
            settings(
                jwks_url=f"https://{NAME}:{port}/jwks",
                address="127.0.0.1",
                ca_file=(pem if trusted else other).name,
            ),
            tmp_path,
        )
        if named and trusted:
            assert list(ask()) == ["rsa-0"]
        else:
            with pytest.raises(FetchError, match="tls"):
                ask()
            assert requests == []


@pytest.mark.parametrize("content", [None, "", "no certificate", "é"])
def test_a_file_without_certificates_is_an_error_that_names_it(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_text(content, encoding="utf-8")
    named = settings(jwks_url=f"https://{NAME}/", address="127.0.0.1", ca_file="ca.pem")
    with pytest.raises(ProviderError, match=r"ca\.pem"):
        fetcher(named, tmp_path)


def discovered(tmp_path: Path, metadata: Callable[[int], object]) -> dict[str, object]:
    replies = [b"", b""]
    with peer(lambda s: s.sendall(replies[0]), lambda s: s.sendall(replies[1])) as (port, _):
        replies[:] = body(json.dumps(metadata(port)).encode()), body(key_set(public(rsa())))
        url = f"http://{NAME}:{port}/.well-known/openid-configuration"
        ask = fetcher(
            settings(jwks_url=None, discovery_url=url, address="127.0.0.1", timeout=1.0), tmp_path
        )
        return dict(ask())


def test_discovery_leads_to_the_keys_under_the_same_address(tmp_path: Path) -> None:
    keys = discovered(
        tmp_path, lambda port: {"issuer": ISSUER, "jwks_uri": f"http://{NAME}:{port}/k"}
    )
    assert list(keys) == ["rsa-0"]


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        (lambda port: {"issuer": "x", "jwks_uri": f"http://{NAME}:{port}/k"}, "other_issuer"),
        (lambda _: {"issuer": ISSUER, "jwks_uri": f"http://{NAME}:1/k"}, "keys_elsewhere"),
        (
            lambda port: {"issuer": ISSUER, "jwks_uri": f"http://evil.example:{port}/k"},
            "keys_elsewhere",
        ),
        (
            lambda port: {"issuer": ISSUER, "jwks_uri": f"https://{NAME}:{port}/k"},
            "keys_elsewhere",
        ),
        (lambda _: {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"}, "keys_elsewhere"),
        (lambda _: {"issuer": ISSUER}, "keys_elsewhere"),
        (lambda _: ["issuer"], "not_json"),
    ],
)
def test_discovery_leads_nowhere_else(
    tmp_path: Path, metadata: Callable[[int], object], why: str
) -> None:
    with pytest.raises((FetchError, ValueError), match=why):
        discovered(tmp_path, metadata)
