"""The lines of a script that compare outputs, weights and training with what they must be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_modelcompat.reproduction.values import dense_parts, row_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pytest_modelcompat.reproduction.recipe import Limit

_COMPARE = re.compile(r"(\w+)\(([^)]*)\)")
OWN_COMPARISONS = ("quantile", "cosine", "topk", "psnr")


def comparison_lines(structure: Mapping[str, Any], limits: Mapping[str, Limit]) -> Iterator[str]:
    """Assertions that the dict `outputs` is what the file `expected` has.

    Args:
        structure: of the expected outputs, by name.
        limits: how far each may be off.
    """
    for name, each in structure["dict"].items():
        limit = limits[name]
        for part, output, expected, dtype in dense_parts(name, each, f"outputs[{name!r}]", "expected"):
            yield from _lines(part, output, expected, dtype, limit)


def same_lines(structure: Mapping[str, Any], limits: Mapping[str, Limit], others: str) -> Iterator[str]:
    """Assertions that the dict `outputs` is what another dict of the script has.

    Args:
        structure: as of the expected outputs, for their names and dtypes.
        limits: how far each may be off.
        others: what the script calls the other dict.
    """
    for name in structure["dict"]:
        limit = limits[name]
        yield f"np.testing.assert_allclose({others}[{name!r}], outputs[{name!r}], {_tolerance(limit)})"


def _tolerance(limit: Limit) -> str:
    return f"rtol={limit.rtol!r}, atol={limit.atol!r}"


def _lines(name: str, output: str, expected: str, dtype: str, limit: Limit) -> Iterator[str]:
    matched = _COMPARE.fullmatch(limit.compare)
    if ":" in limit.compare:
        module, _, function = limit.compare.partition(":")
        yield f"import {module}"
        yield f"said = {module}.{function}(np.asarray({output}), np.asarray({expected}))"
        yield f"assert getattr(said, 'holds', said), {f'{limit.compare} says that output {name} is another'!r}"
    elif matched is not None and dtype != "string" and matched.group(1) in OWN_COMPARISONS:
        arguments = [float(each) for each in matched.group(2).split(",")]
        yield f"actual, wanted = np.asarray({output}, 'float64'), np.asarray({expected}, 'float64')"
        yield from _own(matched.group(1), arguments, limit, name)
    elif dtype in ("string", "bool") or limit.rtol == limit.atol == 0:
        yield f"np.testing.assert_array_equal({output}, {expected}, err_msg={name!r})"
    else:
        wide = f"np.asarray({expected}, 'float64')" if dtype == "float16" else expected
        yield f"np.testing.assert_allclose({output}, {wide}, {_tolerance(limit)}, err_msg={name!r})"


def _own(name: str, arguments: list[float], limit: Limit, output: str) -> Iterator[str]:
    said = f"f'output {output}: {{found}}, and must be at least {arguments[0]:g}'"
    asked = arguments[0]
    if name == "quantile":
        yield f"found = np.isclose(actual, wanted, {_tolerance(limit)}, equal_nan=True).mean()"
    elif name == "cosine":
        yield "found = np.vdot(actual, wanted) / (np.linalg.norm(actual) * np.linalg.norm(wanted))"
    elif name == "topk":
        count, asked = int(arguments[0]), (*arguments, 1.0)[1]
        said = f"f'output {output}: the first {count} are the same in {{found:.4%}} of the rows'"
        yield f"first, other = (np.sort(np.argsort(-each)[..., :{count}]) for each in (actual, wanted))"
        yield "found = (first == other).all(-1).mean()"
    else:
        peak = repr(arguments[1]) if len(arguments) > 1 else "(np.ptp(wanted) or abs(wanted).max())"
        yield f"found = 20 * np.log10({peak}) - 10 * np.log10(np.mean((actual - wanted) ** 2))"
    yield f"assert found >= {asked!r}, {said}"


def structure_lines(structure: Mapping[str, Any]) -> Iterator[str]:
    """Assertions that the outputs have the names, kinds, dtypes, shapes and rows that are expected.

    Args:
        structure: of the expected outputs, by name; the rows of ragged ones are in the file `expected`.
    """
    wanted = {name: _described(each) for name, each in structure["dict"].items()}
    yield f"wanted = {wanted!r}"
    yield "kinds = {tf.RaggedTensor: 'ragged ', tf.SparseTensor: 'sparse '}"
    yield "items = outputs.items()"
    yield "found = {name: f'{kinds.get(type(each), str())}{each.dtype.name} {each.shape}' for name, each in items}"
    yield "assert found == wanted, f'the outputs are {found}, and must be {wanted}'"
    for name, each in structure["dict"].items():
        yield from row_lines(name, each, f"outputs[{name!r}]", "expected")


def _described(structure: Mapping[str, Any]) -> str:
    if "ragged" in structure:
        rows, open_sizes = structure["row_splits"][0]["shape"][0] - 1, [None] * len(structure["row_splits"])
        return f"ragged {_dtype(structure['ragged'])} {_shape([rows, *open_sizes, *structure['ragged']['shape'][1:]])}"
    if "sparse" in structure:
        return f"sparse {_dtype(structure['sparse'])} {_shape(structure['dense_shape'])}"
    return f"{_dtype(structure)} {_shape(structure['shape'])}"


def _dtype(structure: Mapping[str, Any]) -> str:
    return "string" if "strings" in structure else str(structure["dtype"])


def _shape(sizes: list[int | None]) -> str:
    return str(tuple(sizes))


def weight_lines(*, is_saved_model: bool, artifact: str) -> Iterator[str]:
    """Assertions that every weight of the saved model is there, bit for bit.

    Args:
        is_saved_model: whether they are those of a SavedModel's checkpoint.
        artifact: the artifact's name.
    """
    yield 'saved = json.load(open("weights.json"))  # path -> SHA-256 of its bytes'
    if is_saved_model:
        yield f"file = tf.train.load_checkpoint({f'{artifact}/variables/variables'!r})"
        yield "weights = [np.asarray(file.get_tensor(name)) for name in file.get_variable_to_shape_map()]"
    else:
        yield "weights = [np.asarray(each) for each in model.weights]"
    yield "found = [hashlib.sha256(np.ascontiguousarray(each).tobytes()).hexdigest() for each in weights]"
    yield "lost = [path for path, digest in saved.items() if found.count(digest) < list(saved.values()).count(digest)]"
    yield "assert not lost, f'{len(lost)} of {len(saved)} weights are not as saved: {lost}'"


def training_lines(data: Mapping[str, Any]) -> Iterator[str]:
    """Assertions that the loaded model would train as the saved one.

    Args:
        data: what differs, as `training.json` has it, and `targets`, their expression; empty for none.
    """
    yield 'saved = json.load(open("training.json"))'
    if "optimizer" in data:
        yield "found = type(getattr(model, 'optimizer', None)).__name__"
        yield "assert found == saved['optimizer'], f'the optimizer is {found}, and was {saved[\"optimizer\"]}'"
    for part, get in (("config", "model.optimizer.get_config()"), ("compile", "model.get_compile_config()")):
        if part in data:
            yield f"found = json.loads(json.dumps({get}, default=str))"
            yield f"was = saved[{part!r}]"
            yield "lost = {key: (was[key], found.get(key)) for key in was if found.get(key) != was[key]}"
            yield f"assert not lost, f'{part}: was, is: {{lost}}'"
    if "variables" in data:
        yield "variables = model.optimizer.variables"
        yield "variables = variables() if callable(variables) else variables"
        yield "digests = [hashlib.sha256(np.ascontiguousarray(each).tobytes()).hexdigest() for each in variables]"
        yield "lost = [each for each in saved['variables'] if digests.count(each) < saved['variables'].count(each)]"
        yield "assert not lost, f'{len(lost)} variables of the optimizer are not as saved'"
    yield from _batch_lines(data)


def _batch_lines(data: Mapping[str, Any]) -> Iterator[str]:
    if not {"evaluated", "step", "raises"} & set(data):
        return
    yield f"batch = (inputs, {data['targets']})" if data["targets"] else "batch = (inputs,)"
    if "raises" in data:
        yield "model.test_on_batch(*batch)"
        yield "model.train_on_batch(*batch)"
    elif "evaluated" in data:
        yield "found = model.test_on_batch(*batch, return_dict=True)"
        yield "for name, value in saved['evaluated'].items():"
        yield "    np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-5, err_msg=name)"
    elif "step" in data:
        yield "model.train_on_batch(*batch)"
        yield "found = model.test_on_batch(*batch, return_dict=True)['loss']"
        yield "np.testing.assert_allclose(found, saved['step'], rtol=1e-3, atol=1e-5, err_msg='loss after a step')"
