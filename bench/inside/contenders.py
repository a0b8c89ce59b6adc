"""What `bench.payload` runs, each time in a process of its own: fit a row, dump it, or load it.

`python contenders.py fit ROW FILE` / `dump CONTENDER MODEL OUT` / `load CONTENDER FILE`; prints one
JSON line: CPU and wall seconds, bytes written, and the peak of the memory beyond what was there.
"""

import gc
import json
import os
import pickle
import sys
import time


# ------------------------------------------------------------------ rows
def _table(rows, columns):
    import numpy as np

    chance = np.random.RandomState(0)
    X = chance.normal(size=(rows, columns))
    return X, X[:, 0] + np.sin(3 * X[:, 1]) + chance.normal(size=rows) * 0.5


def _forest(trees):
    def fit():
        from sklearn.ensemble import RandomForestClassifier

        X, y = _table(50000, 20)
        return RandomForestClassifier(trees, random_state=0, n_jobs=2).fit(X, y > 0)

    return fit


def _boosting():
    from sklearn.ensemble import GradientBoostingClassifier

    X, y = _table(5000, 20)
    return GradientBoostingClassifier(n_estimators=500, random_state=0).fit(X, y > 0)


def _neighbours():
    from sklearn.neighbors import KNeighborsClassifier

    X, y = _table(200000, 50)
    return KNeighborsClassifier(algorithm="kd_tree").fit(X, y > 0)


def _svc():
    from sklearn.svm import SVC

    X, y = _table(14000, 20)
    return SVC(C=0.01, gamma=0.3).fit(X, y > 0)


def _terms():
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = ["w%x" % (i * 2654435761 % 2**32) for i in range(1000000)]
    lines = [" ".join(words[i : i + 1000]) for i in range(0, len(words), 1000)]
    return TfidfVectorizer().fit(lines)


def _stacking():
    from sklearn.ensemble import RandomForestClassifier, StackingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = _table(5000, 20)
    parts = [
        ("trees", make_pipeline(StandardScaler(), RandomForestClassifier(50, random_state=0))),
        ("near", make_pipeline(StandardScaler(), KNeighborsClassifier())),
        ("line", make_pipeline(StandardScaler(), LogisticRegression())),
    ]
    return StackingClassifier(parts, cv=3).fit(X, y > 0)


def _histogram():
    from sklearn.ensemble import HistGradientBoostingClassifier

    X, y = _table(20000, 20)
    return HistGradientBoostingClassifier(max_iter=500, early_stopping=False).fit(X, y > 0)


ROWS = {
    "RandomForest 100": _forest(100),
    "RandomForest 500": _forest(500),
    "GradientBoosting 500": _boosting,
    "KNN 200k x 50": _neighbours,
    "SVC 10k": _svc,
    "Tfidf 1M terms": _terms,
    "Stacking": _stacking,
    "HistGradientBoosting 500": _histogram,
}


# ------------------------------------------------------------------ contenders
def _joblib():
    import joblib

    return joblib.dump, joblib.load


def _joblib_summed():
    """joblib with what a zip has besides: a sum that tells a damaged file from a whole one."""
    import zlib

    import joblib

    class Summed(object):
        def __init__(self, handle):
            self.handle = handle
            self.sum = 0

        def __getattr__(self, name):
            return getattr(self.handle, name)

        def write(self, data):
            self.sum = zlib.crc32(data, self.sum)
            return self.handle.write(data)

    def dump(model, path):
        with open(path, "wb") as handle:
            summed = Summed(handle)
            joblib.dump(model, summed)
            handle.write(b"%08x" % summed.sum)

    return dump, joblib.load


def _pickle():
    def dump(model, path):
        with open(path, "wb") as handle:
            pickle.dump(model, handle, protocol=5)

    def load(path):
        with open(path, "rb") as handle:
            return pickle.load(handle)

    return dump, load


def _skmig():
    from skmig.agent import build, walk  # noqa: F401 - imported before the clock runs
    from skmig.payload import dump, load

    return dump, load


def _skops():
    import skops.io

    def load(path):
        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))

    return skops.io.dump, load


def _migrator():
    """The published peer: a serialiser for each class, whose result is written as JSON."""
    import sklearn
    from sklearn_migrator import core

    def dump(model, path):
        with open(path, "w") as handle:
            json.dump(core.serialize(model, sklearn.__version__), handle)

    def load(path):
        with open(path) as handle:
            return core.deserialize(json.load(handle), sklearn.__version__)

    return dump, load


CONTENDERS = {
    "skmig": _skmig,
    "joblib": _joblib,
    "joblib and CRC": _joblib_summed,
    "pickle 5": _pickle,
    "skops": _skops,
    "sklearn-migrator": _migrator,
}


# ------------------------------------------------------------------ measuring
def _memory(name):
    with open("/proc/self/status") as handle:
        for line in handle:
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return 0


def measured(function, *args):
    """Run it once: what it took, beyond what this process had before."""
    # no collector looks at what was imported, which it would do for one contender and not another
    gc.collect()
    getattr(gc, "freeze", gc.collect)()  # Python 3.7
    with open("/proc/self/clear_refs", "w") as handle:
        handle.write("5")  # the peak begins here
    before, wall, cpu = _memory("VmRSS"), time.perf_counter(), time.process_time()
    result = function(*args)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return result, {"cpu": cpu, "wall": wall, "peak": _memory("VmHWM") - before}


def main(argv):
    import sklearn.ensemble
    import sklearn.feature_extraction.text
    import sklearn.neighbors
    import sklearn.pipeline
    import sklearn.svm  # noqa: F401 - loading a model is measured, not importing its classes

    what, name, path = argv[:3]
    if what == "fit":
        with open(path + ".part", "wb") as handle:
            pickle.dump(ROWS[name](), handle, protocol=5)
        os.replace(path + ".part", path)
        return
    dump, load = CONTENDERS[name]()
    if what == "dump":
        with open(path, "rb") as handle:
            model = pickle.load(handle)
        said = measured(dump, model, argv[3])[1]
        said["bytes"] = os.path.getsize(argv[3])
    else:
        model, said = measured(load, path)
        said["class"] = type(model).__name__
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
