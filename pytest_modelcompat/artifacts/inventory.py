"""Inventory: what a static read of an artifact finds, without loading it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class BrokenArtifactError(Exception):
    """The artifact cannot be read; the message is one sentence that says what the file really is."""


@dataclass(frozen=True)
class LayerUse:
    """One layer (or nested model, wrapper, RNN cell) that an artifact holds.

    Args:
        class_name: the class as the artifact spells it, package prefix included (`Addons>GELU`).
        path: user-visible names from the outermost model down to this layer, the layer's own name last
            (`("tower", "scale_2")`); a wrapper's or RNN's inner layer sits below it.
        module: the module the artifact names for the class; None where the format records none.
        registered_name: the name it was registered under; None where the format records none.
        config: the layer's own configuration as stored; treat as read-only.
        position: its place among its siblings, from 1; 0 where it has none (inside a wrapper).
        siblings: how many layers the containing model has; 0 where that means nothing.
    """

    class_name: str
    path: tuple[str, ...]
    module: str | None = None
    registered_name: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    position: int = 0
    siblings: int = 0


@dataclass(frozen=True)
class ObjectUse:
    """One activation, initializer, regularizer, constraint, loss, metric, optimizer or dtype policy.

    Args:
        role: what it serves as, singular: `activation`, `initializer`, `regularizer`, `constraint`, `loss`,
            `metric`, `optimizer`, `dtype policy`, or `object` where the role is not evident.
        name: the function or class name as stored.
        path: the layer that uses it; `("compile",)` for what `compile()` was given.
        module: as for `LayerUse`.
        registered_name: as for `LayerUse`.
        is_class: whether the artifact stores it as a class with a config, not as a bare function name.
        config: its configuration as stored; empty for a bare name.
    """

    role: str
    name: str
    path: tuple[str, ...]
    module: str | None = None
    registered_name: str | None = None
    is_class: bool = False
    config: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class LambdaUse:
    """One Lambda layer, or another layer given a lambda: whether it holds marshalled Python bytecode.

    Args:
        path: the layer.
        has_bytecode: whether any of its functions (`function`, `output_shape`, `mask`) is stored as bytecode.
        function_name: the name of the function where the artifact stores a name instead.
    """

    path: tuple[str, ...]
    has_bytecode: bool
    function_name: str | None = None


@dataclass(frozen=True)
class OpPlace:
    """Where an op stands: the node, and the function that holds it (None: the main graph)."""

    node: str
    function: str | None = None


@dataclass(frozen=True)
class OpUse:
    """One op type of a SavedModel with how often and where it is used (at most the first few places).

    `attributes` are the names of all attributes its nodes carry, sorted; TensorFlow's internal ones, such as
    `_class`, are left out.
    """

    op: str
    count: int
    places: tuple[OpPlace, ...]
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a signature. `shape` holds None for an open dimension, and is None if unknown.

    `dtype` is TensorFlow's short name (`float32`, `int64`, `string`, `bfloat16`, `variant` for ragged ...).
    `kind` is `dense`, `sparse` or `composite` (a tensor in several components, such as a ragged one).
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None
    kind: str = "dense"


@dataclass(frozen=True)
class Signature:
    """One signature of a SavedModel, its inputs and outputs sorted by name."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


@dataclass(frozen=True)
class Inventory:
    """What is in an artifact.

    Args:
        path: where the artifact is.
        format: `h5`, `keras` or `saved_model`, by content rather than by name.
        saved_by: what made it: keys of `keras`, `tensorflow`, `backend` where the artifact records them.
        model_class: class of the outermost model; None for a SavedModel without Keras metadata.
        layers: every layer at any depth, the outermost model itself excluded, in order of appearance.
        objects: every activation, initializer, loss ... that is not a layer.
        lambdas: every Lambda layer.
        ops: every op of the main graph and of all functions, sorted by name (SavedModel only).
        functions: how many functions the SavedModel's graph holds.
        signatures: sorted by name (SavedModel only); TensorFlow's own init signature is left out.
        compute_dtypes: floating dtypes the model computes in, sorted (`("float16", "float32")`).
        compiled: whether it holds what `compile()` was given.
        weights_only: an .h5 that holds weights and no model.
        producer: GraphDef version of the TensorFlow that wrote the graph; 0 where unknown (SavedModel only).
        min_consumer: GraphDef version a TensorFlow must have to read the graph; 0 for any (SavedModel only).
    """

    path: Path
    format: str
    saved_by: Mapping[str, str] = field(default_factory=dict)
    model_class: str | None = None
    layers: tuple[LayerUse, ...] = ()
    objects: tuple[ObjectUse, ...] = ()
    lambdas: tuple[LambdaUse, ...] = ()
    ops: tuple[OpUse, ...] = ()
    functions: int = 0
    signatures: tuple[Signature, ...] = ()
    compute_dtypes: tuple[str, ...] = ()
    compiled: bool = False
    weights_only: bool = False
    producer: int = 0
    min_consumer: int = 0
