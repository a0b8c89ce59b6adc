"""The schema of training day, held against the rows that a served model is asked about.

All that is wrong is said at once.  A change of dtype that loses nothing is none: integers where
there were floats, floats that are whole where there were integers, text where there was a
categorical.  Missing values are of every type: whether the model takes them is for it to say.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from skmig.agent.schema import is_polars, kind_of_value, kinds_in, schema_of
from skmig.errors import InputError

Unknown = Literal["error", "warn", "ignore"]
SHOWN = 8
_NUMBERS = frozenset({"bool", "int", "float"})


class Schema:
    """What the rows of a model are like; `said` is the schema of a record, plain JSON."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.said = said

    def __repr__(self) -> str:
        kind, columns = self.said["kind"], self.said.get("columns")
        width = self.said.get("width") if columns is None else len(columns)
        return f"Schema({kind})" if width is None else f"Schema({kind} of {width} columns)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self.said == other.said

    __hash__ = None  # type: ignore[assignment]

    @property
    def names(self) -> list[Any] | None:
        """The names of the columns in their order; None where they have none."""
        columns = self.said.get("columns")
        return None if columns is None else [column["name"] for column in columns]

    def check(self, data: Any, unknown: Unknown = "error") -> Any:
        """The rows as the model takes them: a categorical gets the categories of training day.

        `unknown`: what to do about values that no category of training day is.  Raises InputError,
        which names every column that is not as it was.
        """
        found = schema_of(data)
        problems = list(self._wrong(data, found))
        if not problems and self.said["kind"] == "table":
            strange = list(self._unknown(data, found))
            if unknown == "error":
                problems = [text for _, text in strange]
            elif unknown == "warn" and strange:
                warnings.warn("; ".join(text for _, text in strange), UserWarning, stacklevel=4)
            if not problems:
                return self._recast(data, found, {name for name, _ in strange})
        if problems:
            raise InputError(f"the input is not like the rows of training: {'; '.join(problems)}")
        return data

    # ------------------------------------------------------------------ what is wrong
    def _wrong(self, data: Any, found: dict[str, Any]) -> Iterator[str]:
        kind = self.said["kind"]
        if kind == "table":
            yield from self._table(data, found)
        elif kind in ("array", "sparse"):
            yield from self._matrix(data, found)
        elif kind == "texts":
            yield from _each(data, found, "texts", "text", "documents, one text a row")
        elif kind == "dicts":
            yield from _each(data, found, "dicts", "dict", "one dict a row")

    def _table(self, data: Any, found: dict[str, Any]) -> Iterator[str]:
        wanted = self.names or []
        if found["kind"] != "table":
            yield (
                f"it has no names of columns ({_article(found)}), and the model was trained on a "
                f"table: give a DataFrame with {_listed(wanted)}"
            )
            return
        names = [column["name"] for column in found["columns"]]
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        missing = [name for name in wanted if name not in names]
        extra = [name for name in dict.fromkeys(names) if name not in wanted]
        if missing:
            yield f"missing {_columns(missing)}"
        if extra:
            yield f"unexpected {_columns(extra)}"
        if twice:
            yield f"more than once {_columns(twice)}"
        common = [name for name in names if name in wanted]
        order = [name for name in wanted if name in names]
        if not twice and common != order:
            moved = [name for name, other in zip(common, order, strict=True) if name != other]
            yield f"in another order {_columns(moved)}: training had {_listed(order)}"
        columns = {column["name"]: column for column in self.said["columns"]}
        for place, column in enumerate(found["columns"]):
            name = column["name"]
            if name in columns and names.count(name) == 1:
                yield from _mistyped(columns[name], column, data, place)

    def _matrix(self, data: Any, found: dict[str, Any]) -> Iterator[str]:
        width = self.said["width"]
        if found["kind"] == "table":
            has = len(found["columns"])
        elif found["kind"] in ("array", "sparse"):
            has = found["width"]
        else:
            yield f"{_article(found)} where rows of {width} columns are wanted"
            return
        if has != width:
            yield f"the rows have {has} columns, and the model was trained on {width}"
        wanted = {"name": None, "kind": self.said.get("values"), "dtype": self.said.get("dtype")}
        wanted["values"] = self.said.get("met", [])
        if found["kind"] == "table":
            for place, column in enumerate(found["columns"]):
                yield from _mistyped({**wanted, "name": column["name"]}, column, data, place)
        else:
            column = {"kind": found["values"], "dtype": found["dtype"]}
            values = getattr(data, "data", data) if found["kind"] == "sparse" else data
            yield from _mistyped(wanted, column, np.asarray(values), None)

    # ------------------------------------------------------------------ categories
    def _unknown(self, data: Any, found: dict[str, Any]) -> Iterator[tuple[Any, str]]:
        columns = {column["name"]: column for column in self.said["columns"]}
        for place, column in enumerate(found["columns"]):
            known = columns[column["name"]].get("categories")
            if known is None:
                continue
            if column.get("categories") is not None and set(column["categories"]) <= set(known):
                continue
            allowed = set(known)
            values = [item for item in _values(data, place) if kind_of_value(item) != "missing"]
            strange = [item for item in values if item not in allowed]
            if strange:
                shown = list(dict.fromkeys(repr(_item(value)) for value in strange))
                more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
                yield (
                    column["name"],
                    f"column `{column['name']}` has values that no category of training is: "
                    f"{', '.join(shown[:SHOWN])}{more} ({len(strange)} rows)",
                )

    def _recast(self, data: Any, found: dict[str, Any], but: set[Any]) -> Any:
        """Codes depend on all categories, and a batch may not have them all."""
        if not hasattr(data, "iloc"):
            return data
        import pandas as pd

        changed = data
        columns = {column["name"]: column for column in self.said["columns"]}
        for place, column in enumerate(found["columns"]):
            wanted = columns[column["name"]]
            if wanted.get("categories") is None or column["name"] in but:
                continue
            same = [column.get(key) == wanted[key] for key in ("categories", "ordered")]
            if column["kind"] == "category" and all(same):
                continue
            if changed is data:
                changed = data.copy(deep=False)
            name = changed.columns[place]
            categories, ordered = wanted["categories"], wanted["ordered"]
            if column["kind"] == "category":  # `astype` would keep the order that is there
                changed[name] = changed[name].cat.set_categories(categories, ordered=ordered)
            else:
                changed[name] = changed[name].astype(pd.CategoricalDtype(categories, ordered))
        return changed


def _mistyped(
    wanted: dict[str, Any], found: dict[str, Any], data: Any, place: int | None
) -> Iterator[str]:
    """What is wrong with the type of one column (`place` of a table), or of a whole array."""
    want, has = wanted["kind"], found["kind"]
    if want in (None, "category", has) or (want == "float" and has in ("int", "bool")):
        return  # of a categorical, the values are looked at
    if has in _NUMBERS:
        kinds = {has} if len(_numbers(data, place)) else set()
    else:
        kinds = set(kinds_in(_values(data, place))) - {"missing"}
    why = ""
    if not kinds:
        return  # only missing values
    if want == "object":
        kinds -= set(wanted.get("values") or kinds)
        why = f" with {', '.join(sorted(kinds))}"
    elif want == "text":
        kinds -= {"text"}
    elif want in _NUMBERS and kinds <= _NUMBERS:
        numbers = _numbers(data, place)
        odd = numbers[_lost(numbers, want)]
        if not len(odd):
            return
        why = f" with {odd[0]:g}"
    if kinds:
        subject = "the array" if wanted["name"] is None else f"column `{wanted['name']}`"
        yield f"{subject} is {found['dtype']}{why}, and was {wanted['dtype']} when it was trained"


def _numbers(data: Any, place: int | None) -> Any:
    """The values as floats, without those that are missing."""
    if place is not None and hasattr(data, "iloc"):
        values = data.iloc[:, place].to_numpy(dtype=float, na_value=np.nan)
    else:
        values = np.asarray(_values(data, place), dtype=float)  # None is nan
    return values[~np.isnan(values)]


def _lost(numbers: Any, want: str) -> Any:
    if want == "int":
        return numbers != np.floor(numbers)
    return ~np.isin(numbers, (0.0, 1.0)) if want == "bool" else np.zeros(len(numbers), bool)


def _each(data: Any, found: dict[str, Any], kind: str, item_kind: str, words: str) -> Iterator[str]:
    if found["kind"] == kind:
        return
    if found["kind"] in ("table", "array", "sparse") or not hasattr(data, "__len__"):
        yield f"{_article(found)} where {words} is wanted"
        return
    for number, item in enumerate(data):
        if kind_of_value(item) != item_kind:
            yield f"row {number} is {type(item).__name__}, and {words} is wanted"
            return


def _values(data: Any, place: int | None) -> Any:
    if place is None:
        return np.asarray(data).ravel()
    if hasattr(data, "iloc"):
        return data.iloc[:, place].to_numpy(dtype=object)
    if is_polars(data):
        return np.asarray(data[data.columns[place]].to_list(), dtype=object)
    column = data[list(data.__dataframe__().column_names())[place]]
    return np.asarray(column.to_pylist() if hasattr(column, "to_pylist") else column, dtype=object)


def _item(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _article(found: dict[str, Any]) -> str:
    kind = found["kind"]
    words = {
        "table": "a table",
        "array": "an array",
        "sparse": "a sparse matrix",
        "texts": "a list of texts",
        "dicts": "a list of dicts",
    }
    return words.get(kind, f"a {found.get('type', kind)}")


def _columns(names: list[Any]) -> str:
    return f"column{'s' if len(names) > 1 else ''} {_listed(names)}"


def _listed(names: list[Any]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f"`{name}`" for name in names[:SHOWN]) + more
