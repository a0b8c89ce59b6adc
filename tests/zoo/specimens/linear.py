"""Linear models, support vector machines, neural networks, naive Bayes."""

from specimens.kit import Call, Either, Ref, table

LOG = Either("log_loss", "log")
RNG = Call("numpy.random.RandomState", 3)


def _logistic():
    lr, cv = "linear_model.LogisticRegression", "linear_model.LogisticRegressionCV"
    saga = {"solver": "saga", "max_iter": 50, "random_state": 0}
    return [
        (lr, "default", "binary", {}),
        (lr, "multiclass-strings", "multi strings", {}),
        (lr, "negative", "multi negative", {"C": 0.3}),
        (lr, "bools", "binary bools", {"fit_intercept": False}),
        (lr, "liblinear", "binary", {"solver": "liblinear"}),
        (lr, "liblinear-multiclass", "multi", {"solver": "liblinear"}),
        (lr, "ovr", "multi", {"solver": "lbfgs", "multi_class": "ovr"}),
        (lr, "multinomial", "multi strings", {"solver": "lbfgs", "multi_class": "multinomial"}),
        (lr, "binary-multinomial", "binary", {"solver": "lbfgs", "multi_class": "multinomial"}),
        (lr, "auto", "multi", {"multi_class": "auto", "solver": "lbfgs"}),
        (lr, "newton-cg", "multi", {"solver": "newton-cg"}),
        (lr, "newton-cholesky", "binary", {"solver": "newton-cholesky"}),
        (lr, "newton-cholesky-multiclass", "multi", {"solver": "newton-cholesky"}),
        (lr, "sag", "binary", {"solver": "sag", "max_iter": 50, "random_state": RNG}),
        (lr, "saga-l1", "multi", dict(saga, penalty="l1")),
        (lr, "elastic-net", "multi", dict(saga, penalty="elasticnet", l1_ratio=0.5)),
        (lr, "no-penalty", "binary", {"penalty": Either(None, "none"), "solver": "lbfgs"}),
        (lr, "sparse", "multi sparse", {"solver": "lbfgs"}),
        (lr, "float32", "binary f32", {"solver": "lbfgs"}),
        (lr, "frame", "multi frame", {}),
        (lr, "class-weight", "multi strings", {"class_weight": "balanced"}),
        (lr, "class-weight-dict", "multi strings", {"class_weight": {"ham": 1, "spam": 2, "eggs": 3}}),
        (lr, "sample-weight", "binary weights", {}),
        (lr, "warm-start", "binary again", {"warm_start": True, "solver": "lbfgs"}),
        (lr, "unfitted", "binary unfitted", {}),
        (cv, "binary", "binary", {"Cs": 3, "cv": 3}),
        (cv, "multiclass-strings", "multi strings", {"Cs": 3, "cv": 3}),
        (cv, "liblinear", "multi", {"Cs": 3, "cv": 3, "solver": "liblinear"}),
        (cv, "elastic-net", "binary", dict(saga, Cs=2, cv=3, penalty="elasticnet", l1_ratios=[0.2, 0.8])),
        (cv, "no-refit", "multi", {"Cs": 3, "cv": 3, "refit": False}),
    ]  # fmt: skip


def _least_squares():
    lin, ridge, lasso = ("linear_model." + n for n in ("LinearRegression", "Ridge", "Lasso"))
    net, rc = "linear_model.ElasticNet", "linear_model.RidgeClassifier"
    rows = [
        (lin, "default", "reg", {}),
        (lin, "multi-output", "multireg", {}),
        (lin, "column", "column", {}),
        (lin, "positive", "reg", {"positive": True}),
        (lin, "no-intercept", "reg f32", {"fit_intercept": False}),
        (lin, "normalize", "reg", {"normalize": True}),
        (lin, "sparse", "reg sparse", {}),
        (lin, "frame", "reg frame", {}),
        (lin, "sample-weight", "reg weights", {}),
        (ridge, "default", "reg", {}),
        (ridge, "multi-output", "multireg", {}),
        (ridge, "column", "column", {}),
        (ridge, "sparse", "reg sparse", {}),
        (ridge, "frame", "reg frame", {}),
        (ridge, "float32", "reg f32", {}),
        (ridge, "no-intercept", "reg", {"fit_intercept": False}),
        (ridge, "sample-weight", "reg weights", {}),
        (ridge, "positive", "reg", {"positive": True}),
        (ridge, "normalize", "reg", {"normalize": True}),
        (ridge, "alphas", "multireg", {"alpha": Call("numpy.array", [0.1, 2.0])}),
        (rc, "binary", "binary", {}),
        (rc, "multiclass-strings", "multi strings", {"class_weight": "balanced"}),
        (rc, "multilabel", "multilabel", {}),
        (rc, "frame", "binary bools frame", {}),
        ("linear_model.RidgeCV", "default", "reg", {}),
        ("linear_model.RidgeCV", "folds", "multireg", {"cv": 3}),
        ("linear_model.RidgeClassifierCV", "default", "multi strings", {}),
        ("linear_model.RidgeClassifierCV", "multilabel", "multilabel", {}),
        ("linear_model.LassoCV", "default", "reg", {"cv": 3}),
        ("linear_model.ElasticNetCV", "default", "reg frame", {"cv": 3}),
    ]
    rows += [
        (ridge, solver, "reg", {"solver": solver, "random_state": 0})
        for solver in ("svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga")
    ]
    for name in (lasso, net):
        rows += [
            (name, "default", "reg", {"alpha": 0.1}),
            (name, "multi-output", "multireg", {"alpha": 0.1}),
            (name, "positive", "reg", {"alpha": 0.1, "positive": True}),
            (name, "random", "reg", {"alpha": 0.1, "selection": "random", "random_state": RNG}),
            (name, "sparse", "reg csc", {"alpha": 0.1}),
            (name, "float32", "reg f32 fortran", {"alpha": 0.1}),
            (name, "frame", "reg frame", {"alpha": 0.1}),
            (name, "precompute", "reg", {"alpha": 0.1, "precompute": True}),
            (name, "warm-start", "reg again", {"alpha": 0.1, "warm_start": True}),
            (name, "no-intercept", "reg", {"alpha": 0.1, "fit_intercept": False}),
            (name, "normalize", "reg", {"alpha": 0.1, "normalize": True}),
        ]
    return rows


def _gradient():
    c, r = "linear_model.SGDClassifier", "linear_model.SGDRegressor"
    base = {"random_state": 0}
    return [
        (c, "default", "binary", base),
        (c, "multiclass-strings", "multi strings", base),
        (c, "negative", "multi negative", base),
        (c, "bools", "binary bools", base),
        (c, "log", "multi", dict(base, loss=LOG)),
        (c, "modified-huber", "multi", dict(base, loss="modified_huber", penalty="elasticnet")),
        (c, "squared-hinge", "binary", dict(base, loss="squared_hinge", penalty="l1")),
        (c, "perceptron", "binary", dict(base, loss="perceptron", eta0=0.1, learning_rate="constant")),
        (c, "squared", "binary", dict(base, loss=Either("squared_error", "squared_loss"))),
        (c, "huber", "binary", dict(base, loss="huber")),
        (c, "average", "multi", dict(base, average=True)),
        (c, "average-ten", "binary", dict(base, average=10)),
        (c, "partial", "multi strings partial", base),
        (c, "partial-binary", "binary partial", base),
        (c, "early-stopping", "multi", dict(base, early_stopping=True)),
        (c, "class-weight", "multi", dict(base, class_weight="balanced")),
        (c, "sample-weight", "binary weights", base),
        (c, "sparse", "multi sparse", base),
        (c, "float32", "binary f32", base),
        (c, "frame", "multi frame", base),
        (c, "adaptive", "multi", dict(base, learning_rate="adaptive", eta0=0.1)),
        (c, "invscaling", "binary", dict(base, learning_rate="invscaling", eta0=0.1)),
        (c, "warm-start", "binary again", dict(base, warm_start=True)),
        (c, "random-state-object", "multi", {"random_state": RNG}),
        (c, "no-intercept", "binary", dict(base, fit_intercept=False)),
        (r, "default", "reg", base),
        (r, "huber", "reg", dict(base, loss="huber")),
        (r, "epsilon", "reg", dict(base, loss="epsilon_insensitive")),
        (r, "average", "reg", dict(base, average=True)),
        (r, "partial", "reg partial", base),
        (r, "early-stopping", "reg", dict(base, early_stopping=True)),
        (r, "sparse", "reg sparse", base),
        (r, "frame", "reg frame", base),
        ("linear_model.Perceptron", "default", "multi strings", base),
        ("linear_model.Perceptron", "partial", "multi partial", base),
        ("linear_model.PassiveAggressiveClassifier", "default", "multi", base),
        ("linear_model.PassiveAggressiveRegressor", "default", "reg", base),
    ]  # fmt: skip


def _support_vectors():
    c, r, lin = "svm.SVC", "svm.SVR", "svm.LinearSVC"
    laplacian = Ref("sklearn.metrics.pairwise.laplacian_kernel")
    return [
        (c, "default", "binary", {}),
        (c, "multiclass-strings", "multi strings", {}),
        (c, "negative", "multi negative", {"gamma": "auto"}),
        (c, "bools", "binary bools", {"gamma": 0.3}),
        (c, "linear", "multi", {"kernel": "linear"}),
        (c, "linear-binary", "binary", {"kernel": "linear"}),
        (c, "poly", "multi", {"kernel": "poly", "degree": 2, "coef0": 1.0}),
        (c, "sigmoid", "binary", {"kernel": "sigmoid"}),
        (c, "probability", "binary", {"probability": True, "random_state": 0}),
        (c, "probability-multiclass", "multi strings", {"probability": True, "random_state": RNG}),
        (c, "callable", "multi", {"kernel": laplacian}),
        (c, "precomputed", "binary square", {"kernel": "precomputed"}),
        (c, "sparse", "multi sparse", {}),
        (c, "sparse-linear", "multi sparse", {"kernel": "linear"}),
        (c, "ovo", "multi", {"decision_function_shape": "ovo"}),
        (c, "break-ties", "multi", {"break_ties": True}),
        (c, "class-weight", "multi", {"class_weight": "balanced"}),
        (c, "sample-weight", "binary weights", {}),
        (c, "frame", "multi frame", {}),
        (c, "float32", "binary f32", {}),
        (c, "unfitted", "binary unfitted", {}),
        (r, "default", "reg", {}),
        (r, "linear", "reg", {"kernel": "linear"}),
        (r, "poly", "reg", {"kernel": "poly"}),
        (r, "sparse", "reg sparse", {}),
        (r, "callable", "reg", {"kernel": laplacian}),
        (r, "precomputed", "reg square", {"kernel": "precomputed"}),
        (r, "frame", "reg frame", {}),
        ("svm.NuSVC", "default", "multi", {"nu": 0.3}),
        ("svm.NuSVC", "probability", "binary", {"nu": 0.3, "probability": True, "random_state": 0}),
        ("svm.NuSVR", "default", "reg", {}),
        ("svm.OneClassSVM", "default", "none", {}),
        ("svm.OneClassSVM", "frame", "none frame", {"nu": 0.2}),
        (lin, "default", "binary", {"random_state": 0}),
        (lin, "multiclass-strings", "multi strings", {"random_state": 0}),
        (lin, "crammer-singer", "multi", {"multi_class": "crammer_singer", "random_state": 0}),
        (lin, "l1", "multi", {"penalty": "l1", "dual": False, "random_state": 0}),
        (lin, "hinge", "binary negative", {"loss": "hinge", "random_state": RNG}),
        (lin, "class-weight", "multi", {"class_weight": "balanced", "random_state": 0}),
        (lin, "sparse", "multi sparse", {"random_state": 0}),
        (lin, "frame", "binary bools frame", {"random_state": 0}),
        (lin, "no-intercept", "binary", {"fit_intercept": False, "random_state": 0}),
        ("svm.LinearSVR", "default", "reg", {"random_state": 0}),
    ]


def _networks():
    c, r = "neural_network.MLPClassifier", "neural_network.MLPRegressor"
    small = {"hidden_layer_sizes": (4,), "max_iter": 30, "random_state": 0}
    return [
        (c, "default", "binary", {"max_iter": 20, "random_state": 0}),
        (c, "multiclass-strings", "multi strings", small),
        (c, "negative", "binary negative", small),
        (c, "bools", "binary bools", small),
        (c, "multilabel", "multilabel", small),
        (c, "sgd", "multi", dict(small, solver="sgd", learning_rate="adaptive")),
        (c, "lbfgs", "multi", dict(small, solver="lbfgs")),
        (c, "deep", "multi", dict(small, hidden_layer_sizes=(4, 3), activation="tanh")),
        (c, "logistic", "binary", dict(small, activation="logistic")),
        (c, "early-stopping", "multi", dict(small, early_stopping=True)),
        (c, "partial", "multi partial", small),
        (c, "warm-start", "multi again", dict(small, warm_start=True)),
        (c, "sparse", "multi sparse", small),
        (c, "float32", "binary f32", small),
        (c, "frame", "multi frame", small),
        (c, "random-state-object", "multi", dict(small, random_state=RNG)),
        (r, "default", "reg", {"max_iter": 20, "random_state": 0}),
        (r, "multi-output", "multireg", small),
        (r, "sgd", "reg", dict(small, solver="sgd")),
        (r, "lbfgs", "reg", dict(small, solver="lbfgs", activation="identity")),
        (r, "early-stopping", "reg", dict(small, early_stopping=True)),
        (r, "poisson", "counts", dict(small, loss="poisson")),
        (r, "partial", "reg partial", small),
        (r, "frame", "reg frame", small),
    ]


def _bayes():
    g, m = "naive_bayes.GaussianNB", "naive_bayes.MultinomialNB"
    return [
        (g, "default", "multi", {}),
        (g, "strings", "multi strings", {}),
        (g, "bools", "binary bools", {}),
        (g, "priors", "binary", {"priors": [0.3, 0.7]}),
        (g, "partial", "multi negative partial", {}),
        (g, "sample-weight", "binary weights", {"var_smoothing": 1e-6}),
        (g, "frame", "multi frame", {}),
        (g, "float32", "multi f32", {}),
        (m, "default", "multi positive", {}),
        (m, "strings", "multi strings whole", {}),
        (m, "sparse", "binary positive sparse", {"alpha": 0.5}),
        (m, "alphas", "binary positive", {"alpha": Call("numpy.full", 5, 0.5)}),
        (m, "no-prior", "multi positive", {"fit_prior": False}),
        (m, "class-prior", "binary positive", {"class_prior": [0.4, 0.6]}),
        (m, "partial", "multi positive partial", {}),
        (m, "sample-weight", "binary positive weights", {}),
        (m, "frame", "multi positive frame", {}),
        ("naive_bayes.BernoulliNB", "default", "multi strings", {}),
        ("naive_bayes.ComplementNB", "default", "multi positive", {}),
        ("naive_bayes.CategoricalNB", "default", "multi whole", {}),
    ]


SPECIMENS = table(
    _logistic() + _least_squares() + _gradient() + _support_vectors() + _networks() + _bayes()
)
