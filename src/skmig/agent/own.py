"""What classes of other libraries and of the user say about their own state.

scikit-learn's classes are carried by their attributes; the rest as pickle would: by `__getstate__`
and `__slots__`, or by `__reduce__`.
"""

import copyreg

_BUILTIN_BASES = (dict, list, tuple, set, frozenset, str, bytes, int, float, complex)
_REDUCERS = ("__reduce__", "__reduce_ex__", "__getnewargs__", "__getnewargs_ex__")


def is_sklearn(kind):
    """Is it a class of scikit-learn itself?  (`_loss` is a module that forgot its package.)"""
    return kind.__module__.split(".")[0] in ("sklearn", "_loss")


def _definer(kind, name):
    """The class that defines `name` for `kind`, outside scikit-learn; None for the default."""
    for base in kind.__mro__:
        if name in vars(base):
            return None if base is object or is_sklearn(base) else base
    return None


def reduces_itself(kind):
    """Does an object of the class hold more than attributes, or say how it is made?"""
    if issubclass(kind, _BUILTIN_BASES):
        return True
    return any(_definer(kind, name) is not None for name in _REDUCERS)


def has_setter(kind):
    """Does the class take its state itself?"""
    return _definer(kind, "__setstate__") is not None


def estimator_base(kind):
    """The estimator of scikit-learn that a class of another library builds on, or None.

    `BaseEstimator`, mixins and abstract bases are none: they have no state of their own.
    """
    for base in kind.__mro__:
        if base.__module__.split(".")[0] != "sklearn":
            continue
        name = base.__name__
        abstract = bool(getattr(base, "__abstractmethods__", ()))
        if name in ("BaseEstimator",) or name.startswith(("_", "Base")) or name.endswith("Mixin"):
            continue
        if not abstract and callable(getattr(base, "get_params", None)):
            return base
    return None


def keeper(kind):
    """The function that gives what pickle would keep of an object of this class.

    Mostly a dict of attributes, which is not to be changed; None if there is none.
    """
    if _definer(kind, "__getstate__") is not None:
        return _kept_by_class
    if copyreg._slotnames(kind):
        return _attributes_and_slots
    return vars if kind.__dictoffset__ else lambda value: None


def _kept_by_class(value):
    state = value.__getstate__()
    return {} if state is None else merged(state)


def _attributes_and_slots(value):
    state = dict(getattr(value, "__dict__", {}))
    for name in copyreg._slotnames(type(value)):
        if hasattr(value, name):
            state[name] = getattr(value, name)
    return state


def merged(state):
    """The default form of a class with slots is a pair: the attributes and the slots."""
    if isinstance(state, tuple) and len(state) == 2:
        if all(part is None or isinstance(part, dict) for part in state):
            return dict(state[0] or {}, **(state[1] or {}))
    return state


def set_attributes(result, state):
    """Give an object its attributes, past any `__setattr__` of its class."""
    slots = set(copyreg._slotnames(type(result)))
    if not slots:
        result.__dict__.update(state)
        return
    for name, item in state.items():
        if name in slots:
            object.__setattr__(result, name, item)
        else:
            result.__dict__[name] = item
