"""`intramural engine serve`: the engine alone, on a Unix socket or an address, for a gateway."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from gateway import listening, secretfiles
from gateway.cli.common import fail, settings_of
from gateway.listening import Inode, ListenError
from gateway.settings import EngineSettings, Settings

if TYPE_CHECKING:
    import uvicorn

    from engine.server import Application

_MODES: Final = {"0600": 0o600, "0660": 0o660}
_MIN_KEY: Final = 32
"""Bytes of the key: 128 bits, if they are hexadecimal digits of random ones."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the engine is reached: at a socket's path, or at an address."""

    path: Path | None
    mode: int
    host: str
    port: int
    certificate: Path | None
    certificate_key: Path | None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(  # noqa: PLR0913, PLR0917 - each is an option of the command
    context: typer.Context,
    path: Annotated[
        Path | None, typer.Option("--socket", help="Unix socket to make.", show_default=False)
    ] = None,
    mode: Annotated[str, typer.Option(help="The socket's mode: 0600 or 0660.")] = "0600",
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on, instead of a socket.", show_default=False),
    ] = None,
    port: Annotated[int, typer.Option(help="Port; 0 lets the system choose.")] = 8401,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="NAME",
            help="A model to serve; again for more. Else as the settings say.",
            show_default=False,
        ),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            help="File (0600) with the key that clients have to send; a must on the network.",
            show_default=False,
        ),
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="PEM file: speak TLS.", show_default=False)
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="PEM file with its key.", show_default=False)
    ] = None,
) -> None:
    """Serve the engine alone, with OpenAI's API, until it is told to stop."""
    from gateway import dumps, egress, logs

    settings = settings_of(context)
    if (path is None) == (host is None):
        fail("give either --socket PATH or --host ADDRESS", 2)
    if mode not in _MODES:
        fail("--mode is 0600 or 0660", 2)
    if (tls_certificate is None) != (tls_key is None) or (path is not None and tls_key is not None):
        fail("--tls-certificate and --tls-key go together, and with --host", 2)
    if tls_certificate is not None and tls_key is not None:
        try:
            listening.check_tls(tls_certificate, tls_key)
        except ListenError as error:
            fail(str(error), 2)
    place = Place(path, _MODES[mode], host or "", port, tls_certificate, tls_key)
    key = _key(place, key_file)
    chosen = _chosen(settings.engine, tuple(model or ()))
    logs.configure(style=settings.log.format, level=settings.log.level)
    try:
        # It may knock at its own socket, so before the tripwire.
        listener, inode = _listen(place)
    except ListenError as error:
        fail(str(error))
    egress.install(frozenset())  # It has no peers: it answers.
    dumps.forbid()
    try:
        _serve(settings, place, listener, key, chosen)
    finally:
        listener.close()
        if place.path is not None:
            listening.remove(place.path, inode)


def _key(place: Place, key_file: Path | None) -> bytes | None:
    """Return the key that clients have to send; without one, nobody else may reach this."""
    try:
        alone = place.path is not None or listening.is_loopback(place.host)
    except ListenError as error:
        fail(str(error), 2)
    if key_file is None:
        if not alone:
            fail(
                "an engine that others on the network can reach needs --key-file; "
                "`openssl rand -hex 32 > FILE` makes one (chmod 600)",
                2,
            )
        return None
    try:
        key = secretfiles.read(key_file).strip()
    except secretfiles.SecretFileError as error:
        fail(str(error), 2)
    if len(key) < _MIN_KEY or not key.isascii() or b" " in key:
        fail(f"{key_file} holds no key: {_MIN_KEY} printable characters at least", 2)
    return key


def _chosen(engine: EngineSettings, names: tuple[str, ...]) -> EngineSettings:
    """Return the settings with the models of the command line, if it names any."""
    if not names:
        return engine
    if absent := sorted(set(engine.pinned) - set(names)):
        fail(f"engine.pinned of the settings names {absent[0]}: add --model {absent[0]}", 2)
    return msgspec.structs.replace(engine, models=names)


def _listen(place: Place) -> tuple[socket.socket, Inode | None]:
    if place.path is not None:
        listener = listening.listen_unix(place.path, place.mode)
        return listener, listening.inode_of(place.path)
    return listening.listen(place.host, place.port), None


def _serve(
    settings: Settings,
    place: Place,
    listener: socket.socket,
    key: bytes | None,
    chosen: EngineSettings,
) -> None:
    import uvloop

    from engine import EngineError, ModelStore
    from engine.server import application
    from gateway import logs
    from gateway.generation.local import LocalEngine

    typer.echo("  models …", err=True)
    try:
        engine = LocalEngine.load(ModelStore(settings.models), chosen)
    except EngineError as error:
        fail(str(error))
    try:
        app = application(
            engine.served, key=key, on_error=logs.unexpected, ready=lambda: engine.ready
        )
        server = _server(app, settings, place)
        logs.event("engine_built", count=len(engine.served))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(server, listener, place))
    finally:
        engine.close()
    if not server.started:
        raise typer.Exit(1)


def _server(app: Application, settings: Settings, place: Place) -> uvicorn.Server:
    from gateway.http.server import DrainingServer, configured

    async def drain() -> None:
        await app.drain(settings.server.shutdown_grace)

    config = configured(
        app,
        settings.server,
        ssl_certfile=place.certificate,
        ssl_keyfile=place.certificate_key,
    )
    return DrainingServer(config, drain)


async def _run(server: uvicorn.Server, listener: socket.socket, place: Place) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    if server.started:
        typer.echo(f"The engine serves on {_spoken(listener, place)}; Ctrl-C stops it.")
    await serving


def _spoken(listener: socket.socket, place: Place) -> str:
    """Return the address as `engine.openai.endpoints` in a gateway's settings names it."""
    if place.path is not None:
        return f"unix://{place.path.resolve()}"
    host, port = listener.getsockname()[:2]
    scheme = "http" if place.certificate is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
