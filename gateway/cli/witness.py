"""`intramural witness`: watch the logs of others, from a host that is not their administrators'."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway import listening
from gateway.cli.common import examples, fail, print_json, settings_of
from gateway.ledger.errors import LedgerError
from gateway.listening import Inode, ListenError

if TYPE_CHECKING:
    from gateway.http.server import DrainingServer

app = typer.Typer(
    help="Watch the logs of others, and cosign what continues what was seen before.",
    no_args_is_help=True,
    epilog=examples(
        "witness init DIRECTORY --name witness.pharmacy.example/log",
        "witness serve DIRECTORY --host 10.20.0.9 --tls-certificate W.pem --tls-key W.key",
    ),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_MODES: Final = {"0600": 0o600, "0660": 0o660}
_Home = Annotated[Path, typer.Argument(metavar="DIR", help="The witness's own directory.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the witness is reached: at a socket's path, or at an address."""

    path: Path | None
    mode: int
    host: str
    port: int
    certificate: Path | None
    certificate_key: Path | None


@app.command()
def init(
    home: _Home,
    name: Annotated[
        str, typer.Option(help="What it signs with, such as witness.hospital.example/pharmacy.")
    ],
    post_quantum: Annotated[
        bool, typer.Option("--post-quantum", help="Cosign with ML-DSA-44 too.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Make a new witness: a directory with its key. Prints the public key, for the gateways."""
    from gateway.ledger.witness.home import LOGS, Home

    try:
        vkeys = Home(home).make(name, post_quantum=post_quantum)
    except LedgerError as error:
        fail(str(error))
    if as_json:
        print_json({"vkeys": [vkey.encode() for vkey in vkeys]})
        return
    for vkey in vkeys:
        typer.echo(vkey.encode())
    typer.echo(
        f"Put a copy of each log's ledger.vkey into {home / LOGS}, under any name that ends in "
        f".vkey; then: intramural witness serve {home}",
        err=True,
    )


@app.command()
def show(
    home: _Home,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            metavar="LOG", help="Print the last checkpoint that was cosigned of this log."
        ),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Show the witness's public keys, and what it has seen of each log."""
    from gateway.ledger.witness.allowed import AllowedLogs
    from gateway.ledger.witness.home import Home
    from gateway.ledger.witness.memory import Memory

    place = Home(home)
    try:
        signers = place.signers()
        origins = AllowedLogs(place.logs).origins()
        memory = Memory(home)
    except LedgerError as error:
        fail(str(error))
    seen = {origin: memory.last(origin) for origin in origins}
    refused = {origin: len(memory.evidence(origin)) for origin in origins}
    memory.close()
    if checkpoint is not None:
        last = seen.get(checkpoint)
        if last is None:
            fail(f"nothing of {checkpoint} was cosigned")
        typer.echo(last.note.decode(), nl=False)
        return
    if as_json:
        logs = [
            {
                "log": origin,
                "path": f"/{sha256(origin.encode()).hexdigest()}/checkpoint",
                "size": None if last is None else last.checkpoint.size,
                "time": None if last is None else last.time,
                "inconsistent": refused[origin],
            }
            for origin, last in seen.items()
        ]
        print_json({"vkeys": [signer.vkey.encode() for signer in signers], "logs": logs})
        return
    for signer in signers:
        typer.echo(signer.vkey.encode())
    for origin, last in seen.items():
        found = (
            "nothing yet" if last is None else f"{last.checkpoint.size} records, {_when(last.time)}"
        )
        typer.echo(f"{origin}: {found}")
        if refused[origin]:
            typer.secho(
                f"{origin}: {refused[origin]} checkpoints did NOT continue what was seen before: "
                'docs/witness.md, "When a witness refuses"',
                fg="red",
            )
    if not seen:
        typer.echo(f"no logs: put a copy of a log's ledger.vkey into {place.logs}")


@app.command()
def serve(  # noqa: PLR0913, PLR0917 - each is an option of the command
    context: typer.Context,
    home: _Home,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[int, typer.Option(help="Port; 0 lets the system choose.")] = 8405,
    path: Annotated[
        Path | None,
        typer.Option("--socket", help="Unix socket to make, instead.", show_default=False),
    ] = None,
    mode: Annotated[str, typer.Option(help="The socket's mode: 0600 or 0660.")] = "0600",
    tls_certificate: Annotated[
        Path | None, typer.Option(help="PEM file: speak TLS.", show_default=False)
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="PEM file with its key.", show_default=False)
    ] = None,
) -> None:
    """Serve the witness until it is told to stop."""
    from gateway import egress, logs
    from gateway.ledger.witness.home import Home

    settings = settings_of(context)
    if path is not None and host is not None:
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
    place = Place(path, _MODES[mode], host or "127.0.0.1", port, tls_certificate, tls_key)
    logs.configure(style=settings.log.format, level=settings.log.level)
    listener: socket.socket | None = None
    inode: Inode | None = None
    try:
        # It may knock at its own socket, so before the tripwire.
        listener, inode = _listen(place)
        egress.install(frozenset())  # It has no peers: it answers.
        with Home(home).opened() as witness:
            from gateway.http.server import DrainingServer, configured
            from gateway.http.witness import application

            config = configured(
                application(witness),
                settings.server,
                ssl_certfile=place.certificate,
                ssl_keyfile=place.certificate_key,
            )
            server = DrainingServer(config, _nothing)
            logs.event("witness_serves")
            asyncio.run(_run(server, listener, place))
    except (LedgerError, ListenError, OSError) as error:
        fail(str(error))
    finally:
        if listener is not None:
            listener.close()
        if place.path is not None:
            listening.remove(place.path, inode)
    if not server.started:
        raise typer.Exit(1)


async def _nothing() -> None:
    """Nothing has to end in order: what was cosigned is durable."""


def _listen(place: Place) -> tuple[socket.socket, Inode | None]:
    if place.path is not None:
        listener = listening.listen_unix(place.path, place.mode)
        return listener, listening.inode_of(place.path)
    listening.is_loopback(place.host)  # It has to be an address.
    return listening.listen(place.host, place.port), None


async def _run(server: DrainingServer, listener: socket.socket, place: Place) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    if server.started:
        typer.echo(f"The witness serves on {_spoken(listener, place)}; Ctrl-C stops it.")
    await serving


def _spoken(listener: socket.socket, place: Place) -> str:
    """Return the address as `url` in a gateway's `[[witness.peers]]` names it."""
    if place.path is not None:
        return f"unix://{os.path.abspath(place.path)}"  # noqa: PTH100 - a socket is not followed
    host, port = listener.getsockname()[:2]
    scheme = "http" if place.certificate is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
