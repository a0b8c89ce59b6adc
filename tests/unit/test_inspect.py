"""Reading artifacts of this environment's own joblib and pickle, and of old joblib."""

import functools
import gzip
import io
import pickle
import shutil
from pathlib import Path

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skmig.errors import UnreadableError
from skmig.inspection import Facts, inspect

DATA = Path(__file__).parent / "data"
RNG = np.random.RandomState(0)
X = RNG.rand(60, 3)
Y = np.where(X[:, 0] > 0.5, "yes", "no")


@pytest.fixture(scope="module")
def forest():
    return RandomForestClassifier(n_estimators=4, random_state=0).fit(X, Y)


def saved(folder: Path, value, *, protocol=None, compress=None) -> Facts:
    path = folder / "model.pkl"
    if compress is None:
        path.write_bytes(pickle.dumps(value, protocol=protocol))
    else:
        joblib.dump(value, path, compress=compress, protocol=protocol)
    return inspect(path)


def paths(facts: Facts, tag: str) -> list[str]:
    return [node.path for node in facts.estimators if node.tag == tag]


TREE = "sklearn.tree.DecisionTreeClassifier"


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_gives_the_same_tree(tmp_path, forest, protocol):
    facts = saved(tmp_path, forest, protocol=protocol)
    assert facts.protocol == (protocol if protocol >= 2 else 0)
    assert facts.container == "pickle/none"
    assert facts.release == sklearn.__version__
    assert facts.python in (3, None)
    assert paths(facts, TREE)[1:] == [f"model.estimators_[{i}]" for i in range(4)]
    assert paths(facts, "sklearn.tree.Tree") == [f"model.estimators_[{i}].tree_" for i in range(4)]
    assert facts.clean, facts.findings


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("name", ["none", "zlib", "gzip", "bz2", "xz", "lzma"])
def test_joblib_arrays_are_stepped_over(tmp_path, forest, name, protocol):
    facts = saved(tmp_path, forest, compress=0 if name == "none" else (name, 3), protocol=protocol)
    assert facts.container == f"joblib/{name}"
    assert facts.protocol == protocol
    assert facts.joblib_form == "1.2 or newer"
    assert facts.sklearn_versions.keys() == {sklearn.__version__}
    assert paths(facts, TREE)[1:] == [f"model.estimators_[{i}]" for i in range(4)]
    assert facts.clean, facts.findings


def test_object_arrays_are_pickles_in_the_stream(tmp_path):
    model = GradientBoostingClassifier(n_estimators=3).fit(X, Y)
    facts = saved(tmp_path, model, compress=0, protocol=4)
    expected = [f"model.estimators_[{i}]" for i in range(3)]
    assert paths(facts, "sklearn.tree.DecisionTreeRegressor") == expected
    assert facts.protocol == 4  # the nested pickles speak protocol 5
    assert saved(tmp_path, model).estimators == facts.estimators


def test_containers_of_models(tmp_path):
    model = LogisticRegression().fit(X, Y)
    facts = saved(tmp_path, {"clf": model, "meta": [1, (model.coef_, StandardScaler().fit(X))]})
    assert facts.summary == "dict of 2 (clf, meta)"
    assert paths(facts, "sklearn.linear_model.LogisticRegression") == ["model['clf']"]
    assert paths(facts, "sklearn.preprocessing.StandardScaler") == ["model['meta'][1][1]"]


def test_summary_of_what_is_composed(tmp_path):
    pipeline = make_pipeline(
        ColumnTransformer([("s", StandardScaler(), [0]), ("d", "drop", [1])]), LogisticRegression()
    )
    search = GridSearchCV(pipeline, {"logisticregression__C": [1.0, 2.0]}, cv=2).fit(X, Y)
    assert saved(tmp_path, search).summary == (
        "GridSearchCV(Pipeline[ColumnTransformer[StandardScaler] > LogisticRegression])"
    )


def test_functions_as_values_are_listed_and_known(tmp_path):
    model = make_pipeline(FunctionTransformer(np.log1p), CountVectorizer(tokenizer=str.split))
    facts = saved(tmp_path, model)
    assert facts.functions == ("numpy.log1p",)
    assert facts.clean, facts.findings


def test_compiled_objects_are_known(tmp_path):
    model = KNeighborsClassifier(algorithm="kd_tree").fit(X, Y)
    for compress in (None, 0):
        facts = saved(tmp_path, model, compress=compress)
        assert "sklearn.neighbors.KDTree" in {node.tag for node in facts.estimators}
        assert facts.clean, facts.findings


def test_a_large_vocabulary_keeps_the_rest(tmp_path):
    words = [f"word{i}" for i in range(5000)]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(words, [0, 1] * 2500)
    facts = saved(tmp_path, model)
    assert paths(facts, "sklearn.linear_model.LogisticRegression") == ["model.steps[1][1]"]
    assert facts.clean, facts.findings


class Custom(BaseEstimator):
    def __init__(self, inner=None):
        self.inner = inner


def test_code_of_others_is_found(tmp_path):
    facts = saved(tmp_path, Custom(LogisticRegression()))
    module = __name__.partition(".")[0]
    assert list(facts.third_party) == [module]
    assert [(item.severity, item.name) for item in facts.findings] == [
        ("unknown", f"{__name__}.Custom")
    ]
    assert [node.kind for node in facts.estimators] == ["foreign", "estimator"]
    assert facts.untrusted([module]) == ()
    assert facts.untrusted([module[:-1]]) == facts.findings


def test_names_of_main(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(
        pickle.dumps(FunctionTransformer(np.log1p), 2).replace(
            b"cnumpy\nlog1p\n", b"c__main__\nclean\n"
        )
    )
    facts = inspect(path)
    assert facts.main_names == ("clean",)
    assert [item.name for item in facts.findings] == ["__main__.clean"]
    assert "--code" in facts.findings[0].text


def test_several_releases_are_no_release(tmp_path):
    other = "9" + sklearn.__version__[1:]
    scaler = pickle.dumps(StandardScaler(), 2).replace(sklearn.__version__.encode(), other.encode())
    # a pair: what the second remembers replaces what the first remembered, which is done by then
    both = pickle.dumps(LogisticRegression(), 2)[:-1] + scaler[2:-1] + b"\x86."
    path = tmp_path / "model.pkl"
    path.write_bytes(both)
    facts = inspect(path)
    assert dict(facts.sklearn_versions) == {
        sklearn.__version__: ("model[0]",),
        other: ("model[1]",),
    }
    assert facts.release is None
    assert "several releases" in facts.release_reason


def test_python_2_and_the_releases_that_fit(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(
        b"ccopy_reg\n_reconstructor\np1\n(csklearn.svm.classes\nSVC\np2\nc__builtin__\nobject\np3\n"
        b"Ntp4\nRp5\n(dp6\nS'C'\np7\nF1.0\nsb."
    )
    facts = inspect(path)
    assert (facts.protocol, facts.python, facts.container) == (0, 2, "pickle/none")
    assert facts.summary == "sklearn.svm.classes.SVC"
    assert facts.release is None
    assert facts.possible_releases[0] == "0.18.1"
    assert facts.possible_releases[-1] == "0.21.3"
    assert facts.clean, facts.findings


def test_distributions_are_known(tmp_path):
    stats = pytest.importorskip("scipy.stats")
    search = RandomizedSearchCV(LogisticRegression(), {"C": stats.uniform(0, 1)})
    facts = saved(tmp_path, search)
    assert facts.summary == "RandomizedSearchCV(LogisticRegression)"
    assert facts.clean, facts.findings


def test_pandas_frames_are_known(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    facts = saved(tmp_path, frame)
    assert facts.pandas
    assert facts.clean, facts.findings


# ------------------------------------------------------------------ old joblib
def test_sidecars_of_old_joblib(tmp_path):
    for path in DATA.glob("joblib-0.9.2.pkl*"):
        shutil.copy(path, tmp_path)
    facts = inspect(tmp_path / "joblib-0.9.2.pkl")
    assert [path.name for path in facts.sidecars] == [
        "joblib-0.9.2.pkl_01.npy",
        "joblib-0.9.2.pkl_02.npy",
    ]
    assert facts.container == "joblib/none"
    assert facts.joblib_form == "0.9 or older"
    assert facts.clean, facts.findings
    (tmp_path / "joblib-0.9.2.pkl_02.npy").unlink()
    with pytest.raises(UnreadableError, match=r"joblib-0\.9\.2\.pkl_02\.npy"):
        inspect(tmp_path / "joblib-0.9.2.pkl")


def test_pickles_in_sidecars_are_read(tmp_path):
    for path in DATA.glob("joblib-0.9.2.pkl*"):
        shutil.copy(path, tmp_path)
    sidecar = tmp_path / "joblib-0.9.2.pkl_02.npy"
    head = sidecar.read_bytes()[: sidecar.read_bytes().index(b"\n") + 1]
    sidecar.write_bytes(head + b"cos\nsystem\n(S'true'\ntR.")
    assert "os.system" in {item.name for item in inspect(tmp_path / "joblib-0.9.2.pkl").findings}


def test_zf_container_of_old_joblib():
    facts = inspect(DATA / "joblib-0.9.2-zf.pkl")
    assert facts.container.endswith("/zf")
    assert facts.summary.startswith("dict of 3")
    assert facts.clean, facts.findings


def test_a_pickle_in_gzip_is_no_joblib(tmp_path):
    path = tmp_path / "model.pkl.gz"
    with gzip.open(path, "wb") as handle:
        pickle.dump(StandardScaler().fit(X), handle)
    assert inspect(path).container == "pickle/gzip"


# ------------------------------------------------------------------ what bad input gets
def zipped(*names: str) -> bytes:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "{}")
    return buffer.getvalue()


GOOD = pickle.dumps(LogisticRegression(), 0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"hello, world\n", "not a pickle"),
        (b"1,2,3\n4,5,6\n", "not a pickle"),
        (b"column a,column b\n1,2\n", "not a pickle"),
        (b"(see below)\n", "not a pickle"),
        (b"\x00\x01\x02\x03" * 50, "not a pickle"),
        (b"\x80\x09K\x01.", "not a pickle|protocol 9"),
        (GOOD[:-30], "truncated"),
        (pickle.dumps(LogisticRegression(), 4)[:-30], "truncated"),
        (GOOD.replace(b"\n", b"\r\n"), "text mode"),
        (b"x\x9c" + b"\xff" * 40, "zlib compression is broken"),
        (gzip.compress(GOOD)[:-40], "gzip compression is broken"),
        (b"\x04\x22\x4d\x18" + b"\0" * 40, "(?i)lz4"),
        (b"\x28\xb5\x2f\xfd" + b"\0" * 40, "zstd"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 40, "HDF5"),
        (b"\x08\x07\x12\x07skl2onnx", "ONNX"),
        (b'{"learner": {}}', "XGBoost"),
        (b'{"a": 1}', "JSON"),
        (zipped("schema.json", "1.npy"), r"\.skops"),
        (zipped("a.npy", "b.npy"), r"\.npz"),
        (zipped("archive/data.pkl"), "PyTorch"),
        (zipped("readme.txt"), "zip archive"),
        (b"PK\x03\x04rubbish", "damaged zip"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\x80\x04" + b"(" * 50 + b".", "damaged"),
        (b"\x80\x02U\x03abch\x07.", "damaged"),
        (b"\x80\x04\x8e" + b"\xff" * 8 + b"abc", "truncated"),
    ],
    # not the bytes: some hold the time at which they were made
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_bad_files_are_named(tmp_path, content, says):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=says) as caught:
        inspect(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_folders_and_missing_files(tmp_path):
    with pytest.raises(UnreadableError, match="cannot be read"):
        inspect(tmp_path / "none.pkl")
    with pytest.raises(UnreadableError, match="is a folder"):
        inspect(tmp_path)
    (tmp_path / "MLmodel").write_text("flavors:\n")
    (tmp_path / "model.pkl").write_bytes(GOOD)
    assert inspect(tmp_path).path == tmp_path / "model.pkl"


def test_partial_of_a_known_function_is_known(tmp_path):
    facts = saved(tmp_path, FunctionTransformer(functools.partial(np.clip, a_min=0)))
    assert facts.functions == ("numpy.clip",)
    assert facts.clean, facts.findings
