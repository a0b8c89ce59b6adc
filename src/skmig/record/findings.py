"""What a manifest says was proven and what was not, as sentences; every report says the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from skmig.record.manifest import UNPROVEN, Manifest

_SEEN = "with "  # how a note of the probes begins that says what they hold besides


def comparisons(manifest: Manifest) -> list[tuple[str, dict[str, Any]]]:
    """What was compared, on the probes and on the user's rows: whose rows they were, and what was
    found."""
    parts = [("", manifest.parity)]
    if manifest.data is not None:
        parts.append((f"On {manifest.data['words']}: ", manifest.data["parity"]))
    return parts


def answer(manifest: Manifest) -> tuple[str, str]:
    """Is it the same model?  One word for it (`yes`, `but`, `unproven`, `no`), and one sentence."""
    source, target = manifest.source_environment.release, manifest.target_environment.release
    what = f"{manifest.source.name} predicts the same under scikit-learn {target} as under {source}"
    parts = [found for _where, found in comparisons(manifest)]
    methods = [item for found in parts for item in found["methods"]]
    if not all(found["ok"] for found in parts):
        return "no", f"{manifest.source.name} does not predict the same under {target}"
    if manifest.verdict == UNPROVEN:
        return "unproven", f"Nothing that {manifest.source.name} answers could be compared"
    but = []
    if any(item["verdict"] == "changed" for item in methods):
        but.append("what scikit-learn itself changed")
    if manifest.losses:
        but.append("the losses that were allowed")
    if but:
        return "but", f"{what}, but for {' and '.join(but)}"
    if manifest.verdict == "identical":
        return "yes", f"{what}, bit for bit"
    if manifest.verdict == "tied":
        return "yes", f"{what}; where neighbours or scores tie, another of them may come first"
    if any(float(item["max_abs"]) for item in methods):
        return "yes", f"{what}, within tolerance"
    return "yes", f"{what}, value for value"


def proven(manifest: Manifest) -> list[str]:
    """What was seen to hold."""
    said = [
        where + line
        for where, found in comparisons(manifest)
        for line in _held(found["methods"], found["rtol"], found["atol"])
    ]
    state = manifest.state
    if state["arrays"] and not state["unknown"]:
        said.append(
            f"{state['carried']} of the {state['arrays']} arrays of the result, loaded again, are "
            "bit for bit the source's."
        )
    said.append(
        "A fresh process loaded the result without a warning; its get_params, clone, repr and "
        "pickling again work."
    )
    return said


def _held(methods: list[dict[str, Any]], rtol: float, atol: float) -> list[str]:
    said = []
    identical = [item for item in methods if item["verdict"] == "identical" and item["n"]]
    if identical:
        values = sum(item["n"] for item in identical)
        said.append(f"{values:,} values are identical: {_names(identical)}.")
    close = [item for item in methods if item["verdict"] == "close"]
    plain = [item for item in close if not item["notes"]]
    if plain:
        worst = max(plain, key=lambda item: float(item["max_abs"]))
        said.append(
            f"{sum(item['n'] for item in plain):,} values are within rtol={rtol:g}, "
            f"atol={atol:g}: {_names(plain)}. The largest difference is {worst['max_abs']:.2g}, "
            f"in {_name(worst)}."
        )
    for item in close:
        if item["notes"]:
            far = float(item["max_abs"])
            how = f"differ by at most {far:.2g}" if far else "are equal, with a remark"
            said.append(f"{item['n']:,} values of {_name(item)} {how}: {'; '.join(item['notes'])}.")
    tied = [item for item in methods if item["verdict"] == "tied"]
    if tied:
        said.append(f"Equal but for the order of what is equally near or equal: {_names(tied)}.")
    return said


def unproven(manifest: Manifest) -> list[str]:
    """What was not seen, or does not hold; the most of it first."""
    said = []
    for verdict, words in (
        ("different", "differs"),
        ("missing", "has no answer in the target"),
        ("changed", "was changed by scikit-learn itself, and accepted"),
        ("gone", "is gone in the target"),
        ("error_equal", "raises in the source too"),
    ):
        said += [
            f"{where}{_name(item)} {words}: {item['text']}"
            for where, found in comparisons(manifest)
            for item in found["methods"]
            if item["verdict"] == verdict
        ]
    for path, coverage in manifest.coverage.items():
        for what, (reached, total) in shares(coverage):
            if reached < total:
                said.append(f"{path}: {total - reached:,} of {total:,} {what} were not reached.")
        said += [f"{path}: {note}" for note in notes(coverage) if not note.startswith(_SEEN)]
    state = manifest.state
    if state["unknown"]:
        said.append(f"The state of the result was not measured: {state['unknown']}.")
    for name, what in (
        ("rewritten", "were written anew by rules"),
        ("derived", "were computed by the target itself"),
    ):
        count = sum(item["count"] for item in state[name])
        if count:
            said.append(
                f"{count} of the {state['arrays']} arrays of the state {what}; that they mean the "
                "same is seen from the answers only."
            )
    asked = []
    rows = sum(int(coverage.get("rows", 0)) for coverage in manifest.coverage.values())
    if rows:
        asked.append(f"the {rows:,} rows made from the model itself")
    if manifest.data is not None:
        asked.append(str(manifest.data["words"]))
    if asked:
        said.append(f"Inputs other than {' and '.join(asked)} were not asked.")
    return said


def moved(manifest: Manifest) -> list[str]:
    """What the state became, one line for each class and boundary."""
    return [f"{move['boundary']}  {_moved(move)}" for move in manifest.moved]


def _moved(move: dict[str, Any]) -> str:
    name = str(move["tag"]).rpartition(".")[2]
    said = [f"{words} {', '.join(move[words])}" for words in ("added", "dropped") if move[words]]
    if move["renamed"]:
        said.append("renamed " + ", ".join(f"{old} to {new}" for old, new in move["renamed"]))
    if move["rewritten"]:
        said.append(f"rewrote {', '.join(move['rewritten'])}")
    if move["became"]:
        said.insert(0, f"became {str(move['became']).rpartition('.')[2]}")
    said += [words for words, true in (("made", move["made"]), ("left", move["left"])) if true]
    many = f" ({move['objects']})" if move["objects"] > 1 else ""
    return f"{name}{many}: {'; '.join(said)}"


def reached(coverage: dict[str, Any]) -> list[str]:
    """What the probes hold besides."""
    return [note for note in notes(coverage) if note.startswith(_SEEN)]


def shares(coverage: dict[str, Any]) -> list[tuple[str, tuple[int, int]]]:
    """What was counted on the model: (leaves, (reached, total))."""
    return [
        (name, (value[0], value[1]))
        for name, value in coverage.items()
        if isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(item, int) for item in value)
    ]


def notes(coverage: dict[str, Any]) -> list[str]:
    return [str(note) for note in coverage.get("notes", ())]


def coverage_line(coverage: dict[str, Any]) -> str:
    """What the probes reached, in one line."""
    words = [f"{coverage.get('rows', 0)} rows"]
    words += [f"{value[0]} of {value[1]} {name}" for name, value in shares(coverage)]
    return ", ".join(words + reached(coverage))


def _names(methods: Iterable[dict[str, Any]]) -> str:
    names = [_name(item) for item in methods]
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _name(method: dict[str, Any]) -> str:
    path, name = method["path"], method["method"]
    return str(name) if path == "model" else f"{path}.{name}"
