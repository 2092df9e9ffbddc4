"""Edits of optimizers: classes, arguments and schedules that Keras 3 names, takes or means otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.profiles.profile import ObjectKnowledge
    from pytest_modelcompat.results.migration import Change

_MODULE, _SCHEDULES = "keras.optimizers", "keras.optimizers.schedules"
_OWN_PACKAGE = "Custom>"
# In Keras 3 there are classes of these names that refuse to be made.
_LEGACY = ".optimizers.legacy"
# Settings of how a step is run in Keras 2: none changes its result.
_OF_NO_RESULT = frozenset({"jit_compile", "is_legacy_optimizer", "mesh"})
_OF_AN_AVERAGE = frozenset({"ema_momentum", "ema_overwrite_frequency"})
_OFF_WHEN_NONE = frozenset(
    {"use_ema", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm"}
    | {"loss_scale_factor", "gradient_accumulation_steps"}
)
_FUZZ = 1e-7
# In legacy Nadam it sets how fast its momentum grows.
_OTHER_DECAY = frozenset({"Nadam"})


def _optimizers(draft: Draft) -> Iterator[Node]:
    """Optimizers that `compile()` was given, those inside others too; no schedule."""
    for node in draft.nodes():
        if node.in_compile and _is_optimizer(node):
            yield node


def _is_optimizer(node: Node) -> bool:
    is_one = node.role == "optimizer" or node.key in ("inner_optimizer", "optimizer")
    return is_one and not _is_schedule_place(node)


def _is_schedule_place(node: Node) -> bool:
    return node.key in ("learning_rate", "lr") or ".schedules" in str(node.data.get("module"))


def _known(target: Target, node: Node) -> ObjectKnowledge | None:
    known = target.known(node)
    return known if known is not None else target.profile.find("optimizer", node.class_name)


def _plain_class(draft: Draft, target: Target) -> Iterator[Change]:
    """Keras 2.11 to 2.15 registered its own optimizers in the package that users' classes are in."""
    for node in _optimizers(draft):
        name, written = node.class_name, target.writer_profile
        if not name.startswith(_OWN_PACKAGE) or name in target.custom or name in target.profile.registered:
            continue
        own = name.removeprefix(_OWN_PACKAGE)
        is_keras_own = written is not None and name in written.registered and own not in target.custom
        if is_keras_own and target.profile.find("optimizer", own) is not None:
            node.data["class_name"] = own
            yield change(node, before=name, after=own)


def _public_module(draft: Draft, target: Target) -> Iterator[Change]:
    for node in draft.nodes():
        if not node.in_compile or not (_is_optimizer(node) or _is_schedule_place(node)):
            continue
        module = _SCHEDULES if _is_schedule_place(node) else _MODULE
        before = node.data.get("module")
        is_own = before is None or str(before).partition(".")[0] in ("keras", "tf_keras", "builtins")
        if before == module or not is_own or not _is_unfound(target, node, before):
            continue
        if node.class_name not in target.custom and target.profile.public(module, node.class_name) is not None:
            node.data.update(module=module, registered_name=None)
            yield change(node, before=before, after=f"{module}.{node.class_name}")


def _is_unfound(target: Target, node: Node, module: Any) -> bool:
    """Whether the reader does not find it by its module; one without a module is found where a name is enough."""
    if str(module).endswith(_LEGACY) and target.reader[0] >= 3:
        return True
    if module is None:
        return node.key not in ("optimizer", "optimizer_config") and target.reader[0] >= 3
    return target.profile.public(str(module), node.class_name) is None


def _learning_rate(draft: Draft, target: Target) -> Iterator[Change]:
    for node in _optimizers(draft):
        known = _known(target, node)
        if known is not None and known.accepts is not None and "lr" in node.config and "lr" not in known.accepts:
            rate = node.config.pop("lr")
            node.config.setdefault("learning_rate", rate)
            yield change(node, before=rate, after=rate, key="lr")


def _of_no_result(draft: Draft, target: Target) -> Iterator[Change]:
    for node in _optimizers(draft):
        known = _known(target, node)
        if known is None or known.accepts is None:
            continue
        config = dict(node.config)
        for key in [each for each in config if each not in known.accepts]:
            if _has_no_effect(key, config):
                yield change(node, before=str(node.config.pop(key)), key=key)


def _has_no_effect(key: str, config: Mapping[str, Any]) -> bool:
    if key in _OF_AN_AVERAGE:
        return not config.get("use_ema")
    return key in _OF_NO_RESULT or (key in _OFF_WHEN_NONE and (config[key] is None or config[key] is False))


def _no_decay(draft: Draft, target: Target) -> Iterator[Change]:
    if target.reader[0] < 3:
        return
    for node in _optimizers(draft):
        if node.class_name not in _OTHER_DECAY and node.config.get("decay", 1) == 0:
            yield change(node, before=node.config.pop("decay"), key="decay")


def _decay(draft: Draft, target: Target) -> Iterator[Change]:
    if target.reader[0] < 3 or target.profile.public(_SCHEDULES, "InverseTimeDecay") is None:
        return
    for node in _optimizers(draft):
        decay, rate = node.config.get("decay"), node.config.get("learning_rate")
        is_decayed = isinstance(decay, int | float) and decay > 0 and isinstance(rate, int | float)
        if is_decayed and node.class_name not in _OTHER_DECAY and _known(target, node) is not None:
            del node.config["decay"]
            node.config["learning_rate"] = _inverse_time_decay(rate, decay)
            yield change(node, before=decay, after="learning_rate=InverseTimeDecay", key="decay")


def _inverse_time_decay(rate: Any, decay: Any) -> dict[str, Any]:
    config = {
        "initial_learning_rate": rate,
        "decay_steps": 1,
        "decay_rate": decay,
        "staircase": False,
        "name": "InverseTimeDecay",
    }
    return {"module": _SCHEDULES, "class_name": "InverseTimeDecay", "config": config, "registered_name": None}


def _schedule_name(draft: Draft, target: Target) -> Iterator[Change]:
    if target.reader[0] < 3:
        return
    for node in draft.nodes():
        if not node.in_compile or "name" not in node.config or node.config["name"] is not None:
            continue
        known = target.profile.find("schedule", node.class_name)
        name = (known.writes or {}).get("name") if known is not None else None
        if isinstance(name, str) and node.class_name not in target.custom:
            node.config["name"] = name
            yield change(node, before="None", after=name, key="name")


def _epsilon(draft: Draft, target: Target) -> Iterator[Change]:
    for node in _optimizers(draft):
        if target.is_up and "epsilon" in node.config and node.config["epsilon"] is None:
            node.config["epsilon"] = _FUZZ
            yield change(node, before="None", after=_FUZZ, key="epsilon")


def _fixed_scale(draft: Draft, target: Target) -> Iterator[Change]:
    """A scale that never changes is an argument of each optimizer in Keras 3, and no optimizer around it."""
    for node in _optimizers(draft):
        inner, scale = node.config.get("inner_optimizer"), node.config.get("initial_scale")
        if target.reader[0] < 3 or node.config.get("dynamic") is not False or not isinstance(inner, dict):
            continue
        known = target.profile.find("optimizer", str(inner.get("class_name")))
        if known is None or not known.takes("loss_scale_factor") or not isinstance(inner.get("config"), dict):
            continue
        before = node.class_name
        inner["config"]["loss_scale_factor"] = scale
        node.data.clear()
        node.data.update(inner)
        yield change(node, before=before, after=f"{node.class_name}(loss_scale_factor={scale})")


def _dynamic_scale(draft: Draft, target: Target) -> Iterator[Change]:
    """Keras 2 has two optimizers that scale losses, the newer of which has a number in its name."""
    for node in _optimizers(draft):
        if node.class_name.rpartition(">")[2] not in ("LossScaleOptimizerV3", "LossScaleOptimizerV1"):
            continue
        if target.reader[0] < 3 or "inner_optimizer" not in node.config or node.class_name in target.custom:
            continue
        before = node.class_name
        node.data["class_name"] = "LossScaleOptimizer"
        yield change(node, before=before, after="LossScaleOptimizer")


EDITS = (
    Edit(
        "optimizer-without-package",
        what="an optimizer of Keras that is registered as a user's class gets its plain name",
        because="it is the same class of {writer}, and {reader} finds it, with its settings, by this name",
        source=MEASURED,
        wrong_if="a class of the user's own is registered or declared by this name",
        apply=_plain_class,
        is_unseen=True,
    ),
    Edit(
        "name-loss-scale-optimizer",
        what="an optimizer that scales losses gets the name that it has in {reader}",
        because="both scale the loss, and undo it in the gradients, by the same rule",
        source=MEASURED,
        wrong_if="it wraps no optimizer",
        apply=_dynamic_scale,
        is_unseen=True,
    ),
    Edit(
        "loss-scale-in-optimizer",
        what="an optimizer around another one that scales losses by a fixed factor becomes that factor",
        because="{reader} multiplies the loss and divides the gradients by loss_scale_factor",
        source="keras/src/optimizers/loss_scale_optimizer.py of Keras 3",
        wrong_if="the scale changes while the model trains",
        apply=_fixed_scale,
        is_unseen=True,
    ),
    Edit(
        "optimizer-module",
        what="an optimizer or a schedule gets the module in which {reader} has it",
        because="it is the class of the same name",
        source=MEASURED,
        wrong_if="the module is not Keras' own, or {reader} has no such class",
        apply=_public_module,
        is_unseen=True,
    ),
    Edit(
        "rename-learning-rate",
        what="the optimizer's lr becomes learning_rate",
        because="it is the older name of the same argument",
        source="keras/optimizers.py of Keras 2.3",
        wrong_if="the class takes lr as something else",
        apply=_learning_rate,
        is_unseen=True,
    ),
    Edit(
        "drop-optimizer-argument",
        what="settings of the optimizer that {reader} does not take are dropped where they have no effect",
        because="jit_compile, is_legacy_optimizer and mesh change no result, what is None or False is not done, and "
        "settings of an average of the weights say nothing where none is kept",
        source="keras/optimizers/optimizer.py of Keras 2.15",
        wrong_if="the setting is on: it is left then",
        apply=_of_no_result,
        is_unseen=True,
    ),
    Edit(
        "drop-decay-of-zero",
        what="decay=0 of the optimizer is dropped",
        because="the learning rate is not changed by it",
        source="keras/optimizers/optimizer_v2.py of Keras 2.10",
        wrong_if="decay is another number, or the class is Nadam",
        apply=_no_decay,
        is_unseen=True,
    ),
    Edit(
        "decay-as-schedule",
        what="decay of the optimizer becomes a schedule of its learning rate, InverseTimeDecay",
        because="both divide the learning rate by 1 + decay * steps",
        source="keras/optimizers/optimizer_v2.py of Keras 2.10",
        wrong_if="the class is Nadam, in which decay is of its momentum",
        apply=_decay,
        is_unseen=True,
    ),
    Edit(
        "name-schedule",
        what="a schedule whose name is None gets the default name of its class",
        because="the name is used for nothing else than a scope: {reader} fails on None in the first step of training",
        source=MEASURED,
        wrong_if="the class is the user's own",
        apply=_schedule_name,
        is_unseen=True,
    ),
    Edit(
        "epsilon-of-none",
        what="epsilon=None of the optimizer becomes 1e-07",
        because="Keras 2 means its own smallest number by None, which is 1e-07 where no code sets another",
        source="keras/backend_config.py of Keras 2",
        wrong_if="epsilon is a number",
        apply=_epsilon,
        is_unseen=True,
    ),
)
