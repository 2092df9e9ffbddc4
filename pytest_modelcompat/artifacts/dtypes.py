"""Dtypes as artifacts write them: TensorFlow's numbers and Keras' dtype policies."""

from __future__ import annotations

FLOATS = frozenset({"bfloat16", "float16", "float32", "float64"})

_REFERENCE_OFFSET = 100
_NAMES = (
    *(
        "invalid",
        "float32",
        "float64",
        "int32",
        "uint8",
        "int16",
        "int8",
        "string",
        "complex64",
        "int64",
        "bool",
    ),
    *(
        "qint8",
        "quint8",
        "qint32",
        "bfloat16",
        "qint16",
        "quint16",
        "uint16",
        "complex128",
        "float16",
        "resource",
    ),
    *("variant", "uint32", "uint64", "float8_e5m2", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e4m3b11fnuz"),
    *("float8_e5m2fnuz", "int4", "uint4", "int2", "uint2", "float4_e2m1fn"),
)


def dtype_name(number: int) -> str:
    """TensorFlow's short name of a `DataType`; TF1's reference types count as what they refer to."""
    if _REFERENCE_OFFSET < number < 2 * _REFERENCE_OFFSET:
        number -= _REFERENCE_OFFSET
    return _NAMES[number] if 0 <= number < len(_NAMES) else f"dtype {number}"


def enum_names() -> dict[int, str]:
    """What protobuf's text format calls each `DataType`: `DT_FLOAT`, and `DT_FLOAT_REF` for TF1's reference type."""
    spelt = {"float32": "float", "float64": "double", "float16": "half"}
    names = {number: f"DT_{spelt.get(name, name).upper()}" for number, name in enumerate(_NAMES)}
    return {**names, **{number + _REFERENCE_OFFSET: f"{name}_REF" for number, name in names.items() if number}}


def compute_dtype(policy: object) -> str | None:
    """The dtype a Keras dtype or dtype policy computes in, None where it names none.

    Args:
        policy: a name (`float32`, `mixed_float16`, `int8_from_mixed_bfloat16`) or a serialized policy object.
    """
    if isinstance(policy, dict):
        config = policy.get("config")
        if not isinstance(config, dict):
            return None
        return compute_dtype(config.get("name") or config.get("source_name") or config.get("default_policy"))
    if not isinstance(policy, str):
        return None
    return policy.rsplit("_from_", 1)[-1].removeprefix("mixed_")
