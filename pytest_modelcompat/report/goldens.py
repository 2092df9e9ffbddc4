"""What a golden folder keeps, to read and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.inventory import TensorSpec
from pytest_modelcompat.artifacts.text import counted, size_text, tensor_text
from pytest_modelcompat.golden.release_store import BrokenRelease, FrozenArtifact
from pytest_modelcompat.report.layout import labelled, versions_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.golden.golden import Golden, Packed
    from pytest_modelcompat.golden.release_store import Frozen


def golden_lines(golden: Golden) -> Iterator[str]:
    """What a golden records, fact by fact."""
    data = golden_data(golden)
    yield from labelled("made by", versions_text(golden.made_by))
    for side in ("inputs", "outputs"):
        for name, facts in data[side].items():
            yield from labelled(side[:-1], "  ".join((name, _tensor(facts), *_figures(facts))))
    yield from labelled("weights", str(data["weights"]))
    for format_, counts in data["formats"].items():
        words = ", ".join(counted(count, what.removesuffix("s")) for what, count in counts.items() if count)
        yield from labelled("format", f"{format_}  {words or 'lists nothing'}")


def frozen_line(frozen: Frozen, problem: str = "") -> str:
    """An artifact that is frozen: where, how large, what saved it, and what is wrong with it or its release."""
    if isinstance(frozen, BrokenRelease) or problem:
        return f"{frozen.label}  {frozen.format}  broken: {problem}"
    size = size_text(frozen.size)
    return f"{frozen.label}  {frozen.format}  {size}  saved by {versions_text(frozen.saved_by)}"


def golden_data(golden: Golden) -> dict[str, Any]:
    """What a golden records, as JSON has it: no arrays, their figures only."""
    outputs = _tensors(golden.outputs, "output")
    for name, facts in outputs.items():
        facts.update(golden.statistics.get(name, {}))
    return {
        "made_by": dict(golden.made_by),
        "inputs": _tensors(golden.inputs, "input"),
        "outputs": outputs,
        "weights": len(golden.weights),
        "formats": {
            format_: {
                "layers": len(section["layers"]),
                "ops": sum(section["ops"].values()),
                "signatures": len(section["signatures"]),
            }
            for format_, section in golden.formats.items()
        },
    }


def frozen_data(frozen: Frozen, problem: str = "") -> dict[str, Any]:
    """An artifact that is frozen; with `problem` where something is wrong with it, or with all of its release."""
    whole = frozen if isinstance(frozen, FrozenArtifact) else None
    data = {
        "label": frozen.label,
        "format": frozen.format,
        "artifact": str(whole.artifact if whole else frozen.folder),
        "sha256": whole.digest if whole else "",
        "size": whole.size if whole else 0,
        "saved_by": dict(whole.saved_by) if whole else {},
    }
    return {**data, "problem": problem} if problem else data


def _tensors(packed: Packed, stem: str) -> dict[str, dict[str, Any]]:
    from pytest_modelcompat.loader import tensors

    leaves = tensors.named_leaves(tensors.unpack(dict(packed[0]), packed[1]), stem=stem)
    return {name: _facts(leaf) for name, leaf in leaves.items()}


def _facts(leaf: Any) -> dict[str, Any]:
    from pytest_modelcompat.loader.tensors import Ragged, Sampled, Sparse

    if isinstance(leaf, Ragged):
        rows = len(leaf.row_splits[0]) - 1
        inner = leaf.values.shape[1:]
        return {
            "dtype": _dtype(leaf.values),
            "shape": [rows, *(None for _ in leaf.row_splits), *inner],
            "kind": "ragged",
        }
    if isinstance(leaf, Sparse):
        return {"dtype": _dtype(leaf.values), "shape": list(leaf.dense_shape), "kind": "sparse"}
    if isinstance(leaf, Sampled):
        return {"dtype": _dtype(leaf.first), "shape": list(leaf.first.shape), "kind": "stochastic"}
    return {"dtype": _dtype(leaf), "shape": list(leaf.shape), "kind": "dense"}


def _dtype(array: Any) -> str:
    return "string" if array.dtype.kind == "O" else str(array.dtype.name)


def _tensor(facts: Mapping[str, Any]) -> str:
    return tensor_text(TensorSpec("", facts["dtype"], tuple(facts["shape"]), facts["kind"]))


def _figures(facts: Mapping[str, Any]) -> Iterator[str]:
    given = {name: facts[name] for name in ("min", "max", "mean", "std", "distinct", "nan", "inf") if name in facts}
    # None is no finite element at all; 0 NaN is what everybody expects.
    shown = {
        name: value for name, value in given.items() if value is not None and (value or name not in ("nan", "inf"))
    }
    if shown:
        yield ", ".join(f"{name} {value}" for name, value in shown.items())
