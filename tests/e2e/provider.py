"""A real identity provider as a process of its own: `tests/clients/provider.mjs`."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import uuid
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.e2e.process import ROOT, environment, wait_for

CLIENTS = ROOT / "tests" / "clients"


def node() -> str:
    """Return Node's command; skip the test, visibly, where there is none."""
    found = shutil.which("node")
    if found is None or not (CLIENTS / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("Node or its packages are not installed: no real identity provider was tried")
    return found


class Provider:
    """It can be stopped, and started again under the same address with other keys."""

    def __init__(self, folder: Path) -> None:
        self._node = node()
        self._log = folder / "provider.log"
        self._port = 0
        self._smart = ECKey.generate_key("P-384", {"kid": "smart", "use": "sig"}, private=True)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        public = json.dumps(self._smart.as_dict(private=False))
        before = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._node, "provider.mjs", str(self._port), public],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=CLIENTS,
                env=environment(),
            )

        def said() -> str | None:
            assert self._process is not None
            text = self._log.read_bytes()[before:].decode()
            assert self._process.poll() is None, text
            lines = [line for line in text.splitlines() if line.startswith('{"issuer"')]
            return lines[0] if lines else None

        issuer = json.loads(wait_for(said, "the identity provider starts", 30))["issuer"]
        self._port = int(issuer.rpartition(":")[2])

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def token(self, kind: str = "rs256", client: str = "ward-software") -> str:
        reply = httpx.post(
            f"{self.issuer}/token",
            data={"grant_type": "client_credentials", "resource": f"urn:test:{kind}"},
            auth=(client, "secret"),
            trust_env=False,
        )
        assert reply.status_code == 200, reply.text
        return str(reply.json()["access_token"])

    def backend_token(self) -> str:
        """Ask as SMART Backend Services do: the client signs who it is, by ES384."""
        now = int(time.time())
        claims = {
            "iss": "smart",
            "sub": "smart",
            "aud": f"{self.issuer}/token",
            "iat": now,
            "exp": now + 60,
            "jti": str(uuid.uuid4()),
        }
        header = {"alg": "ES384", "kid": "smart", "typ": "JWT"}
        reply = httpx.post(
            f"{self.issuer}/token",
            data={
                "grant_type": "client_credentials",
                "resource": "urn:test:es384",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": jwt.encode(header, claims, self._smart, algorithms=["ES384"]),
            },
            trust_env=False,
        )
        assert reply.status_code == 200, reply.text
        return str(reply.json()["access_token"])

    def rotate(self) -> None:
        httpx.post(f"{self.issuer}/test/rotate", trust_env=False).raise_for_status()

    def fetches(self) -> int:
        return int(httpx.get(f"{self.issuer}/test/count", trust_env=False).json())


def settle(seconds: float) -> None:
    """Let time pass that no event marks: an interval in which nothing may happen."""
    time.sleep(seconds)
