"""Dump and load in this process, for the release of scikit-learn that is installed here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from skmig.agent.errors import JobError
from skmig.agent.wire import Bundle, WireError, write_bundle
from skmig.errors import AgentError, UnreadableError, UnsupportedError

_MANIFEST = "payload.json"


def dump(model: Any, path: str | Path) -> None:
    """Write a fitted model as a payload: safe to open, readable, its arrays mappable.

    Raises AgentError for an object that has no neutral form; the text names it by path.
    """
    import sklearn

    from skmig.agent.walk import walk

    try:
        graph = walk(model)
    except JobError as exc:
        raise AgentError(str(exc)) from exc
    write_bundle(str(path), {"model": graph}, {_MANIFEST: {"release": sklearn.__version__}})


def load(path: str | Path, *, allow: tuple[str, ...] = ()) -> Any:
    """Build the model of a payload that was written by the release installed here.

    `allow`: top-level modules beyond the scientific stack whose classes may be made.
    Raises UnreadableError (no payload), UnsupportedError (another release), AgentError.
    """
    import sklearn

    from skmig.agent.build import build

    try:
        with Bundle(str(path)) as bundle:
            release = bundle.json(_MANIFEST)["release"]
            if release != sklearn.__version__:
                raise UnsupportedError(
                    f"`{path}` is of scikit-learn {release}, and {sklearn.__version__} is here",
                    hint=f"run: skmig import {path} --to {sklearn.__version__}",
                )
            return build(bundle.document("model"), allow)
    except (WireError, OSError, KeyError, TypeError) as exc:
        raise UnreadableError(f"`{path}` is not a payload", causes=(str(exc),)) from exc
    except JobError as exc:
        raise AgentError(str(exc)) from exc
