"""The Python functions: what they take, and what they say to what they do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skmig
from skmig.errors import UnreadableError, UnsupportedError, UsageError


def test_a_target_must_be_named() -> None:
    with pytest.raises(UsageError, match="no target release"):
        skmig.migrate("model.pkl")


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(UsageError, match="`tolerance`"):
        skmig.migrate("model.pkl", "1.6.1", tolerance=1e-3)


def test_an_unknown_release_is_named_with_its_neighbours() -> None:
    with pytest.raises(UnsupportedError) as found:
        skmig.migrate("model.pkl", "1.6.7")
    assert "1.6.1" in found.value.hint


def test_payloads_come_back_in_process(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data, labels = rng.normal(size=(40, 3)), rng.integers(0, 3, 40)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(data, labels)
    path = tmp_path / "model.skmig"
    skmig.payload.dump(model, path)
    again = skmig.payload.load(path)
    np.testing.assert_array_equal(again.predict_proba(data), model.predict_proba(data))
    again.set_params(logisticregression__C=2.0).fit(data, labels)


def test_what_is_no_payload_is_said(tmp_path: Path) -> None:
    path = tmp_path / "model.skmig"
    path.write_bytes(b"something else")
    with pytest.raises(UnreadableError, match="not a payload"):
        skmig.payload.load(path)
