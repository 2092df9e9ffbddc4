"""Loading artifacts in one runtime, each in a process of its own, and noting what happened as it happens."""

from __future__ import annotations

import itertools
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.names import parse_name
from pytest_modelcompat.runtimes.process import LoaderProcess
from pytest_modelcompat.runtimes.protocol import Declarations, Job, LoadResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_modelcompat.runtimes.runtime import Runtime

OBJECTS = "accuracy.zoo.objects"
OBJECTS_FILE = Path(__file__).resolve().parent / "zoo" / "objects.py"
FIRST_SAFE_MODE = 12
ROUTE = "serving_default"
TOLERANCES = {"f2": 2e-2, "f4": 1e-4, "f8": 1e-7}
MIXED_TOLERANCE = 2e-2
WRITING = threading.Lock()


@dataclass(frozen=True)
class Artifact:
    """One artifact of the matrix, its inputs and the live model's outputs.

    Args:
        saver: the runtime that saved it.
        model: the name of what was saved.
        format: `h5`, `keras` or `saved_model`.
        path: the file or folder.
        values: an .npz with `input_0`, ... and `output_0`, ...
        objects: custom objects that it takes to load.
        unsafe: whether it is loaded without safe mode too.
    """

    saver: str
    model: str
    format: str
    path: Path
    values: Path
    objects: tuple[str, ...]
    unsafe: bool

    @classmethod
    def of_note(cls, saver: str, folder: Path, note: Mapping[str, Any]) -> Artifact:
        """The artifact that a line of `saved.jsonl` tells of."""
        model, form = note["model"], note["format"]
        values = folder / f"{model}.{form}.npz"
        path = folder / Path(note["artifact"]).name
        return cls(saver, model, form, path, values, tuple(note["objects"]), note["unsafe"])


@dataclass(frozen=True)
class Load:
    """One load to do: an artifact, what is declared, and the safe mode (None where the loader has none)."""

    artifact: Artifact
    declared: tuple[str, ...]
    safe_mode: bool | None

    def key(self) -> tuple[str, ...]:
        """What tells its result from every other of the same loader."""
        return (str(self.artifact.path), ",".join(self.declared), str(self.safe_mode))


def load_all(
    name: str,
    python: Path,
    artifacts: Sequence[Artifact],
    results: Path,
    *,
    timeout: float,
    environment: Mapping[str, str],
) -> int:
    """Load every artifact in the runtime called `name`, appending a line each to `results`; how many there were."""
    runtime = builtin_runtime(name)
    done = _done(results, name)
    loads = [load for artifact in artifacts for load in _loads(artifact, runtime) if load.key() not in done]
    if not loads:
        return 0
    variables = {**environment, **runtime.env}
    loader = LoaderProcess(python=python, environment=variables)
    try:
        for load in loads:
            row = _row(load, runtime, loader.run(_job(load, timeout)))
            with WRITING, results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
    finally:
        loader.close()
    return len(loads)


def _done(results: Path, loader: str) -> set[tuple[str, ...]]:
    if not results.exists():
        return set()
    rows = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    return {
        (row["artifact"], ",".join(row["declared"]), str(row["safe_mode"])) for row in rows if row["loader"] == loader
    }


def _loads(artifact: Artifact, runtime: Runtime) -> Iterator[Load]:
    if artifact.format == "saved_model":
        yield Load(artifact, (), None)
        return
    has_safe_mode = parse_name(runtime.name).tensorflow[1] >= FIRST_SAFE_MODE
    modes = ((True, False) if artifact.unsafe else (True,)) if has_safe_mode else (None,)
    declarations = ((), artifact.objects) if artifact.objects else ((),)
    for declared, safe_mode in itertools.product(declarations, modes):
        yield Load(artifact, declared, safe_mode)


def _job(load: Load, timeout: float) -> Job:
    artifact = load.artifact
    inputs: Any = _values(artifact, "input")
    inputs = inputs[0] if len(inputs) == 1 else inputs
    per_signature = artifact.format == "saved_model"
    return Job(
        artifact=artifact.path,
        format=artifact.format,
        keras="",
        declared=Declarations(
            custom_objects={name: (OBJECTS, name) for name in load.declared}, files={OBJECTS: str(OBJECTS_FILE)}
        ),
        inputs={ROUTE: inputs} if per_signature else inputs,
        per_signature=per_signature,
        digests=False,
        safe_mode=load.safe_mode is not False,
        threads=1,
        timeout=timeout,
    )


def _row(load: Load, runtime: Runtime, loaded: LoadResult) -> dict[str, Any]:
    outcome, max_abs, message = _outcome(load.artifact, loaded)
    return {
        "model": load.artifact.model,
        "saver": load.artifact.saver,
        "format": load.artifact.format,
        "artifact": str(load.artifact.path),
        "loader": runtime.name,
        "python": runtime.python,
        "safe_mode": load.safe_mode,
        "outcome": outcome,
        "stage": loaded.stage,
        "error_type": loaded.error["type"] if loaded.error else None,
        "message": message if len(message) <= 1000 else f"{message[:600]} … {message[-400:]}",
        "max_abs": max_abs,
        "declared": list(load.declared),
        "seconds": loaded.process_exit.seconds,
    }


def _outcome(artifact: Artifact, loaded: LoadResult) -> tuple[str, float | None, str]:
    """What happened, the greatest absolute difference of outputs where there are any, and what was said."""
    if loaded.process_exit.timed_out:
        return "hang", None, f"timed out after {loaded.process_exit.seconds} s"
    if loaded.process_exit.code:
        fatal = [line for line in loaded.log.splitlines() if line.startswith("Fatal Python error")]
        return "crash", None, f"exit code {loaded.process_exit.code}: {fatal[0] if fatal else loaded.log[-300:]}"
    if loaded.error:
        return "fails", None, loaded.error["message"]
    wanted = _values(artifact, "output")
    outputs = [leaf for route in loaded.routes.values() for leaf in route.values()]
    return _compare(wanted, outputs, mixed="float16" in artifact.model)


def _values(artifact: Artifact, stem: str) -> list[Any]:
    import numpy as np

    with np.load(artifact.values, allow_pickle=False) as arrays:
        return [arrays[key] for key in sorted(arrays.files) if key.startswith(stem)]


def _compare(wanted: Sequence[Any], outputs: Sequence[Any], *, mixed: bool) -> tuple[str, float | None, str]:
    # A signature numbers its outputs in an order of its own; outputs of the matrix's models differ in their shapes.
    wanted, outputs = sorted(wanted, key=_shape), sorted(outputs, key=_shape)
    shapes = [[f"{value.dtype.name}{list(value.shape)}" for value in values] for values in (wanted, outputs)]
    if shapes[0] != shapes[1]:
        return "changed", None, f"outputs {', '.join(shapes[0])} became {', '.join(shapes[1]) or 'none'}"
    differences = [_difference(before, after) for before, after in zip(wanted, outputs, strict=True)]
    allowed = [
        (MIXED_TOLERANCE if mixed else TOLERANCES.get(value.dtype.str[1:], 0.0)) * _magnitude(value) for value in wanted
    ]
    same = all(difference <= limit for difference, limit in zip(differences, allowed, strict=True))
    return "loads" if same else "changed", max(differences), "" if same else "the outputs differ"


def _magnitude(value: Any) -> float:
    """What a tolerance is multiplied by: large numbers are rounded by more."""
    import numpy as np

    return max(1.0, float(np.nanmax(np.abs(value)))) if value.dtype.kind == "f" and value.size else 1.0


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape)


def _difference(before: Any, after: Any) -> float:
    import numpy as np

    if not np.issubdtype(before.dtype, np.floating):
        return float(np.max(before != after))
    difference = np.abs(before.astype(np.float64) - after.astype(np.float64))
    return float(np.max(np.where(np.isnan(difference), np.inf, difference), initial=0.0))
