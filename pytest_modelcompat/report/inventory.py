"""An inventory as a page: what saved the artifact, what it holds, and what in it is unsafe."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.dtypes import compute_dtype
from pytest_modelcompat.artifacts.formats import BARE_GRAPHS, READ
from pytest_modelcompat.artifacts.locations import layer_location, locations
from pytest_modelcompat.artifacts.modules import NO_MODULE
from pytest_modelcompat.artifacts.quantization import lora_layers, quantized_layers
from pytest_modelcompat.artifacts.text import aligned, counted, listed, size_text, tensor_text
from pytest_modelcompat.artifacts.versions import dotted
from pytest_modelcompat.artifacts.way_on import is_unzipped, way_on
from pytest_modelcompat.report.accepted import accepted_text, unaccepted
from pytest_modelcompat.report.layout import INDENT, finding_lines, labelled, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.inventory import LambdaUse, LayerUse, Signature, WeightUse
    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.results.finding import Finding

Fact = tuple[str, str]

_PACKAGES = {
    "keras_hub": "KerasHub",
    "keras_nlp": "KerasNLP",
    "keras": "Keras",
    "tensorflow": "TensorFlow",
    "backend": "backend",
}
_MOST_LAYERS = 40
_MOST_OPS = 16
_MOST_CUSTOM = 20
_MOST_QUANTIZED = 6
_WIDTH = 100
_NO_BREAK = "\xa0"


def inspect_page(
    inventory: Inventory,
    unsafe: Sequence[Finding],
    custom: Sequence[Use],
    *,
    nbytes: int,
    in_full: bool = False,
    history: Sequence[str] = (),
) -> Iterator[str]:
    """What is in an artifact, as labelled facts, a tree of layers, and findings.

    Args:
        inventory: what is in it.
        unsafe: the unsafe content found in it; what is accepted is counted.
        custom: those of its layers and objects that are not part of Keras.
        nbytes: its size on disk.
        in_full: whether every layer and op is listed, rather than the first or most frequent ones.
        history: the lines that say where it comes from.
    """
    yield str(inventory.path)
    yield ""
    facts: tuple[Callable[[], Iterator[Fact]], ...] = (
        lambda: _container(inventory, nbytes),
        lambda: _model(inventory),
        lambda: _way_on(inventory),
        lambda: _custom(custom, in_full=in_full),
        lambda: _training(inventory),
        lambda: _dtypes(inventory),
        lambda: _quantized(inventory, in_full=in_full),
        lambda: _lambdas(inventory.lambdas),
        lambda: _signatures(inventory.signatures),
        lambda: _graph(inventory, in_full=in_full),
        lambda: _weights(inventory.weights),
        lambda: _assets(inventory),
    )
    for part in facts:
        for label, text in part():
            yield from labelled(label, text)
    yield from history
    yield ""
    yield from _tree(inventory.layers, in_full=in_full)
    for finding, *alike in together(unaccepted(unsafe)):
        yield from finding_lines(finding, alike=alike)
    yield from accepted_text(unsafe)


def _container(inventory: Inventory, nbytes: int) -> Iterator[Fact]:
    format_ = READ[inventory.format]
    suffix = inventory.path.suffix.lower()
    is_misnamed = format_.suffixes and suffix and suffix not in format_.suffixes
    misnamed = f"; the name says {suffix}" if is_misnamed else ""
    yield "format", f"{_container_words(inventory)}, {size_text(nbytes)}{misnamed}"
    made = [f"{title} {inventory.saved_by[key]}" for key, title in _PACKAGES.items() if inventory.saved_by.get(key)]
    yield "saved by", ", ".join(made) or "it does not say"


def _container_words(inventory: Inventory) -> str:
    if inventory.preset:
        return "KerasHub preset"
    return "Keras zip (.keras), unzipped" if is_unzipped(inventory) else READ[inventory.format].container


def _way_on(inventory: Inventory) -> Iterator[Fact]:
    lines = way_on(inventory)
    if lines:
        yield "load with", "\n".join(lines)


def _model(inventory: Inventory) -> Iterator[Fact]:
    if inventory.weights_only:
        yield "model", "none: weights alone"
    elif inventory.format in BARE_GRAPHS:
        yield "model", "none: a graph alone, " + _values(inventory)
    elif inventory.model_class:
        name = (inventory.root.get("config") or {}) if inventory.root else {}
        called = name.get("name") if isinstance(name, dict) else None
        yield "model", inventory.model_class + (f' "{called}"' if isinstance(called, str) else "")
    elif inventory.format == "saved_model":
        is_object = inventory.has_object_graph
        yield "model", "unknown: exported without Keras' metadata" if is_object else "a graph, TensorFlow 1 style"
    if inventory.layers:
        count = Counter(layer.class_name for layer in inventory.layers)
        yield "layers", _wrapped(f"{len(inventory.layers)}: {_counts(count)}")


def _values(inventory: Inventory) -> str:
    """Where the weights of a graph are that stands alone."""
    if not inventory.has_variables:
        return "frozen: its weights are constants in it"
    if inventory.weights:
        return "whose variables are in the checkpoint beside it"
    return "whose variables have no values without their checkpoint"


def _custom(custom: Sequence[Use], *, in_full: bool) -> Iterator[Fact]:
    groups: dict[tuple[str, str], list[Use]] = {}
    for use in custom:
        groups.setdefault((use.role, use.name), []).append(use)
    lines = [
        f"{role} {name}{_origin(uses[0])}  ({'; '.join(locations(uses))})" for (role, name), uses in groups.items()
    ]
    if lines:
        yield "custom", "\n".join(_first(lines, len(lines) if in_full else _MOST_CUSTOM))


def _origin(use: Use) -> str:
    registered = use.registered_name if use.registered_name not in (None, use.name, "function") else None
    parts = [
        *([f"of module {use.module}"] if use.module and use.module != NO_MODULE else []),
        *([f"registered as {registered}"] if registered else []),
    ]
    return f" {', '.join(parts)}" if parts else ""


def _training(inventory: Inventory) -> Iterator[Fact]:
    given = [each for each in inventory.objects if each.path == ("compile",)]
    roles = (("optimizer", "optimizer"), ("loss", "loss"), ("metric", "metrics"))
    parts = []
    for role, title in roles:
        names = list(dict.fromkeys(each.name for each in given if each.role == role))
        if names:
            parts.append(f"{title} {', '.join(names)}")
    if parts or inventory.compiled:
        yield "compiled", "; ".join(parts) or "yes"


def _dtypes(inventory: Inventory) -> Iterator[Fact]:
    if inventory.compute_dtypes and not inventory.weights_only:
        policies = sorted(_policies(inventory.layers) - set(inventory.compute_dtypes))
        yield (
            "computes",
            ", ".join(inventory.compute_dtypes) + (f"  (dtype policies: {', '.join(policies)})" if policies else ""),
        )


def _quantized(inventory: Inventory, *, in_full: bool) -> Iterator[Fact]:
    most = None if in_full else _MOST_QUANTIZED
    modes = [f"{mode}: {listed(_places(paths), most)}" for mode, paths in quantized_layers(inventory).items()]
    if modes:
        yield "quantized", "\n".join(modes)
    ranks = lora_layers(inventory)
    if ranks:
        yield (
            "LoRA",
            "\n".join(
                f"rank {rank}: {listed(_places(path for path in ranks if ranks[path] == rank), most)}"
                for rank in sorted(set(ranks.values()))
            ),
        )


def _places(paths: Iterable[str]) -> list[str]:
    return [layer_location(path.split("/")) for path in paths]


def _policies(layers: Iterable[LayerUse]) -> set[str]:
    """Names of the dtype policies that say more than the dtype they compute in."""
    found = set()
    for layer in layers:
        policy = layer.config.get("dtype")
        if isinstance(policy, dict) and isinstance(policy.get("config"), dict):
            policy = policy["config"].get("name")
        if isinstance(policy, str) and compute_dtype(policy) != policy:
            found.add(policy)
    return found


def _lambdas(lambdas: Sequence[LambdaUse]) -> Iterator[Fact]:
    lines = [f"{layer_location(use.path)}: {_lambda_words(use)}" for use in lambdas]
    if lines:
        yield "lambda", "\n".join(_first(lines, _MOST_CUSTOM))


def _lambda_words(use: LambdaUse) -> str:
    if not use.has_bytecode:
        return f"calls the function {use.function_name}" if use.function_name else "an unnamed function"
    if not use.codes:
        return "Python bytecode"
    words = []
    for code in use.codes:
        pythons = listed(map(dotted, code.written_by), conjunction="or")
        refers = f", refers to {listed(code.names, 8)}" if code.names else ""
        words.append(f"bytecode of CPython {pythons}{refers}" if pythons else f"bytecode: {code.problem or 'unknown'}")
    return "; ".join(words)


def _signatures(signatures: Sequence[Signature]) -> Iterator[Fact]:
    for signature in signatures:
        inputs = [f"{spec.name}  {tensor_text(spec)}" for spec in signature.inputs] or ["no inputs"]
        outputs = [f"-> {spec.name}  {tensor_text(spec)}" for spec in signature.outputs] or ["-> nothing"]
        yield "signature", "\n".join([signature.name, *(f"  {line}" for line in (*inputs, *outputs))])


def _graph(inventory: Inventory, *, in_full: bool) -> Iterator[Fact]:
    if inventory.ops:
        nodes = sum(op.count for op in inventory.ops)
        functions = counted(inventory.functions, "function")
        count = Counter({op.op: op.count for op in inventory.ops})
        shown = _counts(count, len(count) if in_full else _MOST_OPS)
        yield "ops", _wrapped(f"{len(count)} kinds in {_number(nodes)} nodes and {functions}: {shown}")
    if inventory.producer:
        bad = f", not for {', '.join(map(str, inventory.bad_consumers))}" if inventory.bad_consumers else ""
        yield "graph", f"GraphDef version {inventory.producer}, for {inventory.min_consumer} or newer{bad}"
    if inventory.tags:
        yield "tags", "; ".join(", ".join(tags) or "none" for tags in inventory.tags)


def _weights(weights: Sequence[WeightUse]) -> Iterator[Fact]:
    if not weights:
        return
    values = sum(math.prod(weight.shape) for weight in weights)
    dtypes = Counter(weight.dtype for weight in weights)
    total = size_text(sum(weight.nbytes for weight in weights))
    yield "variables", f"{len(weights)}, {_number(values)} values, {total}: {_counts(dtypes)}"


def _assets(inventory: Inventory) -> Iterator[Fact]:
    if inventory.assets:
        lines = [
            f"{asset.path}  {size_text(asset.nbytes) if asset.is_present else 'MISSING'}" for asset in inventory.assets
        ]
        yield "assets", "\n".join(_first(lines, _MOST_CUSTOM))


def _tree(layers: Sequence[LayerUse], *, in_full: bool) -> Iterator[str]:
    if not layers:
        return
    shown = layers if in_full else layers[:_MOST_LAYERS]
    names = [f"{INDENT * len(layer.path)}{layer.path[-1] if layer.path else ''}" for layer in shown]
    rows = [(name, layer.class_name) for name, layer in zip(names, shown, strict=True)]
    yield from (INDENT + line for line in aligned(rows, widest=48))
    if len(layers) > len(shown):
        yield f"{INDENT * 2}… and {_number(len(layers) - len(shown))} more; --all lists them"
    yield ""


def _counts(count: Counter[str], most: int | None = None) -> str:
    ordered = sorted(count.items(), key=lambda each: (-each[1], each[0]))
    shown = [f"{name} {_number(number)}" if number > 1 else name for name, number in ordered[:most]]
    rest = len(ordered) - len(shown)
    return ", ".join(shown) + (f", and {rest} more kinds" if rest else "")


def _wrapped(text: str) -> str:
    """Breaks a long list into lines, and never between a name and its number."""
    import re
    import textwrap

    held = re.sub(r"(?<!,) (?=\d)", _NO_BREAK, text)
    return textwrap.fill(held, _WIDTH, break_long_words=False, break_on_hyphens=False).replace(_NO_BREAK, " ")


def _first(lines: Sequence[str], most: int) -> Sequence[str]:
    rest = len(lines) - most
    return [*lines[:most], f"… and {rest} more; --all lists them"] if rest > 0 else lines


def _number(number: int) -> str:
    return f"{number:,}"
