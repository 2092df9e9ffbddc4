"""How a loader's child ended -> finding, where it left no exception behind."""

from __future__ import annotations

import re
import shlex
import signal
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.versions import major_version
from pytest_modelcompat.diagnosis.local_errors import is_disk_full, no_space, no_tensorflow
from pytest_modelcompat.diagnosis.messages import last_line, root_cause
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.runtimes.runtime import OTHER_PROCESSOR
from pytest_modelcompat.runtimes.uv import DECLARED_IN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.diagnosis.context import DiagnosisContext
    from pytest_modelcompat.runtimes.process import LoaderUnavailableError
    from pytest_modelcompat.runtimes.protocol import LoadResult, ProcessExit
    from pytest_modelcompat.runtimes.runtime import Runtime

ACTIVITY_BY_STAGE = {
    "start": "while it imported Keras and what the test declares",
    "declare": "while it imported Keras and what the test declares",
    "resolve": "while it looked up the classes that the artifact names",
    "load": "while it loaded the artifact",
    "predict": "while it ran the loaded model",
    "graph": "while the graph loader, which is as strict as TensorFlow Serving, loaded and ran the artifact",
    "tfsm_layer": "while Keras' TFSMLayer loaded and ran the artifact",
    "tf_keras": "while Keras 2, by tf_keras.models.load_model, loaded and ran the artifact",
    "training": "while it read the loaded model's optimizer and compile config",
    "done": "after its work was done, while the process ended",
}
MOST_FRAMES = 3

_FATAL = re.compile(r"^Fatal Python error: .*$", re.MULTILINE)
_STACK = re.compile(r"^(?:Current thread|Thread) .*\(most recent call first\):\n((?:  File .*\n)+)", re.MULTILINE)
_CURRENT_STACK = re.compile(r"^Current thread .*\(most recent call first\):\n((?:  File .*\n)+)", re.MULTILINE)
_NO_MODULE = re.compile(r"No module named '(\w+)'")
_TITLES = {"tensorflow": "TensorFlow"}
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<function>.+)')
_ALLOCATING = re.compile(r"OOM when allocating tensor with shape\[(?P<shape>[\d,]*)\] and type (?P<type>\w+)")
_HINTS = {
    "SIGKILL": "something killed it from outside, which is also what happens where a container runs out of memory",
    "SIGILL": "it met an instruction that this processor does not have: TensorFlow, or an op library, was built for "
    "another processor",
    "SIGBUS": "a memory-mapped file was truncated, or /dev/shm is full",
    "SIGABRT": "native code called abort()",
}
_FIXES = {
    "SIGKILL": (
        "give the process more memory, or run fewer tests at once (pytest -n)",
        "or, if another program killed it, run the test again",
    ),
    "SIGILL": (OTHER_PROCESSOR, "or build the module or op library that it loads for this processor"),
    "SIGBUS": ("free space in /dev/shm, save the artifact again, and run the test again",),
}
_MEND = (
    "mend the code that 'innermost' names, if it is yours or a library's of yours; if it is TensorFlow's, leave the "
    "layer or op that calls it out of the model"
)
_AT_IMPORT = 'remove the call from the code that runs at import, or put it under `if __name__ == "__main__":`'
_RAISE = (
    "raise an exception instead, where a class of the model calls it (look at __init__(), from_config(), build() and "
    "call()) or a module that they import"
)
_NO_LAMBDA = (
    "replace the lambda by a layer, a subclass of keras.layers.Layer with call(), and declare it",
    "or save the model again with the Python that loads it",
)


def activity(loaded: LoadResult) -> str:
    """What the child was doing, in words."""
    if loaded.stage == "declare" and loaded.declaring:
        return f"while it imported {loaded.declaring}, which the test declares"
    return ACTIVITY_BY_STAGE[loaded.stage]


def diagnose_process_exit(loaded: LoadResult, context: DiagnosisContext) -> Finding:
    """The finding for a child that ended without an answer."""
    if loaded.process_exit.timed_out:
        return _timed_out(loaded, context)
    if loaded.process_exit.oom_killed or _gave_up_allocating(loaded):
        return _out_of_memory(loaded, context)
    if loaded.process_exit.code < 0:
        return _killed(loaded, context)
    if is_disk_full(last_line(loaded.log)):
        return diagnose_full_disk(last_line(loaded.log), loaded, context)
    return exited(str(loaded.process_exit.code), loaded, context)


def cannot_start(runtime: Runtime, error: LoaderUnavailableError) -> Finding:
    """The finding for a loader that did not come as far as taking a job.

    Args:
        runtime: where it was to run.
        error: what is known of it.
    """
    if error.process_exit is not None:
        return _ended(runtime, error.process_exit, error.log)
    if not error.kind:
        cause = f"the interpreter of runtime {runtime.name!r} cannot be started from {error}"
        return Finding(Kind.RUNTIME_BROKEN, runtime.name, cause=cause, fix=_another_interpreter(runtime))
    quote = f"{error.kind}: {error}"
    if runtime.is_local:
        return no_tensorflow(quote)
    missing = _NO_MODULE.search(quote)
    lacks = f"{_TITLES.get(missing[1], missing[1])} is not installed there" if missing else ""
    cause = f"runtime {runtime.name!r} can load nothing: {lacks or 'TensorFlow cannot be imported there'}"
    return Finding(Kind.RUNTIME_BROKEN, runtime.name, cause=cause, fix=_try_it(runtime), quote=quote)


def _ended(runtime: Runtime, ending: ProcessExit, log: str) -> Finding:
    name = _signal_name(-ending.code) if ending.code < 0 and not ending.timed_out else ""
    if ending.timed_out:
        how = f"was stopped after {ending.seconds:.0f} s"
    else:
        how = f"died of {name}" if name else f"ended with code {ending.code}"
    hint = f": {_HINTS[name]}" if name in _HINTS else ""
    said = last_line(log)
    return Finding(
        Kind.RUNTIME_BROKEN,
        runtime.name,
        cause=f"the loader of runtime {runtime.name!r} {how} before TensorFlow was imported there{hint}",
        fix=(OTHER_PROCESSOR,) if name == "SIGILL" else _try_it(runtime),
        details=(("last said", said),) if said else (),
        log=log,
    )


def _try_it(runtime: Runtime) -> tuple[str, ...]:
    if runtime.is_local:
        return ('see what `python -c "import tensorflow"` says in this environment',)
    if runtime.is_created:
        return (_recreate(runtime),)
    variables = "".join(f"{name}={shlex.quote(value)} " for name, value in runtime.env.items())
    code = "import h5py, tensorflow; tensorflow.keras.layers"
    return (f"repair it; this command must work: {variables}{runtime.interpreter} -c '{code}'",)


def _another_interpreter(runtime: Runtime) -> tuple[str, ...]:
    if runtime.is_created:
        return (_recreate(runtime),)
    return (f"name a Python that runs on this machine as 'interpreter' of {runtime.name!r} in {DECLARED_IN}",)


def _recreate(runtime: Runtime) -> str:
    return f"create it again: modelcompat runtimes remove {runtime.name} && modelcompat runtimes create {runtime.name}"


def is_out_of_memory(error: Mapping[str, str]) -> bool:
    """Whether an exception says that memory ran out."""
    if error["type"] in ("MemoryError", "_ArrayMemoryError") or "std::bad_alloc" in error["message"]:
        return True
    return error["type"] == "ResourceExhaustedError" and "OOM when allocating" in error["message"]


def diagnose_full_disk(text: str, loaded: LoadResult, context: DiagnosisContext) -> Finding:
    """The finding for a child that could not write, whether it lived to say so or not."""
    return no_space(
        f"{context.loader} found no space left on the disk {activity(loaded)}", context.file, root_cause(text)
    )


def diagnose_memory_error(error: Mapping[str, str], loaded: LoadResult, context: DiagnosisContext) -> Finding:
    """The finding for an exception that says that memory ran out."""
    match = _ALLOCATING.search(error["message"])
    asked = f": it asked for a {match['type']} tensor of shape ({match['shape'].replace(',', ', ')})" if match else ""
    return Finding(
        kind=Kind.OUT_OF_MEMORY,
        subject=error.get("declared") or context.file,
        cause=f"{context.loader} ran out of memory {activity(loaded)}{asked}",
        fix=("give the process more memory, or the model smaller inputs:", context.syntax.write("inputs", "...")),
        quote=root_cause(error["message"], error["type"]),
        details=_memory(loaded),
        is_specific=True,
    )


def exited(code: str, loaded: LoadResult, context: DiagnosisContext, declared: str = "") -> Finding:
    """The finding for a child that left by itself.

    Args:
        code: its exit code, or what it gave `sys.exit()` as a message.
        loaded: what it left.
        context: the artifact and the loader.
        declared: the declaration it was importing, where that is known.
    """
    stage = f"while it imported {declared}, which the test declares" if declared else activity(loaded)
    who = "it" if declared else "code that it imported, or the model's own code,"
    said = last_line(loaded.log)
    status = f"with code {code}" if code.lstrip("-").isdigit() else f"with the message {code!r}"
    return Finding(
        kind=Kind.LOADER_EXITED,
        subject=declared or context.file,
        cause=f"{context.loader} ended {status} {stage}: {who} called sys.exit() or os._exit()",
        fix=(_AT_IMPORT if declared or loaded.stage in ("start", "declare") else _RAISE,),
        details=(("last said", said),) if said else (),
    )


_LOOK_WHERE = "look at what it waited for: `innermost` below, and its log with pytest -vv"


def _timed_out(loaded: LoadResult, context: DiagnosisContext) -> Finding:
    why, fix = _why_so_long(loaded, context)
    longer = context.syntax.write("timeout", int(context.timeout * 2))
    frames = _last_frames(loaded)
    first = fix or ((_LOOK_WHERE,) if frames else ())
    return Finding(
        kind=Kind.LOADER_TIMED_OUT,
        subject=context.file,
        cause=f"{context.loader} was stopped after {context.timeout:g} s {activity(loaded)}{why}",
        fix=(*first, f"or, if it only needs longer: {longer}" if first else longer),
        blame=Blame.WRITER if fix and context.lambda_layers else None,
        details=frames,
    )


def _why_so_long(loaded: LoadResult, context: DiagnosisContext) -> tuple[str, tuple[str, ...]]:
    if loaded.stage not in ("load", "predict"):
        return "", ()
    keras_2_into_3 = 0 < major_version(context.saved_keras) < 3 <= major_version(context.loaded_keras)
    if context.format == "h5" and keras_2_into_3 and _has_nested_model(context):
        why = (
            ": Keras 3 never finishes loading a Keras 2 .h5 in which a functional model applies another model or "
            "layer twice, as this one may"
        )
        fix = (
            "load it with Keras 2: install tf_keras and set TF_USE_LEGACY_KERAS=1",
            "or save it with Keras 2 as SavedModel",
        )
        return why, fix
    if context.lambda_layers:
        return f": {_bytecode(context)}; another may run it forever", _NO_LAMBDA
    return "", ()


def _has_nested_model(context: DiagnosisContext) -> bool:
    layers = context.inventory.layers
    return any(use.class_name in ("Functional", "Model", "Sequential") for use in layers)


def _gave_up_allocating(loaded: LoadResult) -> bool:
    return loaded.process_exit.code == -signal.SIGABRT and "std::bad_alloc" in loaded.log[-4000:]


def _out_of_memory(loaded: LoadResult, context: DiagnosisContext) -> Finding:
    killed = loaded.process_exit.oom_killed
    how = f"the kernel killed {context.loader} because" if killed else f"{context.loader} gave up because"
    return Finding(
        kind=Kind.OUT_OF_MEMORY,
        subject=context.file,
        cause=f"{how} memory ran out {activity(loaded)}",
        fix=("give the process more memory, or run fewer tests at once (pytest -n)",),
        details=(*_memory(loaded), *_last_frames(loaded)),
    )


def _memory(loaded: LoadResult) -> tuple[tuple[str, str], ...]:
    return (("memory", f"{loaded.peak_memory / 2**20:.0f} MiB at most"),) if loaded.peak_memory else ()


def _killed(loaded: LoadResult, context: DiagnosisContext) -> Finding:
    name = _signal_name(-loaded.process_exit.code)
    by_bytecode = bool(context.lambda_layers) and loaded.stage in ("load", "predict") and name != "SIGKILL"
    why = _bytecode(context) if by_bytecode else _HINTS.get(name, "")
    fatal = _FATAL.search(loaded.log)
    return Finding(
        kind=Kind.LOADER_CRASHED,
        subject=context.file,
        cause=f"{context.loader} died of {name} {activity(loaded)}" + (f": {why}" if why else ""),
        fix=_NO_LAMBDA if by_bytecode else _after_crash(name, loaded, context),
        blame=Blame.WRITER if by_bytecode else None,
        quote=fatal.group() if fatal else "",
        details=(("signal", name), *_last_frames(loaded)),
    )


def _after_crash(name: str, loaded: LoadResult, context: DiagnosisContext) -> tuple[str, ...]:
    """What to do after a crash that no known cause explains."""
    if name in _FIXES:
        return _FIXES[name]
    if loaded.stage == "declare" and loaded.declaring:
        where = "" if context.is_local else f"with the Python of runtime {context.runtime!r}, "
        return (f"{where}repair it until this command ends well: {_import_command(loaded.declaring)}",)
    if any(label == "innermost" for label, _ in _last_frames(loaded)):
        return (_MEND,)
    return ("find the op that crashed in TensorFlow's log (pytest -vv), and leave it out of the model",)


def _import_command(declared: str) -> str:
    is_library = declared.endswith((".so", ".dylib", ".dll"))
    code = f"import tensorflow as tf; tf.load_op_library({declared!r})" if is_library else f"import {declared}"
    return f"python -X faulthandler -c {shlex.quote(code)}"


def _bytecode(context: DiagnosisContext) -> str:
    words = context.words()
    here = f" (this is CPython {words['python']})" if words["python"] else ""
    return (
        f"the artifact holds Python bytecode{words['saved_python']} in {words['lambdas']}, which only the Python that "
        f"wrote it can run{here}"
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_frames(loaded: LoadResult) -> tuple[tuple[str, str], ...]:
    """The innermost frames that faulthandler wrote, else the last line of the log."""
    stack = _CURRENT_STACK.search(loaded.log) or _STACK.search(loaded.log)
    if stack is None:
        said = last_line(loaded.log)
        return (("last said", said),) if said else ()
    frames = [_FRAME.search(line) for line in stack.group(1).splitlines()[:MOST_FRAMES]]
    return (("innermost", ", called by ".join(_frame(frame) for frame in frames if frame)),)


def _frame(frame: re.Match[str]) -> str:
    file = "/".join(frame["file"].replace("\\", "/").split("/")[-2:])
    return f"{frame['function']} ({file}:{frame['line']})"
