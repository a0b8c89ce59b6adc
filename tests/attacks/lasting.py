"""Attacks on the worker and on the job after: what they take, what they leave behind.

As in `reaching.py`, code that runs in a job, on Python 3.6 too.
"""

from __future__ import annotations

# Each ends only when it is ended: by the limit of time.
ENDLESS = {
    "a loop": "while True: pass",
    "asleep, deaf to signals": """
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
for number in range(1, 65):
    attempt(signal.signal, number, signal.SIG_IGN)
while True: time.sleep(600)
""",
    "one call of C": "sum(range(10 ** 15))",
    "stopped": "os.kill(os.getpid(), signal.SIGSTOP); time.sleep(600)",
    "a traced child": """
child = os.fork()
if child:
    libc.ptrace(16, child, None, None)
while True: time.sleep(600)
""",
}

# Each takes what the limits forbid; the words are those of the error.
GREEDY = {
    "processes": (
        """
# as many as double seven times, so that a sandbox that fails spares the machine that tests it
for _ in range(7):
    try:
        os.fork()
    except OSError:
        pass
time.sleep(600)
""",
        "more than 64 processes",
    ),
    "threads": (
        """
import threading
for _ in range(400):
    try:
        threading.Thread(target=time.sleep, args=(600,)).start()
    except RuntimeError:
        os._exit(9)
time.sleep(600)
""",
        "more than 64 processes|ended by itself with code 9",
    ),
    "memory": (
        """
kept = []
while True:
    kept.append(bytearray(os.urandom(1 << 20)) * 16)
""",
        "ran out of memory|was killed",
    ),
    "memory of many processes": (
        """
for _ in range(20):
    if os.fork() == 0:
        kept = [bytearray(os.urandom(1 << 20)) * 30]
        time.sleep(600)
_, status = os.wait()
os._exit(9 if os.WIFSIGNALED(status) else 7)
""",
        "ran out of memory|was killed|ended by itself with code 9",
    ),
    "disk, in one file": (
        """
with open(os.path.join(exchange, "seen.json"), "wb") as handle:
    while True:
        handle.write(bytes(1 << 24))
        handle.flush()
""",
        "File too large|wrote more than",
    ),
    "disk, in many files": (
        """
for number in range(10 ** 6):
    with open(os.path.join(exchange, "more-%d" % number), "wb") as handle:
        handle.write(bytes(1 << 24))
    time.sleep(0.02)
""",
        "wrote more than",
    ),
    "disk, with nothing": (
        """
number = 0
while True:
    number += 1
    open(os.path.join(exchange, "empty-%d" % number), "w").close()
""",
        "made more than 10000 files",
    ),
    "disk, with a hole": (
        """
with open(os.path.join(exchange, "seen.json"), "wb") as handle:
    handle.truncate(1 << 42)
""",
        "File too large",
    ),
}

# All at once in one job: what the next one could trip over.
POISON = r"""
import gc, threading, numpy, skmig.agent.wire, skmig.agent.jobs, skmig.agent.run
import json as real
home = os.environ["HOME"]
def plant(path, text="raise SystemExit('poisoned')"):
    folder = os.path.dirname(path)
    os.path.isdir(folder) or os.makedirs(folder)
    with open(path, "w") as handle:
        handle.write(text)
for folder in (home, "/tmp", "/dev/shm", "/dev/mqueue", exchange, os.getcwd()):
    for name in ("numpy.py", "sitecustomize.py", "usercustomize.py", "sklearn/__init__.py",
                 ".config/matplotlib/matplotlibrc", ".local/lib/python3/site-packages/a.pth",
                 "later.skmig", "next.pkl", ".pythonrc"):
        attempt(plant, os.path.join(folder, name))
    attempt(os.symlink, "/etc/passwd", os.path.join(folder, "link"))
    attempt(os.mkfifo, os.path.join(folder, "fifo"))
# a folder deeper than a path and than a stack, and one that nobody may enter
deep = os.open(home, os.O_RDONLY)
for _ in range(3000):
    os.mkdir("d", dir_fd=deep)
    inner = os.open("d", os.O_RDONLY, dir_fd=deep)
    os.close(deep)
    deep = inner
os.makedirs(os.path.join(home, "closed", "inside"))
os.chmod(os.path.join(home, "closed", "inside"), 0)
os.chmod(os.path.join(home, "closed"), 0)
for call, size in (("shmget", 1 << 20), ("semget", 3), ("msgget", 0o1666)):
    getattr(libc, call)(0, size, 0o1666)
os.environ["POISON"] = "1"
os.chdir("/")
os.umask(0)
attempt(os.nice, 19)
numpy.load = numpy.dot = skmig.agent.jobs.export = skmig.agent.run.run = None
sys.path.insert(0, exchange)
def live_on():
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        for number in range(1, 65):
            attempt(signal.signal, number, signal.SIG_IGN)
        while True:
            attempt(plant, os.path.join(exchange, "late"))
            attempt(plant, os.path.join(home, "late"))
            time.sleep(0.001)
    os._exit(0)
for _ in range(5):
    if os.fork() == 0:
        live_on()
threading.Thread(target=time.sleep, args=(600,)).start()
import atexit
atexit.register(time.sleep, 600)
time.sleep(0.2)
os._exit(7)
"""

# What a job sees of its place, before and after.
LOOK = r"""
import resource, numpy
def tree(folder):
    return sorted(attempt(os.listdir, folder) or [])
def shared(kind):
    return len((attempt(read, "/proc/sysvipc/" + kind) or "").splitlines())
got = {
    "folders": [tree(folder) for folder in (os.environ["HOME"], "/tmp", "/dev/shm", exchange)],
    "shared": [shared(kind) for kind in ("shm", "sem", "msg")],
    "environ": sorted(os.environ.items()),
    "cwd": os.getcwd(),
    "umask": os.umask(0),
    "nice": os.nice(0),
    "limits": [resource.getrlimit(number) for number in range(16)],
    "processes": len(processes()) if os.getppid() == 1 else 0,
    "descriptors": len(os.listdir("/proc/self/fd")),
    "path": sys.path,
    "numpy": [numpy.load.__name__, numpy.dot.__name__],
    "affinity": sorted(os.sched_getaffinity(0)),
}
"""

# What a job may not change, since others read it.
TAMPERING = {
    "the artifact itself": 'open(os.path.join(exchange, "model.pkl"), "ab").write(b"x")',
    "another's artifact": r"""
os.unlink(os.path.join(exchange, "other.pkl"))
open(os.path.join(exchange, "other.pkl"), "wb").write(b"I0\n.")
""",
    "the same length and time": r"""
path = os.path.join(exchange, "other.pkl")
before = os.stat(path)
open(path, "r+b").write(b"I0\n.")
os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
""",
    "a folder of code": 'open(os.path.join(exchange, "code", "more.py"), "w").close()',
    "code itself": 'open(os.path.join(exchange, "code", "mine.py"), "w").write("x = 2")',
    "a file gone": 'os.unlink(os.path.join(exchange, "other.pkl"))',
    "a link in its place": """
os.unlink(os.path.join(exchange, "other.pkl"))
os.symlink("/etc/passwd", os.path.join(exchange, "other.pkl"))
""",
}
