"""The jobs of a worker: each takes its arguments and the exchange folder, and gives plain JSON.

File names in the arguments are names inside the exchange.  Each job runs in a child of its own.
"""

import hashlib
import importlib
import os
import platform
import sys
import warnings

from skmig.agent import predict, probes
from skmig.agent.build import Builder
from skmig.agent.digests import digests
from skmig.agent.errors import JobError
from skmig.agent.load import dump, load, load_plainly, use_code
from skmig.agent.names import tag_of
from skmig.agent.own import is_sklearn
from skmig.agent.place import installed
from skmig.agent.rounding import rounding
from skmig.agent.together import leaning
from skmig.agent.walk import Walker, walk
from skmig.agent.wire import Bundle, WireError, write_bundle

DEFAULT_ROWS = 4096


def export(args, exchange):
    """Load an artifact, walk it, make probes, record what every method answers.

    Arguments: `artifact`, `out`; optional `code`, `encoding`, `reader`, `data` (a bundle with the
    document `rows`, instead of probes), `probes` {limit, seed}, where a limit of no rows means that
    none are made.  Writes the bundle `out` with the documents `model`, `probes`, `expected` and
    `rounding`.
    """
    use_code(exchange, args.get("code", ()))
    with _heard() as said:
        artifact = load(
            os.path.join(exchange, args["artifact"]), args.get("encoding"), args.get("reader")
        )
    # before anything is asked of the model, since answering may leave traces in it
    model = walk(artifact)
    data = Builder()(_document(exchange, args["data"], "rows"), "rows") if "data" in args else None
    limits = args.get("probes") or {}
    limit, seed = limits.get("limit", DEFAULT_ROWS), limits.get("seed", 0)
    questions, answers, moved = {}, {}, {}
    for path, estimator in predict.estimators(artifact):
        if data is not None:
            probe = {"input": data, "coverage": {"rows": predict.count_rows(data)}, "kind": "data"}
        else:
            probe = probes.synthesise(estimator, limit, seed) if limit else probes.unasked()
        questions[path] = probe
        answers[path] = _answers(estimator, probe)
        moved[path] = rounding(estimator, probe, answers[path]["methods"])
    coverage = {path: probe["coverage"] for path, probe in questions.items()}
    documents = {
        "model": model,
        "probes": walk(questions, "probes"),
        "expected": walk_answers(answers),
        "rounding": moved,
    }
    facts = _facts(os.path.join(exchange, args["artifact"]), artifact, coverage)
    _write(os.path.join(exchange, args["out"]), documents, {"payload.json": facts})
    return {"class": facts["class"], "coverage": coverage, "warnings": said}


def _facts(path, artifact, coverage):
    """What a payload says of itself: where it came from, and what its probes reached."""
    with open(path, "rb") as handle:
        magic = handle.read(2)
    return {
        "release": getattr(sys.modules.get("sklearn"), "__version__", None),
        "artifact": {
            "name": os.path.basename(path),
            "sha256": sha256(path),
            "size": os.path.getsize(path),
        },
        # what a file that is no bare pickle was written by
        "format": "pickle" if magic[:1] in (b"\x80", b"(", b"c") else "joblib",
        "class": _class(artifact),
        "coverage": coverage,
        "environment": {
            "python": platform.python_version(),
            "platform": platform.platform(),
            "packages": installed(),
        },
    }


def restore(args, exchange):
    """Build the native model of a payload and write it.

    Arguments: `bundle`, `document`, `out`, `format` ("pickle" or "joblib"); optional `compress`
    (as joblib takes it), `code`, `allow` (top-level modules whose classes may be made).
    """
    allow = list(args.get("allow", ())) + use_code(exchange, args.get("code", ()))
    graph = _document(exchange, args["bundle"], args["document"])
    try:
        with _heard() as said:
            model = Builder(allow)(graph, "model")
    except JobError:
        raise
    except Exception as exc:
        raise JobError("build", "model", exc)
    path = os.path.join(exchange, args["out"])
    try:
        compress = args.get("compress")
        dump(model, path, args["format"], tuple(compress) if compress else None)
    except Exception as exc:
        raise JobError("dump", "model", exc)
    return {"sha256": sha256(path), "class": _class(model), "warnings": said}


def ask(args, exchange):
    """Load an artifact, put recorded probes to it, and write what its methods answer.

    Arguments: `artifact`, `bundle` (with the document `probes`), `out`; optional `code`,
    `encoding`, `reader`, `strict` (a warning while loading is an error), `plain` (load as anybody
    would, without our help for old files; the state is not looked into), `at` (a file in which
    stands what is being done, for when this process is ended).  Writes the bundle `out` with the
    documents `actual` and `state`.
    """
    allow = list(args.get("allow", ())) + use_code(exchange, args.get("code", ()))
    if args.get("at"):
        predict.tell(os.path.join(exchange, args["at"]))
    predict.doing("load")
    said, artifact = _load_quietly(args, exchange)
    # before anything is asked of the model, since answering may leave traces in it
    documents = {} if args.get("plain") else {"state": _state(artifact)}
    predict.doing("the first look")
    questions = Builder(allow)(_document(exchange, args["bundle"], "probes"), "probes")
    answers, failures = {}, {}
    for place, estimator in predict.estimators(artifact):
        if place in questions:
            answers[place] = _answers(estimator, questions[place])
            failures[place] = predict.checks(estimator)
    documents["actual"] = walk_answers(answers)
    _write(os.path.join(exchange, args["out"]), documents)
    return {
        "class": _class(artifact),
        "warnings": said,
        "failures": {place: found for place, found in failures.items() if found},
        "missing": sorted(set(questions) - set(answers)),
    }


def state(args, exchange):
    """Load an artifact and write the digests of its state.

    Arguments: `artifact`, `out`; optional `code`, `format`.  Writes the bundle `out` with the
    document `state`.
    """
    artifact, _allow = _opened(args, exchange)
    _write(os.path.join(exchange, args["out"]), {"state": _state(artifact)})
    return {}


def _state(artifact):
    """Place -> digest of all that a model holds; {"": why} where it cannot be looked into."""
    try:
        return digests(walk(artifact))
    except JobError as exc:
        return {"": str(exc)}


def _load_quietly(args, exchange):
    """Load the artifact of a job; with `strict`, a warning that the model causes is an error.

    Gives the warnings, each once, and the artifact.  What a library says when it is imported for
    the first time is not about the model: where there was a warning, all is loaded again.
    """
    path = os.path.join(exchange, args["artifact"])
    reader = args.get("reader") or args.get("format")
    load_it = load_plainly if args.get("plain") else load

    def way():
        return load_it(path, args.get("encoding"), reader)

    said, artifact = _load_hearing(way)
    if said:
        said, artifact = _load_hearing(way, args.get("strict", True))
    return said, artifact


def _load_hearing(way, strict=False):
    with _heard() as said:
        if strict:
            warnings.simplefilter("error")
        # a class that the target deprecates says so of every object, its own too
        warnings.filterwarnings("ignore", "Class .* is deprecated", FutureWarning)
        artifact = way()
    return said, artifact


def answer(args, exchange):
    """Load an artifact, and put the rows of each of several bundles to it.

    Arguments: those of `predict` for the artifact; `parts`, a list of {"bundle": with the document
    `rows`, "out": written with the document `answers`, "only": {path: [methods]} or null for all};
    `state`: the first part is also asked what no rows are needed for.  Gives, of the first part,
    the methods whose answer to a row `leans` on the rows that are asked with it, by path.
    """
    artifact, allow = _opened(args, exchange)
    estimators = predict.estimators(artifact)
    leans = {}
    for number, part in enumerate(args["parts"]):
        probe = {"input": Builder(allow)(_document(exchange, part["bundle"], "rows"), "rows")}
        state = bool(args.get("state")) and number == 0
        found = {}
        for path, estimator in estimators:
            if part.get("only") is not None and path not in part["only"]:
                continue
            only = None if part.get("only") is None else set(part["only"][path])
            found[path] = _answers(estimator, probe, only, state)
            if state:
                leans[path] = leaning(estimator, probe["input"], found[path]["methods"])
        _write(os.path.join(exchange, part["out"]), {"answers": walk_answers(found)})
    return {"leans": {path: names for path, names in leans.items() if names}}


def sway(args, exchange):
    """Load an artifact, and see how far rounding moves its answers to some of the rows of a bundle.

    Arguments: those of `predict` for the artifact; `bundle` (with the document `rows`), `out`,
    `only` {path: [methods]}, `numbers` (of the rows; all without).  Writes the bundle `out` with
    the document `rounding`.
    """
    artifact, allow = _opened(args, exchange)
    data = Builder(allow)(_document(exchange, args["bundle"], "rows"), "rows")
    if args.get("numbers") is not None:
        data = predict.take(data, args["numbers"])
    moved = {}
    for path, estimator in predict.estimators(artifact):
        names = set(args["only"].get(path, ()))
        if names:
            answers = predict.outputs(estimator, {"input": data}, names, False)
            moved[path] = rounding(estimator, {"input": data}, answers, names)
    _write(os.path.join(exchange, args["out"]), {"rounding": moved})
    return {}


def _opened(args, exchange):
    """The artifact that the arguments of a job name, and the modules whose classes may be made."""
    allow = list(args.get("allow", ())) + use_code(exchange, args.get("code", ()))
    return _load_quietly(args, exchange)[1], allow


def _answers(estimator, probe, only=None, state=True):
    try:
        methods = predict.outputs(estimator, probe, only, state)
        return {
            "class": tag_of(type(estimator)),
            "offers": predict.offers(estimator),
            "methods": _in_one_form(estimator, methods),
        }
    except Exception as exc:
        raise JobError("predict", "model", exc)


def _in_one_form(estimator, methods):
    """Names of features, which other libraries give as a list, an array or an Index by release."""
    if not is_sklearn(type(estimator)):
        for name in ("get_feature_names", "get_feature_names_out"):
            value = methods.get(name, {}).get("value")
            if value is not None:
                methods[name] = dict(methods[name], value=[str(item) for item in value])
    return methods


def walk_answers(answers):
    """Answers as a neutral graph; one that has no neutral form is an error of that method."""
    result = {}
    for path, answer in answers.items():
        methods = {}
        for name, entry in answer["methods"].items():
            try:
                methods[name] = Walker()(entry, "%s.%s()" % (path, name))
            except JobError as exc:
                methods[name] = {"error": "%s: %s" % (type(exc.cause).__name__, exc)}
        result[path] = dict(answer, methods=methods)
    return result


def _document(exchange, bundle, document):
    try:
        with Bundle(os.path.join(exchange, bundle)) as opened:
            return opened.document(document)
    except WireError as exc:
        raise JobError("build", document, exc)


def _write(path, documents, extras=None):
    try:
        write_bundle(path, documents, extras)
    except WireError as exc:
        raise JobError("walk", "model", exc)


class _heard(object):  # noqa: N801 - used like a function
    """Collects the warnings of a block as texts, each once."""

    def __enter__(self):
        self.catcher = warnings.catch_warnings(record=True)
        self.caught = self.catcher.__enter__()
        warnings.simplefilter("always")
        self.texts = []
        return self.texts

    def __exit__(self, *exc):
        self.catcher.__exit__(*exc)
        for item in self.caught:
            text = "%s: %s" % (item.category.__name__, str(item.message).split("\n")[0])
            if text not in self.texts:
                self.texts.append(text)


def _class(artifact):
    try:
        return tag_of(type(artifact))
    except Exception:
        return type(artifact).__name__


def sha256(path):
    """The digest of a file, as hexadecimal text."""
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        for block in iter(lambda: handle.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def call(args, exchange):
    """A function of the code that was put there: `function` is "module.function", which gets the
    arguments and the exchange as a job does.  For what developers measure.
    """
    use_code(exchange, args["code"])
    module, _, name = args["function"].rpartition(".")
    return getattr(importlib.import_module(module), name)(args, exchange)


def _rare(module, name):
    """A job of a module that is seldom needed: imported when it is asked for."""

    def job(args, exchange):
        return getattr(importlib.import_module("skmig.agent." + module), name)(args, exchange)

    return job


JOBS = {
    "export": export,
    "restore": restore,
    "predict": ask,
    "state": state,
    "answer": answer,
    "sway": sway,
    "call": call,
    "compiled": _rare("compiled", "run"),
    "capture": _rare("capture", "run"),
    "census": _rare("census", "run"),
    "names": _rare("zoo", "names"),
    "leave": _rare("zoo", "leave"),
    "native": _rare("zoo", "native"),
    "arrive": _rare("zoo", "arrive"),
}
