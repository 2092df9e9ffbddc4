"""The sentence that matters, out of what Keras and TensorFlow say."""

from __future__ import annotations

import time

import pytest

from pytest_modelcompat.diagnosis import root_cause


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("plain", "plain"),
        ("outer\n\nException encountered: middle\n\nException encountered: inner", "inner"),
        ("\x1b[1mbold\x1b[0m", "bold"),
        ("Could not locate class 'X'. Full object config: {'a': 1}", "Could not locate class 'X'."),
        (
            (
                "Exception encountered when calling Sequential.call().\n\n\x1b[1mInput 0\x1b[0m\n\nArguments "
                "received by "
                "Sequential.call():\n  • training=False"
            ),
            "Input 0",
        ),
        (
            (
                'Exception encountered when calling layer "dense" (type Dense).\n\nMatrix size\n\nCall '
                "arguments received "
                'by layer "dense" (type Dense):\n  • inputs=tf.Tensor'
            ),
            "Matrix size",
        ),
        (
            (
                "Graph execution error:\n\nDetected at node 'x' defined at (most recent call last):\n  File "
                '"a", line 1\n'
                "Node: 'x'\nMatrix size-incompatible\n\t [[{{node x}}]] [Op:__inference_f_1]"
            ),
            "Matrix size-incompatible",
        ),
        ("{{function_node __wrapped__X_device_/job:localhost}} Table. [Op:Lookup] name: ", "Table."),
        (
            (
                'in user code:\n\n    File "model.py", line 12, in f  *\n        return tf.matmul(x, y)\n\n'
                "    ValueError: Dimensions must be equal, but are 2 and 3\n"
            ),
            "Dimensions must be equal, but are 2 and 3",
        ),
        (
            (
                'in user code:\n\n    File "training.py", line 2137, in predict_function  *\n        return step(x)\n\n'
                '    ValueError: Exception encountered when calling layer "tower" (type Tower).\n    \n'
                '    in user code:\n    \n        File "model.py", line 3, in call  *\n            return table[x]\n'
                "    \n        errors.LookupError: no such row\n    \n    \n    Call arguments received by layer (type "
                "Tower):\n      • inputs=tf.Tensor"
            ),
            "no such row",
        ),
        ("", "AssertionError (no message)"),
        (" \n ", "AssertionError (no message)"),
    ],
)
def test_true_cause(message: str, cause: str) -> None:
    assert root_cause(message, "AssertionError") == cause


def test_a_wall_is_one_short_line_and_quickly_found() -> None:
    started = time.perf_counter()
    cause = root_cause("<class 'x'> could not be deserialized properly.\n\nconfig={" + "'a': 'b', " * 16_500 + "}")
    assert cause == "<class 'x'> could not be deserialized properly."
    assert len(root_cause("long " * 33_000)) <= 300
    assert time.perf_counter() - started < 1.0
