"""The answer as a text file for the textfile collector of Prometheus' node exporter.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (text, 0.0.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from skmig import record
from skmig.watch.answer import Watched

Sample = tuple[Mapping[str, str], float]

_HELP = {
    "skmig_watch_timestamp_seconds": "When skmig watch gave this answer.",
    "skmig_watch_ok": "1 where nothing drifted and the probes are answered as recorded.",
    "skmig_watch_rows": "Rows of the log in the window.",
    "skmig_watch_judged": "1 where there were enough rows to judge.",
    "skmig_watch_newest_row_timestamp_seconds": "The time of the latest row in the log.",
    "skmig_watch_drift": "1 where this check of a column says drift.",
    "skmig_watch_psi": "Population stability index of a column against the baseline.",
    "skmig_watch_ks": "Kolmogorov-Smirnov statistic of a column against the baseline.",
    "skmig_watch_share": "Share of the rows that are missing, unseen, outside or of another type.",
    "skmig_watch_probes_ok": "1 where the probes are answered as recorded with the same packages.",
    "skmig_watch_packages_changed": "Packages that the model needs and that are others now.",
    "skmig_watch_methods_different": "Methods that answer the probes otherwise.",
}


def text(found: Watched) -> str:
    """The answer as metrics; all have the label `model`, the name of the file."""
    model = {"model": found.model.name}
    samples: dict[str, list[Sample]] = {
        "skmig_watch_timestamp_seconds": [(model, found.at)],
        "skmig_watch_ok": [(model, found.ok)],
    }
    if found.log is not None:
        log = found.log
        samples["skmig_watch_rows"] = [(model, log.rows)]
        samples["skmig_watch_judged"] = [(model, log.judged)]
        if log.newest is not None:
            samples["skmig_watch_newest_row_timestamp_seconds"] = [(model, log.newest)]
        for item in log.findings:
            where = {**model, "column": item.column, "role": item.role}
            checked = {**where, "check": item.check}
            samples.setdefault("skmig_watch_drift", []).append((checked, item.drift))
            if item.check != "distribution" and item.now is not None:
                samples.setdefault("skmig_watch_share", []).append((checked, item.now))
            for name, value in (("psi", item.psi), ("ks", item.ks)):
                if value is not None:
                    samples.setdefault(f"skmig_watch_{name}", []).append((where, value))
    if found.probes is not None:
        probes = found.probes
        samples["skmig_watch_probes_ok"] = [(model, probes.ok)]
        samples["skmig_watch_packages_changed"] = [(model, len(probes.packages))]
        samples["skmig_watch_methods_different"] = [(model, len(probes.different))]
    lines = [
        line
        for name, help_ in _HELP.items()
        if name in samples
        for line in _family(name, help_, samples[name])
    ]
    return "\n".join(lines) + "\n"


def _family(name: str, help_: str, samples: Iterable[Sample]) -> Iterable[str]:
    yield f"# HELP {name} {help_}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        said = ",".join(f'{key}="{_escaped(item)}"' for key, item in labels.items())
        yield f"{name}{{{said}}} {float(value)!r}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def write(place: Path, found: Watched) -> None:
    """Write the metrics whole or not at all: a collector may read at any time.

    Raises OutputError.
    """
    with record.placed((place,)) as (draft,):
        draft.write_text(text(found), "utf-8")
