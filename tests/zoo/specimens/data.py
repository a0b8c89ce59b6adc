"""Small deterministic data, asked for by words: `"multi strings sparse"`.

Target: binary multi reg multireg multilabel multiout column counts none; of what the labels are
made: strings negative bools objects.  Input: sparse csc f32 fortran nan frame positive square
(a kernel or distance matrix), images, text, dicts, words (categories), ints, pandas (a mixed
DataFrame), labels (the target is the input).
How to fit: weights, partial, unfitted, grow (more estimators the second time), again.
"""

import numpy as np

ROWS = 60
COLUMNS = 5

TEXT = [
    "the quick brown fox", "jumps over the lazy dog", "a naïve café in the city",
    "dogs and foxes run", "the city sleeps", "quick quick fox", "lazy city dog sleeps all day",
    "brown café", "run fox run", "over the city and the dog", "all foxes", "day and night",
]  # fmt: skip
LABELS = {
    "strings": np.array(["ham", "spam", "eggs"]),
    "negative": np.array([-3, -1, 4]),
    "bools": np.array([False, True, True]),
    "objects": np.array(["ham", "spam", "eggs"], dtype=object),
}


class Data(object):
    """X, y and how to fit them; `X_out` is what outputs are computed for."""

    def __init__(self, X, y):
        self.X, self.y = X, y
        self.X_out = X[:20]
        self.weights = None
        self.partial = self.unfitted = False
        self.again = None


def load(words):
    """The data that `words` ask for."""
    words = words.split()
    rng = np.random.RandomState(0)
    X = rng.normal(size=(ROWS, COLUMNS)).round(3)
    score = X[:, 0] + 0.5 * X[:, 1] + 0.3 * rng.normal(size=ROWS)
    y = _target(words, X, score)
    result = Data(X, y)
    result.X = _input(words, X, y, rng)
    result.X_out = result.X[:20]
    if "labels" in words:
        result.X, result.y = y, None
        result.X_out = y[:20]
    if "weights" in words:
        result.weights = np.linspace(0.5, 2.0, ROWS)
    if "text" in words and y is not None:
        result.y = y[: len(TEXT)]
    result.partial = "partial" in words
    result.unfitted = "unfitted" in words
    if "grow" in words:
        result.again = {"n_estimators": 7}
    if "again" in words:
        result.again = {"warm_start": True}
    return result


def _target(words, X, score):
    thirds = np.digitize(score, np.percentile(score, [33, 66]))
    halves = (score > np.median(score)).astype(int)
    if "multi" in words or "binary" in words:
        y = thirds if "multi" in words else halves
        for kind in words:
            if kind in LABELS:
                y = LABELS[kind][y]
        return y
    if "multiout" in words:
        if "strings" in words:
            return np.column_stack([LABELS["strings"][thirds], LABELS["strings"][halves]])
        return np.column_stack([thirds, halves])
    if "multilabel" in words:
        return np.column_stack([halves, (X[:, 1] > 0).astype(int), (X[:, 2] > 0.3).astype(int)])
    if "one" in words:
        return np.zeros(ROWS, dtype=int)
    if "sets" in words:
        return [("a", "b") if value > 0 else ("c",) for value in score]
    if "reg" in words:
        return score
    if "counts" in words:
        return np.round(np.exp(score / 2)) + 1.0
    if "multireg" in words:
        return np.column_stack([score, X[:, 2] - score])
    if "column" in words:
        return score.reshape(-1, 1)
    return None


def _input(words, X, y, rng):
    if "images" in words:
        return rng.normal(size=(6, 5, 5)).round(3)
    if "text" in words:
        return list(TEXT)
    if "dicts" in words:
        return [
            {"city": "Paris" if i % 2 else "Oslo", "n": float(i), "on": i % 3 == 0}
            for i in range(12)
        ]
    if "words" in words or "ints" in words:
        X = _categories(words, rng)
    if "positive" in words:
        X = np.abs(X)
    if "whole" in words:
        X = np.floor(np.abs(X) * 3).astype(int)
    if "square" in words:
        X = X.dot(X.T)
    if "distances" in words:
        X = np.sqrt(((X[:, None, :] - X[None, :, :]) ** 2).sum(axis=2))
    if "line" in words:
        X = X[:, 0]
    if "f32" in words:
        X = X.astype(np.float32)
    if "fortran" in words:
        X = np.asfortranarray(X)
    if "nan" in words:
        X = X.copy()
        X[::7, 0] = np.nan
        X[3::11, 2] = np.nan
    return _container(words, X)


def _categories(words, rng):
    if "ints" in words:
        return rng.randint(0, 4, size=(ROWS, 2))
    X = np.array(["red", "green", "blue", "rare"], dtype=object)[
        rng.choice(4, size=(ROWS, 2), p=[0.4, 0.3, 0.27, 0.03])
    ]
    if "gaps" in words:
        X[::9, 0] = np.nan
    if "holes" in words:
        X[::9, 0] = None
    return X.astype("U5") if "unicode" in words else X


def _container(words, X):
    if "sparse" in words or "csc" in words:
        from scipy import sparse

        X = np.where(np.abs(X) < 0.5, 0, X)
        return sparse.csr_matrix(X) if "sparse" in words else sparse.csc_matrix(X)
    if "frame" in words:
        import pandas

        return pandas.DataFrame(X, columns=["alpha", "beta", "gamma", "delta", "eps"][: X.shape[1]])
    if "numeric" in words:
        return mixed_frame(X)[["age", "income", "plan"]]
    if "pandas" in words:
        return mixed_frame(X)
    return X


def mixed_frame(X):
    """Numbers, text, a category and a bool, as real tables have them."""
    import pandas

    frame = pandas.DataFrame({"age": X[:, 0], "income": X[:, 1]})
    frame["city"] = [
        "Oslo" if value > 0.5 else "Paris" if value > -0.5 else "Rome" for value in X[:, 2]
    ]
    frame["plan"] = pandas.Categorical(["gold" if value > 0 else "basic" for value in X[:, 3]])
    frame["active"] = X[:, 4] > 0
    return frame[["age", "income", "city", "plan", "active"]]
