"""The command line of `agent.pyz`: `serve`; `export`, `capture` where no tool may be installed."""

import argparse
import json
import os
import sys

from skmig.agent.run import run


def export(arguments):
    """Export one artifact in this process: `export model.pkl --output model.skmig`."""
    parser = argparse.ArgumentParser(
        prog="agent.pyz export",
        description="Export a fitted model, in the environment that can load it, to a bundle"
        " that `skmig import` reads.  Loading runs the file: only do it with files you trust.",
    )
    parser.add_argument("artifact", help="pickle or joblib file")
    parser.add_argument("-o", "--output", help="the bundle (default: beside it, .skmig)")
    parser.add_argument("--code", action="append", default=[], help="folder or script it needs")
    parser.add_argument("--encoding", help="for pickles of Python 2: latin1")
    parser.add_argument("--rows", type=int, help="most rows of a probe")
    parser.add_argument("--seed", type=int, default=0, help="seed of the probes")
    parser.add_argument("--force", action="store_true", help="overwrite the bundle")
    options = parser.parse_args(arguments)
    output = options.output or os.path.splitext(options.artifact)[0] + ".skmig"
    if os.path.exists(output) and not options.force:
        return _fail("`%s` exists" % output, "give `--force` or another `--output`", 2)
    probes = {"seed": options.seed}
    if options.rows is not None:
        probes["limit"] = options.rows
    args = {
        # the jobs join names to the exchange, and an absolute path stays what it is
        "artifact": os.path.abspath(options.artifact),
        "out": os.path.abspath(output),
        "code": [os.path.abspath(path) for path in options.code],
        "encoding": options.encoding,
        "probes": probes,
    }
    answer = run("export", args, os.getcwd())
    if not answer["ok"]:
        error = answer["error"]
        where = " at `%s`" % error["path"] if error.get("path") else ""
        hint = "see the trace above"
        if error.get("module"):
            hint = "`%s` could not be imported: give its code with `--code`" % error["module"]
        sys.stderr.write(error["trace"])
        return _fail("%s%s: %s" % (error["kind"], where, error["message"]), hint, 6)
    result = dict(answer["result"], output=output)
    sys.stdout.write(json.dumps(result, indent=1, sort_keys=True) + "\n")
    return 0


def _fail(text, hint, code):
    sys.stderr.write("error: %s\n\nhint: %s\n" % (text, hint))
    return code


def main(arguments=None):
    """Run a command; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    command = arguments[0] if arguments else None
    if command == "export":
        return export(arguments[1:])
    if command == "capture":
        from skmig.agent import capturing

        return capturing.main(arguments[1:])
    if command == "serve":
        # only here, since it cannot be imported where processes cannot fork
        from skmig.agent import serve

        code = serve.main(arguments[1:])
        # whoever ends it waits for it: taking all that was imported apart serves nobody
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.stderr.write("usage: agent.pyz {capture,export,serve} ...   (`export --help` says more)\n")
    return 0 if command in ("-h", "--help") else 2


if __name__ == "__main__":
    sys.exit(main())
