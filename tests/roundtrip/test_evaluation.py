"""What a comparison comes to: which tolerance holds, who is to blame, what is reported beside a drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts.weight_digest import WeightDigest
from pytest_modelcompat.comparison.routes import compare_loaders, compare_routes
from pytest_modelcompat.comparison.tolerance import Tolerance
from pytest_modelcompat.golden.golden import Golden
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.roundtrip import evaluation
from pytest_modelcompat.roundtrip.drift_details import difference_details
from pytest_modelcompat.roundtrip.model import UnsteadyLayer
from pytest_modelcompat.roundtrip.tolerances import UnknownOutputError, tolerances
from pytest_modelcompat.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHECKS = ("predictions", "weights", "structure")
GOLDEN_WEIGHTS = (
    WeightDigest("dense/kernel", (4, 1), "float32", "aa"),
    WeightDigest("dense/bias", (1,), "float32", "bb"),
)
OTHER_WEIGHTS = (WeightDigest("dense/kernel", (4, 1), "float32", "cc"), GOLDEN_WEIGHTS[1])


def allowed(_: str, __: str) -> Tolerance:
    return Tolerance(1e-6, 1e-5, "dtype float32")


def score(*values: float) -> dict[str, Any]:
    return {"score": np.array(values, np.float32)}


def details(finding: Finding) -> dict[str, str]:
    return dict(finding.details)


class TestTolerances:
    def test_the_least_precise_dtype_without_an_option(self) -> None:
        tolerance = tolerances(Settings(), ["float32", "float16"], ["score"])("score", "float32")
        assert tolerance == Tolerance(1e-3, 1e-3, "dtype float16")

    def test_the_cases_own_before_the_dtype(self) -> None:
        settings = Settings(rtol=0.5, atol=0.25, sources={"rtol": OptionPlace.MARKER, "atol": OptionPlace.MARKER})
        tolerance = tolerances(settings, ["float16"], ["score"])("score", "float32")
        assert tolerance == Tolerance(0.5, 0.25, "marker")

    def test_zero_is_an_own_tolerance(self) -> None:
        settings = Settings(
            rtol=0.0, atol=0.0, sources={"rtol": OptionPlace.COMMAND_LINE, "atol": OptionPlace.COMMAND_LINE}
        )
        tolerance = tolerances(settings, ["float32"], ["score"])("score", "float32")
        assert tolerance == Tolerance(0.0, 0.0, "command line")

    def test_by_output_the_rest_goes_by_dtype(self) -> None:
        settings = Settings(rtol={"score": 0.5}, atol={"score": 0.25}, sources={"rtol": OptionPlace.INI})
        tolerance = tolerances(settings, ["float32"], ["score", "rank"])
        assert tolerance("score", "float32") == Tolerance(0.5, 0.25, "ini")
        assert tolerance("rank", "float32").source == "dtype float32"

    def test_half_of_an_output_is_filled_in(self) -> None:
        settings = Settings(rtol={"score": 0.5}, atol={"rank": 0.25}, sources={"rtol": OptionPlace.MARKER})
        tolerance = tolerances(settings, ["float32"], ["score", "rank"])
        assert tolerance("score", "float32") == Tolerance(0.5, 1e-5, "marker")
        assert tolerance("rank", "float32") == Tolerance(1.3e-6, 0.25, "marker")

    @pytest.mark.parametrize("option", ["rtol", "atol"])
    def test_unknown_output(self, option: str) -> None:
        given: dict[str, Any] = {"rtol": 0.0, "atol": 0.0, option: {"scroe": 0.1}}
        with pytest.raises(UnknownOutputError) as raised:
            tolerances(Settings(**given), ["float32"], ["score", "rank"])
        assert (
            str(raised.value)
            == f"{option} is given for output 'scroe', and the model's outputs are score, rank; did you mean 'score'?"
        )


class TestSerialization:
    @staticmethod
    def findings(
        reloaded: Mapping[str, Any], saved: Mapping[str, Any], checks: Sequence[str] = CHECKS
    ) -> list[Finding]:
        rerun = compare_routes({"": reloaded}, saved, allowed)
        return list(evaluation.serialization_findings(rerun, checks))

    def test_nothing_where_it_holds(self) -> None:
        assert self.findings(score(1, 2), score(1, 2)) == []

    def test_a_drift_is_the_loaders(self) -> None:
        (finding,) = self.findings(score(1, 2), score(1, 3))
        assert (finding.kind, finding.subject, finding.blame) == (Kind.PREDICTIONS_DRIFTED, "score", Blame.LOADER)
        assert details(finding)["mismatch"].startswith("1 of 2 elements (50 %)")
        assert "(allowed 1e-05, from dtype float32)" in details(finding)["mismatch"]
        assert details(finding)["worst"] == "[1] is 2, expected 3"
        assert details(finding)["blame"] == "serialization: the writer or the loader"

    def test_a_drift_is_no_finding_where_predictions_are_not_checked(self) -> None:
        assert self.findings(score(1, 2), score(1, 3), ("weights",)) == []

    def test_an_output_that_is_gone_is_structure_whatever_is_checked(self) -> None:
        (finding,) = self.findings({}, score(1, 2), ())
        assert finding.kind is Kind.STRUCTURE_CHANGED

    def test_another_shape(self) -> None:
        (finding,) = self.findings(score(1, 2, 3), score(1, 2))
        assert finding.kind is Kind.STRUCTURE_CHANGED
        assert details(finding)["output"] == "score: shape was (2,), is (3,)"

    @pytest.mark.parametrize(("values", "told"), [((np.nan, np.nan), "NaN"), ((7.0, 7.0), "7.0")])
    def test_outputs_that_say_nothing_are_reported_with_their_drift(
        self, values: tuple[float, float], told: str
    ) -> None:
        (finding,) = self.findings(score(*values), score(1, 2))
        assert finding.kind is Kind.PREDICTIONS_DRIFTED
        assert [text for label, text in finding.details if label == "output"][1:] == [f"score: every element is {told}"]

    def test_no_route_at_all_never_holds(self) -> None:
        rerun = compare_routes({}, score(1), allowed)
        assert not rerun.holds
        (finding,) = evaluation.serialization_findings(rerun, CHECKS)
        assert details(finding)["output"] == "expected at least one signature, got none"

    def test_one_of_two_signatures_is_named(self) -> None:
        rerun = compare_routes({"serve": score(1), "train": score(2)}, score(1), allowed)
        assert not rerun.holds
        (finding,) = evaluation.serialization_findings(rerun, CHECKS)
        assert finding.subject == "score (signature train)"


class TestLoaders:
    def told(self, routes: Any, expected: Any, *, by_signature: bool = False) -> list[str]:
        rerun = compare_loaders(routes, expected, allowed, by_signature=by_signature)
        found = list(difference_details(rerun, CHECKS))
        assert bool(found) is not rerun.holds
        return [text.partition("   ")[0] for label, text in found if label == "output"]

    def test_a_signature_that_only_one_of_them_has_is_named(self) -> None:
        both, one = {"serve": score(1), "train": score(2)}, {"serve": score(1)}
        assert self.told(both, both) == []
        assert self.told(one, both) == ["signature train is missing; it was there"]
        assert self.told(both, one) == ["signature train was not there; it is there"]

    @pytest.mark.parametrize(
        ("by_signature", "name"), [(False, "score (signature train)"), (True, "train/score")], ids=["same", "own"]
    )
    def test_a_drift_names_its_signature(self, *, by_signature: bool, name: str) -> None:
        actual, expected = ({"serve": score(1), "train": score(value)} for value in (2, 3))
        assert self.told(actual, expected, by_signature=by_signature) == [name]

    @pytest.mark.parametrize("empty", [{}, score()], ids=["no output", "no element"])
    def test_what_both_give_nothing_of_is_no_difference(self, empty: Any) -> None:
        assert self.told({"train": empty}, {"train": empty}) == []
        assert self.told({"train": empty}, {"train": score(1)}) != []


class TestUnsteady:
    def test_names_layers_and_no_expected_values(self) -> None:
        rerun = compare_routes({"": score(1, 2)}, score(1, 3), allowed)
        finding = evaluation.nondeterminism_finding(
            rerun, [UnsteadyLayer("noise", "Noise", "", is_stateful=False, draws=True)]
        )
        assert (finding.kind, finding.blame) == (Kind.NOT_DETERMINISTIC, Blame.MODEL)
        assert finding.where == ("noise (Noise, draws random numbers)",)
        assert set(details(finding)) == {"output", "mismatch"}


class TestOverTime:
    @staticmethod
    def finding(weights: Sequence[WeightDigest], current: Mapping[str, Any] | None = None, **rule: Any) -> Finding:
        golden = Golden({}, ({}, {}), ({}, {}), weights=GOLDEN_WEIGHTS)
        judged = evaluation.GoldenCriteria(allowed, CHECKS, **rule)
        comparison, found = evaluation.compare_with_golden(current or score(1, 2), golden, score(1, 3), weights, judged)
        assert not comparison.holds
        (finding,) = found
        return finding

    def test_same_weights_blame_the_numerics(self) -> None:
        finding = self.finding(GOLDEN_WEIGHTS, reloaded="equals")
        assert (finding.kind, finding.blame) == (Kind.PREDICTIONS_DRIFTED, Blame.NUMERICS)
        assert finding.cause.endswith("the numerics changed")
        assert details(finding)["weights"] == "equal the golden's, all 2"
        assert details(finding)["reloaded"] == "equals"
        assert details(finding)["look for"] == evaluation.LOOK_FOR

    def test_other_weights_blame_the_model(self) -> None:
        finding = self.finding(OTHER_WEIGHTS)
        assert (finding.kind, finding.blame) == (Kind.PREDICTIONS_DRIFTED, Blame.MODEL)
        assert finding.cause == "the model changed, its serialization did not"
        assert details(finding)["weights"] == "differ from the golden's in 1 of 2: dense/kernel"
        assert "look for" not in details(finding)

    def test_weights_gone_and_new(self) -> None:
        finding = self.finding((GOLDEN_WEIGHTS[0], WeightDigest("scale/factor", (), "float32", "dd")))
        assert details(finding)["weights"] == "the golden's dense/bias are gone; scale/factor are new"

    def test_other_inputs_are_not_numerics(self) -> None:
        finding = self.finding(GOLDEN_WEIGHTS, inputs_differ=True)
        assert finding.blame is Blame.MODEL
        assert details(finding)["inputs"] == "differ from those the golden was recorded with"

    def test_other_layers_are_not_numerics(self) -> None:
        assert self.finding(GOLDEN_WEIGHTS, structure_differs=True).blame is Blame.MODEL

    def test_an_artifact_with_other_weights_is_another_artifact(self) -> None:
        cause = self.finding(OTHER_WEIGHTS, is_artifact=True).cause
        assert cause == "the artifact is not the one the golden was recorded from"
        assert self.finding(GOLDEN_WEIGHTS, is_artifact=True).cause.startswith("the artifact has the golden's weights")

    def test_outputs_that_say_nothing_are_reported_with_their_drift(self) -> None:
        finding = self.finding(GOLDEN_WEIGHTS, score(np.nan, np.nan))
        assert finding.kind is Kind.PREDICTIONS_DRIFTED
        assert len([label for label, _ in finding.details if label == "output"]) == 2

    def test_another_output_is_structure(self) -> None:
        finding = self.finding(GOLDEN_WEIGHTS, {"rank": np.ones(2, np.float32)})
        assert (finding.kind, finding.blame) == (Kind.STRUCTURE_CHANGED, Blame.MODEL)

    def test_nothing_where_it_holds(self) -> None:
        golden = Golden({}, ({}, {}), ({}, {}), weights=GOLDEN_WEIGHTS)
        rule = evaluation.GoldenCriteria(allowed, CHECKS)
        comparison, found = evaluation.compare_with_golden(score(1, 3), golden, score(1, 3), OTHER_WEIGHTS, rule)
        assert comparison.holds
        assert found == ()


def variable(content: str, shape: tuple[int, ...] = (2,)) -> dict[str, Any]:
    """A variable of an optimizer, as the loader answers it: without a path."""
    return {"shape": list(shape), "dtype": "float32", "sha256": content}


def digest(path: str, content: str, shape: tuple[int, ...] = (2,)) -> WeightDigest:
    return WeightDigest(path, shape, "float32", content)


class TestLostWeights:
    def test_paths_may_differ_and_equal_weights_count(self) -> None:
        saved = [digest("a/kernel", "x"), digest("b/kernel", "x")]
        assert list(evaluation.lost_weights(saved, [digest("m/1", "x"), digest("m/2", "x")])) == []
        (finding,) = evaluation.lost_weights(saved, [digest("m/1", "x")])
        assert (finding.kind, finding.subject, finding.blame) == (Kind.WEIGHTS_CHANGED, "b/kernel", Blame.LOADER)
        assert details(finding)["weights"] == "1 of 2 are not as saved: b/kernel"

    def test_the_same_bytes_in_another_shape_are_lost(self) -> None:
        (finding,) = evaluation.lost_weights([digest("a", "x", (2, 1))], [digest("a", "x", (1, 2))])
        assert finding.subject == "a"

    def test_many_are_counted(self) -> None:
        (finding,) = evaluation.lost_weights([digest(f"w{n}", str(n)) for n in range(6)], [])
        assert details(finding)["weights"] == "6 of 6 are not as saved: w0, w1, w2, w3 and 2 more"


class TestLostTraining:
    SAVED: Mapping[str, Any] = {
        "optimizer": "Adam",
        "config": {"learning_rate": 0.01},
        "compile": {"loss": "mse"},
        "variables": [variable("3", ()), variable("m")],
    }

    def test_an_uncompiled_model_loses_nothing(self) -> None:
        assert list(evaluation.lost_training(None, None)) == []

    def test_the_same_is_no_finding(self) -> None:
        assert list(evaluation.lost_training(self.SAVED, dict(self.SAVED))) == []

    def test_each_part_that_differs_is_reported(self) -> None:
        after = {**self.SAVED, "optimizer": "RMSprop", "variables": [variable("0", ()), variable("m")]}
        (finding,) = evaluation.lost_training(self.SAVED, after)
        assert (finding.kind, finding.blame) == (Kind.TRAINING_CHANGED, Blame.LOADER)
        assert details(finding)["training"].split("\n") == [
            "optimizer: was Adam, is RMSprop",
            "optimizer variables: 1 of 2 are not as saved",
        ]

    def test_all_of_it_gone(self) -> None:
        (finding,) = evaluation.lost_training(self.SAVED, None)
        lines = details(finding)["training"].split("\n")
        assert lines[0] == "optimizer: was Adam, is None"
        assert lines[-1] == "optimizer variables: 2 of 2 are not as saved"


class TestNewInInventory:
    RECORDED: Mapping[str, Any] = {"ops": {"MatMul": 1}, "layers": {"dense": "Dense"}}
    NOW: Mapping[str, Any] = {
        "ops": {"MatMul": 3, "Erf": 2, "Relu": 1},
        "layers": {"dense": "Dense", "scale": "Scale", "tower/scale": "Scale"},
    }

    def findings(self, settings: Settings, declaration: OptionSyntax | None = None) -> list[Finding]:
        given = declaration or OptionSyntax()
        return list(evaluation.new_in_inventory(self.NOW, self.RECORDED, settings, given))

    def test_each_new_one_with_its_places_and_its_fix(self) -> None:
        erf, relu, scale = self.findings(Settings())
        assert (erf.kind, erf.subject, erf.where) == (Kind.NEW_OP, "Erf", ("2 times in the graph and its functions",))
        assert relu.where == ("once in the graph and its functions",)
        assert erf.fix == ('@pytest.mark.model_roundtrip(allow_ops={"Erf": "the reason"})',)
        assert (scale.kind, scale.subject, scale.where) == (Kind.NEW_LAYER, "Scale", ('"scale"', '"tower/scale"'))
        assert scale.fix == ('@pytest.mark.model_roundtrip(allow_layers={"Scale": "the reason"})',)
        assert {each.blame for each in (erf, relu, scale)} == {Blame.MODEL}

    def test_allowed_ones_are_none(self) -> None:
        settings = Settings(allow_ops={"Erf": "gelu", "Relu": "why not"}, allow_layers={"Scale": "ours"})
        assert self.findings(settings) == []
        assert [each.subject for each in self.findings(Settings(allow_ops={"Erf": "gelu"}))] == ["Relu", "Scale"]

    def test_an_op_allowed_as_a_layer_is_not_allowed(self) -> None:
        assert "Erf" in [each.subject for each in self.findings(Settings(allow_layers={"Erf": "gelu"}))]

    def test_ones_that_went_are_none(self) -> None:
        assert list(evaluation.new_in_inventory(self.RECORDED, self.NOW, Settings(), OptionSyntax())) == []
