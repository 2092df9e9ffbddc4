"""Walking a Keras configuration: what layers, objects and lambdas it names, at any depth.

Every Keras since 1.0 describes a model as nested `{"class_name": ..., "config": ...}` nodes; what differs is
which other keys stand beside them and what a list or a bare string means. So the walk goes through *all* of a
config and decides by key, module and shape what each node is, rather than knowing each layer.
"""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.budget import Budget, BudgetSpentError
from pytest_modelcompat.artifacts.dtypes import FLOATS, compute_dtype
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError, LambdaUse, LayerUse, ObjectUse, Reference
from pytest_modelcompat.artifacts.keras.lambdas import code_elsewhere, function_keys, lambda_use
from pytest_modelcompat.artifacts.keras.nodes import (
    COMPILE_PATH,
    LONGEST_KEY,
    NAMED_IN_LAYERS,
    NOT_WALKED,
    VALUE_CLASSES,
    WALKED,
    ConfigLocation,
    as_mapping,
    is_layer,
    is_numbers,
    name_of,
    role_by_key,
    role_by_module,
    text_of,
)
from pytest_modelcompat.artifacts.keras.values import FUNCTION, held_beside, held_in, named_in_keys
from pytest_modelcompat.artifacts.limits import (
    LARGEST_JSON,
    LARGEST_TEXT_OF_JSON,
    LONGEST_LAYER_PATH,
    LONGEST_NAME,
    MOST_USES,
    megabytes,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from pytest_modelcompat.artifacts.inventory import Code, Inventory
    from pytest_modelcompat.artifacts.keras.values import Found


@dataclass
class ConfigContents:
    """What a configuration names; grows during one walk."""

    model_class: str | None = None
    layers: list[LayerUse] = field(default_factory=list)
    objects: list[ObjectUse] = field(default_factory=list)
    lambdas: list[LambdaUse] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    dtypes: set[str] = field(default_factory=set)

    @property
    def compute_dtypes(self) -> tuple[str, ...]:
        """Floating dtypes the layers compute in; Keras' default where none says."""
        return tuple(sorted(self.dtypes)) or ("float32",)


def parse_json(text: str | bytes, where: str, budget: Budget | None = None) -> dict[str, Any]:
    """Parses a JSON object.

    Args:
        text: what should be JSON. NaN and Infinity are accepted, because Keras writes and reads them.
        where: the file and the part of it, as the message names them.
        budget: what it may cost, together with all else that is read of an artifact.

    Raises:
        BrokenArtifactError: it is not JSON, or no object, or takes more memory than any model's.
    """
    if len(text) > LARGEST_JSON:
        raise BrokenArtifactError(f"{where} is larger than {megabytes(LARGEST_JSON)}, which is the limit")
    try:
        (budget or Budget()).spend(_count_of_values(text))
        value = json.loads(_decoded(text))
    except BudgetSpentError as error:
        raise BrokenArtifactError(f"{where} is too large: {error}, which is the limit") from error
    except ValueError as error:
        raise BrokenArtifactError(f"{where} is corrupt: it is not JSON ({error})") from error
    except RecursionError as error:
        raise BrokenArtifactError(f"{where} is corrupt: its JSON is nested too deeply to be a model") from error
    if not isinstance(value, dict):
        raise BrokenArtifactError(f"{where} is corrupt: it holds a JSON {_json_kind(value)} instead of an object")
    return value


def _count_of_values(text: str | bytes) -> int:
    """About how many values a JSON text holds, weighed by what they take in memory; counted without parsing it."""
    if isinstance(text, str):
        return 3 * text.count("{") + sum(map(text.count, "[,:"))
    return 3 * text.count(b"{") + sum(map(text.count, (b"[", b",", b":")))


def _decoded(text: str | bytes) -> str:
    decoded = text if isinstance(text, str) else text.decode(json.detect_encoding(text), "surrogatepass")
    if sys.getsizeof(decoded) > LARGEST_TEXT_OF_JSON:
        raise BudgetSpentError(f"its text takes more than {megabytes(LARGEST_TEXT_OF_JSON)} of memory")
    return decoded


def read_model(node: Mapping[str, Any], where: str, budget: Budget | None = None) -> ConfigContents:
    """Reads the outermost node of a model's configuration, and what `compile()` was given if it is in there.

    Args:
        node: `{"class_name": ..., "config": ...}`.
        where: the file and the part of it, as a message names them.
        budget: what it may cost.

    Raises:
        BrokenArtifactError: the node describes no Keras model.
    """
    if not isinstance(node.get("class_name"), str) or not isinstance(node.get("config"), dict | list):
        raise BrokenArtifactError(f"{where} describes no Keras model: it has no class_name with a config")
    contents = ConfigContents(model_class=node["class_name"])
    config = as_mapping(node["config"])
    with _bounded(where):
        _Walk(contents, budget).inside(node, config, path=(), owner=(name_of(node, config),))
    return contents


def without_compile_config(inventory: Inventory) -> Inventory:
    """What is left of an .h5 or .keras file for who loads it with `compile=False`.

    That concerns the outermost model alone: Keras 3 compiles the models inside it all the same.
    """
    if not inventory.compiled or inventory.format == "saved_model":
        return inventory
    node = {key: value for key, value in inventory.root.items() if key != "compile_config"}
    contents = read_model(node, str(inventory.path))
    return replace(
        inventory,
        objects=tuple(contents.objects),
        lambdas=tuple(contents.lambdas),
        references=tuple(contents.references),
        compiled=False,
        training={},
    )


def read_compile(config: Mapping[str, Any], contents: ConfigContents, where: str, budget: Budget | None = None) -> None:
    """Adds what `compile()` was given: Keras 3's `compile_config` or the `training_config` of an .h5.

    Raises:
        BrokenArtifactError: the configuration is nested without end, or names more than any model.
    """
    with _bounded(where):
        _Walk(contents, budget).children(config, ConfigLocation(COMPILE_PATH, COMPILE_PATH))


def read_layer(
    node: Mapping[str, Any],
    contents: ConfigContents,
    parents: tuple[str, ...],
    where: str,
    budget: Budget | None = None,
) -> None:
    """Adds one layer that stands alone, with what its own configuration holds.

    Raises:
        BrokenArtifactError: the configuration is nested without end, or names more than any model.
    """
    with _bounded(where):
        _Walk(contents, budget).layer(node, ConfigLocation(parents, parents, key="layer"))


def read_values(
    name: str,
    node: Mapping[str, Any],
    contents: ConfigContents,
    known: Collection[Code],
    where: str,
    budget: Budget | None = None,
) -> None:
    """Adds what an object names and holds of code, and none of its layers.

    Args:
        name: what the object goes by where it has no name.
        node: of any object.
        contents: what it is added to.
        known: the code that is there already.
        where: the file, as a message names it.
        budget: what it may cost.

    Raises:
        BrokenArtifactError: the node is nested without end, or names more than any model.
    """
    path = (name_of({"class_name": name, **node}, as_mapping(node.get("config"))),)
    with _bounded(where):
        found = [each for each in held_in({**node, "class_name": None}, path) if each not in known]
        _Walk(contents, budget).add_held(found, path)


class _TooMuchError(Exception):
    """A configuration names more than any model; the message is what follows its place in a sentence."""


@contextmanager
def _bounded(where: str) -> Iterator[None]:
    try:
        yield
    except RecursionError as error:
        raise BrokenArtifactError(f"{where} is nested too deeply to be a model") from error
    except _TooMuchError as error:
        raise BrokenArtifactError(f"{where} {error}, the limit") from error
    except BudgetSpentError as error:
        raise BrokenArtifactError(f"{where} is too large: {error}, which is the limit") from error


class _Walk:
    """One walk through a configuration, collecting into `contents`."""

    def __init__(self, contents: ConfigContents, budget: Budget | None) -> None:
        self.contents, self.budget = contents, budget or Budget()

    def visit(self, value: object, place: ConfigLocation) -> None:
        if isinstance(value, str):
            self.bare_name(value, place)
        elif isinstance(value, list):
            self.items(value, place)
        elif isinstance(value, dict):
            self.mapping(value, place)

    def add_object(self, use: ObjectUse) -> None:
        self.count(use)
        self.contents.objects.append(use)

    def add_lambda(self, use: LambdaUse) -> None:
        self.budget.look()
        self.contents.lambdas.append(use)

    def count(self, use: LayerUse | ObjectUse | Reference) -> None:
        self.count_one()
        if len(use.name) + len(use.module or "") > LONGEST_NAME:
            raise _TooMuchError(f"names something in more than {LONGEST_NAME:,} characters")
        if sum(map(len, use.path)) > LONGEST_LAYER_PATH:
            raise _TooMuchError(f"names a layer, and those around it, in more than {LONGEST_LAYER_PATH:,} characters")

    def count_one(self) -> None:
        contents = self.contents
        self.budget.look()
        if len(contents.layers) + len(contents.objects) + len(contents.references) >= MOST_USES:
            raise _TooMuchError(f"names more than {MOST_USES:,} layers and objects")

    def bare_name(self, name: str, place: ConfigLocation) -> None:
        if place.role is None or place.role == "dtype policy":
            return
        if place.in_compile or place.role in NAMED_IN_LAYERS:
            self.add_object(ObjectUse(place.role, name, place.owner))

    def items(self, values: list[Any], place: ConfigLocation) -> None:
        if self.is_code(values, place):
            return
        if place.key != "layers":
            for value in values:
                self.visit(value, place)
            return
        for position, value in enumerate(values, 1):
            self.visit(value, ConfigLocation(place.path, place.owner, "layers", place.role, position, len(values)))

    def is_code(self, value: object, place: ConfigLocation) -> bool:
        codes = code_elsewhere(value)
        if codes:
            self.add_lambda(LambdaUse(place.owner, has_bytecode=True, codes=codes))
        return bool(codes)

    def add_beside(self, node: Mapping[str, Any], path: tuple[str, ...]) -> None:
        for key, found in held_beside(node, path):
            self.add_held(found, path, key)

    def add_held(self, found: Iterable[Found], path: tuple[str, ...], key: str = "") -> None:
        """Adds what stands elsewhere than layers and objects; bytecode counts as that of the layer."""
        codes = []
        for each in found:
            if isinstance(each, Reference):
                self.count(each)
                self.contents.references.append(each)
            else:
                self.count_one()
                codes.append(each)
        if codes:
            self.add_lambda(LambdaUse(path, has_bytecode=True, codes=tuple(codes), key=key))

    def mapping(self, value: dict[str, Any], place: ConfigLocation) -> None:
        class_name = value.get("class_name")
        if not isinstance(class_name, str):
            self.children(value, place)
        elif class_name == "__tuple__":
            self.visit(value.get("items"), place)
        elif class_name in VALUE_CLASSES:
            if not self.is_code(value, place):
                self.add_held(held_in(value, place.owner), place.owner)
        elif "config" in value:
            self.node(value, place)
        else:
            self.children(value, place)

    def children(self, value: Mapping[str, Any], place: ConfigLocation, skip: tuple[str, ...] = ()) -> None:
        path, owner = place.path, place.owner
        inherited = place.role if place.in_compile else None
        for key, child in value.items():
            if not isinstance(child, WALKED) or key in NOT_WALKED or key in skip or is_numbers(child):
                continue
            # An output may be called `activation`; below `loss` it is still a loss.
            role = inherited or role_by_key(key[-LONGEST_KEY:])
            if role or not isinstance(child, str):
                self.visit(child, ConfigLocation(path, owner, key, role))

    def node(self, node: dict[str, Any], place: ConfigLocation) -> None:
        if isinstance(node["config"], str):
            self.function(node, place)
        elif is_layer(node, place):
            self.layer(node, place)
        else:
            self.object(node, place)

    def function(self, node: dict[str, Any], place: ConfigLocation) -> None:
        role = place.role or role_by_module(node) or "object"
        module, registered = text_of(node.get("module")), text_of(node.get("registered_name"))
        if "inbound_nodes" in node and node["class_name"] == FUNCTION:
            # In the place of a layer it is called as one, and goes by a layer's name.
            path = (*place.path, name_of(node, {}))
            self.add_held([Reference(node["config"], path, module, registered, is_function=True, key="layers")], path)
            self.add_beside(node, path)
        else:
            self.add_object(ObjectUse(role, node["config"], place.owner, module, registered))

    def layer(self, node: Mapping[str, Any], place: ConfigLocation) -> None:
        config = as_mapping(node["config"])
        path = (*place.path, name_of(node, config))
        use = LayerUse(
            class_name=node["class_name"],
            path=path,
            module=text_of(node.get("module")),
            registered_name=text_of(node.get("registered_name")),
            config=config,
            position=place.position,
            siblings=place.siblings,
        )
        self.count(use)
        self.contents.layers.append(use)
        self.inside(node, config, path, owner=path)

    def inside(
        self,
        node: Mapping[str, Any],
        config: Mapping[str, Any],
        path: tuple[str, ...],
        owner: tuple[str, ...],
    ) -> None:
        found = lambda_use(node["class_name"], config, path)
        if found is not None:
            self.add_lambda(found)
        self.add_beside(node, path)
        # An InputLayer's dtype is what it is fed, which says nothing about what is computed.
        dtype = compute_dtype(config.get("dtype") or node.get("dtype"))
        if dtype in FLOATS and node["class_name"] != "InputLayer":
            self.contents.dtypes.add(dtype)
        functions = function_keys(node["class_name"], config) if found else ()
        self.add_held(named_in_keys(config, functions, path), path)
        self.children(config, ConfigLocation(path, owner), skip=functions)
        compiled = node.get("compile_config")
        if isinstance(compiled, dict):
            self.children(compiled, ConfigLocation(COMPILE_PATH, COMPILE_PATH))

    def object(self, node: dict[str, Any], place: ConfigLocation) -> None:
        role = place.role or role_by_module(node) or "object"
        config = as_mapping(node["config"])
        self.add_object(
            ObjectUse(
                role,
                node["class_name"],
                place.owner,
                text_of(node.get("module")),
                text_of(node.get("registered_name")),
                is_class=True,
                config=config,
            )
        )
        self.add_beside(node, place.owner)
        if not config:
            return
        if "fn" in config:
            self.wrapped_function(config["fn"], role, place)
        self.children(config, ConfigLocation(place.path, place.owner), skip=("fn",))

    def wrapped_function(self, function: Any, role: str, place: ConfigLocation) -> None:
        """Adds what Keras' MeanMetricWrapper and LossFunctionWrapper name under `fn`, the user's function."""
        if isinstance(function, str):
            self.add_object(ObjectUse(role, function, place.owner))
        else:
            self.visit(function, ConfigLocation(place.path, place.owner, "fn", role, place.position, place.siblings))


def _json_kind(value: object) -> str:
    names = {str: "string", list: "list", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
