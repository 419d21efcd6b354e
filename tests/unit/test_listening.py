"""A socket has its mode from its first moment on, and takes nobody's place."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from gateway import listening
from gateway.listening import ListenError, check_tls, is_loopback, listen, listen_unix
from tests.fakes.tls import certificate


@pytest.mark.parametrize("mode", [0o600, 0o660])
def test_a_unix_socket_has_exactly_the_mode_that_was_asked_for(tmp_path: Path, mode: int) -> None:
    before = os.umask(0)
    try:
        with listen_unix(tmp_path / "s", mode):
            assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == mode
    finally:
        assert os.umask(before) == 0, "the process's own mask is as it was"


def test_nobody_can_connect_before_the_mode_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    chmod = Path.chmod

    def looking(path: Path, mode: int) -> None:
        seen.append(stat.S_IMODE(path.stat().st_mode))
        chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", looking)
    listen_unix(tmp_path / "s", 0o660).close()
    assert seen == [0]


def test_what_a_dead_process_left_behind_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "s"
    listen_unix(path, 0o600).close()
    assert path.is_socket()
    with (
        listen_unix(path, 0o600),
        pytest.raises(ListenError, match="already serves"),
    ):
        listen_unix(path, 0o600)
    listening.remove(path, listening.inode_of(path))
    assert not path.exists()
    path.write_text("a file")
    with pytest.raises(ListenError, match="is no socket"):
        listen_unix(path, 0o600)
    assert path.read_text() == "a file"


def test_a_socket_that_took_the_place_of_ours_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listen_unix(path, 0o600):
        ours = listening.inode_of(path)
        path.unlink()
        with listen_unix(path, 0o600):
            listening.remove(path, ours)
            assert path.is_socket()
    path.unlink()
    listening.remove(path, ours)


def test_a_path_that_is_too_long_or_nowhere_is_said(tmp_path: Path) -> None:
    with pytest.raises(ListenError, match="107 bytes"):
        listen_unix(tmp_path / ("x" * 108), 0o600)
    with pytest.raises(ListenError, match="No such file"):
        listen_unix(tmp_path / "absent" / "s", 0o600)


def test_an_address_in_use_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"127.0.0.1:{port}"):
            listen("127.0.0.1", port)


def test_only_this_machines_own_addresses_are_loopback() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("0.0.0.0")  # noqa: S104 - that is the point
    assert not is_loopback("10.0.0.5")
    for name in ("localhost", "", "127.1"):
        with pytest.raises(ListenError, match="not a name"):
            is_loopback(name)


def test_a_wrong_certificate_or_key_is_told_by_its_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        certificate(tmp_path, name)
    one, both, other = (tmp_path / name for name in ("one.pem", "one.both", "two.both"))
    check_tls(one, both)
    none = tmp_path / "none.pem"
    none.write_text("imk_abc")
    for pair, says in (
        ((tmp_path / "absent.pem", both), "absent.pem cannot be read: No such file"),
        ((none, both), r"none\.pem holds no certificate in PEM"),
        ((one, one), r"one\.pem holds no private key in PEM"),
        ((one, other), r"two\.both is not the key of the certificate in .*one\.pem"),
    ):
        with pytest.raises(ListenError, match=says):
            check_tls(*pair)
