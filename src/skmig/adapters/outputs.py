"""How many columns a fitted transformer gives, and the names that its input had.

ColumnTransformer keeps the outputs' places since 1.0, and what it fits on a DataFrame keeps the
names of its columns; an older state holds neither, but holds what they follow from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters import shapes
from skmig.adapters.forms import text
from skmig.payload import New, Obj

_SAME_WIDTH = frozenset(
    shapes.tags(
        "feature_extraction.TfidfTransformer preprocessing.Binarizer preprocessing.MaxAbsScaler "
        "preprocessing.MinMaxScaler preprocessing.Normalizer preprocessing.OrdinalEncoder "
        "preprocessing.PowerTransformer preprocessing.QuantileTransformer "
        "preprocessing.RobustScaler preprocessing.StandardScaler"
    )
)
_ROWS_OF_COMPONENTS = frozenset(
    shapes.tags(
        "decomposition.DictionaryLearning decomposition.FactorAnalysis decomposition.FastICA "
        "decomposition.IncrementalPCA decomposition.LatentDirichletAllocation decomposition.NMF "
        "decomposition.PCA decomposition.SparsePCA decomposition.TruncatedSVD "
        "random_projection.GaussianRandomProjection random_projection.SparseRandomProjection"
    )
)
_VOCABULARY = frozenset(
    shapes.tags("feature_extraction.CountVectorizer feature_extraction.TfidfVectorizer")
)
# transformers that look at the data as it is, or at one column of it
_NAMELESS = frozenset(
    shapes.tags(
        "feature_extraction.CountVectorizer feature_extraction.TfidfVectorizer "
        "feature_extraction.HashingVectorizer feature_extraction.DictVectorizer "
        "feature_extraction.FeatureHasher preprocessing.FunctionTransformer "
        "preprocessing.LabelBinarizer preprocessing.LabelEncoder "
        "preprocessing.MultiLabelBinarizer"
    )
)


def one_hot_widths(obj: Obj) -> list[int]:
    """How many columns a OneHotEncoder without infrequent categories gives for each feature."""
    widths = [len(column) for column in obj.state["categories_"]]
    dropped = obj.state.get("drop_idx_")
    if dropped is not None:
        widths = [width - (index is not None) for width, index in zip(widths, dropped, strict=True)]
    return widths


def n_outputs(transformer: Any, n_inputs: int | None) -> int | None:
    """The number of columns that `transform` gives; None where that cannot be told."""
    if text(transformer, "passthrough") or transformer is None:
        return n_inputs
    if text(transformer, "drop"):
        return 0
    if not isinstance(transformer, Obj):
        return None
    tag, state = transformer.tag, transformer.state
    if tag == "sklearn.preprocessing.OneHotEncoder" and "categories_" in state:
        return sum(one_hot_widths(transformer))
    if tag in _SAME_WIDTH:
        return shapes.n_features(transformer) or n_inputs
    if tag == "sklearn.preprocessing.FunctionTransformer":
        return n_inputs if state.get("func") is None else None
    if tag in _ROWS_OF_COMPONENTS:
        return shapes.rows(state.get("components_"))
    if tag in _VOCABULARY and "vocabulary_" in state:
        return len(state["vocabulary_"])
    if tag in ("sklearn.cluster.KMeans", "sklearn.cluster.MiniBatchKMeans"):
        return shapes.rows(state.get("cluster_centers_"))
    if tag == "sklearn.impute.SimpleImputer":
        return _imputed(state)
    if tag == "sklearn.preprocessing.PolynomialFeatures":
        return state.get("n_output_features_")
    if tag == "sklearn.pipeline.Pipeline":
        for _, step in state["steps"]:
            n_inputs = n_outputs(step, n_inputs)
        return n_inputs
    if tag == "sklearn.pipeline.FeatureUnion":
        parts = [n_outputs(step, n_inputs) for _, step in state["transformer_list"]]
        return None if None in parts else sum(part for part in parts if part is not None)
    return None


def _imputed(state: dict[str, Any]) -> int | None:
    statistics = state.get("statistics_")
    if not isinstance(statistics, np.ndarray):
        return None
    width = len(statistics)
    if statistics.dtype.kind == "f" and state.get("strategy") != "constant":
        width = int(np.count_nonzero(~np.isnan(statistics)))
    indicator = state.get("indicator_")
    if indicator is None:
        return width
    columns = indicator.state.get("features_") if isinstance(indicator, Obj) else None
    return None if columns is None else width + len(columns)


# ------------------------------------------------------------------ columns by name and place
def frame_names(obj: Obj) -> list[Any] | None:
    """The column names of the DataFrame that a ColumnTransformer was fitted on, before 1.0."""
    for name in ("_df_columns", "_feature_names_in"):
        found = obj.state.get(name)
        values = found.args.get("values") if isinstance(found, New) else found
        if isinstance(values, np.ndarray):
            return list(values)
    return None


def places(spec: Any, names: list[Any] | None, width: int) -> list[int] | None:
    """`utils._get_column_indices`: a column specification as a list of positions."""
    if isinstance(spec, str):
        return [names.index(spec)] if names and spec in names else None
    if isinstance(spec, bool | np.bool_):
        return None
    if isinstance(spec, int | np.integer):
        return [int(spec) % width] if width else None
    if isinstance(spec, New) and spec.tag == "builtins.slice":
        return _slice_places(spec, names, width)
    if isinstance(spec, New):
        spec = spec.args.get("values", ())
    items = list(spec)
    if items and all(isinstance(item, bool | np.bool_) for item in items):
        return [i for i, chosen in enumerate(items) if chosen]
    if items and all(isinstance(item, str) for item in items):
        if names is None or any(item not in names for item in items):
            return None
        return [names.index(item) for item in items]
    return [int(item) % width for item in items] if width else None


def _slice_places(spec: New, names: list[Any] | None, width: int) -> list[int] | None:
    start, stop, step = (spec.args[part] for part in ("start", "stop", "step"))
    if isinstance(start, str) or isinstance(stop, str):
        if names is None:
            return None
        start = names.index(start) if start is not None else None
        stop = names.index(stop) + 1 if stop is not None else None
    return list(range(width))[slice(start, stop, step)]


def give_names(transformer: Any, names: np.ndarray) -> None:
    """Set `feature_names_in_` on what saw a DataFrame with these columns while it was fitted."""
    if not isinstance(transformer, Obj) or transformer.tag in _NAMELESS:
        return
    state = transformer.state
    if transformer.tag == "sklearn.pipeline.Pipeline":
        for _, step in state["steps"]:
            if step not in (None, "passthrough"):
                give_names(step, names)
                return
    elif transformer.tag == "sklearn.pipeline.FeatureUnion":
        for _, step in state["transformer_list"]:
            give_names(step, names)
    elif (
        transformer.tag in shapes.ESTIMATORS
        and transformer.tag not in shapes.SEARCHES
        and shapes.n_features(transformer) in (None, len(names))
    ):
        state.setdefault("feature_names_in_", names)
