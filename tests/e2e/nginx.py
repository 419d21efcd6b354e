"""A real nginx with the configuration of `deploy/nginx/`, moved to a folder of the test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.e2e.process import ROOT, environment, wait_for

CONFIGURATION = ROOT / "deploy" / "nginx" / "intramural.conf"
_MAIN = """
pid {folder}/nginx.pid;
error_log stderr notice;
daemon off;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/intramural.conf;
}}
"""


def nginx() -> str:
    """Return nginx's command; skip the test, visibly, where there is none."""
    found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if found is None:
        pytest.skip("nginx is not installed: no real proxy passed a certificate on")
    return found


class Proxy:
    """Ends TLS before the gateway's socket, with the certificates in its folder."""

    def __init__(self, folder: Path, gateway: Path, form: str = "rfc9440") -> None:
        command = nginx()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        text = CONFIGURATION.read_text(encoding="utf-8")
        for old, new in (
            ("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
            ("/etc/intramural/tls", str(folder)),
            ("/var/lib/intramural/gateway.sock", str(gateway)),
        ):
            assert old in text
            text = text.replace(old, new)
        if form == "xfcc":
            for old, new in (
                ("Client-Cert $intramural_client_cert;", 'Client-Cert "";'),
                ('X-Forwarded-Client-Cert "";', "X-Forwarded-Client-Cert $intramural_xfcc;"),
            ):
                assert old in text
                text = text.replace(old, new)
        (folder / "intramural.conf").write_text(text, encoding="utf-8")
        user = "user root;" if os.geteuid() == 0 else ""  # Its workers open our socket.
        (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user), encoding="utf-8")
        self._log = folder / "nginx.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [command, "-p", str(folder), "-c", str(folder / "nginx.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(),
            )
        wait_for(self._listens, "nginx listens")

    def _listens(self) -> bool:
        assert self._process.poll() is None, self.said()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
