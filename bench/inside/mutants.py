"""The part of the mutation benchmark that runs in a release's environment.

Mutants are built and asked in a fork: what breaks a model may take the process down.

Runs on Python 3.6 with numpy.
"""

import hashlib
import importlib
import os
import pickle
import signal
import tempfile
import time

import numpy as np

import mutate
import oracle
from skmig.agent import predict, probes
from skmig.agent.build import Builder
from skmig.agent.jobs import walk_answers
from skmig.agent.names import tag_of
from skmig.agent.neutral import Name, New, Obj
from skmig.agent.rounding import rounding
from skmig.agent.walk import walk
from skmig.agent.wire import write_bundle

SECONDS = 60  # for one mutant
RTOL, ATOL = 1e-9, 1e-12  # what surely is no rounding: the host decides


def run(args, exchange):
    """Fit specimens, make their probes, and ask mutants of them.

    Arguments: `names`, `seed`, `mutants` (of each specimen), `limit` (rows of probes), `out`.
    Writes the bundle `out`: `<name>/expected`, `<name>/rounding` and, for each mutant that answers
    the probes otherwise, `<name>/<number>` with the methods that do; for each that answers the
    oracle otherwise only, `<name>/<number>/oracle` {expected, actual, rounding}.
    """
    with predict.quiet():
        specimens = importlib.import_module("specimens").SPECIMENS
    documents, said = {}, {}
    with _one_thread():
        for name in args["names"]:
            began = time.time()
            try:
                with predict.quiet():
                    specimen = specimens[name]()
            except Exception as exc:
                said[name] = {"absent": "%s: %s" % (type(exc).__name__, exc)}
                continue
            try:
                with predict.quiet():
                    said[name] = _Bench(name, specimen, args, documents).run()
            except Exception as exc:
                said[name] = {"failed": "%s: %s" % (type(exc).__name__, exc)}
            said[name]["seconds"] = round(time.time() - began, 2)
    write_bundle(os.path.join(exchange, args["out"]), documents)
    return said


def _one_thread():
    """Threads do not survive a fork, and the order of their sums is not fixed."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        from contextlib import contextmanager

        @contextmanager
        def threadpool_limits(count):
            yield

    return threadpool_limits(1)


def answers(model, probe):
    """What the model answers, as a neutral graph."""
    found = {
        "class": tag_of(type(model)),
        "offers": predict.offers(model),
        "methods": predict.outputs(model, probe),
    }
    for entry in found["methods"].values():
        entry.pop("warnings", None)
    return walk_answers({"model": found})["model"]


class _Bench(object):
    """One specimen and its mutants."""

    def __init__(self, name, specimen, args, documents):
        self.name, self.args, self.documents = name, args, documents
        digest = hashlib.sha256(("%s %s" % (args["seed"], name)).encode("utf-8")).hexdigest()
        self.rng = np.random.RandomState(int(digest[:8], 16))
        self.model, self.data = specimen["model"], specimen["X"]
        self.graph = walk(self.model)

    def run(self):
        began = time.time()
        self.probe = probes.synthesise(self.model, self.args["limit"], 0)
        said = {"class": tag_of(type(self.model)), "coverage": self.probe["coverage"]}
        said["synthesis"] = round(time.time() - began, 3)
        expected = answers(self.model, self.probe)
        with predict.quiet():
            moved = rounding(self.model, self.probe, expected["methods"])
        self.documents[self.name + "/expected"] = expected
        self.documents[self.name + "/rounding"] = moved
        # what the restored model answers when nothing is broken: mutants are held against it
        self.control = Builder()(self.graph, "model")
        self.known = answers(self.control, self.probe)
        self.documents[self.name + "/control"] = self.known
        self.blocks = []
        for block in oracle.blocks(self.data, np.random.RandomState(1)):
            block = _taken(self.control, block)
            if block is not None:
                self.blocks.append((block, answers(self.control, {"input": block})))
        said["oracle"] = sum(predict.count_rows(block) for block, _ in self.blocks)
        chosen = self.chosen()
        fates = _in_children([self.work(*one[1:]) for one in chosen])
        said["mutants"] = [self.told(*pair) for pair in enumerate(zip(chosen, fates))]
        return said

    def chosen(self):
        """Sites and operators: each operator in its turn, each at a site by chance."""
        places = {}
        for site in mutate.sites(self.graph):
            for operator, change in mutate.proposals(site):
                places.setdefault(operator, {}).setdefault(_group(site), []).append((site, change))
        found = []
        turns = sorted(places)
        self.rng.shuffle(turns)
        tried = 0
        while turns and len(found) < self.args["mutants"]:
            operator = turns.pop(0)
            groups = places[operator]
            names = sorted(groups)
            group = names[self.rng.randint(len(names))]
            site, change = groups[group].pop(self.rng.randint(len(groups[group])))
            if not groups[group]:
                del groups[group]
            if groups:
                turns.append(operator)
            tried += 1
            if tried > 20 * self.args["mutants"]:
                break
            made = change(self.rng)
            if made is not None:
                found.append((operator, site) + made)
        return found

    def work(self, site, value, what):
        """The function that asks one mutant, and leaves the graph as it was."""

        def run():
            back = mutate.replace(self.graph, site, value)
            try:
                return self.answer(site, what)
            finally:
                back()

        return run

    def told(self, number, pair):
        """What a mutant was, and what became of it; its answers become documents."""
        (operator, site, _, what), (status, found) = pair
        said = {
            "operator": operator,
            "path": site.path,
            "owner": site.owner,
            "attribute": site.attribute,
            "array": isinstance(site.value, np.ndarray) and not site.value.dtype.hasobject,
            "what": {key: _short(item) for key, item in what.items()},
        }
        if found is None:
            return dict(said, fate="crashed", text=status)
        for key, document in found["documents"].items():
            self.documents["%s/%d%s" % (self.name, number, key)] = document
        return dict(said, **found["said"])

    def answer(self, site, what):
        try:
            model = Builder()(self.graph, "model")
        except Exception as exc:
            return _told("refused", "%s: %s" % (type(exc).__name__, exc))
        actual = answers(model, self.probe)
        methods = _changed(self.known["methods"], actual["methods"])
        documents = {}
        if methods:
            whole = {"methods": methods, "offers": actual["offers"], "class": actual["class"]}
            documents[""] = whole
            known = self.known["methods"]
            # labels may be ties, which the comparison tells by their scores
            sure = [name for name in methods if not name.endswith("predict")]
            if any(_surely(known.get(name), methods[name]) for name in sure):
                return {"said": {"fate": "answers"}, "documents": documents}
        rng = np.random.RandomState(2)
        fate = "small" if methods else "equal"
        aimed = (_asked(self.control, block) for block in oracle.aimed(self.data, site, what, rng))
        for pair in _chain(self.blocks, aimed):
            if pair is None:
                continue
            block, known = pair
            actual = answers(model, {"input": block})
            methods = _changed(known["methods"], actual["methods"])
            if not methods:
                continue
            fate = "small"
            if any(_beyond(known["methods"].get(n), answer) for n, answer in methods.items()):
                probe = {"input": block}
                documents["/oracle"] = {
                    "expected": known,
                    "actual": actual,
                    "rounding": rounding(self.control, probe, known["methods"]),
                }
                return {"said": {"fate": "oracle"}, "documents": documents}
        return {"said": {"fate": fate}, "documents": documents}


def _group(site):
    """Sites of one kind: the same attribute of the same class."""
    return "%s.%s" % (site.owner, site.attribute)


def _short(item):
    if isinstance(item, np.generic):
        item = item.item()
    return item if isinstance(item, (bool, int, type(None), list)) else repr(item)[:80]


def _told(fate, text):
    return {"said": {"fate": fate, "text": text}, "documents": {}}


def _chain(*parts):
    for part in parts:
        for item in part:
            yield item


def _asked(model, block):
    block = _taken(model, block)
    return None if block is None else (block, answers(model, {"input": block}))


def _taken(model, block):
    """The input, or those of its rows that the model takes; None for none."""
    name = next((n for n in predict.ON_DATA if predict.has(model, n)), None)
    count = predict.count_rows(block)
    if name is None or not count:
        return None

    def takes(rows):
        try:
            getattr(model, name)(predict.take(block, rows))
        except Exception:
            return False
        return True

    waiting, good, tries = [np.arange(count)], [], 0
    while waiting and tries < 64:
        rows = waiting.pop(0)
        tries += 1
        if takes(rows):
            good.append(rows)
        elif len(rows) > 1:
            waiting += [rows[: len(rows) // 2], rows[len(rows) // 2 :]]
    return predict.take(block, np.sort(np.concatenate(good))) if good else None


# ------------------------------------------------------------------ answers
def _changed(known, actual):
    """The methods that answer otherwise, to the bit (the sign of a zero apart).

    What only the mutant has is not compared: the source gave no answer that could be kept.
    """
    found = {}
    for name in sorted(known):
        if name not in actual:
            found[name] = {"gone": True}
        elif not _same(known[name], actual[name]):
            found[name] = actual[name]
    return found


def _same(one, two):
    return _compare(one, two, lambda a, b: bool(((a == b) | ((a != a) & (b != b))).all()))


def _compare(one, two, floats):
    """Are two neutral values the same?  `floats` says so of two arrays of floats."""
    if isinstance(one, np.ndarray) and isinstance(two, np.ndarray):
        if one.shape != two.shape or one.dtype.kind != two.dtype.kind:
            return False
        if one.dtype.kind in "fc":
            with np.errstate(all="ignore"):
                return floats(one, two)
        if one.dtype.names is not None:
            names = one.dtype.names
            return names == two.dtype.names and all(
                _compare(one[name], two[name], floats) for name in names
            )
        if one.dtype.hasobject:
            return all(_compare(a, b, floats) for a, b in zip(one.ravel(), two.ravel()))
        return bool((one == two).all())
    if type(one) is not type(two):
        return False
    if isinstance(one, (float, np.floating)):
        return floats(np.array([one]), np.array([two]))
    if isinstance(one, dict):
        return list(one) == list(two) and all(_compare(one[k], two[k], floats) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(_compare(a, b, floats) for a, b in zip(one, two))
    if isinstance(one, (Obj, New)):
        inner = ("state" if isinstance(one, Obj) else "args",)
        return one.tag == two.tag and all(
            _compare(getattr(one, name), getattr(two, name), floats) for name in inner
        )
    if isinstance(one, Name):
        return one == two
    return one == two or (one != one and two != two)


def _beyond(one, two):
    """Does an answer differ by more than the plain tolerance?"""

    def close(a, b):
        rtol = RTOL if a.dtype.itemsize >= 8 else 9.5e-7
        finite = np.isfinite(a) & np.isfinite(b)
        same = (a == b) | ((a != a) & (b != b))
        return bool((same | finite & (np.abs(b - a) <= ATOL + rtol * np.abs(a))).all())

    return one is None or not _compare(one, two, close)


def _surely(one, two):
    """Does an answer differ so much that no comparison would pass it over?"""

    def close(a, b):
        finite = np.isfinite(a) & np.isfinite(b)
        if not finite.any():
            return bool((finite == (np.isfinite(a) | np.isfinite(b))).all())
        size = np.abs(a[finite]).max()
        return bool(np.abs(a[finite] - b[finite]).max() <= 1e-4 * size + 1e-6)

    return one is None or not _compare(one, two, close)


# ------------------------------------------------------------------ processes that may die
def _in_children(works):
    """What each function gives, as (how it ended, result or None).

    They run one after the other in a fork; after one that took it down the next fork goes on.
    """
    results = []
    handle, path = tempfile.mkstemp()
    os.close(handle)
    try:
        while len(results) < len(works):
            child = os.fork()
            if not child:
                _run_all(works[len(results) :], path)
            _, status = os.waitpid(child, 0)
            with open(path, "rb") as out:
                while True:
                    try:
                        results.append(("", pickle.load(out)))
                    except (EOFError, pickle.UnpicklingError):
                        break
            if len(results) < len(works):
                how = "ended with status %d" % status
                if os.WIFSIGNALED(status):
                    how = "ended by signal %d" % os.WTERMSIG(status)
                results.append((how, None))
        return results
    finally:
        os.unlink(path)


def _run_all(works, path):
    code = 1
    try:
        with open(path, "wb") as out:
            for work in works:
                signal.alarm(SECONDS)
                pickle.dump(work(), out, protocol=2)
                out.flush()
        code = 0
    finally:
        os._exit(code)
