"""No picture of this process is left on a disk: its memory holds texts, keys and what restores."""

from __future__ import annotations

import resource


def forbid() -> None:
    """Have no core dumped, for the life of the process and of those that it starts.

    Where cores go to a program (`|` in the kernel's core_pattern), that program decides:
    systemd-coredump keeps none of a process with this limit.
    """
    # Units that say so already may keep a process from changing its limits.
    if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
