"""Neighbors, clusters and decompositions."""

from specimens.kit import Call, Either, Ref, table

RNG = Call("numpy.random.RandomState", 3)
VI = Call("numpy.eye", 5)
VARIANCES = Call("numpy.array", [1.0, 2.0, 0.5, 1.5, 1.0])
CHAIN = Call("scipy.sparse.diags", [[1.0] * 59, [1.0] * 59], [-1, 1])
BRAY = Ref("scipy.spatial.distance.braycurtis")


def _neighbors(name, task, strings):
    return [
        (name, "default", task, {}),
        (name, "strings", strings, {"n_neighbors": 3}),
        (name, "ball-tree", task, {"algorithm": "ball_tree", "leaf_size": 10}),
        (name, "kd-tree", task, {"algorithm": "kd_tree", "leaf_size": 10}),
        (name, "brute", task, {"algorithm": "brute"}),
        (name, "distance", task, {"weights": "distance"}),
        (name, "weights-function", task, {"weights": Ref("numpy.exp")}),
        (name, "minkowski", task, {"p": 3}),
        (name, "minkowski-tree", task, {"p": 1.5, "algorithm": "ball_tree"}),
        (name, "manhattan", task, {"metric": "manhattan", "algorithm": "kd_tree"}),
        (name, "chebyshev", task, {"metric": "chebyshev", "algorithm": "ball_tree"}),
        (name, "cosine", task, {"metric": "cosine", "algorithm": "brute"}),
        (name, "callable", task, {"metric": BRAY, "algorithm": "brute"}),
        (name, "callable-tree", task, {"metric": BRAY, "algorithm": "ball_tree"}),
        (name, "precomputed", task + " distances", {"metric": "precomputed"}),
        (name, "seuclidean", task, {"metric": "seuclidean", "metric_params": {"V": VARIANCES}, "algorithm": "ball_tree"}),
        (name, "mahalanobis", task, {"metric": "mahalanobis", "metric_params": {"VI": VI}, "algorithm": "ball_tree"}),
        (name, "missing", task + " nan", {"metric": "nan_euclidean"}),
        (name, "sparse", task + " sparse", {}),
        (name, "float32", task + " f32", {}),
        (name, "frame", task + " frame", {}),
    ]  # fmt: skip


def _more_neighbors():
    c, r = "neighbors.RadiusNeighborsClassifier", "neighbors.RadiusNeighborsRegressor"
    n = "neighbors.NearestNeighbors"
    return [
        ("neighbors.KNeighborsClassifier", "negative", "multi negative", {}),
        ("neighbors.KNeighborsClassifier", "bools", "binary bools", {}),
        ("neighbors.KNeighborsClassifier", "multi-output", "multiout", {}),
        ("neighbors.KNeighborsClassifier", "multi-output-strings", "multiout strings", {}),
        ("neighbors.KNeighborsClassifier", "weighted", "multi", {"p": 3, "metric_params": {"w": VARIANCES}, "algorithm": "ball_tree"}),
        ("neighbors.KNeighborsClassifier", "wminkowski", "multi", {"metric": "wminkowski", "p": 3, "metric_params": {"w": VARIANCES}, "algorithm": "ball_tree"}),
        ("neighbors.KNeighborsClassifier", "ties", "multi ints", {"metric": "hamming", "algorithm": "brute"}),
        ("neighbors.KNeighborsRegressor", "mahalanobis-of-the-input", "reg", {"metric": "mahalanobis", "algorithm": "brute"}),
        ("neighbors.KNeighborsRegressor", "multi-output", "multireg", {}),
        (c, "default", "multi", {"radius": 3.0}),
        (c, "outlier", "multi negative", {"radius": 3.0, "outlier_label": -3}),
        (r, "default", "reg", {"radius": 3.0}),
        (n, "default", "none", {}),
        (n, "kd-tree", "none", {"algorithm": "kd_tree"}),
        (n, "sparse", "none sparse", {}),
        (n, "frame", "none frame", {"algorithm": "ball_tree"}),
        ("neighbors.KNeighborsTransformer", "default", "none", {}),
        ("neighbors.NearestCentroid", "default", "multi", {}),
        ("neighbors.NearestCentroid", "shrunken", "multi strings", {"shrink_threshold": 0.1}),
        ("neighbors.LocalOutlierFactor", "default", "none", {}),
        ("neighbors.LocalOutlierFactor", "novelty", "none", {"novelty": True}),
        ("neighbors.KernelDensity", "default", "none", {}),
        ("neighbors.KernelDensity", "ball-tree", "none", {"algorithm": "ball_tree", "kernel": "tophat"}),
    ]  # fmt: skip


def _clusters():
    k, m, a = ("cluster." + n for n in ("KMeans", "MiniBatchKMeans", "AgglomerativeClustering"))
    three = {"n_clusters": 3, "random_state": 0, "n_init": 2}
    init = Call("numpy.reshape", [float(i % 7) for i in range(15)], (3, 5))
    return [
        (k, "default", "none", {"random_state": 0}),
        (k, "three", "none", three),
        (k, "elkan", "none", dict(three, algorithm="elkan")),
        (k, "lloyd", "none", dict(three, algorithm=Either("lloyd", "full"))),
        (k, "random-init", "none", dict(three, init="random")),
        (k, "array-init", "none", {"n_clusters": 3, "n_init": 1, "init": init}),
        (k, "sparse", "none sparse", three),
        (k, "float32", "none f32", three),
        (k, "frame", "none frame", three),
        (k, "sample-weight", "none weights", three),
        (k, "random-state-object", "none", dict(three, random_state=RNG)),
        (m, "default", "none", {"random_state": 0}),
        (m, "three", "none", dict(three, batch_size=20)),
        (m, "partial", "none partial", dict(three)),
        (m, "sparse", "none sparse", three),
        (m, "float32", "none f32", three),
        (m, "frame", "none frame", three),
        (m, "random-state-object", "none", dict(three, random_state=RNG)),
        ("cluster.BisectingKMeans", "default", "none", {"n_clusters": 3, "random_state": 0}),
        (a, "default", "none", {}),
        (a, "average", "none", {"linkage": "average", "n_clusters": 3}),
        (a, "complete", "none", {"linkage": "complete", "n_clusters": 3}),
        (a, "single", "none", {"linkage": "single", "n_clusters": 3}),
        (a, "manhattan", "none", {"linkage": "average", "metric": "manhattan"}),
        (a, "precomputed", "none distances", {"linkage": "average", "metric": "precomputed"}),
        (a, "threshold", "none", {"n_clusters": None, "distance_threshold": 4.0}),
        (a, "distances", "none", {"compute_distances": True}),
        (a, "connectivity", "none", {"connectivity": CHAIN}),
        (a, "full-tree", "none frame", {"compute_full_tree": True}),
        ("cluster.FeatureAgglomeration", "default", "none", {}),
        ("cluster.FeatureAgglomeration", "frame", "none frame", {"n_clusters": 3}),
        ("cluster.Birch", "default", "none", {"n_clusters": 3}),
        ("cluster.Birch", "no-clusters", "none", {"n_clusters": None}),
        ("cluster.DBSCAN", "default", "none", {"eps": 1.5}),
        ("cluster.MeanShift", "default", "none", {}),
        ("cluster.AffinityPropagation", "default", "none", {}),
        ("cluster.AffinityPropagation", "sparse", "none sparse", {}),
        ("mixture.GaussianMixture", "integers", "none ints", {"n_components": 2, "random_state": 0}),
        ("mixture.GaussianMixture", "default", "none", {"n_components": 2, "random_state": 0}),
        ("mixture.GaussianMixture", "diag", "none frame", {"n_components": 2, "covariance_type": "diag", "random_state": RNG}),
        ("mixture.BayesianGaussianMixture", "default", "none", {"n_components": 2, "random_state": 0}),
    ]  # fmt: skip


def _decompositions():
    p = "decomposition.PCA"
    return [
        (p, "default", "none", {}),
        (p, "two", "none", {"n_components": 2}),
        (p, "variance", "none", {"n_components": 0.8}),
        (p, "mle", "none", {"n_components": "mle", "svd_solver": "full"}),
        (p, "whiten", "none", {"n_components": 3, "whiten": True}),
        (p, "full", "none", {"n_components": 2, "svd_solver": "full"}),
        (p, "arpack", "none", {"n_components": 2, "svd_solver": "arpack", "random_state": 0}),
        (p, "randomized", "none", {"n_components": 2, "svd_solver": "randomized", "random_state": RNG}),
        (p, "eigh", "none", {"n_components": 2, "svd_solver": "covariance_eigh"}),
        (p, "sparse", "none sparse", {"n_components": 2, "svd_solver": "arpack", "random_state": 0}),
        (p, "float32", "none f32", {"n_components": 2}),
        (p, "frame", "none frame", {"n_components": 2}),
        ("decomposition.IncrementalPCA", "default", "none", {"n_components": 2, "batch_size": 20}),
        ("decomposition.IncrementalPCA", "partial", "none partial", {"n_components": 2}),
        ("decomposition.TruncatedSVD", "default", "none sparse", {"n_components": 2, "random_state": 0}),
        ("decomposition.TruncatedSVD", "arpack", "none", {"n_components": 2, "algorithm": "arpack", "random_state": 0}),
        ("decomposition.NMF", "default", "none positive", {"n_components": 2, "random_state": 0}),
        ("decomposition.NMF", "mu", "none positive", {"n_components": 2, "solver": "mu", "random_state": 0, "init": "nndsvda"}),
        ("decomposition.NMF", "alpha", "none positive", {"n_components": 2, "alpha": 0.1, "random_state": 0}),
        ("decomposition.NMF", "alpha-w", "none positive", {"n_components": 2, "alpha_W": 0.1, "random_state": 0}),
        ("decomposition.NMF", "float32", "none positive f32", {"n_components": 2, "random_state": 0}),
        ("decomposition.KernelPCA", "default", "none", {"n_components": 2}),
        ("decomposition.KernelPCA", "inverse", "none", {"n_components": 2, "kernel": "rbf", "fit_inverse_transform": True}),
        ("decomposition.FastICA", "default", "none", {"n_components": 2, "random_state": 0}),
        ("decomposition.LatentDirichletAllocation", "default", "none whole", {"n_components": 2, "max_iter": 3, "random_state": 0}),
        ("decomposition.FactorAnalysis", "default", "none", {"n_components": 2}),
        ("decomposition.FactorAnalysis", "frame", "none frame", {"n_components": 2}),
    ]  # fmt: skip


SPECIMENS = table(
    _neighbors("neighbors.KNeighborsClassifier", "multi", "multi strings")
    + _neighbors("neighbors.KNeighborsRegressor", "reg", "column")
    + _more_neighbors()
    + _clusters()
    + _decompositions()
)
