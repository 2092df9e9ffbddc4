"""A job for a loader, and its answer, as files in a folder of its own."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.weight_digest import WeightDigest, weight_digests
from pytest_modelcompat.runtimes.isolation import Isolation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LOG_TAIL = 20_000
# Of what a child says of its load; its outputs are in files of their own.
LARGEST_ANSWER = 64 << 20
# As the loader names a load without the compile configuration.
UNCOMPILED = "uncompiled"


@dataclass(frozen=True)
class Declarations:
    """What a case declares to the loader.

    Args:
        custom_objects: name -> (module, qualified name), imported there and handed to `load_model`.
        imports: modules imported before loading.
        op_libraries: files for `tf.load_op_library`.
        files: where this process has declared modules from, by module name.
    """

    custom_objects: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    op_libraries: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingJob:
    """What to evaluate of a compiled model, on the job's inputs.

    Args:
        targets: nested arrays; None where its loss needs none.
        steps: whether to do a step of training, too.
        seed: of what a step draws.
    """

    targets: Any
    steps: bool
    seed: int = 0


@dataclass(frozen=True)
class Job:
    """One artifact to load and call.

    Args:
        artifact: the file or folder.
        format: `h5`, `keras` or `saved_model`.
        keras: the module to load with, `keras` or `tf_keras`; empty for the one that is `tf.keras` there.
        declared: what the case declares.
        inputs: nested inputs; with `per_signature`, a dict of them by signature name.
        objects: layers and other objects to resolve: `role`, `name`, `module`, `registered_name`, `is_class`,
            `config_keys`.
        ops: ops to look up in the op registry.
        digests: whether to digest the weights of what was loaded.
        call: whether to call what was loaded.
        per_signature: whether `inputs` holds one entry for each signature.
        input_names: the live model's input names in TensorFlow's order.
        output_names: its output names, likewise.
        safe_mode: passed to `load_model`.
        compile_model: passed to `load_model` as `compile`.
        retry_uncompiled: whether to try once more with `compile=False` where the load fails.
        training: whether to read what the model needs to go on training, which a SavedModel does not hold.
        trial: what to evaluate of a compiled model; None for nothing.
        layers: whether to keep what each layer of a model gives.
        source: what the layers of a SavedModel are matched with; see `loader.graph_trace`.
        saved_model_loaders: the other loaders of a SavedModel to try: `graph`, `tfsm_layer`, `tf_keras`.
        threads: intra- and inter-op threads; 0 leaves TensorFlow's default.
        timeout: seconds until the child is killed.
        isolation: what the child must do without.
        stochastic: the outputs that draw random numbers, of which samples are taken over many calls.
        stateful: whether the model has RNNs that keep their state, so that a SavedModel's is reset before each call.
        saved_as: a format and the file or folder to be, into which the model that was loaded is saved; None for none.
    """

    artifact: Path
    format: str
    keras: str
    declared: Declarations
    inputs: Any
    objects: Sequence[Mapping[str, Any]] = ()
    ops: Sequence[str] = ()
    digests: bool = True
    call: bool = True
    per_signature: bool = False
    input_names: Sequence[str] = ()
    output_names: Sequence[str] = ()
    safe_mode: bool = True
    compile_model: bool = True
    retry_uncompiled: bool = False
    training: bool = False
    trial: TrainingJob | None = None
    layers: bool = False
    source: Mapping[str, Any] = field(default_factory=dict)
    saved_model_loaders: Sequence[str] = ()
    threads: int = 0
    timeout: float = 300.0
    isolation: Isolation = field(default_factory=Isolation)
    stochastic: Sequence[str] = ()
    stateful: bool = False
    saved_as: tuple[str, Path] | None = None


@dataclass(frozen=True)
class ProcessExit:
    """How a child ended: exit code (a negative signal number if killed), and who ended it.

    `stopped_by` is what the loader ended it for: `time`, `memory` or `disk`; empty where it did not.
    """

    code: int
    timed_out: bool = False
    oom_killed: bool = False
    seconds: float = 0.0
    stopped_by: str = ""


@dataclass(frozen=True)
class OtherLoadResult:
    """What came of loading an artifact in another way: a SavedModel with another loader, a model uncompiled.

    Args:
        process_exit: how the child ended, if it did so there.
        stage: `load`, `predict` or `done`.
        error: as `LoadResult.error`.
        unavailable: what the runtime lacks for this loader; empty if it has it.
        routes: outputs by signature name, then by output name.
        weights: digests of the weights of a model loaded uncompiled.
    """

    process_exit: ProcessExit
    stage: str = "load"
    error: Mapping[str, str] | None = None
    unavailable: str = ""
    routes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    weights: tuple[WeightDigest, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the artifact was loaded and called."""
        return self.stage == "done"


@dataclass(frozen=True)
class LoadResult:
    """The loader's answer to a job.

    Args:
        process_exit: how the child ended; if it did so while it loaded in another way, that result says so instead.
        stage: the last stage reached: `start`, `declare`, `resolve`, `load`, `predict`, `training` or `done`.
        error: `type`, `message`, `traceback` of the exception, and `declared` if a declaration could not be had.
        declaring: the declaration it was importing last.
        unknown_objects: positions in the job's `objects` that the loader could not resolve.
        unknown_ops: ops its registry does not have.
        not_rebuildable: for objects at `index`: `class`, `argument`, `problem`, `has_get_config`.
        routes: outputs by signature name (`""` for a model called directly), then by output name.
        weights: digests of the model's weights.
        other_results: the result of each other loader that was to try, in that order.
        uncompiled: the result without the compile configuration, where a load failed and that was tried; else None.
        training: optimizer, compile config and the optimizer's variables; None where the job did not ask for them or
            the model has none.
        trial: `evaluated`, loss and metrics by name, `step`, the losses of a step of training, and `error`, as far as
            the job asks for them.
        layers: what the layers gave, where the job asked: `entries` and `state` as `loader.layer_trace` has them, and
            `samples` by name; else None.
        versions: of Keras, TensorFlow, Python, NumPy in the loader.
        timings: seconds by stage.
        peak_memory: bytes.
        log: the end of what TensorFlow and the user's modules printed.
        declared: the modules and op libraries that it was to import first.
        isolation: what the child was to do without.
        not_isolated: the parts of that for which the machine offers no way: `privileges`, `files`, `network`.
    """

    process_exit: ProcessExit
    stage: str = "start"
    error: Mapping[str, str] | None = None
    declaring: str = ""
    unknown_objects: tuple[int, ...] = ()
    unknown_ops: tuple[str, ...] = ()
    not_rebuildable: tuple[Mapping[str, Any], ...] = ()
    routes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    weights: tuple[WeightDigest, ...] = ()
    other_results: Mapping[str, OtherLoadResult] = field(default_factory=dict)
    uncompiled: OtherLoadResult | None = None
    training: Mapping[str, Any] | None = None
    trial: Mapping[str, Any] = field(default_factory=dict)
    layers: Mapping[str, Any] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    peak_memory: int = 0
    log: str = ""
    declared: tuple[str, ...] = ()
    isolation: Isolation = field(default_factory=Isolation)
    not_isolated: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the artifact was loaded and called."""
        return self.stage == "done" and self.error is None and self.process_exit.code == 0


def write_job(job: Job, folder: Path, sys_path: Sequence[str], *, room: int, own_path: bool = False) -> None:
    """Put a job where a loader's child finds it.

    Args:
        job: what is to be done.
        folder: the job's own.
        sys_path: the child's `sys.path`.
        room: bytes that the child may write into a file.
        own_path: whether what the loader's interpreter has there itself follows.
    """
    import numpy as np

    from pytest_modelcompat.loader import tensors

    structure, arrays = tensors.pack(tensors.as_leaves(job.inputs))
    np.savez(folder / "inputs.npz", **arrays)
    trial = None
    if job.trial is not None:
        targets, arrays = tensors.pack(tensors.as_leaves(job.trial.targets))
        np.savez(folder / "targets.npz", **arrays)
        trial = {"targets": targets, "steps": job.trial.steps, "seed": job.trial.seed}
    content = {
        "artifact": str(job.artifact),
        "format": job.format,
        "keras": job.keras,
        "sys_path": list(sys_path),
        "own_path": own_path,
        "cwd": str(job.isolation.current_folder(folder)),
        "isolation": job.isolation.as_json(folder, room, job.timeout),
        "modules": dict(job.declared.files),
        "imports": list(job.declared.imports),
        "op_libraries": list(job.declared.op_libraries),
        "custom_objects": {
            name: {"module": module, "qualname": qualname}
            for name, (module, qualname) in job.declared.custom_objects.items()
        },
        "objects": list(job.objects),
        "ops": list(job.ops),
        "inputs": structure,
        "digests": job.digests,
        "call": job.call,
        "per_signature": job.per_signature,
        "input_names": list(job.input_names),
        "output_names": {"names": list(job.output_names)},
        "safe_mode": job.safe_mode,
        "compile_model": job.compile_model,
        "retry_uncompiled": job.retry_uncompiled,
        "training": job.training,
        "trial": trial,
        "layers": job.layers,
        "source": dict(job.source),
        "saved_model_loaders": list(job.saved_model_loaders),
        "threads": job.threads,
        "stochastic": list(job.stochastic),
        "stateful": job.stateful,
        "saved_as": job.saved_as[0] if job.saved_as else "",
    }
    (folder / "job.json").write_text(json.dumps(content), encoding="utf-8")


def read_answer(folder: Path, ending: ProcessExit) -> LoadResult:
    """What a child left in its job's folder, as far as it got."""
    log = tail(folder / "log.txt")
    try:
        return _read_answer(folder, _read_json(folder / "answer.json"), ending, log)
    except Exception:  # noqa: BLE001 - the code of a model can write there what it likes
        return LoadResult(ending, log=log)


def _read_answer(folder: Path, answer: Mapping[str, Any], ending: ProcessExit, log: str) -> LoadResult:
    died_trying = answer["trying"]

    def other_result(name: str, other: Mapping[str, Any]) -> OtherLoadResult:
        return OtherLoadResult(
            ending if name == died_trying else ProcessExit(0),
            stage=other["stage"],
            error=other["error"],
            unavailable=other["unavailable"],
            routes=_read_routes(folder / f"outputs-{name}.npz", other),
            weights=weight_digests(other.get("weights", ())),
        )

    return LoadResult(
        ProcessExit(0, seconds=ending.seconds) if died_trying else ending,
        stage=answer["stage"],
        error=answer["error"],
        declaring=answer["declaring"],
        unknown_objects=tuple(answer.get("unknown_objects", ())),
        unknown_ops=tuple(answer.get("unknown_ops", ())),
        not_rebuildable=tuple(answer.get("not_rebuildable", ())),
        routes=_read_routes(folder / "outputs.npz", answer),
        weights=weight_digests(answer.get("weights", ())),
        other_results={name: other_result(name, other) for name, other in answer.get("others", {}).items()},
        uncompiled=other_result(UNCOMPILED, answer[UNCOMPILED]) if UNCOMPILED in answer else None,
        training=answer.get("training"),
        trial=answer.get("trial", {}),
        layers=_read_layers(folder, answer),
        versions=answer.get("versions", {}),
        timings=answer.get("timings", {}),
        peak_memory=answer.get("peak_memory", 0),
        log=log,
        not_isolated=tuple(map(str, answer.get("isolation", {}).get("missing", ()))),
    )


def _read_routes(file: Path, answer: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    if "routes" not in answer:
        return {}
    import numpy as np

    from pytest_modelcompat.loader import tensors

    with np.load(_stored(_regular(file)), allow_pickle=False) as arrays:
        routes: Mapping[str, Mapping[str, Any]] = tensors.unpack(answer["routes"], arrays)
    return routes


def _read_layers(folder: Path, answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if "layers" not in answer:
        return None
    import numpy as np

    with np.load(_stored(_regular(folder / "layers.npz")), allow_pickle=False) as arrays:
        return {**answer["layers"], "samples": {name: arrays[name] for name in arrays.files}}


def _regular(file: Path) -> Path:
    """A file that is one: whoever opens a pipe under its name would wait for a writer.

    Raises:
        FileNotFoundError: it is none.
    """
    if not file.is_file():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file))
    return file


def _read_json(file: Path) -> Any:
    """What a child has answered.

    Raises:
        ValueError: it is no JSON, or longer than any answer.
    """
    if _regular(file).stat().st_size > LARGEST_ANSWER:
        raise ValueError(f"it has more than {LARGEST_ANSWER:,} bytes")
    return json.loads(file.read_text("utf-8"))


def _stored(file: Path) -> Path:
    """Outputs that take no more memory than they take on the disk, as NumPy stores them.

    Raises:
        ValueError: they would be unpacked, or some of them are there more than once.
    """
    from zipfile import ZIP_STORED, ZipFile

    with ZipFile(file) as archive:
        members = archive.infolist()
    is_packed = any(member.compress_type != ZIP_STORED for member in members)
    if is_packed or sum(member.file_size for member in members) > file.stat().st_size:
        raise ValueError("they are not stored as they are")
    return file


def tail(log: Path) -> str:
    """The end of a log; empty where there is none."""
    try:
        with _regular(log).open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - LOG_TAIL))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
