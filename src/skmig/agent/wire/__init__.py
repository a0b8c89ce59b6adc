"""The payload's wire format: a neutral graph as JSON, its arrays as one aligned block, in a zip.

A *bundle* is one zip file.  A *document* `name` in it is two members:

    name/graph.json    the graph, readable; deflated
    name/arrays.bin    every array's bytes, each at a multiple of 64; stored, so it can be mapped

Other members are JSON documents (`manifest.json`, ...).  Reading never imports, never calls and
never unpickles: the result is plain values, numpy arrays and the classes of `neutral`.  Everything
that a file claims (sizes, offsets, dtypes, references, depth) is checked before it is used.

JSON scalars and strings stand for themselves; every other value is an object with a kind `t`:

    float       v: "nan", "inf", "-inf"          complex   v: [real, imaginary]
    bytes       v: base64                        ref       v: the id of a value met earlier
    list tuple set frozenset
                v: [...], or strs: STRINGS, or col: NDARRAY with vt: "int" | "float"
                (a column of int has the narrowest type that holds it), or objs: TABLE
    dict        v: {str: value} or [[key, value], ...],
                or keys: STRINGS with vals: NDARRAY and vt: "int" | dtype of the numpy scalars
    ndarray     dtype, shape, order "C" | "F", at: offset; dtype "O" has v: a list instead of at
    scalar      dtype, v: number, or x: hex      dtype     v: a dtype
    obj         c: tag, s: {name: value}         new       c: tag, a: {name: value}
    name        k: "function" | "type", c: tag

A STRINGS is {at: offset of the UTF-8 text, bytes: its length, lengths: NDARRAY, in characters}.
A TABLE is n objects of one tag with the same names: {c: tag, n: their number, s: {name: COLUMN}}.
A COLUMN is one value that all of them hold, or what a list has (v, strs, col, objs), or for arrays
of one dtype that stand one behind the other {rows: NDARRAY of their lengths, parts: NDARRAY}.
A dtype is its string; a structured one is its number in the document's list `dtypes`.
Where a value stands more than once, its first place carries an `id`; the objects of a TABLE and the
arrays of a COLUMN have `id`, `id` + 1, and so on.

Runs on Python 3.6 with the standard library and numpy.
"""

from skmig.agent.wire.form import FORMAT, WireError
from skmig.agent.wire.reading import Bundle
from skmig.agent.wire.writing import write_bundle

__all__ = ["FORMAT", "Bundle", "WireError", "write_bundle"]
