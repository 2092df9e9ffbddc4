"""What a graph computes stays the same when the same code saves it again, whatever TensorFlow has traced before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts.saved_model.graph_content import graph_content, without_numbers
from pytest_modelcompat.cli import main
from tests.artifacts.saved_model.graphs import write_graph

if TYPE_CHECKING:
    from pathlib import Path


def save(folder: Path, *, start: float = 0.0, path: str = "log.txt", swapped: bool = False) -> Path:
    """A module that writes a file from inside of a loop, with one weight; nothing here ever calls it."""
    import tensorflow as tf

    class Logged(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.weight = tf.Variable(start)

        @tf.function(input_signature=[tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.string)])  # type: ignore[untyped-decorator]
        def log(self, name: Any, text: Any) -> Any:
            for _ in tf.range(2):
                given = (text, name) if swapped else (name, text)
                tf.io.write_file(tf.strings.join([path, given[0]]), given[1])
            return self.weight + 1.0

    model = Logged()
    tf.saved_model.save(model, str(folder), signatures=model.log)
    return folder


def test_the_same_code_gives_the_same_content_in_another_file(tmp_path: Path) -> None:
    one, other = save(tmp_path / "one"), save(tmp_path / "other", start=5.0)
    files = [(folder / "saved_model.pb").read_bytes() for folder in (one, other)]
    assert files[0] != files[1]
    assert graph_content(one) == graph_content(other)


@pytest.mark.parametrize("changed", [{"path": "/etc/motd"}, {"swapped": True}])
def test_other_code_gives_other_content(tmp_path: Path, changed: dict[str, Any]) -> None:
    assert graph_content(save(tmp_path / "one")) != graph_content(save(tmp_path / "other", **changed))


def test_a_baseline_accepts_a_graph_that_is_trained_again_and_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline = str(tmp_path / "base.json")
    main(["inspect", str(save(tmp_path / "first" / "model")), "--write-baseline", baseline])
    check = ["check", "--runtime", "tf2.21", "--fail-on-unsafe", "--baseline", baseline]
    capsys.readouterr()
    assert main([*check, str(save(tmp_path / "second" / "model", start=5.0))]) == 0
    assert "accepted: U202" in capsys.readouterr().out
    assert main([*check, str(save(tmp_path / "third" / "model", path="/etc/motd"))]) == 1
    assert "accepts other content of this name" in " ".join(capsys.readouterr().out.split())


def test_the_arguments_of_a_function_are_known_by_their_places(tmp_path: Path) -> None:
    # So Keras 2 names what a layer captures.
    text = """meta_graphs { graph_def { library { function {
        signature { name: "f_%d" input_arg { name: "dense_%d" } input_arg { name: "dense_%d" } }
        node_def { name: "write" op: "WriteFile" input: "dense_%d" input: "dense_%d" } } } } }"""
    one, other, swapped = (
        graph_content(write_graph(tmp_path / str(names), text % names))
        for names in ((1, 4, 5, 4, 5), (2, 7, 9, 7, 9), (2, 7, 9, 9, 7))
    )
    assert one == other != swapped


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ('node "WriteFile" of function __inference_log_12', 'node "WriteFile" of function __inference_log'),
        ('node "write_3"', 'node "write_3"'),
        ('node "a_1" of function f_2_3 in the graph with the tags x', 'node "a_1" of function f_2 in the graph'),
    ],
)
def test_the_place_of_a_node_without_the_number_of_its_function(place: str, said: str) -> None:
    assert without_numbers(place).startswith(said)
