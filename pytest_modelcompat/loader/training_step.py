"""The compiled loss and metrics on one batch, and one step of training: what a reloaded model must give again.

Both processes call this, the one that saved and the one that loaded. What is called is what `evaluate()` and
`train_on_batch()` call for a batch, without a graph, which would leave functions in the model.
"""

from typing import Any, Dict, List, Tuple

import numpy as np

from . import calls, tensors

_SEED_STATE = "seed_generator_state"


def batch(model: Any, inputs: Any, targets: Any) -> Tuple[Any, ...]:
    """Inputs and targets as a model's `test_step` takes them; the targets may be None, where a loss needs none.

    Args:
        model: the model.
        inputs: nested arrays.
        targets: nested arrays, or None.
    """
    given = calls.nested_as(model, tensors.map_leaves(calls.to_tensor, tensors.as_leaves(inputs)))
    if targets is None:
        return (given,)
    return given, tensors.map_leaves(calls.to_tensor, tensors.as_leaves(targets))


def evaluated(model: Any, data: Tuple[Any, ...]) -> Dict[str, Any]:
    """Loss and metrics of a compiled model by name, each a number or nested lists of them.

    Args:
        model: the model.
        data: as `batch` gives it.
    """
    model.reset_metrics()
    logs = model.test_step(data)
    model.reset_metrics()
    return _plain(logs)


def stepped(model: Any, data: Tuple[Any, ...], keras: Any, seed: int) -> Dict[str, Any]:
    """The loss of one step of training, and the loss after it; the model is changed by that.

    Args:
        model: the model.
        data: as `batch` gives it.
        keras: the package that it is of.
        seed: of what it draws.
    """
    _seed(model, keras, seed)
    model.reset_metrics()
    logs = _plain(model.train_step(data))
    return {"loss of a training step": logs["loss"], "loss after it": evaluated(model, data)["loss"]}


def trial(model: Any, inputs: Any, targets: Any, keras: Any, *, steps: bool, seed: int = 0) -> Dict[str, Any]:
    """What a reloaded model gives: `evaluated`, `step`, and `error` where it raises.

    Args:
        model: the model.
        inputs: nested arrays.
        targets: nested arrays, or None.
        keras: the package that it is of.
        steps: whether to do a step of training, too.
        seed: of what a step draws.
    """
    answer = {"evaluated": {}, "step": {}, "error": ""}  # type: Dict[str, Any]
    try:
        data = batch(model, inputs, targets)
        answer["evaluated"] = evaluated(model, data)
        if steps and getattr(model, "optimizer", None) is not None:
            answer["step"] = stepped(model, data, keras, seed)
    except Exception as error:  # noqa: BLE001 - a loss is the user's code, and every failure is the answer
        answer["error"] = "{}: {}".format(type(error).__name__, error)
    return answer


def seed_states(model: Any) -> List[Any]:
    """The variables from which the layers of a model draw; none in Keras 2."""
    return [each for each in model.variables if _SEED_STATE in str(getattr(each, "path", ""))]


def _seed(model: Any, keras: Any, seed: int) -> None:
    import tensorflow as tf

    set_random_seed = getattr(keras.utils, "set_random_seed", None)
    if set_random_seed is not None:
        set_random_seed(seed)
    tf.random.set_seed(seed)
    for number, state in enumerate(seed_states(model)):
        state.assign(np.array([seed, number], "uint32"))


def _plain(logs: Any) -> Dict[str, Any]:
    found = {}  # type: Dict[str, Any]
    for name, value in logs.items():
        if isinstance(value, dict):
            found.update(_plain(value))
        else:
            found[str(name)] = np.asarray(value, "float64").tolist()
    return found
