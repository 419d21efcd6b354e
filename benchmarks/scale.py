"""How many machines a load takes: formulas over measured numbers, as the tables of docs/scale.md.

Run: python -m benchmarks.scale            (prints the tables)

Every number in `Measured` is one that a benchmark of this directory prints, or that the design
states as measured. Measure them on your own machines and put yours in.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Measured:
    """Seconds are of one core; rates are of one core; MB are of resident memory."""

    prefill: float = 1040.0
    """Prompt tokens per second (730 tokens in 0.70 s)."""
    decode: float = 644.0
    """Reply tokens per second in batches of 32 (benchmarks/engine.py)."""
    mixed: float = 0.75
    """Share of that under mixed load (`mixed_over_offline_sorted`, the least that is accepted)."""
    gateway: float = 0.00115
    """Seconds of a gateway for an exchange: HTTP, key, policy, two durable records."""
    detection: float = 0.024
    """Seconds of detection for a note of 1,500 characters."""
    token: float = 60e-6
    """Seconds of a gateway for a token (`python_us_per_token`, the most that is accepted)."""
    proxy_request: float = 0.004
    """Seconds of a Ray proxy for a request."""
    proxy_token: float = 379e-6
    """Seconds of a Ray proxy for a token (`proxy_processor_us_per_token`)."""
    ledger: float = 17_000.0
    """Durable records per second of one gateway (benchmarks/ledger.py)."""
    event_bytes: int = 307
    """Bytes of a token on the wire, as an event with its counts."""
    head_mb: int = 690
    node_mb: int = 350
    """Ray's own processes on the head and on another node, proxies too (`head_mb`, `node_mb`)."""


@dataclass(frozen=True)
class Model:
    """A model by its size: time for a token grows with its weights, memory too."""

    name: str
    parameters: float
    """In units of 135 million, for which `Measured` holds."""

    @property
    def megabytes(self) -> float:
        """Its weights as int8."""
        return 135 * self.parameters


@dataclass(frozen=True)
class Exchange:
    """One request and its reply, in tokens."""

    prompt: int = 400
    reply: int = 150


MEASURED = Measured()
EXCHANGE = Exchange()
MODELS = (Model("135M", 1), Model("1.7B", 1.7 / 0.135), Model("8B", 8 / 0.135))
CORES = 16
BUSY = 0.7
"""Share of its time that a core may be busy: above, queues grow faster than they drain."""


def engine_seconds(model: Model, what: Exchange = EXCHANGE, by: Measured = MEASURED) -> float:
    """Core seconds of an engine for an exchange."""
    prefill = what.prompt / by.prefill
    decode = what.reply / (by.decode * by.mixed)
    return model.parameters * (prefill + decode)


def proxy_seconds(what: Exchange = EXCHANGE, by: Measured = MEASURED) -> float:
    """Core seconds of a Ray proxy for an exchange."""
    return by.proxy_request + what.reply * by.proxy_token


def gateway_seconds(what: Exchange = EXCHANGE, by: Measured = MEASURED) -> float:
    """Core seconds of a gateway for an exchange."""
    return by.gateway + by.detection + what.reply * by.token


def of_node(model: Model, cores: int = CORES) -> float:
    """Exchanges per second of a node: its cores, or its one proxy, whichever ends first."""
    by_cores = BUSY * cores / (engine_seconds(model) + proxy_seconds())
    by_proxy = BUSY / proxy_seconds()
    return min(by_cores, by_proxy)


def proxy_ends_at(model: Model) -> int:
    """Cores of a node from which on its proxy is what ends first."""
    return ceil((engine_seconds(model) + proxy_seconds()) / proxy_seconds())


def nodes(rate: float, model: Model) -> int:
    """Nodes for so many exchanges per second, and one that may fail."""
    return ceil(rate / of_node(model)) + 1


def table(head: list[str], rows: list[list[str]]) -> str:
    """Markdown."""
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def per_node() -> str:
    """What one node does, by model."""
    return table(
        [
            "model",
            "core seconds an exchange",
            "exchanges/s of a node",
            "tokens/s of a node",
            "proxy ends first from",
            "memory of weights",
        ],
        [
            [
                model.name,
                f"{engine_seconds(model):.2f}",
                f"{of_node(model):.2f}",
                f"{of_node(model) * EXCHANGE.reply:,.0f}",
                f"{proxy_ends_at(model)} cores",
                f"{model.megabytes / 1000:.1f} GB",
            ]
            for model in MODELS
        ],
    )


def per_load() -> str:
    """What a load takes."""
    rows = []
    for who, rate in (("a ward", 0.2), ("a hospital", 2), ("a group", 20), ("a region", 100)):
        gateways = ceil(rate * gateway_seconds() / BUSY / 4) + 1
        rows.append(
            [
                f"{who}: {rate:g}/s",
                *(f"{nodes(rate, model):,}" for model in MODELS),
                f"{gateways} of 4 cores",
                f"{2 * rate / MEASURED.ledger:.2%}",
                f"{rate * EXCHANGE.reply * MEASURED.event_bytes * 8 / 1e6:,.2f}",
            ]
        )
    head = ["exchanges", *(f"nodes, {model.name}" for model in MODELS)]
    return table([*head, "gateways", "of one ledger", "Mbit/s of replies"], rows)


def per_cost() -> str:
    """What a thousand exchanges take of a node's time and power."""
    watts = 15
    return table(
        ["model", "node hours for 1,000 exchanges", f"Wh, at {watts} W a core"],
        [
            [
                model.name,
                f"{1000 / of_node(model) / 3600:.2f}",
                f"{1000 * (engine_seconds(model) + proxy_seconds()) * watts / 3600:,.0f}",
            ]
            for model in MODELS
        ],
    )


def main() -> None:
    for part in (per_node, per_load, per_cost):
        print(part(), end="\n\n")


if __name__ == "__main__":
    main()
