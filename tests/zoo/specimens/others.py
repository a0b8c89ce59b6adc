"""One specimen, or a few, of every class that the other modules do not cover."""

from specimens.kit import Call, Make, Ref, table

LR = Make("linear_model.LogisticRegression")
TWO = {"n_components": 2, "random_state": 0}
GP = "gaussian_process."
KERNEL = Make(GP + "kernels.Sum", k1=Make(GP + "kernels.RBF"), k2=Make(GP + "kernels.WhiteKernel"))
DICTIONARY = Call("numpy.eye", 5)

LINEAR = (
    "ARDRegression BayesianRidge HuberRegressor Lars LarsCV LassoLars LassoLarsCV LassoLarsIC "
    "OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV RandomizedLasso TheilSenRegressor"
).split()
MULTI_TASK = "MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso MultiTaskLassoCV".split()
COUNTS = "GammaRegressor PoissonRegressor TweedieRegressor".split()
COVARIANCE = (
    "EllipticEnvelope EmpiricalCovariance GraphLasso GraphLassoCV GraphicalLasso GraphicalLassoCV "
    "LedoitWolf MinCovDet OAS ShrunkCovariance"
).split()
PARTS = "DictionaryLearning MiniBatchDictionaryLearning MiniBatchSparsePCA SparsePCA".split()

SPECIMENS = table(
    [("linear_model." + name, "default", "reg", {}) for name in LINEAR]
    + [("linear_model." + name, "default", "multireg", {}) for name in MULTI_TASK]
    + [("linear_model." + name, "default", "counts", {}) for name in COUNTS]
    + [("covariance." + name, "default", "none", {}) for name in COVARIANCE]
    + [("decomposition." + name, "default", "none", dict(TWO)) for name in PARTS]
    + [
        ("linear_model.RandomizedLogisticRegression", "default", "binary", {"random_state": 0}),
        ("linear_model.QuantileRegressor", "default", "reg", {}),
        ("linear_model.SGDOneClassSVM", "default", "none", {"random_state": 0}),
        ("cluster.SpectralClustering", "default", "none", {"n_clusters": 3, "random_state": 0}),
        ("cluster.OPTICS", "default", "none", {}),
        ("cluster.HDBSCAN", "default", "none", {}),
        ("cluster.SpectralBiclustering", "default", "none positive", {"n_clusters": 2, "random_state": 0}),
        ("cluster.SpectralCoclustering", "default", "none positive", {"n_clusters": 2, "random_state": 0}),
        ("cross_decomposition.CCA", "default", "multireg", {"n_components": 1}),
        ("cross_decomposition.PLSCanonical", "default", "multireg", {"n_components": 1}),
        ("cross_decomposition.PLSRegression", "default", "reg", {}),
        ("cross_decomposition.PLSRegression", "multi-output", "multireg frame", {}),
        ("cross_decomposition.PLSSVD", "default", "multireg", {"n_components": 1}),
        ("covariance.EmpiricalCovariance", "frame", "none frame", {}),
        ("decomposition.DictionaryLearning", "lasso-cd", "none", dict(TWO, transform_algorithm="lasso_cd")),
        ("decomposition.RandomizedPCA", "whiten", "none", dict(TWO, whiten=True)),
        ("decomposition.SparseCoder", "default", "none", {"dictionary": DICTIONARY}),
        ("decomposition.MiniBatchNMF", "default", "none positive", dict(TWO)),
        ("decomposition.ProjectedGradientNMF", "default", "none positive", dict(TWO)),
        ("decomposition.RandomizedPCA", "default", "none", dict(TWO)),
        ("discriminant_analysis.LinearDiscriminantAnalysis", "default", "multi strings", {}),
        ("discriminant_analysis.LinearDiscriminantAnalysis", "binary", "binary", {}),
        ("discriminant_analysis.LinearDiscriminantAnalysis", "shrinkage", "multi", {"solver": "lsqr", "shrinkage": "auto"}),
        ("discriminant_analysis.LinearDiscriminantAnalysis", "eigen", "multi frame", {"solver": "eigen"}),
        ("discriminant_analysis.QuadraticDiscriminantAnalysis", "default", "multi", {}),
        ("discriminant_analysis.QuadraticDiscriminantAnalysis", "covariance", "binary", {"store_covariance": True}),
        ("feature_selection.GenericUnivariateSelect", "default", "multi", {"param": 50}),
        ("feature_selection.SelectFdr", "default", "multi", {}),
        ("feature_selection.SelectFwe", "default", "multi", {}),
        (GP + "GaussianProcess", "default", "reg", {}),
        (GP + "GaussianProcessClassifier", "default", "binary", {}),
        (GP + "GaussianProcessClassifier", "multiclass", "multi strings", {"random_state": 0}),
        (GP + "GaussianProcessClassifier", "one-vs-one", "multi", {"multi_class": "one_vs_one"}),
        (GP + "GaussianProcessRegressor", "default", "reg", {}),
        (GP + "GaussianProcessRegressor", "kernel", "reg frame", {"kernel": KERNEL}),
        (GP + "GaussianProcessRegressor", "normalized", "reg", {"normalize_y": True, "alpha": 0.1}),
        (GP + "GaussianProcessRegressor", "multi-output", "multireg", {"alpha": 0.1}),
        ("kernel_approximation.AdditiveChi2Sampler", "default", "none positive", {}),
        ("kernel_approximation.Nystroem", "default", "none", {"n_components": 10, "random_state": 0}),
        ("kernel_approximation.PolynomialCountSketch", "default", "none", {"n_components": 10, "random_state": 0}),
        ("kernel_approximation.RBFSampler", "default", "none", {"n_components": 10, "random_state": 0}),
        ("kernel_approximation.SkewedChi2Sampler", "default", "none positive", {"n_components": 10, "random_state": 0}),
        ("kernel_ridge.KernelRidge", "default", "reg", {}),
        ("kernel_ridge.KernelRidge", "callable", "reg frame", {"kernel": Ref("sklearn.metrics.pairwise.laplacian_kernel")}),
        ("lda.LDA", "default", "multi", {}),
        ("qda.QDA", "default", "multi", {}),
        ("manifold.Isomap", "radius", "none", {"n_neighbors": None, "radius": 3.0}),
        ("manifold.Isomap", "default", "none", {"n_components": 2}),
        ("manifold.LocallyLinearEmbedding", "default", "none", {"n_components": 2, "random_state": 0}),
        ("manifold.MDS", "default", "none", {"random_state": 0}),
        ("manifold.ClassicalMDS", "default", "none", {}),
        ("manifold.SpectralEmbedding", "default", "none", {"random_state": 0}),
        ("manifold.TSNE", "default", "none", {"random_state": 0, "perplexity": 5}),
        ("mixture.DPGMM", "default", "none", dict(TWO)),
        ("mixture.GMM", "default", "none", dict(TWO)),
        ("mixture.GMM", "full", "none", dict(TWO, covariance_type="full")),
        ("mixture.VBGMM", "default", "none", dict(TWO)),
        ("model_selection.HalvingRandomSearchCV", "default", "binary", {"estimator": LR, "param_distributions": {"C": [0.1, 1.0]}, "cv": 2, "random_state": 0}),
        ("neighbors.LSHForest", "default", "none", {"random_state": 0}),
        ("neighbors.NeighborhoodComponentsAnalysis", "default", "multi", {"random_state": 0}),
        ("neighbors.RadiusNeighborsTransformer", "default", "none", {"radius": 3.0}),
        ("neural_network.BernoulliRBM", "default", "none positive", {"n_components": 3, "random_state": 0}),
        ("random_projection.GaussianRandomProjection", "default", "none", dict(TWO)),
        ("random_projection.SparseRandomProjection", "default", "none", dict(TWO)),
        ("semi_supervised.LabelPropagation", "default", "multi", {}),
        ("semi_supervised.LabelSpreading", "default", "multi", {"kernel": "knn"}),
    ]
)  # fmt: skip
