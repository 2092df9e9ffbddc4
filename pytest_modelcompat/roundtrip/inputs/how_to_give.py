"""How a case is given inputs, in the words of the place where it is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.option_syntax import OptionSyntax

if TYPE_CHECKING:
    from pytest_modelcompat.roundtrip.case import Case


def how_to_give_inputs(case: Case, example: str = "...") -> tuple[str, ...]:
    """What to write, a line each.

    Args:
        case: the case.
        example: the inputs as code, as far as they are known.
    """
    if case.declared_in is OptionPlace.COMMAND_LINE:
        builder = ("let a function build the model, and return (model, inputs)",) if case.artifact is None else ()
        lead = "or in conftest.py:" if builder else "give them in conftest.py:"
        hook = f'    return {example} if case == "{case.golden}" else None'
        return (*builder, lead, "def pytest_modelcompat_inputs(case):", hook)
    option = OptionSyntax(case.declared_in).write("inputs", example)
    if case.declared_in is OptionPlace.CALL:
        return (option,)
    returned = "(model, inputs)" if case.artifact is None else "the inputs"
    return (f"return {returned} from the test, or declare", option)
