"""Makes `agent.pyz`, the agent as one file that any Python from 3.6 on can run.

The same sources give the same bytes: names are sorted, times are fixed, nothing is compressed
(what a compressor writes depends on its version).
"""

from __future__ import annotations

import functools
import io
import zipfile
from pathlib import Path

import skmig.agent

NAME = "agent.pyz"
# No names are left in `__main__`: pickles look up their own functions there.
_MAIN = '__import__("sys").exit(__import__("skmig.agent.__main__", fromlist=["main"]).main())\n'
_EPOCH = (1980, 1, 1, 0, 0, 0)


@functools.cache
def agent_pyz() -> bytes:
    """The agent as a runnable zip file."""
    package = Path(skmig.agent.__file__).parent
    members = {"__main__.py": _MAIN.encode(), "skmig/__init__.py": b""}
    for path in sorted(package.rglob("*.py")):
        members[f"skmig/agent/{path.relative_to(package).as_posix()}"] = path.read_bytes()
    out = io.BytesIO(b"#!/usr/bin/env python3\n")
    out.seek(0, io.SEEK_END)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(members.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return out.getvalue()
