"""The difference of two answers: neutral values, compared as strictly as their kind allows.

Labels, integers, booleans and strings must be equal.  Floats must have their NaN and their
infinities in the same places, and agree within `atol + rtol * |expected|` everywhere else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skmig.parity.sparse import entries, is_sparse, together
from skmig.payload import Name, New, Obj

# an answer in single precision cannot be closer than its own rounding
_LARGEST = float(np.finfo(np.float64).max) / 4
_SINGLE = 8 * float(np.finfo(np.float32).eps)


@dataclass
class Difference:
    """What was found so far.  `problems` are violations, `notes` only deserve to be known.

    `numbers` are those of the rows in the whole data, None where the rows are all that there is;
    `by_item`: a list has one item for each row.  `rows` are the places of the rows that differ.
    """

    rtol: float
    atol: float
    numbers: Any = None
    by_item: bool = False
    rows: set[int] = field(default_factory=set)
    n: int = 0
    shape: tuple[int, ...] | None = None
    max_abs: float = 0.0
    max_rel: float = 0.0
    max_ulp: int = 0
    worst_row: int | None = None
    mismatched: int = 0
    exact: bool = True
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def number(self, row: int) -> int:
        """The number of a row in the whole data."""
        return row if self.numbers is None else int(self.numbers[min(row, len(self.numbers) - 1)])

    def problem(self, text: str) -> None:
        self.exact = False
        if text not in self.problems:
            self.problems.append(text)

    def note(self, text: str) -> None:
        self.exact = False
        if text not in self.notes:
            self.notes.append(text)


def difference(
    expected: Any,
    actual: Any,
    *,
    rtol: float,
    atol: float,
    numbers: Any = None,
    by_item: bool = False,
) -> Difference:
    """Compare two neutral values.  Nothing is raised: whatever differs is in the result."""
    found = Difference(rtol=rtol, atol=atol, numbers=numbers, by_item=by_item)
    _values(found, expected, actual, "", None)
    return found


def _values(found: Difference, one: Any, two: Any, where: str, row: int | None) -> None:
    one, two = plain(found, one), plain(found, two)
    if isinstance(one, np.ndarray) and isinstance(two, np.ndarray):
        _arrays(found, one, two, where, row)
    elif is_sparse(one) and is_sparse(two):
        _sparse_matrices(found, one, two, where)
    elif isinstance(one, Mapping) and isinstance(two, Mapping):
        _mappings(found, dict(one), dict(two), where)
    elif isinstance(one, list | tuple) and isinstance(two, list | tuple):
        _sequences(found, list(one), list(two), where, row)
    elif isinstance(one, New) and isinstance(two, New) and one.tag == two.tag:
        _mappings(found, one.args, two.args, where)
    elif isinstance(one, Obj) and isinstance(two, Obj) and one.tag == two.tag:
        _mappings(found, one.state, two.state, where)
    else:
        _scalars(found, one, two, where, row)


def plain(found: Difference, value: Any) -> Any:
    """Forms that differ between releases of numpy and pandas, and mean the same."""
    if isinstance(value, New) and value.tag == "pandas.array":
        found.note(f"a column of pandas type {value.args['dtype']}")
        return _objects(value.args["items"])
    if isinstance(value, New) and value.tag == "pandas.RangeIndex":
        args = value.args
        return np.arange(args["start"], args["stop"], args["step"])
    if isinstance(value, New) and value.tag == "pandas.Index":
        return plain(found, value.args["values"])
    if isinstance(value, New) and value.tag in (
        "scipy.sparse.lil_matrix",
        "scipy.sparse.dok_matrix",
    ):
        return value.args["csr"]
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value[()]
    if isinstance(value, np.ndarray) and value.dtype.kind == "T":  # numpy's variable-width strings
        return value.astype(object)
    return value


def _objects(items: Any) -> np.ndarray[Any, Any]:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


# ------------------------------------------------------------------ arrays
def _arrays(
    found: Difference,
    one: np.ndarray[Any, Any],
    two: np.ndarray[Any, Any],
    where: str,
    row: int | None,
) -> None:
    if found.shape is None:
        found.shape = one.shape
    if one.shape != two.shape:
        found.problem(f"shape {two.shape} instead of {one.shape}{_at(where)}")
        return
    if _same_numbers(found, one, two, where):
        return
    if not _kinds(found, one.dtype, two.dtype, where, one.size):
        return
    found.n += one.size
    if not one.size:
        return
    if one.dtype.names is not None:
        for name in one.dtype.names:
            _arrays(found, one[name], two[name], f"{where}[{name!r}]", row)
        found.n -= one.size * len(one.dtype.names)
    elif one.dtype.kind in "fc" and two.dtype.kind in "fc":
        _floats(found, one, two, where, row)
    elif one.dtype.hasobject or two.dtype.hasobject:
        _object_arrays(found, one, two, where, row)
    else:
        _exact(found, one != two, one, two, where, row)


def _same_numbers(
    found: Difference, one: np.ndarray[Any, Any], two: np.ndarray[Any, Any], where: str
) -> bool:
    """Integers that stand as floats in one of the two (labels 0.0 and 0) are the same numbers."""
    kinds = {one.dtype.kind, two.dtype.kind}
    if len(kinds) != 2 or "f" not in kinds or not kinds & {"i", "u"}:
        return False
    if not np.array_equal(one, two):
        return False
    found.n += one.size
    found.note(f"dtype {two.dtype} instead of {one.dtype}, every number equal{_at(where)}")
    return True


def _kinds(
    found: Difference, one: np.dtype[Any], two: np.dtype[Any], where: str, size: int = 1
) -> bool:
    """Compare dtypes: another width is a note, another kind is a problem."""
    if one == two:
        return True
    groups = {"i": "integer", "u": "integer", "U": "text", "O": "text", "S": "bytes"}
    if groups.get(one.kind, one.kind) != groups.get(two.kind, two.kind):
        say = found.problem if size else found.note  # what holds nothing is of any kind
        say(f"dtype {two} instead of {one}{_at(where)}")
        return False
    if one.names is not None:
        found.problem(f"fields {two.names} instead of {one.names}{_at(where)}")
        return False
    if one.newbyteorder("=") != two.newbyteorder("=") and (one.kind, two.kind) != ("U", "U"):
        found.note(f"dtype {two} instead of {one}{_at(where)}")
    return True


def _floats(
    found: Difference,
    one: np.ndarray[Any, Any],
    two: np.ndarray[Any, Any],
    where: str,
    row: int | None,
) -> None:
    rtol, atol = found.rtol, found.atol
    # what was double and comes back single has lost something
    if one.dtype.itemsize < (16 if one.dtype.kind == "c" else 8):
        rtol = max(rtol, _SINGLE)
        atol = max(atol, float(np.finfo(np.float32).tiny))
    wide = np.result_type(one.dtype, two.dtype)
    one, two = one.astype(wide), two.astype(wide)
    finite = np.isfinite(one) & np.isfinite(two)
    with np.errstate(all="ignore"):
        same = (one == two) | (np.isnan(one) & np.isnan(two))
        gap = np.where(finite & ~same, np.minimum(np.abs(two - one), _LARGEST), 0.0)
        size = np.abs(one)
        relative = np.where(gap > 0, gap / np.where(size > 0, size, np.inf), 0.0)
        relative = np.minimum(relative, _LARGEST)
        bad = ~same & ~(finite & (gap <= atol + rtol * np.where(finite, size, 0.0)))
    if same.all():
        # 0.0 and -0.0 are equal, and not identical
        if not np.array_equal(np.signbit(one.real), np.signbit(two.real)):
            signs = np.isnan(one) | (np.signbit(one.real) == np.signbit(two.real))
            if not signs.all():
                found.note(f"zeros of another sign{_at(where)}")
        return
    found.exact = False
    worst = int(np.argmax(np.where(bad, 2.0, 0.0) + gap / (1.0 + gap.max())))
    if not found.problems and (bad.any() or gap.max() >= found.max_abs):
        found.worst_row = found.number(_row_of(worst, one.shape, row))
    found.max_abs = max(found.max_abs, float(gap.max()))
    found.max_rel = max(found.max_rel, float(relative.max()))
    if wide.kind == "f":
        steps = ulps(one[finite & ~same], two[finite & ~same])
        found.max_ulp = max(found.max_ulp, int(steps.max(initial=0)))
    if bad.any():
        _note_rows(found, bad, row)
        found.problem(
            f"{int(bad.sum())} of {one.size} values differ{_at(where)}, worst in row "
            f"{found.number(_row_of(worst, one.shape, row))}: {two.flat[worst]!s} instead of "
            f"{one.flat[worst]!s}"
        )


def ulps(one: np.ndarray[Any, Any], two: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """For each pair the number of steps between neighbouring floats from one to the other.

    Both are finite and of one float dtype; the steps are unsigned 64-bit integers.
    """
    if one.dtype.itemsize not in (2, 4, 8):
        one, two = one.astype(np.float64), two.astype(np.float64)
    unsigned = np.dtype(f"u{one.dtype.itemsize}")
    half = np.uint64(1 << (8 * one.dtype.itemsize - 1))

    def ladder(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        bits = np.ascontiguousarray(values).view(unsigned).astype(np.uint64)
        size = bits & (half - np.uint64(1))
        return np.where(bits & half, half - size, half + size)

    a, b = ladder(one), ladder(two)
    apart: np.ndarray[Any, Any] = np.maximum(a, b) - np.minimum(a, b)
    return apart


def _object_arrays(
    found: Difference,
    one: np.ndarray[Any, Any],
    two: np.ndarray[Any, Any],
    where: str,
    row: int | None,
) -> None:
    left, right = one.ravel().tolist(), two.ravel().tolist()
    plain = str | bytes | bool | int | None
    unequal = np.zeros(one.size, dtype=bool)
    found.n -= one.size
    for i, (a, b) in enumerate(zip(left, right, strict=True)):
        if isinstance(a, plain) and isinstance(b, plain):
            found.n += 1
            unequal[i] = not _equal(a, b)
        else:
            _values(found, a, b, where, row if row is not None else _row_of(i, one.shape, None))
    if unequal.any():
        _exact(found, unequal.reshape(one.shape), one, two, where, row)


def _exact(
    found: Difference,
    unequal: np.ndarray[Any, Any],
    one: np.ndarray[Any, Any],
    two: np.ndarray[Any, Any],
    where: str,
    row: int | None,
) -> None:
    count = int(np.sum(unequal))
    if not count:
        return
    first = int(np.argmax(unequal))
    found.mismatched += count
    _note_rows(found, unequal, row)
    number = found.number(_row_of(first, one.shape, row))
    if not found.problems:
        found.worst_row = number
    found.problem(
        f"{count} of {one.size} values differ{_at(where)}, first in row {number}: "
        f"{_plain(two.flat[first])!r} instead of {_plain(one.flat[first])!r}"
    )


def _plain(value: Any) -> Any:
    """A value as Python says it, and not as `np.str_('a')`."""
    return value.item() if isinstance(value, np.generic) else value


def _note_rows(found: Difference, bad: np.ndarray[Any, Any], row: int | None) -> None:
    if row is not None:
        found.rows.add(row)
    else:
        found.rows.update(np.flatnonzero(bad.reshape(len(bad), -1).any(axis=1)).tolist())


def _row_of(place: int, shape: tuple[int, ...], row: int | None) -> int:
    return row if row is not None else int(np.unravel_index(place, shape)[0]) if shape else 0


def _at(where: str) -> str:
    return f" in {where.lstrip('.')}" if where else ""


# ------------------------------------------------------------------ containers and scalars
def _mappings(found: Difference, one: dict[Any, Any], two: dict[Any, Any], where: str) -> None:
    if one.keys() != two.keys():
        lost, new = sorted(map(str, one.keys() - two.keys())), sorted(map(str, two.keys() - one))
        found.problem(f"entries {lost} are gone and {new} are new{_at(where)}")
        return
    for key, item in one.items():
        _values(found, item, two[key], f"{where}.{key}", None)


def _sequences(
    found: Difference, one: list[Any], two: list[Any], where: str, row: int | None
) -> None:
    if len(one) != len(two):
        found.problem(f"{len(two)} items instead of {len(one)}{_at(where)}")
        return
    if found.shape is None and not any(isinstance(item, np.ndarray | New) for item in one):
        found.shape = (len(one),)
    for i, (a, b) in enumerate(zip(one, two, strict=True)):
        nested = isinstance(a, np.ndarray | New | list | tuple | dict)
        place = row if row is not None else i if found.by_item or not nested else None
        _values(found, a, b, f"{where}[{i}]" if nested else where, place)


def _scalars(found: Difference, one: Any, two: Any, where: str, row: int | None) -> None:
    found.n += 1
    if isinstance(one, float | np.floating) and isinstance(two, float | np.floating):
        _floats(found, np.asarray([one]), np.asarray([two]), where, row if row is not None else 0)
    elif not _equal(one, two):
        found.mismatched += 1
        if row is not None:
            found.rows.add(row)
            if found.worst_row is None:
                found.worst_row = found.number(row)
        found.problem(f"{_short(two)} instead of {_short(one)}{_at(where)}")
    elif _nothing(one) and type(one) is not type(two):
        found.note(f"missing values as {_short(two)} instead of {_short(one)}{_at(where)}")


def _equal(one: Any, two: Any) -> bool:
    """Equality of scalars; True is not 1, and what is missing equals what is missing."""
    if isinstance(one, bool | np.bool_) != isinstance(two, bool | np.bool_):
        return False
    if _nothing(one) or _nothing(two):
        return _nothing(one) and _nothing(two)
    if isinstance(one, Name | set | frozenset | str | bytes | int | float | complex | np.generic):
        return bool(one == two)
    return type(one) is type(two) and bool(np.all(one == two))


def _nothing(value: Any) -> bool:
    if isinstance(value, New):
        return bool(value.tag == "pandas.NA")
    return value is None or (isinstance(value, float | np.floating) and math.isnan(value))


def _short(value: Any, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


# ------------------------------------------------------------------ sparse matrices
def _sparse_matrices(found: Difference, one: New, two: New, where: str) -> None:
    """By what they hold: where they are not zero and what stands there.

    The order inside a row means nothing.  A stored zero is a note, and so is a place that is zero
    in one of the two only, whose value in the other is within the tolerance.
    """
    if one.tag != two.tag:
        found.note(f"{two.tag} instead of {one.tag}{_at(where)}")
    left, right = entries(one), entries(two)
    if left is None or right is None:
        if one.tag != two.tag:
            found.problem(f"{two.tag} instead of {one.tag}{_at(where)}")
        else:
            _mappings(found, one.args, two.args, where)
        return
    shape = tuple(int(n) for n in one.args["shape"])
    other = tuple(int(n) for n in two.args["shape"])
    if shape != other:
        found.problem(f"shape {other} instead of {shape}{_at(where)}")
        return
    if found.shape is None:
        found.shape = shape
    keys, first, second = together(left, right)
    if not _kinds(found, left.data.dtype, right.data.dtype, where, len(keys)):
        return
    lone = int(((first == 0) != (second == 0)).sum())
    if lone:
        found.note(f"{lone} places are zero in one of the two only{_at(where)}")
    if left.zeros != right.zeros:
        found.note(f"{right.zeros} stored zeros instead of {left.zeros}{_at(where)}")
    # each value is a row of its own in what is compared now
    inner = Difference(rtol=found.rtol, atol=found.atol)
    rows = keys // max(shape[1], 1)
    inner.numbers = rows if found.numbers is None else np.asarray(found.numbers)[rows]
    _arrays(inner, first, second, where, None)
    _absorb(found, inner, {int(rows[place]) for place in inner.rows})
    found.n += 1 if not len(keys) else 0


def _absorb(found: Difference, inner: Difference, rows: set[int]) -> None:
    """Add what was found inside a value."""
    worse = inner.problems or inner.max_abs >= found.max_abs
    if inner.worst_row is not None and worse and not found.problems:
        found.worst_row = inner.worst_row
    found.rows |= rows
    found.n += inner.n
    found.max_abs = max(found.max_abs, inner.max_abs)
    found.max_rel = max(found.max_rel, inner.max_rel)
    found.max_ulp = max(found.max_ulp, inner.max_ulp)
    found.mismatched += inner.mismatched
    found.exact = found.exact and inner.exact
    for text in inner.problems:
        found.problem(text)
    for text in inner.notes:
        found.note(text)
