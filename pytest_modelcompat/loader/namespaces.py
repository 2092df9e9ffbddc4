"""Namespaces: a process sees the file system read-only, and a network with nothing in it.

The way for a kernel without Landlock or filters. It needs root, or that users may make namespaces, which many
containers refuse. Only a process with one thread can enter them.
"""

import os
import struct
import tempfile
from pathlib import Path

from . import system_calls

_NEW_MOUNTS, _NEW_USER, _NEW_NETWORK = 0x00020000, 0x10000000, 0x40000000
_BIND, _RECURSIVE, _PRIVATE = 0x1000, 0x4000, 1 << 18
_HERE, _ALL_BELOW, _READ_ONLY = -100, 0x8000, 1


def can_be_entered() -> bool:
    """Whether both can be done, tried in a process of its own: one that fails halfway could write no file any more."""
    if not system_calls.numbers():
        return False
    child = os.fork()
    if child == 0:
        try:
            leave_network()
            write_only_below(tempfile.gettempdir())
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def leave_network() -> None:
    """Have no network any more.

    Raises:
        OSError: it cannot be done here.
    """
    _enter(_NEW_NETWORK)


def write_only_below(folder: str) -> None:
    """See every file system read-only but for a folder.

    Raises:
        OSError: it cannot be done here.
    """
    _enter(_NEW_MOUNTS)
    place = os.fsencode(folder)
    # What happens to these mounts is not to spread to those of the other processes.
    _mount(b"none", b"/", _RECURSIVE | _PRIVATE)
    _mount(place, place, _BIND)
    _set_attributes(b"/", _ALL_BELOW, switched_on=_READ_ONLY)
    _set_attributes(place, 0, switched_off=_READ_ONLY)


def _mount(source: bytes, target: bytes, flags: int) -> None:
    system_calls.call("mount", source, target, None, flags, None)


def _set_attributes(place: bytes, flags: int, *, switched_on: int = 0, switched_off: int = 0) -> None:
    attributes = struct.pack("=QQQQ", switched_on, switched_off, 0, 0)
    system_calls.call("mount_setattr", _HERE, place, flags, attributes, len(attributes))


def _enter(kind: int) -> None:
    try:
        system_calls.call("unshare", kind)
    except PermissionError:
        user, group = os.getuid(), os.getgid()
        system_calls.call("unshare", _NEW_USER | kind)
        # Without an owner of its own there, it could make no files.
        for name, text in (("setgroups", "deny"), ("uid_map", _same(user)), ("gid_map", _same(group))):
            Path("/proc/self", name).write_text(text, encoding="ascii")


def _same(number: int) -> str:
    return "{0} {0} 1".format(number)
