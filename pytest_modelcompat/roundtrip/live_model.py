"""What only the live model can say of a failure of its artifact. It is asked when there is one, since it takes time."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.roundtrip.classes.config import ClassTrouble, class_troubles
from pytest_modelcompat.roundtrip.draws.findings import Drawing, drawing_of, with_drawing
from pytest_modelcompat.roundtrip.inputs.traced_dtype import FailsAsFloat, fails_as_float, with_dtype
from pytest_modelcompat.roundtrip.tables import filled_tables, with_lost_entries

if TYPE_CHECKING:
    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.results.option_syntax import OptionSyntax
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.model import ModelUnderTest


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

    def explained(self, finding: Finding, case: Case, syntax: OptionSyntax) -> Finding:
        """A finding that the reloaded model differs, with the cause where the live model shows it.

        Args:
            finding: the finding.
            case: the case.
            syntax: writes its options.
        """
        finding = with_lost_entries(finding, self._tables, syntax)
        return with_dtype(with_drawing(finding, self._drawing), self._fails_as_float, case)

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
    def _fails_as_float(self) -> FailsAsFloat | None:
        return fails_as_float(self._model, self._inputs) if self._is_rebuilt else None
