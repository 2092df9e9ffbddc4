"""TensorFlow's part: its op registry, kernels and graph versions."""

import json
import re
import struct
import sys
from typing import Any, Callable, Dict, List, Optional, Set

DISTRIBUTIONS = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos", "tensorflow-cpu-aws")


def tensorflow_part() -> Dict[str, Any]:
    """Version, graph versions, supported Pythons and all registered ops of this process's TensorFlow."""
    import tensorflow as tf
    from tensorflow.python.framework import versions

    return {
        "version": tf.__version__,
        "producer": versions.GRAPH_DEF_VERSION,
        "min_consumer": versions.GRAPH_DEF_VERSION_MIN_CONSUMER,
        "min_producer": versions.GRAPH_DEF_VERSION_MIN_PRODUCER,
        "pythons": _pythons(tf.__version__),
        "ops": _ops(),
    }


def _pythons(version: str) -> List[str]:
    """The minor versions that the installed distribution says it is for, and this one, for which it is too."""
    from importlib import metadata

    for name in DISTRIBUTIONS:
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        classifiers = found.metadata.get_all("Classifier") or []
        minors = [re.match(r"Programming Language :: Python :: 3\.(\d+)$", each) for each in classifiers]
        # `tf.__version__` of 2.22.0rc0 is 2.22.0-rc0.
        if found.version == version.replace("-", "") and any(minors):
            named = {int(each[1]) for each in minors if each}
            return ["3.%d" % minor for minor in sorted(named | {sys.version_info[1]})]
    return []


def _ops() -> Dict[str, Any]:
    from tensorflow.core.framework import op_def_pb2

    devices = _devices()
    registered = op_def_pb2.OpList()
    registered.ParseFromString(_serialized_op_list())
    return {op.name: _op(op, devices.get(op.name, set())) for op in registered.op}


def _serialized_op_list() -> bytes:
    from tensorflow.python.client import pywrap_tf_session as c_api

    data = c_api.TF_GetBuffer(c_api.TF_GetAllOpList())
    return data if isinstance(data, bytes) else data.encode("latin-1")


def _devices() -> Dict[str, Set[str]]:
    from tensorflow.python.framework import kernels

    devices: Dict[str, Set[str]] = {}
    for kernel in kernels.get_all_registered_kernels().kernel:
        devices.setdefault(kernel.op, set()).add(kernel.device_type)
    return devices


def _op(op: Any, devices: Set[str]) -> Dict[str, Any]:
    data: Dict[str, Any] = {"attributes": {attr.name: _attribute(attr) for attr in op.attr}}
    # DEFAULT kernels serve every device.
    if not devices & {"CPU", "DEFAULT"}:
        data["kernels"] = "other" if devices else "none"
    if op.deprecation.version:
        data["deprecated_at"] = op.deprecation.version
    return data


def _attribute(attr: Any) -> List[Any]:
    default = value_text(attr.default_value) if attr.HasField("default_value") else None
    allowed = sorted(_list_texts(attr.allowed_values.list)) if attr.HasField("allowed_values") else []
    return [attr.type, default, allowed]


def value_text(value: Any) -> Optional[str]:
    """An AttrValue as text, just as the inventory of a SavedModel has it: `float32`, `-1`, `"SAME"`, `[2, ?]`."""
    kind = value.WhichOneof("value")
    if kind == "list":
        return "[{}]".format(", ".join(_list_texts(value.list)))
    return _text(kind, getattr(value, kind)) if kind else None


def _list_texts(values: Any) -> List[str]:
    return [_text(field.name, each) for field, items in values.ListFields() for each in items]


def _text(kind: str, value: Any) -> str:
    writers: Dict[str, Callable[[Any], str]] = {
        "type": _dtype_text,
        "b": lambda truth: "true" if truth else "false",
        "f": float_text,
        "s": lambda text: json.dumps(text.decode("utf-8", "backslashreplace"), ensure_ascii=False),
        "shape": _shape_text,
        "tensor": lambda _: "tensor",
        "func": lambda _: "function",
    }
    return writers.get(kind, str)(value)


def _dtype_text(number: int) -> str:
    from tensorflow.python.framework import dtypes

    return str(dtypes.as_dtype(number).name)


def float_text(value: float) -> str:
    """The shortest decimal that is this float32: `0.0001`, not `9.999999747378752e-05`."""
    for digits in range(6, 10):
        short = float("{:.{}g}".format(value, digits))
        try:
            if struct.pack("f", short) == struct.pack("f", value):
                return repr(short)
        except OverflowError:
            continue
    return repr(value)


def _shape_text(shape: Any) -> str:
    if shape.unknown_rank:
        return "unknown shape"
    return "[{}]".format(", ".join("?" if dim.size < 0 else str(dim.size) for dim in shape.dim))
