"""System calls of Linux that Python has no function for: by number, as the C library may not know them either."""

import ctypes
import errno
import os
import platform
import sys
from typing import Any, Dict

# The same on every processor since Linux 5.1.
_COMMON = {"landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446}
_COMMON.update({"io_uring_setup": 425, "mount_setattr": 442, "fchmodat2": 452, "setxattrat": 463, "removexattrat": 466})
_X86_64 = {
    "prctl": 157,
    "capget": 125,
    "capset": 126,
    "unshare": 272,
    "mount": 165,
    "socket": 41,
    "shmget": 29,
    "shmat": 30,
    "semget": 64,
    "msgget": 68,
    "mq_open": 240,
    "chmod": 90,
    "fchmod": 91,
    "fchmodat": 268,
    "chown": 92,
    "fchown": 93,
    "lchown": 94,
    "fchownat": 260,
    "setxattr": 188,
    "lsetxattr": 189,
    "fsetxattr": 190,
    "removexattr": 197,
    "lremovexattr": 198,
    "fremovexattr": 199,
}
_AARCH64 = {
    "prctl": 167,
    "capget": 90,
    "capset": 91,
    "unshare": 97,
    "mount": 40,
    "socket": 198,
    "shmget": 194,
    "shmat": 196,
    "semget": 190,
    "msgget": 186,
    "mq_open": 180,
    "fchmod": 52,
    "fchmodat": 53,
    "fchownat": 54,
    "fchown": 55,
    "setxattr": 5,
    "lsetxattr": 6,
    "fsetxattr": 7,
    "removexattr": 14,
    "lremovexattr": 15,
    "fremovexattr": 16,
}
_BY_PROCESSOR = {"x86_64": _X86_64, "aarch64": _AARCH64}


def numbers() -> Dict[str, int]:
    """The calls that are known here, by name; none on another system, another processor or in a 32-bit Python."""
    own = _BY_PROCESSOR.get(platform.machine()) if sys.platform.startswith("linux") and sys.maxsize > 2**32 else None
    return dict(_COMMON, **own) if own else {}


def call(name: str, *arguments: Any) -> int:
    """Make a call; each argument a number, a pointer or bytes.

    Raises:
        OSError: the system refuses it, or it is not known here.
    """
    number = numbers().get(name)
    if number is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    function = ctypes.CDLL(None, use_errno=True).syscall
    function.restype = ctypes.c_long
    # A plain number would be passed as 32 bits, and the rest of its register be left as it was.
    given = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result = int(function(ctypes.c_long(number), *given))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
