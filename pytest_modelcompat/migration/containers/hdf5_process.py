"""The process that edits a copy of an HDF5 file in place, with the library that some damaged files crash or hang.

It runs as a script of its own, and takes the standard library, h5py and the package's confinement only: it has no
network, and writes only in the folder of its job. On standard input it gets a line of JSON that sets it up, then one
for each file: what `Hdf5Edit` has, `file` and `seconds`. For each it answers with a line of JSON: `problem`, empty
where the file is edited, and `errno`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Of what is under way from one path to another; no layer of a model is called so.
_BETWEEN = ".modelcompat"
# The group of an .h5 file in which an attribute names the optimizer's variables in order.
_STATE = "optimizer_weights"
# What one attribute in a header may have; the library allows 64 kB together with its name and its type.
_MOST_NAMES = 60_000


class EditError(Exception):
    """The file does not have what is to be edited; the message says what."""


def main() -> None:
    """Answers jobs until there are no more."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Whatever a library prints is no answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    setup = json.loads(sys.stdin.readline())
    sys.path[:] = setup["sys_path"]
    _confine(Path(setup["folder"]), setup["file_size"])

    import h5py

    from pytest_modelcompat.artifacts.containers.hdf5.reader_process import limit_memory, limit_time

    limit_memory(setup["memory"])
    for line in sys.stdin:
        job = json.loads(line)
        limit_time(job["seconds"])
        answer: dict[str, Any] = {"problem": "", "errno": 0}
        try:
            with h5py.File(job["file"], "r+") as file:
                edit(file, job)
        # h5py raises whatever comes to hand where HDF5 meets damage.
        except (
            EditError,
            OSError,
            KeyError,
            RuntimeError,
            ValueError,
            TypeError,
            AttributeError,
            MemoryError,
        ) as error:
            answer = {"problem": str(error) or type(error).__name__, "errno": getattr(error, "errno", 0)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _confine(folder: Path, file_size: int) -> None:
    # Before h5py is imported: of what a process gives up, each of its threads must give it up for itself.
    from pytest_modelcompat.loader import confinement

    isolation = {"level": confinement.CONFINED, "required": False, "cpu_seconds": 1e6, "file_size": file_size}
    confinement.confine(folder, isolation, by_namespaces=confinement.needs_namespaces())


def edit(file: Any, job: Mapping[str, Any]) -> None:
    """Edit an open file.

    Args:
        file: an `h5py.File`, open for reading and writing.
        job: `attributes`, `moved`, `names`, `removed`, `groups` and `added`, as in `Hdf5Edit`.

    Raises:
        EditError: the file does not have what is to be moved.
    """
    weights = job["names"]
    layers = _layers(file, weights) if weights and job["moved"] else {}
    state = _names(file[_STATE].attrs, "weight_names") if weights and _STATE in file else []
    _move(file, job["moved"])
    for path, value, dtype in job.get("added", ()):
        _add(file, path, value, dtype)
    if state and _STATE in file:
        _rename_state(file, state, dict(job["moved"]))
    if layers:
        _rename(file, weights, layers, dict(job["moved"]))
    for path in job["removed"]:
        file.pop(path, None)
    for path, attributes in job["groups"].items():
        group = file.require_group(path)
        for name, value in attributes.items():
            (_write_text if isinstance(value, str) else _write_names)(group.attrs, name, value)
    for name, text in job["attributes"].items():
        _write_text(file.attrs, name, text)


def _write_text(attributes: Any, name: str, text: str | None) -> None:
    if text is not None:
        # As Keras writes it, in bytes: Keras before 2.5 takes no other text.
        attributes[name] = text.encode("ascii")
    elif name in attributes:
        del attributes[name]


def _move(file: Any, moved: Iterable[Sequence[str | None]]) -> None:
    """Move datasets; in two steps, as one may go where another comes from."""
    between: list[tuple[str, str]] = []
    for number, (before, after) in enumerate(moved):
        if before is None or before not in file:
            raise EditError(f"there is no {before} in it")
        if after is None:
            del file[before]
        else:
            step = f"{_BETWEEN}/{number}"
            file.move(before, step)
            between.append((step, after))
    for step, after in between:
        if after in file:
            raise EditError(f"there are two of {after} in it")
        file.move(step, after)
    if between:
        del file[_BETWEEN]
    for before, _ in moved:
        _remove_empty(file, str(before).rpartition("/")[0])


def _add(file: Any, path: str, value: float, dtype: str) -> None:
    import numpy as np

    if path in file:
        raise EditError(f"there is {path} in it already")
    file.create_dataset(path, data=np.asarray(value, dtype=dtype))


def _rename_state(file: Any, names: Sequence[str], moved: Mapping[str, str | None]) -> None:
    """Write the names of an optimizer's variables again, as they are now."""
    paths = [moved.get(f"{_STATE}/{name}", f"{_STATE}/{name}") for name in names]
    now = [path.removeprefix(f"{_STATE}/") for path in paths if path is not None and path.startswith(f"{_STATE}/")]
    if now != [*names]:
        _write_names(file[_STATE].attrs, "weight_names", now)


def _remove_empty(file: Any, path: str) -> None:
    """Remove groups that nothing is left in, and that have no attributes of their own."""
    import h5py

    while path and path in file:
        group = file[path]
        if not isinstance(group, h5py.Group) or len(group) or set(group.attrs) - {"weight_names"}:
            return
        del file[path]
        path = path.rpartition("/")[0]


def _layers(file: Any, weights: str) -> dict[str, list[str]]:
    """Each layer of the group of weights -> the names of its weights, as their attributes have them."""
    return {
        name: _names(file[weights][name].attrs, "weight_names") for name in _names(file[weights].attrs, "layer_names")
    }


def _rename(file: Any, weights: str, layers: Mapping[str, Sequence[str]], moved: Mapping[str, str | None]) -> None:
    """Write the names of layers and of their weights again, as they are now."""
    found: dict[str, list[str]] = {}
    for layer, names in layers.items():
        paths = [moved.get(f"{weights}/{layer}/{name}", f"{weights}/{layer}/{name}") for name in names]
        kept = [path for path in paths if path is not None]
        now = _layer_now(weights, layer, names, paths)
        if not all(path.startswith(f"{weights}/{now}/") for path in kept) or now in found:
            raise EditError(f"the weights of {layer} would be in two layers, or in one with those of another")
        found[now] = [path.removeprefix(f"{weights}/{now}/") for path in kept]
    if list(found) != list(layers):
        _write_names(file[weights].attrs, "layer_names", [*found])
    for (now, names), old in zip(found.items(), layers.values(), strict=True):
        if names != list(old) or now not in layers:
            _write_names(file.require_group(f"{weights}/{now}").attrs, "weight_names", names)


def _layer_now(weights: str, layer: str, names: Sequence[str], paths: Sequence[str | None]) -> str:
    """The name of a layer whose weights are at these paths now."""
    for path, name in zip(paths, names, strict=True):
        if path is not None and not path.startswith(f"{weights}/{layer}/"):
            inside = path.removeprefix(f"{weights}/")
            return inside.removesuffix(f"/{name}") if inside.endswith(f"/{name}") else inside.partition("/")[0]
    return layer


def _names(attributes: Any, name: str) -> list[str]:
    """A list of names, which Keras puts into several attributes where it is long."""
    if name in attributes:
        return [_text(each) for each in attributes[name]]
    found: list[str] = []
    part = 0
    while f"{name}{part}" in attributes:
        found += [_text(each) for each in attributes[f"{name}{part}"]]
        part += 1
    return found


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _write_names(attributes: Any, name: str, values: Sequence[str]) -> None:
    import numpy as np

    part = 0
    for each in (name, *(f"{name}{number}" for number in range(len(attributes) + 1))):
        if each in attributes:
            del attributes[each]
    data = np.asarray([value.encode("utf-8") for value in values], dtype=None if values else "S1")
    if data.nbytes <= _MOST_NAMES:
        attributes[name] = data
        return
    for part, piece in enumerate(np.array_split(data, data.nbytes // _MOST_NAMES + 1)):
        attributes[f"{name}{part}"] = piece


if __name__ == "__main__":
    main()
