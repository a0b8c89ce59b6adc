"""What a job may use while it runs, and what may be left of it: the worker's broom.

A job runs as the same user as the worker and can write wherever it can.  What it takes is measured
from outside of it, and what it leaves is cleared, so that the next job finds the place as new.

Runs on Python 3.6 with the standard library.
"""

import ctypes
import os
import stat

ENTRIES = 10000  # files that a job may make
_OUTPUTS = ("out", "at")  # arguments that name a file which the job writes, see jobs.py
_RESERVE = 4 << 30  # bytes of a disk that no job may take, or a twentieth of it
_PAGE = os.sysconf("SC_PAGE_SIZE")
_REMOVE = 0  # IPC_RMID


def outputs(request):
    """The paths of the files that a request asks to write, in the exchange, and their rooms."""
    found, rooms, pending = set(), set(), [(request, "")]
    while pending:
        value, room = pending.pop()
        if isinstance(value, dict):
            room = value.get("room") or room
            rooms.add(room)
            names = [v for k, v in value.items() if k in _OUTPUTS and isinstance(v, str)]
            found.update(os.path.join(room, name) for name in names)
            pending.extend((inner, room) for inner in value.values())
        elif isinstance(value, list):
            pending.extend((inner, room) for inner in value)
    return found, rooms - {""}


def alone():
    """Is this the first process of a namespace of its own, so that all others are a job's?"""
    return os.getpid() == 1


class Place(object):
    """The places where a job can write: the exchange, and the folders `private` of the worker."""

    def __init__(self, exchange, private):
        self.exchange = exchange
        self.private = [path for path in private if os.path.isdir(path)]
        self.before = {}
        self.reserve = None

    def begin(self):
        """Note how everything is before a job."""
        self.before = _survey(self.exchange)
        disk = os.statvfs(self.exchange)
        reserve = min(_RESERVE, disk.f_blocks * disk.f_frsize // 20)
        # on a disk that is so full already, the job's own bound must do
        self.reserve = reserve if disk.f_bavail * disk.f_frsize > reserve else 0

    def excess(self, disk, processes, memory):
        """What a running job takes more of than it may, as (kind, text); None if all is well."""
        size = entries = 0
        for name, mark in _survey(self.exchange, len(self.before) + 2 * ENTRIES).items():
            if not _is_same(self.before.get(name), mark):
                size += mark[-1]
                entries += 1
        if disk and size > disk:
            return "DiskLimit", "wrote more than %d bytes into the exchange" % disk
        if entries > ENTRIES:
            return "DiskLimit", "made more than %d files in the exchange" % ENTRIES
        free = os.statvfs(self.exchange)
        # files without a name are in no survey
        if free.f_bavail * free.f_frsize < self.reserve:
            return "DiskLimit", "took the disk to its last %d bytes" % self.reserve
        if alone():
            count, private = _usage()
            if processes and count > processes:
                return "ProcessLimit", "started more than %d processes and threads" % processes
            if memory and sum(private.values()) > memory:
                # what forked processes share is counted once
                private = {name: _proportional(name, private[name]) for name in private}
            if memory and sum(private.values()) > memory:
                return "MemoryError", "its processes took more than %d bytes together" % memory
        return None

    def clear(self, wanted, rooms):
        """Clear what a job left but for the files `wanted`; gives what it spoiled, or None.

        `rooms` are the folders in which it may write.  Raises OSError for what cannot be cleared.
        """
        for folder in self.private:
            empty(folder)
        if alone():
            _forget_shared()
        spoiled = None
        for room in ["", *sorted(rooms)]:
            if os.path.islink(os.path.join(self.exchange, room)):
                return room
            for name in sorted(os.listdir(os.path.join(self.exchange, room))):
                name = os.path.join(room, name)
                path = os.path.join(self.exchange, name)
                if name not in self.before and not (name in wanted and _is_plain(path)):
                    discard(path)
        after = _survey(self.exchange)
        for name, mark in self.before.items():
            now = after.get(name)
            if name in rooms and now is not None:  # its times change with what is in it
                now, mark = now[:2], mark[:2]
            if name not in wanted and not _is_same(now, mark):
                spoiled = spoiled or name
        for name in after:
            if os.path.dirname(name) not in rooms and os.sep in name and name not in self.before:
                spoiled = spoiled or name
        return spoiled


def _survey(folder, most=None):
    """Relative path -> what the system says of it; a change of the contents changes its ctime.

    Stops at `most` paths, where there are so many.
    """
    found, pending = {}, [""]
    while pending:
        inner = pending.pop()
        try:
            entries = list(os.scandir(os.path.join(folder, inner)))
        except OSError:  # a job may be at work in there
            continue
        for entry in entries:
            name = os.path.join(inner, entry.name)
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            taken = max(status.st_size, status.st_blocks * 512)
            times = (status.st_mtime_ns, status.st_ctime_ns)
            found[name] = (status.st_mode, status.st_ino, times, status.st_size, taken)
            if stat.S_ISDIR(status.st_mode):
                pending.append(name)
        if most is not None and len(found) > most:
            break
    return found


def _is_same(before, after):
    """Is a file as it was?  What it takes of the disk changes when it is written back."""
    return before is not None and after is not None and before[:4] == after[:4]


def _is_plain(path):
    """A regular file that has no other name."""
    status = os.lstat(path)
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def empty(folder: str) -> None:
    """Delete all that is in a folder, however deep and however protected; raises OSError."""
    number = 0
    while True:
        names = os.listdir(folder)
        if not names:
            return
        for name in names:
            path = os.path.join(folder, name)
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                os.unlink(path)
                continue
            os.chmod(path, 0o700)
            # depth can be more than a path, or a stack, can hold: what is inside moves up
            for inner in os.listdir(path):
                source = os.path.join(path, inner)
                if stat.S_ISDIR(os.lstat(source).st_mode):
                    os.chmod(source, 0o700)
                    number += 1
                    while os.path.lexists(os.path.join(folder, "moved-%d" % number)):
                        number += 1
                    os.rename(source, os.path.join(folder, "moved-%d" % number))
                else:
                    os.unlink(source)
            os.rmdir(path)


def remove(folder, paths):
    """Delete those of the paths in a folder that are there; raises OSError."""
    for path in paths:
        path = os.path.join(folder, path)
        if os.path.lexists(path):
            discard(path)


def discard(path: str) -> None:
    """Delete a file, a link, or a folder with all that is in it; raises OSError."""
    if stat.S_ISDIR(os.lstat(path).st_mode):
        os.chmod(path, 0o700)
        empty(path)
        os.rmdir(path)
    else:
        os.unlink(path)


def _usage():
    """How many threads other processes have, and what each has for itself at most, in bytes."""
    names = [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    count, private = 0, {}
    for name in names:
        try:
            with open("/proc/%s/stat" % name, "rb") as handle:
                count += int(handle.read().rpartition(b")")[2].split()[17])
            with open("/proc/%s/statm" % name) as handle:
                _, resident, shared = handle.read().split()[:3]
        except (OSError, ValueError, IndexError):
            continue
        private[name] = (int(resident) - int(shared)) * _PAGE
    return count, private


def _proportional(name, otherwise):
    """The bytes of a process, where those that many share are divided among them."""
    try:
        with open("/proc/%s/smaps_rollup" % name) as handle:
            return sum(int(line.split()[1]) << 10 for line in handle if line.startswith("Pss_Anon"))
    except (OSError, ValueError, IndexError):  # an old kernel, or a process that hides
        return otherwise


def _forget_shared():
    """Delete the System V objects of this namespace: they outlive the processes that made them."""
    for kind, call in (("shm", "shmctl"), ("msg", "msgctl"), ("sem", "semctl")):
        try:
            with open("/proc/sysvipc/" + kind) as handle:
                numbers = [int(line.split()[1]) for line in handle.readlines()[1:]]
        except (OSError, ValueError, IndexError):
            continue
        for number in numbers:
            arguments = (number, 0, _REMOVE) if kind == "sem" else (number, _REMOVE, None)
            getattr(ctypes.CDLL(None), call)(*arguments)
