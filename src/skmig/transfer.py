"""The two halves of a migration apart: export here, import there, and the agent for in between."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig import inspection, pipeline, plan, record, versions
from skmig.environments import bundle_agent
from skmig.environments.base import EnvironmentSpec, Progress
from skmig.errors import UnreadableError
from skmig.payload import Bundle, WireError


def export(
    artifact: Path, *, output: Path | None, settings: plan.Settings, progress: Progress
) -> Path:
    """Write the payload of a model: its graph, probes and their outputs in the source's release."""
    facts = inspection.inspect(artifact)
    place = artifact.with_suffix(record.SUFFIX)
    if output is not None:
        place = output / place.name if output.is_dir() else output
    # a payload has no target yet: it is planned as if it stayed
    release = plan.source_release(facts, settings)
    settings = plan.retarget(settings, release)
    made = plan.make(facts, settings)
    request = pipeline.Request(artifact=artifact, result=place, record=place, settings=settings)
    pipeline.check_apart(artifact, (place,))
    record.check_place((place,), settings.force)
    planned = pipeline.Planned(request=request, facts=facts, plan=made)
    with pipeline.workshop(settings, progress) as shop:
        exported = pipeline.export(planned, shop, target_too=False)
        pipeline.check_untouched(exported.digests)
        with record.placed((place,), force=settings.force) as (draft,):
            shutil.copyfile(exported.bundle, draft)
    return place


def import_(
    payload: Path, *, output: Path | None, settings: plan.Settings, progress: Progress
) -> pipeline.Migration:
    """Build a model of the target release from a payload, prove parity, write result and record."""
    said = read_facts(payload)
    digest = record.sha256(payload)
    name, file_format = said.artifact.name, settings.format or said.format
    stem, suffix = Path(name).stem, ".skops" if file_format == "skops" else Path(name).suffix
    place = payload.with_name(f"{stem}-{settings.target}{suffix or '.pkl'}")
    if output is not None:
        place = output / place.name if output.is_dir() else output
    request = pipeline.Request(
        artifact=payload,
        result=place,
        record=record.beside(place),
        settings=settings,
    )
    exported = pipeline.Exported(
        request=request,
        bundle=payload,
        source=said.artifact,
        environment=said.environment,
        coverage=said.coverage,
        target=EnvironmentSpec(
            release=settings.target,
            requirements=plan.target_requirements(settings, file_format, settings.target),
            code=settings.code,
        ),
        format=file_format,
        allow=settings.trust + settings.modules,
        digests={payload: digest},
    )
    pipeline.check_outputs(request)
    with pipeline.workshop(settings, progress) as shop:
        return pipeline.finish(exported, shop)


@dataclass(frozen=True, kw_only=True)
class PayloadFacts:
    """What a payload says of itself."""

    artifact: record.FileFact
    environment: record.EnvironmentFact
    coverage: dict[str, Any]
    format: str


def read_facts(payload: Path) -> PayloadFacts:
    """What a payload says of itself.  Raises UnreadableError, UnsupportedError (its release)."""
    hint = "a payload is what `skmig export` or the agent's `export` writes"
    if not payload.is_file():
        raise UnreadableError(f"there is no payload `{payload}`", hint=hint)
    try:
        with Bundle(str(payload)) as bundle:
            if "manifest.json" in bundle.archive.namelist():
                raise UnreadableError(
                    f"`{payload.name}` is the record of a migration, not a payload",
                    hint="migrate the original again, with another --to",
                )
            facts = bundle.json(record.FACTS)
        release = versions.release(str(facts["release"])).version
        where: dict[str, Any] = {"release": release, "backend": "elsewhere", "lock": ""}
        said = PayloadFacts(
            artifact=record.FileFact(**facts["artifact"]),
            environment=record.EnvironmentFact(**where, **facts["environment"]),
            coverage=dict(facts["coverage"]),
            format=str(facts["format"]),
        )
    except (WireError, OSError, KeyError, TypeError, ValueError) as exc:
        raise UnreadableError(
            f"`{payload.name}` is not a payload", causes=(str(exc),), hint=hint
        ) from exc
    return said


def as_json(payload: Path) -> dict[str, Any]:
    """A payload's model as one plain JSON document: every array is a list."""
    with Bundle(str(payload)) as bundle:
        return {"facts": bundle.json(record.FACTS), "model": plain(bundle.document("model"))}


def plain(value: Any) -> Any:
    """A neutral value as plain JSON, arrays with their dtype and shape, objects with their tag."""
    import numpy as np

    from skmig.payload import Name, New, Obj

    if isinstance(value, Obj):
        return {"class": value.tag, "state": {k: plain(v) for k, v in value.state.items()}}
    if isinstance(value, New):
        return {"new": value.tag, "args": {k: plain(v) for k, v in value.args.items()}}
    if isinstance(value, Name):
        return {value.kind: value.tag}
    if isinstance(value, np.ndarray):
        items = [plain(item) for item in value.ravel().tolist()]
        return {"dtype": str(value.dtype), "shape": list(value.shape), "items": items}
    if isinstance(value, np.generic):
        return {"dtype": str(value.dtype), "value": plain(value.item())}
    if isinstance(value, np.dtype):
        return {"dtype": str(value)}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, dict):
        return {"pairs": [[plain(key), plain(item)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return {"set": [plain(item) for item in sorted(value, key=repr)]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, float) and value - value != 0:
        return {"float": str(value)}
    return value


def write_agent(output: Path, *, force: bool) -> Path:
    """Write the agent as one runnable file."""
    record.check_place((output,), force)
    with record.placed((output,), force=force) as (draft,):
        draft.write_bytes(bundle_agent.agent_pyz())
    return output
