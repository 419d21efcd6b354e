"""What this process may compute with: the cores that its affinity and its cgroup leave to it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CGROUP: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Devices:
    """Usable processor cores, at least one, and bytes of memory that can still be taken."""

    cores: int
    memory: int

    def replicas(self, threads: int = 1) -> int:
        """Return how many replicas of `threads` threads fit; one per core is fastest."""
        return max(1, self.cores // threads)


def detect_devices(cgroup: Path = _CGROUP) -> Devices:
    """Count the cores that the scheduler will really give to this process."""
    cores = len(os.sched_getaffinity(0))
    quota = _quota(cgroup)
    if quota is not None:
        cores = min(cores, max(1, int(quota)))
    return Devices(cores=max(1, cores), memory=_memory(cgroup))


def _memory(cgroup: Path) -> int:
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                available = int(line.split()[1]) * 1024
        limit = int((cgroup / "memory.max").read_text())
        available = min(available, limit - int((cgroup / "memory.current").read_text()))
    except (OSError, ValueError, IndexError):
        pass  # No limit is set, or none that this kernel tells.
    return max(0, available)


def _quota(cgroup: Path) -> float | None:
    """Return the processor limit of the cgroup in cores, or `None`: v2 `cpu.max`, then v1."""
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        pass
    try:
        micros = int((cgroup / "cpu/cpu.cfs_quota_us").read_text())
        period_micros = int((cgroup / "cpu/cpu.cfs_period_us").read_text())
        return micros / period_micros if micros > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None
