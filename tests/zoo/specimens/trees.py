"""Trees and ensembles of them."""

from specimens.kit import Call, Either, Make, Ref, table

LR = Make("linear_model.LogisticRegression")
ABSOLUTE = Either("absolute_error", "mae", "lad")
ADA = Make("ensemble.AdaBoostClassifier", n_estimators=3, random_state=0)
RNG = Call("numpy.random.RandomState", 3)


def _single(name):
    return [
        (name, "multiclass", "multi", {"random_state": 0}),
        (name, "strings", "multi strings", {"random_state": 0, "criterion": "entropy"}),
        (name, "objects", "multi objects", {"random_state": 0, "criterion": Either("log_loss")}),
        (name, "negative", "binary negative", {"random_state": 0, "max_depth": 3}),
        (name, "bools", "binary bools", {"random_state": 0, "max_leaf_nodes": 5}),
        (name, "one-class", "one", {"random_state": 0}),
        (name, "multi-output", "multiout", {"random_state": 0}),
        (name, "multi-output-strings", "multiout strings", {"random_state": 0, "max_depth": 3}),
        (name, "sparse", "multi sparse", {"random_state": 0}),
        (name, "float32", "multi f32", {"random_state": 0}),
        (name, "class-weight", "multi", {"random_state": 0, "class_weight": "balanced"}),
        (name, "class-weight-dict", "binary", {"random_state": 0, "class_weight": {0: 1, 1: 3.5}}),
        (name, "sample-weight", "binary weights", {"random_state": 0, "max_depth": 4}),
        (name, "random-splits", "multi", {"splitter": "random", "random_state": RNG}),
        (name, "missing", "multi nan", {"random_state": 0}),
        (name, "frame", "multi frame", {"random_state": 0, "max_features": "sqrt"}),
        (name, "pruned", "multi", {"random_state": 0, "ccp_alpha": 0.02}),
        (name, "monotonic", "binary", {"random_state": 0, "monotonic_cst": [1, 0, 0, -1, 0]}),
        (name, "unfitted", "binary unfitted", {}),
    ]


def _regressor(name):
    return [
        (name, "default", "reg", {"random_state": 0}),
        (name, "absolute", "reg", {"criterion": ABSOLUTE, "max_depth": 3, "random_state": 0}),
        (name, "friedman", "reg", {"criterion": "friedman_mse", "random_state": 0}),
        (name, "poisson", "counts", {"criterion": "poisson", "random_state": 0}),
        (name, "multi-output", "multireg", {"random_state": 0, "max_depth": 4}),
        (name, "sparse", "reg csc", {"random_state": 0}),
        (name, "missing", "reg nan", {"random_state": 0}),
        (name, "frame", "reg frame", {"random_state": 0}),
        (name, "sample-weight", "reg weights", {"random_state": 0, "min_samples_leaf": 3}),
        (name, "monotonic", "reg", {"monotonic_cst": [1, 0, 0, 0, -1], "random_state": 0}),
    ]


def _forest(name):
    small = {"n_estimators": 5, "random_state": 0}
    return [
        (name, "default", "multi strings", {"random_state": 0}),
        (name, "binary", "binary", small),
        (name, "bools", "binary bools", small),
        (name, "negative", "multi negative", dict(small, max_depth=3)),
        (name, "oob", "multi", dict(small, n_estimators=30, bootstrap=True, oob_score=True)),
        (name, "class-weight", "multi", dict(small, class_weight="balanced")),
        (name, "subsample-weight", "multi", dict(small, class_weight="balanced_subsample", bootstrap=True)),
        (name, "multi-output", "multiout", small),
        (name, "multilabel", "multilabel", small),
        (name, "sparse", "binary sparse", small),
        (name, "float32", "binary f32", small),
        (name, "frame", "multi strings frame", small),
        (name, "missing", "multi nan", small),
        (name, "warm-start", "multi grow", dict(small, warm_start=True)),
        (name, "random-state-object", "multi", dict(small, random_state=RNG)),
        (name, "oob-function", "multi", dict(small, n_estimators=30, bootstrap=True, oob_score=Ref("sklearn.metrics.balanced_accuracy_score"))),
        (name, "multi-output-strings", "multiout strings", small),
        (name, "max-samples", "multi", dict(small, bootstrap=True, max_samples=0.5)),
        (name, "no-bootstrap", "multi weights", dict(small, bootstrap=False)),
        (name, "monotonic", "binary", dict(small, monotonic_cst=[1, 0, 0, -1, 0])),
        (name, "pruned", "multi", dict(small, ccp_alpha=0.01)),
    ]  # fmt: skip


def _forest_regressor(name):
    small = {"n_estimators": 5, "random_state": 0}
    return [
        (name, "default", "reg", {"random_state": 0}),
        (name, "absolute", "reg", dict(small, criterion=ABSOLUTE, max_depth=3)),
        (name, "poisson", "counts", dict(small, criterion="poisson")),
        (name, "multi-output", "multireg", small),
        (name, "oob", "reg", dict(small, n_estimators=30, bootstrap=True, oob_score=True)),
        (name, "frame", "reg frame", small),
        (name, "missing", "reg nan", small),
        (name, "warm-start", "reg grow", dict(small, warm_start=True)),
        (name, "sparse", "reg sparse", small),
    ]


def _boosting():
    c, r = "ensemble.GradientBoostingClassifier", "ensemble.GradientBoostingRegressor"
    small = {"n_estimators": 5, "random_state": 0}
    early = dict(small, n_estimators=20, n_iter_no_change=2, validation_fraction=0.2)
    return [
        (c, "default", "binary", {"random_state": 0}),
        (c, "multiclass-strings", "multi strings", small),
        (c, "negative", "binary negative", small),
        (c, "bools", "binary bools", small),
        (c, "exponential", "binary", dict(small, loss="exponential")),
        (c, "init", "binary", dict(small, init=LR)),
        (c, "init-multiclass", "multi", dict(small, init=LR)),
        (c, "init-tree", "binary", dict(small, init=Make("tree.DecisionTreeClassifier", random_state=0))),
        (c, "init-zero", "multi", dict(small, init="zero")),
        (c, "init-constant", "multi", dict(small, init=Make("dummy.DummyClassifier", strategy="constant", constant=1))),
        (c, "warm-start", "multi grow", dict(small, warm_start=True)),
        (c, "early-stopping", "multi", early),
        (c, "subsample", "binary", dict(small, subsample=0.5, random_state=RNG)),
        (c, "sparse", "multi sparse", small),
        (c, "float32", "binary f32", small),
        (c, "frame", "multi frame", dict(small, max_features="sqrt")),
        (c, "sample-weight", "binary weights", small),
        (r, "default", "reg", {"random_state": 0}),
        (r, "absolute", "reg", dict(small, loss=ABSOLUTE)),
        (r, "huber", "reg", dict(small, loss="huber", alpha=0.8)),
        (r, "quantile", "reg", dict(small, loss="quantile", alpha=0.3)),
        (r, "init", "reg", dict(small, init=Make("linear_model.LinearRegression"))),
        (r, "init-zero", "reg", dict(small, init="zero")),
        (r, "init-quantile", "reg", dict(small, init=Make("ensemble.gradient_boosting.QuantileEstimator", alpha=0.3))),
        (r, "early-stopping", "reg", early),
        (r, "warm-start", "reg grow", dict(small, warm_start=True)),
        (r, "subsample", "reg", dict(small, subsample=0.7)),
        (r, "frame", "reg frame", small),
    ]  # fmt: skip


def _hist():
    c, r = "ensemble.HistGradientBoostingClassifier", "ensemble.HistGradientBoostingRegressor"
    small = {"max_iter": 5, "min_samples_leaf": 3, "random_state": 0}
    early = dict(small, max_iter=20, n_iter_no_change=2, validation_fraction=0.2)
    categories = dict(small, categorical_features=[0])
    return [
        (c, "default", "binary", {"random_state": 0}),
        (c, "multiclass-strings", "multi strings", small),
        (c, "negative", "multi negative", small),
        (c, "bools", "binary bools", small),
        (c, "missing", "binary nan", small),
        (c, "missing-frame", "multi nan frame", small),
        (c, "categorical", "multi ints", categories),
        (c, "categorical-mask", "binary ints", dict(small, categorical_features=[True, False])),
        (c, "categorical-names", "binary frame whole", dict(small, categorical_features=["alpha"])),
        (c, "categorical-dtype", "binary pandas numeric", dict(small, categorical_features="from_dtype")),
        (c, "early-stopping", "multi", dict(early, early_stopping=True)),
        (c, "early-stopping-loss", "multi strings", dict(early, scoring="loss")),
        (c, "early-stopping-score", "multi", dict(early, early_stopping=True, scoring=None)),
        (c, "monotonic", "binary", dict(small, monotonic_cst=[1, 0, 0, -1, 0])),
        (c, "interaction", "binary", dict(small, interaction_cst=[{0, 1}, {2, 3, 4}])),
        (c, "class-weight", "multi", dict(small, class_weight="balanced")),
        (c, "max-features", "multi", dict(small, max_features=0.5)),
        (c, "warm-start", "multi again", dict(small)),
        (c, "sample-weight", "binary weights", small),
        (r, "default", "reg", {"random_state": 0}),
        (r, "absolute", "reg", dict(small, loss=Either("absolute_error", "least_absolute_deviation"))),
        (r, "poisson", "counts", dict(small, loss="poisson")),
        (r, "gamma", "counts", dict(small, loss="gamma")),
        (r, "quantile", "reg", dict(small, loss="quantile", quantile=0.7)),
        (r, "missing", "reg nan", small),
        (r, "categorical", "reg ints", categories),
        (r, "frame", "reg frame", dict(small, max_bins=15)),
        (r, "early-stopping", "reg", dict(early, early_stopping=True)),
    ]  # fmt: skip


def _meta():
    ada, adar = "ensemble.AdaBoostClassifier", "ensemble.AdaBoostRegressor"
    bag, bagr = "ensemble.BaggingClassifier", "ensemble.BaggingRegressor"
    five = {"n_estimators": 5, "random_state": 0}
    stump = Make("tree.DecisionTreeClassifier", max_depth=2)
    knn = Make("neighbors.KNeighborsClassifier", n_neighbors=3)
    return [
        (ada, "default", "multi", {"random_state": 0}),
        (ada, "binary-strings", "binary strings", five),
        (ada, "samme", "multi", dict(five, algorithm="SAMME")),
        (ada, "real", "binary", dict(five, algorithm="SAMME.R")),
        (ada, "logistic", "multi strings", dict(five, estimator=LR)),
        (ada, "tree-base", "multi negative", dict(five, estimator=stump, random_state=RNG)),
        (ada, "sparse", "binary sparse", five),
        (adar, "default", "reg", {"random_state": 0}),
        (adar, "square", "reg", dict(five, loss="square")),
        (adar, "exponential", "reg frame", dict(five, loss="exponential")),
        (adar, "linear-base", "reg", dict(five, estimator=Make("linear_model.LinearRegression"))),
        (bag, "default", "multi", {"random_state": 0}),
        (bag, "neighbors", "multi strings", dict(five, estimator=knn, max_features=0.6)),
        (bag, "oob", "binary", dict(five, n_estimators=30, oob_score=True)),
        (bag, "warm-start", "binary grow", dict(five, warm_start=True)),
        (bag, "searches", "multi", dict(five, estimator=Make("model_selection.GridSearchCV", estimator=stump, param_grid={"max_depth": [1, 2]}, cv=2))),
        (bag, "votes", "multi", dict(five, estimator=Make("ensemble.VotingClassifier", estimators=[("a", stump), ("b", LR)]))),
        (bag, "frame", "multi frame", dict(five, max_samples=0.7)),
        (bagr, "default", "reg", {"random_state": 0}),
        (bagr, "features", "reg", dict(five, max_features=3, bootstrap_features=True)),
        ("ensemble.IsolationForest", "default", "none", {"random_state": 0}),
        ("ensemble.IsolationForest", "contamination", "none", dict(five, contamination=0.1)),
        ("ensemble.IsolationForest", "max-samples", "none", dict(five, max_samples=32, max_features=3)),
        ("ensemble.IsolationForest", "one-sample", "none", dict(five, max_samples=1)),
        ("ensemble.IsolationForest", "sparse", "none sparse", dict(five, contamination=0.2)),
        ("ensemble.IsolationForest", "frame", "none frame", five),
        ("ensemble.IsolationForest", "new-behaviour", "none", dict(five, behaviour="new")),
        ("ensemble.RandomTreesEmbedding", "default", "none", five),
        ("ensemble.RandomTreesEmbedding", "dense", "none", dict(five, sparse_output=False)),
    ]  # fmt: skip


def _committees():
    pair = [("lr", LR), ("tree", Make("tree.DecisionTreeClassifier", max_depth=3, random_state=0))]
    duo = [
        ("lin", Make("linear_model.LinearRegression")),
        ("tree", Make("tree.DecisionTreeRegressor", random_state=0)),
    ]
    nb = Make("naive_bayes.GaussianNB")
    v, s = "ensemble.VotingClassifier", "ensemble.StackingClassifier"
    return [
        (v, "hard", "multi strings", {"estimators": pair}),
        (v, "soft", "multi", {"estimators": pair, "voting": "soft", "weights": [1, 2]}),
        (v, "flat", "binary", {"estimators": pair, "voting": "soft", "flatten_transform": False}),
        (v, "drop", "binary", {"estimators": [*pair, ("nb", Either("drop", None))]}),
        (v, "unfitted", "multi unfitted", {"estimators": pair}),
        (v, "boosted", "multi", {"estimators": [("ada", ADA), ("lr", LR)], "voting": "soft"}),
        ("calibration.CalibratedClassifierCV", "boosted", "multi", {"estimator": ADA, "cv": 3}),
        (v, "frame", "binary bools frame", {"estimators": pair}),
        ("ensemble.VotingRegressor", "default", "reg", {"estimators": duo}),
        ("ensemble.VotingRegressor", "weights", "reg frame", {"estimators": duo, "weights": [0.2, 0.8]}),
        (s, "default", "binary", {"estimators": pair}),
        (s, "multiclass", "multi strings", {"estimators": pair, "cv": 3}),
        (s, "passthrough", "multi", {"estimators": pair, "passthrough": True, "cv": 3, "final_estimator": nb}),
        (s, "predict", "binary", {"estimators": pair, "stack_method": "predict", "cv": 3}),
        (s, "drop", "binary", {"estimators": [*pair, ("nb", "drop")], "cv": 3}),
        (s, "frame", "multi frame", {"estimators": pair, "cv": 3}),
        ("ensemble.StackingRegressor", "default", "reg", {"estimators": duo}),
        ("ensemble.StackingRegressor", "passthrough", "reg", {"estimators": duo, "passthrough": True, "cv": 3}),
    ]  # fmt: skip


def _selectors():
    name = "feature_selection.SelectFromModel"
    tree = Make("tree.DecisionTreeClassifier", max_depth=3, random_state=0)
    scaled = Make(
        "pipeline.Pipeline", steps=[("s", Make("preprocessing.StandardScaler")), ("t", tree)]
    )
    return [
        (name, "tree", "multi", {"estimator": tree, "max_features": 2}),
        (name, "counted", "multi", {"estimator": tree, "max_features": Ref("sklearn.utils.validation._num_features")}),
        (name, "getter", "multi", {"estimator": scaled, "importance_getter": "named_steps.t.feature_importances_"}),
    ]  # fmt: skip


SPECIMENS = table(
    _single("tree.DecisionTreeClassifier")
    + _single("tree.ExtraTreeClassifier")
    + _regressor("tree.DecisionTreeRegressor")
    + _regressor("tree.ExtraTreeRegressor")
    + _forest("ensemble.RandomForestClassifier")
    + _forest("ensemble.ExtraTreesClassifier")
    + _forest_regressor("ensemble.RandomForestRegressor")
    + _forest_regressor("ensemble.ExtraTreesRegressor")
    + _boosting()
    + _hist()
    + _meta()
    + _committees()
    + _selectors()
)
