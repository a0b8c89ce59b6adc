"""Reading the user's own data: what a file means, and what is said when it does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from skmig.errors import DataError
from skmig.parity import check_columns, read_data
from skmig.parity.data import is_frame, row_count


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def columns(value: Any) -> dict[str, np.ndarray[Any, Any]]:
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
        ("data.csv", "1,2\nx,3\n", "`x` is not a number"),
        ("data.csv", "a,b\n", "no rows"),
        ("data.csv", "", "no rows"),
        ("data.jsonl", '{"a": 1}\nnope\n', "line 2"),
        ("data.jsonl", '{"a": 1}\n[1]\n', "mixes dict, list"),
        ("data.npy", "not an array", "cannot be read"),
        ("data.npz", "not a zip", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(DataError, match=said.replace(".", r"\.")) as caught:
        read_data(written(tmp_path, name, text))
    assert caught.value.hint


def test_an_array_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="cannot be read"):
        read_data(tmp_path / "data.npy")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone"):
        read_data(tmp_path / "gone.csv")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("a,c", "lacks column `b` and has the extra column `c`"),
        ("b,a", "another order"),
    ],
)
def test_wrong_columns(tmp_path: Path, header: str, said: str) -> None:
    value = read_data(written(tmp_path, "data.csv", f"{header}\n1,2\n"))
    with pytest.raises(DataError, match=said) as caught:
        check_columns(value, names=["a", "b"])
    assert "a, b" in caught.value.hint


def test_text_where_numbers_are_needed(tmp_path: Path) -> None:
    value = read_data(written(tmp_path, "data.csv", "a,b\n1,x\n"))
    check_columns(value, names=["a", "b"], numeric=["a"])
    with pytest.raises(DataError, match="column `b` holds text"):
        check_columns(value, names=["a", "b"], numeric=["a", "b"])


def test_the_number_of_columns(tmp_path: Path) -> None:
    check_columns(np.zeros((2, 3)), count=3)
    with pytest.raises(DataError, match="has 3 columns, the model was fitted on 4"):
        check_columns(np.zeros((2, 3)), count=4)
    value = read_data(written(tmp_path, "data.csv", "a,b\n1,2\n"))
    with pytest.raises(DataError, match="2 columns"):
        check_columns(value, count=3)
