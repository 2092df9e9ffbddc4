"""Walking a Keras configuration: what layers, objects and lambdas it names, at any depth.

Every Keras since 1.0 describes a model as nested `{"class_name": ..., "config": ...}` nodes; what differs is
which other keys stand beside them and what a list or a bare string means. So the walk goes through *all* of a
config and decides by key, module and shape what each node is, rather than knowing each layer.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.budget import Budget, BudgetSpentError
from pytest_modelcompat.artifacts.dtypes import FLOATS, compute_dtype
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError, LambdaUse, LayerUse, ObjectUse, Reference
from pytest_modelcompat.artifacts.keras.lambdas import code_elsewhere, function_keys, lambda_use
from pytest_modelcompat.artifacts.keras.nodes import (
    COMPILE_PATH,
    LONGEST_KEY,
    MODEL_CLASSES,
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
    LONGEST_LAYER_PATH,
    LONGEST_NAME,
    MOST_USES,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_modelcompat.artifacts.keras.contents import ConfigContents
    from pytest_modelcompat.artifacts.keras.values import Found


class TooMuchError(Exception):
    """A configuration names more than any model; the message is what follows its place in a sentence."""


@contextmanager
def bounded(where: str) -> Iterator[None]:
    """Says where a configuration is too much for any model.

    Raises:
        BrokenArtifactError: it is.
    """
    try:
        yield
    except RecursionError as error:
        raise BrokenArtifactError(f"{where} is nested too deeply to be a model") from error
    except TooMuchError as error:
        raise BrokenArtifactError(f"{where} {error}, the limit") from error
    except BudgetSpentError as error:
        raise BrokenArtifactError(f"{where} is too large: {error}, which is the limit") from error


class Walk:
    """One walk through a configuration, collecting into `contents`."""

    def __init__(self, contents: ConfigContents, budget: Budget | None) -> None:
        self.contents, self.budget = contents, budget or Budget()

    def visit(self, value: object, place: ConfigLocation) -> None:
        """Adds what a value of any kind names."""
        if isinstance(value, str):
            self.bare_name(value, place)
        elif isinstance(value, list):
            self.items(value, place)
        elif isinstance(value, dict):
            self.mapping(value, place)

    def add_object(self, use: ObjectUse) -> None:
        """Adds an object, within the limits."""
        self.count(use)
        self.contents.objects.append(use)

    def add_lambda(self, use: LambdaUse) -> None:
        """Adds what a layer holds of Python bytecode."""
        self.budget.look()
        self.contents.lambdas.append(use)

    def count(self, use: LayerUse | ObjectUse | Reference) -> None:
        """Refuses one more layer, object or reference than any model has, and names longer than any."""
        self.count_one()
        if len(use.name) + len(use.module or "") > LONGEST_NAME:
            raise TooMuchError(f"names something in more than {LONGEST_NAME:,} characters")
        if sum(map(len, use.path)) > LONGEST_LAYER_PATH:
            raise TooMuchError(f"names a layer, and those around it, in more than {LONGEST_LAYER_PATH:,} characters")

    def count_one(self) -> None:
        """Refuses one more of anything than any model has."""
        contents = self.contents
        self.budget.look()
        if len(contents.layers) + len(contents.objects) + len(contents.references) >= MOST_USES:
            raise TooMuchError(f"names more than {MOST_USES:,} layers and objects")

    def bare_name(self, name: str, place: ConfigLocation) -> None:
        """Adds a name that stands alone, where its key says what it serves as."""
        if place.role is None or place.role == "dtype policy":
            return
        if place.in_compile or place.role in NAMED_IN_LAYERS:
            self.add_object(ObjectUse(place.role, name, place.owner))

    def items(self, values: list[Any], place: ConfigLocation) -> None:
        """Goes through a list, in which layers have their positions."""
        if self.is_code(values, place):
            return
        if place.key != "layers":
            for value in values:
                self.visit(value, place)
            return
        for position, value in enumerate(values, 1):
            self.visit(value, ConfigLocation(place.path, place.owner, "layers", place.role, position, len(values)))

    def is_code(self, value: object, place: ConfigLocation) -> bool:
        """Whether a value is bytecode, which is added then."""
        codes = code_elsewhere(value)
        if codes:
            self.add_lambda(LambdaUse(place.owner, has_bytecode=True, codes=codes))
        return bool(codes)

    def add_beside(self, node: Mapping[str, Any], path: tuple[str, ...]) -> None:
        """Adds what a node has beside its configuration."""
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
        """Goes through a dictionary, and decides whether it is a node."""
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
        """Goes through the values of a configuration."""
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
        """Adds a node as the function, layer or object that it is."""
        if isinstance(node["config"], str):
            self.function(node, place)
        elif is_layer(node, place):
            self.layer(node, place)
        else:
            self.object(node, place)

    def function(self, node: dict[str, Any], place: ConfigLocation) -> None:
        """Adds a function that goes by module and name."""
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
        """Adds a layer, with all that it holds."""
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

    def add_root(self, node: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        """Adds what the outermost node names, where that is no model of Keras' own: Keras rebuilds whatever it is."""
        if node["class_name"] in MODEL_CLASSES:
            return
        module, registered = text_of(node.get("module")), text_of(node.get("registered_name"))
        root = Reference(node["class_name"], (name_of(node, config),), module, registered, key="root", config=config)
        self.count(root)
        self.contents.references.append(root)

    def inside(
        self,
        node: Mapping[str, Any],
        config: Mapping[str, Any],
        path: tuple[str, ...],
        owner: tuple[str, ...],
    ) -> None:
        """Adds what is in a model or layer, and what `compile()` was given."""
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
        """Adds an object that is no layer, with all that it holds."""
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
