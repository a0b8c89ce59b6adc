"""The wire format: what is written is read again, and what is not valid is refused."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skmig.agent.wire import FORMAT, form
from skmig.payload import Bundle, Name, New, Obj, WireError, write_bundle


def through(tmp_path: Path, graph: Any) -> Any:
    path = tmp_path / "bundle.skmig"
    write_bundle(str(path), {"model": graph})
    with Bundle(str(path)) as bundle:
        return bundle.document("model")


def equal(one: Any, other: Any) -> bool:
    if type(one) is not type(other) and not isinstance(one, np.ndarray):
        return False
    if isinstance(one, np.ndarray):
        if one.dtype != other.dtype or one.shape != other.shape:
            return False
        if one.dtype == object:
            return all(equal(a, b) for a, b in zip(one.flat, other.flat, strict=True))
        return one.tobytes() == other.tobytes()
    if isinstance(one, Obj):
        return one.tag == other.tag and equal(one.state, other.state)
    if isinstance(one, New):
        return one.tag == other.tag and equal(one.args, other.args)
    if isinstance(one, dict):
        return list(one) == list(other) and all(equal(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(equal(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, float):
        if one != one and other != other:  # a nan is one, whatever its sign
            return True
        return struct.pack("<d", one) == struct.pack("<d", other)
    return bool(one == other)


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=8)
)
keys = st.text(max_size=5) | st.integers(-9, 9)
graphs = st.recursive(
    scalars
    | st.sampled_from([np.float32(1.5), np.int64(-3), np.float64("nan"), np.bool_(True)])
    | st.sampled_from([np.arange(6.0).reshape(2, 3), np.array(["a", None], dtype=object)]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4).map(
            lambda state: Obj("sklearn.tree.Thing", state)
        )
    ),
    max_leaves=12,
)


@given(graph=graphs)
@settings(max_examples=150, deadline=None)
def test_a_graph_comes_back_as_it_was(graph: Any, tmp_path_factory: Any) -> None:
    assert equal(graph, through(tmp_path_factory.mktemp("wire"), graph))


@given(graph=graphs)
@settings(max_examples=150, deadline=None)
def test_short_columns_and_tables_too(graph: Any, tmp_path_factory: Any) -> None:
    usual = form.COLUMN
    form.COLUMN = 2
    try:
        assert equal(graph, through(tmp_path_factory.mktemp("wire"), graph))
    finally:
        form.COLUMN = usual


cells = scalars | st.sampled_from(
    [0.0, -0.0, True, 1, 1.0, "a", (), np.arange(3.0), np.arange(4.0), np.ones((2, 2), order="F")]
)


@given(
    rows=st.lists(st.tuples(cells, cells), min_size=form.COLUMN, max_size=form.COLUMN + 2),
    column=st.sampled_from([0, 1, None]),
    one=cells,
)
@settings(max_examples=150, deadline=None)
def test_objects_of_one_kind_come_back(
    rows: list[Any], column: int | None, one: Any, tmp_path_factory: Any
) -> None:
    """With one column that is the same for all, or none."""
    graph = [
        Obj("a.B", {name: one if i == column else row[i] for i, name in enumerate(("x", "y"))})
        for row in rows
    ]
    found = through(tmp_path_factory.mktemp("wire"), [graph, tuple(graph), {"first": graph[0]}])
    assert equal(graph, found[0])
    assert found[1][-1] is found[0][-1]
    assert found[2]["first"] is found[0][0]


def of_a_kind(count: int = form.COLUMN) -> list[Any]:
    trees = [Obj("a.Tree", {"values": np.arange(i % 3 + 1.0), "n": i}) for i in range(count)]
    return [Obj("a.Stump", {"depth": 3, "tree_": tree, "note": None}) for tree in trees]


def test_objects_of_one_kind_are_a_table_and_stay_what_they_were(tmp_path: Path) -> None:
    stumps, shared = of_a_kind(), New("numpy.random", {"seed": 1})
    for stump in stumps:
        stump.state["chance"] = shared
        stump.state["next"] = stumps[0]
    found = through(
        tmp_path,
        {
            "array": np.array(stumps, dtype=object).reshape(-1, 1),
            "again": stumps[5],
            "tree": stumps[7].state["tree_"],
            "values": stumps[9].state["tree_"].state["values"],
            "chance": shared,
            "members": stumps,
        },
    )
    made = list(found["array"].ravel())
    assert [len(one.state["tree_"].state["values"]) for one in made[:4]] == [1, 2, 3, 1]
    assert [one.state["tree_"].state["n"] for one in made] == list(range(len(stumps)))
    assert all(one.state["next"] is made[0] for one in made)
    assert all(one.state["chance"] is found["chance"] for one in made)
    assert found["again"] is made[5]
    assert found["tree"] is made[7].state["tree_"]
    assert found["values"] is made[9].state["tree_"].state["values"]
    assert all(one is other for one, other in zip(found["members"], made, strict=True))
    with Bundle(str(tmp_path / "bundle.skmig")) as bundle:
        table = bundle.json("model/graph.json")["root"]["v"]["array"]["v"]["objs"]
    assert table["n"] == len(stumps)
    assert "parts" in table["s"]["tree_"]["objs"]["s"]["values"]


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.update(n=1 << 40),
        lambda table: table.update(n=-1),
        lambda table: table.update(n=form.COLUMN + 1),
        lambda table: table.update(n=True),
        lambda table: table.update(id=0),
        lambda table: table.update(id="0"),
        lambda table: table.update(c="os.system; x"),
        lambda table: table.update(s=[]),
        lambda table: table["s"].update(tree_={"v": [1]}),
        lambda table: table["s"].update(tree_={"v": 3}),
        lambda table: table["s"].update(tree_={}),
        lambda table: table["s"].update(depth=[1]),
        lambda table: table["s"]["values"].update(id=table["id"]),
        lambda table: table["s"]["values"]["rows"].update(dtype="|i1"),
        lambda table: table["s"]["values"]["rows"].update(shape=[1]),
        lambda table: table["s"]["values"]["parts"].update(shape=[3]),
        lambda table: table["s"]["values"]["parts"].update(shape=[]),
    ],
)
def test_what_a_table_claims_is_checked(change: Any, tmp_path: Path) -> None:
    one, stumps = New("a.C"), of_a_kind()
    for stump in stumps:
        stump.state["values"] = stump.state["tree_"].state.pop("values")
    write_bundle(str(tmp_path / "made.skmig"), {"model": [one, one, stumps]})
    with Bundle(str(tmp_path / "made.skmig")) as bundle:
        root = bundle.json("model/graph.json")["root"]
        start = bundle.starts["model/arrays.bin"]
        size = bundle.archive.getinfo("model/arrays.bin").file_size
    block = (tmp_path / "made.skmig").read_bytes()[start : start + size]
    with Bundle(str(tampered(tmp_path, root, block))) as bundle:
        assert equal(bundle.document("model")[2], stumps)
    change(root["v"][2]["objs"])
    with Bundle(str(tampered(tmp_path, root, block))) as bundle, pytest.raises(WireError):
        bundle.document("model")


def test_a_table_is_not_larger_than_its_file(tmp_path: Path) -> None:
    columns = {f"x{i}": 1 for i in range(1000)}
    root = {"t": "list", "v": []}
    for i in range(10):
        root["v"].append({"t": "list", "objs": {"c": "a.B", "n": 200, "id": 200 * i, "s": columns}})
    with (
        Bundle(str(tampered(tmp_path, root))) as bundle,
        pytest.raises(WireError, match="has bytes for"),
    ):
        bundle.document("model")


def test_what_would_be_too_many_cells_is_written_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form, "FREE_CELLS", 0)
    assert equal(of_a_kind(), through(tmp_path, of_a_kind()))


@pytest.mark.parametrize(
    "value",
    [
        [f"word{i} é" for i in range(100)],
        list(range(100)),
        [float(i) / 3 for i in range(100)],
        {f"term{i}": i for i in range(1000)},
        {f"term{i}": np.int32(i) for i in range(100)},
        np.zeros((0, 3)),
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.arange(12)[::2],
        np.zeros(3, dtype=[("left", "<i8"), ("flag", "u1")]),
        np.array(["x", "yyy"]),
        np.array("2020-01-01", dtype="M8[D]"),
        1 << 90,
        "\udc80 lone surrogate",
    ],
    ids=lambda value: type(value).__name__,
)
def test_columns_and_arrays(value: Any, tmp_path: Path) -> None:
    assert equal(
        value if not isinstance(value, np.ndarray) else value.copy(), through(tmp_path, value)
    )


def test_what_is_shared_stays_shared_and_cycles_close(tmp_path: Path) -> None:
    array, items = np.arange(4.0), [1]
    obj = Obj("sklearn.tree.Thing", {"array": array, "items": items})
    obj.state["itself"] = obj
    found = through(
        tmp_path, {"obj": obj, "array": array, "items": items, "f": Name("type", "a.B")}
    )
    assert found["obj"].state["itself"] is found["obj"]
    assert found["obj"].state["array"] is found["array"]
    assert found["obj"].state["items"] is found["items"]
    assert found["f"] == Name("type", "a.B")


def test_arrays_are_mapped_at_aligned_places_and_may_be_written(tmp_path: Path) -> None:
    graph = through(tmp_path, [np.arange(3, dtype="u1"), np.arange(1000.0)])
    assert graph[1].__array_interface__["data"][0] % 64 == 0
    graph[1][0] = 5.0
    with Bundle(str(tmp_path / "bundle.skmig")) as bundle:
        assert bundle.document("model")[1][0] == 0.0


def test_what_is_not_neutral_is_named_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(WireError, match=r"model\.state\['a'\]\[0\]"):
        write_bundle(str(tmp_path / "x"), {"model": Obj("a.B", {"state": {"a": [object()]}})})


def tampered(tmp_path: Path, root: Any, block: bytes = b"\0" * 64) -> Path:
    path = tmp_path / "tampered.skmig"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/graph.json", json.dumps({"format": FORMAT, "root": root}))
        archive.writestr("model/arrays.bin", block)
    return path


@pytest.mark.parametrize(
    "root",
    [
        {"t": "ndarray", "dtype": "<f8", "shape": [1 << 40], "order": "C", "at": 0},
        {"t": "ndarray", "dtype": "<f8", "shape": [-1], "order": "C", "at": 0},
        {"t": "ndarray", "dtype": "<f8", "shape": [8], "order": "C", "at": 8},
        {"t": "ndarray", "dtype": "<f8", "shape": [1], "order": "C", "at": -64},
        {"t": "ndarray", "dtype": "|O", "shape": [1], "order": "C", "at": 0},
        {"t": "ndarray", "dtype": "O", "shape": [3], "v": {"v": [1]}},
        {"t": "ndarray", "dtype": "f8,O", "shape": [1], "order": "C", "at": 0},
        {
            "t": "ndarray",
            "dtype": {"names": ["a"], "formats": ["<i8"], "offsets": [2**31 - 1], "itemsize": 8},
            "shape": [8],
            "order": "C",
            "at": 0,
        },
        {"t": "ndarray", "dtype": 0, "shape": [8], "order": "C", "at": 0},
        {"t": "ref", "v": 0},
        {"t": "list", "id": 0, "v": [{"t": "list", "id": 0, "v": []}]},
        {"t": "tuple", "v": 3},
        {"t": "obj", "c": "os.system; x", "s": {}},
        {"t": "obj", "c": "sklearn.tree.Tree", "s": []},
        {"t": "name", "k": "module", "c": "os"},
        {"t": "dict", "keys": {"at": 0, "bytes": 9999, "ends": 1}, "vals": 1, "vt": "int"},
        {"t": "scalar", "dtype": "<f8", "x": "00"},
        {"t": "scalar", "dtype": "|O", "v": 1},
        {"t": "float", "v": "1e5"},
        {"t": "pickle", "v": ""},
        {"t": ["list"]},
        [1, 2],
    ],
    ids=lambda root: json.dumps(root)[:50],
)
def test_claims_are_checked_before_they_are_used(root: Any, tmp_path: Path) -> None:
    with Bundle(str(tampered(tmp_path, root))) as bundle, pytest.raises(WireError):
        bundle.document("model")


def test_depth_is_bounded(tmp_path: Path) -> None:
    root: Any = 1
    for _ in range(450):
        root = {"t": "list", "v": [root]}
    with Bundle(str(tampered(tmp_path, root))) as bundle, pytest.raises(WireError, match="deeper"):
        bundle.document("model")


def test_no_zip_and_no_such_document(tmp_path: Path) -> None:
    path = tmp_path / "x.skmig"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(WireError):
        Bundle(str(path))
    with Bundle(str(tampered(tmp_path, 1))) as bundle, pytest.raises(WireError, match="probes"):
        bundle.document("probes")


def test_compressed_arrays_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.skmig"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/graph.json", json.dumps({"format": FORMAT, "root": 1}))
        archive.writestr("model/arrays.bin", b"\0" * 1000)
    with Bundle(str(path)) as bundle, pytest.raises(WireError, match="stored"):
        bundle.document("model")


def a_bundle(tmp_path: Path) -> bytes:
    path = tmp_path / "whole.skmig"
    write_bundle(str(path), {"model": [np.arange(4.0)]}, {"payload.json": {"release": "1.6.1"}})
    return path.read_bytes()


def local(made: bytes, name: bytes) -> int:
    """Where a member's local header begins."""
    return made.index(name) - 30


def listed(made: bytes, name: bytes) -> int:
    """Where a member's entry in the directory begins."""
    return made.rindex(name) - 46


def with_bytes(made: bytes, place: int, content: bytes) -> bytes:
    return made[:place] + content + made[place + len(content) :]


ARRAYS = b"model/arrays.bin"
HEAD = f'{{"format": {FORMAT}, "root": '


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda made: made[: len(made) // 2], "zip"),
        (lambda made: with_bytes(made, listed(made, ARRAYS) + 8, b"\x01\0"), "encrypted"),
        (lambda made: with_bytes(made, listed(made, ARRAYS) + 8, b"\x08\0"), "streamed"),
        (lambda made: with_bytes(made, listed(made, ARRAYS) + 10, b"\x0c\0"), "packed"),
        (lambda made: with_bytes(made, listed(made, ARRAYS) + 24, b"\x10\0"), "claims"),
        (lambda made: with_bytes(made, listed(made, ARRAYS) + 42, b"\0\0\0\0"), "shares"),
        (lambda made: with_bytes(made, listed(made, ARRAYS) + 42, b"\xf0\0\0\0"), "header"),
        (lambda made: with_bytes(made, local(made, ARRAYS) + 30, b"mode_"), "directory"),
        (lambda made: with_bytes(made, listed(made, ARRAYS) + 46, b"../.."), "name"),
        (lambda made: made.replace(b"payload.json", b"/etc/passwdx"), "name"),
    ],
)
def test_a_zip_that_lies_is_refused(change: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / "changed.skmig"
    path.write_bytes(change(a_bundle(tmp_path)))
    with pytest.raises(WireError, match=said), Bundle(str(path)) as bundle:
        bundle.document("model")


def test_members_of_one_name_and_bombs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.skmig"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/graph.json", b" " * (1 << 25))
    with pytest.raises(WireError, match="unpacks to"):
        Bundle(str(path))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("payload.json", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("payload.json", b"2")
    with pytest.raises(WireError, match="stands twice"):
        Bundle(str(path))


def test_no_two_arrays_share_their_bytes(tmp_path: Path) -> None:
    """A small file cannot stand for a large graph."""
    node = {"t": "ndarray", "dtype": "|u1", "shape": [64], "order": "C", "at": 0}
    with Bundle(str(tampered(tmp_path, {"t": "list", "v": [node]}))) as bundle:
        assert len(bundle.document("model")[0]) == 64
    path = tampered(tmp_path, {"t": "list", "v": [node, node]})
    with Bundle(str(path)) as bundle, pytest.raises(WireError, match="share"):
        bundle.document("model")


@pytest.mark.parametrize(
    ("dtype", "content"), [("|b1", b"\x02"), ("<U1", b"\xff\xff\xff\x7f"), ("|b1", b"\xff")]
)
def test_content_that_numpy_takes_on_trust(dtype: str, content: bytes, tmp_path: Path) -> None:
    node = {"t": "ndarray", "dtype": dtype, "shape": [1], "order": "C", "at": 0}
    path = tampered(tmp_path, node, content + bytes(64))
    with Bundle(str(path)) as bundle, pytest.raises(WireError):
        bundle.document("model")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        HEAD + "9" * 100_000 + "}",
        HEAD + '{"t": "tuple", "id": 0, "v": []}}',
        HEAD + "NaN}",
        HEAD + '{"t": "set", "v": [' * 390 + "1" + "]}" * 390 + "}",
    ],
    ids=["open", "digits", "shared", "nan", "deep"],
)
def test_graphs_without_end(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.skmig"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/graph.json", text)
        archive.writestr("model/arrays.bin", b"")
    with Bundle(str(path)) as bundle, pytest.raises(WireError):
        bundle.document("model")
