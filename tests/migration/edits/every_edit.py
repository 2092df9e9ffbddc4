"""Every edit from Keras 2 to Keras 3, and of what `compile()` was given, by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.migration.edits import compile_rows, layer_rows

if TYPE_CHECKING:
    from pytest_modelcompat.migration.edit import Edit
    from tests.migration.edits.row import Row

ROWS: dict[str, Row] = {**layer_rows.ROWS, **compile_rows.ROWS}

# Written at the same time as this table; each has tests of its own, and is to get a row here.
WITHOUT_A_ROW = frozenset(
    {"activation-for-lambda", "activation-as-name", "integers-of-hashing", "drop-weights-of-terms"}
    | {"lambda-as-object", "drop-output-shape", "built-when-called"}
)


def of_other_table(edit: Edit) -> bool:
    """Whether it is an edit from Keras 3 to an older one, which has a table of its own."""
    return "downward" in edit.apply.__module__
