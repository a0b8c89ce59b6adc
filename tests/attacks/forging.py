"""What a hostile job answers: garbage and lies in the place of its result and of its files.

As in `reaching.py`, code that runs in a job, on Python 3.6 too.
"""

from __future__ import annotations

# `say` writes into the pipe in which the worker waits for the answer.
_SAY = r"""
pipes = {}
for name in os.listdir("/proc/self/fd"):
    link = attempt(os.readlink, "/proc/self/fd/" + name) or ""
    if link.startswith("pipe:") and int(name) > 2:
        pipes[link] = int(name)
logs = {os.readlink("/proc/self/fd/1"), os.readlink("/proc/self/fd/2")}
(place,) = (number for link, number in pipes.items() if link not in logs)
def say(data):
    while data:
        data = data[os.write(place, data):]
def frame(text):
    say(struct.pack(">Q", len(text)) + text)
"""

# name -> (code, what the error says)
ANSWERS = {
    name: (_SAY + code + "\nos._exit(0)", says)
    for name, (code, says) in {
        "garbage": ("say(os.urandom(100000))", "ended by itself|none that a job gives"),
        "nothing": ("pass", "ended by itself with code 0"),
        "a size without end": ('say(struct.pack(">Q", 2 ** 63) + b"{}")', "ended by itself"),
        "more than fits": (
            'say(struct.pack(">Q", 2 ** 40))\nwhile True: say(bytes(1 << 20))',
            "answered with more than",
        ),
        "no object": ('frame(b"[1]")', "none that a job gives"),
        "no error": ('frame(b\'{"ok": false, "error": 3}\')', "none that a job gives"),
        "too deep": ('frame(b"[" * 100000 + b"]" * 100000)', "none that a job gives"),
        "a long number": (
            'frame(b\'{"ok": true, "result": \' + b"9" * 10 ** 6 + b"}")',
            "none that a job gives",
        ),
        "no number": ('frame(b\'{"ok": true, "result": NaN}\')', "none that a job gives"),
        "not its result": ('frame(b\'{"ok": true, "result": [1]}\')', "gave no `result`"),
        "no coverage": (
            'frame(b\'{"ok": true, "result": {"class": "x", "coverage": {"model": 1},'
            ' "warnings": []}}\')',
            "gave no `coverage`",
        ),
        "a signal that was none": (
            'frame(b\'{"ok": false, "error": {"kind": "X", "message": "y", "signal": 9,'
            ' "timeout": true}}\')',
            "failed: X: y",
        ),
    }.items()
}

# What stands where the job should have written its file.
FILES = {
    "a link": 'os.symlink(facts["path"], out)',
    "a second name": 'os.link(os.path.join(exchange, "other.pkl"), out)',
    "a folder": 'os.makedirs(out + "/inside")',
    "a pipe": "os.mkfifo(out)",
    "a socket": "socket.socket(socket.AF_UNIX).bind(out)",
    "nothing": "pass",
}
FILES = {
    name: 'out = os.path.join(exchange, "seen.json")\n' + code + "\nos._exit(7)"
    for name, code in FILES.items()
}

# Payloads in the place of the true one, with the answer that all is well; the host and the target
# read them.  `exported.skmig` is what `skmig migrate` asks for, in the room of the model.
_WRITE = r"""
RIDGE = "sklearn.linear_model.Ridge"
import zipfile
import skmig.agent.jobs as jobs
from skmig.agent.neutral import Name, New, Obj
folders = [exchange] + [os.path.join(exchange, name) for name in os.listdir(exchange)]
places = [
    os.path.join(folder, name)
    for folder in folders if os.path.isdir(folder)
    for name in ("seen.json", "exported.skmig")
]
answer = {"class": "sklearn.linear_model.Ridge", "coverage": {}, "warnings": []}
def members(*pairs):
    for place in places:
        with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED, True) as archive:
            for name, data in pairs:
                archive.writestr(name, data)
def content(data):
    for place in places:
        with open(place, "wb") as handle:
            handle.write(data)
def honest(model):
    documents = {"model": model, "probes": {}, "expected": {}, "rounding": {}}
    for place in places:
        jobs.write_bundle(place, documents, {"payload.json": {}})
"""
_DONE = """
frame(json.dumps({"ok": True, "result": answer}).encode())
os._exit(0)
"""
PAYLOADS = {
    name: f"{_SAY}{_WRITE}\n{code}\n{_DONE}"
    for name, code in {
        "garbage": "content(os.urandom(10000))",
        "no archive": r'content(b"PK\x03\x04" * 1000)',
        "other places": 'members(("../../../tmp/planted", "x"), ("/etc/planted", "x"))',
        "a bomb": """
members(("graph.json", b"[" + b"0," * (100 << 20) + b"0]"), ("arrays.bin", b""))
""",
        "a call": 'honest(New("os.system", {"command": "touch /tmp/planted"}))',
        "a name": 'honest(Obj(RIDGE, {"alpha": Name("function", "os.system")}))',
        "an object": 'honest(Obj("subprocess.Popen", {"args": "id"}))',
        "a private name": 'honest(Obj("sklearn.externals._pkg.os.system", {}))',
        "state that is code": """
honest(Obj(RIDGE, {"__class__": Name("function", "builtins.exec"), "__reduce__": 1}))
""",
        "no graph": 'members(("model.json", b"[" * 50000 + b"]" * 50000))',
    }.items()
}

# What a terminal, a log or a page could take for more than text.
WORDS = (
    "\x1b[2J\x1b]0;title\x07\x1b]52;c;c2VjcmV0\x07\x1b[31mred\r"
    "\n::error file=a::forged\n  ::set-output name=x::y\n##[add-mask]secret\n"
    "\u202egnp.exe \x9b31m \u2028 <script>alert(1)</script> [bold]markup[/bold]"
)
