"""Estimators made of estimators: pipelines, searches, calibration, multi-class, multi-output."""

from specimens.kit import Call, Either, Fitted, Make, Ref, table

LR = Make("linear_model.LogisticRegression")
LIN = Make("linear_model.LinearRegression")
RIDGE = Make("linear_model.Ridge")
TREE = Make("tree.DecisionTreeClassifier", max_depth=3, random_state=0)
NB = Make("naive_bayes.GaussianNB")
SVC = Make("svm.LinearSVC", random_state=0)
SCALER = Make("preprocessing.StandardScaler")
MINMAX = Make("preprocessing.MinMaxScaler")
PCA = Make("decomposition.PCA", n_components=2)
ONE_HOT = Make("preprocessing.OneHotEncoder", handle_unknown="ignore")
PIPE, UNION, COLUMNS = "pipeline.Pipeline", "pipeline.FeatureUnion", "compose.ColumnTransformer"
GRID, RANDOM = "model_selection.GridSearchCV", "model_selection.RandomizedSearchCV"
ABSENT = Either("passthrough", None)
F1 = Call("sklearn.metrics.make_scorer", Ref("sklearn.metrics.f1_score"))
IMPUTER = Make("impute.SimpleImputer", strategy="median")
MIXED = Make(
    COLUMNS,
    transformers=[
        ("num", Make(PIPE, steps=[("imp", IMPUTER), ("scale", SCALER)]), ["age", "income"]),
        ("cat", ONE_HOT, ["city", "plan"]),
    ],
)


def _pipelines():
    counts = Make("feature_extraction.text.CountVectorizer")
    tfidf = Make("feature_extraction.text.TfidfVectorizer", ngram_range=(1, 2))
    idf = Make("feature_extraction.text.TfidfTransformer")
    svd = Make("decomposition.TruncatedSVD", n_components=2, random_state=0)
    return [
        (PIPE, "scaled", "multi strings", {"steps": [("scale", SCALER), ("clf", LR)]}),
        (PIPE, "frame", "binary frame", {"steps": [("scale", SCALER), ("pca", PCA), ("clf", TREE)]}),
        (PIPE, "transformer", "none", {"steps": [("scale", SCALER), ("pca", PCA)]}),
        (PIPE, "passthrough", "reg", {"steps": [("scale", ABSENT), ("reg", LIN)]}),
        (PIPE, "passthrough-last", "none", {"steps": [("scale", SCALER), ("last", ABSENT)]}),
        (PIPE, "missing", "reg nan", {"steps": [("imp", IMPUTER), ("reg", RIDGE)]}),
        (PIPE, "text", "binary strings text", {"steps": [("tfidf", tfidf), ("clf", LR)]}),
        (PIPE, "text-counts", "binary text", {"steps": [("count", counts), ("idf", idf), ("clf", Make("naive_bayes.MultinomialNB"))]}),
        (PIPE, "text-sgd", "binary strings text", {"steps": [("tfidf", tfidf), ("clf", Make("linear_model.SGDClassifier", random_state=0))]}),
        (PIPE, "text-svd", "none text", {"steps": [("tfidf", tfidf), ("svd", svd)]}),
        (PIPE, "columns", "binary strings pandas", {"steps": [("prep", MIXED), ("clf", LR)]}),
        (PIPE, "columns-forest", "reg pandas", {"steps": [("prep", MIXED), ("rf", Make("ensemble.RandomForestRegressor", n_estimators=3, random_state=0))]}),
        (PIPE, "bins", "binary", {"steps": [("bins", Make("preprocessing.KBinsDiscretizer", n_bins=3)), ("clf", Make("naive_bayes.BernoulliNB"))]}),
        (PIPE, "nested", "multi", {"steps": [("inner", Make(PIPE, steps=[("scale", SCALER), ("mm", MINMAX)])), ("clf", NB)]}),
        (PIPE, "log", "reg positive", {"steps": [("log", Make("preprocessing.FunctionTransformer", func=Ref("numpy.log1p"))), ("reg", LIN)]}),
        (PIPE, "verbose", "reg", {"steps": [("scale", SCALER), ("reg", LIN)], "verbose": False}),
        (PIPE, "unfitted", "none unfitted", {"steps": [("scale", SCALER), ("clf", LR)]}),
        (PIPE, "clusters", "none", {"steps": [("scale", SCALER), ("km", Make("cluster.KMeans", n_clusters=3, n_init=2, random_state=0))]}),
        (UNION, "default", "none", {"transformer_list": [("pca", PCA), ("scale", SCALER)]}),
        (UNION, "weights", "none", {"transformer_list": [("pca", PCA), ("scale", SCALER)], "transformer_weights": {"pca": 2.0}}),
        (UNION, "drop", "none", {"transformer_list": [("pca", PCA), ("no", Either("drop", None))]}),
        (UNION, "passthrough", "none frame", {"transformer_list": [("pca", PCA), ("as-is", "passthrough")]}),
        (UNION, "text", "none text", {"transformer_list": [("words", tfidf), ("counts", counts)]}),
    ]  # fmt: skip


def _columns():
    pair = [("a", SCALER, [0, 1]), ("b", MINMAX, [2])]
    numeric = Call("sklearn.compose.make_column_selector", dtype_include="number")
    return [
        (COLUMNS, "mixed", "none pandas", MIXED.parameters),
        (COLUMNS, "positions", "none", {"transformers": pair}),
        (COLUMNS, "passthrough", "none", {"transformers": pair, "remainder": "passthrough"}),
        (COLUMNS, "remainder-estimator", "none", {"transformers": pair, "remainder": Make("preprocessing.MaxAbsScaler")}),
        (COLUMNS, "step-passthrough", "none frame", {"transformers": [("a", SCALER, ["alpha"]), ("b", "passthrough", ["beta", "eps"]), ("c", "drop", ["delta"])]}),
        (COLUMNS, "frame-passthrough", "none frame", {"transformers": [("a", SCALER, ["alpha", "beta"])], "remainder": "passthrough"}),
        (COLUMNS, "frame-remainder", "none frame", {"transformers": [("a", SCALER, ["alpha", "beta"])], "remainder": MINMAX, "verbose_feature_names_out": False}),
        (COLUMNS, "slice", "none", {"transformers": [("a", SCALER, slice(0, 3))], "remainder": "passthrough"}),
        (COLUMNS, "mask", "none", {"transformers": [("a", SCALER, [True, False, True, False, True])]}),
        (COLUMNS, "mask-of-none", "none", {"transformers": [("a", SCALER, [False] * 5), ("b", MINMAX, [0])]}),
        (COLUMNS, "tuple", "none frame", {"transformers": [("a", SCALER, ("alpha", "beta"))]}),
        (COLUMNS, "selector", "none pandas", {"transformers": [("num", SCALER, numeric), ("cat", ONE_HOT, ["city"])]}),
        (COLUMNS, "text", "none pandas", {"transformers": [("text", Make("feature_extraction.text.TfidfVectorizer"), "city"), ("num", SCALER, ["age"])]}),
        (COLUMNS, "empty", "none frame", {"transformers": [("a", SCALER, ["alpha"]), ("none", MINMAX, [])]}),
        (COLUMNS, "weights", "none", {"transformers": pair, "transformer_weights": {"a": 3.0}}),
        (COLUMNS, "force-int", "none frame", {"transformers": [("a", SCALER, ["alpha"])], "remainder": "passthrough", "force_int_remainder_cols": False}),
        (COLUMNS, "unfitted", "none unfitted", {"transformers": pair}),
        ("compose.TransformedTargetRegressor", "default", "reg", {}),
        ("compose.TransformedTargetRegressor", "functions", "counts", {"regressor": RIDGE, "func": Ref("numpy.log"), "inverse_func": Ref("numpy.exp")}),
        ("compose.TransformedTargetRegressor", "transformer", "reg frame", {"regressor": RIDGE, "transformer": SCALER}),
    ]  # fmt: skip


def _searches():
    pipe = Make(PIPE, steps=[("prep", MIXED), ("clf", LR)])
    rows = []
    for name, key, more in (
        (GRID, "param_grid", {}),
        (RANDOM, "param_distributions", {"n_iter": 2, "random_state": 0}),
    ):
        rows += [
            (name, "default", "multi strings", dict(more, estimator=LR, cv=3, **{key: {"C": [0.1, 1.0]}})),
            (name, "forest", "binary", dict(more, estimator=Make("ensemble.RandomForestClassifier", n_estimators=3, random_state=0), cv=2, **{key: {"max_depth": [2, None]}})),
            (name, "pipeline-columns", "binary strings pandas", dict(more, estimator=pipe, cv=2, **{key: {"clf__C": [0.1, 1.0], "prep__num__imp__strategy": ["mean", "median"]}})),
            (name, "regressor", "reg frame", dict(more, estimator=RIDGE, cv=3, **{key: {"alpha": [0.1, 1.0]}})),
            (name, "metrics", "binary", dict(more, estimator=LR, cv=2, scoring=["accuracy", "roc_auc"], refit="roc_auc", **{key: {"C": [0.1, 1.0]}})),
            (name, "scorer", "binary", dict(more, estimator=LR, cv=2, scoring=F1, return_train_score=True, **{key: {"C": [0.1, 1.0]}})),
            (name, "estimators", "multi", dict(more, estimator=Make(PIPE, steps=[("s", SCALER), ("clf", LR)]), cv=2, **{key: {"clf": [LR, NB]}})),
            (name, "splitter", "multi", dict(more, estimator=NB, cv=Make("model_selection.StratifiedKFold", n_splits=3), **{key: {"priors": [None, [0.2, 0.3, 0.5]]}})),
            (name, "no-refit", "multi", dict(more, estimator=LR, cv=2, refit=False, **{key: {"C": [0.1, 1.0]}})),
            (name, "clusters", "none", dict(more, estimator=Make("cluster.KMeans", n_init=2, random_state=0), cv=2, **{key: {"n_clusters": [2, 3]}})),
        ]  # fmt: skip
    losses = {"loss": [Either("log_loss", "log")], "penalty": ["l1", "l2"]}
    sgd = Make("linear_model.SGDClassifier", random_state=0)
    rows.append((GRID, "losses", "multi", {"estimator": sgd, "cv": 2, "param_grid": losses}))
    uniform = {"C": Call("scipy.stats.uniform", 0.1, 1.0)}
    return rows + [
        (RANDOM, "distribution", "binary", {"estimator": LR, "param_distributions": uniform, "n_iter": 2, "cv": 2, "random_state": Call("numpy.random.RandomState", 3)}),
        ("grid_search.GridSearchCV", "old", "binary", {"estimator": LR, "param_grid": {"C": [0.1, 1.0]}}),
        ("model_selection.HalvingGridSearchCV", "default", "binary", {"estimator": LR, "param_grid": {"C": [0.1, 1.0]}, "cv": 2, "random_state": 0}),
        ("model_selection.TunedThresholdClassifierCV", "default", "binary", {"estimator": LR, "cv": 2}),
        ("model_selection.FixedThresholdClassifier", "default", "binary", {"estimator": LR, "threshold": 0.3}),
    ]  # fmt: skip


def _calibrated():
    c = "calibration.CalibratedClassifierCV"
    frozen = Make("frozen.FrozenEstimator", estimator=Fitted(LR, "binary"))
    return [
        (c, "default", "binary", {}),
        (c, "sigmoid", "multi strings", {"estimator": SVC, "cv": 3}),
        (c, "isotonic", "multi", {"estimator": NB, "method": "isotonic", "cv": 3}),
        (c, "isotonic-binary", "binary negative", {"estimator": SVC, "method": "isotonic", "cv": 3}),
        (c, "no-ensemble", "binary strings", {"estimator": SVC, "cv": 3, "ensemble": False}),
        (c, "temperature", "multi", {"estimator": LR, "cv": 3, "method": "temperature"}),
        (c, "prefit", "binary", {"estimator": Fitted(LR, "binary"), "cv": "prefit"}),
        (c, "frozen", "binary", {"estimator": frozen}),
        (c, "forest", "binary bools", {"estimator": Make("ensemble.RandomForestClassifier", n_estimators=3, random_state=0), "cv": 3}),
        (c, "votes", "multi", {"estimator": Make("svm.SVC"), "cv": 3}),
        (c, "frame", "multi strings frame", {"estimator": NB, "cv": 3}),
        (c, "sample-weight", "binary weights", {"estimator": NB, "cv": 3}),
        (c, "pipeline", "binary frame", {"estimator": Make(PIPE, steps=[("s", SCALER), ("clf", SVC)]), "cv": 3}),
        ("isotonic.IsotonicRegression", "default", "reg line", {}),
        ("isotonic.IsotonicRegression", "clip", "reg line", {"out_of_bounds": "clip", "increasing": False}),
    ]  # fmt: skip


def _several():
    r, o = "multiclass.OneVsRestClassifier", "multiclass.OneVsOneClassifier"
    mc, mr = "multioutput.MultiOutputClassifier", "multioutput.MultiOutputRegressor"
    forest = Make("ensemble.RandomForestRegressor", n_estimators=3, random_state=0)
    return [
        (r, "default", "multi", {"estimator": LR}),
        (r, "strings", "multi strings frame", {"estimator": SVC}),
        (r, "binary", "binary", {"estimator": LR}),
        (r, "bools", "binary bools", {"estimator": NB}),
        (r, "multilabel", "multilabel", {"estimator": LR}),
        (r, "sparse", "multi sparse", {"estimator": LR}),
        (r, "pipeline", "multi", {"estimator": Make(PIPE, steps=[("s", SCALER), ("clf", LR)])}),
        (r, "regressors", "multi", {"estimator": RIDGE}),
        (r, "one-class", "one", {"estimator": LR}),
        (r, "partial", "multi partial", {"estimator": Make("linear_model.SGDClassifier", random_state=0)}),
        (o, "default", "multi strings", {"estimator": SVC}),
        (o, "probabilities", "binary", {"estimator": NB}),
        (o, "precomputed", "multi square", {"estimator": Make("svm.SVC", kernel="precomputed")}),
        ("multiclass.OutputCodeClassifier", "default", "multi", {"estimator": LR, "random_state": 0}),
        (mc, "default", "multilabel", {"estimator": LR}),
        (mc, "pipeline", "multilabel", {"estimator": Make(PIPE, steps=[("s", SCALER), ("clf", LR)])}),
        (mc, "mixed", "multiout", {"estimator": TREE}),
        (mc, "strings", "multiout strings frame", {"estimator": TREE}),
        (mr, "default", "multireg", {"estimator": RIDGE}),
        (mr, "forest", "multireg frame", {"estimator": forest}),
        ("multioutput.ClassifierChain", "default", "multilabel", {"estimator": LR}),
        ("multioutput.ClassifierChain", "multiclass", "multiout", {"estimator": NB}),
        ("multioutput.ClassifierChain", "random", "multilabel", {"estimator": LR, "order": "random", "random_state": 0}),
        ("multioutput.RegressorChain", "default", "multireg", {"estimator": RIDGE}),
        ("dummy.DummyClassifier", "default", "multi strings", {}),
        ("dummy.DummyClassifier", "stratified", "multi", {"strategy": "stratified", "random_state": 0}),
        ("dummy.DummyRegressor", "default", "reg", {}),
        ("dummy.DummyRegressor", "column", "column", {}),
        ("dummy.DummyRegressor", "quantile", "reg", {"strategy": "quantile", "quantile": 0.3}),
        ("linear_model.RANSACRegressor", "default", "reg", {"random_state": 0}),
        ("semi_supervised.SelfTrainingClassifier", "default", "binary", {"estimator": LR}),
    ]  # fmt: skip


SPECIMENS = table(_pipelines() + _columns() + _searches() + _calibrated() + _several())
