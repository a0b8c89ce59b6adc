"""Everything outside the allowlist is found, and nothing of it runs."""

import io
import os
import pickle
import sys
import zlib

import joblib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from skmig.agent.containers import ContainerError, open_stream
from skmig.errors import UnreadableError
from skmig.inspection import inspect, machine, trace


def findings(folder, content):
    path = folder / "model.pkl"
    path.write_bytes(content)
    return {(item.severity, item.name) for item in inspect(path).findings}


@pytest.mark.parametrize(
    ("content", "severity", "name"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "dangerous", "os.system"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.", "dangerous", "os.system"),
        (b"(S'true'\nios\nsystem\n.", "dangerous", "os.system"),
        (b"(cos\nsystem\nS'true'\no.", "dangerous", "os.system"),
        (b"\x80\x02cos\nsystem\nU\x04true\x85\x81.", "dangerous", "os.system"),
        (b"c__builtin__\neval\n(S'1'\ntR.", "dangerous", "__builtin__.eval"),
        (b"cbuiltins\nexec\n.", "dangerous", "builtins.exec"),
        (b"cbuiltins\ngetattr\n(cbuiltins\nstr\nV__class__\ntR.", "dangerous", "builtins.getattr"),
        (b"csubprocess\nPopen\n(S'true'\ntR.", "dangerous", "subprocess.Popen"),
        (b"cnumpy.testing._private.utils\nrunstring\n(S'1'\n}tR.", "dangerous",
         "numpy.testing._private.utils.runstring"),
        (b"cjoblib\nload\n(S'x'\ntR.", "dangerous", "joblib.load"),
        (b"csklearn.externals.joblib\nload\n(S'x'\ntR.", "dangerous",
         "sklearn.externals.joblib.load"),
        # scikit-learn imports it, but it is not scikit-learn's
        (b"csklearn.base\nwarnings\n.", "unknown", "sklearn.base.warnings"),
        (b"\x80\x04\x8c\x0csklearn.base\x8c\x0bwarnings.os\x93.", "unknown",
         "sklearn.base.warnings.os"),
        # a function of scikit-learn may be mentioned but not called
        (b"csklearn.datasets\nload_files\n(S'/'\ntR.", "unknown", "sklearn.datasets.load_files"),
        (b"csklearn.utils.extmath\nsafe_sparse_dot\n(tR.", "unknown",
         "sklearn.utils.extmath.safe_sparse_dot"),
        (b"cnumpy\nlog\n(F1.0\ntR.", "unknown", "numpy.log"),
        (b"cxgboost.sklearn\nXGBClassifier\n(tR.", "unknown", "xgboost.sklearn.XGBClassifier"),
        # calling what a call gave, or a partial
        (b"cfunctools\npartial\n(cnumpy\nlog\ntR(F1.0\ntR.", "dangerous", "call-of-value"),
        # a ufunc by name imports whatever it names
        (b"cnumpy.core\n_ufunc_reconstruct\n(S'os'\nS'system'\ntR.", "dangerous", "os.system"),
        # names that are computed while it runs
        (b"\x80\x04\x8c\x02os\x85cbuiltins\nstr\n\x8c\x06system\x85R\x93.", "dangerous",
         "computed-name"),
        # setting attributes of a class
        (b"csklearn.base\nBaseEstimator\n}S'fit'\ncnumpy\nlog\nsb.", "dangerous",
         "sklearn.base.BaseEstimator"),
        (b"cbuiltins\ntype\n(S'C'\n(t}tR.", "dangerous", "makes-class"),
        (b"Pname\n.", "odd", "persistent-id"),
        (b"\x80\x02K\x01Q.", "odd", "persistent-id"),
        (b"\x80\x02\x82\x01.", "odd", "extension-code"),
        (b"\x80\x05\x97.", "odd", "out-of-band"),
        (b"\x80\x02N.rest", "odd", "trailing-bytes"),
        (b"\x80\x02N0\x80\x02N.", "odd", "stray-protocol"),
        (b"\x80\x02N0K\x01q\x000K\x02q\x00.", "odd", "memo-overwritten"),
    ],
)  # fmt: skip
def test_what_is_found(tmp_path, content, severity, name):
    assert (severity, name) in findings(tmp_path, content)


@pytest.mark.parametrize("warning", [b"cbuiltins\n", b"cexceptions\n"])
def test_results_of_an_old_search_are_known(tmp_path, warning):
    """`cv_results_` of 0.19 and 0.20 is a dict that warns (utils/deprecation.py)."""
    results = b"\x80\x02csklearn.utils.deprecation\nDeprecationDict\n)\x81"
    state = b"}U\x0d_deprecations" + warning + b"FutureWarning\nsb"
    assert findings(tmp_path, results + state + b".") == set()
    tool = b"csklearn.utils.deprecation\ndeprecated\n."
    assert findings(tmp_path, tool) == {("unknown", "sklearn.utils.deprecation.deprecated")}


def test_a_pickle_in_a_byte_string(tmp_path):
    inner = b"\x80\x02cos\nsystem\nU\x04true\x85R."
    found = findings(tmp_path, pickle.dumps({"raw": inner + b""}, 4))
    assert found == {("dangerous", "nested-pickle")}
    long = b"\x80\x04\x95" + b"\0" * 8 + b"C\xff" + b"a" * 255 + b"0" * 1 + b"cos\nsystem\n."
    assert findings(tmp_path, pickle.dumps(long * 1, 4)) == {("dangerous", "nested-pickle")}
    assert findings(tmp_path, pickle.dumps(os.urandom(64) + b"\x80", 4)) == set()


def test_nested_pickles_of_joblib_are_read_too(tmp_path):
    path = tmp_path / "model.joblib"
    joblib.dump(np.array(["harmless", None], dtype=object), path)
    content = path.read_bytes()
    assert inspect(path).clean
    nested = content.index(b"\x80\x05", 2) if b"\x80\x05" in content[2:] else None
    assert nested is not None
    path.write_bytes(content[:nested] + b"cos\nsystem\n(S'true'\ntR." + b".")
    assert {item.name for item in inspect(path).findings} == {"os.system"}


def test_raw_bytes_are_not_taken_for_opcodes(tmp_path):
    path = tmp_path / "model.joblib"
    evil = np.frombuffer(b"cos\nsystem\n(S'true'\ntR.".ljust(64, b"."), dtype=np.uint8)
    joblib.dump([evil, StandardScaler()], path)
    facts = inspect(path)
    assert facts.clean
    assert [node.path for node in facts.estimators] == ["model[1]"]


def test_code_in_a_distribution_is_found(tmp_path):
    template = "def _parse_args(self, loc=0, scale=1):\n    return (), loc, scale\n"
    start = b"cscipy.stats._continuous_distns\nuniform_gen\n)\x81}V_parse_arg_template\nV"
    for text, expected in (
        (template, set()),
        (template + "import os\n", {("dangerous", "distribution-code")}),
        (template.replace("scale=1", "scale=print(1)"), {("dangerous", "distribution-code")}),
    ):
        content = b"\x80\x02" + start + text.encode().replace(b"\n", b"\\u000a") + b"\nsb."
        assert findings(tmp_path, content) == expected


def test_nothing_is_imported(tmp_path):
    before = set(sys.modules)
    content = b"cantigravity\nfly\n(S'x'\ntR."
    assert findings(tmp_path, content) == {("unknown", "antigravity.fly")}
    assert "antigravity" not in set(sys.modules) - before


# ------------------------------------------------------------------ limits
def test_limits_hold(tmp_path, monkeypatch):
    path = tmp_path / "model.pkl"
    path.write_bytes(zlib.compress(b"]" * 200_000 + b"."))
    monkeypatch.setattr(trace, "MAX_STUBS", 50_000)
    with pytest.raises(UnreadableError, match="objects"):
        inspect(path)
    monkeypatch.setattr(trace, "MAX_STUBS", 10**9)
    monkeypatch.setattr(trace, "MAX_OPCODES", 100_000)
    with pytest.raises(UnreadableError, match="opcodes"):
        inspect(path)


def test_nested_pickles_have_a_limit(tmp_path):
    path = tmp_path / "model.joblib"
    joblib.dump(np.array([None], dtype=object), path)
    content = path.read_bytes()
    head = content[: content.index(b"\x80\x05", 2)]
    path.write_bytes(head * (machine.MAX_NESTING + 5))
    with pytest.raises(UnreadableError, match="pickles within pickles"):
        inspect(path)


def test_a_stream_expands_to_its_limit_only(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(zlib.compress(b"N" * 10_000_000))
    stream, name = open_stream(str(path), limit=1_000_000)
    assert name == "zlib"
    with stream:
        assert len(stream.read(900_000)) == 900_000
        with pytest.raises(ContainerError, match="expands"):
            stream.read(200_000)


def test_deep_nesting_is_walked_without_recursion(tmp_path):
    depth = 50_000
    path = tmp_path / "model.pkl"
    path.write_bytes(b"]" * depth + b"a" * (depth - 1) + b".")
    assert {item.name for item in inspect(path).findings} == {"too-deep"}


# ------------------------------------------------------------------ damage
def _samples():
    rng = np.random.RandomState(0)
    x, y = rng.rand(20, 2), np.array(["a", "b"] * 10)
    value = {"m": LogisticRegression().fit(x, y), "o": np.array([StandardScaler()], dtype=object)}
    made = [pickle.dumps(value, protocol) for protocol in (0, 2, 4, 5)]
    for compress in (0, 3):
        buffer = io.BytesIO()
        joblib.dump(value, buffer, compress=compress)
        made.append(buffer.getvalue())
    return made


SAMPLES = _samples()


def hinted(path):
    """Reading gives facts, or an error that names the file and says what to do: nothing else."""
    try:
        inspect(path).as_json()
    except UnreadableError as error:
        return str(path) in error.message and bool(error.hint)
    return True


KINDS = st.sampled_from(["set", "cut", "drop", "insert"])
fuzzed = settings(
    max_examples=300,
    deadline=5000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@fuzzed
@given(
    sample=st.sampled_from(SAMPLES),
    edits=st.lists(
        st.tuples(st.floats(0, 1), KINDS, st.binary(max_size=6)), min_size=1, max_size=6
    ),
)
def test_damage_gives_facts_or_a_clean_error(tmp_path, sample, edits):
    data = bytearray(sample)
    for where, what, content in edits:
        at = int(where * len(data))
        if what == "set":
            data[at : at + len(content)] = content
        elif what == "cut":
            del data[at:]
        elif what == "drop":
            del data[at : at + len(content)]
        else:
            data[at:at] = content
    path = tmp_path / "model.pkl"
    path.write_bytes(data)
    assert hinted(path)


@fuzzed
@given(st.binary(max_size=200), st.sampled_from([b"", b"\x80\x02", b"\x80\x04", b"("]))
def test_noise_gives_facts_or_a_clean_error(tmp_path, noise, head):
    path = tmp_path / "model.pkl"
    path.write_bytes(head + noise)
    assert hinted(path)
