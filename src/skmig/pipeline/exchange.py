"""What is given to workers, and what comes back from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from skmig import inputs
from skmig.environments.base import EnvironmentSpec, Worker
from skmig.errors import (
    AgentError,
    DataError,
)
from skmig.payload import Bundle, WireError, write_bundle
from skmig.workshop import Workshop


def put_code(worker: Worker, spec: EnvironmentSpec) -> list[str]:
    """Copy the user's code into the exchange; gives its names there."""
    names = []
    for i, path in enumerate(spec.code):
        name = f"code{i}" if path.is_dir() else path.name
        worker.put(name, path)
        names.append(name)
    return names


def read_document(bundle: Path, name: str) -> Any:
    """A document of a bundle that came out of an environment.  Raises AgentError."""
    return read_documents(bundle, name)[0]


def read_documents(bundle: Path, *names: str) -> tuple[Any, ...]:
    """Several documents of such a bundle."""
    try:
        with Bundle(str(bundle)) as opened:
            return tuple(opened.document(name) for name in names)
    except (WireError, OSError) as exc:
        raise AgentError(
            f"the environment answered with a payload that is not valid: {exc}"
        ) from exc


def user_data(rows: inputs.Inputs, shop: Workshop) -> Path:
    bundle = shop.path(".skmig")
    try:
        write_bundle(str(bundle), {"rows": rows.whole()})
    except WireError as exc:
        raise not_given(rows, exc) from exc
    return bundle


def not_given(rows: inputs.Inputs, exc: WireError) -> DataError:
    return DataError(
        f"`{rows.data.path}` cannot be given to a model: {exc}",
        hint="give numbers and text only",
    )
