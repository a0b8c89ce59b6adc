"""Small real models whose payloads are mutated, each with rows that it is asked about."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse
from sklearn import cluster, ensemble, isotonic, neighbors, pipeline, preprocessing, svm, tree
from sklearn.decomposition import NMF, LatentDirichletAllocation
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neural_network import MLPClassifier


@dataclasses.dataclass(frozen=True)
class Base:
    """A fitted model, and rows that it takes."""

    model: Any
    rows: Any


_chance = np.random.RandomState(0)
X = np.abs(_chance.normal(size=(40, 3)))
C = np.c_[X[:, :2], _chance.randint(0, 5, size=40)]
y = (X[:, 0] > X[:, 1]).astype(int) + (X[:, 2] > 1)
TEXTS = ["one two three", "two three four", "five"]


def _base(model: Any, data: Any = X, target: Any = y) -> Base:
    fitted = model.fit(data, target)
    return Base(fitted, data[:5])


BASES: dict[str, Callable[[], Base]] = {
    "tree": lambda: _base(tree.DecisionTreeClassifier(max_depth=4)),
    "forest": lambda: _base(ensemble.RandomForestClassifier(3, max_depth=3)),
    "isolation": lambda: _base(ensemble.IsolationForest(n_estimators=3, max_samples=10)),
    "boosting": lambda: _base(ensemble.GradientBoostingClassifier(n_estimators=2, max_depth=2)),
    # enough of one kind to stand as a table
    "stumps": lambda: _base(ensemble.GradientBoostingClassifier(n_estimators=40, max_depth=1)),
    "histogram": lambda: _base(
        ensemble.HistGradientBoostingClassifier(
            max_iter=2, categorical_features=[2], min_samples_leaf=2, max_leaf_nodes=4
        ),
        C,
    ),
    "svc": lambda: _base(svm.SVC()),
    "sparse-svc": lambda: _base(svm.SVC(), scipy.sparse.csr_matrix(X)),
    "computed-svc": lambda: _base(svm.SVC(kernel="precomputed"), X @ X.T),
    "svr": lambda: _base(svm.NuSVR()),
    "kd": lambda: _base(neighbors.KNeighborsClassifier(algorithm="kd_tree", leaf_size=5)),
    "ball": lambda: _base(neighbors.KNeighborsRegressor(algorithm="ball_tree", leaf_size=5)),
    "brute": lambda: _base(neighbors.KNeighborsClassifier(algorithm="brute")),
    "density": lambda: _base(neighbors.KernelDensity(leaf_size=5)),
    "kmeans": lambda: _base(cluster.KMeans(3, n_init=1)),
    "bisecting": lambda: _base(cluster.BisectingKMeans(3)),
    "tfidf": lambda: Base(TfidfVectorizer().fit(TEXTS), TEXTS),
    "dicts": lambda: Base(DictVectorizer().fit([{"a": 1, "b": 2}]), [{"a": 3}, {"b": 1}]),
    "hasher": lambda: Base(FeatureHasher(8), [{"a": 3}, {"b": 1}]),
    "onehot": lambda: _base(preprocessing.OneHotEncoder(drop="first"), C[:, 2:]),
    "rare": lambda: _base(preprocessing.OneHotEncoder(min_frequency=9), C[:, 2:]),
    "labels": lambda: Base(preprocessing.MultiLabelBinarizer().fit([(1, 2), (3,)]), [(1,), (2, 3)]),
    "spline": lambda: _base(preprocessing.SplineTransformer(3)),
    "isotonic": lambda: _base(isotonic.IsotonicRegression(), X[:, 0], X[:, 1]),
    "sgd": lambda: _base(SGDClassifier(average=True)),
    "nmf": lambda: _base(NMF(2, max_iter=500, tol=1e-2)),
    "topics": lambda: _base(LatentDirichletAllocation(2, max_iter=2)),
    "gaussian": lambda: _base(GaussianProcessRegressor(), X, X[:, 0]),
    "network": lambda: _base(MLPClassifier((4,), max_iter=20, tol=10)),
    "function": lambda: _base(preprocessing.FunctionTransformer(np.log1p, kw_args={"where": True})),
    "pipeline": lambda: _base(
        pipeline.make_pipeline(preprocessing.StandardScaler(), LogisticRegression())
    ),
}
