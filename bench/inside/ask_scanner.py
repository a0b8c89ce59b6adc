"""Asks one scanner about files, in the environment that it is installed in.

`python ask_scanner.py NAME` reads names of files, a line each, and prints one line of JSON a file:
its `answer`, the `code` that the scanner's command ended with, `seconds`, and the end of what it
`said`.  What runs is the scanner's own command, as its console script would start it, in a forked
process of its own for each file, with SECONDS on its processors and MEMORY of address space.  It
works in a folder of its own, because some of them write there.

Answers: `found` (it warns), `clean`, `unread` (it says that it cannot read this, or not all of it),
`raised` (an exception that it does not catch), `no answer` (its time is over), `crash` (a signal,
or no memory).
"""

import importlib
import json
import os
import re
import resource
import signal
import sys
import tempfile
import time
import traceback

SECONDS = 20
WAIT = 120  # seconds by the clock: for one that sleeps
MEMORY = 4 << 30
SAID = 1500  # characters that are kept of what a scanner says
REPORT = "report.json"
RAISED = 99

# name -> module with `main`, arguments before the file
COMMANDS = {
    "skmig": ("skmig.cli", ["inspect", "--json"]),
    "picklescan": ("picklescan.cli", ["--path"]),
    "picklescan --strict": ("picklescan.cli", ["--strict", "--path"]),
    "modelscan": ("modelscan.cli", ["-r", "json", "-o", REPORT, "-p"]),
    "fickling": ("fickling.cli", ["--check-safety", "--print-results"]),
    "modelaudit": ("modelaudit.cli", ["scan", "--no-cache", "-f", "json", "-o", REPORT]),
    "modelaudit, critical": ("modelaudit.cli", ["scan", "--no-cache", "-f", "json", "-o", REPORT]),
}

TAKE_FOLDERS = set(COMMANDS) - {"fickling"}
BEST = ("found", "no answer", "crash", "raised", "unread", "clean")


def started(name, path, folder):
    """The scanner's command, in this process; its exit code."""
    module, arguments = COMMANDS[name]
    os.chdir(folder)
    sys.argv = [module.split(".")[0], *arguments, path]
    try:
        given = importlib.import_module(module).main()
    except SystemExit as end:
        given = end.code
    return given if isinstance(given, int) else 0 if given is None else 1


def child(name, path, folder):
    out = os.open(os.path.join(folder, "said"), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    code = RAISED
    try:
        code = started(name, path, folder)
    except MemoryError:
        os.kill(os.getpid(), signal.SIGKILL)
    except Exception:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def waited(number):
    """The status of a child; None if it took too long and was ended."""
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        ended, status = os.waitpid(number, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.005)
    os.kill(number, signal.SIGKILL)
    os.waitpid(number, 0)
    return None


def answer(name, status, said, report):
    if status is None or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return "no answer"
    if os.WIFSIGNALED(status):
        return "crash"
    code = os.WEXITSTATUS(status)
    if code == RAISED:
        return "raised"
    return JUDGES[name.partition(" ")[0]](code, said, report)


# ------------------------------------------------------- what the words and exit codes mean
def _skmig(code, said, report):
    if code == 3:  # what it found before it could not read on is said
        known = re.search('(dangerous|unknown) at byte|"severity": ', said)
        return "found" if known else "unread"
    return {0: "clean", 1: "found"}.get(code, "raised")


def _picklescan(code, said, report):
    if "Infected files: 0" not in said and "Infected files:" in said:
        return "found"
    if "Unhandled exception" in said:
        return "raised"
    # these words alone are exit code 0
    unread = "could not parse" in said or "Scanned files: 0" in said
    return "unread" if code == 2 or unread else "clean"


def _modelscan(code, said, report):
    if report and report["summary"]["total_issues"]:
        return "found"
    return {0: "clean", 1: "found"}.get(code, "unread")


def _fickling(code, said, report):
    return {0: "clean", 1: "found"}.get(code, "unread")


def _modelaudit(code, said, report, severities=("warning", "critical")):
    if report and any(item["severity"] in severities for item in report["issues"]):
        return "found"
    return "unread" if code == 2 or not report else "clean"


def _critical(code, said, report):
    """It warns of whatever it does not know; what it takes for an attack is `critical`."""
    return _modelaudit(code, said, report, ("critical",))


JUDGES = {
    "skmig": _skmig,
    "picklescan": _picklescan,
    "modelscan": _modelscan,
    "fickling": _fickling,
    "modelaudit": _modelaudit,
    "modelaudit,": _critical,
}


def asked(name, path):
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        number = os.fork()
        if not number:
            child(name, path, folder)
        status = waited(number)
        seconds = time.monotonic() - began
        with open(os.path.join(folder, "said"), errors="replace") as handle:
            said = handle.read()
        report = None
        if os.path.exists(os.path.join(folder, REPORT)):
            with open(os.path.join(folder, REPORT)) as handle:
                text = handle.read()
            said += text
            try:
                report = json.loads(text)
            except ValueError:
                pass
        return {
            "path": path,
            "answer": answer(name, status, said, report),
            "code": os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None,
            "seconds": round(seconds, 2),
            "said": said[-SAID:],
        }


def ask(name, path):
    """Of a folder, where the scanner takes none, the answers to its files: the best of them."""
    if not os.path.isdir(path) or name in TAKE_FOLDERS:
        return asked(name, path)
    inside = [asked(name, os.path.join(path, file)) for file in sorted(os.listdir(path))]
    return {**min(inside, key=lambda line: BEST.index(line["answer"])), "path": path}


def main(name):
    importlib.import_module(COMMANDS[name][0])  # so that not every process has to
    for line in sys.stdin:
        sys.stdout.write(json.dumps(ask(name, line.rstrip("\n"))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
