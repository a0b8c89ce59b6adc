"""Searches of before 0.20: `sklearn.grid_search` goes on as `sklearn.model_selection`.

Both predict by `best_estimator_`.  `grid_scores_` is a list of (parameters, mean, scores of the
folds); `cv_results_` has them as columns, and more that the old search did not keep: the times.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters.forms import is_obj
from skmig.adapters.ops import Step
from skmig.payload import New, Obj

NEW = {
    f"sklearn.grid_search.{name}": f"sklearn.model_selection.{name}"
    for name in ("GridSearchCV", "RandomizedSearchCV")
}


def modernise(obj: Obj, step: Step) -> None:
    """The state of the successor: settings, best estimator and the results as columns."""
    state = obj.state
    obj.tag = NEW[obj.tag]
    state["fit_params"] = state.get("fit_params") or None
    for name, default in (step.parameters(obj.tag, step.newer) or {}).items():
        state.setdefault(name, default)
    splitter = state.get("cv")
    if is_obj(splitter) and splitter.tag.startswith("sklearn.cross_validation."):
        state["cv"] = None
        step.note(obj, f"`cv`: {splitter.tag} was removed in {step.newer}, a new fit takes 3 folds")
    scores = state.pop("grid_scores_", None)
    if scores is None:
        return
    results = columns([score.args["items"] for score in scores])
    state.update(
        cv_results_=results,
        best_index_=int(np.argmax(results["mean_test_score"])),
        multimetric_=False,
        n_splits_=sum(name.startswith("split") for name in results),
    )
    step.changed(
        obj,
        "inverse_transform",
        "grid_search.py: inverse_transform called `transform` of the best estimator",
    )


def columns(scores: list[tuple[dict[str, Any], float, Any]]) -> dict[str, Any]:
    """`cv_results_` of (parameters, mean, scores of the folds) for each candidate."""
    found: dict[str, Any] = {}
    for name in sorted({name for parameters, _, _ in scores for name in parameters}):
        values = np.empty(len(scores), dtype=object)
        values[:] = [parameters.get(name) for parameters, _, _ in scores]
        mask = np.array([name not in parameters for parameters, _, _ in scores])
        found[f"param_{name}"] = New(
            "numpy.ma.MaskedArray", {"data": values, "mask": mask, "fill_value": "?"}
        )
    found["params"] = [parameters for parameters, _, _ in scores]
    folds = np.array([fold for _, _, fold in scores], dtype=np.float64)
    for i, fold in enumerate(folds.T):
        found[f"split{i}_test_score"] = np.ascontiguousarray(fold)
    means = np.array([mean for _, mean, _ in scores], dtype=np.float64)
    found["mean_test_score"] = means
    found["std_test_score"] = folds.std(axis=1)
    found["rank_test_score"] = np.array([1 + (means > mean).sum() for mean in means], np.int32)
    return found


def keep(obj: Obj, step: Step) -> None:
    """The older release has the new module too."""
