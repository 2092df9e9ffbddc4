"""FolderKeeper: writes a failed target as a folder that somebody else runs."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.artifact_files import files_of
from pytest_modelcompat.artifacts.limits import megabytes
from pytest_modelcompat.reproduction.evidence import NothingToShowError, shown, training_evidence
from pytest_modelcompat.reproduction.ingredients import keras_import, limits_of, local_flags, module_places
from pytest_modelcompat.reproduction.privacy import shareable
from pytest_modelcompat.reproduction.recipe import (
    EXPECTED,
    INPUTS,
    LAYERS,
    RECIPE,
    SCRIPT,
    TARGETS,
    TRAINING,
    WEIGHTS,
    Call,
    Recipe,
    write_recipe,
)
from pytest_modelcompat.reproduction.requirements import requirements
from pytest_modelcompat.reproduction.script import script_text
from pytest_modelcompat.reproduction.sources import Sources, module_of, sources_of
from pytest_modelcompat.reproduction.values import expression
from pytest_modelcompat.results.reproduction import Reproduction
from pytest_modelcompat.runtimes.pool import project_path
from pytest_modelcompat.runtimes.runtime import variables_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.results.failed_target import FailedTarget

# A larger file is left out of a folder that is meant to be sent.
LARGEST = 500 << 20
_GOLDEN_FILES = ("golden.json", "arrays.npz")
_VERSIONS, _LOG, _GOLDEN = "versions.json", "log.txt", "golden"
_OWN_NAMES = frozenset({INPUTS, EXPECTED, TARGETS, LAYERS, WEIGHTS, TRAINING, RECIPE, SCRIPT, _VERSIONS, _LOG, _GOLDEN})


@dataclass(frozen=True)
class FolderKeeper:
    """Writes failed targets below a folder.

    Args:
        home: the folder.
        root: the project's folder.
        has_artifacts: whether the artifacts of all targets are kept there already.
        largest: bytes of an artifact, or of a golden, beyond which it is left out.
    """

    home: Path
    root: Path
    has_artifacts: bool
    largest: int = LARGEST

    def keep(self, failed: FailedTarget) -> Reproduction:
        """Write the folder of a target; see `FailureKeeper`.

        Args:
            failed: the target.
        """
        folder = self.home.joinpath(*failed.where)
        if not self.has_artifacts:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        named = folder.relative_to(self.root).as_posix() if folder.is_relative_to(self.root) else str(folder)
        left_out = [*self._artifact(failed, folder), *self._golden(failed, folder)]
        _write_circumstances(failed, folder)
        try:
            recipe = _recipe(failed, folder, left_out)
        except NothingToShowError as error:
            return Reproduction(named, problem=shareable(str(error), self.root))
        _write(recipe, failed, folder)
        return Reproduction(named, f"{named}/{SCRIPT}", "; ".join(left_out))

    def clear(self, where: tuple[str, ...]) -> None:
        """Remove what an earlier run has left of a target that passes now; see `FailureKeeper`.

        Args:
            where: parts of the path of its folder.
        """
        if not self.has_artifacts:
            shutil.rmtree(self.home.joinpath(*where), ignore_errors=True)

    def _artifact(self, failed: FailedTarget, folder: Path) -> list[str]:
        """Copy the artifact, unless it is there; gives a line for what was left out."""
        if failed.job is None or failed.job.artifact.is_relative_to(folder):
            return []
        artifact = failed.job.artifact
        size = sum(file.stat().st_size for file in files_of(artifact))
        name = artifact_name(artifact)
        if size > self.largest:
            return [f"{name} ({megabytes(size)}) is left out: copy it into the folder"]
        if artifact.is_dir():
            shutil.copytree(artifact, folder / name, dirs_exist_ok=True)
        else:
            shutil.copyfile(artifact, folder / name)
        return []

    def _golden(self, failed: FailedTarget, folder: Path) -> list[str]:
        if failed.golden is None:
            return []
        files = [each for each in (failed.golden / name for name in _GOLDEN_FILES) if each.is_file()]
        size = sum(file.stat().st_size for file in files)
        if size > self.largest:
            return [f"the golden ({megabytes(size)}) is left out"]
        (folder / _GOLDEN).mkdir(exist_ok=True)
        for file in files:
            shutil.copyfile(file, folder / _GOLDEN / file.name)
        return []


def artifact_name(artifact: Path) -> str:
    """What an artifact is called in a folder that has files of its own.

    Args:
        artifact: where it is.
    """
    return f"artifact-{artifact.name}" if artifact.name in _OWN_NAMES else artifact.name


def _write_circumstances(failed: FailedTarget, folder: Path) -> None:
    """The versions, and what the loader and the exception said."""
    facts, loaded = failed.result.facts, failed.loaded
    versions = {
        "saved_by": dict(facts.saved_by),
        "loaded_by": dict(facts.loaded_by or failed.versions),
        "golden_made_by": dict(facts.golden_made_by),
        "runtime": failed.result.runtime,
        "format": failed.result.format,
    }
    (folder / _VERSIONS).write_text(json.dumps(versions, indent=1) + "\n", encoding="utf-8")
    raised = dict(loaded.error)["traceback"] if loaded is not None and loaded.error is not None else ""
    log = "\n".join(part for part in (loaded.log if loaded is not None else "", raised) if part)
    (folder / _LOG).write_text(shareable(log, failed.root), encoding="utf-8", errors="backslashreplace")


def _recipe(failed: FailedTarget, folder: Path, left_out: list[str]) -> Recipe:
    """What the script of a target does; writes the arrays that it reads, and the modules that it imports.

    Raises:
        NothingToShowError: no script fails as the target did.
    """
    shows = shown(failed)
    job, loaded, first = failed.job, failed.loaded, failed.result.errors[0]
    assert job is not None and loaded is not None  # noqa: S101, PT018 - there is something to show
    places = module_places(job.declared.custom_objects)
    modules = {*job.declared.imports, *(place.partition(":")[0] for place in places.values())}
    compared = {module for each in failed.tolerances.values() for module in _module_of(each)}
    defining = {module for each in failed.defining for module in [module_of(each)] if module}
    sources = sources_of({*modules, *compared, *defining}, job.declared.files, project_path())
    _copy_sources(sources, folder)
    legacy = keras_import(job, failed.versions).startswith("import tf_keras")
    variables = os.environ if failed.runtime.is_local else variables_for(failed.runtime.env)
    error = loaded.error or {}
    heading = f"{first.kind.value}  {failed.result.title}: {first.cause or first.subject}".replace("\n", " ")
    return Recipe(
        heading=shareable(heading, failed.root),
        kind=first.kind.value,
        subject=first.subject,
        shows=shows,
        artifact=job.artifact.name if job.artifact.is_relative_to(folder) else artifact_name(job.artifact),
        format=job.format,
        keras=keras_import(job, failed.versions),
        error={key: shareable(str(error[key]), failed.root) for key in ("type", "message") if key in error},
        stage=loaded.stage,
        calls=_written_calls(failed, folder),
        limits=limits_of(failed.tolerances),
        custom_objects=places,
        imports=tuple(job.declared.imports),
        op_libraries=tuple(_copied(Path(each), folder) for each in job.declared.op_libraries),
        flags=local_flags(variables, is_legacy=legacy),
        safe_mode=job.safe_mode,
        compile_model=job.compile_model,
        timeout=job.timeout,
        python=".".join(failed.versions.get("python", "").split(".")[:2]),
        requirements=requirements(
            failed.versions,
            failed.runtime.packages,
            sources.packages,
            is_local=failed.runtime.is_local,
            legacy=legacy,
        ),
        comments=tuple(f"{each[0].upper()}{each[1:]}." for each in left_out),
    )


def _module_of(limit: Any) -> list[str]:
    name = str(getattr(limit.own, "name", ""))
    return [name.partition(":")[0]] if ":" in name else []


def _copy_sources(sources: Sources, folder: Path) -> None:
    for name, file in sources.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if file is None:
            target.touch()
        else:
            shutil.copyfile(file, target)


def _copied(file: Path, folder: Path) -> str:
    shutil.copyfile(file, folder / file.name)
    return file.name


def _written_calls(failed: FailedTarget, folder: Path) -> tuple[Call, ...]:
    """The calls of a target, with their arrays written."""
    import numpy as np

    from pytest_modelcompat.loader import tensors

    if not failed.calls:
        return ()
    inputs = {call.signature: call.inputs for call in failed.calls}
    expected = {call.signature: dict(call.expected) for call in failed.calls}
    is_one = list(inputs) == [""]
    structure, arrays = tensors.pack(tensors.as_leaves(inputs[""] if is_one else inputs))
    np.savez(folder / INPUTS, **arrays)
    outputs, arrays = tensors.pack(expected[""] if is_one else expected)
    if arrays:
        np.savez(folder / EXPECTED, **arrays)
    if is_one:
        return (Call("", structure, outputs, failed.calls[0].order),)
    return tuple(
        Call(each.signature, structure["dict"][each.signature], outputs["dict"][each.signature])
        for each in failed.calls
    )


def _write(recipe: Recipe, failed: FailedTarget, folder: Path) -> None:
    """Write a script with the other files that it reads."""
    training = None
    if "training" in recipe.shows:
        training = training_evidence(failed)
        if training is not None:
            (folder / TRAINING).write_text(json.dumps(training, indent=1) + "\n", encoding="utf-8")
            training["targets"] = _written_targets(failed, folder)
    if "weights" in recipe.shows:
        digests = {each.path: each.sha256 for each in failed.weights if each.dtype != "string"}
        (folder / WEIGHTS).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")
    layers = failed.layer_outputs()
    if layers is not None:
        _write_layers(layers, folder)
    write_recipe(recipe, folder)
    write_script(recipe, folder, training)


def write_script(recipe: Recipe, folder: Path, training: Mapping[str, Any] | None = None) -> None:
    """Write the script of a recipe.

    Args:
        recipe: what it does.
        folder: where.
        training: see `script_text`.
    """
    (folder / SCRIPT).write_text(script_text(recipe, training), encoding="utf-8")


def _write_layers(layers: Mapping[str, Any], folder: Path) -> None:
    import numpy as np

    np.savez(folder / LAYERS, **layers)


def _written_targets(failed: FailedTarget, folder: Path) -> str:
    """The expression of the targets of a batch, with their arrays written; empty where there are none."""
    import numpy as np

    from pytest_modelcompat.loader import tensors

    if failed.training.targets is None:
        return ""
    structure, arrays = tensors.pack(tensors.as_leaves(failed.training.targets))
    np.savez(folder / TARGETS, **arrays)
    return expression(structure, "batch_targets")
