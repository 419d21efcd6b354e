"""Whose the data directory is: what another user makes there, the gateway's own could not read.

Root is refused too. It could write, and everything that it made would be root's: keys, databases, a
log that the service then cannot open.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def advice_for(data: Path) -> str | None:
    """Return what to do where this process should not work in `data`, or `None` where it may."""
    try:
        owner = data.stat().st_uid
    except FileNotFoundError:
        return None  # It will be ours.
    except OSError:
        owner = None  # A directory above it is closed.
    me = os.geteuid()
    if owner == me or (me and owner is not None and os.access(data, os.R_OK | os.X_OK)):
        return None
    if owner is None:
        return f"{data} is closed to this user: run this as the user that the gateway runs as"
    name = _name_of(owner)
    way = f"setpriv --reuid {name} --regid {name} --init-groups" if me == 0 else f"sudo -u {name}"
    return f"{data} belongs to {name}: run this as that user (`{way} intramural …`)"


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
