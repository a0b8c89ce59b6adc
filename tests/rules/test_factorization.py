"""How strongly NMF holds W down at transform, by the parameters of each release."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skmig.adapters.chain import adapt
from skmig.payload import Obj

NMF = "sklearn.decomposition.NMF"
FEATURES = 4


def arrived(source: str, target: str, dtype: Any = np.float64, **state: Any) -> dict[str, Any]:
    fitted = {"components_": np.ones((2, FEATURES), dtype=dtype), "l1_ratio": 0.0, **state}
    result = adapt(Obj(NMF, fitted), source, target)
    assert not result.refusals
    assert not result.losses
    found: dict[str, Any] = result.graph.state
    return found


@pytest.mark.parametrize(
    ("kind", "weight"), [("both", 0.3), ("transformation", 0.3), ("components", 0.0), (None, 0.0)]
)
def test_alpha_is_alpha_w_of_all_features(kind: Any, weight: float) -> None:
    state = arrived("0.24.2", "1.2.0", alpha=0.3, regularization=kind)
    assert "alpha" not in state
    assert FEATURES * state["alpha_W"] == pytest.approx(weight)


@pytest.mark.parametrize(
    ("other", "kind"), [("same", "both"), (0.5, "both"), (0.0, "transformation")]
)
def test_alpha_w_of_all_features_is_alpha(other: Any, kind: str) -> None:
    state = arrived("1.2.0", "0.24.2", alpha_W=0.1, alpha_H=other)
    assert state["alpha"] == pytest.approx(0.1 * FEATURES)
    assert state["regularization"] == kind
    assert "alpha_W" not in state


def test_a_weight_of_h_alone_holds_nothing_down_at_transform() -> None:
    state = arrived("1.2.0", "0.24.2", alpha_W=0.0, alpha_H=0.5)
    assert state["alpha"] == 0.0


@pytest.mark.parametrize(
    ("kind", "alpha"), [("both", 0.3), ("transformation", 0.3), ("components", 0.0), (None, 0.0)]
)
def test_alpha_below_0_24_always_holds_w_down(kind: Any, alpha: float) -> None:
    state = arrived("0.24.2", "0.23.2", alpha=0.3, regularization=kind)
    assert state["alpha"] == alpha
    assert "regularization" not in state


def test_single_precision_is_double_below_0_23() -> None:
    state = arrived("0.23.0", "0.22.2.post1", np.float32, alpha=0.0)
    assert state["components_"].dtype == np.float64
    single = Obj(NMF, {"components_": np.ones((2, 2), np.float32)})
    methods = {change.method for change in adapt(single, "0.23.0", "0.22.2.post1").changes}
    assert {"transform", "inverse_transform"} <= methods
