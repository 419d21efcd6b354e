"""What this process may compute with, and what can be measured of it when asked.

`detect_devices` only reads: /proc, /sys, and what CTranslate2 says of CUDA. `measure_bandwidth`
takes a tenth of a second of every core.
"""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from engine import ct2
from engine.cgroups import Container, container, parse_list, read
from engine.processor import Processor, processor

_COPIED: Final = 64 << 20
"""Bytes of each thread's copy: more than a core's share of any cache."""
_SYSTEM: Final = 768 << 20
"""What the kernel, the firmware and a small system keep of a machine."""


@dataclass(frozen=True, slots=True)
class Cuda:
    """A CUDA device, as far as CTranslate2 tells: not how much memory it has."""

    index: int
    compute_types: frozenset[str]


@dataclass(frozen=True, slots=True)
class Devices:
    """What this process may use, and the machine that it is part of."""

    cores: int
    """Logical processors by affinity, cpuset and quota; at least one."""
    memory: int
    """Bytes that can still be taken, by the machine and by every limit on this process."""
    physical: int = 0
    """Physical cores among `cores`; two logical ones share the arithmetic of one. 0: as `cores`."""
    memory_total: int = 0
    """Bytes of the machine, or of the container."""
    processor: Processor = field(default_factory=Processor)
    container: Container = field(default_factory=Container)
    compute_types: frozenset[str] = frozenset({"int8", "int8_float32", "float32"})
    """Of the processor."""
    cuda: tuple[Cuda, ...] = ()

    @classmethod
    def box(cls, cores: int, memory: int) -> Devices:
        """Return a machine of `memory` bytes that runs nothing else, for plans."""
        return cls(cores=cores, memory=max(0, memory - _SYSTEM), memory_total=memory)

    def replicas(self, threads: int = 1) -> int:
        """Return how many replicas of `threads` threads fit; one per core is fastest."""
        return max(1, (self.physical or self.cores) // threads)


def detect_devices(root: Path = Path("/")) -> Devices:
    """Return what this process may use. `root` holds `proc` and `sys`; tests have their own."""
    machine, limits = processor(root), container(root)
    allowed = _allowed(read(root / "proc/self/status")) or frozenset(range(machine.logical))
    if limits.cpus:
        allowed &= limits.cpus
    cores = max(1, len(allowed))
    physical = sum(1 for core in machine.cores if core & allowed) or cores
    if limits.cores is not None:
        quota = max(1, int(limits.cores))
        cores, physical = min(cores, quota), min(physical, quota)
    total, available = _memory(root, limits)
    real = root == Path("/")
    return Devices(
        cores=cores,
        memory=available,
        physical=min(physical, cores),
        memory_total=total,
        processor=machine,
        container=limits,
        compute_types=ct2.compute_types("cpu") if real else Devices(1, 0).compute_types,
        cuda=_cuda() if real else (),
    )


def measure_bandwidth(cores: int, seconds: float = 0.1) -> float:
    """Return the bytes a second that a copy by `cores` threads reads and writes, together.

    The first copy brings the pages in and is not counted.
    """
    pairs = [(np.ones(_COPIED, np.uint8), np.empty(_COPIED, np.uint8)) for _ in range(cores)]

    def copy(pair: tuple[np.ndarray, np.ndarray]) -> int:
        end, copied = time.perf_counter() + seconds, 0
        while time.perf_counter() < end:
            np.copyto(pair[1], pair[0])  # Without the GIL.
            copied += 2 * _COPIED
        return copied

    with ThreadPoolExecutor(cores) as pool:
        for pair in pairs:
            np.copyto(pair[1], pair[0])
        start = time.perf_counter()
        copied = sum(pool.map(copy, pairs))
        return copied / (time.perf_counter() - start)


def _cuda() -> tuple[Cuda, ...]:
    return tuple(Cuda(index, types) for index, types in enumerate(ct2.cuda_devices()))


def _allowed(status: str) -> frozenset[int]:
    found = re.search(r"^Cpus_allowed_list:\s*(\S+)", status, re.MULTILINE)
    return parse_list(found[1]) if found else frozenset()


def _memory(root: Path, limits: Container) -> tuple[int, int]:
    """Return (total, what can still be taken) in bytes.

    Limits on the address space (`ulimit -v` and `-d`) are not among them: they count what
    CTranslate2 reserves and never touches, gigabytes for a small model.
    """
    info = read(root / "proc/meminfo")
    total = _kilobytes(info, "MemTotal")
    totals, lefts = [total], [_kilobytes(info, "MemAvailable")]
    if limits.memory is not None and limits.left is not None:
        totals.append(limits.memory)
        lefts.append(limits.left)
    return min(totals), max(0, min(lefts))


def _kilobytes(text: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
