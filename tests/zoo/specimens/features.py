"""Scalers, encoders, imputers, text and feature selection."""

from specimens.kit import Call, Make, Ref, table

RNG = Call("numpy.random.RandomState", 3)
NAN = float("nan")
LOG1P, EXPM1 = Ref("numpy.log1p"), Ref("numpy.expm1")


def _scalers():
    s, m, r = ("preprocessing." + n for n in ("StandardScaler", "MinMaxScaler", "RobustScaler"))
    rows = []
    for name in (s, m, r):
        rows += [
            (name, "default", "none", {}),
            (name, "missing", "none nan", {}),
            (name, "float32", "none f32", {}),
            (name, "frame", "none frame", {}),
            (name, "unfitted", "none unfitted", {}),
        ]
    return rows + [
        (s, "no-mean-sparse", "none sparse", {"with_mean": False}),
        (s, "no-std", "none", {"with_std": False}),
        (s, "neither", "none", {"with_mean": False, "with_std": False}),
        (s, "sample-weight", "none weights", {}),
        (s, "partial", "none partial", {}),
        (s, "partial-missing", "none nan partial", {}),
        (s, "whole", "none whole", {}),
        (m, "range", "none", {"feature_range": (-1, 1)}),
        (m, "clip", "none", {"clip": True}),
        (m, "partial", "none partial", {}),
        (r, "quantiles", "none", {"quantile_range": (10.0, 90.0)}),
        (r, "no-centering-sparse", "none sparse", {"with_centering": False}),
        (r, "no-scaling", "none", {"with_scaling": False}),
        (r, "neither", "none", {"with_centering": False, "with_scaling": False}),
        (r, "unit-variance", "none", {"unit_variance": True}),
        ("preprocessing.MaxAbsScaler", "default", "none", {}),
        ("preprocessing.Normalizer", "default", "none", {}),
        ("preprocessing.Binarizer", "default", "none", {"threshold": 0.2}),
        ("preprocessing.PolynomialFeatures", "default", "none", {}),
        ("preprocessing.PolynomialFeatures", "interactions", "none frame", {"interaction_only": True}),
        ("preprocessing.PolynomialFeatures", "sparse", "none sparse", {}),
        ("preprocessing.PowerTransformer", "default", "none", {}),
        ("preprocessing.PowerTransformer", "box-cox", "none positive", {"method": "box-cox", "standardize": False}),
        ("preprocessing.QuantileTransformer", "default", "none", {"n_quantiles": 20, "random_state": 0}),
        ("preprocessing.KBinsDiscretizer", "default", "none", {}),
        ("preprocessing.KBinsDiscretizer", "ordinal", "none", {"encode": "ordinal", "strategy": "uniform", "n_bins": 3}),
        ("preprocessing.SplineTransformer", "default", "none", {}),
        ("preprocessing.SplineTransformer", "periodic", "none", {"extrapolation": "periodic"}),
        ("preprocessing.KernelCenterer", "default", "none square", {}),
        ("preprocessing.FunctionTransformer", "identity", "none", {}),
        ("preprocessing.FunctionTransformer", "log", "none positive", {"func": LOG1P, "inverse_func": EXPM1}),
        ("preprocessing.FunctionTransformer", "validate", "none positive", {"func": LOG1P, "validate": True}),
        ("preprocessing.FunctionTransformer", "keywords", "none", {"func": Ref("numpy.clip"), "kw_args": {"a_min": -1, "a_max": 1}}),
        ("preprocessing.FunctionTransformer", "getter", "none pandas", {"func": Call("operator.itemgetter", ["age", "income"])}),
        ("preprocessing.FunctionTransformer", "renamed", "none", {"func": Ref("numpy.round")}),
        ("preprocessing.FunctionTransformer", "scaler", "none", {"func": Ref("sklearn.preprocessing.scale")}),
        ("preprocessing.FunctionTransformer", "frame", "none frame", {"feature_names_out": "one-to-one", "func": Ref("numpy.abs")}),
    ]  # fmt: skip


def _encoders():
    o, d = "preprocessing.OneHotEncoder", "preprocessing.OrdinalEncoder"
    unknown = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
    return [
        (o, "default", "none words", {}),
        (o, "unicode", "none words unicode", {}),
        (o, "ints", "none ints", {}),
        (o, "ignore", "none words", {"handle_unknown": "ignore"}),
        (o, "ignore-ints", "none ints", {"handle_unknown": "ignore"}),
        (o, "dense", "none words", {"sparse_output": False}),
        (o, "dense-ints", "none ints", {"sparse_output": False}),
        (o, "drop-first", "none words", {"drop": "first"}),
        (o, "drop-binary", "none words", {"drop": "if_binary"}),
        (o, "drop-array", "none words", {"drop": ["red", "blue"]}),
        (o, "drop-ignore", "none words", {"drop": "first", "handle_unknown": "ignore"}),
        (o, "warn", "none words", {"handle_unknown": "warn", "min_frequency": 5}),
        (o, "categories", "none ints", {"categories": [[0, 1, 2, 3, 4], [0, 1, 2, 3]]}),
        (o, "infrequent", "none words", {"handle_unknown": "infrequent_if_exist", "min_frequency": 5}),
        (o, "max-categories", "none words", {"max_categories": 3, "drop": "first"}),
        (o, "missing", "none words gaps", {"handle_unknown": "ignore"}),
        (o, "frame", "none words frame", {}),
        (o, "dtype", "none words", {"dtype": Ref("numpy.float32")}),
        (o, "n-values", "none ints", {"n_values": 5}),
        (d, "default", "none words", {}),
        (d, "ints", "none ints", {}),
        (d, "unknown", "none words", unknown),
        (d, "unknown-nan", "none words", dict(unknown, unknown_value=NAN)),
        (d, "missing", "none words gaps", dict(unknown, encoded_missing_value=-2)),
        (d, "missing-plain", "none words gaps", {}),
        (d, "infrequent", "none words", dict(unknown, min_frequency=5)),
        (d, "limit", "none words", {"max_categories": 50}),
        (d, "categories", "none ints", {"categories": [[0, 1, 2, 3, 4], [0, 1, 2, 3]]}),
        (d, "frame", "none words frame", {}),
        (d, "dtype", "none words", {"dtype": Ref("numpy.int32")}),
        ("preprocessing.TargetEncoder", "default", "binary words", {"random_state": 0}),
        ("preprocessing.TargetEncoder", "multiclass", "multi strings words", {"random_state": 0}),
        ("preprocessing.LabelEncoder", "strings", "multi strings labels", {}),
        ("preprocessing.LabelEncoder", "objects", "multi objects labels", {}),
        ("preprocessing.LabelEncoder", "negative", "multi negative labels", {}),
        ("preprocessing.LabelEncoder", "bools", "binary bools labels", {}),
        ("preprocessing.LabelEncoder", "unfitted", "binary labels unfitted", {}),
        ("preprocessing.LabelBinarizer", "binary", "binary labels", {}),
        ("preprocessing.LabelBinarizer", "strings", "multi strings labels", {}),
        ("preprocessing.LabelBinarizer", "bools", "binary bools labels", {}),
        ("preprocessing.LabelBinarizer", "negative", "multi negative labels", {"neg_label": -1}),
        ("preprocessing.LabelBinarizer", "sparse", "multi labels", {"sparse_output": True}),
        ("preprocessing.LabelBinarizer", "multilabel", "multilabel labels", {}),
        ("preprocessing.MultiLabelBinarizer", "default", "sets labels", {}),
    ]  # fmt: skip


def _imputers():
    s = "impute.SimpleImputer"
    constant = {"strategy": "constant"}
    return [
        (s, "default", "none nan", {}),
        (s, "median", "none nan", {"strategy": "median"}),
        (s, "most-frequent", "none nan", {"strategy": "most_frequent"}),
        (s, "constant", "none nan", dict(constant, fill_value=-1.0)),
        (s, "constant-default", "none nan", constant),
        (s, "indicator", "none nan", {"add_indicator": True}),
        (s, "complete", "none", {"add_indicator": True}),
        (s, "sparse", "none sparse", {"missing_values": 1.0}),
        (s, "whole", "none whole", {"missing_values": 0, "strategy": "median"}),
        (s, "words", "none words gaps", {"strategy": "most_frequent"}),
        (s, "words-constant", "none words gaps", dict(constant, fill_value="unknown")),
        (s, "words-default", "none words gaps", constant),
        (s, "keep-empty", "none nan", {"keep_empty_features": True}),
        (s, "float32", "none nan f32", {}),
        (s, "frame", "none nan frame", {}),
        (s, "frame-indicator", "none nan frame", {"add_indicator": True, "strategy": "median"}),
        (s, "callable", "none nan", {"strategy": Ref("numpy.median")}),
        (s, "unfitted", "none unfitted", {}),
        ("preprocessing.Imputer", "default", "none nan", {}),
        ("impute.MissingIndicator", "default", "none nan", {}),
        ("impute.MissingIndicator", "all", "none nan", {"features": "all"}),
        ("impute.KNNImputer", "default", "none nan", {}),
        ("impute.KNNImputer", "indicator", "none nan frame", {"add_indicator": True}),
        ("impute.IterativeImputer", "default", "none nan", {"random_state": 0, "max_iter": 3}),
        ("impute.IterativeImputer", "posterior", "none nan", {"random_state": RNG, "max_iter": 2, "sample_posterior": True}),
    ]  # fmt: skip


def _text():
    c, t = "feature_extraction.text.CountVectorizer", "feature_extraction.text.TfidfVectorizer"
    i, d = "feature_extraction.text.TfidfTransformer", "feature_extraction.DictVectorizer"
    rows = []
    for name in (c, t):
        rows += [
            (name, "default", "none text", {}),
            (name, "bigrams", "none text", {"ngram_range": (1, 2)}),
            (name, "characters", "none text", {"analyzer": "char_wb", "ngram_range": (2, 3)}),
            (name, "binary", "none text", {"binary": True}),
            (name, "stop-list", "none text", {"stop_words": ["the", "and"]}),
            (name, "english", "none text", {"stop_words": "english"}),
            (name, "limits", "none text", {"min_df": 2, "max_df": 0.6, "max_features": 6}),
            (name, "accents", "none text", {"strip_accents": "unicode", "lowercase": False}),
            (name, "vocabulary", "none text", {"vocabulary": ["fox", "dog", "city"]}),
            (name, "vocabulary-dict", "none text", {"vocabulary": {"fox": 0, "dog": 1}}),
            (name, "tokenizer", "none text", {"tokenizer": Ref("builtins.str.split"), "token_pattern": None}),
            (name, "preprocessor", "none text", {"preprocessor": Ref("builtins.str.upper")}),
            (name, "dtype", "none text", {"dtype": Ref("numpy.float32")}),
            (name, "unfitted", "none text unfitted", {}),
        ]  # fmt: skip
    return rows + [
        (t, "sublinear", "none text", {"sublinear_tf": True, "norm": "l1"}),
        (t, "no-idf", "none text", {"use_idf": False}),
        (t, "no-norm", "none text", {"norm": None, "smooth_idf": False}),
        (i, "default", "none positive", {}),
        (i, "sparse", "none positive sparse", {}),
        (i, "no-idf", "none positive", {"use_idf": False}),
        (i, "sublinear", "none positive sparse", {"sublinear_tf": True, "norm": None}),
        (d, "default", "none dicts", {}),
        (d, "dense", "none dicts", {"sparse": False, "separator": ":", "dtype": Ref("numpy.float32")}),
        (d, "unsorted", "none dicts", {"sort": False}),
        ("feature_extraction.text.HashingVectorizer", "default", "none text", {"n_features": 64}),
        ("feature_extraction.image.PatchExtractor", "default", "none images", {"patch_size": (2, 2)}),
        ("feature_extraction.image.PatchExtractor", "some", "none images", {"patch_size": (3, 2), "max_patches": 3, "random_state": 0}),
        ("feature_extraction.FeatureHasher", "default", "none dicts", {"n_features": 64}),
    ]  # fmt: skip


def _selection():
    lasso = Make("linear_model.Lasso", alpha=0.05)
    svc = Make("svm.LinearSVC", random_state=0)
    return [
        ("feature_selection.VarianceThreshold", "default", "none", {}),
        ("feature_selection.VarianceThreshold", "missing", "none nan", {}),
        ("feature_selection.SelectKBest", "correlation", "reg", {"k": 2, "score_func": Ref("sklearn.feature_selection.r_regression")}),
        ("feature_selection.SelectKBest", "default", "multi", {"k": 2}),
        ("feature_selection.SelectKBest", "chi2", "multi positive", {"k": 2, "score_func": Ref("sklearn.feature_selection.chi2")}),
        ("feature_selection.SelectPercentile", "default", "multi frame", {"percentile": 50}),
        ("feature_selection.SelectFpr", "default", "multi", {}),
        ("feature_selection.SelectFromModel", "default", "reg", {"estimator": lasso}),
        ("feature_selection.SelectFromModel", "threshold", "multi", {"estimator": svc, "threshold": "median"}),
        ("feature_selection.SelectFromModel", "most", "reg", {"estimator": lasso, "max_features": 2}),
        ("feature_selection.RFE", "default", "multi", {"estimator": svc}),
        ("feature_selection.RFE", "regressor", "reg", {"estimator": lasso}),
        ("feature_selection.RFECV", "default", "multi", {"estimator": svc, "cv": 3}),
        ("feature_selection.SequentialFeatureSelector", "default", "reg", {"estimator": lasso, "cv": 2, "n_features_to_select": 2}),
    ]  # fmt: skip


SPECIMENS = table(_scalers() + _encoders() + _imputers() + _text() + _selection())
