"""What `--json` prints must be what the shipped schema says."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match


@functools.cache
def schema() -> dict[str, Any]:
    text = resources.files("skmig").joinpath("documents.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@functools.cache
def _validator(form: str) -> Draft202012Validator:
    whole = {**schema(), "anyOf": [{"$ref": f"#/$defs/{form}"}]} if form else schema()
    return Draft202012Validator(whole, format_checker=FormatChecker())


def checked(text: str, form: str = "") -> dict[str, Any]:
    """The one document in a text, of a form of the schema (default: any)."""
    document: dict[str, Any] = json.loads(text)
    wrong = best_match(_validator(form).iter_errors(document))
    assert wrong is None, f"{wrong.json_path}: {wrong.message}"
    return document
