"""Digests of a graph, place by place: tells whether two graphs hold the same without moving them.

A leaf is an array, a scalar, or a container of nothing but scalars (a vocabulary); its digest
covers types, shapes and every bit.  How an array lies in memory means nothing.

Runs on Python 3.6; the same graph gives the same digests whatever the versions of Python and numpy.
"""

import hashlib
import struct
from typing import Any, Dict, Iterator, Tuple

import numpy as np

from skmig.agent.neutral import Name, New, Obj

ARRAY = "array "  # how the digest of an array begins
_SCALARS = (type(None), bool, int, float, complex, str, bytes, np.generic, np.dtype, Name)


def digests(graph: Any, path: str = "model") -> Dict[str, str]:
    """Path -> digest of every leaf of a graph."""
    known: Dict[int, str] = {}
    found = {}
    for place, value, whole in leaves(graph, path):
        if value is not whole or not isinstance(value, np.ndarray):
            found[place] = digest(value)
            continue
        if id(value) not in known:
            known[id(value)] = digest(value)
        found[place] = known[id(value)]
    return found


def leaves(graph: Any, path: str = "model") -> Iterator[Tuple[str, Any, Any]]:
    """The path and value of every leaf, and the object of the graph that it stands in.

    A structured array has a leaf for each field, since releases add fields (to the nodes of trees).
    A container that is shared is met at its first place.  The attributes of an object come by
    name, since another order of them means nothing.
    """
    seen = set()
    stack = [(path, graph)]
    while stack:
        where, value = stack.pop()
        if is_plain_array(value) and value.dtype.names:
            for name in value.dtype.names:
                yield "%s[%s]" % (where, ascii(name)), value[name], value
            continue
        if is_plain_array(value) or isinstance(value, _SCALARS) or _holds_scalars(value):
            yield where, value, value
            continue
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Obj):
            yield where, Name("type", value.tag), value
            children = [("%s.%s" % (where, name), item) for name, item in _by_name(value.state)]
        elif isinstance(value, New):
            yield where, Name("new", value.tag), value
            children = [("%s.%s" % (where, name), item) for name, item in _by_name(value.args)]
        elif isinstance(value, dict):
            children = [
                ("%s[%s]" % (where, _key(i, key)), item)
                for i, (key, item) in enumerate(value.items())
            ]
        else:
            items = value.flat if isinstance(value, np.ndarray) else value
            children = [("%s[%d]" % (where, i), item) for i, item in enumerate(items)]
        stack.extend(reversed(children))


def _by_name(attributes):
    return [(name, attributes[name]) for name in sorted(attributes)]


def is_plain_array(value: Any) -> bool:
    """Is it an array that holds its own bytes?"""
    return isinstance(value, np.ndarray) and not value.dtype.hasobject


def digest(leaf: Any) -> str:
    """The digest of one leaf; that of an array begins with `ARRAY`, its dtype and shape."""
    made = hashlib.sha256()
    if is_plain_array(leaf):
        if leaf.nbytes:
            # as plain bytes, since datetimes have no buffer of their own kind
            made.update(np.ascontiguousarray(leaf).reshape(-1).view(np.uint8).data)
        return "%s%s %s %s" % (ARRAY, _kind(leaf.dtype), list(leaf.shape), made.hexdigest())
    _add(made, leaf)
    return made.hexdigest()


def _holds_scalars(value):
    if isinstance(value, dict):
        return all(isinstance(item, _SCALARS) for pair in value.items() for item in pair)
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(isinstance(item, _SCALARS) for item in value)
    return isinstance(value, np.ndarray) and all(isinstance(item, _SCALARS) for item in value.flat)


def _key(i, key):
    # ascii() and str() say the same in every version, repr() does not
    if isinstance(key, str):
        return ascii(key)
    return str(key) if isinstance(key, (bool, int, float, np.generic)) else "#%d" % i


def _add(made, value):
    """One scalar, or a container of scalars."""
    if isinstance(value, dict):
        made.update(b"dict;")
        _add_column(made, list(value))
        _add_column(made, list(value.values()))
    elif isinstance(value, (set, frozenset)):
        made.update(b"%s;" % type(value).__name__.encode())
        _add_column(made, sorted(digest(item) for item in value))
    elif isinstance(value, (list, tuple)):
        made.update(b"%s;" % type(value).__name__.encode())
        _add_column(made, value)
    elif isinstance(value, np.ndarray):  # of objects
        made.update(("objects %s;" % list(value.shape)).encode())
        _add_column(made, value.ravel().tolist())
    else:
        kind, content = _spelled(value)
        made.update(b"%s %d;" % (kind.encode(), len(content)))
        made.update(content)


def _add_column(made, items):
    """Many scalars; of one kind they are taken together, since a vocabulary has a million."""
    kinds = set(map(type, items))
    made.update(b"%d;" % len(items))
    if kinds == {str}:
        made.update(("str %s;" % ",".join(map(str, map(len, items)))).encode())
        made.update("".join(items).encode("utf-8", "surrogatepass"))
    elif kinds == {int}:
        made.update(("int %s;" % ",".join(map(str, items))).encode())
    else:
        for item in items:
            _add(made, item)


def _spelled(value):
    """A scalar as the name of its kind and bytes that say all of it."""
    if isinstance(value, np.generic):
        return "numpy " + _kind(value.dtype), b"nan" if value != value else value.tobytes()
    if isinstance(value, np.dtype):
        return "dtype", _kind(value).encode()
    if isinstance(value, Name):
        return value.kind, value.tag.encode()
    if isinstance(value, str):
        return "str", value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes):
        return "bytes", value
    if isinstance(value, float):
        return "float", _float(value)
    if isinstance(value, complex):
        return "complex", _float(value.real) + _float(value.imag)
    return type(value).__name__, str(value).encode()


def _float(value):
    return b"nan" if value != value else struct.pack("<d", value)


def _kind(dtype):
    if dtype.names is None:
        return dtype.str
    return str([(name, _kind(dtype[name]), dtype[name].shape) for name in dtype.names])
