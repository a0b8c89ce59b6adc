"""Classes of before 0.22 that go on under another name, or as another class that says the same.

- GraphLasso is GraphicalLasso since 0.20; both are there until 0.21 (covariance/graph_lasso_.py).
- RandomizedPCA is PCA(svd_solver="randomized"), whose `components_` are never scaled: its
  docstring in 0.18 says so (decomposition/pca.py).
- The solver of ProjectedGradientNMF is that of NMF(solver="pg") (decomposition/nmf.py).
- GMM is GaussianMixture with the covariances factorised beforehand (mixture/gmm.py: score_samples,
  mixture/gaussian_mixture.py: _estimate_log_gaussian_prob).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters.forms import text
from skmig.adapters.ops import Refusal, Step
from skmig.payload import Obj

GRAPH = {
    f"sklearn.covariance.GraphLasso{kind}": f"sklearn.covariance.GraphicalLasso{kind}"
    for kind in ("", "CV")
}
_FORMER = {new: old for old, new in GRAPH.items()}
_JITTER = 1e-7  # what GMM adds to a covariance that is not positive definite


def unchanged(obj: Obj, step: Step) -> None:
    """The class is there on that side too."""


def graphical(obj: Obj, step: Step) -> None:
    obj.tag = GRAPH[obj.tag]


def graph(obj: Obj, step: Step) -> None:
    obj.tag = _FORMER[obj.tag]


def _become(obj: Obj, step: Step, tag: str, settings: dict[str, Any]) -> None:
    """Another class: its settings, those that are not given by their defaults."""
    obj.tag = tag
    defaults = step.parameters(tag, step.newer) or {}
    obj.state = {**defaults, **settings}


# ------------------------------------------------------------------ RandomizedPCA
def principal_components(obj: Obj, step: Step) -> None:
    """Rows of `components_` are unit vectors, that whitening had divided by their deviation."""
    state = obj.state
    names = ("n_components", "copy", "whiten", "iterated_power", "random_state")
    settings = {name: state[name] for name in names if name in state}
    _become(obj, step, "sklearn.decomposition.PCA", {**settings, "svd_solver": "randomized"})
    if "components_" not in state:
        return
    components, variance = state["components_"], state["explained_variance_"]
    if settings.get("whiten"):
        components = components * np.sqrt(variance)[:, np.newaxis]
        step.changed(
            obj,
            "inverse_transform",
            "decomposition/pca.py: RandomizedPCA left its output whitened, PCA undoes that",
        )
    kept, features = components.shape
    ratio = state["explained_variance_ratio_"]
    rest = variance[0] / ratio[0] - variance.sum() if ratio[0] else 0.0
    obj.state.update(
        mean_=state["mean_"],
        components_=components,
        explained_variance_=variance,
        explained_variance_ratio_=ratio,
        n_components_=kept,
        noise_variance_=max(rest, 0.0) / (features - kept) if kept < features else 0.0,
        _fit_svd_solver="randomized",
    )
    if kept < features:
        step.note(
            obj,
            "`noise_variance_` (of get_covariance and score, which RandomizedPCA had not) is that "
            "of at least as many samples as features: how many there were it did not keep",
        )


# ------------------------------------------------------------------ NMF by projected gradients
def coordinate_descent(obj: Obj, step: Step) -> None:
    """The same components, and the same problem at transform, solved by another method."""
    state = obj.state
    if not text(state.get("solver"), "pg"):
        return
    if state.get("sparseness") is not None and "components_" in state:
        step.loss(obj, f"`sparseness={state['sparseness']!r}`, by which transform works too")
    state["solver"] = "cd"
    for name in ("comp_sparseness_", "data_sparseness_"):
        state.pop(name, None)
    why = "decomposition/nmf.py: solver='pg' is gone, 'cd' ends at another approximation"
    for method in ("transform", "inverse_transform"):
        step.changed(obj, method, why)


def projected_gradient(obj: Obj, step: Step) -> None:
    obj.tag = "sklearn.decomposition.NMF"
    coordinate_descent(obj, step)


# ------------------------------------------------------------------ GMM
def gaussian_mixture(obj: Obj, step: Step) -> None:
    """The same weights, means and covariances; asked only where the user allows it."""
    if not step.substitute(
        obj,
        "GMM is gone: a GaussianMixture answers the same by predict and predict_proba (its "
        "score_samples gives the log-likelihoods without the responsibilities, its score their "
        "mean),",
    ):
        return
    state = obj.state
    names = ("n_components", "covariance_type", "tol", "n_init", "random_state", "verbose")
    settings = {name: state[name] for name in names if name in state}
    settings["reg_covar"] = state.get("min_covar", 1e-3)
    settings["max_iter"] = max(1, state.get("n_iter", 100))
    for name in ("params", "init_params"):
        if sorted(state.get(name) or "wmc") != sorted("wmc"):
            step.note(obj, f"training setting `{name}={state[name]!r}` does not exist any more")
    _become(obj, step, "sklearn.mixture.GaussianMixture", settings)
    if "means_" not in state:
        return
    kind, covariances = _covariances(obj, settings["covariance_type"], state["covars_"])
    obj.state["covariance_type"] = kind
    factors = _factors(kind, covariances)
    obj.state.update(
        weights_=state["weights_"],
        means_=state["means_"],
        covariances_=covariances,
        precisions_cholesky_=factors,
        precisions_=factors**2
        if kind in ("diag", "spherical")
        else np.matmul(factors, np.swapaxes(factors, -1, -2)),
        converged_=bool(state.get("converged_", False)),
        # what GaussianMixture.fit begins with: GMM kept neither
        n_iter_=0,
        lower_bound_=-np.inf,
    )
    step.changed(obj, "score_samples", "mixture/base.py: the log-likelihoods alone, not a pair")


def _covariances(obj: Obj, kind: str, covars: Any) -> tuple[str, Any]:
    """In the shape of GaussianMixture: one number for each spherical component."""
    covars = np.asarray(covars)
    if kind != "spherical":
        return kind, covars
    rows = covars.reshape(len(covars), -1)
    if (rows == rows[:, :1]).all():
        return kind, np.ascontiguousarray(rows[:, 0])
    # they were set by hand
    return "diag", covars


def _factors(kind: str, covariances: Any) -> Any:
    """The upper triangular factors of the precisions (mixture/gaussian_mixture.py)."""
    if kind in ("diag", "spherical"):
        return 1.0 / np.sqrt(covariances)
    one = np.eye(covariances.shape[-1])

    def factor(covariance: Any) -> Any:
        for more in (0.0, _JITTER):
            try:
                lower = np.linalg.cholesky(covariance + more * one)
            except np.linalg.LinAlgError:
                continue
            return np.triu(np.linalg.inv(lower).T)
        raise Refusal("a covariance is not positive definite: it has no answer in either release")

    return factor(covariances) if kind == "tied" else np.stack([factor(c) for c in covariances])
