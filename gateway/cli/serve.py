"""`intramural serve`: build the gateway, listen, and say how to try it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.common import fail, settings_of
from gateway.cli.invitation import invitation
from gateway.listening import Inode, remove
from gateway.settings import Settings

if TYPE_CHECKING:
    import uvicorn


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    context: typer.Context,
    demo_key: Annotated[
        bool,
        typer.Option("--demo-key", help="Make a clinician's key for this machine: to try it out."),
    ] = False,
) -> None:
    """Serve on the address of the settings (127.0.0.1:8400) until it is told to stop."""
    import uvloop

    from gateway import dumps, egress, logs
    from gateway.app import assemble, build
    from gateway.http.server import build as build_server

    settings = settings_of(context)
    logs.configure(style=settings.log.format, level=settings.log.level)
    try:
        peers = egress.parse_peers(settings.peers)
    except ValueError as error:
        fail(f"egress.peers in the settings: {error}", 2)
    egress.install(peers)
    dumps.forbid()
    listener, more = _listen(settings)
    try:
        gateway = build(settings, lambda part: typer.echo(f"  {part} …", err=True))
    except Exception as error:  # noqa: BLE001 - one line for people, by a type that is known
        fail(explain(error))
    try:
        if demo_key:
            try:
                _make_demo_key(settings)
            except Exception as error:  # noqa: BLE001 - as above
                fail(explain(error))
        app = assemble(
            gateway.parts,
            settings,
            gateway.checks,
            gateway.running,
            gateway.recognizers,
            gateway.extras,
        )
        server = build_server(app, settings.server)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            name = gateway.parts.engine.models()[0].name
            runner.run(_run(server, [listener, *more], settings, name))
    finally:
        gateway.close()
        for path, inode in more.values():
            remove(path, inode)
    if not server.started:
        raise typer.Exit(1)


def explain(error: Exception) -> str:
    """Return what to tell a person; re-raise what nobody foresaw, for the crash report."""
    from engine import EngineError
    from gateway.detection.dictionary_file import DictionaryError
    from gateway.domain.errors import ExchangeError
    from gateway.generation.engines import SameName
    from gateway.generation.remote import RemoteEngineError
    from gateway.identity.provider import ProviderError
    from gateway.identity.store import KeyStoreError
    from gateway.identity.x509 import AuthorityError
    from gateway.ledger.errors import LedgerError
    from gateway.policy.problems import PolicyError
    from gateway.policy.releases.store import PolicyStoreError
    from gateway.secretfiles import SecretFileError
    from gateway.usage.store import UsageError

    known = (
        AuthorityError,
        DictionaryError,
        EngineError,
        ExchangeError,
        KeyStoreError,
        LedgerError,
        PolicyError,
        PolicyStoreError,
        ProviderError,
        RemoteEngineError,
        SameName,
        SecretFileError,
        UsageError,
        OSError,
    )
    if isinstance(error, MemoryError):
        return (
            "there is not enough memory to start: give it more, or load less; "
            "`intramural engine plan` says what each model takes"
        )
    if isinstance(error, known):
        return str(error)
    raise error


def _make_demo_key(settings: Settings) -> None:
    """Make the key of the invitation on first use, and again when it has expired.

    Not where somebody made another key, or revoked this one: it does not come back by itself.
    """
    from gateway import installation
    from gateway.cli.recorder import record_admin
    from gateway.identity.keyring import open_keyring

    keyring = open_keyring(settings.state, settings.keys)
    try:
        if all(
            key.grant.name == installation.DEMO_NAME and key.revoked is None
            for key in keyring.store.all_keys()
        ):
            installation.ensure_demo_key(
                settings, keyring, lambda act, target: record_admin(settings, act, target)
            )
    finally:
        keyring.store.close()


def _listen(
    settings: Settings,
) -> tuple[socket.socket, dict[socket.socket, tuple[Path, Inode | None]]]:
    """Return the address's socket, and the Unix socket of a proxy with what lies at its path."""
    from gateway.listening import ListenError, inode_of, listen, listen_unix

    try:
        listener = listen(settings.server.host, settings.server.port)
    except ListenError as error:
        fail(f"{error}. Stop what uses it, or set server.port in intramural.toml")
    if settings.server.socket is None:
        return listener, {}
    path = settings.data / settings.server.socket
    try:
        # The proxy's user joins the gateway's group: to anyone else the socket is closed.
        return listener, {listen_unix(path, 0o660): (path, inode_of(path))}
    except ListenError as error:
        fail(f"{error}. See server.socket in intramural.toml")


async def _run(
    server: uvicorn.Server, listeners: list[socket.socket], settings: Settings, model: str
) -> None:
    serving = asyncio.create_task(server.serve(sockets=listeners))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    if server.started:
        typer.echo(invitation(settings, listeners[0].getsockname()[1], model))
    await serving
