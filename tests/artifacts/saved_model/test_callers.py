"""Whether a signature leads to the ops that call Python, in SavedModels as TensorFlow writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.inventory import PYTHON_FUNCTION_OPS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_tensorflow


def module() -> Any:
    """A module whose functions call Python at once, in another function, in a branch, or not at all."""
    import tensorflow as tf

    def python(x: Any) -> Any:
        return tf.ensure_shape(tf.py_function(lambda value: value + 1.0, [x], tf.float32), x.shape)

    vector = [tf.TensorSpec([None], tf.float32)]

    class Calls(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=vector)  # type: ignore[untyped-decorator]
        def plain(self, x: Any) -> Any:
            return x * 2.0

        @tf.function(input_signature=vector)  # type: ignore[untyped-decorator]
        def at_once(self, x: Any) -> Any:
            return python(x)

        @tf.function(input_signature=vector)  # type: ignore[untyped-decorator]
        def inside(self, x: Any) -> Any:
            return self.at_once(x) + self.plain(x)

        @tf.function(input_signature=vector)  # type: ignore[untyped-decorator]
        def in_a_branch(self, x: Any) -> Any:
            return tf.cond(tf.reduce_sum(x) > 0.0, lambda: python(x), lambda: x)

        @tf.function(input_signature=vector)  # type: ignore[untyped-decorator]
        def in_one_of_many(self, x: Any) -> Any:
            return tf.switch_case(tf.size(x), [lambda: x, lambda: python(x), lambda: -x])

        @tf.function(input_signature=vector)  # type: ignore[untyped-decorator]
        def in_a_loop(self, x: Any) -> Any:
            return tf.while_loop(lambda n, _: n < 2, lambda n, y: (n + 1, python(y)), [0, x])[1]

    return Calls()


@pytest.mark.parametrize(
    ("signatures", "served"),
    [
        (["plain"], False),
        (["at_once"], True),
        (["inside"], True),
        (["in_a_branch"], True),
        (["in_one_of_many"], True),
        (["in_a_loop"], True),
        (["plain", "inside"], True),
        # Whoever loads it calls its functions by their names.
        ([], True),
    ],
    ids=lambda each: "+".join(each) or "none" if isinstance(each, list) else "",
)
def test_a_signature_leads_to_it(tmp_path: Path, signatures: list[str], served: bool) -> None:
    import tensorflow as tf

    made = module()
    functions = {name: getattr(made, name).get_concrete_function() for name in signatures}
    tf.saved_model.save(made, str(tmp_path / "model"), signatures=functions or None)
    ops = [op for op in read_inventory(tmp_path / "model").ops if op.op in PYTHON_FUNCTION_OPS]
    assert [op.is_served for op in ops] == [served]
