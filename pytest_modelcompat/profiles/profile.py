"""Profile: what one TensorFlow and one Keras know, as data: a file is checked where they are not installed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.versions import NO_VERSION, MinorVersion, minor_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PROFILE_SCHEMA = 1
KIND = "modelcompat profile"


class ProfileError(ValueError):
    """A runtime's name or a profile file means nothing; the message is one sentence that says why and what is known."""


@dataclass(frozen=True)
class AttributeKnowledge:
    """One attribute of an op.

    Args:
        type: TensorFlow's name of its type: `type`, `int`, `bool`, `string`, `shape`, `func`, `list(type)` ...
        default: its default as text, rendered as in `OpUse.values`; None where a node must carry it.
        allowed: the only values it may have, as text; empty where any will do.
    """

    type: str
    default: str | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class OpKnowledge:
    """One op of a TensorFlow's registry.

    Args:
        name: its name.
        attributes: by name.
        has_kernel: whether a kernel is registered for it on any device. Function calls, control flow and
            placeholders can do without.
        has_cpu_kernel: whether one is registered for the CPU.
        deprecated_at: GraphDef version from which on a graph may not use it any more; 0 if it may.
    """

    name: str
    attributes: Mapping[str, AttributeKnowledge] = field(default_factory=dict)
    has_kernel: bool = True
    has_cpu_kernel: bool = True
    deprecated_at: int = 0


@dataclass(frozen=True)
class ObjectKnowledge:
    """One class or function of a Keras that a file may name.

    Args:
        name: its `__name__`; an alias leads to the same knowledge.
        role: as in `ObjectUse.role`, or `layer` (models too), `operation` (a node of Keras 3's functional graphs),
            `quantizer`, `schedule`, `function` (of no role of its own), `object`.
        is_class: whether it is a class; otherwise a function, and all below but `paths` and `home` is empty.
        paths: the public dotted names it goes by (`keras.layers.Dense`), each of which a .keras file may give, sorted.
        home: the module that defines it, which Keras 2.12 and newer also import on a file's word.
        accepts: every key that rebuilding it from its config takes; None where it takes any, or where none could
            be tried.
        required: the keys without which it cannot be rebuilt.
        writes: the config of an instance made with as little as possible, defaults and all; None where none could
            be made. A value that is no JSON is the text `<its type>`.
        own_from_config: whether it, and not just Keras' base class, defines `from_config`: it may then take, drop or
            translate keys that `accepts` does not list.
        refuses_unknown: whether a key of no meaning was refused when tried; None where it could not be tried.
    """

    name: str
    role: str
    is_class: bool
    paths: tuple[str, ...] = ()
    home: str = ""
    accepts: frozenset[str] | None = None
    required: frozenset[str] = frozenset()
    writes: Mapping[str, Any] | None = None
    own_from_config: bool = False
    refuses_unknown: bool | None = None

    def takes(self, key: str) -> bool:
        """Whether rebuilding from a config that holds `key` takes it, as far as is known."""
        return self.accepts is None or key in self.accepts


@dataclass(frozen=True)
class Profile:
    """What one runtime knows.

    Args:
        name: its canonical name (`tf2.16`, `tf2.16+keras3.15`), or that of a profile a user recorded.
        tensorflow: TensorFlow's full version, `2.16.2`.
        keras: the full version of the Keras that loads models, `3.3.3`.
        package: what that Keras is imported as: `keras`, `tf_keras` or `tensorflow.keras` (up to TensorFlow 2.5).
        python: the CPython minor version that Lambda code is judged for, `(3, 11)`.
        pythons: the CPython minor versions this TensorFlow is published for, ascending.
        producer: the GraphDef version it writes.
        min_consumer: the least GraphDef version that must be able to read what it writes.
        min_producer: the least GraphDef version it reads.
        ops: by name.
        names: role -> name or alias -> what the name alone leads to.
        places: dotted name -> what is there: every public name, and every class in the module that defines it.
        modules: every dotted module path of the Keras package that can be imported.
        registered: registered name -> the object, whether `--import` or Keras itself registered it
            (`Custom>Adam` in Keras 2.11 to 2.15).
        imports_foreign: whether a .keras file may name any module at all and have it imported, and not only one of
            Keras' own family.
        as_objects: role -> name -> the function that is found where a file holds an object that names no module, as
            for `tf.nn.relu`; none of a role that was not asked for.
        operations_in_h5: names of operations that an .h5 file holds after all, as a layer of that name -> whether that
            does the `same` with what the operation was given, or something `other`.
        refuses: format -> the classes of layers that are not loaded unless `safe_mode=False` is given; None where it
            was not asked for.
    """

    name: str
    tensorflow: str
    keras: str
    package: str
    python: MinorVersion
    pythons: tuple[MinorVersion, ...]
    producer: int
    min_consumer: int
    min_producer: int
    ops: Mapping[str, OpKnowledge]
    names: Mapping[str, Mapping[str, ObjectKnowledge]]
    places: Mapping[str, ObjectKnowledge]
    modules: frozenset[str]
    registered: Mapping[str, ObjectKnowledge] = field(default_factory=dict)
    imports_foreign: bool = False
    as_objects: Mapping[str, Mapping[str, ObjectKnowledge]] = field(default_factory=dict)
    operations_in_h5: Mapping[str, str] = field(default_factory=dict)
    refuses: Mapping[str, frozenset[str]] | None = None

    @cached_property
    def keras_version(self) -> MinorVersion:
        """Major and minor version of Keras; `tf_keras` 2.21 is `(2, 21)`."""
        return minor_version(self.keras)

    @cached_property
    def tensorflow_version(self) -> MinorVersion:
        """Major and minor version of TensorFlow."""
        return minor_version(self.tensorflow)

    def op(self, name: str) -> OpKnowledge | None:
        """What is known of an op; None if this TensorFlow does not have it."""
        return self.ops.get(name)

    def find(self, role: str, name: str) -> ObjectKnowledge | None:
        """What a name alone means to this Keras, as in an .h5 file or `compile(loss="mse")`.

        Args:
            role: as in `ObjectKnowledge.role`, or `model`, which is `layer` here; `object` looks at every role.
            name: class, function or alias, as stored. Registered objects come first.
        """
        if name in self.registered:
            return self.registered[name]
        if role == "object":
            return next((known[name] for known in self.names.values() if name in known), None)
        return self.names.get("layer" if role == "model" else role, {}).get(name)

    def public(self, module: str, name: str) -> ObjectKnowledge | None:
        """What `module` and `name` of a .keras file mean to this Keras: a public name, or a class in its home."""
        return self.places.get(f"{module}.{name}")

    def has_module(self, path: str) -> bool:
        """Whether `path`, a dotted module of the Keras package, can be imported."""
        return path in self.modules


def _python(version: str) -> MinorVersion:
    return minor_version(_version_text(version))


def from_json(data: object, source: str) -> Profile:
    """A profile from what the recorder wrote.

    Args:
        data: parsed JSON.
        source: what to call it in an error: its path, or its name.

    Raises:
        ProfileError: it is no profile, an incomplete one, or one of another schema.
    """
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise ProfileError(f"{source} is not a profile: record one with `modelcompat profile record --out FILE`")
    if data.get("schema") != PROFILE_SCHEMA:
        raise ProfileError(
            f"{source} is a profile of schema {data.get('schema')}, and schema {PROFILE_SCHEMA} is read here: "
            "record it again"
        )
    try:
        return _profile(data)
    except KeyError as error:
        raise ProfileError(f"{source} is an incomplete profile: it lacks {error}; record it again") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ProfileError(f"{source} is a profile that was altered ({error}): record it again") from error


def _profile(data: dict[str, Any]) -> Profile:
    tensorflow, keras = data["tensorflow"], data["keras"]
    objects = {key: _object(each) for key, each in keras["objects"].items()}
    return Profile(
        name=str(data["name"]),
        tensorflow=_version_text(tensorflow["version"]),
        keras=_version_text(keras["version"]),
        package=str(keras["package"]),
        python=_python(data["python"]),
        pythons=tuple(_python(each) for each in tensorflow["pythons"]),
        producer=int(tensorflow["producer"]),
        min_consumer=int(tensorflow["min_consumer"]),
        min_producer=int(tensorflow["min_producer"]),
        ops={name: op_from_json(name, each) for name, each in tensorflow["ops"].items()},
        names=_names(objects, keras["names"]),
        places=_objects_by_path(objects.values()),
        modules=frozenset(keras["modules"]),
        registered={name: objects[key] for name, key in keras["names"].get("registered", {}).items()},
        imports_foreign=bool(keras["imports_foreign"]),
        # What profiles of the first versions lack.
        as_objects=_tables(objects, keras.get("as_objects", {})),
        operations_in_h5=keras.get("operations_in_h5", {}),
        refuses={kind: frozenset(names) for kind, names in keras["refuses"].items()} if "refuses" in keras else None,
    )


def _version_text(version: str) -> str:
    if minor_version(version) == NO_VERSION:
        raise ProfileError(f"{version!r} is no version")
    return version


def op_from_json(name: str, data: Mapping[str, Any]) -> OpKnowledge:
    """One op from `{"attributes": {name: [type, default, allowed]}, "kernels": "cpu" | "other" | "none", ...}`."""
    kernels = data.get("kernels", "cpu")
    return OpKnowledge(
        name=name,
        attributes={
            attribute: AttributeKnowledge(type_, default, tuple(allowed))
            for attribute, (type_, default, allowed) in data["attributes"].items()
        },
        has_kernel=kernels != "none",
        has_cpu_kernel=kernels == "cpu",
        deprecated_at=data.get("deprecated_at", 0),
    )


def _names(
    objects: Mapping[str, ObjectKnowledge], names: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, ObjectKnowledge]]:
    """Names by role; a role of which no table of names was found goes by the names of its public classes."""
    found = _tables(objects, {role: known for role, known in names.items() if known and role != "registered"})
    unnamed: dict[str, dict[str, ObjectKnowledge]] = {}
    for key, each in objects.items():
        if each.role not in found and key == f"{each.role}:{each.name}":
            unnamed.setdefault(each.role, {})[each.name] = each
    return {**found, **unnamed}


def _tables(
    objects: Mapping[str, ObjectKnowledge], names: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, ObjectKnowledge]]:
    return {role: {name: objects[key] for name, key in known.items()} for role, known in names.items()}


def _objects_by_path(objects: Iterable[ObjectKnowledge]) -> dict[str, ObjectKnowledge]:
    places: dict[str, ObjectKnowledge] = {}
    for each in objects:
        if each.is_class:
            places[f"{each.home}.{each.name}"] = each
        places.update(dict.fromkeys(each.paths, each))
    return places


def _object(data: Mapping[str, Any]) -> ObjectKnowledge:
    accepts = data.get("accepts")
    return ObjectKnowledge(
        name=data["name"],
        role=data["role"],
        is_class=data["is_class"],
        paths=tuple(data.get("paths", ())),
        home=data.get("home", ""),
        accepts=None if accepts is None else frozenset(accepts),
        required=frozenset(data.get("required", ())),
        writes=data.get("writes"),
        own_from_config=data.get("own_from_config", False),
        refuses_unknown=data.get("refuses_unknown"),
    )
