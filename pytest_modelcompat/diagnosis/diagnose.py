"""An exception or a crash becomes a finding."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.diagnosis.catalogue import CATALOGUE
from pytest_modelcompat.diagnosis.context import locations_of_name
from pytest_modelcompat.diagnosis.isolation import stopped_by_isolation
from pytest_modelcompat.diagnosis.known_failure import RaisedException, match_known_failure
from pytest_modelcompat.diagnosis.local_errors import is_disk_full
from pytest_modelcompat.diagnosis.messages import class_being_rebuilt, root_cause
from pytest_modelcompat.diagnosis.misspelt import declared_again
from pytest_modelcompat.diagnosis.process_exit import (
    ACTIVITY_BY_STAGE,
    activity,
    diagnose_full_disk,
    diagnose_memory_error,
    diagnose_process_exit,
    exited,
    is_out_of_memory,
)
from pytest_modelcompat.results.finding import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.diagnosis.context import DiagnosisContext
    from pytest_modelcompat.diagnosis.known_failure import KnownFailure
    from pytest_modelcompat.profiles.op_packages import OpPackage
    from pytest_modelcompat.runtimes.protocol import LoadResult

_MISSING = re.compile(r"No module named '([^']+)'")
AFTER_LOADING = {"predict": Kind.PREDICTION_FAILED, "training": Kind.TRAINING_CHANGED}


def diagnose(loaded: LoadResult, context: DiagnosisContext, known_failures: tuple[KnownFailure, ...] = ()) -> Finding:
    """Why an artifact could not be loaded and called.

    Args:
        loaded: the loader's answer; it has not succeeded.
        context: the artifact and the loader.
        known_failures: the project's own entries, looked up before the catalogue's.
    """
    stopped = stopped_by_isolation(loaded, context, activity(loaded))
    finding = stopped or _diagnose(loaded, context, known_failures)
    return replace(finding, log=_log(loaded))


def _diagnose(loaded: LoadResult, context: DiagnosisContext, own: tuple[KnownFailure, ...]) -> Finding:
    error = loaded.error
    # A child that reported its exception and died after it, while Python shut down, is explained by its exception.
    if error is None:
        return diagnose_process_exit(loaded, context)
    if is_out_of_memory(error):
        return diagnose_memory_error(error, loaded, context)
    if is_disk_full(error["message"]):
        return diagnose_full_disk(error["message"], loaded, context)
    if error["type"] == "SystemExit":
        return exited(error["message"] or "0", loaded, context, error.get("declared", ""))
    if error.get("declared"):
        return _not_imported(error, context)
    raised = RaisedException.of(error)
    return _known(raised, loaded.stage, context, own) or _unknown_exception(error, loaded.stage, context)


def _known(
    raised: RaisedException, stage: str, context: DiagnosisContext, own: tuple[KnownFailure, ...]
) -> Finding | None:
    for entry in (*own, *CATALOGUE):
        found = match_known_failure(entry, raised, stage, context)
        if found is not None:
            # Who wrote an entry of the project's own knows, whether it names a source or not.
            return replace(found, is_specific=True) if entry in own else found
    return None


def _not_imported(error: Mapping[str, str], context: DiagnosisContext) -> Finding:
    declared, cause = error["declared"], root_cause(error["message"], error["type"])
    who = "the test declares" if context.is_local else "the test or the runtime declares"
    return Finding(
        kind=Kind.IMPORT_FAILED,
        subject=declared,
        cause=f"{context.loader} cannot import {declared}, which {who}: {error['type']}: {cause}"
        + (f"; did you mean {error['near']!r}?" if error.get("near") else ""),
        fix=_import_fix(error, context),
        quote=cause,
    )


def _import_fix(error: Mapping[str, str], context: DiagnosisContext) -> tuple[str, ...]:
    declared, near = error["declared"], error.get("near", "")
    if near:
        return (declared_again(declared, near, context.custom_objects, context.syntax),)
    if declared in ("keras", "tf_keras"):
        return (f"install {declared} where the artifact is loaded, or load it in another runtime",)
    if error["type"] == "AttributeError":
        return (f"define {declared} at the top level of its module, under this name",)
    if declared.endswith((".so", ".dll", ".dylib")):
        return ("build the op library against the TensorFlow that loads it, and check its path",)
    package = context.package_called(declared)
    if package is not None and not _needs_another(package, error):
        return (f"install it where it is loaded, in the version for the TensorFlow there: {package.install('')}",)
    return _import_here(error) if context.is_local else _import_elsewhere(error, context.runtime)


def _import_here(error: Mapping[str, str]) -> tuple[str, ...]:
    declared = error["declared"]
    if error["type"] in ("ImportError", "ModuleNotFoundError"):
        return (
            "make it importable in a fresh process: install the package, or add its folder to",
            "`pythonpath` in pytest's configuration",
        )
    return (f"correct the error that {declared} raises on import; to see it: python -c 'import {declared}'",)


def _import_elsewhere(error: Mapping[str, str], runtime: str) -> tuple[str, ...]:
    """What another runtime lacks has to be installed there: of here it is given the project's own folders only."""
    declared = error["declared"]
    missing = _MISSING.match(error["message"])
    if missing is None:
        return (f"make {declared} importable by the Python and the TensorFlow of runtime {runtime!r} too",)
    name = missing[1]
    install = (
        f"install {name} in runtime {runtime!r}, which sees the project's own folders, but no package that is "
        "installed here"
    )
    if declared == name or declared.startswith(f"{name}."):
        return (install,)
    if name == "keras":
        return (install, f"or write `from tensorflow import keras` in {declared}")
    return (install, f"or declare what is needed from a module that does not import {name}")


def _needs_another(package: OpPackage, error: Mapping[str, str]) -> bool:
    """Whether a package is there, and lacks another module that it imports."""
    missing = _MISSING.match(error["message"])
    own_root = package.module.split(".", maxsplit=1)[0]
    return missing is not None and missing[1].split(".", maxsplit=1)[0] != own_root


def _unknown_exception(error: Mapping[str, str], stage: str, context: DiagnosisContext) -> Finding:
    cause = root_cause(error["message"], error["type"])
    said = cause if cause.startswith(error["type"]) else f"{error['type']}: {cause}"
    name, layer = class_being_rebuilt(error["message"])
    loading = stage not in AFTER_LOADING
    return Finding(
        kind=AFTER_LOADING.get(stage, Kind.LOAD_FAILED),
        subject=context.file,
        where=locations_of_name(layer or name, context.inventory) if layer or name else (),
        cause=f"{_who(context, stage)}: {said}",
        fix=_other_version(context) if loading else (),
        quote=cause,
        details=(("rebuilding", f'{name} "{layer}"' if layer else name),) if name else (),
    )


def _who(context: DiagnosisContext, stage: str) -> str:
    if stage == "predict":
        return "the file loads, and the loaded model fails when it is called"
    if stage == "training":
        return "the file loads, and its optimizer and compile config, which further training needs, cannot be read"
    if stage != "load":
        return f"the loader failed {ACTIVITY_BY_STAGE[stage]}"
    if context.format == "saved_model":
        return "TensorFlow could not load the SavedModel"
    return "Keras could not load the file"


def _other_version(context: DiagnosisContext) -> tuple[str, ...]:
    """A hint rather than a fix: all that is known is that another version of Keras wrote the file."""
    if not context.saved_keras or not context.loaded_keras or context.saved_keras == context.loaded_keras:
        return ()
    return (f"try Keras {context.saved_keras}, which saved the file; this is Keras {context.loaded_keras}",)


def _log(loaded: LoadResult) -> str:
    traceback = (loaded.error or {}).get("traceback", "")
    return "\n".join(part.strip("\n") for part in (traceback, loaded.log) if part.strip())
