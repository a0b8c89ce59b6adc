"""The numbers and names of the wire format, and how it says a dtype."""

import numpy as np

FORMAT = 3
READABLE = (2, FORMAT)  # 2 is 3 without tables
ALIGN = 64
COLUMN = 32  # a homogeneous container of at least this many items becomes a column
MAX_DEPTH = 400
MAX_ITEM = 1 << 24  # bytes of one element of a structured array
# attributes that tables may give to objects, beyond one for each byte of the document's arrays
FREE_CELLS = 1 << 20


class WireError(ValueError):
    """A document that cannot be written or is not valid; the text names the place."""


def dtype_spec(dtype):
    """A dtype as JSON: its string, or for structured ones its fields with offsets."""
    dtype = np.dtype(dtype)
    if dtype.names is not None:
        return {
            "names": list(dtype.names),
            "formats": [dtype_spec(dtype.fields[name][0]) for name in dtype.names],
            "offsets": [int(dtype.fields[name][1]) for name in dtype.names],
            "itemsize": int(dtype.itemsize),
        }
    if dtype.subdtype is not None:
        return {"base": dtype_spec(dtype.subdtype[0]), "shape": list(dtype.subdtype[1])}
    return dtype.str


def dtype_from_spec(spec):
    """The dtype that `dtype_spec` described.  Raises WireError on anything else."""
    try:
        if isinstance(spec, str):
            dtype = np.dtype(spec)
            # only the spelling that dtype_spec writes: no field syntax, no aliases
            if dtype.names is not None or dtype.subdtype is not None or dtype.str != spec:
                raise WireError("unexpected dtype %r" % spec)
            return dtype
        if "base" in spec:
            return np.dtype((dtype_from_spec(spec["base"]), tuple(spec["shape"])))
        formats = [dtype_from_spec(item) for item in spec["formats"]]
        offsets, size = spec["offsets"], spec["itemsize"]
        # numpy adds these up in 32 bits and then believes the sum
        for start, part in zip(offsets, formats):
            if type(start) is not int or not 0 <= start <= size - part.itemsize < MAX_ITEM:
                raise WireError("a field at %r of %r bytes" % (start, size))
        names = [str(name) for name in spec["names"]]
        return np.dtype(
            {"names": names, "formats": formats, "offsets": offsets, "itemsize": int(size)}
        )
    except WireError:
        raise
    except Exception as exc:
        raise WireError("not a dtype: %r (%s)" % (spec, exc))
