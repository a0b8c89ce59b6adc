"""What a manifest says twice, or what follows from what it says, must agree.

A seal can be computed again by who changes a manifest; this finds what was changed alone.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator
from typing import Any

from skmig import versions
from skmig.errors import UnsupportedError
from skmig.record.manifest import UNPROVEN, Manifest, summary

_FORMATS = ("pickle", "joblib", "skops")
_OPTIONS: dict[str, tuple[type, ...]] = {
    "rtol": (float, int),
    "atol": (float, int),
    "accept": (list,),
    "allow_loss": (bool,),
    "allow_substitution": (bool,),
    "trust": (list,),
    "allow": (list,),
    "data_only": (bool,),
}


def contradictions(manifest: Manifest, facts: Any) -> tuple[str, ...]:
    """What is wrong in a manifest, one sentence each; `facts` is the member `payload.json`.

    Whether its verdict follows from its methods is for the comparison to say (`parity`).
    """
    try:
        return tuple(_wrong(manifest, facts))
    except (KeyError, TypeError, ValueError, AttributeError, UnsupportedError) as exc:
        return (f"something is missing, or not what it should be: {type(exc).__name__}: {exc}",)


def _wrong(manifest: Manifest, facts: Any) -> Iterator[str]:
    if manifest.rollback != manifest.source:
        yield "what to go back to is not the source"
    if manifest.format not in _FORMATS:
        yield f"there is no format `{manifest.format}`"
    datetime.datetime.fromisoformat(manifest.created)
    for name, kinds in _OPTIONS.items():
        if not isinstance(manifest.options[name], kinds):
            yield f"the option `{name}` is none"
    if manifest.options.keys() != _OPTIONS.keys():
        yield "there are options that do not exist"
    yield from _payload(manifest, facts)
    yield from _verdict(manifest)


def _payload(manifest: Manifest, facts: Any) -> Iterator[str]:
    """What the environment of the source wrote into the payload itself."""
    if dataclasses.asdict(manifest.source) != facts["artifact"]:
        yield "the source is not the file that the payload was exported from"
    if versions.release(str(facts["release"])).version != manifest.source_environment.release:
        yield "the payload was exported by another release"
    if manifest.coverage != facts["coverage"]:
        yield "the coverage is not that of the payload"
    there = dataclasses.asdict(manifest.source_environment)
    for name, value in facts["environment"].items():
        if there[name] != value:
            yield f"the source environment's {name} is not that of the payload"


def _verdict(manifest: Manifest) -> Iterator[str]:
    options, data = manifest.options, manifest.data
    parts, words = [manifest.parity], [manifest.parity["summary"]]
    if data is not None:
        parts.append(data["parity"])
        words.append(f"On {data['words']}: {data['parity']['summary']}")
    elif options["data_only"]:
        yield "only the user's rows were asked, and there are none"
    if not all(found["ok"] is True for found in parts):
        yield "parity does not hold, and then no record is written"
    if manifest.verdict not in (UNPROVEN, *(found["verdict"] for found in parts)):
        yield f"the verdict `{manifest.verdict}` does not follow from the methods"
    # of the probes nothing is said where only the user's rows count
    said = summary(
        manifest.source,
        manifest.source_environment,
        manifest.target_environment,
        " ".join(words[-1:] if options["data_only"] else words),
    )
    if manifest.summary != said:
        yield "the summary does not follow from the methods"
    for found in parts:
        for name in ("rtol", "atol"):
            if found[name] != options[name]:
                yield f"{name} is {options[name]} as an option, and {found[name]} in a comparison"
    if options["allow_loss"] != bool(manifest.losses):
        yield "losses are there and were not allowed, or the other way round"
    if options["allow_substitution"] != bool(manifest.substitutions):
        yield "substitutions are there and were not allowed, or the other way round"
