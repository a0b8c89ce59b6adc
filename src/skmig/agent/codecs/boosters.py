"""Codecs for xgboost, lightgbm and catboost: models by the formats that their makers keep stable.

A booster's memory image belongs to one release; what crosses is what `save_model` writes.  The
wrappers (`XGBClassifier`) are carried by their attributes, laid over a new object of the installed
release, which knows what attributes it wants.  Nothing here imports a library that is not asked
for.
"""

import importlib
import json
import os
import shutil
import tempfile

import numpy as np

from skmig.agent.neutral import CLASS, Name, New, Obj


# ------------------------------------------------------------------ files
def _written(save, suffix):
    """What `save(path)` writes, as bytes."""
    folder = tempfile.mkdtemp()
    try:
        path = os.path.join(folder, "model" + suffix)
        save(path)
        with open(path, "rb") as handle:
            return handle.read()
    finally:
        shutil.rmtree(folder)


def _read_back(load, data, suffix):
    """Let `load(path)` read `data`."""
    folder = tempfile.mkdtemp()
    try:
        path = os.path.join(folder, "model" + suffix)
        with open(path, "wb") as handle:
            handle.write(data)
        return load(path)
    finally:
        shutil.rmtree(folder)


def _installed(builder, name):
    """A library that the user named.  Raises LookupError."""
    if name not in builder.allow:
        raise LookupError("`%s` was not allowed by name" % name)
    return importlib.import_module(name)


def _carried(walker, value, path, without):
    return {
        name: walker(item, "%s.%s" % (path, name))
        for name, item in vars(value).items()
        if name not in without
    }


def _root(kind):
    return kind.__module__.split(".")[0]


def _bytes(value):
    """Long bytes travel as an array."""
    return np.frombuffer(bytes(value), dtype=np.uint8)


def _version(library):
    return tuple(int(part) for part in library.__version__.split(".")[:2])


# ------------------------------------------------------------------ boosters
def _xgboost(walker, value, path):
    """JSON, which every release since 1.0 reads; before it there is only the binary form."""
    xgboost = importlib.import_module("xgboost")
    if _version(xgboost) < (1, 0):
        form, raw = ".bin", value.save_raw()
    else:
        form, raw = ".json", _with_forest(value, _written(value.save_model, ".json"))
    attributes = _carried(walker, value, path, without=("handle",))
    for name in ("feature_names", "feature_types"):
        attributes[name] = walker(getattr(value, name, None), "%s.%s" % (path, name))
    args = {"raw": _bytes(raw), "form": form, "by": xgboost.__version__, "attributes": attributes}
    return New("xgboost.Booster", args)


def _with_forest(booster, raw):
    """Before 1.6 a file did not say how many trees are grown in one round."""
    name = "num_parallel_tree"
    if name.encode() in raw or not hasattr(booster, "save_config"):
        return raw
    config = _gbtree(json.loads(booster.save_config()))
    trees = config.get("gbtree_train_param", {}).get(name, "1")
    if trees == "1":
        return raw
    document = json.loads(raw.decode("utf-8"))
    _gbtree(document)["model"]["gbtree_model_param"][name] = trees
    return json.dumps(document).encode("utf-8")


def _gbtree(document):
    """The part of a model or configuration that is about trees; DART wraps it."""
    found = document["learner"]["gradient_booster"]
    return found.get("gbtree", found)


def _older_spelling(raw):
    """The JSON of 1.6 and newer as the releases before read it: truth is not a number there.

    From 3.1 on the base score is a list, of one number where there is one output.
    """
    document = json.loads(raw.decode("utf-8"))
    for tree in _gbtree(document).get("model", {}).get("trees", ()):
        tree["default_left"] = [bool(item) for item in tree["default_left"]]
    settings = document["learner"]["learner_model_param"]
    scores = settings["base_score"].strip("[]").split(",")
    if len(scores) == 1:
        settings["base_score"] = scores[0]
    objective = document["learner"]["objective"]
    if objective["name"].startswith("rank:"):  # read by training only, and not of one form
        document["learner"]["objective"] = {
            "name": objective["name"],
            "lambda_rank_param": {"num_pairsample": "1", "fix_list_weight": "0"},
        }
    return json.dumps(document).encode("utf-8")


def _make_xgboost(builder, value, path):
    xgboost = _installed(builder, "xgboost")
    booster = xgboost.Booster()
    raw, form = value.args["raw"].tobytes(), value.args["form"]
    try:
        try:
            _read_back(booster.load_model, raw, form)
        except Exception:
            if form != ".json":
                raise
            booster = xgboost.Booster()
            _read_back(booster.load_model, _older_spelling(raw), form)
    except Exception as exc:
        raise ValueError(
            "xgboost %s cannot read the model that xgboost %s saved (%s); choose another version "
            "with --target-with"
            % (xgboost.__version__, value.args["by"], str(exc).strip().split("\n")[0])
        )
    for name, item in builder(value.args["attributes"], path).items():
        if name in ("feature_names", "feature_types"):
            if item is not None and getattr(booster, name, None) is None:
                setattr(booster, name, item)
        elif not hasattr(type(booster), name):
            vars(booster).setdefault(name, item)
    return booster


def _lightgbm(walker, value, path):
    """The model's text with all its trees, not only those up to the best iteration."""
    text = value.model_to_string(num_iteration=-1)
    attributes = {
        name: walker(getattr(value, name, None), "%s.%s" % (path, name))
        for name in ("best_iteration", "best_score", "params", "pandas_categorical")
    }
    args = {"text": _bytes(text.encode("utf-8")), "attributes": attributes}
    return New("lightgbm.Booster", args)


def _make_lightgbm(builder, value, path):
    lightgbm = _installed(builder, "lightgbm")
    booster = lightgbm.Booster(model_str=value.args["text"].tobytes().decode("utf-8"))
    vars(booster).update(builder(value.args["attributes"], path))
    return booster


# ------------------------------------------------------------------ wrappers
def _wrapper(library, names):
    """The encoder of a library's estimators; `names` are its public classes."""

    def encode(walker, value, path):
        kind = type(value)
        public = next(
            base for base in kind.__mro__ if base.__name__ in names and _root(base) == library
        )
        result = walker.remember(value, Obj("%s.%s" % (library, public.__name__)))
        if public is not kind:
            result.state[CLASS] = Name("type", walker.tag(kind, path))
        own = ("_sklearn_version", "_le") if library == "xgboost" else ("_sklearn_version",)
        result.state.update(_carried(walker, value, path, without=own))
        if library == "xgboost" and hasattr(value, "_le"):
            result.state["_le"] = walker(np.asarray(value._le.classes_), path + "._le.classes_")
        if library == "xgboost" and "n_classes_" in result.state:
            # an attribute in some releases, computed in others
            result.state["classes_"] = walker(np.asarray(value.classes_), path + ".classes_")
        return result

    return encode


def _make_wrapper(builder, value, path):
    """The attributes laid over a new object: the installed release knows what else it wants."""
    library = value.tag.split(".")[0]
    _installed(builder, library)
    public = builder.look_up(value.tag, path)
    own = value.state.get(CLASS)
    kind = public if own is None else builder.look_up(own.tag, path)
    result = builder.known[id(value)] = kind.__new__(kind)
    ours = vars(result)
    ours.update(vars(public()))
    state = {
        name: builder(item, "%s.%s" % (path, name))
        for name, item in value.state.items()
        if name != CLASS
    }
    if library == "xgboost":
        _check_labels(ours, state)
    more = set(state.get("_other_params") or ())
    for name, item in state.items():
        if isinstance(getattr(kind, name, None), property):
            continue  # it is computed here
        if item is None and name.startswith("_") and name in ours:
            continue  # what is not known is spelled otherwise in each release
        setting = not (name.startswith(("_", "best_")) or name.endswith("_"))
        if setting and kind is public and name not in ours and name not in more:
            continue  # a setting of `fit` that this release does not have
        ours[name] = item
    return result


def _check_labels(ours, state):
    """xgboost up to 1.5 encoded labels itself; later ones answer 0, 1, 2, …"""
    labels = state.pop("_le", None)
    if labels is None:
        if "use_label_encoder" in ours:
            state.setdefault("use_label_encoder", False)
        return
    if "use_label_encoder" in ours:
        state["_le"] = importlib.import_module("xgboost.compat").XGBoostLabelEncoder()
        state["_le"].classes_ = labels
    elif labels.dtype.kind not in "biuf" or list(labels) != list(range(len(labels))):
        raise ValueError(
            "labels %s were encoded by xgboost itself, which later releases do not: choose 1.5 or "
            "older with --target-with" % (list(labels[:4]),)
        )


# ------------------------------------------------------------------ catboost
def _catboost(walker, value, path):
    kind = type(value)
    public = next(base for base in kind.__mro__ if _root(base) == "catboost")
    result = walker.remember(value, Obj("catboost." + public.__name__))
    if public is not kind:
        result.state[CLASS] = Name("type", walker.tag(kind, path))
    fitted = value.is_fitted()
    result.state["model"] = _bytes(_written(value.save_model, ".cbm")) if fitted else None
    result.state["parameters"] = walker(dict(value._init_params), path + "._init_params")
    importances = getattr(value, "_prediction_values_change", None)
    result.state["importances"] = walker(importances, path + "._prediction_values_change")
    return result


def _make_catboost(builder, value, path):
    _installed(builder, "catboost")
    own = value.state.get(CLASS)
    kind = builder.look_up(value.tag if own is None else own.tag, path)
    parameters = builder(value.state["parameters"], path + "._init_params")
    model = kind()
    if value.state["model"] is not None:
        _read_back(model.load_model, value.state["model"].tobytes(), ".cbm")
    # reading a model put its training settings in place of those that were given
    model._init_params = parameters
    if value.state["importances"] is not None:
        model._prediction_values_change = builder(value.state["importances"], path)
    return model


XGBOOST = "XGBModel XGBClassifier XGBRegressor XGBRanker XGBRFClassifier XGBRFRegressor".split()
LIGHTGBM = "LGBMModel LGBMClassifier LGBMRegressor LGBMRanker".split()
CATBOOST = "CatBoost CatBoostClassifier CatBoostRegressor CatBoostRanker".split()

ENCODERS = {
    ("xgboost", "Booster"): _xgboost,
    ("xgboost", "XGBModel"): _wrapper("xgboost", XGBOOST),
    ("lightgbm", "Booster"): _lightgbm,
    ("lightgbm", "LGBMModel"): _wrapper("lightgbm", LIGHTGBM),
    ("catboost", "CatBoost"): _catboost,
}
DECODERS = {"xgboost.Booster": _make_xgboost, "lightgbm.Booster": _make_lightgbm}
DECODERS.update(("xgboost." + name, _make_wrapper) for name in XGBOOST)
DECODERS.update(("lightgbm." + name, _make_wrapper) for name in LIGHTGBM)
DECODERS.update(("catboost." + name, _make_catboost) for name in CATBOOST)
