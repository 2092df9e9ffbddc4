"""Weights that find no place in the model that was rebuilt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.diagnosis.declarations import LEAVE_H5
from pytest_modelcompat.diagnosis.known_failure import H5, KERAS, KnownFailure, TemplateValues, both
from pytest_modelcompat.profiles.known_names import is_keras_name
from pytest_modelcompat.profiles.third_party import third_party_uses
from pytest_modelcompat.results.finding import MEASURED, Blame, Kind

if TYPE_CHECKING:
    from pytest_modelcompat.diagnosis.context import DiagnosisContext

_BUILD = "give the layer a build() that builds its sublayers (self.dense.build(input_shape))"
_SAME_VERSION = "load it with Keras $saved_version"


def _of_own_layers(_: TemplateValues, context: DiagnosisContext) -> bool:
    """Holds where the artifact has layers or a model of the user's own: Keras' own layers build themselves."""
    return bool(third_party_uses(context.inventory)) or _subclassed(_, context)


def _of_two_versions(_: TemplateValues, context: DiagnosisContext) -> bool:
    return not context.saved_keras or context.saved_keras != context.loaded_keras


def _misfits(
    pattern: str,
    subject: str,
    cause: str,
    source: str = "",
    formats: tuple[str, ...] = (),
    exact_kind: Kind = Kind.WEIGHTS_DO_NOT_FIT,
) -> tuple[KnownFailure, ...]:
    """Entries for weights that do not fit: layers of the user's own, other versions of Keras, and neither."""
    return tuple(
        KnownFailure(
            pattern, Kind.LOAD_FAILED, subject, cause, fix, source, formats=formats, when=when, exact_kind=exact_kind
        )
        for fix, when in (
            ((_BUILD, f"or {_SAME_VERSION}"), both(_of_own_layers, _of_two_versions)),
            ((_BUILD,), _of_own_layers),
            ((_SAME_VERSION,), _of_two_versions),
            ((), None),
        )
    )


def _subclassed(_: TemplateValues, context: DiagnosisContext) -> bool:
    model_class = context.inventory.model_class
    return model_class is not None and not is_keras_name("model", model_class)


WEIGHT_FAILURES = (
    KnownFailure(
        r"No cast function available",
        Kind.FORMAT_CANNOT_HOLD,
        "$file",
        "HDF5 has no bfloat16: .h5 stores weights of this dtype as raw bytes, which Keras cannot read back as numbers",
        (LEAVE_H5,),
        MEASURED,
        formats=H5,
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"Layer count mismatch when loading weights from file\. Model expected (?P<wanted>\d+) layers, found "
        r"(?P<got>\d+)|weight file containing (?P<held>\d+) layers into a model with (?P<has>\d+) layers|"
        r"Unable to load weights saved in HDF5 format into a subclassed Model",
        Kind.FORMAT_CANNOT_HOLD,
        "$file",
        "the model is subclassed: .h5 stores layers by their configuration, which a model defined by its call() does "
        "not have, so its weights find no layer at reload",
        (LEAVE_H5,),
        "keras#10417",
        formats=H5,
        when=_subclassed,
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"Layer count mismatch when loading weights from file\. Model expected (?P<wanted>\d+) layers, found "
        r"(?P<got>\d+)|weight file containing (?P<got_2>\d+) layers into a model with (?P<wanted_2>\d+) layers",
        Kind.FORMAT_CANNOT_HOLD,
        "$file",
        "the file has weights of $got$got_2 layers and the model rebuilt from its configuration has "
        "$wanted$wanted_2: it is a subclassed model, or a Sequential one that was saved before it was built",
        (LEAVE_H5, "or start a Sequential model with keras.Input(shape)"),
        "keras#10417",
        blame=Blame.WRITER,
    ),
    *_misfits(
        r"Layer '(?P<name>[^']+)' expected (?P<wanted>\d+) variables?, but received (?P<got>\d+) variables? during "
        r"loading",
        "$name",
        'layer "$name" has $wanted variables and the file gives it $got: either the version of Keras that saved it '
        "laid .keras files out differently, or a sublayer is made in call() and not built when weights arrive",
        "tf-keras#664, keras#19615",
        exact_kind=Kind.WEIGHTS_MOVED,
    ),
    *_misfits(
        r"A total of (?P<count>\d+) objects could not be loaded",
        "$file",
        "the weights of $count layers in the file do not fit the layers that its configuration describes",
        "keras#20128",
        formats=KERAS,
    ),
    *_misfits(
        r"(?:axes don't match array|Shape mismatch|shape of the target variable|Weight count mismatch for layer|"
        r"Layer weight shape .* not compatible|was never built|has never been built)",
        "$file",
        "the weights in the file do not fit the layers that its configuration describes: $quote",
    ),
)
