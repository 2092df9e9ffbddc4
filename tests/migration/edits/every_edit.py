"""Every edit by its name: from Keras 2 to Keras 3, from there to an older one, and of what `compile()` was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.migration.edits import compile_rows, downward_rows, layer_rows

if TYPE_CHECKING:
    from tests.migration.edits.row import Row

ROWS: dict[str, Row] = {**layer_rows.ROWS, **compile_rows.ROWS, **downward_rows.ROWS}

# Each has tests of its own, and broken ones too, in `test_first_keras_3.py`. What `drop-setting-of-none` does,
# `drop-default-argument` has done before it, wherever the defaults of the writer are recorded.
WITHOUT_A_ROW = frozenset(
    {"activation-for-lambda", "activation-as-name", "integers-of-hashing", "drop-weights-of-terms"}
    | {"lambda-as-object", "drop-output-shape", "drop-setting-of-none"}
)
