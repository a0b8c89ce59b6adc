"""Is a process that left its number somewhere still there?"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import socket
from pathlib import Path


def began(pid: int) -> str:
    """When a process of this machine began, as the system says it; empty where there is none.

    Another process may have got its number since.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8")
        return text.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        if not Path("/proc/self/stat").exists():  # not Linux: a number must do
            with contextlib.suppress(OSError):
                os.kill(pid, 0)
                return "0"
        return ""


@functools.cache
def place() -> str:
    """Names the place in which a process id means something: machine, boot, pid namespace."""
    said = [socket.gethostname()]
    with contextlib.suppress(OSError):
        said.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with contextlib.suppress(OSError):
        said.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256(" ".join(said).encode()).hexdigest()[:16]
