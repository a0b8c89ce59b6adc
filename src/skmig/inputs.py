"""The user's own data (`--data`) and the model: does the one fit the other?

What is wrong with the data is said of the data.  An answer of the model to data that it was not
made for would be an error on both sides, and equal ones: a comparison that proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from skmig import parity
from skmig.errors import DataError
from skmig.inspection import Facts
from skmig.parity.data import is_frame
from skmig.payload import Obj

_DICTS = "sklearn.feature_extraction.DictVectorizer"
_TEXTS = tuple(
    f"sklearn.feature_extraction.{name}"
    for name in ("CountVectorizer", "HashingVectorizer", "TfidfVectorizer")
)
_BY_NAME = "sklearn.compose.ColumnTransformer"


def read(path: Path, facts: Facts) -> Any:
    """The data as the model of an artifact takes it.  Raises DataError."""
    tag = _first_tag(facts)
    value = parity.read_data(path, dicts=tag == _DICTS)
    if tag in _TEXTS and is_frame(value):
        # a vectorizer would take the names of the columns for the documents
        columns = value.args["values"]
        if len(columns) != 1 or columns[0].dtype != object:
            raise DataError(
                f"`{path}` has {len(columns)} columns, and the model takes documents",
                hint="give one column of text, or a .txt file with one document per line",
            )
        return [item if isinstance(item, str) else "" for item in columns[0]]
    return value


def _first_tag(facts: Facts) -> str:
    """The class that meets the input first, through pipelines and searches."""
    tags = {node.path: node.tag for node in facts.estimators}
    path = "model"
    while True:
        inner = [f"{path}.best_estimator_", f"{path}.steps[0][1]"]
        path, outer = next((item for item in inner if item in tags), path), path
        if path == outer:
            return tags.get(path, "")


def check(value: Any, name: str, graph: Any, answers: Mapping[str, Any]) -> None:
    """Raises DataError, which names the columns, where the data is not what the model takes.

    `graph` is the exported model, `answers` what it said (the document `expected`).
    """
    line = list(_line(graph)) if "model" in answers else []
    names = _first(line, "feature_names_in_")
    count = _first(line, "n_features_in_")
    names = None if names is None else [str(item) for item in np.asarray(names).tolist()]
    count = None if count is None else int(count)
    # a ColumnTransformer finds its columns by name: more of them, in any order, are as good
    if line and line[-1].tag != _BY_NAME:
        parity.check_columns(value, names=names, count=count)
    refused = [_refusal(answer["methods"]) for answer in answers.values()]
    if not refused or not all(refused):
        return
    if line:
        parity.check_columns(value, names=names, count=count)
    hint = "give inputs as the model was fitted on"
    if names:
        hint += f": {', '.join(names)}"
        if not is_frame(value):
            hint += " (a csv with these names in its first row)"
    raise DataError(f"the model refuses the data of `{name}`: {refused[0]}", hint=hint)


def _line(graph: Any) -> Iterator[Obj]:
    """The objects that the input passes before anything changes it, the outermost first."""
    while isinstance(graph, Obj):
        yield graph
        if "best_estimator_" in graph.state:
            graph = graph.state["best_estimator_"]
        elif graph.tag == "sklearn.pipeline.Pipeline" and graph.state.get("steps"):
            graph = graph.state["steps"][0][1]
        else:
            return


def _first(line: list[Obj], name: str) -> Any:
    return next((obj.state[name] for obj in line if obj.state.get(name) is not None), None)


def _refusal(methods: Mapping[str, Any]) -> str:
    """What the first method says where none that takes data answered; "" otherwise."""
    asked = {name: entry for name, entry in methods.items() if not name.startswith("get_")}
    if any("value" in entry for entry in asked.values()):
        return ""
    return next((f"{name}: {entry['error']}" for name, entry in asked.items()), "")
