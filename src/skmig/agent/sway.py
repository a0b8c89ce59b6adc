"""Sway: the same input, numbers moved by their last bit, to see how far an answer moves."""

import numpy as np

SWAYS = 8


def sway(data, seed=0, single=False):
    """The same input, numbers moved by their last bit up or down; None for no numbers.

    `single`: by the last bit of their single precision.
    """
    if isinstance(data, np.ndarray) and data.dtype.kind == "f":
        ways = np.random.RandomState(seed).choice([-np.inf, np.inf], size=data.shape)
        read = data.astype(np.float32) if single else data
        return np.nextafter(read, ways.astype(read.dtype)).astype(data.dtype)
    if hasattr(data, "iloc") and hasattr(data, "columns"):
        result = data.copy()
        for place, name in enumerate(data.columns):
            moved = sway(np.asarray(data[name]), seed + SWAYS * place, single)
            if moved is not None:
                result[name] = moved
        return result
    if hasattr(data, "tocsr"):
        result = data.copy()
        result.data = sway(result.data, seed, single)
        return result if result.data is not None else None
    return None
