"""Codecs: the types that are not carried by their attribute dictionary.

A codec is a pair of functions.  An encoder takes (walker, value, path) and gives a neutral value;
it is found by the root module and the name of the value's class or of a base class, so that no
library is imported to look.  A decoder takes (builder, neutral value, path) and gives the native
object; it is found by tag.
"""

from skmig.agent.codecs import boosters, compiled, numbers, science, standard, tables, trees

_MODULES = (standard, numbers, science, tables, compiled, trees, boosters)


def _merge(name):
    result = {}
    for module in _MODULES:
        for key, function in getattr(module, name).items():
            if key in result:
                raise ValueError("two codecs for %r" % (key,))
            result[key] = function
    return result


ENCODERS = _merge("ENCODERS")
DECODERS = _merge("DECODERS")


def encoder(kind):
    """The encoder for values of the class `kind`, or None."""
    for base in kind.__mro__:
        root = base.__module__.split(".")[0]
        found = ENCODERS.get((root, base.__name__))
        if found is not None:
            # a class of the user's that adds to one of the standard library is not that one
            own = root in standard.EXACT and base is not kind
            return None if own and not _of_same_library(kind, root) else found
    return None


def _of_same_library(kind, root):
    return kind.__module__.split(".")[0] == root


def decoder(tag):
    """The decoder for values tagged `tag`, or None."""
    return DECODERS.get(tag)
