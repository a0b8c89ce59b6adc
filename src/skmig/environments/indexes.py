"""The user's package indexes and proxies: handing them to uv and pip, and keeping them secret.

Settings reach a subprocess by its environment only, never by an argument that `ps` shows.  What
either tool is told is told to both: `PIP_INDEX_URL` serves uv, `UV_DEFAULT_INDEX` serves pip.
"""

from __future__ import annotations

import base64
import contextlib
import netrc
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What pip calls it, and what uv calls it (its newest name first).
_SAME = (
    ("PIP_INDEX_URL", ("UV_DEFAULT_INDEX", "UV_INDEX_URL")),
    ("PIP_EXTRA_INDEX_URL", ("UV_INDEX", "UV_EXTRA_INDEX_URL")),
    ("PIP_TRUSTED_HOST", ("UV_INSECURE_HOST",)),
    ("PIP_DEFAULT_TIMEOUT", ("UV_HTTP_TIMEOUT",)),
    ("PIP_RETRIES", ("UV_HTTP_RETRIES",)),
    ("PIP_CERT", ("SSL_CERT_FILE",)),
)
# Those that make sense inside of a container: a file of certificates does not.
_IN_CONTAINERS = tuple(pip for pip, _ in _SAME if pip != "PIP_CERT")
PROXIES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)
_NAMED_INDEX = re.compile(r"[A-Za-z0-9._-]+=(?=\w+://)")  # uv: `company=https://…`
_USERINFO = re.compile(r"://[^/@\s]+@")
_HIDDEN = "****"
_SHORTEST = 4  # a password that is shorter is cut only where it stands in an address


def for_uv() -> dict[str, str]:
    """The environment of a uv process: the caller's, with what pip alone was told."""
    found = dict(os.environ)
    for pip, names in _SAME:
        if found.get(pip) and not any(found.get(name) for name in names):
            found[names[0]] = found[pip]
    return found


def for_pip() -> dict[str, str]:
    """The settings of indexes and proxies that a pip in a container needs, and nothing else."""
    found = {name: os.environ[name] for name in PROXIES if os.environ.get(name)}
    for pip, names in _SAME:
        if pip not in _IN_CONTAINERS:
            continue
        value = next((os.environ[name] for name in (pip, *names) if os.environ.get(name)), None)
        if value:
            found[pip] = _NAMED_INDEX.sub("", value)
    return found


def redact(text: str) -> str:
    """`text` without the user part of any address, and without any password that is known here."""
    text = _USERINFO.sub(f"://{_HIDDEN}@", text)
    for secret in _secrets():
        text = text.replace(secret, _HIDDEN)
    return text


def _secrets() -> list[str]:
    """What must not be said: passwords and tokens, as they are written and as they are sent."""
    found: set[str] = set()
    for user, password in _logins():
        login = f"{unquote(user)}:{unquote(password)}"
        found |= {password, unquote(password), f"{user}:{password}", login}
        found.add(base64.b64encode(login.encode()).decode())
    # the longest first: one may be part of another
    return sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True)


def _logins() -> Iterator[tuple[str, str]]:
    names = [*PROXIES, *(name for pip, uv in _SAME for name in (pip, *uv))]
    for address in " ".join(os.environ.get(name, "") for name in names).split():
        with contextlib.suppress(ValueError):
            parts = urlsplit(_NAMED_INDEX.sub("", address))
            if parts.password:
                yield parts.username or "", parts.password
            elif parts.username:
                yield "", parts.username  # a token
    for name, password in os.environ.items():
        if name.startswith("UV_INDEX_") and name.endswith("_PASSWORD") and password:
            yield os.environ.get(name.replace("_PASSWORD", "_USERNAME"), ""), password
    with contextlib.suppress(OSError, netrc.NetrcParseError, RuntimeError):
        path = Path(os.environ.get("NETRC") or Path.home() / ".netrc")
        for login, _, password in netrc.netrc(str(path)).hosts.values():
            yield login, password
