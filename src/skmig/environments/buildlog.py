"""Reading the log of an image's build: what failed, and is it worth another attempt?"""

from __future__ import annotations

import re
from collections.abc import Iterable

from skmig.environments import engine, indexes
from skmig.environments.locks import base_image
from skmig.environments.recipes import Recipe
from skmig.errors import EnvironmentFailedError, SkmigError

# The network of the build: `host` where the engine has no bridge of its own.
NETWORK = "SKMIG_BUILD_NETWORK"

_TRANSIENT = re.compile(
    r"Temporary failure in name resolution|Name or service not known|Connection (reset|aborted)"
    r"|ConnectionError|ConnectTimeout|Read timed out|IncompleteRead|ProtocolError"
    r"|RemoteDisconnected|Network is unreachable|Retrying \(Retry\(total=0"
    r"|TLS handshake timeout|i/o timeout|unexpected EOF|toomanyrequests"
    r"|error sending request|dns error|operation timed out|error decoding response body"
    # another machine has cleaned up in the engine that it shares with this one
    r"|No such container"
    r"|HTTP error 5\d\d|50[0234] (Server Error|Bad Gateway|Service)",
    re.IGNORECASE,
)
_WHERE = "PIP_INDEX_URL, UV_DEFAULT_INDEX, HTTPS_PROXY and a netrc file"
_CONTAINER = re.compile(r"Running in ([0-9a-f]{12,64})")
_IMAGE = re.compile(r" ---> ([0-9a-f]{12,64})")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


class BuildFailedError(Exception):
    """The engine ended a build with an error; `log` is all that it said."""

    def __init__(self, log: list[str]) -> None:
        super().__init__(log[-1] if log else "")
        self.log = log


def is_transient(log: Iterable[str]) -> bool:
    """Did a download fail that may well succeed the next time?"""
    words = "\n".join(log)
    return _TRANSIENT.search(words) is not None and not engine.is_full(words)


def container(line: str) -> str | None:
    """The id of the container that a line of the log says is running."""
    found = _CONTAINER.search(line)
    return found[1] if found else None


def image(line: str) -> str | None:
    """The id of the image that a line of the log says a step made."""
    found = _IMAGE.fullmatch(line)
    return found[1] if found else None


def lines(text: str) -> list[str]:
    """The lines of a piece of log, without escapes and credentials."""
    plain = indexes.redact(_ESCAPES.sub("", text))
    return [line.rstrip() for line in plain.splitlines() if line.strip()]


def explain(recipe: Recipe, log: list[str], attempts: int) -> SkmigError:
    """The error for a failed build, from what its log says."""
    words = "\n".join(log)
    causes = tuple(_telling(log))
    name = f"the image of {recipe.tag}"
    if engine.is_full(words):
        return engine.failed(OSError(causes[-1]), f"building {name}")
    if "exec format error" in words:
        return EnvironmentFailedError(
            f"{name} is for {' or '.join(recipe.release.platforms)}, which this engine cannot run",
            causes=causes,
            hint="let the engine emulate it (`docker run --privileged --rm tonistiigi/binfmt"
            " --install all`)",
        )
    if re.search(r"pull access denied|manifest.*(unknown|not found)|No such image", words):
        return EnvironmentFailedError(
            f"the base image `{base_image(recipe.release)}` of {name} cannot be pulled",
            causes=causes,
            hint=f"try `docker pull {base_image(recipe.release)}`",
        )
    if re.search(r"\b40[137]\b.*(Unauthorized|Forbidden|Proxy|Error)", words):
        return EnvironmentFailedError(
            f"{name}: the package index or the proxy refused the credentials",
            causes=causes,
            hint=f"check what {_WHERE} say",
        )
    if "DO NOT MATCH THE HASHES" in words or "Hash mismatch" in words:
        return EnvironmentFailedError(
            f"{name}: the package index gave a file that is not the one of the lock",
            causes=causes,
            hint="use another index (PIP_INDEX_URL or UV_DEFAULT_INDEX)",
        )
    if _TRANSIENT.search(words):
        return EnvironmentFailedError(
            f"{name}: a download failed {attempts} times",
            causes=causes,
            hint=f"check the network; {_WHERE} are obeyed, and where pip runs in the build,"
            f" `{NETWORK}=host` changes its network",
        )
    if re.search(r"No matching distribution|no version of|found in the package registry", words):
        return EnvironmentFailedError(
            f"{name}: a package has no such version for Python {recipe.release.python}",
            causes=causes,
            hint="choose a version that has wheels for it, or leave the package out",
        )
    return EnvironmentFailedError(
        f"{name} could not be built",
        causes=causes,
        hint=f"`skmig build-images {recipe.release.version} -v` shows the whole log",
    )


def _telling(log: Iterable[str]) -> list[str]:
    lines = [line for line in log if not line.startswith(("Step ", " --->", "Removing inter"))]
    errors = [line for line in lines if re.match(r"\s*(ERROR|error|cause)\b", line)]
    last = [] if errors else lines[-1:] or ["the engine said nothing"]
    return [line[:300] for line in dict.fromkeys([*errors[-4:], *last])]
