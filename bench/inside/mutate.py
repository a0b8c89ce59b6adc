"""Small changes of a neutral graph: what a migration that went wrong would leave behind.

Operators are generic: each knows a kind of value (a float, an array with two columns, a
vocabulary), and none knows a class.

Runs on Python 3.6 with numpy.
"""

import numpy as np

from skmig.agent.neutral import New, Obj

# other settings of parameters that are texts and that predictions may read
OTHER = {
    "l1": "l2",
    "l2": "l1",
    "max": "l2",
    "linear": "rbf",
    "rbf": "linear",
    "poly": "rbf",
    "sigmoid": "rbf",
    "euclidean": "manhattan",
    "minkowski": "chebyshev",
    "manhattan": "euclidean",
    "uniform": "distance",
    "distance": "uniform",
    "word": "char",
    "char": "word",
    "char_wb": "char",
    "onehot": "ordinal",
    "ordinal": "onehot",
    "softmax": "logistic",
    "relu": "tanh",
    "tanh": "relu",
    "logistic": "tanh",
    "identity": "tanh",
    "ignore": "error",
    "error": "ignore",
    "yeo-johnson": "box-cox",
    "soft": "hard",
    "hard": "soft",
    "threshold": "lasso_cd",
    "omp": "lasso_cd",
    "multinomial": "ovr",
    "ovr": "multinomial",
    "hinge": "log_loss",
    "log_loss": "hinge",
    "constant": "mean",
    "prior": "uniform",
    "most_frequent": "prior",
    "strict": "replace",
    "use_encoded_value": "error",
    "infrequent_if_exist": "error",
    "drop": "passthrough",
    "passthrough": "drop",
    "extrapolate": "constant",
    "clip": "nan",
    "predict": "predict_proba",
    "predict_proba": "predict",
}
# what no method that takes new rows reads, in any release
IDLE = frozenset(
    "random_state verbose n_jobs max_iter tol n_iter_ loss_curve_ n_node_samples_ copy copy_X"
    " warm_start memory fit_times_ cv_results_ train_score_ oob_score best_loss_ n_iter_no_change"
    " validation_scores_ refit_time_ scorer_ pre_dispatch error_score return_train_score shuffle"
    " max_depth min_samples_leaf min_samples_split max_leaf_nodes bootstrap max_features"
    " max_samples validation_fraction subsample ccp_alpha oob_score_ oob_decision_function_"
    " oob_prediction_ class_weight _sample_weight monotonic_cst do_early_stopping_ criterion"
    " early_stopping fit_intercept solver alpha C l1_ratio positive average dual_gap_ epsilon"
    " power_t eta0 dual _expanded_class_weight intercept_scaling t_ singular_ class_weight_"
    " precompute estimator_errors_ best_score_ mse_path_ alphas_ _standard_coef coefs_paths_"
    " shrinking nu Cs_ rank_ _num_iter".split()
)
CHILDREN = ("left_child", "right_child", "left", "right")


class Site(object):
    """A place of a graph: `container[key]` holds `value`."""

    __slots__ = ("attribute", "container", "key", "owner", "path", "value")

    def __init__(self, container, key, value, path, owner, attribute):
        self.container, self.key, self.value = container, key, value
        self.path, self.owner, self.attribute = path, owner, attribute


def sites(graph):
    """Every place of a graph that a mutation may change, parents before children."""
    found, seen = [], set()
    stack = [(None, None, graph, "model", "", "")]
    while stack:
        container, key, value, path, owner, attribute = stack.pop()
        if attribute in IDLE or value is None:
            continue
        kind = type(value)
        if kind is tuple:
            # no place of its own: only what is in it can be changed
            stack.extend(
                (None, None, item, "%s[%d]" % (path, i), owner, attribute)
                for i, item in enumerate(value)
            )
            continue
        if container is not None:
            found.append(Site(container, key, value, path, owner, attribute))
        if not isinstance(value, (Obj, New, dict, list, np.ndarray)) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, (Obj, New)):
            if value.tag.startswith(("numpy.random", "pandas")):
                continue
            owner = value.tag if isinstance(value, Obj) else owner
            inner = value.state if isinstance(value, Obj) else value.args
            plain = isinstance(value, Obj)
            for name, item in inner.items():
                what = name if plain else attribute
                stack.append((inner, name, item, "%s.%s" % (path, name), owner, what))
        elif kind is dict:
            if attribute != "vocabulary_":
                for name, item in value.items():
                    stack.append((value, name, item, "%s[%r]" % (path, name), owner, attribute))
        elif kind is list:
            for i, item in enumerate(value):
                stack.append((value, i, item, "%s[%d]" % (path, i), owner, attribute))
        elif value.dtype.hasobject:
            for i, item in enumerate(value.flat):
                if isinstance(item, (Obj, New, dict, list, np.ndarray)):
                    stack.append((value.flat, i, item, "%s[%d]" % (path, i), owner, attribute))
    return found


def replace(graph, site, value):
    """Put `value` where the site is, and everywhere else that the same array stands.

    Gives the function that puts everything back.
    """
    places = [site]
    if isinstance(site.value, np.ndarray):
        places += [other for other in sites(graph) if other.value is site.value]
    for place in places:
        place.container[place.key] = value

    def back():
        for place in places:
            place.container[place.key] = site.value

    return back


# ------------------------------------------------------------------ numbers
def _ulp(value, rng):
    return np.nextafter(value, type(value)(rng.choice([-np.inf, np.inf])))


def _single(value, rng):
    return type(value)(np.nextafter(np.float32(value), np.float32(rng.choice([-np.inf, np.inf]))))


def _relative(size):
    def change(value, rng):
        return value * type(value)(1 + size)

    return change


def _sign(value, rng):
    return -value


_FLOATS = (
    ("float by one ULP", _ulp),
    ("float by one step of float32", _single),
    ("float by 1e-12", _relative(1e-12)),
    ("float by 1e-9", _relative(1e-9)),
    ("float by 1e-6", _relative(1e-6)),
    ("sign of a float", _sign),
)


def _is_float(value):
    return isinstance(value, (float, np.floating)) and np.isfinite(value) and value != 0


def _is_integer(value):
    return isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_))


# ------------------------------------------------------------------ the operators on one value
def proposals(site):
    """The operators that can change what stands at a site, as (name, function of a rng).

    The function gives (the new value, what was changed in it), or None.
    """
    value = site.value
    if isinstance(value, np.ndarray):
        return _of_array(site)
    if isinstance(value, (bool, np.bool_)):
        return [("bool flipped", lambda rng: (type(value)(not value), _said(value, not value)))]
    if _is_integer(value):
        return [("integer by one", lambda rng: _whole(value, rng))]
    if _is_float(value):
        return [(name, _scalar(value, change)) for name, change in _FLOATS]
    if isinstance(value, str) and value in OTHER:
        return [("text parameter", lambda rng: (OTHER[value], _said(value, OTHER[value])))]
    if isinstance(value, dict) and len(value) > 1 and all(map(_is_integer, value.values())):
        name = "vocabulary" if site.attribute == "vocabulary_" else "entries of a dict"
        return [(name + " exchanged", lambda rng: _exchanged(value, rng))]
    if isinstance(value, list) and len(value) > 1 and not site.attribute.startswith("steps"):
        return [(_order(site), lambda rng: _reordered(value, rng))]
    return []


def _said(old, new, **more):
    return dict(more, old=old, new=new)


def _whole(value, rng):
    new = type(value)(value + rng.choice([-1, 1]))
    return new, _said(value, new)


def _scalar(value, change):
    def run(rng):
        with np.errstate(all="ignore"):
            kept = np.float64(value) if type(value) is float else value
            new = change(kept, rng)
        new = float(new) if type(value) is float else new
        return None if new == value else (new, _said(value, new))

    return run


def _exchanged(value, rng):
    names = list(value)
    one, two = (names[i] for i in rng.choice(len(names), size=2, replace=False))
    if value[one] == value[two]:
        return None
    new = dict(value)
    new[one], new[two] = value[two], value[one]
    return new, _said(one, two)


def _reordered(value, rng):
    one, two = rng.choice(len(value), size=2, replace=False)
    if _alike(value[one], value[two]):
        return None
    new = list(value)
    new[one], new[two] = value[two], value[one]
    return new, _said(int(one), int(two))


def _alike(one, two):
    if type(one) is not type(two):
        return False
    if isinstance(one, (Obj, New, dict, list, np.ndarray, tuple)):
        return one is two
    return bool(one == two or (one != one and two != two))


def _order(site):
    known = {"classes_": "class order", "categories_": "category order"}
    return known.get(site.attribute, "order of entries")


# ------------------------------------------------------------------ arrays
def _of_array(site):
    value = site.value
    if not value.size or (value.dtype.kind in "mMV" and value.dtype.names is None):
        return []
    if value.dtype.names is not None:
        return [item for name in value.dtype.names for item in _of_field(value, name)]
    if "nodes" in getattr(site.container, "keys", tuple)() and site.attribute == "values":
        return _of_leaves(site)
    found = _of_entries(value)
    if value.ndim == 1 and len(value) > 1:
        found.append((_order(site), lambda rng: _swapped(value, rng, 0)))
    if value.ndim == 2 and value.shape[1] > 1:
        found.append(("columns swapped", lambda rng: _swapped(value, rng, 1)))
    if value.ndim == 2 and value.shape[0] > 1:
        found.append(("rows swapped", lambda rng: _swapped(value, rng, 0)))
    if isinstance(site.container, dict) and "indptr" in site.container and value.dtype.kind == "i":
        return []  # of a sparse matrix: compiled code follows these without looking
    return found


def _of_leaves(site):
    """Of the values of a tree only those of its leaves are read."""
    nodes, value = site.container["nodes"], site.value
    leaf = np.zeros(value.shape, dtype=bool)
    leaf[nodes["left_child"] < 0] = True
    places = np.flatnonzero(leaf & np.isfinite(value) & (value != 0))
    return [("leaf" + name[len("float") :], _entry(value, places, op)) for name, op in _FLOATS[:5]]


def _of_entries(value):
    if value.dtype.kind == "f":
        places = np.flatnonzero(np.isfinite(value) & (value != 0))
        if len(places):
            return [(name, _entry(value, places, change)) for name, change in _FLOATS]
    if value.dtype.kind in "iu":
        return [("integer by one", lambda rng: _integer(value, np.arange(value.size), rng))]
    if value.dtype.kind == "b":
        return [("bool flipped", _entry(value, np.arange(value.size), lambda v, rng: ~v))]
    return []


def _entry(value, places, change):
    def run(rng):
        place = int(places[rng.randint(len(places))])
        new = np.array(value)
        old = new.flat[place]
        with np.errstate(all="ignore"):
            new.flat[place] = change(old, rng)
        if new.flat[place] == old:
            return None
        return new, _said(old.item(), new.flat[place].item(), place=place)

    return run


def _integer(value, places, rng):
    """By one, but within the range of the array: compiled code may follow it."""
    place = int(places[rng.randint(len(places))])
    old = int(value.flat[place])
    low, high = int(value.min()), int(value.max())
    ways = [step for step in (-1, 1) if low <= old + step <= high] or [1]
    new = np.array(value)
    new.flat[place] = old + ways[rng.randint(len(ways))]
    return new, _said(old, int(new.flat[place]), place=place)


def _swapped(value, rng, axis):
    one, two = (int(i) for i in rng.choice(value.shape[axis], size=2, replace=False))
    order = np.arange(value.shape[axis])
    order[[one, two]] = two, one
    new = np.take(value, order, axis=axis)
    pairs = zip(value.ravel().tolist(), new.ravel().tolist())
    if all(_alike(*pair) for pair in pairs):
        return None
    said = {"axis": axis, "places": [one, two]}
    if value.ndim == 1:
        said.update(_said(value[one], value[two]))
    return new, said


def _of_field(value, name):
    """Nodes of trees: thresholds and leaves apart, since they are read apart."""
    leaf = None
    if "left_child" in value.dtype.names:
        leaf = value["left_child"] < 0
    elif "is_leaf" in value.dtype.names:
        leaf = value["is_leaf"].astype(bool)
    if leaf is None or not value.ndim == 1:
        return []
    if name in CHILDREN:
        first = name in ("left_child", "left")
        return [("children swapped", lambda rng: _children(value, leaf, rng))] if first else []
    if name in ("threshold", "num_threshold"):
        ops = [("threshold " + op[len("float ") :], change) for op, change in _FLOATS[:5]]
        return _field(value, name, ~leaf & np.isfinite(value[name]) & (value[name] != 0), ops)
    if name == "value":
        ops = [("leaf" + op[len("float") :], change) for op, change in _FLOATS[:5]]
        return _field(value, name, leaf & (value[name] != 0), ops)
    if name in ("feature", "feature_idx"):
        return [("feature of a node", lambda rng: _inner(value, name, ~leaf, rng))]
    if name == "missing_go_to_left":
        flip = [("missing direction", lambda v, rng: type(v)(1 - v))]
        return _field(value, name, ~leaf, flip)
    return []


def _field(value, name, chosen, ops):
    places = np.flatnonzero(chosen)
    return [(op, _node(value, name, places, change)) for op, change in ops if len(places)]


def _node(value, name, places, change):
    def run(rng):
        node = int(places[rng.randint(len(places))])
        new = np.array(value)
        old = value[name][node]
        with np.errstate(all="ignore"):
            new[name][node] = change(old, rng)
        if new[name][node] == old:
            return None
        return new, _said(old.item(), new[name][node].item(), node=node)

    return run


def _inner(value, name, chosen, rng):
    places = np.flatnonzero(chosen)
    if not len(places) or value[name][places].min() == value[name][places].max():
        return None
    node = int(places[rng.randint(len(places))])
    known = np.unique(value[name][places])
    known = known[known != value[name][node]]
    new = np.array(value)
    new[name][node] = known[rng.randint(len(known))]
    return new, _said(int(value[name][node]), int(new[name][node]), node=node)


def _children(value, leaf, rng):
    places = np.flatnonzero(~leaf)
    if not len(places):
        return None
    node = int(places[rng.randint(len(places))])
    left, right = [name for name in CHILDREN if name in value.dtype.names]
    new = np.array(value)
    new[left][node], new[right][node] = value[right][node], value[left][node]
    return new, {"node": node}
