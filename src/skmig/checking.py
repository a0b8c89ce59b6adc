"""Check: what happens if a file is simply loaded in another release?  Nothing is written."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig import inspection, parity, pipeline, plan
from skmig.adapters import chain
from skmig.parity import Naive


@dataclass(frozen=True, kw_only=True)
class Check:
    """The answer for one file.

    `command` is what to run next, empty where there is nothing that could be done; `next_step`
    says in one sentence what it would do, or why there is none.
    """

    artifact: Path
    source: str
    target: str
    naive: Naive
    next_step: str
    command: str

    @property
    def ok(self) -> bool:
        """Can it simply be loaded?"""
        return self.naive.ok

    @property
    def summary(self) -> str:
        return f"{self.artifact.name} in scikit-learn {self.target}: {self.naive.sentence}"

    def as_json(self) -> dict[str, Any]:
        return {
            "artifact": str(self.artifact),
            "source": self.source,
            "target": self.target,
            **self.naive.as_json(),
            "next": {"text": self.next_step, "command": self.command},
        }


def check(artifact: Path, shop: pipeline.Workshop, settings: plan.Settings) -> Check:
    """Load `artifact` in the target as it is, and hold its answers against its own release's.

    Raises the errors of the source's half of a migration; what happens in the target is an answer.
    """
    facts = inspection.inspect(artifact)
    made = plan.make(facts, settings)
    request = pipeline.Request(
        artifact=artifact, result=artifact, record=artifact, settings=settings
    )
    planned = pipeline.Planned(request=request, facts=facts, plan=made)
    same = made.source == made.target
    if not same:
        shop.start(made.target, "naive")
    exported = pipeline.export(planned, shop, target_too=False)
    target = made.target.release
    # of its own release: it was loaded where it is to be used, and answered
    naive = parity.own_release(target) if same else pipeline.naively(exported, shop)
    wanted: list[str] | None = None
    next_step = "nothing has to be done"
    if naive.outcome is not parity.Outcome.FINE:
        wanted, next_step = _migration(exported, made)
    words = ["skmig", "migrate", str(artifact), "--to", target, *_options(settings)]
    return Check(
        artifact=artifact,
        source=made.source.release,
        target=target,
        naive=naive,
        next_step=next_step,
        command="" if wanted is None else shlex.join(words + wanted),
    )


def _migration(exported: pipeline.Exported, made: plan.Plan) -> tuple[list[str] | None, str]:
    """What `migrate` would do: the options that it needs (None: it refuses), and one sentence."""
    graph = pipeline.read_document(exported.bundle, "model")
    source, target = made.source.release, made.target.release
    moved = chain.adapt(graph, source, target)
    wanted = []
    if any("--allow-substitution" in item.text for item in moved.refusals):
        moved = chain.adapt(graph, source, target, substitution=True)
        wanted.append("--allow-substitution")
    if moved.refusals:
        first = moved.refusals[0]
        return None, f"scikit-learn {target} cannot express it: {first.path}: {first.text}"
    if moved.losses:
        wanted.append("--allow-loss")
    said = f"moves it by {len(moved.applied)} rules, and compares what it answers"
    if wanted:
        why = (*moved.substitutions, *moved.losses)[0]
        said = f"needs {' and '.join(wanted)}: {why.path}: {why.text}"
    changes = sorted({f"{item.tag.rpartition('.')[2]}.{item.method}" for item in moved.changes})
    if changes:
        said += f"; scikit-learn itself changed {', '.join(changes)}: see --accept"
    return wanted, said


def _options(settings: plan.Settings) -> list[str]:
    """The options of `check` that `migrate` needs too."""
    pairs: list[tuple[str, tuple[str, ...]]] = [
        ("--from", () if settings.source is None else (settings.source,)),
        ("--data", () if settings.data is None else (str(settings.data),)),
        ("--with", settings.requirements),
        ("--code", tuple(map(str, settings.code))),
        ("--trust", settings.trust),
    ]
    if settings.backend != "auto":
        pairs.append(("--backend", (settings.backend,)))
    return [word for option, values in pairs for value in values for word in (option, value)]
