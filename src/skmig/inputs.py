"""The user's own data (`--data`) and the model: does the one fit the other?

What is wrong with the data is said of the data.  An answer of the model to data that it was not
made for would be an error on both sides, and equal ones: a comparison that proves nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from skmig import dataset
from skmig.dataset import Chunk, Dataset
from skmig.dataset.check import texts
from skmig.errors import DataError
from skmig.inspection import Facts
from skmig.payload import Obj

_DICTS = "sklearn.feature_extraction.DictVectorizer"
_TEXTS = tuple(
    f"sklearn.feature_extraction.{name}"
    for name in ("CountVectorizer", "HashingVectorizer", "TfidfVectorizer")
)
_BY_NAME = "sklearn.compose.ColumnTransformer"
# what meets the input first and takes nothing but numbers
_NUMERIC_PACKAGES = frozenset(
    f"sklearn.{name}"
    for name in (
        "cluster", "decomposition", "discriminant_analysis", "linear_model", "mixture",
        "naive_bayes", "neural_network", "svm", "tree",
    )
)  # fmt: skip
_NUMERIC = frozenset(
    f"sklearn.preprocessing.{name}"
    for name in (
        "Binarizer", "KBinsDiscretizer", "MaxAbsScaler", "MinMaxScaler", "Normalizer",
        "PolynomialFeatures", "PowerTransformer", "QuantileTransformer", "RobustScaler",
        "SplineTransformer", "StandardScaler",
    )
)  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inputs:
    """A file of data as the model takes it.  `documents`: its one column is a list of texts."""

    data: Dataset
    documents: bool = False
    sample: int | None = None

    @property
    def rows(self) -> int:
        """How many rows are asked."""
        return min(self.data.rows, self.sample or self.data.rows)

    def chunks(self, size: int) -> Iterator[Chunk]:
        for chunk in self.data.chunks(size, self.sample):
            yield self._as_taken(chunk)

    def whole(self) -> Any:
        return next(self.chunks(self.rows)).value

    def _as_taken(self, chunk: Chunk) -> Chunk:
        if not self.documents:
            return chunk
        (column,) = chunk.value.args["values"]
        texts = [item if isinstance(item, str) else "" for item in column]
        return dataclasses.replace(chunk, value=texts)


def read(path: Path, facts: Facts, folder: Path, sample: int | None = None) -> Inputs:
    """Look through the data for the model of an artifact.

    `folder` may be made for what has to be unpacked.  Raises DataError, before anything is
    started, where the facts of the model say that the data does not fit.
    """
    line = [node.tag for node in _nodes(facts)]
    tag = line[-1] if line else ""
    data = dataset.open_dataset(path, folder, dicts=tag == _DICTS)
    if tag in _TEXTS and data.names is not None:
        # a vectorizer would take the names of the columns for the documents
        if len(data.names) != 1 or not data.texts:
            raise DataError(
                f"`{path}` has {len(data.names)} columns, and the model takes documents",
                hint="give one column of text, or a .txt file with one document per line",
            )
        return Inputs(data=data, documents=True, sample=sample)
    nodes = list(_nodes(facts))
    names = next((node.features for node in nodes if node.features), None)
    count = next((node.width for node in nodes if node.width is not None), None)
    _check(data, line, names, count)
    return Inputs(data=data, sample=sample)


def _nodes(facts: Facts) -> Iterator[Any]:
    """What the input passes before anything changes it, the outermost first."""
    nodes = {node.path: node for node in facts.estimators}
    path = "model"
    while path in nodes:
        yield nodes[path]
        inner = [f"{path}.best_estimator_", f"{path}.steps[0][1]"]
        path = next((item for item in inner if item in nodes), "")


def check_columns(inputs: Inputs, graph: Any) -> None:
    """Raises DataError, which names the columns, where the exported model says what is wrong."""
    if not inputs.documents:
        line = list(_line(graph))
        _check(inputs.data, [item.tag for item in line], *_fitted_on(line))


def check_answers(inputs: Inputs, graph: Any, answers: Mapping[str, Any]) -> None:
    """Raises DataError where the model refuses every row.  `answers`: what it said to the first."""
    data = inputs.data
    refused = [_refusal(answer["methods"]) for answer in answers.values()]
    if not refused or not all(refused):
        return
    names, count = _fitted_on(list(_line(graph)))
    dataset.check_columns(data, names=names, count=count)
    hint = "give inputs as the model was fitted on"
    if names:
        hint += f": {', '.join(names)}"
        if data.names is None:
            hint += " (a csv with these names in its first row)"
    raise DataError(
        f"the model refuses the data of `{data.path.name}`: {refused[0]}",
        causes=texts(data)[:4],
        hint=hint,
    )


def _fitted_on(line: list[Obj]) -> tuple[list[str] | None, int | None]:
    """The names of the columns that a model was fitted on, and their number."""
    names, count = _first(line, "feature_names_in_"), _first(line, "n_features_in_")
    return (
        None if names is None else [str(item) for item in np.asarray(names).tolist()],
        None if count is None else int(count),
    )


def _check(data: Dataset, line: list[str], names: Any, count: int | None) -> None:
    tag = line[-1] if line else ""
    numeric = tag in _NUMERIC or tag.rpartition(".")[0] in _NUMERIC_PACKAGES
    dataset.check_columns(
        data,
        names=names,
        count=count,
        # a ColumnTransformer finds its columns by name: more of them, in any order, are as good
        subset=tag == _BY_NAME,
        numbers_for=tag.rpartition(".")[2] if numeric else "",
    )


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
