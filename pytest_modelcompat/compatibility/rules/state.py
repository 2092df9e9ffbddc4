"""State: what a SavedModel tracks besides its graph, and who can give it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.lookups import given_in_code, lookups_text, without_vocabulary
from pytest_modelcompat.artifacts.locations import locations
from pytest_modelcompat.artifacts.saved_model.object_graph import CAPTURED_TENSOR
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.compatibility.context import CompatibilityContext

# The name that Keras' optimizers up to 2.10, legacy ones later, are tracked by.
_OPTIMIZER = "optimizer"
_KNOWS_CAPTURED_TENSORS = (2, 6)
# From this version on a SavedModel's configuration is in a file beside the graph, and nowhere else. Measured.
_CONFIG_BESIDE = (2, 6)


def lost_slot_variables(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where an optimizer's slot variables find no class that could hold them."""
    inventory = context.inventory
    if not inventory.slot_variables or _OPTIMIZER not in inventory.object_classes:
        return
    if context.reader_major == 3:
        yield Finding(
            Kind.OPTIMIZER_NOT_READ,
            subject="optimizer",
            where=(f"{inventory.slot_variables} slot variables in the object graph",),
            cause=f"{context.tensorflow_name} without Keras 2 has no class for the optimizer that was saved with "
            "the model, and cannot restore its variables ('_UserObject' object has no attribute 'add_slot')",
            fix=(
                "export the model without its optimizer: model.save(path, include_optimizer=False)",
                "or install Keras 2 there: pip install tf_keras, and import tf_keras before loading",
            ),
            stage=Stage.GRAPH,
            source="measured",
        )


def captured_tensors(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where the object graph holds captured tensors, known from TensorFlow 2.6 on."""
    count = context.inventory.object_classes.get(CAPTURED_TENSOR, 0)
    if count and context.profile.tensorflow_version < _KNOWS_CAPTURED_TENSORS:
        yield Finding(
            Kind.CONFIG_CHANGED,
            subject=CAPTURED_TENSOR,
            where=(f"{count} in the object graph",),
            cause=f"a function of the model keeps a tensor it captured, which {context.tensorflow_name} cannot load: "
            "Unknown SavedObject type: None",
            fix=("upgrade TensorFlow there to 2.6 or newer", "or export the model with the older one"),
            stage=Stage.GRAPH,
            source="measured",
        )


def missing_files(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each file that the SavedModel needs and that is not there."""
    for asset in context.inventory.assets:
        if not asset.is_present and context.inventory.format == "saved_model":
            yield Finding(
                Kind.ARTIFACT_BROKEN,
                subject=asset.path,
                cause=f"the SavedModel needs {asset.path}, and it is not there",
                fix=("copy the whole folder, or export the model again",),
                stage=Stage.OPEN,
            )


def lost_optimizer(context: CompatibilityContext) -> Iterator[Finding]:
    """A note where a .keras file of Keras 3 holds what `compile()` was given, but no optimizer."""
    inventory = context.inventory
    is_keras_3 = inventory.format == "keras" and context.writer_major == 3
    if is_keras_3 and inventory.training and "optimizer" not in inventory.training:
        yield Finding(
            Kind.STATE_LOST,
            subject="optimizer",
            cause="it says how the model was compiled and names no optimizer, as after an .h5 save of the same model: "
            "it loads with a new RMSprop",
            fix=("build a new model for each format",),
            severity=Severity.NOTE,
            source="keras-team/keras#23475",
        )


def lost_vocabulary(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where lookup layers of an .h5 file have no vocabulary in their configuration, as after `adapt()`."""
    lost = without_vocabulary(context.inventory) if context.inventory.format == "h5" else ()
    if lost:
        yield Finding(
            Kind.VOCABULARY_LOST,
            subject="vocabulary",
            where=locations(lost),
            cause=f"an .h5 file does not hold the vocabulary of {lookups_text(lost)}: the model loads, and its first "
            "call fails",
            fix=(fixes.leave_h5(context.inventory), *given_in_code(lost)),
            stage=Stage.FIRST_CALL,
            source="tensorflow/tensorflow#61369",
        )


def unnamed_inputs(context: CompatibilityContext) -> Iterator[Finding]:
    """A note where a signature numbers its inputs: the names the model gave them are lost."""
    for signature in context.inventory.signatures:
        names = [each.name for each in signature.inputs]
        if len(names) > 1 and set(names) == {"inputs", *(f"inputs_{number}" for number in range(1, len(names)))}:
            yield Finding(
                Kind.STATE_LOST,
                subject=signature.name,
                where=tuple(names),
                cause="the signature names its inputs by number, so there is no error if two of them are swapped",
                fix=("save it with model.export(path), which keeps their names",),
                severity=Severity.NOTE,
                source="measured",
            )


def half_inputs(context: CompatibilityContext) -> Iterator[Finding]:
    """A note where a signature takes float16 for a model whose weights are float32: others cannot be sent to it."""
    weights = {weight.dtype for weight in context.inventory.weights if "float" in weight.dtype}
    for signature in context.inventory.signatures if weights == {"float32"} else ():
        half = tuple(each.name for each in signature.inputs if each.dtype == "float16")
        if half:
            yield Finding(
                Kind.PREDICTION_FAILED,
                subject=signature.name,
                where=half,
                cause="the signature takes float16, though the model's weights are float32, as Keras 3.0 to 3.4 export "
                "a model of mixed precision: a call with float32 fails",
                fix=("cast the inputs to float16 before the call", "or export the model with Keras 3.5 or newer"),
                severity=Severity.NOTE,
                stage=Stage.FIRST_CALL,
                source="measured",
            )


def by_keras(context: CompatibilityContext) -> Iterator[Finding]:
    """A note where `load_model` takes no SavedModel of that Keras, which TensorFlow itself does."""
    if not context.inventory.root:
        return
    if context.reader_major == 3:
        takes, source = "takes no SavedModel", "keras-team/keras#18709"
        fix = "load it with tf.saved_model.load, or as a layer: keras.layers.TFSMLayer(path)"
    elif context.reader < _CONFIG_BESIDE <= context.writer:
        takes = f"does not find the configuration where {context.writer_name} puts it (JSONDecodeError)"
        fix, source = "load it with tf.saved_model.load", "measured"
    else:
        return
    yield Finding(
        Kind.FORMAT_NOT_READ,
        subject=context.inventory.path.name,
        cause=f"load_model of {context.reader_name} {takes}; it is judged for tf.saved_model.load",
        fix=(fix,),
        severity=Severity.NOTE,
        source=source,
    )
