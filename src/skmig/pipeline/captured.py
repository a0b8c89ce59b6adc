"""What training day knows of a model that is migrated: nothing has to be guessed.

The record beside it is no proof of anything by itself: it must be of this very file, and the
environment that is made again must answer as the model did then.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from skmig import capture, inputs, parity
from skmig.capture import Capture
from skmig.environments import locks, recorded
from skmig.environments.base import EnvironmentSpec, Worker
from skmig.environments.recipes import recipe
from skmig.errors import DataError, RefusedError, SkmigError, UsageError
from skmig.payload import write_bundle
from skmig.pipeline.exchange import read_document
from skmig.pipeline.passed import Planned, Request
from skmig.workshop import Workshop


def known(request: Request) -> tuple[Request, Capture | None]:
    """The request with what training day knows, where the user said nothing else.

    Raises UnreadableError for a record beside the artifact that was changed, or is of another file;
    UsageError where it would be replaced.
    """
    found = capture.beside(request.artifact) if request.artifact.is_file() else None
    if found is None:
        return request, None
    if any(place.exists() and place.samefile(found.path) for place in request.outputs):
        raise UsageError(
            f"`{found.path}` is the record of training day, which is never replaced",
            hint="choose another --output",
        )
    settings = request.settings
    settings = dataclasses.replace(settings, source=settings.source or found.release)
    return dataclasses.replace(request, settings=settings), found


def own_rows(planned: Planned, shop: Workshop) -> tuple[inputs.Inputs | None, tuple[str, ...]]:
    """The user's rows that training day kept, and what is to be said where they cannot be asked."""
    found = planned.capture
    if found is None or not found.has_rows:
        return None, ()
    try:
        return inputs.read(found.path, planned.facts, shop.path("")), ()
    except DataError as error:
        return None, (f"rows of training day were not asked again in parts: {error.message}",)


def with_environment(planned: Planned, shop: Workshop) -> Planned:
    """The plan with the environment of training day as the source, where it can be made again."""
    found, made = planned.capture, planned.plan
    if found is None or planned.request.settings.source_lock is not None:
        return planned
    pins = recipe(made.source).pins
    same = all(found.packages.get(name) == version for name, version in pins.items())
    if same and not planned.facts.third_party:
        return planned  # what else was installed is nothing to this model
    packages = {
        name: version
        for name, version in found.packages.items()
        if name not in {*locks.TOOLS, "skmig"} and "url" not in found.said["packages"].get(name, {})
    }
    try:
        folder = shop.path("")
        folder.mkdir()
        own = recorded.whole(made.source, packages, folder)
        own = dataclasses.replace(own, requirements=made.source.requirements)
        recipe(own)
        shop.start(own, "source")
        with shop.worker(own, "source"):
            source, notes = own, tuple[str, ...]()
    except SkmigError as error:
        first = (*error.causes, error.message)[0]
        source, notes = (
            made.source,
            (
                f"the environment of training day could not be made again ({first}); the model "
                f"was loaded in that of scikit-learn {made.source.release}, and answers there as "
                "it did then",
            ),
        )
    plan = dataclasses.replace(made, source=source, notes=made.notes + notes)
    return dataclasses.replace(planned, plan=plan)


def check(planned: Planned, worker: Worker, arguments: dict[str, Any], shop: Workshop) -> None:
    """Does the source's environment answer as the model did on training day?

    `arguments` are those of the export.  Raises RefusedError, which names what is otherwise.
    """
    found = planned.capture
    if found is None:
        return
    settings = planned.request.settings
    shop.progress.step(f"holding {planned.request.artifact.name} against its training day")
    asked = ["", "own-"] if found.has_rows else [""]
    odd: list[str] = []
    for prefix in asked:
        bundle, answers = shop.path(".skmig"), shop.path(".skmig")
        write_bundle(str(bundle), {"probes": found.document(f"{prefix}probes")})
        worker.put("trained.skmig", bundle)
        names = ("artifact", "code", "encoding", "reader")
        worker.call(
            "predict",
            **{name: arguments[name] for name in names},
            bundle="trained.skmig",
            out="answers.skmig",
            strict=False,
        )
        worker.get("answers.skmig", answers)
        verdict = parity.compare(
            found.document(f"{prefix}expected"),
            read_document(answers, "actual"),
            rtol=settings.rtol,
            atol=settings.atol,
            rounding=found.document(f"{prefix}rounding"),
        )
        odd += [
            f"{item.path}.{item.method}: {item.text or item.verdict.value}"
            for item in verdict.failures
        ]
    if odd:
        spec: EnvironmentSpec = planned.plan.source
        raise RefusedError(
            f"`{planned.request.artifact.name}` does not answer as it did on training day, in the "
            f"environment of scikit-learn {spec.release} that was made again",
            reasons=tuple(dict.fromkeys(odd)),
            hint="give the environment that it was trained in with --source-lock, or move its "
            f"record `{Path(found.path).name}` away to migrate it without",
        )
