"""Trials of what is not a layer: each class and name alone, then each argument at each value worth telling apart."""

import inspect
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from pytest_modelcompat.profiles.recorder import samples

from .kit import Kit
from .trial import TRAINED, Trial, sequential
from .values import NONSENSE, arguments_of, importable, required_of, values_of

# What every optimizer, loss and metric takes is tried with these; the others with what is their own.
WITH_EVERY_ARGUMENT = frozenset({"Adam", "MeanSquaredError", "MeanAbsoluteError"})
MOST_VALUES = 2
OWN_LOSS = "plain_loss"
CLASSIFIER = "vectors"
Place = Tuple[str, Callable[[Any], Any]]


class ObjectCase:
    """A class or function, and the smallest model that holds one.

    Args:
        kit: the runtime's Keras.
        role: what it serves as.
        cls: the class; or a function; or the name that Keras is given.
        name: what the vocabulary calls it.
    """

    def __init__(self, kit: Kit, role: str, cls: Any, name: str) -> None:
        self.kit, self.role, self.cls, self.name = kit, role, cls, name
        self.place: Place = places(kit, role)[0]
        self.more: Dict[str, Any] = {}
        self.arguments = arguments_of(cls, []) if inspect.isclass(cls) else {}

    def own_arguments(self) -> List[str]:
        """Its arguments without those that every class of its role takes."""
        if self.name in WITH_EVERY_ARGUMENT:
            return list(self.arguments)
        common = arguments_of(self.cls.__mro__[1], [])
        return [name for name in self.arguments if name not in common]

    def find(self) -> bool:
        """Looks for a model that takes it; whether there is one."""
        for more in [{}, *samples.EXTRA.get(self.name, [])]:
            for place in places(self.kit, self.role):
                self.place, self.more = place, more
                self.kit.fresh()
                if self.takes({}):
                    return True
        return False

    def takes(self, changed: Dict[str, Any]) -> bool:
        """Whether a model can be made of one with some arguments changed."""
        try:
            self.model(changed)
        except Exception:  # noqa: BLE001 - that it cannot is the answer
            return False
        return True

    def model(self, changed: Dict[str, Any]) -> Any:
        """The smallest model that holds one, with some arguments changed."""
        return self.place[1](self._instance(changed))

    def _instance(self, changed: Dict[str, Any]) -> Any:
        if not inspect.isclass(self.cls):
            return self.cls
        given = {name: samples.sample(name, self.cls.__name__, self.kit.keras) for name in required_of(self.cls)}
        return self.cls(**{**given, **self.more, **changed})


def places(kit: Kit, role: str) -> List[Place]:
    """The models that something of a role is tried in, the most usual first: their inputs, and how they are made."""
    layers = kit.layers

    def one(inputs: str, make: Callable[[Any], Any]) -> Place:
        return inputs, lambda each: sequential(kit, [make(each)], inputs)

    def trained(inputs: str, compiled: Callable[[Any], Dict[str, Any]], units: int = 2) -> Place:
        def make(each: Any) -> Any:
            model = sequential(kit, [layers.Dense(units, activation="softmax", name="probe")], inputs)
            model.compile(**{"optimizer": "sgd", "loss": "mse", **compiled(each)})
            return model

        return inputs, make

    return {
        "activation": [one("vectors", lambda each: layers.Activation(each, name="probe"))],
        "initializer": [
            one("vectors", lambda each: layers.Dense(2, kernel_initializer=each, name="probe")),
            one("sequences", lambda each: layers.Conv1D(2, 3, kernel_initializer=each, name="probe")),
        ],
        "regularizer": [one("vectors", lambda each: layers.Dense(2, kernel_regularizer=each, name="probe"))],
        "constraint": [
            one("vectors", lambda each: layers.Dense(2, kernel_constraint=each, name="probe")),
            one("images", lambda each: layers.Conv2D(2, 3, kernel_constraint=each, name="probe")),
        ],
        "dtype policy": [one("vectors", lambda each: layers.Dense(2, dtype=each, name="probe"))],
        "loss": [trained(CLASSIFIER, lambda each: {"loss": each})],
        "metric": [trained(CLASSIFIER, lambda each: {"metrics": [each]})],
        "optimizer": [trained(CLASSIFIER, lambda each: {"optimizer": each})],
        "schedule": [trained(CLASSIFIER, lambda each: {"optimizer": kit.keras.optimizers.SGD(learning_rate=each)})],
    }.get(role, [])


def object_trials(
    kit: Kit, vocabulary: List[Dict[str, Any]], names: Dict[str, List[str]]
) -> Iterator[Tuple[str, Optional[Trial]]]:
    """Each class of the vocabulary that is no layer, each name that Keras is given for one, and own functions."""
    for entry in vocabulary:
        if entry["role"] != "layer" and entry["is_class"] and places(kit, entry["role"]):
            yield from _of_class(kit, entry)
    for role, known in sorted(names.items()):
        for name in known if places(kit, role) else ():
            label = "{} '{}'".format(role, name)
            yield label, _trial(ObjectCase(kit, role, name, name), label, {})._replace(is_name=True)
    for role in ("loss", "metric"):
        case = ObjectCase(kit, role, importable("objects").plain_loss, OWN_LOSS)
        label = "{} custom function".format(role)
        yield label, _trial(case, label, {})._replace(declared=(OWN_LOSS,))


def _of_class(kit: Kit, entry: Dict[str, Any]) -> Iterator[Tuple[str, Optional[Trial]]]:
    case = ObjectCase(kit, entry["role"], kit.find(entry), entry["name"])
    label = "{} {}".format(entry["role"], entry["name"])
    if not inspect.isclass(case.cls) or not case.find():
        yield label, None
        return
    yield label, _trial(case, label, {})
    # What no user names has no arguments that a user gives.
    for trial in _variants(case, label) if entry.get("paths") else ():
        yield label, trial


def _variants(case: ObjectCase, label: str) -> Iterator[Trial]:
    for argument in case.own_arguments() if case.role in TRAINED else case.arguments:
        default = case.arguments[argument]
        is_checked = isinstance(default, str) and not case.takes({argument: NONSENSE})
        values = values_of(case.kit, case.cls, argument, default, is_checked=is_checked)
        for value in values if is_checked else values[:MOST_VALUES]:
            trial = _trial(case, "{}.{}={}".format(label, argument, value.label), {argument: value})
            yield trial._replace(declared=value.declared, is_code=value.is_code, trains=False)


def _trial(case: ObjectCase, name: str, changed: Dict[str, Any]) -> Trial:
    return Trial(
        name,
        case.role,
        lambda: case.model({argument: value.make() for argument, value in changed.items()}),
        case.place[0],
        trains=case.role in TRAINED,
    )
