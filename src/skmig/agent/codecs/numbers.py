"""Codecs for numpy beyond plain arrays: random states, masked arrays, matrices."""

import warnings

import numpy as np

from skmig.agent.neutral import New


def _random_state(walker, value, path):
    try:
        state = value.get_state(legacy=False)
    except TypeError:  # before numpy 1.17
        state = None
    if state is None or state["bit_generator"] == "MT19937":
        name, keys, position, has_gauss, gauss = value.get_state()
        state = {
            "bit_generator": str(name),
            "state": {"key": np.asarray(keys), "pos": int(position)},
            "has_gauss": int(has_gauss),
            "gauss": float(gauss),
        }
    return New("numpy.random.RandomState", {"state": walker(state, path)})


def _generator(walker, value, path):
    return New("numpy.random.Generator", {"state": walker(value.bit_generator.state, path)})


def _bit_generator(walker, value, path):
    return New("numpy.random.BitGenerator", {"state": walker(value.state, path)})


def _masked(walker, value, path):
    parts = {
        "data": walker(np.array(value.data), path + ".data"),
        "mask": np.array(np.ma.getmaskarray(value)),
        "fill_value": walker(value.fill_value, path + ".fill_value"),
    }
    return New("numpy.ma.MaskedArray", parts)


def _masked_constant(walker, value, path):
    return New("numpy.ma.masked")


def _matrix(walker, value, path):
    return New("numpy.matrix", {"data": walker(np.asarray(value), path)})


def _as_array(walker, value, path):
    return walker(np.array(value, copy=False, subok=False), path)


ENCODERS = {
    ("numpy", "RandomState"): _random_state,
    ("mtrand", "RandomState"): _random_state,  # how numpy before 1.15 names its module
    ("numpy", "Generator"): _generator,
    ("numpy", "BitGenerator"): _bit_generator,
    ("numpy", "MaskedArray"): _masked,
    ("numpy", "matrix"): _matrix,
    ("numpy", "memmap"): _as_array,
    ("numpy", "MaskedConstant"): _masked_constant,
}

_BIT_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")


def _make_bit_generator(state):
    if state["bit_generator"] not in _BIT_GENERATORS:
        raise ValueError("unknown bit generator %r" % (state["bit_generator"],))
    if not hasattr(np.random, state["bit_generator"]) or not hasattr(np.random, "Generator"):
        raise ValueError(
            "numpy %s has no random generator %s" % (np.__version__, state["bit_generator"])
        )
    generator = getattr(np.random, state["bit_generator"])(0)
    generator.state = state
    return generator


def _seeded():
    """A new random state, whose pickle is always the same: it keeps what seeded it (numpy 1.24)."""
    if hasattr(np.random, "MT19937"):
        return np.random.RandomState(np.random.MT19937(0))
    return np.random.RandomState(0)


def _make_random_state(builder, value, path):
    state = builder(value.args["state"], path)
    if state["bit_generator"] == "MT19937":
        result = _seeded()
        inner = state["state"]
        result.set_state(
            ("MT19937", inner["key"], inner["pos"], state["has_gauss"], state["gauss"])
        )
        return result
    result = np.random.RandomState(_make_bit_generator(dict(state)))
    result.set_state(state)
    return result


def _make_generator(builder, value, path):
    bits = _make_bit_generator(builder(value.args["state"], path))
    return np.random.Generator(bits)


def _make_bare_bit_generator(builder, value, path):
    return _make_bit_generator(builder(value.args["state"], path))


def _make_masked(builder, value, path):
    result = np.ma.MaskedArray(builder(value.args["data"], path + ".data"), mask=value.args["mask"])
    try:
        result.fill_value = builder(value.args["fill_value"], path)
    except (TypeError, ValueError):
        pass  # a fill value of another dtype: the array's own default stays
    return result


def _make_masked_constant(builder, value, path):
    return np.ma.masked


def _make_strings(builder, value, path):
    """Text of any length; before numpy 2 an array of objects holds it."""
    items = builder(value.args["items"], path)
    types = getattr(np, "dtypes", None)
    if not hasattr(types, "StringDType"):
        return items
    missing = [item for item in items.ravel() if not isinstance(item, str)]
    return items.astype(types.StringDType(na_object=missing[0]) if missing else types.StringDType())


def _make_view(builder, value, path):
    kind = builder.look_up(value.args["of"].tag, path)
    if not (isinstance(kind, type) and issubclass(kind, np.ndarray)):
        raise TypeError("`%s` is not an array" % value.args["of"].tag)
    result = builder(value.args["data"], path).view(kind)
    state = builder(value.args["state"], path)
    if state:
        vars(result).update(state)
    return result


def _make_matrix(builder, value, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.matrix(builder(value.args["data"], path))


DECODERS = {
    "numpy.random.RandomState": _make_random_state,
    "numpy.random.Generator": _make_generator,
    "numpy.random.BitGenerator": _make_bare_bit_generator,
    "numpy.ma.MaskedArray": _make_masked,
    "numpy.ma.masked": _make_masked_constant,
    "numpy.matrix": _make_matrix,
    "numpy.strings": _make_strings,
    "numpy.view": _make_view,
}
