"""Capture: the record of a model on training day, written where it was trained.

A bundle: the documents of an export (`model`, `probes`, `expected`, `rounding`), the same three
of the user's own rows (`own-probes`, …), `payload.json`, and `capture.json`, which says all the
rest and holds the digest of every other member.  The archive's comment is the digest of all before
it, as in the record of a migration.

Runs on Python 3.6 with what the environment has.
"""

import datetime
import hashlib
import io
import json
import os
import zipfile
from typing import Any, Dict

import numpy as np

from skmig.agent import jobs, origin, predict, probes
from skmig.agent.build import Builder
from skmig.agent.errors import JobError
from skmig.agent.load import load, use_code
from skmig.agent.rounding import rounding
from skmig.agent.schema import schema_of
from skmig.agent.walk import walk
from skmig.agent.wire import Bundle, WireError, write_bundle

NAME = "capture.json"
SCHEMA_VERSION = 1
OWN_ROWS = 200
_MARK = b"sha256:"
# what the user says; the rest is found out
SAID = (
    "metrics",
    "metadata",
    "training_date",
    "data_snapshot",
    "preprocessing_version",
    "user",
    "commit",
    "skmig",
)


def run(args, exchange):
    """The job `capture`.

    Arguments: `artifact`, `out`; optional `code`, `encoding`, `reader`, `data` (a bundle with the
    document `rows`), `own` (how many of them are kept), `limit` (rows of the probes), `said`.
    """
    use_code(exchange, args.get("code", ()))
    path = os.path.join(exchange, args["artifact"])
    with jobs._heard() as warned:
        model = load(path, args.get("encoding"), args.get("reader"))
    rows = None
    if "data" in args:
        rows = Builder()(jobs._document(exchange, args["data"], "rows"), "rows")
    said = dict(args.get("said") or {}, warnings=warned)
    found = write(
        model,
        path,
        os.path.join(exchange, args["out"]),
        rows,
        said,
        limit=args.get("limit", jobs.DEFAULT_ROWS),
        own=args.get("own", OWN_ROWS),
        format=args.get("reader"),
    )
    return {"class": found["class"], "coverage": found["coverage"], "notes": found["notes"]}


def write(
    model: Any,
    artifact: str,
    out: str,
    rows: Any,
    said: Dict[str, Any],
    limit: int = jobs.DEFAULT_ROWS,
    own: int = OWN_ROWS,
    **more: Any,
) -> Dict[str, Any]:
    """Write the record of `model`, which is in the file `artifact`, to `out`; gives what it says.

    `rows`: inputs of the user, of which at most `own` are kept, evenly chosen; None without.
    `more`: `target`, what the model learned to predict for them; `name` and `format`, the
    artifact's where the file does not say.  Raises JobError where the model refuses the rows.
    """
    documents, notes = {}, []
    schema = None if rows is None else schema_of(rows)
    if not hasattr(rows, "iloc") and hasattr(rows, "to_pandas"):
        rows = rows.to_pandas()  # tables of other libraries are kept as what every release takes
    target = more.get("target")
    # before anything is asked of the model, since answering may leave traces in it
    try:
        documents["model"] = walk(model)
    except JobError as exc:
        notes.append("the state is not in this record, since it has no neutral form: %s" % exc)
    coverage = {}
    for place, estimator in predict.estimators(model):
        _add(documents, "", place, estimator, probes.synthesise(estimator, limit, 0))
        coverage[place] = documents["probes"][place]["coverage"]
        if rows is not None and own:
            kept = {"input": predict.some(rows, own), "kind": "data"}
            kept["coverage"] = {"rows": predict.count_rows(kept["input"])}
            _add(documents, "own-", place, estimator, kept)
    _check(documents.get("own-expected", {}))
    for name, value in documents.items():
        if name.endswith("probes"):
            documents[name] = walk(value, name)
        elif name.endswith("expected"):
            documents[name] = jobs.walk_answers(value)
    facts = jobs._facts(artifact, model, coverage)
    facts["format"] = more.get("format") or facts["format"]
    facts["artifact"]["name"] = more.get("name") or facts["artifact"]["name"]
    found = {
        "schema_version": SCHEMA_VERSION,
        "created": _now(),
        "schema": schema,
        "target": None if target is None else _target(target),
        "rows": {"own": 0, "of": 0 if rows is None else predict.count_rows(rows)},
        "packages": origin.packages(),
        "system": origin.system(),
        "warnings": list(said.get("warnings", ())),
        "notes": notes,
    }
    if "own-probes" in documents:
        found["rows"]["own"] = min(own, found["rows"]["of"])
    found.update((name, plain(said.get(name))) for name in SAID)
    found.update(facts)
    try:
        write_bundle(out, documents, {"payload.json": facts})
    except WireError as exc:
        raise JobError("walk", "model", exc)
    return seal(out, found)


def _add(documents, prefix, place, estimator, probe):
    answers = jobs._answers(estimator, probe)
    moved = rounding(estimator, probe, answers["methods"])
    for name, value in (("probes", probe), ("expected", answers), ("rounding", moved)):
        documents.setdefault(prefix + name, {})[place] = value


def _check(answers):
    """Rows that no method takes are not rows of this model."""
    for place, answer in answers.items():
        asked = [
            (name, entry)
            for name, entry in answer["methods"].items()
            if name in predict.ON_DATA and name != "inverse_transform"
        ]
        if asked and all("error" in entry for _, entry in asked):
            name, entry = asked[0]
            raise JobError("predict", place, ValueError("%s: %s" % (name, entry["error"])))


def _now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0).isoformat()


def _target(values):
    """What was learned: the shares of labels, or the range of numbers."""
    array = np.asarray(values)
    found = {"dtype": str(array.dtype), "rows": int(array.shape[0])}
    if array.ndim == 1 and array.dtype.kind in "biuUSO":
        labels, counts = np.unique(array.astype(str), return_counts=True)
        if len(labels) <= 1000:
            found["labels"] = {str(one): int(n) for one, n in zip(labels, counts)}
    if array.dtype.kind in "iuf" and array.size:
        found["range"] = plain([array.min(), array.mean(), array.max()])
    return found


def plain(value):
    """A value as JSON can say it: numbers of numpy as Python's, what is not finite as text."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, float) and value - value != 0:
        return str(value)
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return str(value)


def seal(path, found):
    """Add `capture.json`, with the digests of all other members, and the archive's own."""
    digests = {}
    with Bundle(path) as bundle:
        for info in bundle.archive.infolist():
            with bundle.archive.open(info) as member:
                digests[info.filename] = _digest(member)
    found = dict(found, members=digests)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME, json.dumps(found, indent=1, sort_keys=True, allow_nan=False))
        archive.comment = _MARK + b"0" * 64
    with open(path, "r+b") as handle:
        handle.seek(-64, io.SEEK_END)
        left = handle.tell()
        handle.seek(0)
        said = _digest(handle, left)
        handle.seek(-64, io.SEEK_END)
        handle.write(said.encode("ascii"))
    return found


def _digest(handle, left=None):
    digest = hashlib.sha256()
    while left is None or left > 0:
        block = handle.read(1 << 20 if left is None else min(left, 1 << 20))
        if not block:
            break
        digest.update(block)
        left = None if left is None else left - len(block)
    return digest.hexdigest()
