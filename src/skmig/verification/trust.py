"""What of a record's word is believed before anything is loaded outside a sandbox."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from skmig import inspection, pipeline, plan
from skmig.environments.base import Backend


def check(
    artifact: Path,
    facts: inspection.Facts,
    settings: plan.Settings,
    said: tuple[str, ...],
    backend: Backend,
) -> None:
    """Raises UntrustedError for what must not be loaded.

    `said`, the record's own word, counts for what a model may need, as that of the one who
    migrated it; for what runs commands or touches files only `settings.trust`, the user's, does.
    """
    dangerous = {item.name for item in facts.findings if item.severity == "dangerous"}
    others = tuple(name for name in pipeline.finding_names(facts) if name not in dangerous)
    believed = dataclasses.replace(settings, trust=(*settings.trust, *said))
    pipeline.check_trust(artifact, believed, others, backend)
    own = plan.Settings(target=settings.target, trust=settings.trust)
    pipeline.check_trust(artifact, own, tuple(sorted(dangerous)), backend)
