"""Inventory: what a static read of an artifact finds, without loading it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class BrokenArtifactError(Exception):
    """The artifact cannot be read; the message is one sentence that says what the file really is."""


class ArtifactWithoutModelError(BrokenArtifactError):
    """The file is sound, and holds something else than a model, such as data in HDF5."""


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

    @property
    def name(self) -> str:
        """The class, by the word that `ObjectUse` has for it."""
        return self.class_name

    @property
    def role(self) -> str:
        """What it serves as, by the word that `ObjectUse` has for it: a layer."""
        return "layer"


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
class Reference:
    """A class or function that a configuration names where neither layers nor objects stand, as in a call's arguments.

    Args:
        name: as stored.
        path: the layer that it belongs to.
        module: as for `LayerUse`.
        registered_name: as for `LayerUse`.
        is_function: whether it is stored as a function.
        key: under which key of the layer's node or configuration it stands (`inbound_nodes`, `function`); `layers` for
            a function in the place of a layer.
        config: as for `ObjectUse`.
    """

    name: str
    path: tuple[str, ...]
    module: str | None = None
    registered_name: str | None = None
    is_function: bool = False
    key: str = ""
    config: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Code:
    """Marshalled Python bytecode, as its bytes show.

    Args:
        written_by: the CPython minor versions that can have written it, ascending (`((3, 8), (3, 9))`); empty where
            the bytes are no code object of a known version.
        loops: whether it, or code nested in it, jumps backwards or iterates (a loop, a comprehension).
        names: global and attribute names it refers to, sorted.
        globals: those of them that it looks up as globals or builtins, sorted; empty where that is not known.
        problem: why the bytes are no readable code object; empty if they are one.
        runs_on: the CPython minor versions in which it does what it did where it was written, ascending.
    """

    written_by: tuple[tuple[int, int], ...] = ()
    loops: bool = False
    names: tuple[str, ...] = ()
    problem: str = ""
    runs_on: tuple[tuple[int, int], ...] = ()
    globals: tuple[str, ...] = ()


@dataclass(frozen=True)
class LambdaUse:
    """One Lambda layer, or another layer given a lambda: whether it holds marshalled Python bytecode.

    Args:
        path: the layer.
        has_bytecode: whether any of its functions (`function`, `output_shape`, `mask`) is stored as bytecode.
        function_name: the name of the function where the artifact stores a name instead.
        codes: what is known of each piece of bytecode, in the order they are stored.
        key: the key of the layer's node under which the bytecode stands, beside its configuration; within it `mask`
            where no other function of a Lambda is bytecode, empty otherwise.
    """

    path: tuple[str, ...]
    has_bytecode: bool
    function_name: str | None = None
    codes: tuple[Code, ...] = ()
    key: str = ""


@dataclass(frozen=True)
class OpLocation:
    """Where an op stands: the node, and the function that holds it (None: the main graph)."""

    node: str
    function: str | None = None


class NameSource(str, Enum):
    """Where the name of a file comes from, the most telling first."""

    CONSTANT = "constant"
    UNKNOWN = "unknown"
    ASSET = "asset"
    GIVEN = "given"


@dataclass(frozen=True)
class FileName:
    """A node that saves, restores or fills a table with a file that neither its caller nor an asset names.

    Args:
        place: the node.
        source: what does: `CONSTANT` or `UNKNOWN`.
        value: the constant; empty where it is not known.
    """

    place: OpLocation
    source: NameSource
    value: str = ""


# The ops of tf.py_function and tf.numpy_function: a graph keeps a number for the function, and not the function.
PYTHON_FUNCTION_OPS = ("PyFunc", "PyFuncStateless", "EagerPyFunc")
# The ops that hold a model's weights, whose values are in a checkpoint.
VARIABLE_OPS = frozenset({"VarHandleOp", "Variable", "VariableV2"})


@dataclass(frozen=True)
class OpUse:
    """One op type of a SavedModel with how often and where it is used (at most the first few places).

    `attributes` are the names of all attributes its nodes carry, sorted; TensorFlow's internal ones, such as
    `_class`, are left out. `always` are those of them that every node carries. `values` holds, for each attribute,
    its distinct values as text (`float32`, `true`, `-1`, `"SAME"`; `[float32, int64]` for a list), sorted; shapes,
    tensors and functions are left out, and attributes with more than a hundred values, which are names, unless they
    say where something goes. `files` has the nodes that save, restore or fill a table with a file
    of neither their caller nor an asset; `own` counts those that read nothing but the model's own assets. `is_served`
    is False where it is known that no signature leads to it, which is asked of the ops that call Python.
    """

    op: str
    count: int
    places: tuple[OpLocation, ...]
    attributes: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[FileName, ...] = field(default=(), repr=False, compare=False)
    own: int = field(default=0, repr=False, compare=False)
    is_served: bool = field(default=True, repr=False, compare=False)


@dataclass(frozen=True)
class OpDefinition:
    """An op as the TensorFlow that wrote a SavedModel knew it (`stripped_op_list`).

    Args:
        op: its name.
        attributes: attribute name -> its default as text (as in `OpUse.values`), None where it has none.
    """

    op: str
    attributes: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class WeightUse:
    """One array of weights, described without reading it.

    Args:
        path: its name in the artifact: the dataset's path in an HDF5 file, the key in a checkpoint.
        dtype: TensorFlow's or NumPy's short name (`float32`).
        shape: its shape.
        nbytes: its size in bytes, uncompressed; 0 where it is unknown (strings).
    """

    path: str
    dtype: str
    shape: tuple[int, ...]
    nbytes: int


@dataclass(frozen=True)
class Asset:
    """A file the model needs besides its weights, such as a vocabulary: its path, size, and presence."""

    path: str
    nbytes: int = 0
    is_present: bool = True


@dataclass(frozen=True)
class Hazard:
    """Something in the container itself that can harm who opens it.

    Args:
        what: `external link`, `plugin link`, `out-of-file dataset`, `empty dataset`, `filter plugin`, `pickle`,
            `escaping member`, `duplicate member`, `program member`, `unread member`, `outside link`, `second graph` or
            `polyglot`.
        subject: the link, dataset or member.
        detail: one clause that says where it points or what it holds.
    """

    what: str
    subject: str
    detail: str


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
        format: `h5`, `keras` or `saved_model`, by content rather than by name; `graph_def` or `meta_graph` for a
            graph alone, `checkpoint` for TensorFlow's weights.
        saved_by: what made it: keys of `keras`, `tensorflow`, `backend` where the artifact records them.
        model_class: class of the outermost model; None for a SavedModel without Keras metadata.
        layers: every layer at any depth, the outermost model itself excluded, in order of appearance.
        objects: every activation, initializer, loss ... that is not a layer.
        lambdas: every Lambda layer.
        references: classes and functions that a Keras configuration names elsewhere than as layers and objects.
        ops: every op of the main graph and of all functions, sorted by name (SavedModel only).
        functions: how many functions the SavedModel's graph holds.
        signatures: sorted by name (SavedModel only); TensorFlow's own init signature is left out.
        compute_dtypes: floating dtypes the model computes in, sorted (`("float16", "float32")`).
        compiled: whether it holds what `compile()` was given.
        weights_only: an .h5 or a checkpoint that holds weights and no model.
        producer: GraphDef version of the TensorFlow that wrote the graph; 0 where unknown (SavedModel only).
        min_consumer: GraphDef version a TensorFlow must have to read the graph; 0 for any (SavedModel only).
        bad_consumers: GraphDef versions that must not read it (SavedModel only).
        tags: the tags of each meta graph, in stored order; `ops` and `signatures` are those of the one that serves.
        has_object_graph: whether a SavedModel holds TF2's object graph; False for TF1's.
        op_definitions: ops as the producer recorded them, sorted by name (SavedModel only).
        weights: every array of weights, without its values; sorted by path.
        assets: files the model needs besides its weights, and files of a SavedModel's variables that are missing.
        hazards: what in the container itself can harm who opens it.
        fingerprint: what TensorFlow 2.12 and newer identifies a SavedModel by, in hexadecimal; empty if none.
        root: the outermost node of the model's configuration as stored; empty where there is none. Read-only.
        training: what `compile()` was given, as stored; empty where there is none. Read-only.
        object_classes: classes of the trackable objects TF2's object graph names with their count, such as
            `_tf_keras_layer`, `Optimizer`, `tf.Module` (SavedModel only).
        slot_variables: how many variables optimizers keep beside the model's own (SavedModel only).
        preset: package and class of a KerasHub preset (`keras_hub.BertBackbone`); empty for any other.
        part: what part of the artifact this is of; empty for what its loader takes unless it is asked for another.
        others: its other parts, which count for what is unsafe and for nothing else: graphs with other tags, objects of
            Keras that no configuration leads to, a second format in the same bytes.
        optimizer_names: the names of an optimizer's variables in an .h5 file, in the order in which they are read.
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
    bad_consumers: tuple[int, ...] = ()
    tags: tuple[tuple[str, ...], ...] = ()
    has_object_graph: bool = False
    op_definitions: tuple[OpDefinition, ...] = ()
    weights: tuple[WeightUse, ...] = ()
    assets: tuple[Asset, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    fingerprint: str = ""
    root: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    training: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    object_classes: Mapping[str, int] = field(default_factory=dict)
    slot_variables: int = 0
    preset: str = ""
    part: str = ""
    others: tuple[Inventory, ...] = field(default=(), repr=False, compare=False)
    references: tuple[Reference, ...] = ()
    optimizer_names: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def names_without_package(self) -> frozenset[str]:
        """Names by which no registration is found: an .h5 file has the model's own class without its package.

        Measured with Keras 2.15 and 3.15.
        """
        return frozenset((self.model_class or "",)) if self.format == "h5" else frozenset()

    @property
    def has_variables(self) -> bool:
        """Whether its graph has variables, whose values are in a checkpoint."""
        return any(use.op in VARIABLE_OPS for use in self.ops)
