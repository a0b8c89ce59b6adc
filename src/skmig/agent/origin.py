"""Where a model was trained: what is installed and where it came from, the system's libraries.

Runs on Python 3.6 with numpy; what an environment does not say is left out.
"""

import hashlib
import json
import os
import platform
import re
import sys


def packages():
    """Name -> {"version", and what is known: "record", "installer", "url", "hashes", "editable"}.

    `record` is the digest of the list of installed files with their digests (RECORD): equal ones
    are the same files.  Installers keep the digest of the archive only where it came from an
    address (direct_url.json, PEP 610).
    """
    found = {}
    for folder in sys.path:
        try:
            entries = sorted(os.listdir(folder))
        except OSError:
            continue
        for entry in entries:
            if entry.endswith(".dist-info"):
                name, fact = _package(os.path.join(folder, entry))
                if name and name not in found:
                    found[name] = fact
    return found


def _package(folder):
    fields = {}
    for line in _text(os.path.join(folder, "METADATA")).splitlines():
        if not line.strip():
            break
        key, _, value = line.partition(":")
        if key in ("Name", "Version"):
            fields.setdefault(key, value.strip())
    fact = {"version": fields.get("Version", "")}
    listed = _text(os.path.join(folder, "RECORD"))
    if listed:
        fact["record"] = "sha256:" + hashlib.sha256(listed.encode("utf-8")).hexdigest()
    installer = _text(os.path.join(folder, "INSTALLER")).strip()
    if installer:
        fact["installer"] = installer
    fact.update(_address(_text(os.path.join(folder, "direct_url.json"))))
    return re.sub("[-_.]+", "-", fields.get("Name", "")).lower(), fact


def _address(text):
    try:
        said = json.loads(text)
        # an address may hold who fetched it
        fact = {"url": re.sub("//[^/@]*@", "//", str(said["url"]))}
        archive = said.get("archive_info", {})
        hashes = archive.get("hashes", {})
        if not hashes and "=" in archive.get("hash", ""):
            hashes = dict([archive["hash"].split("=", 1)])
        if hashes:
            fact["hashes"] = {str(key): str(value) for key, value in hashes.items()}
        if "commit_id" in said.get("vcs_info", {}):
            fact["commit"] = str(said["vcs_info"]["commit_id"])
        if said.get("dir_info", {}).get("editable"):
            fact["editable"] = True
        return fact
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            return handle.read()
    except OSError:
        return ""


def system():
    """The machine, its C library, and the libraries that do the arithmetic."""
    return {
        "implementation": platform.python_implementation(),
        "machine": platform.machine(),
        "libc": " ".join(item for item in platform.libc_ver() if item),
        "libraries": _pools(),
        "numpy": _numpy(),
    }


def _pools():
    """BLAS and OpenMP as they are loaded now; file names only, since paths are of the machine."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    kept = ("user_api", "internal_api", "version", "num_threads", "architecture")
    libraries = []
    for item in threadpool_info():
        fact = {key: item[key] for key in kept if item.get(key) is not None}
        fact["file"] = os.path.basename(str(item.get("filepath") or ""))
        libraries.append(fact)
    return sorted(libraries, key=lambda fact: fact["file"])


def _numpy():
    """What numpy says that it was built with."""
    import numpy as np

    try:
        said = np.show_config(mode="dicts")
        parts = said.get("Build Dependencies", {})
        kept = ("name", "found", "version", "openblas configuration")
        return {
            name: {key: str(parts[name][key]) for key in kept if key in parts[name]}
            for name in ("blas", "lapack")
            if name in parts
        }
    except TypeError:  # before 1.25
        pass
    found = {}
    for name in ("blas", "lapack"):
        said = getattr(np.__config__, name + "_opt_info", None)
        if isinstance(said, dict):
            found[name] = {"libraries": ", ".join(map(str, said.get("libraries", ())))}
    return found
