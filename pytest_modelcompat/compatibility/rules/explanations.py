"""Why what was measured happens, where the reason is known. When it happens the facts say, and not this table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import MEASURED, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.compatibility.context import CompatibilityContext
    from pytest_modelcompat.profiles.facts import Fact


_GIVEN_TO_A_LAYER = r"layer \w+\.\w+="


class Explanation(NamedTuple):
    """The reason of some measured failures or changes.

    Its cause may use `{reader}` and `{writer}`, the two versions of Keras in words.

    Args:
        construct: a regular expression that the whole construct matches.
        text: a regular expression that is in what Keras says, or in what is seen of a change.
        kind: what is wrong.
        subject: the thing it is wrong with.
        cause: why, in one sentence.
        source: the thread it is known from, or `MEASURED`.
        fix: what to write or run; what was seen to help where there is none.
        concerns: whether it may be the reason for a layer or object of an artifact, by what that holds.
    """

    construct: str
    text: str
    kind: Kind
    subject: str
    cause: str
    source: str = MEASURED
    fix: tuple[str, ...] = ()
    concerns: Callable[[CompatibilityContext, Use], bool] = lambda _, __: True

    def explains(self, fact: Fact) -> bool:
        """Whether it is the reason of a fact."""
        return bool(re.fullmatch(self.construct, fact.construct) and re.search(self.text, fact.text))


def _has_no_integer_type(_: CompatibilityContext, use: Use) -> bool:
    return use.config.get("dtype") not in ("int32", "int64")


def _has_weights(context: CompatibilityContext, use: Use) -> bool:
    inside = f"model_weights/{use.path[0]}/"
    return any(weight.path.startswith(inside) for weight in context.inventory.weights)


EXPLANATIONS = (
    Explanation(
        r"layer Hashing\..*",
        r"`dtype` should be an integer type",
        Kind.CONFIG_CHANGED,
        "Hashing(dtype=…)",
        "its dtype is not the name of an integer type, and {reader} takes no other",
        concerns=_has_no_integer_type,
    ),
    Explanation(
        r"layer (TextVectorization|StringLookup|IntegerLookup)\.idf_weights=.*",
        r"Layer count mismatch",
        Kind.WEIGHTS_MOVED,
        "idf_weights",
        "{writer} stores the weights of its terms in an .h5 file among the weights, too, and {reader} has none there",
        concerns=_has_weights,
    ),
    Explanation(
        r"(compiled )?optimizer legacy \w+(\..*)?",
        r"no attribute 'build'",
        Kind.OPTIMIZER_NOT_READ,
        "legacy optimizer",
        "{writer} writes an optimizer of keras.optimizers.legacy into a .keras file in a way that {reader} cannot "
        "read: it has no attribute 'build'",
        source="keras-team/keras#18278",
        fix=(
            fixes.LOAD_UNCOMPILED,
            "or upgrade TensorFlow there to 2.15, where the model is saved as well",
        ),
    ),
    Explanation(
        rf"{_GIVEN_TO_A_LAYER}(<function \*>|\*)",
        r"Could not interpret [\w ]+ identifier",
        Kind.CONFIG_CHANGED,
        "own function",
        "{reader} finds a function of your own in an .h5 file only where it was registered when the model was saved: "
        "it does not look among custom_objects",
        fix=(fixes.IN_A_SCOPE, f"or {fixes.REGISTER_FUNCTION}"),
    ),
    Explanation(
        r"layer (\w+ > )*\*",
        r"Unknown layer|Could not locate class",
        Kind.UNKNOWN_LAYER,
        "own class",
        "{reader} finds a class of your own in an .h5 file only where it was registered when the model was saved: it "
        "does not look among custom_objects",
        fix=(fixes.IN_A_SCOPE, f"or {fixes.REGISTER_CLASS}"),
    ),
    Explanation(
        rf"{_GIVEN_TO_A_LAYER}<function (registered )?\*>",
        r"Unknown [\w ]+: '?function\b",
        Kind.CONFIG_CHANGED,
        "own function",
        "{writer} writes a function of your own as an object, and {reader} takes 'function', the "
        "class of that object, for its name",
    ),
    Explanation(
        r"(activation|initializer|regularizer|constraint) (registered )?\*",
        r"Object of type function is not JSON serializable",
        Kind.CONFIG_CHANGED,
        "own function",
        "{writer} writes a function of your own by its name, and {reader} fails when it writes the "
        "function that it finds for that name as JSON",
    ),
    Explanation(
        rf"{_GIVEN_TO_A_LAYER}(<function (registered )?\*>|(registered )?\*)",
        r"Expected an instance of `keras\.(regularizers\.Regularizer|constraints\.Constraint)`",
        Kind.CONFIG_CHANGED,
        "own function",
        "{reader} takes a regularizer or constraint of your own only where it is an object of a class that is derived "
        "from Keras' own",
        fix=("write it as a class derived from keras.regularizers.Regularizer, or keras.constraints.Constraint",),
    ),
)


def explanation_of(fact: Fact) -> Explanation | None:
    """The reason of a fact; None where it is not known."""
    return next((each for each in EXPLANATIONS if each.explains(fact)), None)
