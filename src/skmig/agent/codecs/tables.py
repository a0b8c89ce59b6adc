"""Codecs for pandas: indexes, series, frames and extension types, by what they hold."""

import numpy as np

from skmig.agent.neutral import New

# a numeric index has had three classes (Int64Index, NumericIndex, Index); its dtype says it all
_PLAIN_KINDS = "biufcmMSU"


def _index(walker, value, path):
    import pandas

    name = walker(value.name, path + ".name")
    if isinstance(value, pandas.MultiIndex):
        # by level, so that each keeps its dtype
        levels = [
            _index(walker, value.get_level_values(i), "%s[%d]" % (path, i))
            for i in range(value.nlevels)
        ]
        names = walker(list(value.names), path + ".names")
        return New("pandas.MultiIndex", {"levels": levels, "names": names})
    if isinstance(value, pandas.RangeIndex):
        first = int(value[0]) if len(value) else 0
        step = int(value[1] - value[0]) if len(value) > 1 else 1
        args = {"start": first, "stop": first + step * len(value), "step": step, "name": name}
        return New("pandas.RangeIndex", args)
    args = {"values": _values(walker, value, path), "name": name}
    frequency = getattr(value, "freqstr", None)
    if frequency is not None and type(value).__name__ in ("DatetimeIndex", "TimedeltaIndex"):
        args["freq"] = frequency
    return New("pandas.Index", args)


def _values(walker, value, path):
    """The content of an index or a series: a numpy array where it is one."""
    dtype = value.dtype
    if isinstance(dtype, np.dtype):
        return walker(np.asarray(value), path)
    kind = type(dtype).__name__
    if kind == "DatetimeTZDtype":
        import pandas

        plain = pandas.DatetimeIndex(value).tz_convert("UTC").tz_localize(None)
        return New("pandas.zoned", {"utc": np.asarray(plain), "zone": str(dtype.tz)})
    if kind == "PeriodDtype":
        items = [None if _missing(item) else str(item) for item in value]
        return New("pandas.periods", {"items": items, "freq": _frequency(dtype)})
    if kind == "IntervalDtype":
        import pandas

        pairs = pandas.IntervalIndex(value)
        sides = {name: _index(walker, getattr(pairs, name), path) for name in ("left", "right")}
        return New("pandas.intervals", dict(sides, closed=pairs.closed))
    if kind == "CategoricalDtype":
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


def _frequency(dtype):
    """The frequency of a PeriodDtype, such as "M"."""
    return str(dtype)[len("period[") : -1]


def _with_attrs(walker, value, path, args):
    """The user's notes on a frame, which came with pandas 1.0."""
    if getattr(value, "attrs", None):
        args["attrs"] = walker(dict(value.attrs), path + ".attrs")
    return args


def _series(walker, value, path):
    args = {
        "values": _values(walker, value, path),
        "index": walker(value.index, path + ".index"),
        "name": walker(value.name, path + ".name"),
    }
    return New("pandas.Series", _with_attrs(walker, value, path, args))


def _frame(walker, value, path):
    columns = [
        _values(walker, value.iloc[:, i], "%s[%d]" % (path, i)) for i in range(value.shape[1])
    ]
    args = {
        "columns": walker(value.columns, path + ".columns"),
        "index": walker(value.index, path + ".index"),
        "values": columns,
    }
    return New("pandas.DataFrame", _with_attrs(walker, value, path, args))


def _extension_array(walker, value, path):
    return _values(walker, value, path)


def _categorical_dtype(walker, value, path):
    # before pandas 0.21 the dtype did not know its categories
    categories = getattr(value, "categories", None)
    if categories is not None:
        categories = walker(categories, path + ".categories")
    ordered = bool(getattr(value, "ordered", False))
    return New("pandas.CategoricalDtype", {"categories": categories, "ordered": ordered})


def _extension_dtype(walker, value, path):
    return New("pandas.dtype", {"name": str(value)})


def _na(walker, value, path):
    return New("pandas.NA")


def _nat(walker, value, path):
    return New("pandas.NaT")


def _timestamp(walker, value, path):
    """Nanoseconds since 1970 in UTC, and the zone."""
    zone = None if value.tz is None else str(value.tz)
    plain = value if zone is None else value.tz_convert("UTC").tz_localize(None)
    return New("pandas.Timestamp", {"at": plain.to_datetime64(), "zone": zone})


def _timedelta(walker, value, path):
    return New("pandas.Timedelta", {"span": value.to_timedelta64()})


def _period(walker, value, path):
    return New("pandas.Period", {"text": str(value), "freq": value.freqstr})


def _interval(walker, value, path):
    sides = {name: walker(getattr(value, name), path) for name in ("left", "right")}
    return New("pandas.Interval", dict(sides, closed=value.closed))


ENCODERS = {
    ("pandas", "Index"): _index,
    ("pandas", "Series"): _series,
    ("pandas", "DataFrame"): _frame,
    ("pandas", "CategoricalDtype"): _categorical_dtype,
    ("pandas", "ExtensionDtype"): _extension_dtype,
    ("pandas", "NAType"): _na,
    ("pandas", "NaTType"): _nat,
    ("pandas", "Timestamp"): _timestamp,
    ("pandas", "Timedelta"): _timedelta,
    ("pandas", "Period"): _period,
    ("pandas", "Interval"): _interval,
    ("pandas", "Categorical"): _extension_array,
    ("pandas", "ExtensionArray"): _extension_array,
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
    if "freq" in value.args:
        try:
            index.freq = value.args["freq"]
        except (AttributeError, ValueError):
            # read-only before 0.24, and some frequencies have other names since 2.2
            index = type(index)(index, freq="infer", name=index.name)
    return index


def _make_range_index(builder, value, path):
    import pandas

    args = {name: _arg(builder, value, name, path) for name in value.args}
    return pandas.RangeIndex(args["start"], args["stop"], args["step"], name=args["name"])


def _make_multi_index(builder, value, path):
    import pandas

    levels = _arg(builder, value, "levels", path)
    return pandas.MultiIndex.from_arrays(levels, names=_arg(builder, value, "names", path))


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
        known = pandas.api.types.pandas_dtype(dtype)
        if isinstance(known, np.dtype) and dtype == "str":
            raise TypeError("before pandas 3 text is objects")
        return pandas.array(items, dtype=dtype)
    except (AttributeError, ImportError, TypeError):
        # a release of pandas without this extension type: plain objects
        result = np.empty(len(items), dtype=object)
        result[:] = items
        return result


def _make_zoned(builder, value, path):
    import pandas

    index = pandas.DatetimeIndex(_arg(builder, value, "utc", path))
    return index.tz_localize("UTC").tz_convert(value.args["zone"])


def _make_periods(builder, value, path):
    import pandas

    items = ["NaT" if item is None else item for item in value.args["items"]]
    return pandas.PeriodIndex(items, freq=value.args["freq"])


def _make_intervals(builder, value, path):
    import pandas

    left, right = _arg(builder, value, "left", path), _arg(builder, value, "right", path)
    return pandas.IntervalIndex.from_arrays(left, right, closed=value.args["closed"])


def _column(values):
    import pandas

    if isinstance(values, np.ndarray) and values.dtype == object:
        return pandas.Series(values, dtype=object)
    return pandas.Series(values)


def _make_series(builder, value, path):
    series = _column(_arg(builder, value, "values", path))
    series.index = _arg(builder, value, "index", path)
    series.name = _arg(builder, value, "name", path)
    return _with_attributes(series, builder, value, path)


def _with_attributes(thing, builder, value, path):
    if "attrs" in value.args and hasattr(type(thing), "attrs"):
        thing.attrs.update(_arg(builder, value, "attrs", path))
    return thing


def _make_frame(builder, value, path):
    import pandas

    index = _arg(builder, value, "index", path)
    columns = _arg(builder, value, "columns", path)
    series = [_column(values) for values in _arg(builder, value, "values", path)]
    frame = pandas.concat(series, axis=1) if series else pandas.DataFrame(index=range(len(index)))
    frame.index, frame.columns = index, columns
    return _with_attributes(frame, builder, value, path)


def _make_categorical_dtype(builder, value, path):
    import pandas

    categories = _arg(builder, value, "categories", path)
    kind = getattr(pandas, "CategoricalDtype", None) or pandas.api.types.CategoricalDtype
    if not hasattr(kind, "categories"):  # before pandas 0.21 only the column knew them
        return kind()
    return kind(categories, value.args["ordered"])


def _make_dtype(builder, value, path):
    import pandas

    try:
        known = pandas.api.types.pandas_dtype(value.args["name"])
    except (AttributeError, TypeError):
        known = np.dtype(object)
    # the text type of pandas 3 is objects before it
    return np.dtype(object) if value.args["name"] == "str" and known.kind == "U" else known


def _make_na(builder, value, path):
    import pandas

    return getattr(pandas, "NA", None)


def _make_nat(builder, value, path):
    import pandas

    return pandas.NaT


def _make_timestamp(builder, value, path):
    import pandas

    plain = pandas.Timestamp(value.args["at"])
    zone = value.args["zone"]
    return plain if zone is None else plain.tz_localize("UTC").tz_convert(zone)


def _make_timedelta(builder, value, path):
    import pandas

    return pandas.Timedelta(value.args["span"])


def _make_period(builder, value, path):
    import pandas

    return pandas.Period(value.args["text"], freq=value.args["freq"])


def _make_interval(builder, value, path):
    import pandas

    left, right = _arg(builder, value, "left", path), _arg(builder, value, "right", path)
    return pandas.Interval(left, right, value.args["closed"])


DECODERS = {
    "pandas.Index": _make_index,
    "pandas.RangeIndex": _make_range_index,
    "pandas.MultiIndex": _make_multi_index,
    "pandas.Series": _make_series,
    "pandas.DataFrame": _make_frame,
    "pandas.Categorical": _make_categorical,
    "pandas.array": _make_array,
    "pandas.zoned": _make_zoned,
    "pandas.periods": _make_periods,
    "pandas.intervals": _make_intervals,
    "pandas.CategoricalDtype": _make_categorical_dtype,
    "pandas.dtype": _make_dtype,
    "pandas.NA": _make_na,
    "pandas.NaT": _make_nat,
    "pandas.Timestamp": _make_timestamp,
    "pandas.Timedelta": _make_timedelta,
    "pandas.Period": _make_period,
    "pandas.Interval": _make_interval,
}
