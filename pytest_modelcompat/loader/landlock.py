"""Landlock (Linux 5.13 and newer): a process gives up writing outside of some folders, which needs no privilege.

What it refuses grows with its version: truncating from 3, connecting and listening by TCP from 4, `ioctl` on devices
from 5, signals to processes outside and abstract sockets from 6.
"""

import contextlib
import os
import struct
from typing import Iterable

from . import system_calls

_VERSION = 1
_PATH_BENEATH = 1
_WRITE_FILE, _REMOVE_DIR, _REMOVE_FILE, _MAKE_CHAR, _MAKE_DIR, _MAKE_REG = (
    1 << 1,
    1 << 4,
    1 << 5,
    1 << 6,
    1 << 7,
    1 << 8,
)
_MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK, _MAKE_SYM = 1 << 9, 1 << 10, 1 << 11, 1 << 12
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_ALL_TCP, _ALL_SCOPES = 0b11, 0b11
_FIRST_WITH = {_REFER: 2, _TRUNCATE: 3, _IOCTL_DEV: 5}
_WITH_TCP, _WITH_SCOPES = 4, 6
_ALWAYS = (
    _WRITE_FILE
    | _REMOVE_DIR
    | _REMOVE_FILE
    | _MAKE_CHAR
    | _MAKE_DIR
    | _MAKE_REG
    | _MAKE_SOCK
    | _MAKE_FIFO
    | _MAKE_BLOCK
    | _MAKE_SYM
)
# Who reads a folder that a process of this kind wrote would wait forever for a pipe that has a file's name.
_NOT_IN_FOLDERS = _MAKE_CHAR | _MAKE_BLOCK | _MAKE_SOCK | _MAKE_FIFO
_ON_DEVICES = _WRITE_FILE | _TRUNCATE | _IOCTL_DEV


def version() -> int:
    """The version of Landlock here.

    Raises:
        OSError: there is none, or it is switched off.
    """
    return system_calls.call("landlock_create_ruleset", None, 0, _VERSION)


def keeps_contents() -> bool:
    """Whether it keeps a file's contents as well: before, a file that may not be written can be emptied.

    Raises:
        OSError: there is none, or it is switched off.
    """
    return version() >= _FIRST_WITH[_TRUNCATE]


def refuses_tcp() -> bool:
    """Whether it refuses TCP as well."""
    return version() >= _WITH_TCP


def restrict(folders: Iterable[str], devices: Iterable[str]) -> None:
    """Let this thread and what it starts write only below some folders, and to some devices; for good.

    Args:
        folders: where files may be made, changed and removed.
        devices: those there are of them may be written to, and folders of devices.

    Raises:
        OSError: it cannot be done here.
    """
    found = version()
    handled = _ALWAYS
    for right, first in _FIRST_WITH.items():
        handled |= right if found >= first else 0
    ruleset = _ruleset(handled, found)
    try:
        for folder in folders:
            _allow(ruleset, folder, handled & ~_NOT_IN_FOLDERS)
        for device in devices:
            with contextlib.suppress(FileNotFoundError):
                _allow(ruleset, device, handled & _ON_DEVICES)
        system_calls.call("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def _ruleset(handled: int, found: int) -> int:
    attributes = struct.pack("=QQQ", handled, _ALL_TCP, _ALL_SCOPES)
    # An older kernel takes no more of it than it knows.
    known = 8 * (1 + (found >= _WITH_TCP) + (found >= _WITH_SCOPES))
    return system_calls.call("landlock_create_ruleset", attributes[:known], known, 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        system_calls.call("landlock_add_rule", ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, opened), 0)
    finally:
        os.close(opened)
