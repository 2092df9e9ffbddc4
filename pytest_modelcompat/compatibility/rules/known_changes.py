"""The table of known changes: what each version of Keras made of files that name nothing it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from pytest_modelcompat.artifacts.keras.lambdas import stored_function
from pytest_modelcompat.artifacts.keras.lookups import LOOKUPS
from pytest_modelcompat.artifacts.modules import is_in_full
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.compatibility.rule import (
    ANY,
    NEVER,
    Rule,
    layers,
    layers_that,
    objects,
    objects_that,
)
from pytest_modelcompat.compatibility.rules.cross_attention import across_sizes
from pytest_modelcompat.compatibility.rules.encodings import ENCODINGS
from pytest_modelcompat.results.finding import MEASURED, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.compatibility.context import CompatibilityContext
    from pytest_modelcompat.compatibility.rule import Where
    from pytest_modelcompat.results.finding import Finding

KERAS_3 = (3, 0)
H5_WEIGHTS = "model_weights/"
RANDOM = ("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D")
OTHER_FORMAT = (fixes.LEAVE_H5,)
_AS_ARGUMENTS = ("pass the values as arguments={...} of the Lambda layer, and save the model again",)
_DEFAULTS, _CLOSURE = 1, 2
NOTHING_TO_DO = ("nothing, if the model is only used to predict",)


def _lambdas_with(part: int) -> Where:
    """Lambdas of Keras 2 whose function, a triple of code, defaults and closure, has one of these."""

    def has(config: Mapping[str, Any]) -> bool:
        return bool(stored_function(config)[part])

    return layers_that(has, "Lambda")


def _untranslated_with_axes(context: CompatibilityContext) -> tuple[Use, ...]:
    layers = context.layers("BatchNormalization")
    return tuple(
        each for each in layers if isinstance(each.config.get("axis"), list) and not context.is_translated(each)
    )


def _untranslated_functions(context: CompatibilityContext) -> tuple[Use, ...]:
    layers = context.layers("Lambda")
    return tuple(
        each for each in layers if isinstance(stored_function(each.config)[0], str) and not context.is_translated(each)
    )


def _is_shape(value: object) -> bool:
    """Whether it is a list of sizes, and not the triple of a function's code, defaults and closure."""
    return isinstance(value, list) and not any(isinstance(each, str) for each in value)


def _is_hashed_to_integers(config: Mapping[str, Any]) -> bool:
    """Whether a Hashing gives numbers, and has a policy as its dtype."""
    return isinstance(config.get("dtype"), dict) and config.get("output_mode", "int") == "int"


def _around(*models: str) -> Where:
    """Each TimeDistributed around one of these models with inputs, in a model that calls it when it is rebuilt.

    A functional model does, and what stands in one. A Sequential does where it has inputs; it gives up, and goes on
    only where its configuration does not say for which shape it was built, and an .h5 file has no weights for what
    stands behind: nothing has built that.
    """

    def where(context: CompatibilityContext) -> tuple[Use, ...]:
        with_inputs = {layer.path[:-1] for layer in context.layers("InputLayer")}
        around = {held.path[:-1] for held in context.layers(*models) if held.path in with_inputs}
        shaped = {path for path, config in context.models if path in with_inputs and config.get("build_input_shape")}
        return tuple(
            each
            for each in context.layers("TimeDistributed")
            if each.path in around
            and (
                any(context.is_in_functional(each.path[:depth]) for depth in range(1, len(each.path) + 1))
                or each.path[:-1] in shaped
                or _has_weights_behind(context, each.path)
            )
        )

    return where


def _has_weights_behind(context: CompatibilityContext, path: tuple[str, ...]) -> bool:
    """Whether an .h5 file has weights for what stands behind a layer of the outermost model."""
    if context.inventory.format != "h5" or len(path) != 1:
        return False
    behind = tuple(f"{H5_WEIGHTS}{each.path[0]}/" for each in context.behind(path))
    return any(weight.path.startswith(behind) for weight in context.inventory.weights)


def _is_given_tf_idf(config: Mapping[str, Any]) -> bool:
    return config.get("output_mode") in ("tf_idf", "tf-idf") and config.get("idf_weights") is not None


def _has_layer_as_activation(config: Mapping[str, Any]) -> bool:
    """Whether an activation is an object that has what each layer writes of itself."""
    held = (value.get("config") for key, value in config.items() if _is_object(value) and key.endswith("activation"))
    return any(isinstance(each, dict) and {"name", "trainable"} <= each.keys() for each in held)


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and "class_name" in value


def _layers_with_activations(context: CompatibilityContext) -> tuple[Use, ...]:
    return tuple(each for each in context.inventory.layers if _has_layer_as_activation(each.config))


def _is_adapted_tf_idf(config: Mapping[str, Any]) -> bool:
    return config.get("output_mode") in ("tf_idf", "tf-idf") and config.get("idf_weights") is None


def _layers_inside_bidirectional(context: CompatibilityContext) -> tuple[Use, ...]:
    """Layers and cells of the user's own in a Bidirectional."""
    return _declared_inside_bidirectional(context, context.inventory.layers)


def _objects_inside_bidirectional(context: CompatibilityContext) -> tuple[Use, ...]:
    """What layers in a Bidirectional are given of the user's own: an activation, a regularizer."""
    return _declared_inside_bidirectional(context, context.inventory.objects)


def _declared_inside_bidirectional(context: CompatibilityContext, uses: Sequence[Use]) -> tuple[Use, ...]:
    """Those of some that stand in a Bidirectional and are declared; what was registered is found by its full name."""
    bidirectional = {layer.path for layer in context.layers("Bidirectional")}
    return tuple(
        use
        for use in uses
        if context.is_declared(use)
        and not is_in_full(use.name, use.registered_name)
        and any(use.path[:depth] in bidirectional for depth in range(1, len(use.path)))
    )


RULES = (
    Rule(
        Kind.CONFIG_CHANGED,
        subject="MultiHeadAttention",
        cause="its configuration has no query_shape, which {reader} needs to build it",
        source=MEASURED,
        where=layers_that(lambda config: "query_shape" not in config, "MultiHeadAttention"),
        formats=("h5",),
        written=(ANY, (2, 5)),
        # Keras 3 takes no query_shape; `calls` says what it does not read.
        read=((2, 5), KERAS_3),
        stage=Stage.CONFIG,
    ),
    Rule(
        Kind.CONFIG_CHANGED,
        subject="MultiHeadAttention",
        cause="{reader} does not apply it to a query and a value whose last dimensions differ",
        source="keras-team/keras#20324",
        where=across_sizes,
        read=(KERAS_3, (3, 7)),
        stage=Stage.BUILD,
        fix=(fixes.upgrade_keras((3, 7)),),
    ),
    Rule(
        Kind.CONFIG_CHANGED,
        subject="activation",
        cause="its activation is a layer, and {reader} takes no other object than a function",
        source=MEASURED,
        where=_layers_with_activations,
        read=(KERAS_3, (3, 10)),
        stage=Stage.CONFIG,
        fix=(fixes.upgrade_keras((3, 10)), "or give the layer a function, and save the model again"),
    ),
    Rule(
        Kind.CONFIG_CHANGED,
        subject="BatchNormalization(axis=…)",
        cause="Keras 2 writes its axis as a list, and {reader} takes a number only",
        source=MEASURED,
        where=_untranslated_with_axes,
        read=(KERAS_3, NEVER),
        stage=Stage.CONFIG,
    ),
    Rule(
        Kind.CONFIG_CHANGED,
        subject="Lambda(function=…)",
        cause="Keras 2 writes the bytecode of its function as a list, which {reader} takes for a list of functions",
        source=MEASURED,
        where=_untranslated_functions,
        read=(KERAS_3, NEVER),
        stage=Stage.CONFIG,
    ),
    Rule(
        Kind.COMPILE_NOT_READ,
        subject="loss(reduction='auto')",
        cause="Keras 2 writes a loss with reduction='auto', which {reader} refuses",
        source=MEASURED,
        where=objects_that(lambda config: config.get("reduction") == "auto", "loss"),
        written=(ANY, KERAS_3),
        read=(KERAS_3, NEVER),
        stage=Stage.CONFIG,
        fix=fixes.COMPILE_FIX,
    ),
    Rule(
        Kind.CONFIG_CHANGED,
        subject="Hashing(dtype=…)",
        cause="its dtype is stored as a policy, and {reader} takes the name of an integer type only",
        source=MEASURED,
        where=layers_that(_is_hashed_to_integers, "Hashing"),
        read=(KERAS_3, (3, 4)),
        stage=Stage.CONFIG,
    ),
    *ENCODINGS,
    *(
        Rule(
            Kind.CONFIG_CHANGED,
            subject=subject,
            cause=f"{{reader}} does not apply a {words} inside a TimeDistributed: it has no compute_output_shape",
            source=MEASURED,
            where=_around(*models),
            read=(KERAS_3, (3, 4)),
            stage=Stage.BUILD,
            fix=(fixes.upgrade_keras((3, 4)),),
        )
        for subject, words, models in (
            ("Sequential", "Sequential that has its inputs", ("Sequential",)),
            ("Functional", "functional model", ("Functional", "Model")),
        )
    ),
    Rule(
        Kind.CONFIG_CHANGED,
        subject="Lambda(output_shape=…)",
        cause="its output_shape is stored as a list, to which {reader} cannot add a batch dimension",
        source=MEASURED,
        where=layers_that(lambda config: _is_shape(config.get("output_shape")), "Lambda"),
        read=((3, 2), (3, 4)),
        stage=Stage.BUILD,
        fix=(f"leave output_shape out, or {fixes.upgrade_keras((3, 4))}",),
    ),
    Rule(
        Kind.CONFIG_CHANGED,
        subject="Lambda",
        cause="its function has defaults, which an .h5 file of {writer} holds as a list, and {reader} takes no list",
        source=MEASURED,
        where=_lambdas_with(_DEFAULTS),
        formats=("h5",),
        written=(ANY, KERAS_3),
        read=(KERAS_3, NEVER),
        stage=Stage.CONFIG,
        fix=_AS_ARGUMENTS,
    ),
    Rule(
        Kind.SEMANTICS_CHANGED,
        subject="hard_sigmoid",
        cause="hard_sigmoid was 0.2x+0.5 up to Keras 2 and is x/6+0.5 in {reader}",
        source=MEASURED,
        where=objects("activation", "hard_sigmoid"),
        written=(ANY, KERAS_3),
        read=(KERAS_3, NEVER),
        severity=Severity.CHANGE,
    ),
    Rule(
        Kind.SEMANTICS_CHANGED,
        subject="hard_sigmoid",
        cause="hard_sigmoid is x/6+0.5 in {writer} and 0.2x+0.5 in {reader}",
        source=MEASURED,
        where=objects("activation", "hard_sigmoid"),
        written=(KERAS_3, NEVER),
        read=(ANY, KERAS_3),
        severity=Severity.CHANGE,
    ),
    Rule(
        Kind.STATE_LOST,
        subject="Normalization",
        cause="{reader} does not apply the mean and variance that it reads from an .h5 file: the layer does nothing",
        source=MEASURED,
        where=layers_that(lambda config: config.get("mean") is None, "Normalization"),
        formats=("h5",),
        read=(KERAS_3, (3, 6)),
        severity=Severity.CHANGE,
        fix=OTHER_FORMAT,
    ),
    Rule(
        Kind.STATE_LOST,
        subject="Normalization",
        cause="{reader} does not apply the mean and variance that it reads from an .h5 file: the layer does nothing",
        source=MEASURED,
        where=layers_that(lambda config: config.get("mean") is None, "Normalization"),
        formats=("h5",),
        read=((2, 6), (2, 8)),
        severity=Severity.CHANGE,
        fix=OTHER_FORMAT,
    ),
    Rule(
        Kind.WEIGHTS_MOVED,
        subject="Normalization",
        cause="{writer} stores a given mean and variance only in the configuration, and {reader} expects them as "
        "weights",
        source=MEASURED,
        where=layers_that(lambda config: config.get("mean") is not None, "Normalization"),
        formats=("h5",),
        written=((2, 6), KERAS_3),
        read=(ANY, (2, 6)),
        stage=Stage.WEIGHTS,
        fix=OTHER_FORMAT,
    ),
    Rule(
        Kind.SEMANTICS_CHANGED,
        subject="Lambda",
        cause="its function uses variables of an enclosing function, and an .h5 file of {writer} holds only the "
        "last value of each",
        source="keras-team/keras#13697",
        where=_lambdas_with(_CLOSURE),
        formats=("h5",),
        written=(ANY, (2, 4)),
        severity=Severity.CHANGE,
        fix=_AS_ARGUMENTS,
    ),
    Rule(
        Kind.VOCABULARY_LOST,
        subject="tf_idf",
        cause="{reader} cannot read back the vocabulary and weights that adapt() learnt for output_mode='tf_idf': "
        "object of type 'bool' has no len()",
        source="keras-team/keras#22004",
        where=layers_that(_is_adapted_tf_idf, *LOOKUPS),
        formats=("keras",),
        written=(KERAS_3, NEVER),
        read=(KERAS_3, (3, 14)),
        stage=Stage.WEIGHTS,
        fix=(
            fixes.upgrade_keras((3, 14)),
            "or build the layer with vocabulary=[...] and idf_weights=[...], and save the model again",
        ),
    ),
    *(
        Rule(
            Kind.CONFIG_CHANGED,
            subject="Bidirectional",
            cause=f"{{reader}} forgets custom_objects inside a Bidirectional of an .h5 file, and does not find {what}",
            source="keras-team/keras#8847",
            where=where,
            formats=("h5",),
            written=(KERAS_3, NEVER),
            read=(first, NEVER),
            stage=Stage.CONFIG,
            fix=(
                fixes.IN_A_SCOPE,
                f"or save the model as .keras, or with what {fixes.DECORATOR} registers",
            ),
        )
        for where, what, first in (
            (_layers_inside_bidirectional, "the class", (3, 9)),
            (_objects_inside_bidirectional, "what a layer in it is given", KERAS_3),
        )
    ),
    Rule(
        Kind.WEIGHTS_MOVED,
        subject="idf_weights",
        cause="{writer} stores the weights of terms only in the configuration, and {reader} expects them as weights",
        source=MEASURED,
        where=layers_that(_is_given_tf_idf, *LOOKUPS),
        formats=("h5",),
        written=(KERAS_3, NEVER),
        read=(ANY, KERAS_3),
        stage=Stage.WEIGHTS,
        fix=OTHER_FORMAT,
    ),
    Rule(
        Kind.STATE_LOST,
        subject="seed generator",
        cause="Keras 3 does not restore the state of random layers: continued training uses other random numbers",
        source=MEASURED,
        where=layers(*RANDOM),
        written=(KERAS_3, NEVER),
        read=(KERAS_3, NEVER),
        severity=Severity.NOTE,
        fix=NOTHING_TO_DO,
    ),
    Rule(
        Kind.SEMANTICS_CHANGED,
        subject="MultiHeadAttention",
        cause="load_model of {reader} rebuilds it from a SavedModel so that it predicts something else; "
        "tf.saved_model.load does not",
        source=MEASURED,
        where=layers("MultiHeadAttention"),
        formats=("saved_model",),
        read=(ANY, (2, 5)),
        severity=Severity.NOTE,
        fix=("load it with tf.saved_model.load",),
    ),
    Rule(
        Kind.STATE_LOST,
        subject="mask",
        cause="a SavedModel does not pass its mask on: a layer that follows it outside the model gets no mask",
        source="keras-team/keras#21133",
        where=layers_that(lambda config: bool(config.get("mask_zero", "mask_value" in config)), "Embedding", "Masking"),
        formats=("saved_model",),
        severity=Severity.NOTE,
        fix=("create and use the mask inside one model",),
    ),
)


def known_changes(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each rule of the table that applies, at all places it applies to."""
    for rule in RULES:
        uses = rule.where(context) if rule.applies(context) else ()
        if uses:
            yield rule.finding(context, uses)
