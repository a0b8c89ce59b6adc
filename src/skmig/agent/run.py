"""Runs one job in this process, and says what it raised as the error of its answer.

Runs on Python 3.6 with the standard library.
"""

import importlib
import os
import random
import re
import sys
import traceback

from skmig.agent.errors import JobError

TRACE_LIMIT = 12000  # characters
MESSAGE_LIMIT = 4000


def ping(args, exchange):
    """A job that shows that the worker works: gives its arguments back."""
    return {"args": args, "exchange": sorted(os.listdir(exchange))}


def several(args, exchange):
    """Run several jobs in this one process, one after the other; gives the answer of each.

    Argument: `jobs`, each with `job`, `args` and `room`.  For jobs that cannot harm each other: a
    process of its own costs more than a small model does.
    """
    state = _randomness()
    answers = []
    for one in args["jobs"]:
        _set_randomness(state)  # as a process of its own would find it
        answers.append(run(one["job"], one["args"], os.path.join(exchange, one["room"])))
    return {"answers": answers}


def _randomness():
    numpy = sys.modules.get("numpy")
    return random.getstate(), numpy and numpy.random.get_state()


def _set_randomness(state):
    random.setstate(state[0])
    if state[1] is not None:
        sys.modules["numpy"].random.set_state(state[1])


BUILT_IN = {"ping": ping, "several": several}


def find_job(name):
    """The callable of a job; KeyError when there is none."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    jobs = importlib.import_module("skmig.agent.jobs").JOBS
    if name not in jobs:
        raise KeyError("the agent has no job `%s`" % name)
    return jobs[name]


def run(name, args, exchange):
    """Run one job in this process; returns the protocol's answer without its id."""
    try:
        return {"ok": True, "result": find_job(name)(args, exchange)}
    except BaseException as error:
        return {"ok": False, "error": describe(error)}


def describe(error):
    """An exception as the protocol's error: kind, message, stage, path, trace, module."""
    out = {"trace": _bounded("".join(_trace(error)), TRACE_LIMIT)}
    cause = error
    if isinstance(error, JobError):
        out.update(stage=error.stage, path=error.path)
        cause = error.cause
    if not isinstance(cause, BaseException):
        out.update(kind=type(error).__name__, message=_bounded(str(cause), MESSAGE_LIMIT))
        return out
    text = str(cause.args[0]) if isinstance(cause, KeyError) and cause.args else _text(cause)
    out.update(kind=type(cause).__name__, message=_bounded(text, MESSAGE_LIMIT))
    if getattr(cause, "absent", False):
        out["absent"] = True
    elif isinstance(cause, ImportError):
        out["module"] = cause.name or _quoted(text)
    elif isinstance(cause, AttributeError) and out.get("stage") == "load":
        out.update(_missing(text))
    return out


def _missing(text):
    """Module and attribute, of what pickle says of a class that its module does not have."""
    for pattern in (
        "Can't get attribute '(?P<attribute>[^']+)' on <module '(?P<module>[^']+)'",
        "module '(?P<module>[^']+)' has no attribute '(?P<attribute>[^']+)'",
    ):
        match = re.match(pattern, text)
        if match:
            return match.groupdict()
    return {}


def _trace(error):
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    cause = getattr(error, "cause", None)
    if isinstance(cause, BaseException) and cause not in (error.__cause__, error.__context__):
        lines = traceback.format_exception(type(cause), cause, cause.__traceback__) + lines
    return lines


def _text(error):
    try:
        return str(error)
    except Exception:
        return "(an error that cannot say itself)"


def _quoted(text):
    match = re.search("'([^']+)'", text)
    return match.group(1) if match else text


def _bounded(text, limit):
    if len(text) <= limit:
        return text
    return text[: limit // 4] + "\n[...]\n" + text[-(limit - limit // 4) :]
