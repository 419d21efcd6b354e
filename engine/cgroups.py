"""What a container leaves of the machine: processor and memory limits of cgroups, v1 and v2.

A limit of any ancestor holds as well, so each is read up to the mount's root. What cannot be read
does not limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

_UNLIMITED: Final = 1 << 62
"""From here on a limit of v1 means that there is none: it writes the largest page count."""


@dataclass(frozen=True, slots=True)
class Container:
    """Limits of this process's cgroups; `None` where there is none."""

    cores: float | None = None
    """Processor time for each second (`cpu.max`, `cpu.cfs_quota_us`)."""
    cpus: frozenset[int] | None = None
    """Which processors (`cpuset`)."""
    memory: int | None = None
    """Bytes, the least of all levels."""
    left: int | None = None
    """Bytes that can still be taken, the least of all levels. Page cache that the kernel can drop
    at once counts as free: reading a model fills it."""


def container(root: Path = Path("/")) -> Container:
    """Read the limits of this process below `root`, which holds `proc` and `sys`."""
    levels = tuple(_levels(root))
    quotas = [quota for level in levels if (quota := _quota(level)) is not None]
    sets = [cpus for level in levels if (cpus := _cpuset(level))]
    memory = [found for level in levels if (found := _memory(level)) is not None]
    return Container(
        cores=min(quotas, default=None),
        cpus=frozenset.intersection(*sets) if sets else None,
        memory=min((limit for limit, _ in memory), default=None),
        left=min((max(0, limit - used) for limit, used in memory), default=None),
    )


def parse_list(text: str) -> frozenset[int]:
    """Return the numbers of a kernel's list.

    >>> sorted(parse_list("0-2,5"))
    [0, 1, 2, 5]
    """
    numbers: set[int] = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        if first:
            numbers.update(range(int(first), int(last or first) + 1))
    return frozenset(numbers)


def read(path: Path) -> str:
    """Return a file's text, empty if it cannot be read."""
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def _levels(root: Path) -> Iterator[Path]:
    """Yield the directories of this process's cgroups and of all above them."""
    mounts = list(_mounts(read(root / "proc/self/mountinfo")))
    for line in read(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        for kind, options, inside, place in mounts:
            if kind != "cgroup2" if not names else not set(names.split(",")) & options:
                continue
            base = root / place.lstrip("/")
            yield from _upwards(base, _below(path, inside))


def _mounts(text: str) -> Iterator[tuple[str, set[str], str, str]]:
    """Yield (type, super options, root inside the hierarchy, mount point); see proc(5)."""
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, system = before.split(), after.split()
        if len(fields) > 4 and system and system[0] in {"cgroup", "cgroup2"}:  # noqa: PLR2004 - proc(5)
            yield system[0], set(system[-1].split(",")), fields[3], fields[4]


def _below(path: str, inside: str) -> PurePosixPath:
    """Return where `path` is under a mount that shows `inside` of the hierarchy."""
    if ".." in PurePosixPath(path).parts:
        return PurePosixPath()  # Outside of our namespace: only the mount itself can be seen.
    try:
        return PurePosixPath(path).relative_to(inside)
    except ValueError:
        # The file names the host's path, the mount shows the container's own: as Docker does on v1.
        return PurePosixPath()


def _upwards(base: Path, below: PurePosixPath) -> Iterator[Path]:
    yield base
    for part in below.parts:
        base /= part
        yield base


def _quota(level: Path) -> float | None:
    try:
        if text := read(level / "cpu.max"):
            quota, period = text.split()
            return None if quota == "max" else int(quota) / int(period)
        quota = read(level / "cpu.cfs_quota_us")
        period = read(level / "cpu.cfs_period_us")
        return int(quota) / int(period) if int(quota) > 0 else None
    except (ValueError, ZeroDivisionError):
        return None


def _cpuset(level: Path) -> frozenset[int]:
    for name in ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"):
        try:
            if cpus := parse_list(read(level / name)):
                return cpus
        except ValueError:
            continue
    return frozenset()


def _memory(level: Path) -> tuple[int, int] | None:
    """Return (limit, used without droppable page cache), or `None` without a limit."""
    limits = []
    for name in ("memory.max", "memory.high", "memory.limit_in_bytes"):
        text = read(level / name).strip()
        if text.isdigit() and int(text) < _UNLIMITED:
            limits.append(int(text))
    if not limits:
        return None
    used = read(level / "memory.current") or read(level / "memory.usage_in_bytes") or "0"
    return min(limits), max(0, int(used) - _droppable(read(level / "memory.stat")))


def _droppable(stat: str) -> int:
    found = dict(line.split(maxsplit=1) for line in stat.splitlines() if " " in line)
    value = found.get("total_inactive_file", found.get("inactive_file", "0"))
    return int(value) if value.isdigit() else 0
