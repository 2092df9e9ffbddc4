"""The table of known changes: what each version of Keras made of files that name nothing it does not know."""

from __future__ import annotations

from pytest_modelcompat.findings import Kind, Severity, Stage
from pytest_modelcompat.profiles.judging.rules import ANY, MEASURED, NEVER, Rule, layers, layers_that, objects

KERAS_3 = (3, 0)
LOOKUPS = ("TextVectorization", "StringLookup", "IntegerLookup")
OTHER_FORMAT = ("save it as .keras or SavedModel, which hold what .h5 leaves out",)

RULES = (
    Rule(
        Kind.VOCABULARY_LOST,
        subject="vocabulary",
        cause="an .h5 file does not hold the vocabulary that adapt() learnt: the model loads, and its first call fails",
        source="tensorflow/tensorflow#61369",
        where=layers_that(lambda config: config.get("vocabulary") is None, *LOOKUPS),
        formats=("h5",),
        stage=Stage.FIRST_CALL,
        fix=OTHER_FORMAT,
    ),
    Rule(
        Kind.CONFIG_CHANGED,
        subject="MultiHeadAttention",
        cause="its configuration has no query_shape, which {reader} needs to build it",
        source=MEASURED,
        where=layers_that(lambda config: "query_shape" not in config, "MultiHeadAttention"),
        formats=("h5",),
        written=(ANY, (2, 6)),
        read=((2, 6), NEVER),
        stage=Stage.CONFIG,
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
        where=layers("Normalization"),
        formats=("h5",),
        read=(KERAS_3, (3, 4)),
        severity=Severity.CHANGE,
        fix=OTHER_FORMAT,
    ),
)
