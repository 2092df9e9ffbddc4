"""Confinement: what a child gives up before it loads anything, in two levels.

`limited`, for what the test itself saved: no new privileges, and limits on what it takes. `confined`, for what
something else saved: no network either, and files are written only below its job's folder. Each is done by the first
way that this machine offers; what it offers no way for is said in the report, and stays open.
"""

import contextlib
import ctypes
import os
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from . import call_filter, landlock, limits, namespaces, system_calls

OFF, LIMITED, CONFINED = "off", "limited", "confined"
PRIVILEGES, FILES, NETWORK = "privileges", "files", "network"
_LANDLOCK = "Landlock"
Way = Tuple[str, Callable[[], None]]
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITIES_VERSION = 0x20080522
# Reading and writing what other users own: what may be written is decided by the rest.
_KEPT_CAPABILITIES = 1 << 1 | 1 << 2
# Plain sinks and sources, and what a GPU is driven by.
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_GPUS = ("nvidia", "kfd", "dri")


class NotIsolatedError(Exception):
    """Isolation is required, and this machine does not give all of it; the message says what it lacks."""


def needs_namespaces() -> bool:
    """Whether this kernel has no Landlock that keeps all files, and has namespaces to be entered in its place."""
    with contextlib.suppress(OSError):
        if landlock.keeps_contents():
            return False
    return namespaces.can_be_entered()


def confine(folder: Path, isolation: Dict[str, Any], *, by_namespaces: bool) -> Dict[str, Any]:
    """Give up what a job does not need, for this process and all that it starts, for good.

    Args:
        folder: the job's.
        isolation: `level`, `required`, `cpu_seconds`, `file_size`, and perhaps `environment`, as the job says.
        by_namespaces: whether to use namespaces.

    Returns:
        `level`, `by`: how each part was done, and `missing`: why the others were not.

    Raises:
        NotIsolatedError: it is required, and cannot be had whole.
    """
    report = {"level": isolation["level"], "by": {}, "missing": {}}  # type: Dict[str, Any]
    if report["level"] == OFF:
        return report
    limits.be_the_first_to_go()
    limits.limit_self(isolation["cpu_seconds"], isolation["file_size"])
    _first_of([("no_new_privs", gain_no_privileges)], PRIVILEGES, report)
    if report["level"] == CONFINED:
        os.environ.update(isolation.get("environment", {}))
        tempfile.tempdir = None
        _cut_off(folder, report, by_namespaces)
        if isolation["required"] and report["missing"]:
            raise NotIsolatedError(", ".join(sorted(report["missing"])))
    return report


def _cut_off(folder: Path, report: Dict[str, Any], by_namespaces: bool) -> None:
    _first_of(_ways_for_network(by_namespaces), NETWORK, report)
    _first_of(_ways_for_files(folder, by_namespaces), FILES, report)
    if report["by"].get(FILES) == _LANDLOCK:
        if NETWORK in report["missing"] and landlock.refuses_tcp():
            report["missing"][NETWORK] += "; Landlock refuses TCP alone"
        if not landlock.keeps_contents():
            report["missing"][FILES] = "Landlock of this kernel, which is older than Linux 6.2, lets files be emptied"
    if not _is_alone():
        # What a process gives up, each of its threads gives up for itself.
        report["missing"].update(dict.fromkeys((FILES, NETWORK), "threads that were there before are not confined"))
    with contextlib.suppress(OSError):
        _drop_capabilities()


def _is_alone() -> bool:
    """Whether this is the only thread of its process, as after a fork."""
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - short
    except OSError:
        return True


def _ways_for_network(by_namespaces: bool) -> List[Way]:
    ways = [("a filter of system calls", call_filter.install)]  # type: List[Way]
    return [*ways, ("a network namespace", namespaces.leave_network)] if by_namespaces else ways


def _ways_for_files(folder: Path, by_namespaces: bool) -> List[Way]:
    def by_landlock() -> None:
        landlock.restrict([str(folder)], _devices())

    def by_mounts() -> None:
        namespaces.write_only_below(str(folder))

    ways = [(_LANDLOCK, by_landlock)]  # type: List[Way]
    return [("a mount namespace", by_mounts), *ways] if by_namespaces else ways


def _first_of(ways: List[Way], part: str, report: Dict[str, Any]) -> None:
    """Do one part of it in the first way that works, and report that, or why none did."""
    problems = []
    for name, way in ways:
        try:
            way()
        except OSError as error:
            problems.append("{}: {}".format(name, error.strerror or error))
        else:
            report["by"][part] = name
            return
    report["missing"][part] = "; ".join(problems)


def _devices() -> List[str]:
    return [*_DEVICES, *("/dev/" + name for name in os.listdir("/dev") if name.startswith(_GPUS))]  # noqa: PTH208 - short


def gain_no_privileges() -> None:
    """Give up every privilege that a program to be started would gain, for this thread and those it starts."""
    system_calls.call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _drop_capabilities() -> None:
    """Keep of root's privileges only those to read what other users own; without effect for anybody else."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
    # Twice effective, permitted, inheritable: each 32 bits of them.
    sets = (ctypes.c_uint32 * 6)()
    system_calls.call("capget", ctypes.byref(header), ctypes.byref(sets))
    for place, value in enumerate(sets):
        sets[place] = value & _KEPT_CAPABILITIES if place < 2 else 0
    system_calls.call("capset", ctypes.byref(header), ctypes.byref(sets))
