"""Verify: does a result still answer as its record says?  Needs only the two files."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

from skmig import parity, pipeline, record
from skmig.errors import UnreadableError
from skmig.record import record_of
from skmig.verification.answer import Options, Shops, Verification, failed
from skmig.verification.asking import Asking

__all__ = ["Options", "Shops", "Verification", "failed", "record_of", "records_below", "verify"]


def records_below(folder: Path) -> list[Path]:
    """Every record below a folder, sorted.  Raises UnreadableError when there is none."""
    found = sorted(
        path for path in folder.rglob(f"*{record.SUFFIX}") if not record.is_capture(path)
    )
    if not found:
        raise UnreadableError(
            f"there is no record below `{folder}`",
            hint="name a record, or the folder that `skmig migrate` wrote to",
        )
    return found


def verify(path: Path, shops: Shops, options: Options, role: str = "target") -> Verification:
    """Verify one record; `role` keeps apart the workers of records that are verified together.

    Raises UnreadableError for a record that is missing, damaged or was changed, UntrustedError for
    a result that names what must not run here, UnsupportedError where the interpreter that shall
    answer has another release.  A result that is missing or changed is an answer: no.
    """
    place = record_of(path)
    read = record.read(place)
    manifest = read.manifest
    if options.sha256 is not None and record.sha256(place) != options.sha256.lower():
        raise UnreadableError(
            f"`{place.name}` is not the record with the digest {options.sha256[:16]}…",
            hint="restore the record from where it was stored, or check the digest",
        )
    _check_methods(place, manifest)
    # a result may have got another name since
    result = place.parent / manifest.result.name if path == place else path
    if not result.is_file():
        return Verification(
            record=place, result=result, ok=False, summary=f"the result `{result.name}` is missing"
        )
    if record.sha256(result) != manifest.result.sha256:
        if result.name != manifest.result.name:
            raise UnreadableError(
                f"`{place.name}` is the record of `{manifest.result.name}`, not of `{result.name}`",
                hint=f"verify the record itself: skmig verify {place}",
            )
        summary = f"`{result.name}` is not the file that was migrated: its digest differs"
        return Verification(record=place, result=result, ok=False, summary=summary)
    if result.stat().st_size != manifest.result.size:
        raise _contradiction(place, "the result has another size than it says")
    room = tempfile.TemporaryDirectory(dir=shops.target.room)
    with room as folder, pipeline.data_of(place.name):
        return Asking(read, result, shops, options, role, Path(folder)).answer()


def _check_methods(place: Path, manifest: record.Manifest) -> None:
    """What a manifest says of comparisons must follow from the methods in it."""
    try:
        said = [manifest.parity] + ([] if manifest.data is None else [manifest.data["parity"]])
        parts = [parity.Parity.from_json(part) for part in said]
        methods = tuple(item for part in parts for item in part.methods)
        found = dataclasses.replace(parts[0], methods=methods)
        verdict = found.verdict.value if found.proven else record.UNPROVEN
        holds = [part.as_json() for part in parts] == said and manifest.verdict == verdict
        holds = holds and (not manifest.naive or parity.follows(manifest.naive))
        holds = holds and not any(
            item.max_abs or item.max_rel or item.max_ulp or item.mismatched_labels
            for item in found.methods
            if item.verdict is parity.Verdict.IDENTICAL
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        holds = False
    if not holds:
        raise _contradiction(place, "what it says of a comparison does not follow from its methods")


def _contradiction(place: Path, text: str) -> UnreadableError:
    """The error for a record whose manifest cannot be right, whatever its seal."""
    return UnreadableError(
        f"the manifest of the record `{place.name}` contradicts itself",
        causes=(text,),
        hint="restore the record from where it was stored, or migrate the original again",
    )
