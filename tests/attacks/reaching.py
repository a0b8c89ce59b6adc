"""Attacks that reach for something outside: each is code that sets `got` to what it got hold of.

`facts` is what the test knows of the host: `secret` (a text that is nowhere inside), `path` (the
file with the secret), `key` (its name in the keyring), `port`, `addresses`, `abstract`, `engine`,
and `name` (of a file in another worker's exchange).  Written for Python 3.6.
"""

from __future__ import annotations

TOOLS = r"""
import ctypes, glob, json, os, platform, signal, socket, stat, struct, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
exchange = sys.argv[-1]
got, said = None, []
ARM = platform.machine() == "aarch64"
def numbered(x86, arm, *arguments):
    out = libc.syscall(arm if ARM else x86, *arguments)
    if out < 0:
        said.append(os.strerror(ctypes.get_errno()))
    return out
def attempt(action, *arguments):
    try:
        return action(*arguments)
    except BaseException as error:
        said.append(type(error).__name__ + ": " + str(error))
def read(path):
    with open(path, "rb") as handle:
        return handle.read(1 << 20).decode("latin-1")
def may_write(path):
    # enough to know: an attack that succeeds must not harm the machine that tests it
    os.close(os.open(path, os.O_WRONLY))
    return path
def processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]
"""
REPORT = r"""
with open(os.path.join(exchange, "seen.json"), "w") as handle:
    json.dump({"got": got, "said": said[:20]}, handle, default=repr)
os._exit(7)
"""

NETWORK = {
    "tcp to the host": """
for address in facts["addresses"]:
    s = attempt(socket.create_connection, (address, facts["port"]), 1)
    if s:
        attempt(s.sendall, b"here")
        got = address
""",
    "udp to the host": """
for address in facts["addresses"]:
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = attempt(socket.socket, kind, socket.SOCK_DGRAM)
    s and attempt(s.sendto, b"here", (address, facts["port"]))
""",
    "a public address": 'got = attempt(socket.create_connection, ("1.1.1.1", 53), 1)',
    "names": 'got = attempt(socket.getaddrinfo, "example.org", 80)',
    "an abstract socket of the host": r"""
s = socket.socket(socket.AF_UNIX)
if attempt(lambda: s.connect("\0" + facts["abstract"]) or True):
    attempt(s.sendall, b"here")
    got = True
""",
    "the engine's socket": """
for path in (facts["engine"], "/var/run/docker.sock", "/run/containerd/containerd.sock"):
    s = socket.socket(socket.AF_UNIX)
    if attempt(lambda: s.connect(path) or True):
        got = path
""",
    "raw packets": """
for family, kind in ((17, socket.SOCK_RAW), (socket.AF_INET, socket.SOCK_RAW)):
    got = got or attempt(socket.socket, family, kind, 1)
""",
    "the hypervisor": """
# a socket is enough: which ports are open is the hypervisor's affair
got = attempt(socket.socket, 40, socket.SOCK_STREAM) or attempt(socket.socket, 38, 5)
""",
    "an interface up": r"""
import fcntl
s = socket.socket()
names = [name for _, name in socket.if_nameindex() if name != "lo"]
got = names or None
""",
}

FILES = {
    "a file of the host": 'got = attempt(read, facts["path"])',
    "the host's passwords": """
for path in ("/etc/shadow", "/etc/gshadow", "/etc/sudoers"):
    got = got or attempt(read, path)
""",
    "the roots of all processes": """
for number in processes():
    for way in ("root", "cwd"):
        text = attempt(read, "/proc/%d/%s/%s" % (number, way, facts["path"]))
        got = got or text
""",
    "the variables of the host": """
texts = [attempt(read, "/proc/%d/environ" % number) or "" for number in processes()]
texts.append(repr(dict(os.environ)))
got = any(facts["secret"] in text for text in texts) or None
""",
    "mounting": """
for kind, source, flags in ((b"tmpfs", b"none", 0), (b"proc", b"none", 0), (None, b"/", 4096)):
    if libc.mount(source, b"/tmp", kind, flags, None) == 0:
        got = kind or "bind"
    said.append(os.strerror(ctypes.get_errno()))
if libc.mount(None, b"/", None, 32, None) == 0:
    got = "remounted"
if libc.chroot(b"/tmp") == 0 or numbered(155, 41, b"/tmp", b"/tmp") == 0:
    got = "another root"
""",
    "settings of the kernel": """
for path in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
             "/proc/sys/vm/drop_caches", "/proc/sys/kernel/randomize_va_space", "/dev/kmsg",
             "/sys/kernel/uevent_helper", "/sys/fs/cgroup/release_agent",
             "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/cgroup.procs"):
    got = got or attempt(may_write, path)
""",
    "devices": """
for major, minor in ((254, 0), (259, 0), (8, 0), (1, 1)):
    path = "/tmp/device-%d" % major
    for kind in (stat.S_IFBLK, stat.S_IFCHR):
        if attempt(lambda: os.mknod(path, kind | 0o600, os.makedev(major, minor)) or True):
            got = path
for path in glob.glob("/dev/[svxn][dvm]*") + ["/dev/mem", "/dev/kvm", "/dev/fuse", "/dev/vda"]:
    got = got or attempt(read, path)
""",
    "becoming root": """
for action in (os.setuid, os.setgid, os.seteuid):
    if attempt(lambda: action(0) or True):
        got = action.__name__
for path in glob.glob("/usr/bin/*") + glob.glob("/bin/*") + glob.glob("/usr/lib/*/*"):
    found = attempt(os.stat, path)
    if found and found.st_mode & (stat.S_ISUID | stat.S_ISGID) and stat.S_ISREG(found.st_mode):
        out = attempt(lambda: subprocess.run(
            [path, "-c", "id"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=20
        ).stdout)
        if b"uid=0" in (out or b""):
            got = path
""",
    "namespaces of its own": """
for flag in (0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x10020000):
    if libc.unshare(flag) == 0:
        got = hex(flag)
    said.append(os.strerror(ctypes.get_errno()))
""",
    "the namespaces of others": """
for number in processes():
    for kind in ("mnt", "net", "user", "pid"):
        place = attempt(os.open, "/proc/%d/ns/%s" % (number, kind), os.O_RDONLY)
        if place is not None and kind != "user" and libc.setns(place, 0) == 0:
            got = kind
""",
    "the keys of the caller": """
for ring in (-3, -4, -5, -1, -2):
    found = numbered(250, 219, 10, ring, b"user", facts["key"].encode(), 0)
    if found > 0:
        room = ctypes.create_string_buffer(200)
        numbered(250, 219, 11, found, room, 200, 0)
        if facts["secret"].encode() in room.raw:
            got = "read from %d" % ring
""",
    "the kernel": """
calls = {"bpf": (321, 280), "kexec": (246, 104), "module": (175, 105), "reboot": (169, 142),
         "time": (227, 112), "swap": (167, 224), "handle": (304, 265), "acct": (163, 89)}
for name, (x86, arm) in sorted(calls.items()):
    argument = b"/tmp" if name in ("swap", "acct") else 0
    if numbered(x86, arm, argument, 0, 0, 0, 0) >= 0:
        got = name
""",
    "the agent and the system's files": """
agent = sys.argv[0]
for path in (agent, sys.executable, os.__file__, "/usr/bin/env", "/etc/ld.so.cache"):
    got = got or attempt(may_write, path)
import numpy
for folder in ("/", "/usr", "/etc", os.path.dirname(agent), os.path.dirname(numpy.__file__),
               sys.prefix, os.path.dirname(os.__file__), "/dev", "/proc", "/sys", "/var", "/home"):
    path = os.path.join(folder, "planted")
    if attempt(lambda: open(path, "w")):
        os.unlink(path)
        got = folder
for path in (agent, exchange, os.path.dirname(agent)):
    if attempt(lambda: os.rename(path, path + "-") or True):
        got = path
""",
    "what other workers have": """
for top, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if top != "/" or name not in ("proc", "sys")]
    if facts["name"] in files:
        got = top
""",
}

WORKER = {
    "the descriptors of the worker": r"""
lines = b"".join(b'{"id": %d, "ok": true, "result": {"forged": 1}}\n' % n for n in range(200))
for number in processes():
    if number == os.getpid():
        continue
    for name in attempt(os.listdir, "/proc/%d/fd" % number) or ():
        for flags in (os.O_WRONLY, os.O_RDONLY):
            place = attempt(os.open, "/proc/%d/fd/%s" % (number, name), flags | os.O_NONBLOCK)
            if place is not None:
                got = name
                flags == os.O_WRONLY and attempt(os.write, place, lines)
""",
    "its own descriptors": r"""
lines = b"".join(b'\n{"id": %d, "ok": true, "result": {"forged": 1}}\n' % n for n in range(200))
mine = [os.readlink("/proc/self/fd/" + name) for name in ("1", "2")]
for name in os.listdir("/proc/self/fd"):
    link = attempt(os.readlink, "/proc/self/fd/" + name) or ""
    if link.startswith("pipe:") and link not in mine:
        attempt(os.write, int(name), lines)
    if link.startswith("socket:"):
        got = link
""",
    "the memory of the worker": """
for number in processes():
    if number == os.getpid():
        continue
    for name in ("mem", "maps", "environ", "stack", "auxv", "exe"):
        path = "/proc/%d/%s" % (number, name)
        got = got or (attempt(lambda: open(path, "rb").read(1) and path))
    room, size = ctypes.create_string_buffer(8), ctypes.c_size_t(8)
    here = (ctypes.c_size_t * 2)(ctypes.addressof(room), 8)
    there = (ctypes.c_size_t * 2)(id(None), 8)
    if libc.process_vm_readv(number, here, 1, there, 1, 0) > 0:
        got = "read"
    if libc.process_vm_writev(number, here, 1, there, 1, 0) > 0:
        got = "written"
""",
    "tracing the worker": """
for number in processes():
    if number != os.getpid():
        for request in (16, 0x4206):
            if libc.ptrace(request, number, None, None) == 0:
                got = number
            said.append(os.strerror(ctypes.get_errno()))
""",
    "descriptors by a process's handle": """
handle = numbered(434, 434, os.getppid(), 0)
for number in range(20):
    if handle >= 0 and numbered(438, 438, handle, number, 0) >= 0:
        got = number
""",
    "signals to the worker": """
for number in range(1, 65):
    if number not in (17, 18):
        attempt(os.kill, 1, number)
        attempt(os.kill, os.getppid(), number)
time.sleep(0.3)
got = None if os.getppid() == 1 and attempt(os.kill, 1, 0) is None else "it is gone"
""",
    "being spared when memory is short": """
def adjust(value):
    with open("/proc/self/oom_score_adj", "w") as handle:
        handle.write(value)
    return value
for value in ("-1000", "-1"):
    got = got or attempt(adjust, value)
for number in processes():
    if number != os.getpid():
        got = got or attempt(may_write, "/proc/%d/oom_score_adj" % number)
""",
    "lifting its limits": """
import resource
for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
    soft, hard = resource.getrlimit(kind)
    if attempt(lambda: resource.setrlimit(kind, (-1, -1)) or True):
        got = kind
""",
}

ATTACKS = [
    (f"{category}: {name}", code)
    for category, group in (("network", NETWORK), ("files", FILES), ("worker", WORKER))
    for name, code in group.items()
]
