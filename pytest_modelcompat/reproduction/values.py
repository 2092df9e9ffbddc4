"""Values as the expressions that make them again of the arrays of an .npz file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What NumPy itself knows.
_PLAIN = ("bool", "int", "uint", "float16", "float32", "float64", "complex")


def expression(structure: Mapping[str, Any], arrays: str) -> str:
    """The Python expression that makes a value of its arrays, each leaf a tensor.

    Args:
        structure: as `loader.tensors.pack` gives it.
        arrays: what the script calls the opened .npz file.
    """
    if "none" in structure:
        return "None"
    if "dict" in structure:
        items = (f"{key!r}: {expression(each, arrays)}" for key, each in structure["dict"].items())
        return f"{{{', '.join(items)}}}"
    if "list" in structure:
        return f"[{', '.join(expression(each, arrays) for each in structure['list'])}]"
    if "tuple" in structure:
        return f"({''.join(f'{expression(each, arrays)}, ' for each in structure['tuple'])})"
    return _leaf(structure, arrays)


def _leaf(structure: Mapping[str, Any], arrays: str) -> str:
    if "ragged" in structure:
        splits = ", ".join(_array(each, arrays) for each in structure["row_splits"])
        return f"tf.RaggedTensor.from_nested_row_splits({_leaf(structure['ragged'], arrays)}, [{splits}])"
    if "sparse" in structure:
        indices, values = _array(structure["indices"], arrays), _leaf(structure["sparse"], arrays)
        return f"tf.SparseTensor({indices}, {values}, {list(structure['dense_shape'])})"
    if "strings" in structure:
        key, shape = structure["strings"], list(structure["shape"])
        ends = f"np.cumsum({arrays}[{key + '.lengths'!r}])[:-1]"
        parts = f"bytes(part) for part in np.split({arrays}[{key + '.bytes'!r}], {ends})"
        empty = 0 in shape
        return f"tf.constant({'[]' if empty else f'[{parts}]'}, tf.string, shape={shape})"
    if not structure["dtype"].startswith(_PLAIN):
        return f"tf.bitcast({_array(structure, arrays)}, {structure['dtype']!r})"
    return f"tf.constant({_array(structure, arrays)})"


def _array(structure: Mapping[str, Any], arrays: str) -> str:
    return f"{arrays}[{structure['dense']!r}]"


def dense_parts(
    name: str, structure: Mapping[str, Any], output: str, arrays: str
) -> Iterator[tuple[str, str, str, str]]:
    """An output as dense parts that are compared one by one: its name, its expression, the expected one, its dtype.

    Args:
        name: the output's.
        structure: of the expected value.
        output: the expression that gives the output.
        arrays: what the script calls the file of expected arrays.
    """
    if "ragged" in structure:
        yield from dense_parts(name, structure["ragged"], f"{output}.flat_values", arrays)
        for number, split in enumerate(structure["row_splits"]):
            yield f"{name} rows", f"{output}.nested_row_splits[{number}]", _array(split, arrays), "int64"
    elif "sparse" in structure:
        yield f"{name} places", f"{output}.indices", _array(structure["indices"], arrays), "int64"
        yield from dense_parts(name, structure["sparse"], f"{output}.values", arrays)
    elif "strings" in structure:
        yield name, f"np.asarray({output})", f"{_leaf(structure, arrays)}.numpy()", "string"
    elif structure["dtype"].startswith(_PLAIN):
        yield name, output, _array(structure, arrays), structure["dtype"]
    else:
        cast = f"tf.cast({_leaf(structure, arrays)}, 'float32')"
        yield name, f"tf.cast({output}, 'float32')", cast, "float32"


def row_lines(name: str, structure: Mapping[str, Any], output: str, arrays: str) -> Iterator[str]:
    """Assertions that the rows of a ragged output are as long as they must be; none for another one.

    Args:
        name: the output's.
        structure: of the expected value.
        output: the expression that gives the output.
        arrays: what the script calls the file of expected arrays.
    """
    for number, split in enumerate(structure.get("row_splits", ())):
        message = f"{name} rows"
        yield (
            f"np.testing.assert_array_equal({output}.nested_row_splits[{number}], {_array(split, arrays)}, "
            f"err_msg={message!r})"
        )
