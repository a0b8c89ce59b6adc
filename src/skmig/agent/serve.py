"""The forking worker: imports scikit-learn once, then runs every job in a forked child.

One JSON line in, one JSON line out, as docs/architecture.md says.  The child has its own session,
its standard streams lead to a bounded log and not to the protocol, and whatever it leaves behind
is killed with it.  The worker ends when its standard input closes.

A job is not trusted, and runs as the same user.  Therefore the worker hides its descriptors and its
memory (PR_SET_DUMPABLE), and where a sandbox gives it a process namespace, it is the first process
there, which the system lets nobody inside kill or stop, and with which all others end.

Runs on Python 3.6 with the standard library.
"""

import argparse
import ctypes
import faulthandler
import gc
import json
import os
import platform
import resource
import select
import signal
import struct
import sys
import time
import traceback

from skmig.agent import calls, inline, tidy
from skmig.agent.place import hello
from skmig.agent.reply import LIMIT, checked
from skmig.agent.run import describe, run

LOG_TAIL = 8192  # bytes of a child's output kept for the error
POLL = 0.05  # seconds between looks at a child that gives no sign
LOOK = 0.25  # seconds between looks at what it takes
PATIENCE = 20.0  # seconds that what was killed has to be gone
_SIZE = struct.Struct(">Q")
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_KEYCTL = {"x86_64": 250, "aarch64": 219}
_JOIN_SESSION_KEYRING = 1


# ------------------------------------------------------------------ the child
def _child(request, exchange, limits, result, log):
    """Everything of the forked child; never returns."""
    code = 1
    try:
        os.setsid()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _prctl(_PR_SET_DUMPABLE, 1)  # or its own files in /proc belong to root
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        _limit(limits)
        if limits.confined != "none":
            calls.restrict()
        faulthandler.enable(file=2)
        room = os.path.join(exchange, request.get("room") or "")
        answer = run(request["job"], request.get("args") or {}, room)
        try:
            data = json.dumps(answer, allow_nan=False).encode("ascii")
        except (TypeError, ValueError) as error:
            answer = {"ok": False, "error": describe(error)}
            data = json.dumps(answer).encode("ascii")
        _write_all(result, _SIZE.pack(len(data)) + data)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:  # the job may have closed or replaced it
                pass
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _limit(limits):
    memory = limits.memory
    try:
        # when memory is short, this process is the one to kill
        with open("/proc/self/oom_score_adj", "w") as handle:
            handle.write("1000")
    except OSError:
        pass
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if limits.confined in ("bwrap", "unshare"):
        if limits.processes and _counts_by_namespace():
            bound = limits.processes + 1  # one more, so that the worker sees the excess
            resource.setrlimit(resource.RLIMIT_NPROC, (bound, bound))
        os.nice(10)  # the worker that watches comes first
    if limits.disk:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.disk, limits.disk))
    if memory:
        # DATA counts what is really private; AS also counts libraries and reserved ranges
        kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        try:
            resource.setrlimit(kind, (memory, memory))
        except (ValueError, OSError):  # macOS refuses
            pass


def _counts_by_namespace():
    """Does RLIMIT_NPROC count the processes of a user namespace apart?  (Linux 5.14)"""
    numbers = platform.release().split(".")[:2]
    return [int(text) for text in numbers if text.isdigit()] >= [5, 14]


def _freeze():
    """Let no child's garbage collection look at what was there before it.

    Looking writes into every page, which the kernel then copies: ten times the cost of a fork.
    """
    freeze = getattr(gc, "freeze", None)  # Python 3.7
    if freeze is not None:
        freeze()
    # and it shall look seldom: a job is short, and makes many objects that all stay
    gc.set_threshold(50000, 20, 100)
    gc.enable()


def _prctl(option, value):
    try:
        ctypes.CDLL(None).prctl(option, int(value), 0, 0, 0)
    except (OSError, AttributeError):  # not Linux
        pass


def _write_all(number, data):
    view = memoryview(data)
    while view:
        view = view[os.write(number, view) :]


# ------------------------------------------------------------------ the parent
class _Ended(Exception):  # noqa: N818 - it is news, not an error
    """Standard input closed, or a signal asked the worker to end."""


class Server(object):
    """Reads requests from `source`, forks, writes answers to `sink` (file descriptors).

    `limits`: the options `memory`, `disk` (bytes) and `processes` of `main`.
    """

    def __init__(self, source, sink, place, limits):
        self.source = source
        self.sink = sink
        self.place = place
        self.limits = limits
        self.buffer = bytearray()
        self.child = None
        self.reaped = True

    def serve(self):
        """Answer until standard input closes."""
        _freeze()
        try:
            while True:
                line = self.next_line()
                if line.strip():
                    self.say(self.answer(line))
        except (_Ended, BrokenPipeError):
            pass
        finally:
            self.kill()

    def next_line(self):
        start = 0
        while True:
            end = self.buffer.find(b"\n", start)
            if end >= 0:
                line = bytes(self.buffer[:end])
                del self.buffer[: end + 1]
                return line
            start = len(self.buffer)
            self.fill()

    def fill(self):
        data = os.read(self.source, 1 << 16)
        if not data:
            raise _Ended
        self.buffer += data

    def say(self, message):
        _write_all(self.sink, json.dumps(message).encode("ascii") + b"\n")

    def answer(self, line):
        try:
            request = json.loads(line.decode("utf-8"))
            number, _ = request["id"], request["job"]
        except (ValueError, KeyError, TypeError) as error:
            text = "not a request: %s" % error
            return {"id": None, "ok": False, "error": {"kind": "ProtocolError", "message": text}}
        wanted, rooms = tidy.outputs(request)
        tidy.remove(self.place.exchange, request.get("stale") or ())
        inline.receive(self.place.exchange, request.get("files") or {})
        self.place.begin()
        out = self.fork(request)
        try:
            spoiled = self.place.clear(wanted, rooms)
        except OSError as error:
            # the next job could find what this one left: there is none
            traceback.print_exc()
            raise _Ended(str(error))
        if spoiled is not None:
            text = "changed `%s`, which it was only given to read" % spoiled
            out = {"ok": False, "error": {"kind": "Tampering", "message": text, "spoiled": True}}
        elif out["ok"] and request.get("inline"):
            out["files"] = inline.give(self.place.exchange, wanted)
        out["id"] = number
        return out

    def fork(self, request):
        """Run one request in a child, and clear away all that it leaves."""
        result_in, result_out = os.pipe()
        log_in, log_out = os.pipe()
        self.child, self.reaped = os.fork(), False
        if self.child == 0:
            for number in (self.source, self.sink, result_in, log_in):
                os.close(number)
            _child(request, self.place.exchange, self.limits, result_out, log_out)
        os.close(result_out)
        os.close(log_out)
        timeout = request.get("timeout")
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            data, status, tail = self.watch(result_in, log_in, deadline)
        finally:
            os.close(result_in)
            os.close(log_in)
            self.kill()
        if isinstance(status, tuple):
            error = {"kind": status[0], "message": status[1], "limit": True}
        elif status == "timeout":
            error = {
                "kind": "TimeoutExpired",
                "message": "not finished after %g seconds" % timeout,
                "timeout": True,
            }
        elif data is not None:
            out = checked(data)
            if not out["ok"] and tail:
                out["error"]["log"] = tail
            return out
        elif os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            error = {
                "kind": "Killed",
                "message": "ended by signal %d (%s)" % (number, _signal_name(number)),
                "signal": number,
            }
        else:
            code = os.WEXITSTATUS(status)
            error = {"kind": "Exited", "message": "ended by itself with code %d" % code}
        error["trace"] = error["log"] = tail
        return {"ok": False, "error": error}

    def watch(self, result, log, deadline):
        """Wait for the child: (answer or None, how it ended, tail of its output).

        It ended with a wait status, by "timeout", or for (kind, text) of what it took too much of.
        """
        frame, tail = bytearray(), bytearray()
        look = time.monotonic() + LOOK
        reading = [result, log, self.source]
        status = None
        while True:
            # a grandchild may hold the pipes open when the child is long gone: ask for it as well
            if status is None:
                status = self.ended()
            # with both pipes closed, it is about to end
            pause = 0 if status is not None else POLL if len(reading) > 1 else POLL / 25
            ready = select.select(reading, [], [], pause)[0]
            for number in ready:
                if number == self.source:
                    self.fill()
                    continue
                data = os.read(number, 1 << 16)
                if not data:
                    reading.remove(number)
                elif number == result:
                    frame += data
                else:
                    tail += data
                    del tail[:-LOG_TAIL]
            if status is not None and not ready:
                return _unframed(frame), status, tail.decode("utf-8", "replace")
            now = time.monotonic()
            if status is None and deadline is not None and now >= deadline:
                return None, "timeout", tail.decode("utf-8", "replace")
            excess = None
            if len(frame) > LIMIT + _SIZE.size:
                excess = "AnswerTooLong", "answered with more than %d bytes" % LIMIT
            elif now >= look:
                excess = self.place.excess(
                    self.limits.disk, self.limits.processes, self.limits.together
                )
                look = now + LOOK
            if excess is not None:
                return None, excess, tail.decode("utf-8", "replace")

    def ended(self):
        """The wait status of the child, None while it runs."""
        number, status = os.waitpid(self.child, os.WNOHANG)
        if not number:
            return None
        self.reaped = True
        return status

    def kill(self):
        """Kill what is left of the last job: its session, and what it orphaned elsewhere."""
        if self.child is None:
            return
        for kill in (os.killpg, os.kill):  # a child that has not yet its session has no group
            if kill is os.kill and self.reaped:
                continue
            try:
                kill(self.child, signal.SIGKILL)
            except OSError:
                pass
        self.child = None
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for number in [-1] if tidy.alone() else _children():
                try:
                    # to -1: all at once, so that none can start another meanwhile
                    os.kill(number, signal.SIGKILL)
                except OSError:
                    pass
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except OSError:  # no children any more
                return
            time.sleep(0.002)
        # with the first process of a namespace all others end
        raise _Ended


def _unframed(frame):
    if len(frame) < _SIZE.size:
        return None
    (size,) = _SIZE.unpack_from(frame)
    data = bytes(frame[_SIZE.size :])
    return data if len(data) == size else None


def _children():
    """The processes whose parent is this one (as a subreaper: orphans of a job, too)."""
    me = os.getpid()
    try:
        numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return
    for number in numbers:
        try:
            with open("/proc/%d/stat" % number, "rb") as handle:
                fields = handle.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == me:
            yield number


def _signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _end(*_):
    raise _Ended


def _forget_keys():
    """Have a session keyring of our own: the caller's is inherited, and may hold its secrets."""
    try:
        number = _KEYCTL[platform.machine()]
        ctypes.CDLL(None).syscall(number, _JOIN_SESSION_KEYRING, None, 0, 0, 0)
    except (OSError, AttributeError, KeyError):
        pass


def main(arguments):
    """`serve --exchange DIR [--memory BYTES] [--confined HOW]` and more."""
    parser = argparse.ArgumentParser(prog="agent.pyz serve", description=__doc__.split("\n")[0])
    parser.add_argument("--exchange", required=True, help="folder of the jobs' files")
    parser.add_argument("--clear", action="append", default=[], help="folder to empty after a job")
    parser.add_argument("--memory", type=int, help="bytes that one process of a job may have")
    parser.add_argument("--together", type=int, help="bytes that all of a job may have together")
    parser.add_argument("--disk", type=int, help="bytes that a job may write into the exchange")
    parser.add_argument("--processes", type=int, help="processes that a job may have")
    parser.add_argument("--confined", default="none", help="by what: said in the first line")
    parser.add_argument("--preload", action="append", default=[], help="module to import first")
    parser.add_argument("--sandboxed", action="store_true", help="say so in the first line")
    options = parser.parse_args(arguments)
    gc.disable()  # nothing of what is imported will be garbage; see `_freeze`
    # the protocol gets descriptors of its own, so that nothing else can write into it
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started us
    if not tidy.alone():  # the first process cannot be sent what it has no handler for
        signal.signal(signal.SIGTERM, _end)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    _forget_keys()
    place = tidy.Place(os.path.abspath(options.exchange), options.clear)
    server = Server(source, sink, place, options)
    try:
        server.say({"hello": hello(options.sandboxed, options.confined, options.preload)})
    except (_Ended, BrokenPipeError):
        return 0
    server.serve()
    return 0
