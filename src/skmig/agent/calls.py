"""A filter of system calls for jobs: what no model needs, and holes of a kernel are found in.

A container's engine has a longer one; bubblewrap has none.  Sockets are of the usual families only:
those to a hypervisor (AF_VSOCK) know no namespaces.

Runs on Python 3.6 with the standard library.
"""

import ctypes
import platform
import struct

_EPERM = 1
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2  # prctl
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # BPF
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | _EPERM
_NUMBER, _MACHINE, _ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data (little-endian)
_FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink
_X32 = 0x40000000
# ptrace, add_key, request_key, keyctl, unshare, setns, mount, umount2, pivot_root, chroot,
# perf_event_open, bpf, userfaultfd, process_vm_readv, process_vm_writev, io_uring_setup,
# pidfd_getfd, open_tree, move_mount, fsopen, fsmount, mount_setattr, kexec_load, init_module
_DENIED = {
    "x86_64": (
        (101, 248, 249, 250, 272, 308, 165, 166, 155, 161, 298, 321, 323, 310, 311, 425, 438)
        + (428, 429, 430, 432, 442, 246, 175)
    ),
    "aarch64": (
        (117, 217, 218, 219, 97, 268, 40, 39, 41, 51, 241, 280, 282, 270, 271, 425, 438)
        + (428, 429, 430, 432, 442, 104, 105)
    ),
}
_SOCKET = {"x86_64": 41, "aarch64": 198}
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def restrict():
    """Filter the calls of this process and of all that it starts; where that cannot be, nothing."""
    machine = platform.machine()
    if machine not in _DENIED or struct.calcsize("P") != 8:
        return
    program = _program(machine)
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *one) for one in program))

    class Program(ctypes.Structure):
        _fields_ = [("count", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    what = Program(len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.prctl(_SECCOMP, _FILTER, ctypes.byref(what), 0, 0)


def _program(machine):
    deny = (_RETURN, 0, 0, _DENY)
    # another machine's calls have other numbers
    out = [(_LOAD, 0, 0, _MACHINE), (_EQUAL, 1, 0, _AUDIT[machine]), deny]
    out += [(_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, _X32), deny]
    for number in _DENIED[machine]:
        out += [(_EQUAL, 0, 1, number), deny]
    out += [(_EQUAL, 1, 0, _SOCKET[machine]), (_RETURN, 0, 0, _ALLOW)]
    out.append((_LOAD, 0, 0, _ARGUMENT))
    for family in _FAMILIES:
        out += [(_EQUAL, 0, 1, family), (_RETURN, 0, 0, _ALLOW)]
    return [*out, deny]
