"""What the rules say of linear models, Gaussian processes, discriminants and dummies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skmig.adapters.chain import Adapted, adapt
from skmig.payload import Name, New, Obj

LOGISTIC = "sklearn.linear_model.LogisticRegression"
ONE_VS_ONE = "sklearn.multiclass.OneVsOneClassifier"
MATERN = "sklearn.gaussian_process.Matern"


def there(graph: Obj, source: str, target: str) -> Any:
    result = adapt(graph, source, target)
    assert [said.text for said in (*result.refusals, *result.losses)] == []
    return result.graph.state


def changed(result: Adapted) -> set[str]:
    return {said.method for said in result.changes}


def logistic(**state: Any) -> Obj:
    fitted = {"classes_": np.arange(3), "coef_": np.ones((3, 2)), "intercept_": np.zeros(3)}
    return Obj(LOGISTIC, {"C": 1.0, "penalty": "l2", "multi_class": "auto", **fitted, **state})


# ------------------------------------------------------------------ logistic regression
def test_newton_cholesky_is_one_vs_rest_where_auto_would_not_say_so() -> None:
    assert there(logistic(solver="newton-cholesky"), "1.5.2", "1.1.3")["multi_class"] == "ovr"
    assert there(logistic(solver="lbfgs"), "1.5.2", "1.1.3")["multi_class"] == "auto"
    newer = logistic(solver="newton-cholesky", multi_class="deprecated")
    state = there(newer, "1.6.0", "1.1.3")
    assert (state["multi_class"], state["solver"]) == ("multinomial", "lbfgs")


def test_without_a_penalty_is_with_one_of_no_weight() -> None:
    state = there(logistic(solver="lbfgs", penalty=None), "1.2.0", "0.20.4")
    assert (state["penalty"], state["C"]) == ("l2", float("inf"))


def test_a_solver_of_newer_releases_is_replaced_for_a_refit() -> None:
    moved = adapt(logistic(solver="saga", multi_class="ovr"), "0.19.0", "0.18.2")
    assert moved.graph.state["solver"] == "sag"
    assert any("solver='sag'" in note.text for note in moved.notes)


# ------------------------------------------------------------------ generalized linear models
@pytest.mark.parametrize(
    ("name", "loss", "power", "link", "bound"),
    [
        ("Poisson", "HalfPoissonLoss", 1, "LogLink", (0, True)),
        ("Gamma", "HalfGammaLoss", 2, "LogLink", (0, False)),
        ("Tweedie", "HalfTweedieLoss", 1.5, "LogLink", (0, True)),
        ("Tweedie", "HalfTweedieLossIdentity", 0, "IdentityLink", (-float("inf"), False)),
    ],
)
def test_the_distribution_of_a_generalized_linear_model(
    name: str, loss: str, power: float, link: str, bound: tuple[float, bool]
) -> None:
    args = {"power": power} if name == "Tweedie" else {}
    newer = Obj(
        f"sklearn.linear_model.{name}Regressor",
        {**args, "coef_": np.ones(2), "_base_loss": New(f"sklearn._loss.{loss}", dict(args))},
    )
    older = there(newer, "1.1.0", "1.0.2")
    family = older["_family_instance"]
    assert family.tag == f"sklearn._loss.{name}Distribution"
    assert family.state["_power"] == power
    assert family.state["_lower_bound"].args["items"] == bound
    assert older["_link_instance"].tag == f"sklearn.linear_model.{link}"
    again = there(Obj(newer.tag, older), "1.0.2", "1.1.0")
    assert again["_base_loss"].tag == newer.state["_base_loss"].tag
    assert again["_base_loss"].args == newer.state["_base_loss"].args


def test_only_what_could_tell_a_deviation_loses_it() -> None:
    fitted = {"_normalize": True, "coef_": np.ones(2)}
    tag = "sklearn.linear_model.BayesianRidge"
    assert "_normalize" not in there(Obj(tag, dict(fitted)), "1.1.3", "1.2.0")
    with_offset = adapt(Obj(tag, {**fitted, "X_offset_": np.ones(2)}), "1.1.3", "1.2.0")
    assert [loss.text for loss in with_offset.losses]


# ------------------------------------------------------------------ kernels
def test_the_smoothest_matern_is_the_rbf() -> None:
    state = {"length_scale": 0.7, "length_scale_bounds": (1e-5, 1e5), "nu": float("inf")}
    moved = adapt(Obj(MATERN, dict(state)), "0.23.0", "0.22.2.post1").graph
    assert moved.tag == "sklearn.gaussian_process.RBF"
    assert "nu" not in moved.state
    rough = adapt(Obj(MATERN, {**state, "nu": 1.5}), "0.23.0", "0.22.2.post1").graph
    assert rough.tag == MATERN


def test_chi2_took_no_gamma() -> None:
    def ridge(gamma: Any) -> Obj:
        state = {"kernel": "chi2", "gamma": gamma, "dual_coef_": np.ones(2)}
        return Obj("sklearn.kernel_ridge.KernelRidge", state)

    assert there(ridge(None), "0.18.2", "0.19.0")["gamma"] == 1.0
    assert there(ridge(1.0), "0.19.0", "0.18.2")["gamma"] == 1.0
    assert adapt(ridge(0.5), "0.19.0", "0.18.2").losses


def test_labels_spread_by_a_function_stay_above_0_19() -> None:
    kernel = Name("function", "sklearn.metrics.rbf_kernel")
    model = Obj("sklearn.semi_supervised.LabelSpreading", {"kernel": kernel})
    assert adapt(model, "0.19.0", "0.18.2").refusals


def test_several_normalized_outputs_keep_their_means() -> None:
    model = Obj(
        "sklearn.gaussian_process.GaussianProcessRegressor",
        {
            "alpha_": np.ones((2, 2)),
            "y_train_": np.ones((2, 2)),
            "_y_train_mean": np.zeros(2),
            "_y_train_std": np.array([2.0, 3.0]),
        },
    )
    older = there(model, "0.23.0", "0.22.2.post1")
    assert older["alpha_"].tolist() == [[2.0, 3.0]] * 2
    assert older["y_train_"].tolist() == [[2.0, 3.0]] * 2


# ------------------------------------------------------------------ several models
def test_a_precomputed_kernel_has_as_many_columns_as_all_pairs_together() -> None:
    pair = Obj("sklearn.svm.SVC", {"shape_fit_": (4, 4)})
    indices = [np.array([0, 1, 3, 4]), np.array([2, 3, 4, 5])]
    state = {"estimators_": [pair, pair], "pairwise_indices_": indices, "classes_": np.arange(3)}
    assert there(Obj(ONE_VS_ONE, state), "0.22.2.post1", "0.23.0")["n_features_in_"] == 6


def test_a_pair_is_decided_elsewhere_and_says_so() -> None:
    pair = Obj(ONE_VS_ONE, {"estimators_": [Obj("sklearn.naive_bayes.GaussianNB", {})]})
    assert "predict" in changed(adapt(pair, "1.0.2", "1.1.0"))
    several = Obj(ONE_VS_ONE, {"estimators_": pair.state["estimators_"] * 3})
    assert "predict" not in changed(adapt(several, "1.0.2", "1.1.0"))


def test_a_calibration_of_votes_is_another_one() -> None:
    def calibrated(shape: str, classes: int) -> Obj:
        svc = {"classes_": np.arange(classes), "decision_function_shape": shape, "gamma": "auto"}
        steps = [("svc", Obj("sklearn.svm.SVC", svc))]
        inner = {"base_estimator": Obj("sklearn.pipeline.Pipeline", {"steps": steps})}
        part = Obj("sklearn.calibration._CalibratedClassifier", inner)
        state = {"calibrated_classifiers_": [part], "classes_": np.arange(classes)}
        return Obj("sklearn.calibration.CalibratedClassifierCV", state)

    assert "predict_proba" in changed(adapt(calibrated("ovr", 3), "0.20.4", "0.21.1"))
    for other in (calibrated("ovo", 3), calibrated("ovr", 2)):
        assert "predict_proba" not in changed(adapt(other, "0.20.4", "0.21.1"))


def test_classes_of_pipelines_are_classes_of_several_outputs() -> None:
    classes = np.array(["a", "b"])
    steps = [("clf", Obj(LOGISTIC, {"classes_": classes, "multi_class": "ovr", "solver": "sag"}))]
    state = {"estimators_": [Obj("sklearn.pipeline.Pipeline", {"steps": steps})]}
    newer = there(Obj("sklearn.multioutput.MultiOutputClassifier", state), "0.21.3", "0.22")
    assert newer["classes_"][0] is classes


# ------------------------------------------------------------------ shapes of targets
def test_a_dummy_of_a_column_is_one_of_a_flat_target() -> None:
    state = {
        "strategy": "prior",
        "n_outputs_": 1,
        "output_2d_": True,
        "classes_": [np.arange(2)],
        "n_classes_": [2],
        "class_prior_": [np.array([0.5, 0.5])],
    }
    moved = adapt(Obj("sklearn.dummy.DummyClassifier", state), "0.21.3", "0.22")
    assert moved.graph.state["n_classes_"] == 2
    assert moved.graph.state["classes_"].tolist() == [0, 1]
    assert {"predict", "predict_proba"} <= changed(moved)


def test_a_flat_target_gave_a_column() -> None:
    model = Obj("sklearn.cross_decomposition.PLSRegression", {"coef_": 1, "_predict_1d": True})
    assert "predict" in changed(adapt(model, "1.3.1", "1.3.0"))


def test_priors_are_what_the_constructor_makes_of_them() -> None:
    tag = "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis"
    older = there(Obj(tag, {"priors": [0.3, 0.7]}), "1.2.0", "1.1.3")
    assert isinstance(older["priors"], np.ndarray)


def test_requests_for_metadata_stay_above_1_3() -> None:
    request = Obj("sklearn.utils.MetadataRequest", {"owner": "Ridge"})
    moved = adapt(
        Obj("sklearn.linear_model.Ridge", {"_metadata_request": request}), "1.3.0", "1.2.2"
    )
    assert "_metadata_request" not in moved.graph.state
    assert any("metadata" in note.text for note in moved.notes)


# ------------------------------------------------------------------ frozen estimators
def frozen() -> Obj:
    svc = Obj("sklearn.svm.LinearSVC", {"coef_": np.ones((1, 2)), "dual": "auto"})
    return Obj("sklearn.frozen.FrozenEstimator", {"estimator": svc})


def test_the_calibration_of_a_frozen_estimator_is_that_of_a_fitted_one() -> None:
    inside = frozen()
    part = Obj("sklearn.calibration._CalibratedClassifier", {"estimator": inside})
    state = {"estimator": inside, "cv": None, "calibrated_classifiers_": [part], "ensemble": "auto"}
    older = there(Obj("sklearn.calibration.CalibratedClassifierCV", state), "1.6.0", "1.5.2")
    assert older["cv"] == "prefit"
    assert older["ensemble"] is True  # which means nothing there
    assert older["estimator"].tag == "sklearn.svm.LinearSVC"
    assert older["calibrated_classifiers_"][0].state["estimator"] is older["estimator"]


def test_a_frozen_estimator_is_what_it_holds_where_that_is_allowed() -> None:
    assert adapt(frozen(), "1.6.0", "1.1.3").refusals
    moved = adapt(frozen(), "1.6.0", "1.1.3", substitution=True)
    assert not moved.refusals
    assert moved.graph.tag == "sklearn.svm.LinearSVC"
    assert moved.graph.state["dual"] is True
