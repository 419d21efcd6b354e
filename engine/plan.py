"""From devices and models: what runs where, how many at once, and whether it fits. Pure.

One plan holds every model that is served, because they share the memory. It promises that no
batches together take more than there is: each replica can run its longest job, or as many shorter
ones as take no more room. What does not fit is refused before it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from engine.batching import Limits
from engine.errors import DoesNotFit, NoDevice
from engine.footprint import REPLICA, TOKENIZER, Footprint, Shaped, estimate, footprint

__all__ = ["GATEWAY", "ModelPlan", "Plan", "Wish", "estimate", "make_plan"]

Device = Literal["cuda", "cpu"]

GATEWAY: Final = 512 << 20
"""Left to the gateway itself: detection and its model, the ledger, requests and replies."""
_POSITIONS: Final = 65_536
"""More positions than this make no batch faster."""
_FLOORS: Final = (4096, 2048, 1024, 512)
"""Contexts that are given up only when fewer replicas do not help either."""
_TYPES: Final = {
    "cuda": ("int8_float16", "int8", "float16", "float32"),
    "cpu": ("int8", "int8_float32", "float32"),
}
"""Compute types by device, best first."""


class CudaLike(Protocol):
    """A CUDA device (`devices.Cuda`)."""

    @property
    def index(self) -> int:
        """CTranslate2's number for it."""
        ...

    @property
    def compute_types(self) -> frozenset[str]:
        """What it can compute in."""
        ...


class DevicesLike(Protocol):
    """What a plan asks of the machine (`devices.Devices`)."""

    @property
    def memory(self) -> int:
        """Bytes that can still be taken."""
        ...

    @property
    def compute_types(self) -> frozenset[str]:
        """Of the processor."""
        ...

    @property
    def cuda(self) -> Sequence[CudaLike]:
        """CUDA devices."""
        ...

    def replicas(self, threads: int = 1) -> int:
        """Return how many replicas of `threads` threads the processor can keep busy."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What the settings ask for. `None` leaves it to the plan; what is named is never changed."""

    prefer: tuple[Device, ...] = ("cuda", "cpu")
    replicas: int | None = None
    threads: int | None = None
    """Of one replica: one, or more where memory allows fewer replicas than there are cores."""
    max_batch: int = 32
    memory: int | None = None
    """Bytes for all models; what the machine leaves, where that is less."""
    context: int | None = None
    """Positions of a prompt and its reply, where the model has as many."""


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """How one model runs."""

    model: str
    device: Device
    device_index: tuple[int, ...]
    compute_type: str
    replicas: int
    threads: int
    context: int
    """Positions of a prompt and its reply: the model's own, or as many as memory allows."""
    limits: Limits
    """Of one batch."""
    weights: int
    """Bytes that stay; on a CUDA device they are its own."""
    working: int
    """Bytes that all replicas together take at most while they run."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What runs, and how much memory it may come to take."""

    models: tuple[ModelPlan, ...]
    budget: int
    """Bytes for weights and work."""

    @property
    def memory(self) -> int:
        """Return the bytes of the machine that all models take at most."""
        return sum(each.weights + each.working for each in self.models if each.device == "cpu")

    def __getitem__(self, name: str) -> ModelPlan:
        for each in self.models:
            if each.model == name:
                return each
        raise KeyError(name)


def make_plan(devices: DevicesLike, models: Sequence[Shaped], wish: Wish | None = None) -> Plan:
    """Return how to run `models`, in the order in which they are loaded.

    Raises `DoesNotFit` or `NoDevice`, each with what to do.
    """
    wish = wish or Wish()
    device, kind = _device(devices, wish)
    budget = max(0, devices.memory - GATEWAY)
    if wish.memory is not None:
        budget = min(budget, wish.memory)
    if device == "cuda":
        # CTranslate2 does not tell how much memory a device has: there, the load itself finds out.
        indexes = tuple(each.index for each in devices.cuda if kind in each.compute_types)
        return Plan(tuple(_on_cuda(model, indexes, kind, wish) for model in models), budget)
    sizes = [footprint(model, kind) for model in models]
    _check_weights(models, sizes, budget)
    replicas, cap = _widest(devices, models, sizes, wish, budget)
    contexts = [min(cap, model.context_length) for model in models]
    needs = [each.longest(context) for each, context in zip(sizes, contexts, strict=True)]
    threads = wish.threads or max(1, devices.replicas() // replicas)
    room = _room(sizes, budget) - len(models) * replicas * REPLICA
    share = max(1.0, room / max(1, replicas * sum(needs)))
    return Plan(
        tuple(
            _on_cpu(model, size, context, int(need * share), (replicas, threads, kind, wish))
            for model, size, context, need in zip(models, sizes, contexts, needs, strict=True)
        ),
        budget,
    )


def _device(devices: DevicesLike, wish: Wish) -> tuple[Device, str]:
    """Return the first device of the preference that is there, and its best compute type."""
    for device in wish.prefer:
        match device:
            case "cuda":
                sets = [each.compute_types for each in devices.cuda]
            case "cpu":
                sets = [devices.compute_types]
        for kind in _TYPES[device]:
            if any(kind in each for each in sets):
                return device, kind
    raise NoDevice(
        f"engine.prefer names {', '.join(wish.prefer) or 'nothing'}, and this machine has none of "
        'it: add "cpu", or see `intramural engine devices`'
    )


def _check_weights(models: Sequence[Shaped], sizes: Sequence[Footprint], budget: int) -> None:
    """Models are loaded one after another, and each takes more while it loads than after."""
    loaded = 0
    for model, size in zip(models, sizes, strict=True):
        need = loaded + size.weights + TOKENIZER + size.loading
        if need > budget:
            raise _too_large(
                f"loading {model.name} takes {_gigabytes(size.weights + size.loading)} of memory"
                + (f" beside {_gigabytes(loaded)} of other models" if loaded else ""),
                budget,
                "choose a smaller model or fewer (engine.models)",
            )
        loaded += size.weights + TOKENIZER


def _widest(
    devices: DevicesLike,
    models: Sequence[Shaped],
    sizes: Sequence[Footprint],
    wish: Wish,
    budget: int,
) -> tuple[int, int]:
    """Return (replicas, longest context) that fit: busy cores first, then a long context."""
    room = _room(sizes, budget)
    most = wish.replicas or devices.replicas(wish.threads or 1)
    full = max((model.context_length for model in models), default=1)
    for replicas, cap in _choices(most, full, wish):
        need = sum(
            replicas * (REPLICA + size.longest(min(cap, model.context_length)))
            for model, size in zip(models, sizes, strict=True)
        )
        if need <= room:
            return replicas, cap
    names = ", ".join(model.name for model in models)
    raise _too_large(
        f"{names} would run with {_gigabytes(max(0, room))} beside the weights, and "
        f"{replicas} replica{'s' * (replicas > 1)} with prompts and replies of {cap} tokens take "
        f"{_gigabytes(need)}",
        budget,
        "choose a smaller model or fewer (engine.models), or ask for less (engine.replicas, "
        "engine.context)",
    )


def _choices(most: int, full: int, wish: Wish) -> Iterator[tuple[int, int]]:
    """Yield (replicas, context), the best first; what was asked for is in all of them."""
    fewest = most if wish.replicas is not None else 1
    if wish.context is not None:
        for replicas in range(most, fewest - 1, -1):
            yield replicas, wish.context
        return
    for floor in _FLOORS:
        for replicas in range(most, fewest - 1, -1):
            cap = full
            while cap >= min(floor, full):
                yield replicas, cap
                cap //= 2


def _room(sizes: Sequence[Footprint], budget: int) -> int:
    return budget - sum(each.weights + TOKENIZER for each in sizes)


def _on_cpu(
    model: Shaped, size: Footprint, context: int, room: int, shared: tuple[int, int, str, Wish]
) -> ModelPlan:
    """Return the plan of a model whose replicas have `room` bytes each for their batches."""
    replicas, threads, kind, wish = shared
    square = size.pair / size.position
    positions = max(size.positions(context), min(room // size.position, _POSITIONS))
    return ModelPlan(
        model=model.name,
        device="cpu",
        device_index=(0,),
        compute_type=kind,
        replicas=replicas,
        threads=threads,
        context=context,
        limits=Limits(max_batch=wish.max_batch, max_tokens=positions, square=square),
        weights=size.weights + TOKENIZER,
        working=replicas * (REPLICA + positions * size.position),
    )


def _on_cuda(model: Shaped, indexes: tuple[int, ...], kind: str, wish: Wish) -> ModelPlan:
    """One replica for each device unless more are asked for: each has weights of its own."""
    size = footprint(model, kind)
    context = min(wish.context or model.context_length, model.context_length)
    square = size.pair / size.position
    positions = max(_POSITIONS, size.positions(context))
    replicas = wish.replicas or len(indexes)
    # As many for each device.
    replicas = -(-replicas // len(indexes)) * len(indexes)
    return ModelPlan(
        model=model.name,
        device="cuda",
        device_index=indexes,
        compute_type=kind,
        replicas=replicas,
        threads=wish.threads or 1,
        context=context,
        limits=Limits(max_batch=wish.max_batch, max_tokens=positions, square=square),
        weights=size.weights,
        working=replicas * positions * size.position,
    )


def _too_large(what: str, budget: int, advice: str) -> DoesNotFit:
    return DoesNotFit(
        f"{what}, and {_gigabytes(budget)} are there for models: {advice}, or give it more memory "
        "(engine.memory, the container's limit, the machine). `intramural engine plan` shows what "
        "would fit"
    )


def _gigabytes(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB"
