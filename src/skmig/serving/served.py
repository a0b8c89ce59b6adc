"""The estimator that `skmig.load` gives: the model, with its inputs held against its schema."""

from __future__ import annotations

import functools
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skmig.agent.schema import schema_of
from skmig.serving.schema import Schema, Unknown

# methods whose first argument are rows as the model was trained on
CHECKED = frozenset(
    {
        "apply",
        "decision_function",
        "decision_path",
        "kneighbors",
        "kneighbors_graph",
        "partial_fit",
        "predict",
        "predict_joint_log_proba",
        "predict_log_proba",
        "predict_proba",
        "radius_neighbors",
        "radius_neighbors_graph",
        "score",
        "score_samples",
        "staged_decision_function",
        "staged_predict",
        "staged_predict_proba",
        "transform",
    }
)
_REFITTING = frozenset({"fit_predict", "fit_transform"})


class Served(BaseEstimator):  # type: ignore[misc]
    """A fitted model whose every answer is to rows that are like those of training.

    Attributes and methods are the model's own.  `fit` trains a clone of the model, and learns the
    schema of what it was given.
    """

    def __init__(
        self, model: Any = None, schema: Schema | None = None, *, unknown: Unknown = "error"
    ) -> None:
        self.model = model
        self.schema = schema
        self.unknown = unknown

    @property
    def __skmig_model__(self) -> Any:
        """The model itself, which is what `skmig.save` writes."""
        return self.__dict__.get("model_", self.model)

    def check_input(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's own name
        """The rows as the model takes them.  Raises InputError."""
        schema = self.__dict__.get("schema_", self.schema)
        return X if schema is None else schema.check(X, self.unknown)

    def fit(self, X: Any, y: Any = None, **params: Any) -> Served:  # noqa: N803
        """Train a clone of the model."""
        fitted = clone(self.model).fit(X, y, **params)
        self.model_, self.schema_ = fitted, Schema(schema_of(X))
        return self

    def __getattr__(self, name: str) -> Any:
        state = self.__dict__
        # what copies and pickles asks before there is a model, and what is nobody's business
        if "model" not in state or name in ("model_", "schema_"):
            raise AttributeError(name)
        if name.startswith("_") and name != "_estimator_type":
            raise AttributeError(f"`{type(self).__name__}` has no attribute `{name}`")
        value = getattr(self.__skmig_model__, name)
        if name in CHECKED and callable(value):
            return self._checking(name, value)
        if name in _REFITTING and callable(value):
            return functools.partial(self._refit, name)
        if name == "set_output":
            return functools.partial(self._set_output, value)
        return value

    def _checking(self, name: str, method: Any) -> Any:
        @functools.wraps(method)
        def checked(X: Any, *args: Any, **params: Any) -> Any:  # noqa: N803
            answer = method(self.check_input(X), *args, **params)
            return self if name == "partial_fit" else answer

        return checked

    def _set_output(self, method: Any, **params: Any) -> Served:
        method(**params)
        return self

    def _refit(self, name: str, X: Any, y: Any = None, **params: Any) -> Any:  # noqa: N803
        model = clone(self.model)
        answer = getattr(model, name)(X, y, **params)
        self.model_, self.schema_ = model, Schema(schema_of(X))
        return answer

    def __sklearn_is_fitted__(self) -> bool:
        try:
            check_is_fitted(self.__skmig_model__)
        except NotFittedError:
            return False
        return True

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import get_tags  # not before 1.6

        return get_tags(self.model)

    def _more_tags(self) -> dict[str, Any]:
        """The same for the releases before 1.6."""
        tags = getattr(self.model, "_get_tags", None)
        return {} if tags is None else dict(tags())
