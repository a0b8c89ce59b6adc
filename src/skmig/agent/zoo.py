"""The jobs of the matrix: specimens leave one release and arrive in another.

`tests/zoo/specimens` says what to fit.  Many specimens travel in one bundle: `<name>/model`,
`<name>/probes`, `<name>/expected`.  What a release's own specimens are like (`native`) is asked
once, and then serves every arrival there.
"""

import hashlib
import importlib
import json
import os
import pickle
import warnings

import numpy as np

from skmig.agent import predict, seen
from skmig.agent.build import Builder
from skmig.agent.jobs import walk_answers
from skmig.agent.load import use_code
from skmig.agent.names import tag_of
from skmig.agent.neutral import Name, New, Obj
from skmig.agent.rounding import rounding
from skmig.agent.walk import walk
from skmig.agent.wire import Bundle, write_bundle


def _specimens(args, exchange):
    use_code(exchange, args["code"])
    with predict.quiet():
        return importlib.import_module("specimens").SPECIMENS


def names(args, exchange):
    """The names of all specimens that the zoo knows.  Arguments: `code`."""
    return {"names": list(_specimens(args, exchange))}


def leave(args, exchange):
    """Fit specimens, walk them and record what they answer.

    Arguments: `code`, `names`, `out`.  Gives the names that this release cannot make, with why.
    """
    specimens = _specimens(args, exchange)
    documents, absent, failed = {}, {}, {}
    for name in args["names"]:
        try:
            with predict.quiet():
                specimen = specimens[name]()
        except Exception as exc:
            # what a release does not have, or cannot fit: there is no model to move
            absent[name] = "%s: %s" % (type(exc).__name__, exc)
            continue
        try:
            model, probe = specimen["model"], {"input": specimen["X"], "coverage": {}}
            documents[name + "/model"] = walk(model)
            documents[name + "/probes"] = walk({"model": probe}, "probes")
            expected = answers(model, probe)
            documents[name + "/expected"] = walk_answers({"model": expected})
            with predict.quiet():
                moved = rounding(model, probe, expected["methods"])
            documents[name + "/rounding"] = {"model": moved}
        except Exception as exc:
            documents.pop(name + "/model", None)
            documents.pop(name + "/probes", None)
            failed[name] = "%s: %s" % (type(exc).__name__, exc)
    write_bundle(os.path.join(exchange, args["out"]), documents)
    return {"absent": absent, "failed": failed}


def answers(model, probe):
    """The answers of one estimator, as `predict` records them."""
    with predict.quiet():
        return {
            "class": tag_of(type(model)),
            "offers": predict.offers(model),
            "methods": predict.outputs(model, probe),
        }


def native(args, exchange):
    """What the specimens are like that this release fits itself.

    Arguments: `code`, `names`, `out`.  Writes a JSON file `out`: for each specimen that can be
    made, its `attributes` (class -> names), a digest of its `clone`, the `failures` of the checks
    that every estimator goes through, and the error of its `refit`.
    """
    specimens = _specimens(args, exchange)
    found = {}
    for name in args["names"]:
        try:
            with predict.quiet():
                specimen = specimens[name]()
            model = specimen["model"]
            found[name] = {
                "attributes": {tag: sorted(has) for tag, has in _attributes(walk(model)).items()},
                "clone": _clone_digest(model),
                "failures": predict.checks(model),
                "refit": _refit(model, specimen["X"]),
            }
        except Exception:
            # there is nothing to be like
            continue
    with open(os.path.join(exchange, args["out"]), "w") as handle:
        json.dump(found, handle)
    return {"count": len(found)}


def arrive(args, exchange):
    """Build models from their payloads, pickle and load them, and ask them.

    Arguments: `code`, `bundle`, `names`, `native` (what the job of that name wrote), `out`.  Gives
    for each specimen the `error` that it met, or what is wrong with it beyond its answers:
    `failures` of whole estimators, and `attributes` in which it is not like the native one.
    """
    use_code(exchange, args["code"])
    # specimens may import what makes an experimental class known
    importlib.import_module("specimens")
    with open(os.path.join(exchange, args["native"])) as handle:
        natives = json.load(handle)
    documents, said = {}, {}
    with Bundle(os.path.join(exchange, args["bundle"])) as bundle:
        for name in args["names"]:
            try:
                said[name] = _settle(bundle, name, natives.get(name), documents)
            except Exception as exc:
                said[name] = {"error": "%s: %s" % (type(exc).__name__, exc)}
                if getattr(getattr(exc, "cause", None), "absent", False):
                    said[name]["absent"] = True
    write_bundle(os.path.join(exchange, args["out"]), documents)
    return said


def _settle(bundle, name, own, documents):
    model = Builder()(bundle.document(name + "/model"), "model")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Class .* is deprecated", FutureWarning)
        model = pickle.loads(pickle.dumps(model))
    probe = Builder()(bundle.document(name + "/probes"), "probes")["model"]
    arrived = walk(model)
    documents[name + "/actual"] = walk_answers({"model": answers(model, probe)})
    result = {"failures": predict.checks(model), "attributes": []}
    if own is not None:
        # what this release's own cannot do either is no fault of the one that came
        result["failures"] = [text for text in result["failures"] if text not in own["failures"]]
        result["attributes"] = unlike(_attributes(arrived), own["attributes"])
        # the same settings are fitted in the same way: no need to see it again
        if not own["refit"] and _clone_digest(model) != own["clone"]:
            wrong = _refit(model, probe["input"])
            result["failures"] += [wrong] if wrong else []
    return result


def unlike(ours, theirs):
    """Attributes that one model has and the other has not, class by class."""
    result = []
    for tag in sorted(set(ours) & set(theirs)):
        one, other = set(ours[tag]), set(theirs[tag])
        for names, word in ((other - one, "lacks"), (one - other, "has")):
            result.extend("%s %s %s" % (tag, word, name) for name in sorted(names))
    return result


def _attributes(graph):
    found = {}
    for tag, state in seen.objects(graph):
        found.setdefault(tag, set()).update(state)
    return found


def _refit(model, data):
    """The error that a clone meets when it is fitted to what the model itself predicts; or "".

    Where predictions lack a class, or have too little of it, labels in turn do as well.
    """
    classes = getattr(model, "classes_", None)
    targets = [None]
    if hasattr(model, "predict"):
        targets = [model.predict]
        if isinstance(classes, np.ndarray) and classes.ndim == 1:
            targets.append(lambda rows: np.resize(classes, predict.count_rows(rows)))
    said = ""
    for target in targets:
        failed = _fit_again(model, data, target)
        if not failed:
            return ""
        said = said or failed
    return said


def _fit_again(model, data, target):
    try:
        with predict.quiet():
            from sklearn.base import clone

            again = clone(model)
            again.fit(data) if target is None else again.fit(data, target(data))
        return ""
    except Exception as exc:
        if target is None and isinstance(exc, TypeError) and "'y'" in str(exc):
            # what predicts nothing and needs labels has none to be fitted to
            return ""
        return "refit: %s: %s" % (type(exc).__name__, exc)


def _clone_digest(model):
    """Two models with the same digest have the same settings, down to the last object in them."""
    from sklearn.base import clone

    try:
        with predict.quiet():
            graph = walk(clone(model))
    except Exception as exc:
        return "%s: %s" % (type(exc).__name__, exc)
    return hashlib.sha256(repr(_plain(graph)).encode("utf-8")).hexdigest()


def _plain(value):
    """A graph in which everything has a repr that says all of it."""
    if isinstance(value, Obj):
        return value.tag, sorted((key, _plain(item)) for key, item in value.state.items())
    if isinstance(value, New):
        return value.tag, sorted((key, _plain(item)) for key, item in value.args.items())
    if isinstance(value, Name):
        return value.kind, value.tag
    if isinstance(value, dict):
        return [(_plain(key), _plain(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, _plain(value.tolist())
    return type(value).__name__, repr(value)
