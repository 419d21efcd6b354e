"""The processor as the kernel describes it, on x86 and ARM: parsers of /proc/cpuinfo and /sys.

They take text or a root directory, so that tests feed them other machines' files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.cgroups import parse_list, read

_ISA: Final = {
    "AVX2": {"avx2"},
    "AVX512": {"avx512bw"},
    "VNNI": {"avx512_vnni", "avx_vnni"},
    "AMX": {"amx_int8"},
    "NEON": {"asimd", "neon"},
    "DOTPROD": {"asimddp"},
    "I8MM": {"i8mm"},
    "SVE": {"sve"},
}
"""What int8 arithmetic profits from, and the kernel's flags, any of which shows it."""
_AVX512: Final = {"avx512f", "avx512cd", "avx512vl", "avx512bw", "avx512dq"}

_ARM: Final = {
    ("0x41", "0xd03"): "Arm Cortex-A53",
    ("0x41", "0xd08"): "Arm Cortex-A72",
    ("0x41", "0xd0b"): "Arm Cortex-A76",
    ("0x41", "0xd0c"): "Arm Neoverse-N1",
    ("0x41", "0xd40"): "Arm Neoverse-V1",
    ("0x41", "0xd49"): "Arm Neoverse-N2",
    ("0x41", "0xd4f"): "Arm Neoverse-V2",
    ("0xc0", "0xac3"): "Ampere-1",
}
"""Names of what ARM kernels give numbers to (`CPU implementer`, `CPU part`)."""


@dataclass(frozen=True, slots=True)
class Cache:
    """Caches of one level and kind."""

    level: int
    kind: str
    """`Data`, `Instruction` or `Unified`."""
    size: int
    """Bytes of one."""
    count: int


@dataclass(frozen=True, slots=True)
class Node:
    """A NUMA node: processors, and bytes of memory next to them."""

    number: int
    cpus: frozenset[int]
    memory: int


@dataclass(frozen=True, slots=True)
class Processor:
    """All of the machine's, whatever of it this process may use."""

    model: str = "unknown"
    logical: int = 1
    physical: int = 1
    isa: tuple[str, ...] = ()
    caches: tuple[Cache, ...] = ()
    nodes: tuple[Node, ...] = ()
    cores: tuple[frozenset[int], ...] = ()
    """The logical processors of each physical core."""


def processor(root: Path = Path("/")) -> Processor:
    """Read the processor below `root`, which holds `proc` and `sys`."""
    text = read(root / "proc/cpuinfo")
    records = tuple(_records(text))
    cpus = root / "sys/devices/system/cpu"
    numbers = sorted(int(each["processor"]) for each in records) or [0]
    cores = tuple(dict.fromkeys(_siblings(cpus, number) for number in numbers))
    if all(len(core) == 1 for core in cores):
        cores = _cores(records) or cores  # No topology in /sys: containers may hide it.
    return Processor(
        model=_model(records),
        logical=len(numbers),
        physical=len(cores),
        isa=_isa(records),
        caches=_caches(cpus, numbers),
        nodes=tuple(_nodes(root / "sys/devices/system/node")),
        cores=cores,
    )


def _records(text: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each processor; blocks that describe the board have no `processor`."""
    for block in text.split("\n\n"):
        pairs = (line.partition(":") for line in block.splitlines())
        record = {name.strip(): value.strip() for name, _, value in pairs}
        if record.get("processor", "").isdigit():
            yield record


def _model(records: tuple[dict[str, str], ...]) -> str:
    for record in records:
        if name := record.get("model name"):
            return " ".join(name.split())
        if part := record.get("CPU part"):
            implementer = record.get("CPU implementer", "")
            return _ARM.get((implementer, part), f"Arm {implementer} {part}")
    return "unknown"


def _isa(records: tuple[dict[str, str], ...]) -> tuple[str, ...]:
    """Return what every core has: a batch may run on any of them."""
    flags = [
        set(each.get("flags", each.get("Features", "")).split())
        for each in records
        if "flags" in each or "Features" in each
    ]
    common = set.intersection(*flags) if flags else set()
    return tuple(name for name, any_of in _ISA.items() if any_of & common)


def has_avx512(root: Path = Path("/")) -> bool:
    """Whether every core has the five parts of AVX-512 that servers have had since Skylake."""
    records = tuple(_records(read(root / "proc/cpuinfo")))
    return bool(records) and all(set(each.get("flags", "").split()) >= _AVX512 for each in records)


def _siblings(cpus: Path, number: int) -> frozenset[int]:
    topology = cpus / f"cpu{number}/topology"
    text = read(topology / "core_cpus_list") or read(topology / "thread_siblings_list")
    return _listed(text) | {number}


def _cores(records: tuple[dict[str, str], ...]) -> tuple[frozenset[int], ...]:
    cores: dict[tuple[str, str], set[int]] = {}
    for each in records:
        if "core id" not in each:
            return ()
        place = each.get("physical id", ""), each["core id"]
        cores.setdefault(place, set()).add(int(each["processor"]))
    return tuple(map(frozenset, cores.values()))


def _caches(cpus: Path, numbers: list[int]) -> tuple[Cache, ...]:
    found: dict[tuple[int, str, int], set[frozenset[int]]] = {}
    for number in numbers:
        for index in sorted((cpus / f"cpu{number}/cache").glob("index[0-9]*")):
            size, level = read(index / "size").strip(), read(index / "level").strip()
            if level.isdigit() and size[:-1].isdigit():
                unit = {"K": 1 << 10, "M": 1 << 20}.get(size[-1], 0)
                key = int(level), read(index / "type").strip(), int(size[:-1]) * unit
                shared = _listed(read(index / "shared_cpu_list")) | {number}
                found.setdefault(key, set()).add(shared)
    return tuple(Cache(*key, len(shares)) for key, shares in sorted(found.items()))


def _nodes(directory: Path) -> Iterator[Node]:
    for path in sorted(directory.glob("node[0-9]*"), key=lambda path: int(path.name[4:])):
        total = 0
        for line in read(path / "meminfo").splitlines():
            if "MemTotal:" in line:
                total = int(line.split()[-2]) * 1024
        yield Node(int(path.name[4:]), _listed(read(path / "cpulist")), total)


def _listed(text: str) -> frozenset[int]:
    try:
        return parse_list(text)
    except ValueError:
        return frozenset()
