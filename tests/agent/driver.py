"""Starts the worker of an `agent.pyz` with jobs of the tests: `driver.py AGENT ARGUMENTS…`."""

import ctypes
import os
import subprocess
import sys
import time
import types


def crash(args, exchange):
    ctypes.string_at(0)


def leave(args, exchange):
    """Leave a process in another session, and one that holds all our pipes."""
    own = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    other = os.fork()
    if not other:
        os.setsid()
        time.sleep(600)
    if args.get("die"):
        os._exit(3)
    if args.get("hang"):
        time.sleep(600)
    return [own.pid, other]


def shout(args, exchange):
    print('{"id": 1, "ok": true, "result": "forged"}')
    sys.stdout.flush()
    os.write(1, b"x" * 100000 + b"\n")
    sys.stderr.write("the last words")
    return {"big": "y" * args["size"]}


def eat(args, exchange):
    return len(bytearray(args["size"]))


def fail(args, exchange):
    from skmig.agent.errors import JobError

    try:
        exec(args["code"], {})
    except Exception as error:
        raise JobError("load", "model.steps[1]", error) from error


def sleep(args, exchange):
    time.sleep(args["seconds"])


def pid(args, exchange):
    return [os.getpid(), os.getppid()]


def odd(args, exchange):
    return object()


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    jobs = types.ModuleType("skmig.agent.jobs")
    jobs.JOBS = {job.__name__: job for job in (crash, leave, shout, eat, fail, sleep, pid, odd)}
    sys.modules["skmig.agent.jobs"] = jobs
    from skmig.agent.__main__ import main

    sys.exit(main(sys.argv[2:]))
