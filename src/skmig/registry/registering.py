"""The result as a new version of a registered model, seen again as it comes back."""

from __future__ import annotations

import tempfile
from pathlib import Path

from skmig import api, record
from skmig.environments.base import Progress
from skmig.errors import SkmigError, UnreadableError
from skmig.pipeline import Migration
from skmig.plan import Settings
from skmig.tracking import Address, Tracking, Version


def register(
    tracking: Tracking,
    name: str,
    folder: Path,
    migration: Migration,
    origin: str,
    version: Version | None,
    progress: Progress,
) -> Version:
    """Upload the folder and register it under `name`.

    `origin`: what it was made from, and `version` that, if it is registered.
    """
    progress.step(f"registering a version of {name}")
    manifest = migration.manifest
    before, after = manifest.source_environment.release, manifest.target_environment.release
    tags = {
        "skmig.source_release": before,
        "skmig.target_release": after,
        "skmig.source_version": origin,
        "skmig.source_sha256": manifest.source.sha256,
        "skmig.sha256": manifest.result.sha256,
        "skmig.record_sha256": record.sha256(migration.record),
        "skmig.verdict": manifest.verdict,
        "skmig.version": manifest.skmig,
    }
    return tracking.register(
        name,
        folder,
        tags=tags,
        description=f"{origin} moved from scikit-learn {before} to {after} by skmig: "
        f"{manifest.verdict}",
        beside="" if version is None else version.run,
    )


def verify(
    tracking: Tracking,
    version: Version,
    folder: Path,
    written: Path,
    settings: Settings,
    progress: Progress,
) -> None:
    """Fetch what was registered: is it what was written, and does it answer as its record says?

    Raises UnreadableError; the version stays, without an alias.
    """
    progress.step(f"verifying {version.address}")
    address = Address.parse(version.address)
    with tempfile.TemporaryDirectory(prefix="skmig-mlflow-") as room:
        back = tracking.fetch(address, version, Path(room))
        found, wrote = _digests(back), _digests(folder)
        other = [name for name, digest in wrote.items() if found.get(name) != digest]
        why = f"other content in {', '.join(sorted(other))}" if other else ""
        if not why:
            try:
                again = api.verify(
                    back / written,
                    backend=settings.backend,
                    code=settings.code,
                    trust=settings.trust,
                    progress=progress,
                )
            except SkmigError as error:
                why = error.message
            else:
                why = "" if again.ok else again.summary
    if why:
        raise UnreadableError(
            f"`{version.address}` was registered, and does not come back as it was written",
            causes=(why,),
            hint="no alias was set; delete that version and look at the server's artifact store",
        )


def _digests(folder: Path) -> dict[str, str]:
    return {
        item.relative_to(folder).as_posix(): record.sha256(item)
        for item in sorted(folder.rglob("*"))
        if item.is_file() and item.name != "registered_model_meta"  # written by the download
    }
