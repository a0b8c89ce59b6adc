"""What a worker says, taken as what it is: words of a stranger, since a model is a program.

The agent checks what a job's process wrote (`agent/reply.py`); here it is seen that a line is a
message, and that the result of a job has the shape that the rest of skmig reads.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

LINE = 128 << 20  # bytes of one message
_DIGITS = 400
_Check = Callable[[Any], bool]


def message(line: bytes) -> dict[str, Any]:
    """The message of a line; raises ValueError for what is none."""
    try:
        found = json.loads(line, parse_int=_integer, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def is_answer(found: Mapping[str, Any]) -> bool:
    """Does a message say what became of a job?"""
    if found.get("ok") is True:
        return "result" in found
    error = found.get("error")
    return (
        found.get("ok") is False
        and isinstance(error, dict)
        and all(isinstance(error.get(name, ""), str) for name in ("kind", "message", "log"))
    )


def files(found: Mapping[str, Any]) -> dict[str, bytes]:
    """The files that came with an answer, by path; what is none is left out."""
    given = found.get("files")
    if not isinstance(given, dict):
        return {}
    decoded = {}
    for path, text in given.items():
        with contextlib.suppress(ValueError, TypeError):
            decoded[path] = base64.b64decode(text, validate=True)
    return decoded


def misses(job: str, result: Any) -> str | None:
    """The entry of a job's result that is not what this job gives; None if all are."""
    wanted = _RESULTS.get(job, {})
    if wanted and not isinstance(result, dict):
        return "result"
    return next((name for name, fits in wanted.items() if not fits(result.get(name))), None)


def _integer(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError("a number of too many digits")
    return int(text)


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _are_texts_by_name(value: Any) -> bool:
    return isinstance(value, dict) and all(_are_texts(item) for item in value.values())


def _is_coverage(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(item, dict)
        and type(item.get("rows", 0)) is int
        and _are_texts(item.get("notes", []))
        for item in value.values()
    )


# What is read of the results; see docs/architecture.md.
_RESULTS: dict[str, dict[str, _Check]] = {
    "export": {"class": _is_text, "coverage": _is_coverage, "warnings": _are_texts},
    "restore": {"sha256": _is_text, "class": _is_text, "warnings": _are_texts},
    "predict": {
        "class": _is_text,
        "warnings": _are_texts,
        "failures": _are_texts_by_name,
        "missing": _are_texts,
    },
    "answer": {"leans": _are_texts_by_name},
}
