"""How a program of another machine ended, as its log says: without memory, disk or modules, or killed."""

from __future__ import annotations

import re

from pytest_modelcompat.diagnosis.local_errors import is_disk_full, no_tensorflow
from pytest_modelcompat.diagnosis.messages import root_cause
from pytest_modelcompat.diagnosis.process_exit import is_out_of_memory
from pytest_modelcompat.results.finding import Finding, Kind

_NO_MODULE = re.compile(r"No module named '?(?P<module>[\w.]+)")
_IMPORTING_TENSORFLOW = re.compile(r"^\s*(?:import tensorflow\b|from tensorflow\b)", re.MULTILINE)
_NOT_IMPORTED = re.compile(
    r"Descriptors cannot (?:not )?be created directly|Failed to load the native TensorFlow runtime|"
    r"_pywrap_tensorflow_internal|numpy\.core\.\w+ failed to import|A module that was compiled using NumPy 1\.x"
)
_CRASHES = (
    (re.compile(r"Segmentation fault|SIGSEGV|died of signal 11\b|exit(?:ed with)? (?:code|status) 139\b"), "SIGSEGV"),
    (re.compile(r"Illegal instruction|SIGILL|died of signal 4\b|exit(?:ed with)? (?:code|status) 132\b"), "SIGILL"),
    (re.compile(r"Fatal Python error: Aborted|Aborted \(core dumped\)|died of signal 6\b"), "SIGABRT"),
    (re.compile(r"Bus error|SIGBUS|died of signal 7\b"), "SIGBUS"),
)
_CAUSES = {
    "SIGSEGV": "native code crashed; of saved models, mostly bytecode of another Python in a Lambda layer, or an op "
    "library that was built for another TensorFlow",
    "SIGILL": "it met an instruction that the processor does not have: TensorFlow, or an op library, was built for "
    "another processor",
    "SIGABRT": "native code called abort(); the lines before it say why",
    "SIGBUS": "a memory-mapped file was truncated, or /dev/shm is full",
}
_FIXES = {
    "SIGSEGV": ("replace each Lambda by a layer class of your own, or load the file with the Python that saved it",),
    "SIGILL": ("use a build of TensorFlow for this processor (without AVX: an older CPU build, or one of your own)",),
    "SIGABRT": ("find the op that crashed in the lines before it, and leave it out of the model",),
    "SIGBUS": ("free space in /dev/shm, and copy the model file again",),
}
_KILLED = re.compile(
    r"OOMKilled|oom-kill|Out of memory: Killed process|died of signal 9\b|exit(?:ed with)? (?:code|status) 137\b|"
    r"^Killed$|: line \d+: +\d+ Killed\b"
)
_LESS = ("give the program more memory, or smaller inputs",)


def exception_of_machine(kind: str, message: str, frames: str) -> Finding | None:
    """The finding for an exception that is about the machine or its packages; None for any other.

    Args:
        kind: the exception's class.
        message: all of its message.
        frames: its traceback; empty where there is none.
    """
    quote = root_cause(message, kind)
    if is_out_of_memory({"type": kind, "message": message}):
        return Finding(
            Kind.OUT_OF_MEMORY, "memory", cause=f"the program ran out of memory: {quote}", fix=_LESS, quote=quote
        )
    if is_disk_full(message):
        fix = ("make room, or set TMPDIR to a folder on another disk",)
        return Finding(Kind.DISK_FULL, "disk", cause="no space was left on the disk", fix=fix, quote=quote)
    missing = _NO_MODULE.search(message) if kind in ("ModuleNotFoundError", "ImportError") else None
    module = missing["module"] if missing else ""
    if module.partition(".")[0] == "tensorflow" or (_NOT_IMPORTED.search(message) and _imports_tensorflow(frames)):
        finding = no_tensorflow(f"{kind}: {quote}")
        return finding if not missing else _not_installed(finding, module)
    if missing:
        return _import_failed(module, quote)
    return None


def _imports_tensorflow(frames: str) -> bool:
    return not frames or _IMPORTING_TENSORFLOW.search(frames) is not None


def _not_installed(finding: Finding, module: str) -> Finding:
    return Finding(
        finding.kind,
        module,
        cause=finding.cause,
        fix=("python -m pip install tensorflow  # or tensorflow-cpu, in the environment that loads the model",),
        quote=finding.quote,
    )


def _import_failed(module: str, quote: str) -> Finding:
    return Finding(
        Kind.IMPORT_FAILED,
        module,
        cause=f"the program imports {module}, which is not installed where it ran, or is not on its path",
        fix=("install the package that has it there, or add its folder to PYTHONPATH",),
        quote=quote,
    )


def ending_of(line: str) -> Finding | None:
    """The finding for a line that says how a process ended; None for any other line."""
    if _KILLED.search(line):
        cause = "something killed the process; where nobody did, its container or its machine ran out of memory"
        return Finding(Kind.OUT_OF_MEMORY, "process", cause=cause, fix=_LESS, quote=line.strip())
    for pattern, name in _CRASHES:
        if pattern.search(line):
            return Finding(Kind.LOADER_CRASHED, name, cause=_CAUSES[name], fix=_FIXES[name], quote=line.strip())
    return None
