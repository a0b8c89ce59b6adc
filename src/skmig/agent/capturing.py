"""`agent.pyz capture`: the record of training day for where no tool may be installed.

Runs on Python 3.6 with what the environment has.
"""

import argparse
import json
import os
import sys

import numpy as np

from skmig.agent import capture, load
from skmig.agent.errors import JobError
from skmig.agent.run import describe


def main(arguments):
    """Write the record of an artifact beside it, from this environment; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="agent.pyz capture",
        description="Write the record of a fitted model beside it, in the environment that it was"
        " trained in.  Loading runs the file: only do it with files you trust.",
    )
    parser.add_argument("artifact", help="pickle or joblib file")
    parser.add_argument("--data", help="rows as it was trained on: csv (with pandas), npy, npz")
    parser.add_argument("--rows", type=int, default=capture.OWN_ROWS, help="most of them to keep")
    parser.add_argument("--metrics", help="a JSON file with one object")
    parser.add_argument("--metadata", help="a JSON file with one object")
    parser.add_argument("--training-date", help="such as 2026-11-21")
    parser.add_argument("--data-snapshot", help="which data it was trained on")
    parser.add_argument("--preprocessing-version", help="which preprocessing it belongs to")
    parser.add_argument("--code", action="append", default=[], help="folder or script it needs")
    parser.add_argument("--force", action="store_true", help="overwrite the record")
    options = parser.parse_args(arguments)
    output = os.path.splitext(options.artifact)[0] + ".skmig"
    if os.path.exists(output) and not options.force:
        return _fail("`%s` exists" % output, "replace it with `--force`", 2)
    said = {name: getattr(options, name, None) for name in capture.SAID}
    try:
        for name in ("metrics", "metadata"):
            said[name] = _json(said[name])
        rows = None if options.data is None else _rows(options.data)
    except Exception as error:
        return _fail("%s: %s" % (type(error).__name__, error), "check the file's name", 3)
    draft = output + ".part"
    try:
        load.use_code(os.getcwd(), [os.path.abspath(path) for path in options.code])
        model = load.load(options.artifact)
        found = capture.write(model, options.artifact, draft, rows, said, own=options.rows)
        os.replace(draft, output)
    except JobError as error:
        said = describe(error)
        sys.stderr.write(said["trace"])
        hint = "see the trace above"
        if said.get("module"):
            hint = "`%s` could not be imported: give its code with `--code`" % said["module"]
        if said["stage"] == "predict":
            hint = "give rows as the model was fitted on"
        return _fail("%s: %s" % (said["kind"], said["message"]), hint, 6)
    finally:
        if os.path.exists(draft):
            os.remove(draft)
    told = {name: found[name] for name in ("class", "coverage", "notes", "release")}
    sys.stdout.write(json.dumps(dict(told, output=output), indent=1, sort_keys=True) + "\n")
    return 0


def _json(path):
    if path is None:
        return {}
    with open(path, encoding="utf-8") as handle:
        return dict(json.load(handle))


def _rows(path):
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".csv":
        import pandas

        return pandas.read_csv(path)
    if suffix == ".npy":
        return np.load(path, allow_pickle=False)
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            return arrays["X" if "X" in arrays.files else arrays.files[0]]
    raise ValueError("`%s` is of a kind that cannot be read here: give csv, npy or npz" % path)


def _fail(text, hint, code):
    sys.stderr.write("error: %s\n\nhint: %s\n" % (text, hint))
    return code
