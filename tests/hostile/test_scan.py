"""No hostile file is called clean, runs, or exhausts the scanner; no honest one is suspect."""

from __future__ import annotations

import json
import os
import pickle
import resource
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from sklearn.preprocessing import StandardScaler

from skmig.environments import virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress
from skmig.errors import SkmigError, UnreadableError
from skmig.inspection import inspect
from tests.hostile import corpus

# loading these does no harm, however much they look like it: they must be read within limits
_HARMLESS = {"nested-zlib-bomb"}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return corpus.hostile(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def benign(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return corpus.benign(tmp_path_factory.mktemp("benign"))


def said(path: Path) -> set[str]:
    """The severities of what is found; "unreadable" for what is refused."""
    try:
        facts = inspect(path)
    except UnreadableError as error:
        return {"unreadable", *(cause.partition(" ")[0] for cause in error.causes)}
    assert facts.clean == (not facts.findings)
    return {item.severity for item in facts.findings}


def test_every_hostile_file_is_found(hostile: dict[str, Path]) -> None:
    names = hostile.keys() - corpus.bombs().keys()
    assert len(names) > 100
    found = {name: said(hostile[name]) for name in names}
    assert {name for name, severities in found.items() if not severities} == set()
    mild = {
        name
        for name, severities in found.items()
        if not severities & {"dangerous", "unreadable"} and name not in corpus.ODD
    }
    assert mild == {"mlflow-loader", "mlflow-code"}
    for name in ("broken-after-the-call", "truncated-after-the-call"):
        assert found[name] == {"unreadable", "dangerous"}, "what it did before it broke is said"
    for name in (
        *("zip-with-a-pickle", "zip-like-torch", "npy-with-objects"),
        *("forged-dtype", "joblib-forged-dtype"),
    ):
        assert found[name] == {"unreadable", "dangerous"}, "what a refused file holds is said"
    canary = hostile["eval"].parent / corpus.CANARY
    assert not canary.exists()


def test_the_canary_would_die(hostile: dict[str, Path], tmp_path: Path) -> None:
    """The corpus is hostile indeed: in a process of its own, one file of it is loaded."""
    path = tmp_path / "model.pkl"
    path.write_bytes(corpus.pickles(f"touch {tmp_path / corpus.CANARY}")["reduce-protocol-4"])
    load = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))"
    subprocess.run([sys.executable, "-c", load, path], check=True)
    assert (tmp_path / corpus.CANARY).exists()


def test_findings_say_where(hostile: dict[str, Path]) -> None:
    facts = inspect(hostile["in-a-pipeline"])
    (finding,) = facts.findings
    assert finding.path is not None
    assert finding.path.startswith("model.steps[1][1].func")
    assert hostile["in-a-pipeline"].read_bytes()[finding.position : finding.position + 1] == b"\x93"
    (popped,) = inspect(hostile["popped"]).findings
    assert popped.path is not None
    assert popped.path.startswith("(dropped)")


_LIMITED = """
import json, resource, sys
from pathlib import Path
from skmig.errors import SkmigError
from skmig.inspection import inspect
said = {}
for path in sys.argv[1:]:
    try:
        said[Path(path).stem] = sorted({i.severity for i in inspect(path).findings})
    except SkmigError as error:
        said[Path(path).stem] = [error.kind]
said["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps(said))
"""


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (300, 300))


def test_bombs_stay_inside_memory_and_time(hostile: dict[str, Path]) -> None:
    bombs = corpus.bombs().keys()
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, *(str(hostile[name]) for name in sorted(bombs))],
        preexec_fn=_limits,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found.pop("peak") < 2 << 20  # KiB
    assert {name for name, what in found.items() if not what} == _HARMLESS


@pytest.mark.parametrize("mebibytes", [300, 420, 500])
def test_memory_that_is_not_there_is_an_error(hostile: dict[str, Path], mebibytes: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(hostile["zlib-bomb-of-lists"])],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20,) * 2),
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    assert json.loads(done.stdout)["zlib-bomb-of-lists"] == ["UnreadableError"]


def test_what_is_shared_or_in_a_circle_is_no_bomb(tmp_path: Path) -> None:
    value: list[object] = [StandardScaler()]
    for _ in range(9):
        value = [value] * 10  # a thousand million in all
    value.append(value)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(value))
    assert inspect(path).findings == ()
    for _ in range(2):
        value = [value] * 10
    path.write_bytes(pickle.dumps(value))
    assert [item.name for item in inspect(path).findings] == ["expands"]


def test_every_benign_file_is_clean(benign: dict[str, Path]) -> None:
    found = {name: inspect(path).findings for name, path in benign.items()}
    assert {name: items for name, items in found.items() if items} == {}
    assert all(inspect(path).release for path in benign.values())


# ------------------------------------------------------------------ what is no model
def causes(path: Path) -> tuple[str, ...]:
    with pytest.raises(UnreadableError) as caught:
        inspect(path)
    assert caught.value.hint
    return caught.value.causes


def test_members_of_archives_are_looked_at(tmp_path: Path) -> None:
    call = corpus.pickles("true")["reduce-protocol-0"]
    path = tmp_path / "made.zip"
    for name, content, named in (
        ("old.pkl", call, True),
        ("any/name", zlib.compress(corpus.pickles("true")["reduce-protocol-4"]), True),
        ("a.npy", corpus._npy([corpus.Evil("true")]), True),
        ("broken.pkl", call[:-2], True),
        ("readme.txt", b"cats\nand dogs\n", False),
        ("b.npy", corpus._npy([1]), False),
        ("empty.pkl", b"", False),
    ):
        path.write_bytes(corpus.archive({"first": b"", name: content}))
        found = causes(path)
        assert bool(found) == named, name
        assert all(f"of its member `{name}`: " in text for text in found)
    path.write_bytes(corpus.archive({"a.pkl": call})[:-40])
    assert causes(path) == ()
    path.write_bytes(corpus.archive({f"{i}.pkl": call for i in range(1200)}))
    assert causes(path)[-1] == "and 981 more"


def test_a_bomb_in_an_archive_stays_inside_time(tmp_path: Path) -> None:
    bombs = corpus.bombs()
    some = ("deep-lists", "dup-bomb", "absurd-text", "dtype-bomb")
    path = tmp_path / "made.zip"
    path.write_bytes(corpus.archive({f"{name}.pkl": bombs[name] for name in some}))
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(path)],
        preexec_fn=_limits,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    assert json.loads(done.stdout)["made"] == ["UnreadableError"]


# ------------------------------------------------------------------ what is no file
def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.pkl"
    os.mkfifo(pipe)
    loop = tmp_path / "loop.pkl"
    loop.symlink_to(loop)
    empty = tmp_path / "empty.pkl"
    empty.touch()
    sparse = tmp_path / "sparse.pkl"
    with sparse.open("wb") as handle:
        handle.truncate(1 << 40)
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in (pipe, loop, empty, sparse, folder, Path("/dev/zero"), tmp_path / "gone.pkl"):
        with pytest.raises(UnreadableError) as caught:
            inspect(path)
        assert str(path) in caught.value.message
        assert caught.value.hint


def test_a_sparse_tail_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"\x80\x04N.")
    with path.open("r+b") as handle:
        handle.truncate(1 << 40)
    assert {item.name for item in inspect(path).findings} == {"trailing-bytes"}


def test_a_file_that_shrinks_meanwhile_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from skmig.inspection import reading

    path = tmp_path / "model.pkl"
    path.write_bytes(
        b"\x80\x04" + b"\x8e" + (1 << 20).to_bytes(8, "little") + bytes(1 << 20) + b"."
    )
    opened = reading.open_artifact

    def shrinking(name: str, check: object) -> object:
        answer = opened(name, check)  # type: ignore[arg-type]
        os.truncate(name, 100)
        return answer

    monkeypatch.setattr(reading, "open_artifact", shrinking)
    with pytest.raises(SkmigError):
        inspect(path)


# ------------------------------------------------------------------ real releases
_FIT = """
import pickle, sys
import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
try:
    import joblib
except ImportError:
    from sklearn.externals import joblib
rng = np.random.RandomState(0)
x, y = rng.rand(60, 3), np.array(["a", "b"] * 30)
models = [
    RandomForestClassifier(n_estimators=3).fit(x, y), SVC().fit(x, y),
    GradientBoostingClassifier(n_estimators=3).fit(x, y), KNeighborsClassifier(algorithm="kd_tree"),
    GridSearchCV(LogisticRegression(), {"C": [1.0, 2.0]}, cv=2).fit(x, y),
    make_pipeline(FunctionTransformer(np.log1p), StandardScaler(), LogisticRegression()).fit(x, y),
    make_pipeline(TfidfVectorizer(tokenizer=str.split), SVC()).fit(["a", "b"] * 30, y),
]
for i, model in enumerate(models):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with open("%s/%d-%d.pkl" % (sys.argv[1], i, protocol), "wb") as handle:
            pickle.dump(model, handle, protocol)
    for compress in (0, 3, ("gzip", 3)):
        joblib.dump(model, "%s/%d-%s.joblib" % (sys.argv[1], i, len(str(compress))), compress)
"""


@pytest.mark.environments
@pytest.mark.parametrize("release", ["0.18.1", "0.22.2.post1", "1.0.2", "1.6.1"])
def test_models_of_real_releases_are_clean(tmp_path: Path, release: str) -> None:
    python = virtual.ensure(EnvironmentSpec(release=release), SilentProgress())
    subprocess.run([str(python), "-W", "ignore", "-c", _FIT, str(tmp_path)], check=True)
    files = list(tmp_path.iterdir())
    assert len(files) >= 7 * 7
    assert {path.name: found for path in files if (found := inspect(path).findings)} == {}


@pytest.mark.environments
@pytest.mark.parametrize("release", ["0.18.1", "1.6.1"])
def test_a_payload_beside_a_model_of_a_real_release_is_found(tmp_path: Path, release: str) -> None:
    python = virtual.ensure(EnvironmentSpec(release=release), SilentProgress())
    subprocess.run([str(python), "-W", "ignore", "-c", _FIT, str(tmp_path)], check=True)
    call = b"(cos\nsystem\nS'true'\no0."  # called, then thrown away: the model is what is loaded
    for path in sorted(tmp_path.glob("*.pkl")):
        path.write_bytes(path.read_bytes()[:-1] + call)
        assert "os.system" in {item.name for item in inspect(path).findings}, path
