"""The answer of a job as its child wrote it: nobody knows who wrote it, since a model is a program.

Runs on Python 3.6 with the standard library.
"""

import json

LIMIT = 64 << 20  # bytes of one answer
_DIGITS = 400  # of a number; more take quadratic time to read
_TEXTS = ("kind", "message", "stage", "path", "trace", "module", "attribute")


def checked(data):
    """`{"ok": true, "result": …}` or `{"ok": false, "error": {...}}`, whatever was written.

    What only the worker can know (`signal`, `timeout`, `limit`) is not taken from a child.
    """
    try:
        out = json.loads(data.decode("ascii"), parse_int=_integer, parse_constant=_refuse)
    except (ValueError, RecursionError) as exc:
        return _forged(str(exc))
    if not isinstance(out, dict):
        return _forged("it is no object")
    if out.get("ok") is True and "result" in out:
        return {"ok": True, "result": out["result"]}
    error = out.get("error")
    if out.get("ok") is not False or not isinstance(error, dict):
        return _forged("it says neither what it did nor why not")
    said = {key: error[key] for key in _TEXTS if isinstance(error.get(key), str)}
    if error.get("absent") is True:
        said["absent"] = True
    said.setdefault("kind", "Error")
    said.setdefault("message", "")
    return {"ok": False, "error": said}


def _forged(why):
    text = "its answer is none that a job gives: %s" % why[:200]
    return {"ok": False, "error": {"kind": "ForgedAnswer", "message": text}}


def _integer(text):
    if len(text) > _DIGITS:
        raise ValueError("a number of %d digits" % len(text))
    return int(text)


def _refuse(text):
    raise ValueError("%s is no number of JSON" % text)
