"""What an input is like: the schema that a model was trained on, as plain JSON.

    table   columns, each {"name", "dtype", "kind"}; with "categories" and "ordered" of a
            categorical, and "values" (the kinds that were met) of a column of mixed objects
    array   "width", "dtype", "kind"            sparse   the same, of a scipy matrix
    texts   documents, one string a row         dicts    one dict a row
    other   what nothing is known of ("type")

Kinds are those of numpy's dtypes in words, so that `Int64` of pandas and `int32` are both "int".

Runs on Python 3.6 with numpy.
"""

from typing import Any, Dict, List

import numpy as np

_KINDS = {
    "b": "bool",
    "i": "int",
    "u": "int",
    "f": "float",
    "c": "complex",
    "M": "datetime",
    "m": "timedelta",
    "U": "text",
    "S": "bytes",
    "T": "text",
}
# of the interchange protocol of tables (data-apis.org/dataframe-protocol)
_EXCHANGED = {
    0: "int",
    1: "int",
    2: "float",
    20: "bool",
    21: "text",
    22: "datetime",
    23: "category",
}
# how the names of polars' dtypes begin
_POLARS = (
    ("Int", "int"),
    ("UInt", "int"),
    ("Float", "float"),
    ("Boolean", "bool"),
    ("String", "text"),
    ("Utf8", "text"),
    ("Categorical", "category"),
    ("Enum", "category"),
    ("Date", "datetime"),
)
LOOKED_AT = 10000  # values of a column of objects


def schema_of(data: Any) -> Dict[str, Any]:
    """The schema of an input."""
    if hasattr(data, "iloc") and hasattr(data, "columns"):
        return {"kind": "table", "columns": [_column(data, i) for i in range(data.shape[1])]}
    if is_polars(data):
        return {
            "kind": "table",
            "columns": [_named(name, data.schema[name]) for name in data.columns],
        }
    if hasattr(data, "__dataframe__"):
        return {"kind": "table", "columns": _exchanged(data.__dataframe__())}
    if hasattr(data, "tocsr"):
        return _matrix("sparse", data)
    if isinstance(data, np.ndarray) and data.ndim == 2:
        return _matrix("array", data)
    if isinstance(data, (list, tuple, np.ndarray)) or hasattr(data, "iloc"):
        return _rows(data)
    return {"kind": "other", "type": type(data).__name__}


def _matrix(kind, data):
    found = {
        "kind": kind,
        "width": int(data.shape[1]),
        "dtype": str(data.dtype),
        "values": kind_of(data.dtype),
    }
    if found["values"] == "object":
        found["met"] = kinds_in(data.ravel())
    return found


def _rows(data):
    """One value a row: documents, dicts, or rows of numbers in a list."""
    values = list(data)
    if values and all(isinstance(item, str) for item in values):
        return {"kind": "texts"}
    if values and all(isinstance(item, dict) for item in values):
        return {"kind": "dicts"}
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        array = np.empty(0)
    if isinstance(data, (list, tuple)) and array.ndim == 2:
        return _matrix("array", array)
    return {"kind": "other", "type": type(data).__name__}


def kind_of(dtype):
    """The kind of a dtype of numpy or pandas."""
    name = str(dtype)
    if name == "category":
        return "category"
    if name in ("string", "str") or name.startswith("string["):
        return "text"
    return _KINDS.get(getattr(dtype, "kind", "O"), "object")


def label(name):
    """The name of a column, as JSON can say it."""
    if isinstance(name, (str, bool, int)):
        return name
    return int(name) if isinstance(name, np.integer) else str(name)


def _column(table, number):
    series = table.iloc[:, number]
    found = {
        "name": label(table.columns[number]),
        "dtype": str(series.dtype),
        "kind": kind_of(series.dtype),
    }
    if found["kind"] == "category":
        categories = [_plain(item) for item in series.cat.categories]
        found["ordered"] = bool(series.cat.ordered)
        if None not in categories:  # dates, intervals: JSON has no word for them
            found["categories"] = categories
    elif found["kind"] == "object":
        found["values"] = kinds_in(series.values)
        if found["values"] in (["text"], ["missing", "text"]):
            found["kind"] = "text"
    return found


def _plain(value):
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, (str, bool, int, float)) else None


def kinds_in(values: Any) -> List[str]:
    """The kinds of objects among values, sorted."""
    step = max(1, len(values) // LOOKED_AT)
    return sorted({kind_of_value(item) for item in values[::step]})


def kind_of_value(value: Any) -> str:
    """The kind of one object."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return "missing"
    if isinstance(value, (float, np.floating)):
        return "missing" if value != value else "float"
    for kinds, name in (
        ((bool, np.bool_), "bool"),
        ((int, np.integer), "int"),
        (str, "text"),
        (bytes, "bytes"),
    ):
        if isinstance(value, kinds):
            return name
    return type(value).__name__


def is_polars(data: Any) -> bool:
    """Is it a table of polars, which left the interchange protocol with 2.0?"""
    return type(data).__module__.split(".")[0] == "polars" and hasattr(data, "columns")


def _named(name, dtype):
    text = str(dtype)
    known = [kind for beginning, kind in _POLARS if text.startswith(beginning)]
    return {"name": label(name), "dtype": text, "kind": known[0] if known else "object"}


def _exchanged(table):
    columns = []
    for name in table.column_names():
        column = table.get_column_by_name(name)
        kind = _EXCHANGED.get(int(column.dtype[0]), "object")
        columns.append({"name": label(name), "dtype": kind, "kind": kind})
    return columns
