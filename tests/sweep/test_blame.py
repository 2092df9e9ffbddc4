"""Which constructs a failure is of."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))

from sweep.blame import OF_PYTHON, UNKNOWN, Kind, Observation, blamed

LOADS: Kind = ("loads", "", "")
FAILS: Kind = ("fails", "load", "TypeError: no")
OTHERWISE: Kind = ("fails", "load", "ValueError: no")
CHANGED: Kind = ("changed", "", "the outputs differ")


def seen(kind: Kind, *constructs: str) -> Observation:
    return frozenset(constructs), kind


BASE = seen(LOADS, "layer Dense", "layer Dense.units=int", "layer Dense.activation=linear")


class TestBlamed:
    def test_nothing_where_everything_loads(self) -> None:
        assert blamed([BASE]).constructs == {}

    def test_the_argument_that_no_artifact_has_that_loads(self) -> None:
        failed = seen(FAILS, "layer Dense", "layer Dense.units=int", "layer Dense.activation=<LeakyReLU>")
        assert blamed([BASE, failed]).constructs == {"layer Dense.activation=<LeakyReLU>": FAILS}

    def test_the_class_and_none_of_its_arguments_where_it_never_loads(self) -> None:
        failed = [seen(FAILS, "layer Gone", "layer Gone.rate=float"), seen(FAILS, "layer Gone", "layer Gone.rate=0.0")]
        assert blamed([BASE, *failed]).constructs == {"layer Gone": FAILS}

    def test_the_most_frequent_failure_of_a_construct(self) -> None:
        failed = [seen(kind, "layer Gone") for kind in (FAILS, OTHERWISE, OTHERWISE)]
        assert blamed([BASE, *failed]).constructs == {"layer Gone": OTHERWISE}

    def test_the_model_where_everything_fails_and_not_each_layer(self) -> None:
        failed = [seen(FAILS, "model Functional", f"layer {name}", f"activation {name}") for name in ("A", "B", "C")]
        assert blamed(failed).constructs == {"model Functional": FAILS}

    def test_the_argument_that_the_failure_names_before_its_class(self) -> None:
        kind = ("fails", "load", "TypeError: __init__() got an unexpected keyword argument 'input_axes'")
        failed = seen(kind, "initializer Glorot", "initializer Glorot.input_axes=null", "initializer Glorot.seed=null")
        assert blamed([BASE, failed]).constructs == {"initializer Glorot.input_axes=null": kind}

    def test_the_wrapper_with_what_it_holds_where_the_failure_names_both(self) -> None:
        kind = ("fails", "build", "NotImplementedError: calling Each.call(). Layer Chain should implement it")
        chain = seen(kind, "layer Each", "layer Each > Chain", "layer Chain")
        other = seen(FAILS, "layer Each", "layer Each > Dense", "model Functional")
        apart = seen(LOADS, "layer Chain")
        found = blamed([apart, chain, other, seen(FAILS, "model Functional", "layer Other")]).constructs
        assert found == {"layer Each > Chain": kind, "model Functional": FAILS}

    def test_not_what_the_failure_names_where_it_mostly_fails_otherwise(self) -> None:
        kind = ("fails", "load", "ValueError: Could not interpret initializer")
        usual = "layer Embedding.embeddings_initializer=<RandomUniform>"
        failed = [seen(FAILS, "model Functional", "layer Embedding", usual) for _ in range(3)]
        odd = seen(kind, "model Functional", "layer Embedding", usual)
        other = seen(FAILS, "model Functional", "layer Other")
        assert blamed([BASE, *failed, odd, other]).constructs == {"model Functional": FAILS}

    def test_of_a_construct_that_fails_as_often_for_two_reasons_each_names_it(self) -> None:
        kind = ("fails", "load", "ValueError: what is Gone")
        failed = [seen(kind, "layer Gone", "layer A"), seen(FAILS, "layer Gone", "layer B")]
        assert blamed([seen(LOADS, "layer A", "layer B"), *failed]).constructs["layer Gone"] == kind

    def test_a_class_where_the_failure_does_not_name_what_it_holds(self) -> None:
        kind = ("fails", "build", "NotImplementedError: calling Each.call()")
        failed = [seen(kind, "layer Each", f"layer Each > {held}") for held in ("Chain", "Dense")]
        assert blamed([BASE, *failed]).constructs == {"layer Each": kind}

    def test_each_of_several_where_none_explains_all(self) -> None:
        failed = [seen(FAILS, "layer A", "layer B"), seen(FAILS, "layer A"), seen(FAILS, "layer C")]
        assert blamed([BASE, *failed]).constructs == {"layer A": FAILS, "layer C": FAILS}

    def test_what_loads_and_predicts_something_else_is_innocent_of_a_failure(self) -> None:
        changed = seen(CHANGED, "layer Norm", "layer Norm.axis=int")
        failed = seen(FAILS, "layer Norm", "layer Norm.axis=[int]")
        found = blamed([BASE, changed, failed]).constructs
        assert found == {"layer Norm": CHANGED, "layer Norm.axis=[int]": FAILS}

    def test_two_that_load_apart_and_fail_together(self) -> None:
        apart = [seen(LOADS, "layer RNN", "layer Dense"), seen(LOADS, "layer Both", "layer *")]
        kind = ("fails", "load", "ValueError: RNN got no cell")
        found = blamed([*apart, seen(kind, "layer RNN", "layer *")])
        assert found.constructs == {"layer * & layer RNN": kind}
        assert found.unexplained == 0

    def test_no_two_that_the_text_does_not_name_unless_they_are_of_one_class(self) -> None:
        apart = [seen(LOADS, "layer A", "layer A.x=int", "layer B"), seen(LOADS, "layer C", "layer A.y=int")]
        # That it is about a layer nearly every text says.
        kind = ("fails", "load", "ValueError: the layer is no layer")
        for others in (("layer A.x=int", "layer C"), ("layer B", "layer C")):
            assert blamed([*apart, seen(kind, *others)]).unexplained == 1
        named = ("fails", "load", "ValueError: what is x")
        assert blamed([*apart, seen(named, "layer A.x=int", "layer C")]).constructs == {
            "layer A.x=int & layer C": named
        }
        found = blamed([*apart, seen(FAILS, "layer A.x=int", "layer A.y=int")])
        assert found.constructs == {"layer A.x=int & layer A.y=int": FAILS}

    def test_no_two_for_how_a_model_trains(self) -> None:
        apart = [seen(LOADS, "layer A", "layer B"), seen(LOADS, "layer C")]
        assert blamed([*apart, seen(("changed", "training", "layer A"), "layer A", "layer C")]).unexplained == 1

    def test_counts_what_nothing_tells_from_an_artifact_that_loads(self) -> None:
        assert blamed([BASE, seen(FAILS, *BASE[0])]).unexplained == 1

    def test_nothing_that_may_load_for_all_that_anybody_has_tried(self) -> None:
        failed = seen(FAILS, "layer Norm", "layer Norm.axis=[int]")
        assert blamed([BASE, seen(UNKNOWN, "layer Norm"), failed]).constructs == {"layer Norm.axis=[int]": FAILS}

    def test_what_fails_because_of_python_makes_nothing_innocent(self) -> None:
        """Its layers may be what all the others fail of."""
        failed = seen(FAILS, "layer Norm", "layer Norm.axis=[int]")
        of_python = seen(OF_PYTHON, "layer Norm", "layer Norm.axis=[int]", "layer Lambda")
        assert blamed([BASE, failed, of_python]).constructs == blamed([BASE, failed]).constructs != {}

    def test_what_each_text_names_where_everything_fails(self) -> None:
        """The class that all have would be named with the words of one of them."""
        dense = ("fails", "load", "TypeError: passed to Dense: {'quantization_config': None}")
        other = ("fails", "load", "ValueError: Unknown layer: Cast")
        failed = [
            seen(dense, "layer Input", "layer Dense", "layer Dense.quantization_config=null"),
            seen(other, "layer Input", "layer Cast", "layer Cast.dtype=text"),
        ]
        assert blamed(failed).constructs == {"layer Dense.quantization_config=null": dense, "layer Cast": other}

    def test_of_several_arguments_that_a_text_may_mean_the_one_that_was_tried(self) -> None:
        """Every GRU has an `activation`, and what fails is the value of its `recurrent_activation`."""
        kind = ("fails", "load", "TypeError: Could not interpret activation function identifier: {…}")
        usual = "layer GRU", "layer GRU.activation=tanh"
        others = [seen(OTHERWISE, *usual, f"layer GRU.units={number}") for number in ("int", "0")]
        failed = seen(kind, *usual, "layer GRU.recurrent_activation=<LeakyReLU>", "layer GRU.mask_value=<X>")
        found = blamed([*others, failed]).constructs
        assert found["layer GRU.recurrent_activation=<LeakyReLU>"] == kind
        assert "layer GRU.activation=tanh" not in found
        invalid = ("fails", "load", "ValueError: Invalid value of layer A")
        assert blamed([seen(invalid, "layer A", "layer A.mask_value=int")]).constructs == {"layer A": invalid}
