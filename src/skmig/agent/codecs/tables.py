"""Codecs for pandas: indexes, series, frames and extension types, by what they hold."""

import numpy as np

from skmig.agent.neutral import New

# a numeric index has had three classes (Int64Index, NumericIndex, Index); its dtype says it all
_PLAIN_KINDS = "biufcmMSU"


def _index(walker, value, path):
    import pandas

    name = walker(value.name, path + ".name")
    if isinstance(value, pandas.MultiIndex):
        names = walker(list(value.names), path + ".names")
        return New("pandas.MultiIndex", {"tuples": walker(list(value), path), "names": names})
    if isinstance(value, pandas.RangeIndex):
        first = int(value[0]) if len(value) else 0
        step = int(value[1] - value[0]) if len(value) > 1 else 1
        args = {"start": first, "stop": first + step * len(value), "step": step, "name": name}
        return New("pandas.RangeIndex", args)
    return New("pandas.Index", {"values": _values(walker, value, path), "name": name})


def _values(walker, value, path):
    """The content of an index or a series: a numpy array where it is one."""
    dtype = value.dtype
    if isinstance(dtype, np.dtype):
        return walker(np.asarray(value), path)
    if type(dtype).__name__ == "CategoricalDtype":
        array = getattr(value, "values", value)
        return New(
            "pandas.Categorical",
            {
                "categories": walker(array.categories, path + ".categories"),
                "codes": np.asarray(array.codes),
                "ordered": bool(array.ordered),
            },
        )
    items = [None if _missing(item) else walker(item, path) for item in value]
    return New("pandas.array", {"items": items, "dtype": str(dtype)})


def _missing(item):
    import pandas

    return item is getattr(pandas, "NA", None) or item is pandas.NaT


def _series(walker, value, path):
    args = {
        "values": _values(walker, value, path),
        "index": walker(value.index, path + ".index"),
        "name": walker(value.name, path + ".name"),
    }
    return New("pandas.Series", args)


def _frame(walker, value, path):
    columns = [
        _values(walker, value.iloc[:, i], "%s[%d]" % (path, i)) for i in range(value.shape[1])
    ]
    args = {
        "columns": walker(value.columns, path + ".columns"),
        "index": walker(value.index, path + ".index"),
        "values": columns,
    }
    return New("pandas.DataFrame", args)


def _categorical_dtype(walker, value, path):
    categories = None if value.categories is None else walker(value.categories, path)
    return New(
        "pandas.CategoricalDtype", {"categories": categories, "ordered": bool(value.ordered)}
    )


def _extension_dtype(walker, value, path):
    return New("pandas.dtype", {"name": str(value)})


def _na(walker, value, path):
    return New("pandas.NA")


def _timestamp(walker, value, path):
    return New("pandas.Timestamp", {"text": value.isoformat()})


ENCODERS = {
    ("pandas", "Index"): _index,
    ("pandas", "Series"): _series,
    ("pandas", "DataFrame"): _frame,
    ("pandas", "CategoricalDtype"): _categorical_dtype,
    ("pandas", "ExtensionDtype"): _extension_dtype,
    ("pandas", "NAType"): _na,
    ("pandas", "Timestamp"): _timestamp,
}


def _arg(builder, value, name, path):
    return builder(value.args[name], path + "." + name)


def _make_index(builder, value, path):
    import pandas

    values = _arg(builder, value, "values", path)
    index = pandas.Index(values, name=_arg(builder, value, "name", path))
    if isinstance(values, np.ndarray) and values.dtype == object and index.dtype != object:
        # pandas 3 infers its own string type; keep what the model saw
        index = pandas.Index(values, dtype=object, name=index.name)
    return index


def _make_range_index(builder, value, path):
    import pandas

    args = {name: _arg(builder, value, name, path) for name in value.args}
    return pandas.RangeIndex(args["start"], args["stop"], args["step"], name=args["name"])


def _make_multi_index(builder, value, path):
    import pandas

    tuples = _arg(builder, value, "tuples", path)
    return pandas.MultiIndex.from_tuples(tuples, names=_arg(builder, value, "names", path))


def _make_categorical(builder, value, path):
    import pandas

    return pandas.Categorical.from_codes(
        _arg(builder, value, "codes", path),
        _arg(builder, value, "categories", path),
        ordered=value.args["ordered"],
    )


def _make_array(builder, value, path):
    import pandas

    items, dtype = _arg(builder, value, "items", path), value.args["dtype"]
    try:
        return pandas.array(items, dtype=dtype)
    except (AttributeError, TypeError):
        # a release of pandas without this extension type: plain objects
        return np.array(items, dtype=object)


def _column(values):
    import pandas

    if isinstance(values, np.ndarray) and values.dtype == object:
        return pandas.Series(values, dtype=object)
    return pandas.Series(values)


def _make_series(builder, value, path):
    series = _column(_arg(builder, value, "values", path))
    series.index = _arg(builder, value, "index", path)
    series.name = _arg(builder, value, "name", path)
    return series


def _make_frame(builder, value, path):
    import pandas

    index = _arg(builder, value, "index", path)
    columns = _arg(builder, value, "columns", path)
    series = [_column(values) for values in _arg(builder, value, "values", path)]
    frame = pandas.concat(series, axis=1) if series else pandas.DataFrame(index=range(len(index)))
    frame.index, frame.columns = index, columns
    return frame


def _make_categorical_dtype(builder, value, path):
    import pandas

    categories = _arg(builder, value, "categories", path)
    return pandas.CategoricalDtype(categories, value.args["ordered"])


def _make_dtype(builder, value, path):
    import pandas

    return pandas.api.types.pandas_dtype(value.args["name"])


def _make_na(builder, value, path):
    import pandas

    return getattr(pandas, "NA", None)


def _make_timestamp(builder, value, path):
    import pandas

    return pandas.Timestamp(value.args["text"])


DECODERS = {
    "pandas.Index": _make_index,
    "pandas.RangeIndex": _make_range_index,
    "pandas.MultiIndex": _make_multi_index,
    "pandas.Series": _make_series,
    "pandas.DataFrame": _make_frame,
    "pandas.Categorical": _make_categorical,
    "pandas.array": _make_array,
    "pandas.CategoricalDtype": _make_categorical_dtype,
    "pandas.dtype": _make_dtype,
    "pandas.NA": _make_na,
    "pandas.Timestamp": _make_timestamp,
}
