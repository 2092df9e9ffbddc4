"""What only the live model can say of a failure of its artifact. It is asked when there is one, since it takes time."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.roundtrip.classes.config import ClassTrouble, class_troubles
from pytest_modelcompat.roundtrip.divergence.live_trace import trace_of
from pytest_modelcompat.roundtrip.draws.findings import Drawing, drawing_of, is_declared, with_drawing
from pytest_modelcompat.roundtrip.inputs.traced_dtype import FailsAsFloat, fails_as_float, with_dtype
from pytest_modelcompat.roundtrip.origin import Origin, origin_of
from pytest_modelcompat.roundtrip.rebuilt.findings import MadeAgain, made_again, with_made_again, with_misfit
from pytest_modelcompat.roundtrip.tables import filled_tables, with_lost_entries
from pytest_modelcompat.roundtrip.unsaved.restoration import Agrees, decisive_arguments
from pytest_modelcompat.runtimes import LOCAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_modelcompat.comparison.layers import LayerTrace
    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.results.option_syntax import OptionSyntax
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.model import ModelUnderTest
    from pytest_modelcompat.roundtrip.unsaved.arguments import UnsavedArgument


class LiveModel:
    """The model that an artifact was saved from.

    Args:
        model: the model.
        inputs: nested inputs that it takes.
        format_: what it was saved as.
    """

    def __init__(self, model: ModelUnderTest, inputs: Any, format_: str) -> None:
        self._model, self._inputs, self._format = model, inputs, format_

    @cached_property
    def troubles(self) -> tuple[ClassTrouble, ...]:
        """Those of its classes that Keras cannot make again."""
        return class_troubles(self._model) if self._is_rebuilt else ()

    def explained(self, finding: Finding, case: Case, syntax: OptionSyntax, *, loses_weights: bool) -> Finding:
        """A finding that the reloaded model differs, with the cause where the live model shows it.

        Args:
            finding: the finding.
            case: the case.
            syntax: writes its options.
            loses_weights: whether the reloaded model lacks weights of the saved one.
        """
        found = with_lost_entries(finding, self._tables, syntax)
        if is_declared(finding, case.settings.stochastic):
            return found
        found = with_drawing(found, self._drawing)
        if found is not finding:
            return found
        if loses_weights:
            found = with_dtype(finding, self._fails_as_float, case)
        # A layer that draws random numbers differs from itself, made again or not.
        may_ask = found is finding and finding.kind is Kind.PREDICTIONS_DRIFTED and not case.settings.stochastic
        again = self._made_again if may_ask else None
        return with_made_again(found, again, syntax, is_local=case.runtime == LOCAL) if found is finding else found

    def with_misfit(self, found: Sequence[Finding], syntax: OptionSyntax) -> tuple[Finding, ...]:
        """Findings of a load that failed, with the class whose weights do not fit once it is made again.

        Args:
            found: why the artifact does not load.
            syntax: writes its options.
        """
        if self.troubles or not any(each.kind is Kind.LOAD_FAILED for each in found):
            return tuple(found)
        return with_misfit(found, self._made_again, syntax)

    def origin(self, case: Case) -> Origin | None:
        """Where the model comes from, having built it again; None where that gives the same model.

        Args:
            case: the case, with its builder.
        """
        return origin_of(self._model, self._inputs, case)

    @cached_property
    def trace(self) -> LayerTrace | None:
        """What its layers give for the inputs; None for a plain `tf.Module`, which has none."""
        return trace_of(self._model.model, self._inputs) if self._model.is_keras else None

    def decisive(self, unsaved: Sequence[UnsavedArgument], agrees: Agrees) -> tuple[UnsavedArgument, ...]:
        """Of the arguments that are not saved those by which alone it predicts something else once it is loaded.

        Args:
            unsaved: the arguments.
            agrees: whether a model that is made again predicts as this one.
        """
        return decisive_arguments(self._model, self._inputs, unsaved, agrees) if self._is_rebuilt else ()

    def layer_outputs(self) -> Mapping[str, Any] | None:
        """What its outermost layers give, whole; None where that cannot be asked."""
        from pytest_modelcompat.roundtrip.layer_outputs import layer_outputs

        return layer_outputs(self._model.model, self._inputs) if self._model.is_keras else None

    @property
    def _is_rebuilt(self) -> bool:
        """Whether a load makes it again from its configuration, and reads no graph."""
        return FORMATS[self._format].artifact != "saved_model"

    @cached_property
    def _tables(self) -> tuple[str, ...]:
        return filled_tables(self._model) if self._is_rebuilt else ()

    @cached_property
    def _drawing(self) -> Drawing | None:
        return drawing_of(self._model, self._inputs, self._format)

    @cached_property
    def _made_again(self) -> MadeAgain | None:
        return made_again(self._model, self._inputs) if self._is_rebuilt else None

    @cached_property
    def _fails_as_float(self) -> FailsAsFloat | None:
        return fails_as_float(self._model, self._inputs) if self._is_rebuilt else None
