"""What models hold beside numbers: walked, written, read and built again is the same."""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import importlib
import operator
import pathlib
import pickle
import sys
import uuid
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.interpolate
import scipy.sparse
from sklearn.base import clone
from sklearn.preprocessing import FunctionTransformer

from skmig.agent.build import build
from skmig.agent.errors import JobError
from skmig.agent.neutral import CLASS, Name, New, Obj
from skmig.agent.walk import walk
from skmig.agent.wire import Bundle, write_bundle

CODE = """
import collections, dataclasses, enum, threading
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import StandardScaler

def double(X):
    return X * 2

def make():
    def inner(X):
        return X
    return inner

class Half(BaseEstimator, TransformerMixin):
    def __init__(self, by=2):
        self.by = by
    def fit(self, X, y=None):
        self.n_ = len(X)
        return self
    def transform(self, X):
        return X / self.by

class Shifted(StandardScaler):
    def transform(self, X, copy=None):
        return super().transform(X) + 1

class WithLock(BaseEstimator):
    def __init__(self):
        self.lock = threading.Lock()
        self.kept = 3
    def __getstate__(self):
        return {"kept": self.kept}
    def __setstate__(self, state):
        self.kept = state["kept"] + 1
        self.lock = None

class Drops:
    def __init__(self):
        self.lock = threading.Lock()
        self.kept = 3
    def __getstate__(self):
        return {"kept": self.kept}

class Odd:
    def __init__(self, pair):
        self.pair = pair
    def __getstate__(self):
        return self.pair
    def __setstate__(self, state):
        self.pair = state

class Reduced:
    def __init__(self, n):
        self.n = n
        self.more = 0
    def __reduce__(self):
        return Reduced, (self.n,), {"more": self.more}

class Slots:
    __slots__ = ("a", "b")

class Both(Slots):
    pass

class Words(dict):
    pass

class Row(list):
    pass

class Tally(collections.Counter):
    pass

class Celsius(float):
    pass

class Signal(np.ndarray):
    pass

class Colour(enum.Enum):
    RED = 1

class Rights(enum.IntFlag):
    READ = 1
    WRITE = 2

@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    y: float = 0.5

class Outer:
    class Inner:
        pass
    @staticmethod
    def triple(X):
        return X * 3
"""


def travel(value: Any, allow: tuple[str, ...] = ()) -> Any:
    return build(through_the_wire(walk(value)), allow)


def through_the_wire(graph: Any) -> Any:
    path = pathlib.Path(TRAVELS[-1]) / "one.skmig"
    write_bundle(str(path), {"model": graph})
    with Bundle(str(path)) as bundle:
        return bundle.document("model")


TRAVELS: list[pathlib.Path] = []


@pytest.fixture(autouse=True)
def _folder(tmp_path: pathlib.Path) -> Any:
    TRAVELS.append(tmp_path)
    yield
    TRAVELS.pop()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A module of the user's."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "own_code.py").write_text(CODE)
    sys.path.insert(0, str(folder))
    yield importlib.import_module("own_code")
    sys.path.remove(str(folder))
    del sys.modules["own_code"]


PLAIN: list[Any] = [
    collections.Counter("abca"),
    collections.OrderedDict([("b", 1), ("a", 2)]),
    collections.deque([1, 2], 5),
    collections.defaultdict(collections.OrderedDict, {"a": collections.OrderedDict()}),
    datetime.date(2020, 1, 2),
    datetime.datetime(2020, 1, 2, 3, 4, 5, 6),
    datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
    datetime.time(1, 2, 3),
    datetime.timedelta(1, 2, 3),
    datetime.UTC,
    decimal.Decimal("1.10"),
    fractions.Fraction(1, 3),
    pathlib.Path("a") / "b",
    pathlib.PureWindowsPath("c:/d"),
    uuid.UUID(int=5),
    np.datetime64("2020-01-01T00:00:01"),
    pd.Timestamp("2020-01-01 01:02:03.000000004"),
    pd.Timestamp("2020-01-01", tz="Europe/Paris"),
    pd.Timedelta("1D"),
    pd.Period("2020-01", freq="M"),
    pd.Interval(0, 1, closed="left"),
    pd.CategoricalDtype(["a", "b"], ordered=True),
    pd.Int64Dtype(),
    np.ma.masked,
    np.linalg.norm,
    pd.to_numeric,
]


@pytest.mark.parametrize("value", PLAIN, ids=lambda value: type(value).__name__)
def test_values_stay_themselves(value: Any) -> None:
    found = travel(value, ("pandas",))
    assert type(found) is type(value)
    assert found is value or found == value
    if isinstance(value, collections.deque):
        assert found.maxlen == value.maxlen


ARRAYS: dict[str, Callable[[], Any]] = {
    "big endian": lambda: np.arange(3, dtype=">f8"),
    "half": lambda: np.arange(3, dtype="f2"),
    "long": lambda: np.arange(3, dtype=np.longdouble),
    "complex": lambda: np.array([1 + 2j]),
    "none of a dimension": lambda: np.array(3.5),
    "by columns": lambda: np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "dates": lambda: np.array(["2020-01-01", "NaT"], dtype="M8[s]"),
    "spans": lambda: np.array([1, 2], dtype="m8[ns]"),
    "fields": lambda: np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    "objects": lambda: np.array(["a", None, 1.5], dtype=object),
    "records": lambda: np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    "any length": lambda: np.array(["a", "bbb"], dtype="T"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_keep_type_order_and_bytes(name: str) -> None:
    value = ARRAYS[name]()
    found = travel(value)
    assert (type(found), found.dtype, found.shape) == (type(value), value.dtype, value.shape)
    assert found.flags.f_contiguous == value.flags.f_contiguous
    np.testing.assert_array_equal(found, value)


def test_masks_stay() -> None:
    found = travel(np.ma.array([1.0, 2.0], mask=[False, True], fill_value=7.0))
    assert (found.mask.tolist(), found.fill_value) == ([False, True], 7.0)


@pytest.mark.parametrize("name", ["PCG64", "PCG64DXSM", "Philox", "SFC64", "MT19937"])
def test_generators_go_on_where_they_were(name: str) -> None:
    value = np.random.Generator(getattr(np.random, name)(3))
    value.random()
    found = travel(value)
    assert found.random() == value.random()


@pytest.mark.parametrize("name", ["csr", "csc", "bsr", "coo", "lil", "dok", "dia"])
@pytest.mark.parametrize("kind", ["matrix", "array"])
def test_sparse_formats_stay(name: str, kind: str) -> None:
    value = getattr(scipy.sparse, f"{name}_{kind}")(np.array([[0, 1.0], [2, 0]]))
    found = travel(value)
    assert type(found) is type(value)
    assert found.toarray().tolist() == value.toarray().tolist()


def test_splines_stay() -> None:
    value = scipy.interpolate.CubicSpline([0, 1, 2], [0, 1, 4])
    found = travel(value)
    assert type(found) is type(value)
    assert found(0.7) == value(0.7)


def cut() -> Any:
    return pd.cut([1, 5, 9], 3)


TABLES: dict[str, Callable[[], Any]] = {
    "range": lambda: pd.RangeIndex(2, 8, 2, name="r"),
    "levels": lambda: pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", "y"]),
    "text": lambda: pd.Index(["a", "b"], name="n"),
    "objects": lambda: pd.Index(["a", 1], dtype=object),
    "numbers": lambda: pd.Index([1.0, 2.0]),
    "categories": lambda: pd.CategoricalIndex(["a", "b", None], ordered=True),
    "days": lambda: pd.date_range("2020-01-01", periods=3, freq="D"),
    "zone": lambda: pd.date_range("2020-01-01", periods=3, freq="h", tz="Europe/Paris"),
    "spans": lambda: pd.timedelta_range("1D", periods=2),
    "periods": lambda: pd.period_range("2020-01", periods=2, freq="M"),
    "intervals": lambda: pd.IntervalIndex.from_breaks([0, 1, 2]),
    "cut": lambda: pd.Series(cut()),
    "strings": lambda: pd.Series(["a", None], dtype="string"),
    "integers": lambda: pd.Series([1, None], dtype="Int64"),
    "truths": lambda: pd.Series([True, None], dtype="boolean"),
    "sparse": lambda: pd.Series(pd.arrays.SparseArray([0, 0, 1.0])),
    "frame": lambda: pd.DataFrame(
        {
            "a": [1, 2],
            "b": ["x", "y"],
            "c": pd.Categorical(["u", None]),
            "t": pd.to_datetime(["2020-01-01", "2021-01-01"]),
        },
        index=pd.Index([5, 6], name="k"),
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_stay(name: str) -> None:
    value = TABLES[name]()
    found = travel(value)
    assert type(found) is type(value)
    if isinstance(value, pd.DataFrame):
        pd.testing.assert_frame_equal(found, value)
    elif isinstance(value, pd.Series):
        pd.testing.assert_series_equal(found, value)
    else:
        pd.testing.assert_index_equal(found, value, exact=True)
        assert getattr(found, "freq", None) == getattr(value, "freq", None)


def test_notes_on_a_frame_stay() -> None:
    value = pd.DataFrame({"a": [1]})
    value.attrs["unit"] = "mm"
    assert travel(value).attrs == {"unit": "mm"}


# ------------------------------------------------------------------ the user's code
def test_nothing_of_the_users_is_made_unless_allowed(own: ModuleType) -> None:
    values = [own.Half(), own.double, own.Colour.RED, own.Reduced(1), own.Words(a=1), own.Point(1)]
    values += [np.arange(2).view(own.Signal)]
    for value in values:
        with pytest.raises(JobError, match="not allowed by name"):
            travel(value)


def test_getters_of_the_standard_library_are_data() -> None:
    model = FunctionTransformer(operator.itemgetter("a", "b"))
    again = travel(model)
    assert again.func({"a": 1, "b": 2, "c": 3}) == (1, 2)
    splits = travel(iter([(0, 1), (2, 3)]))
    assert list(splits) == [(0, 1), (2, 3)]


def test_functions_that_numpy_renamed_are_found() -> None:
    assert build(Name("function", "numpy.round_")) is np.round
    assert build(Name("function", "numpy.product")) is np.prod


def test_what_this_release_does_not_have_is_absent() -> None:
    for graph in (
        Name("function", "sklearn.metrics.no_such_score"),
        New("scipy.stats.frozen", {"name": "no_such", "args": (), "kwds": {}}),
    ):
        with pytest.raises(JobError) as caught:
            build(graph)
        assert caught.value.cause.absent
    with pytest.raises(JobError) as caught:
        build(Name("function", "os.system"))
    assert not caught.value.cause.absent


def test_a_reducer_calls_only_what_was_allowed() -> None:
    call = New("builtins.reduce", {"plain": False, "args": (), "items": [], "pairs": {}})
    call.args.update(of=walk(np.zeros), state=None)
    with pytest.raises(JobError, match="not allowed by name"):
        build(call, ("own_code",))


@pytest.mark.parametrize("name", ["lambda", "closure"])
def test_what_has_no_name_is_refused_with_its_path(own: ModuleType, name: str) -> None:
    function = (lambda X: X) if name == "lambda" else own.make()
    with pytest.raises(JobError, match="cannot be imported by name") as caught:
        walk({"clf": FunctionTransformer(function)})
    assert caught.value.path == "model['clf'].func"


def test_custom_estimators(own: ModuleType) -> None:
    value = own.Half(by=4).fit(np.ones((3, 1)))
    found = travel(value, ("own_code",))
    assert (found.by, found.n_) == (4, 3)
    assert clone(found).by == 4
    assert travel(FunctionTransformer(own.double), ("own_code",)).func is own.double
    assert travel(own.Outer.triple, ("own_code",)) is own.Outer.triple
    assert type(travel(own.Outer.Inner(), ("own_code",))) is own.Outer.Inner


def test_an_estimator_of_another_library_crosses_as_the_one_it_builds_on(own: ModuleType) -> None:
    value = own.Shifted().fit(np.arange(6.0).reshape(3, 2))
    graph = walk(value)
    assert isinstance(graph, Obj)
    assert graph.tag == "sklearn.preprocessing.StandardScaler"
    assert graph.state[CLASS].tag == "own_code.Shifted"
    found = build(through_the_wire(graph), ("own_code",))
    assert type(found) is own.Shifted
    assert CLASS not in vars(found)
    np.testing.assert_array_equal(found.transform([[1, 2]]), value.transform([[1, 2]]))


def test_a_setting_that_the_library_added_since_has_its_default(own: ModuleType) -> None:
    graph = walk(own.Half(by=4))
    del graph.state["by"]
    assert build(graph, ("own_code",)).get_params() == {"by": 2}


def test_objects_that_keep_their_own_state(own: ModuleType) -> None:
    allow = ("own_code",)
    assert vars(travel(own.WithLock(), allow)) == {"kept": 4, "lock": None}
    assert vars(travel(own.Drops(), allow)) == {"kept": 3}
    assert travel(own.Odd((1, [2])), allow).pair == (1, [2])
    reduced = own.Reduced(3)
    reduced.more = 4
    assert vars(travel(reduced, allow)) == {"n": 3, "more": 4}
    both = own.Both()
    both.a, both.c = 1, 2
    found = travel(both, allow)
    assert (found.a, found.c, hasattr(found, "b")) == (1, 2, False)
    assert travel(own.Point(1), allow) == own.Point(1)


def test_builtins_with_more(own: ModuleType) -> None:
    words = own.Words(a=1)
    words.note = "n"
    row = own.Row([1, [2]])
    for value in (words, row, own.Tally("aab"), own.Celsius(1.5)):
        found = travel(value, ("own_code",))
        assert (type(found), found) == (type(value), value)
        assert getattr(found, "__dict__", None) == getattr(value, "__dict__", None)
    signal = np.arange(3.0).view(own.Signal)
    signal.rate = 5
    found = travel(signal, ("own_code",))
    assert (type(found), found.tolist(), found.rate) == (own.Signal, [0, 1, 2], 5)


def test_members_of_enumerations_are_the_same_objects(own: ModuleType) -> None:
    both = own.Rights.READ | own.Rights.WRITE
    assert travel([own.Colour.RED, both], ("own_code",)) == [own.Colour.RED, both]
    assert travel(own.Colour.RED, ("own_code",)) is own.Colour.RED


def test_a_name_that_moved_says_where_it_was_looked_for(own: ModuleType) -> None:
    for tag in ("own_code.gone.Half", "own_code.Gone"):
        with pytest.raises(JobError, match=r"`own_code\.\w+(\.Half)?` is not in the `own_code`"):
            build(Obj(tag, {}), ("own_code",))


def test_boosters_are_built_only_where_they_were_named() -> None:
    for tag in ("xgboost.Booster", "lightgbm.Booster"):
        with pytest.raises(JobError, match="not allowed by name"):
            build(New(tag, {}))
    for tag in ("xgboost.XGBClassifier", "catboost.CatBoost"):
        with pytest.raises(JobError, match="not allowed by name"):
            build(Obj(tag, {}))


def test_what_was_built_can_be_pickled(own: ModuleType) -> None:
    values = [own.Half(), own.Words(a=1), own.Rights.READ, own.Point(1), pd.Series(cut())]
    assert len(pickle.loads(pickle.dumps(travel(values, ("own_code",))))) == len(values)
