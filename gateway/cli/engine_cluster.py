"""`intramural engine cluster`: what runs on the engines' Ray cluster, and how a node leaves it."""

from __future__ import annotations

import time
from types import ModuleType
from typing import Annotated

import typer

from gateway.cli.common import examples, fail, print_json

app = typer.Typer(
    help="The engines' Ray cluster (deploy/ray).",
    no_args_is_help=True,
    epilog=examples(
        "engine cluster status --address 10.20.0.7:6379 --wait 30",
    ),
)
_Address = Annotated[
    str, typer.Option(envvar="RAY_ADDRESS", help="The head, as ADDRESS:PORT.", show_default=False)
]


@app.command("status")
def status(
    address: _Address,
    wait: Annotated[
        float, typer.Option(help="Seconds to wait until everything that is deployed runs.")
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show nodes, applications and replicas. Exit status 1 if not all of it runs."""
    nodes = _nodes()
    end = time.monotonic() + wait
    try:
        found = nodes.status(address)
        while not found.serves and time.monotonic() < end:
            time.sleep(1)
            found = nodes.status(address)
    except nodes.NoCluster as error:
        fail(str(error))
    if as_json:
        print_json(found)
    else:
        for node, proxy in sorted(found.nodes.items()):
            typer.echo(f"node {node}: proxy {proxy}")
        for name, state in sorted(found.applications.items()):
            typer.echo(f"application {name}: {state}")
        for each in found.deployments:
            replicas = ", ".join(f"{count} {state}" for state, count in each.replicas.items())
            typer.echo(f"deployment {each.name}: {each.status} ({replicas or 'no replica'})")
            if each.message:
                typer.echo(f"  {each.message}")
    raise typer.Exit(0 if found.serves else 1)


@app.command("drain")
def drain(
    address: _Address,
    node: Annotated[str, typer.Option(help="The address of the node that is to leave.")],
    seconds: Annotated[int, typer.Option(min=1, help="How long running replies may take.")] = 120,
) -> None:
    """Let a node finish what it has, and end. Exit status 1 if it still runs after that time."""
    nodes = _nodes()
    try:
        left = nodes.drain(address, node, seconds)
    except (nodes.NoCluster, nodes.NoNode) as error:
        fail(str(error))
    if not left:
        fail(f"{node} still runs after {seconds} seconds; stop it, or drain it again")


def _nodes() -> ModuleType:
    """Return `engine.nodes`, where the extra that it needs is installed."""
    try:
        from engine import nodes
    except ModuleNotFoundError:
        fail("this needs Ray: pip install 'intramural[cluster]'")
    return nodes
