"""Why what was measured happens, where the reason is known. When it happens the facts say, and not this table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import MEASURED, Kind

if TYPE_CHECKING:
    from pytest_modelcompat.profiles.facts import Fact


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
    """

    construct: str
    text: str
    kind: Kind
    subject: str
    cause: str
    source: str = MEASURED
    fix: tuple[str, ...] = ()

    def explains(self, fact: Fact) -> bool:
        """Whether it is the reason of a fact."""
        return bool(re.fullmatch(self.construct, fact.construct) and re.search(self.text, fact.text))


EXPLANATIONS = (
    Explanation(
        r"layer Hashing\..*",
        r"`dtype` should be an integer type",
        Kind.CONFIG_CHANGED,
        "Hashing(dtype=…)",
        "its dtype is not the name of an integer type, and {reader} takes no other",
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
)


def explanation_of(fact: Fact) -> Explanation | None:
    """The reason of a fact; None where it is not known."""
    return next((each for each in EXPLANATIONS if each.explains(fact)), None)
