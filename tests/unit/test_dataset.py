"""Reading the user's own data: what a file means, and what is said when it does not fit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from skmig.dataset import Dataset, check_columns, is_frame, open_dataset, row_count
from skmig.dataset.values import matrix
from skmig.errors import DataError


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def opened(path: Path, *, dicts: bool = False) -> Dataset:
    return open_dataset(path, path.parent / f"{path.name}-unpacked", dicts=dicts)


def read_data(path: Path, *, dicts: bool = False) -> Any:
    return opened(path, dicts=dicts).whole()


def columns(value: Any) -> dict[str, Any]:
    """The columns of a neutral DataFrame by name."""
    return dict(zip(value.args["columns"].args["values"], value.args["values"], strict=True))


def test_a_table_has_typed_columns(tmp_path: Path) -> None:
    text = 'age,name,rich,fare\n22,"Braund, O",true,7.25\n38,,false,\n'
    value = read_data(written(tmp_path, "data.csv", text))
    found = columns(value)
    assert is_frame(value)
    assert row_count(value) == 2
    assert found["age"].dtype == np.int64
    assert found["rich"].tolist() == [True, False]
    assert found["fare"][0] == 7.25
    assert np.isnan(found["fare"][1])
    assert found["name"][0] == "Braund, O"
    assert found["name"][1] != found["name"][1]


def test_numbers_without_a_header_are_an_array(tmp_path: Path) -> None:
    value = read_data(written(tmp_path, "data.csv", "1,2\n3,\n"))
    np.testing.assert_array_equal(value, [[1.0, 2.0], [3.0, np.nan]])


def test_lines_of_text_are_documents(tmp_path: Path) -> None:
    assert read_data(written(tmp_path, "data.txt", "one two\nthree\n")) == ["one two", "three"]


def test_arrays_and_sparse_matrices(tmp_path: Path) -> None:
    array = np.arange(6.0).reshape(3, 2)
    np.save(tmp_path / "data.npy", array)
    np.testing.assert_array_equal(read_data(tmp_path / "data.npy"), array)
    np.savez(tmp_path / "data.npz", X=array, y=np.zeros(3))
    np.testing.assert_array_equal(read_data(tmp_path / "data.npz"), array)
    sparse.save_npz(tmp_path / "sparse.npz", sparse.csr_matrix(array))
    value = read_data(tmp_path / "sparse.npz")
    assert value.tag == "scipy.sparse.csr_matrix"
    assert row_count(value) == 3


def test_json_lines(tmp_path: Path) -> None:
    path = written(tmp_path, "data.jsonl", '{"a": 1, "b": "x"}\n{"a": null, "b": "y"}\n')
    assert columns(read_data(path))["b"].tolist() == ["x", "y"]
    assert np.isnan(columns(read_data(path))["a"][1])
    assert read_data(path, dicts=True)[0] == {"a": 1, "b": "x"}
    lists = read_data(written(tmp_path, "lists.jsonl", "[1, 2]\n[3, null]\n"))
    np.testing.assert_array_equal(lists, [[1.0, 2.0], [3.0, np.nan]])


def test_parquet(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    pandas.DataFrame({"a": [1, 2], "b": ["x", None]}).to_parquet(tmp_path / "data.parquet")
    found = columns(read_data(tmp_path / "data.parquet"))
    assert found["a"].dtype == np.int64
    assert found["b"][0] == "x"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("data.xlsx", "x", "data.xlsx"),
        ("data.csv", "a,b\n1\n", "row 2 has 1 fields"),
        ("data.csv", "a,a\n1,2\n", "`a`"),
        ("data.csv", "1,2\nx,3\n", "`x` in row 2 is not a number"),
        ("data.csv", "a,b\n", "no rows"),
        ("data.csv", "", "no rows"),
        ("data.jsonl", '{"a": 1}\nnope\n', "line 2"),
        ("data.jsonl", '{"a": 1}\n[1]\n', r"mixes dict (line 1), list (line 2)"),
        ("data.npy", "not an array", "cannot be read"),
        ("data.npz", "not a zip", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(DataError, match=re.escape(said)) as caught:
        read_data(written(tmp_path, name, text))
    assert caught.value.hint


def test_an_array_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="cannot be read"):
        read_data(tmp_path / "data.npy")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone"):
        read_data(tmp_path / "gone.csv")


# ------------------------------------------------------------------ parts
COLUMNS = """number,half,late,gap,truth
1,1,1,1,true
2,2,2,2,FALSE
3,3,3,3,true
4,4.5,x,,false
"""


def test_a_column_has_one_type_in_every_part(tmp_path: Path) -> None:
    """What the last row says of a column holds for the first."""
    data = opened(written(tmp_path, "data.csv", COLUMNS))
    assert (data.rows, data.width) == (4, 5)
    parts = list(data.chunks(2))
    assert [part.numbers.tolist() for part in parts] == [[0, 1], [2, 3]]
    kinds = [{name: item.dtype.kind for name, item in columns(p.value).items()} for p in parts]
    assert kinds[0] == kinds[1]
    assert kinds[0] == {"number": "i", "half": "f", "late": "O", "gap": "f", "truth": "b"}
    assert columns(parts[0].value)["late"].tolist() == ["1", "2"]
    assert data.texts == {"late": (5, "x")}


def test_a_column_of_json_has_one_type_in_every_part(tmp_path: Path) -> None:
    text = '{"a": 1, "b": 1}\n{"a": 2, "b": 2}\n{"a": 3}\n'
    first, last = opened(written(tmp_path, "data.jsonl", text)).chunks(2)
    assert columns(first.value)["a"].dtype == np.int64
    assert columns(first.value)["b"].tolist() == [1.0, 2.0]
    assert np.isnan(columns(last.value)["b"]).all()


def test_what_python_reads_as_a_number_and_nobody_else_does_is_text(tmp_path: Path) -> None:
    found = columns(read_data(written(tmp_path, "data.csv", "a\n1_000\n2\n")))
    assert found["a"].tolist() == ["1_000", "2"]


MAKERS = {
    "csv": lambda path, array: path.write_text(
        "a,b\n" + "".join(f"{x!r},{y!r}\n" for x, y in array.tolist())
    ),
    "jsonl": lambda path, array: path.write_text(
        "".join(f"[{x!r}, {y!r}]\n" for x, y in array.tolist())
    ),
    "txt": lambda path, array: path.write_text("".join(f"{x} {y}\n" for x, y in array.tolist())),
    "npy": lambda path, array: np.save(path, array),
    "fortran.npy": lambda path, array: np.save(path, np.asfortranarray(array)),
    "npz": lambda path, array: np.savez_compressed(path, X=array),
    "csr.npz": lambda path, array: sparse.save_npz(path, sparse.csr_matrix(array)),
    "csc.npz": lambda path, array: sparse.save_npz(path, sparse.csc_matrix(array)),
    "coo.npz": lambda path, array: sparse.save_npz(path, sparse.coo_matrix(array)),
}


def parquet(path: Path, array: Any) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    pandas.DataFrame(array, columns=["a", "b"]).to_parquet(path, row_group_size=5)


MAKERS["parquet"] = parquet


def content(value: Any) -> Any:
    """Rows as a list, whatever they are."""
    if is_frame(value):
        return np.stack(list(columns(value).values()), axis=1).tolist()
    if isinstance(value, list):
        return value
    return (matrix(value).toarray() if hasattr(value, "tag") else value).tolist()


@pytest.mark.parametrize("name", MAKERS)
def test_parts_and_samples_are_rows_of_the_whole(name: str, tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 3, (23, 2)).astype(float)
    MAKERS[name](tmp_path / f"data.{name}", array)
    data = opened(tmp_path / f"data.{name}")
    whole = content(data.whole())
    assert len(whole) == data.rows == 23
    for size in (1, 4, 23, 50):
        parts = list(data.chunks(size))
        assert [row for part in parts for row in content(part.value)] == whole
        assert np.concatenate([part.numbers for part in parts]).tolist() == list(range(23))
        assert {row_count(part.value) for part in parts[:-1]} <= {size}
        for part in parts:
            assert type(part.value) is type(parts[0].value)
    for sample in (1, 5, 22):
        parts = list(data.chunks(2, sample))
        numbers = np.concatenate([part.numbers for part in parts])
        assert len(numbers) == sample
        assert [row for part in parts for row in content(part.value)] == [whole[i] for i in numbers]
        assert {row_count(part.value) for part in parts[:-1]} <= {2}


def test_a_column_of_parquet_has_one_type_in_every_part(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    numbers = pandas.array([1, 2, 3, None], dtype="Int64")
    truths = pandas.array([True, False, None, True], dtype="boolean")
    found = pandas.DataFrame({"a": numbers, "b": truths, "c": ["x", None, "y", "z"], "d": range(4)})
    found.to_parquet(tmp_path / "data.parquet", row_group_size=2)
    data = opened(tmp_path / "data.parquet")
    kinds = [
        {name: item.dtype.kind for name, item in columns(part.value).items()}
        for part in data.chunks(2)
    ]
    assert kinds == [{"a": "f", "b": "O", "c": "O", "d": "i"}] * 2
    assert data.texts == {"c": (1, "x")}


def test_a_file_that_changes_on_the_way(tmp_path: Path) -> None:
    path = written(tmp_path, "data.csv", "a\n1\n2\n")
    parts = opened(path).chunks(1)
    next(parts)
    path.write_text("a\n1\n2\n3\n")
    with pytest.raises(DataError, match="was changed while it was read"):
        list(parts)


# ------------------------------------------------------------------ columns
@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("a,c", "lacks column `b` and has the extra column `c`"),
        ("b,a", "another order than the model's: column 1 is `b` instead of `a`"),
    ],
)
def test_wrong_columns(tmp_path: Path, header: str, said: str) -> None:
    data = opened(written(tmp_path, "data.csv", f"{header}\n1,2\n"))
    with pytest.raises(DataError, match=said) as caught:
        check_columns(data, names=["a", "b"])
    assert "a, b" in caught.value.hint


def test_what_finds_its_columns_by_name_takes_more_of_them(tmp_path: Path) -> None:
    data = opened(written(tmp_path, "data.csv", "c,b,a\n1,2,3\n"))
    check_columns(data, names=["a", "b"], count=2, subset=True)
    with pytest.raises(DataError, match="lacks column `d`"):
        check_columns(data, names=["a", "d"], count=2, subset=True)


def test_text_where_numbers_are_needed(tmp_path: Path) -> None:
    data = opened(written(tmp_path, "data.csv", "a,b\n1,2\n3,x\n"))
    check_columns(data, names=["a", "b"])
    with pytest.raises(DataError, match=r"column `b` of `data\.csv` holds text: `x` in row 3"):
        check_columns(data, names=["a", "b"], numbers_for="SVC")


def test_the_number_of_columns(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", np.zeros((2, 3)))
    check_columns(opened(tmp_path / "data.npy"), count=3)
    with pytest.raises(DataError, match="has 3 columns, the model was fitted on 4"):
        check_columns(opened(tmp_path / "data.npy"), count=4)
    with pytest.raises(DataError, match="2 columns"):
        check_columns(opened(written(tmp_path, "data.csv", "a,b\n1,2\n")), count=3)
