"""Capture: the record of training day for a model that is a file already."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig import capture, inputs, inspection, pipeline, plan, record
from skmig.environments.base import Progress, Worker
from skmig.errors import AgentError, DataError, UnreadableError, UnsupportedError
from skmig.payload import write_bundle
from skmig.version import __version__


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the user says of a model, beside what can be found out."""

    metrics: dict[str, Any]
    metadata: dict[str, Any]
    training_date: str | None = None
    data_snapshot: str | None = None
    preprocessing_version: str | None = None


def read_json(path: Path | None) -> dict[str, Any]:
    """A JSON file with one object, such as metrics; nothing where no file was named."""
    if path is None:
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))
        if not isinstance(found, dict):
            raise TypeError(f"it holds a {type(found).__name__}, not an object")
    except (OSError, ValueError, TypeError) as exc:
        raise UnreadableError(
            f"`{path}` cannot be read", causes=(str(exc),), hint='write it like {"auc": 0.91}'
        ) from exc
    return found


def write(
    artifact: Path,
    *,
    settings: plan.Settings,
    told: Told,
    rows: int,
    here: Path | bool,
    progress: Progress,
) -> capture.Capture:
    """Write the record of a model beside it, from an environment of its release.

    `here`: from this interpreter's environment, or that of the interpreter at a path, which must
    have the release that wrote the model.  Raises the errors of the source's half of a migration.
    """
    facts = inspection.inspect(artifact)
    release = plan.source_release(facts, settings)
    settings = plan.retarget(settings, release)
    made = plan.make(facts, settings)
    place = record.beside(artifact)
    pipeline.check_apart(artifact, (place,))
    record.check_place((place,), settings.force)
    said = {
        **{name: getattr(told, name) for name in Told.__dataclass_fields__},
        "user": record.who(),
        "commit": record.commit(artifact.resolve().parent),
        "skmig": __version__,
    }
    backend = pipeline.here(here) if here else None
    with pipeline.workshop(settings, progress, backend) as shop:
        pipeline.check_trust(artifact, settings, pipeline.finding_names(facts), shop.backend)
        given = None
        if settings.data is not None:
            given = inputs.read(settings.data, facts, shop.path(""), settings.sample)
        with shop.worker(made.source, "source") as worker:
            _check_release(worker, release, artifact)
            progress.step(f"capturing {artifact.name} with {release}")
            for path in (artifact, *facts.sidecars):
                worker.put(path.name, path)
            arguments: dict[str, Any] = {
                "artifact": artifact.name,
                "out": "captured.skmig",
                "code": pipeline.put_code(worker, made.source),
                "encoding": made.encoding,
                "reader": made.reader,
                "said": said,
                "own": rows,
                "limit": settings.probe_rows,
            }
            if given is not None:
                bundle = shop.path(".skmig")
                write_bundle(str(bundle), {"rows": given.whole()})
                worker.put("data.skmig", bundle)
                arguments["data"] = "data.skmig"
            try:
                worker.call("capture", **arguments)
            except AgentError as error:
                if given is None or error.details.get("stage") != "predict":
                    raise
                raise DataError(
                    f"the model refuses the data of `{given.data.path.name}`: "
                    f"{error.details['message']}",
                    hint="give rows as the model was fitted on",
                ) from error
            with record.placed((place,)) as (draft,):
                worker.get("captured.skmig", draft)
    return capture.read(place)


def _check_release(worker: Worker, release: str, artifact: Path) -> None:
    found = worker.hello["sklearn"]
    if found != release:
        raise UnsupportedError(
            f"`{artifact.name}` is of scikit-learn {release}, and "
            f"{f'{found} is here' if found else 'there is none here'}",
            hint=f"capture it where it was trained, or leave out --here: skmig capture {artifact}",
        )
