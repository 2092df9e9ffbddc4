"""A filter of system calls (seccomp): no socket is opened, no memory shared, no file's owner or mode changed.

It needs no privilege, and is there in containers too. It refuses every kind of socket, those of other programs on the
machine as well, and what Landlock leaves free: the modes and owners of files.
"""

import ctypes
import errno
import platform
import struct
from typing import List, Tuple

from . import system_calls

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _PROCESSOR_AT = 0, 4
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_PROCESSORS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# Numbers from here on are those of the x32 interface, which would be a way around the others.
_X32 = 0x40000000
_NO_NETWORK = ("socket",)
# It opens sockets without the call above.
_NOT_THERE = ("io_uring_setup",)
_NOT_PERMITTED = (
    # What is shared with other programs so stands outside of the file system.
    "shmget",
    "shmat",
    "semget",
    "msgget",
    "mq_open",
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "setxattrat",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "removexattrat",
)
_Step = Tuple[int, int, int, int]


def install() -> None:
    """Filter the calls of this thread and of what it starts, for good. It must not be able to gain privileges.

    Raises:
        OSError: it cannot be done here.
    """
    processor = _PROCESSORS.get(platform.machine())
    if processor is None or not system_calls.numbers():
        raise OSError(errno.ENOSYS, "not known for this processor")
    steps = _steps(processor)
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    # As C lays it out: the address stands at the next multiple of its size.
    program = struct.pack("@HP", len(steps), ctypes.addressof(code))
    system_calls.call("prctl", _PR_SET_SECCOMP, _MODE_FILTER, program, 0, 0)


def _steps(processor: int) -> List[_Step]:
    known = system_calls.numbers()
    refused = [
        (known[name], error)
        for names, error in (
            (_NO_NETWORK, errno.ENETUNREACH),
            (_NOT_THERE, errno.ENOSYS),
            (_NOT_PERMITTED, errno.EPERM),
        )
        for name in names
        if name in known
    ]
    not_permitted = (_RETURN, 0, 0, _ERROR | errno.EPERM)
    steps = [(_LOAD, 0, 0, _PROCESSOR_AT), (_EQUAL, 1, 0, processor), not_permitted, (_LOAD, 0, 0, _NUMBER_AT)]
    if platform.machine() == "x86_64":
        steps += [(_AT_LEAST, 0, 1, _X32), not_permitted]
    for number, error in refused:
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERROR | error)]
    return [*steps, (_RETURN, 0, 0, _ALLOW)]
