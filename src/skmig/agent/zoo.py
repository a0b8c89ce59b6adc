"""The jobs of the matrix: specimens leave one release and arrive in another.

`tests/zoo/specimens` says what to fit.  Many specimens travel in one bundle: `<name>/model`,
`<name>/probes`, `<name>/expected`.
"""

import importlib
import os
import pickle
import warnings

from skmig.agent import predict, seen
from skmig.agent.build import Builder
from skmig.agent.jobs import walk_answers
from skmig.agent.load import use_code
from skmig.agent.names import tag_of
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
                moved = predict.rounding(model, probe, expected["methods"])
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


def arrive(args, exchange):
    """Build models from their payloads, pickle and load them, and ask them.

    Arguments: `code`, `bundle`, `names`, `out`.  Gives for each specimen the `error` that it met,
    or what is wrong with it beyond its answers: `failures` of whole estimators, and `attributes`
    in which it is not like the specimen that this release fits itself.
    """
    specimens = _specimens(args, exchange)
    documents, said = {}, {}
    with Bundle(os.path.join(exchange, args["bundle"])) as bundle:
        for name in args["names"]:
            try:
                said[name] = _settle(bundle, name, specimens.get(name), documents)
            except Exception as exc:
                said[name] = {"error": "%s: %s" % (type(exc).__name__, exc)}
    write_bundle(os.path.join(exchange, args["out"]), documents)
    return said


def _settle(bundle, name, specimen, documents):
    model = Builder()(bundle.document(name + "/model"), "model")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Class .* is deprecated", FutureWarning)
        model = pickle.loads(pickle.dumps(model))
    probe = Builder()(bundle.document(name + "/probes"), "probes")["model"]
    arrived = walk(model)
    documents[name + "/actual"] = walk_answers({"model": answers(model, probe)})
    result = {"failures": predict.checks(model), "attributes": []}
    native = _native(specimen)
    if native is not None:
        result["attributes"] = unlike(arrived, walk(native["model"]))
        result["failures"] += _refit(model, native["model"], probe["input"])
    return result


def unlike(arrived, native):
    """Attributes that one graph has and the other has not, class by class."""
    ours, theirs = _attributes(arrived), _attributes(native)
    result = []
    for tag in sorted(ours.keys() & theirs.keys()):
        for names, word in ((theirs[tag] - ours[tag], "lacks"), (ours[tag] - theirs[tag], "has")):
            result.extend("%s %s %s" % (tag, word, name) for name in sorted(names))
    return result


def _attributes(graph):
    found = {}
    for tag, state in seen.objects(graph):
        found.setdefault(tag, set()).update(state)
    return found


def _native(specimen):
    """The specimen as this release fits it; None where it cannot."""
    if specimen is None:
        return None
    try:
        with predict.quiet():
            return specimen()
    except Exception:
        return None


def _refit(model, native, data):
    """A model that came from elsewhere can be fitted again wherever a native one can."""
    wrong = []
    for candidate in (native, model):
        try:
            with predict.quiet():
                from sklearn.base import clone

                again = clone(candidate)
                target = native.predict(data) if hasattr(native, "predict") else None
                again.fit(data) if target is None else again.fit(data, target)
            wrong.append(None)
        except Exception as exc:
            wrong.append("refit: %s: %s" % (type(exc).__name__, exc))
    return [wrong[1]] if wrong[0] is None and wrong[1] is not None else []
