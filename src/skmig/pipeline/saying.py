"""What is said of a run: in the record, in errors and in one sentence."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from skmig import inputs, parity, record
from skmig.adapters import chain
from skmig.parity import Parity
from skmig.pipeline.passed import Compared
from skmig.version import __version__


def make_manifest(compared: Compared, result: Path, commit: str) -> record.Manifest:
    restored = compared.restored
    adapted = restored.adapted
    exported = adapted.exported
    request, settings = exported.request, exported.request.settings
    said = adapted.adapted
    spoken = said_by_rules(said)
    return record.Manifest(
        skmig=__version__,
        created=record.now(),
        user=record.who(),
        commit=commit,
        source=exported.source,
        rollback=exported.source,
        result=record.FileFact.of(result, request.result.name),
        format=exported.format,
        source_environment=exported.environment,
        target_environment=restored.environment,
        **(spoken | {"notes": exported.notes + spoken["notes"]}),
        coverage=exported.coverage,
        state=restored.state.as_json(),
        options={
            "rtol": settings.rtol,
            "atol": settings.atol,
            # of what loosens, that which was used: the rest was not needed
            "accept": list(parity.used(settings.accept, compared.whole, documented(said))),
            "allow_loss": bool(said.losses),
            "allow_substitution": bool(said.substitutions),
            "trust": list(settings.trust),
            "allow": list(exported.allow),
            "data_only": settings.data_only,
        },
        parity=compared.parity.as_json(),
        data=_data_fact(compared),
        verdict=compared.whole.verdict if compared.whole.proven else record.UNPROVEN,
        summary=record.summary(
            exported.source, exported.environment, restored.environment, sentence(compared)
        ),
        naive={} if compared.naive is None else compared.naive.as_json(),
    )


def said_by_rules(said: chain.Adapted) -> dict[str, Any]:
    """What a manifest says of the way, by field."""
    return {
        "rules": said.applied,
        "losses": _lines(said.losses),
        "substitutions": _lines(said.substitutions),
        "notes": _lines(said.notes),
        "changes": _lines(said.changes),
        "documented": tuple(dataclasses.asdict(item) for item in documented(said)),
        "moved": tuple(item.as_json() for item in said.moved),
    }


def _data_fact(compared: Compared) -> dict[str, Any] | None:
    """What the record says of the user's data: which file it was and what was found, no row."""
    rows = compared.restored.adapted.exported.rows
    if rows is None or compared.data is None:
        return None
    return {
        **dataclasses.asdict(record.FileFact.of(rows.data.path)),
        "rows": rows.data.rows,
        "asked": rows.rows,
        "words": words_for(rows),
        "parity": compared.data.as_json(),
    }


def documented(said: chain.Adapted) -> list[parity.Documented]:
    """What scikit-learn itself changed for this model, as the comparison wants it."""
    return [
        parity.Documented(
            path=item.path, method=item.method, text=item.text, tag=item.tag, accepted=accepted
        )
        for statements, accepted in ((said.changes, False), (said.substitutions, True))
        for item in statements
        if item.method
    ]


def how_to_accept(compared: Compared) -> str:
    if any(item.verdict is not parity.Verdict.CHANGED for item in compared.whole.failures):
        return "see the methods above; only what scikit-learn itself changed can be accepted"
    changes = documented(compared.restored.adapted.adapted)
    names = sorted({f"{item.tag.rpartition('.')[2]}.{item.method}" for item in changes})
    return f"accept what scikit-learn changed with {' '.join(f'--accept {n}' for n in names)}"


def _lines(statements: tuple[chain.Statement, ...]) -> tuple[str, ...]:
    """One line for each thing said; of a hundred trees it is said once."""
    places: dict[tuple[str, str, str], dict[str, None]] = {}
    for item in statements:
        said = (item.tag.rsplit(".", 1)[1], item.boundary, item.text)
        places.setdefault(said, {})[item.path] = None
    return tuple(
        f"{next(iter(paths))} ({name}){_more(len(paths) - 1)}, {boundary}: {text}"
        for (name, boundary, text), paths in places.items()
    )


def _more(count: int) -> str:
    return f" and {count} more" if count else ""


def sentence(compared: Compared) -> str:
    return " ".join(f"{where}{part.summary}" for where, part in comparisons(compared))


def words_for(rows: inputs.Inputs) -> str:
    """Which rows were asked."""
    of = "" if rows.rows == rows.data.rows else f" of {rows.data.rows}"
    return f"{rows.rows}{of} rows of `{rows.data.path.name}`"


def comparisons(compared: Compared) -> list[tuple[str, Parity]]:
    """The comparisons that were made, each with the words that say on what."""
    exported = compared.restored.adapted.exported
    parts = [("", compared.parity)]
    if compared.data is not None and exported.rows is not None:
        said = f"On {words_for(exported.rows)}: ", compared.data
        parts = [said] if exported.request.settings.data_only else [*parts, said]
    return parts
