"""Reads the configuration of an .h5 or .keras file, and writes one of a smaller model with its weights.

`python -m pytest_modelcompat.reproduction.cut_file JOB` does it in a process of its own, as a file may be damaged.
"""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_CONFIG, _WEIGHTS, _METADATA, _ASSETS = "config.json", "model.weights.h5", "metadata.json", "assets/"
# Where a .keras file has the weights of a model's layers; the second in Keras 2.
_CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
_ROOT_ATTRIBUTES = ("keras_version", "backend")


def read_config(artifact: Path) -> dict[str, Any]:
    """The configuration of the model in a file.

    Args:
        artifact: an .h5 or .keras file.
    """
    if zipfile.is_zipfile(artifact):
        with zipfile.ZipFile(artifact) as archive:
            text = archive.read(_CONFIG)
    else:
        import h5py

        with h5py.File(artifact) as file:
            text = file.attrs["model_config"]
    config: dict[str, Any] = json.loads(text)
    return config


def write_smaller(artifact: Path, target: Path, config: Mapping[str, Any], classes: Sequence[Sequence[str]]) -> None:
    """Write a file of a smaller model.

    Args:
        artifact: the file of the whole.
        target: the file to write.
        config: the smaller model's configuration.
        classes: name and class of each layer of the whole, in order.
    """
    kept = [
        (str(each.get("name") or each["config"]["name"]), each["class_name"]) for each in config["config"]["layers"]
    ]
    if zipfile.is_zipfile(artifact):
        _write_archive(artifact, target, config, dict(_renamed(classes, kept)))
    else:
        _write_h5(artifact, target, config, [name for name, _ in kept])


def _renamed(whole: Sequence[Sequence[str]], kept: Sequence[Sequence[str]]) -> Iterable[tuple[str, str]]:
    """The names under which the whole file and the smaller one have the weights of each layer that both have."""
    before, after = dict(_stored_names(whole)), dict(_stored_names(kept))
    return [(before[name], after[name]) for name, _ in kept if name in before]


def _stored_names(layers: Sequence[Sequence[str]]) -> Iterable[tuple[str, str]]:
    """Layers' names with what a .keras file calls them: by their classes, in order."""
    count: dict[str, int] = {}
    for name, class_name in layers:
        plain = _snake_case(class_name.rpartition(">")[2])
        number = count.get(plain, 0)
        count[plain] = number + 1
        yield name, f"{plain}_{number}" if number else plain


def _snake_case(name: str) -> str:
    # As keras/src/utils/naming.py does.
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _write_archive(artifact: Path, target: Path, config: Mapping[str, Any], names: Mapping[str, str]) -> None:
    with zipfile.ZipFile(artifact) as source, zipfile.ZipFile(target, "w") as archive:
        archive.writestr(_METADATA, source.read(_METADATA))
        archive.writestr(_CONFIG, json.dumps(config))
        for member in source.namelist():
            if member.startswith(_ASSETS):
                renamed = _renamed_asset(member, names)
                if renamed:
                    archive.writestr(renamed, source.read(member))
        archive.writestr(_WEIGHTS, _smaller_weights(source.read(_WEIGHTS), names))


def _renamed_asset(member: str, names: Mapping[str, str]) -> str:
    parts = member.split("/")
    if len(parts) < 4 or parts[1] not in _CONTAINERS or parts[2] not in names:
        return ""
    return "/".join((*parts[:2], names[parts[2]], *parts[3:]))


def _smaller_weights(content: bytes, names: Mapping[str, str]) -> bytes:
    import h5py

    written = io.BytesIO()
    with h5py.File(io.BytesIO(content)) as source, h5py.File(written, "w") as file:
        container = next((each for each in _CONTAINERS if each in source), _CONTAINERS[0])
        group = file.create_group(container)
        for before, after in names.items():
            if f"{container}/{before}" in source:
                source.copy(f"{container}/{before}", group, name=after)
        if "vars" in source:
            source.copy("vars", file)
    return written.getvalue()


def _write_h5(artifact: Path, target: Path, config: Mapping[str, Any], names: Sequence[str]) -> None:
    import h5py
    import numpy as np

    with h5py.File(artifact) as source, h5py.File(target, "w") as file:
        for attribute in _ROOT_ATTRIBUTES:
            if attribute in source.attrs:
                file.attrs[attribute] = source.attrs[attribute]
        file.attrs["model_config"] = json.dumps(config).encode("utf-8")
        weights, group = source["model_weights"], file.create_group("model_weights")
        for attribute in _ROOT_ATTRIBUTES:
            if attribute in weights.attrs:
                group.attrs[attribute] = weights.attrs[attribute]
        kept = [name for name in names if name in weights]
        group.attrs["layer_names"] = np.array([name.encode("utf-8") for name in kept], dtype="S")
        for name in (*kept, "top_level_model_weights"):
            if name in weights:
                weights.copy(name, group)


def main(job_file: str) -> None:
    """Do what a job says: write the configuration of `artifact` to `answer`, or a smaller one to `target`.

    Args:
        job_file: the job, as JSON.
    """
    job = json.loads(Path(job_file).read_text("utf-8"))
    if "target" in job:
        write_smaller(Path(job["artifact"]), Path(job["target"]), job["config"], job["classes"])
    else:
        Path(job["answer"]).write_text(json.dumps(read_config(Path(job["artifact"]))), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
