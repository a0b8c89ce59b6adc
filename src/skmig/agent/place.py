"""Where the agent runs: interpreter, platform, and every package that is installed.

Runs on Python 3.6 with the standard library.
"""

import importlib
import os
import platform
import re
import sys
import traceback
from typing import Dict, Tuple

PROTOCOL = 1
# Imported before the first fork, so that a job costs milliseconds.
NEEDED = ("numpy", "sklearn", "sklearn.base", "skmig.agent.jobs")
USUAL = ("sklearn.ensemble", "sklearn.linear_model", "sklearn.pipeline")


def hello(sandboxed, confinement="none", preload=()):
    """What the first line says of this environment; imports what every job needs, and `preload`."""
    for name in NEEDED:
        try:
            importlib.import_module(name)
        except Exception:  # the job that needs it says so
            traceback.print_exc()
    for name in preload or USUAL:
        try:
            importlib.import_module(name)
        except Exception:  # another release may not have it
            pass
    return {
        "protocol": PROTOCOL,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "packages": installed(),
        "sklearn": getattr(sys.modules.get("sklearn"), "__version__", None),
        "numpy": getattr(sys.modules.get("numpy"), "__version__", None),
        "sandboxed": sandboxed,
        "confinement": confinement,
    }


# import path -> what is installed there: a job need not look again
_KNOWN: Dict[Tuple[str, ...], Dict[str, str]] = {}


def installed():
    """Name -> version of every package on the import path; the first of a name counts."""
    path = tuple(sys.path)
    if path not in _KNOWN:
        _KNOWN[path] = _look(path)
    return dict(_KNOWN[path])


def _look(folders):
    found = {}
    for folder in folders:
        try:
            entries = sorted(os.listdir(folder))
        except OSError:
            continue
        for entry in entries:
            if entry.endswith(".dist-info"):
                path = os.path.join(folder, entry, "METADATA")
            elif entry.endswith(".egg-info"):
                path = os.path.join(folder, entry)
                if os.path.isdir(path):
                    path = os.path.join(path, "PKG-INFO")
            else:
                continue
            name, version = _name_and_version(path)
            if name and version:
                found.setdefault(re.sub("[-_.]+", "-", name).lower(), version)
    return found


def _name_and_version(path):
    # importlib.metadata is too new for 3.6, pkg_resources slow and often not installed
    fields = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            for line in handle:
                if not line.strip():
                    break
                key, _, value = line.partition(":")
                if key in ("Name", "Version"):
                    fields.setdefault(key, value.strip())
    except OSError:
        pass
    return fields.get("Name"), fields.get("Version")
