"""What a case's artifact will meet in the runtimes it names, told with what the case declares."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.golden.golden import GoldenName
from pytest_modelcompat.profiles import store
from pytest_modelcompat.profiles.profile import KIND, PROFILE_SCHEMA
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.target import Target
from pytest_modelcompat.roundtrip.attempt import Attempt
from pytest_modelcompat.roundtrip.case import Case
from pytest_modelcompat.roundtrip.static_check import check_loads_in, predict_load
from pytest_modelcompat.roundtrip.subject import Subject
from pytest_modelcompat.runtimes.protocol import LoadResult, ProcessExit
from pytest_modelcompat.settings.checks import SettingsError
from pytest_modelcompat.settings.settings import Settings
from tests import handmade
from tests.compatibility.models import (
    CLIPPED,
    K33,
    K215,
    K311,
    activated,
    coded,
    compiled,
    connected,
    hard,
    small,
    with_own_layer,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RESOLVED = LoadResult(ProcessExit(0), stage="done")


def recorded(path: Path, tensorflow: str, keras: str, python: str = "3.11") -> Path:
    """A profile as the recorder writes one."""
    parts = {"tensorflow": store.read_part("tensorflow", tensorflow), "keras": store.read_part("keras", keras)}
    profile = {"kind": KIND, "schema": PROFILE_SCHEMA, "name": path.stem, "python": python, **parts}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(profile), encoding="utf-8")
    return path


def told(path: Path, *runtimes: str, loaded: LoadResult = RESOLVED, **options: Any) -> tuple[Finding, ...]:
    inventory, settings = read_inventory(path), Settings(loads_in=runtimes, **options)
    case = Case("test_m", Target(inventory.format), settings, GoldenName((), "m"))
    return predict_load(Attempt(case, Subject(path, inventory.format, "keras", None), inventory, loaded), path.parent)


class TestNames:
    @pytest.mark.parametrize("name", ["tf2.4", "tf2.15", "tf2.16+keras3.15", "tf2.21+tf_keras", "tf2.15+py3.9"])
    def test_of_runtimes(self, name: str, tmp_path: Path) -> None:
        check_loads_in(Settings(loads_in=(name,)), tmp_path)

    def test_of_a_profile_below_the_root(self, tmp_path: Path) -> None:
        recorded(tmp_path / "profiles" / "prod.json", "2.15", "2.15")
        check_loads_in(Settings(loads_in=("profiles/prod.json", "tf2.21")), tmp_path)

    @pytest.mark.parametrize(
        ("name", "problem"),
        [
            ("tf-2.15", "'tf-2.15' is not a known runtime: did you mean 'tf2.15'?"),
            ("tf2.99", "'tf2.99' is not a known runtime: TensorFlow 2.99 is not known; known are tf2.4 to tf2.21"),
            ("tf2.15+keras3.3", "Keras 3 is for TensorFlow 2.16 and newer, and tf2.15 has Keras 2.15"),
            ("prd.json", "there is no profile prd.json; did you mean 'prod.json'?"),
            ("elsewhere/a.json", "record one with `modelcompat profile record --out elsewhere/a.json`"),
            ("broken.json", "broken.json is not a profile, or a truncated one: it is not JSON"),
            ("other.json", "other.json is not a profile: record one with `modelcompat profile record --out FILE`"),
        ],
    )
    def test_that_mean_nothing(self, name: str, problem: str, tmp_path: Path) -> None:
        recorded(tmp_path / "prod.json", "2.15", "2.15")
        (tmp_path / "broken.json").write_text('{"kind": ')
        (tmp_path / "other.json").write_text("{}")
        with pytest.raises(SettingsError) as caught:
            check_loads_in(Settings(loads_in=("tf2.15", name), sources={"loads_in": OptionPlace.INI}), tmp_path)
        assert str(caught.value).startswith("ini: option 'loads_in': ")
        assert problem in str(caught.value)
        assert str(tmp_path) not in str(caught.value)


class TestFindings:
    def test_say_for_which_runtime_and_fail(self, tmp_path: Path) -> None:
        path = handmade.write_saved_model(tmp_path / "model", {"DisableCopyOnRead": 1})
        (finding,) = told(path, "tf2.9", "tf2.10", "tf2.21")
        assert (finding.kind, finding.subject) == (Kind.UNKNOWN_OP, "DisableCopyOnRead")
        assert finding.runtime == "tf2.9 (TensorFlow 2.9.3, Keras 2.9.0)"
        assert (finding.severity, finding.stage) == (Severity.ERROR, Stage.GRAPH)

    def test_of_several_runtimes_stand_together_in_their_order(self, tmp_path: Path) -> None:
        path = K311.h5(tmp_path / "model.h5", connected(K311))
        runtimes = [finding.runtime.partition(" ")[0] for finding in told(path, "tf2.16", "tf2.20", "tf2.15")]
        assert list(dict.fromkeys(runtimes)) == ["tf2.16", "tf2.15"]
        assert runtimes == sorted(runtimes, reverse=True)

    def test_of_a_silent_change_fail_too(self, tmp_path: Path) -> None:
        path = K33.h5(tmp_path / "model.h5", hard(K33))
        assert told(path, "tf2.16") == ()
        path = K215.h5(tmp_path / "older.h5", hard(K215))
        (finding,) = told(path, "tf2.21")
        assert (finding.kind, finding.severity, finding.stage) == (Kind.SEMANTICS_CHANGED, Severity.ERROR, None)

    def test_that_only_note_something_are_left_out(self, tmp_path: Path) -> None:
        dropping = K311.sequential(K311.input(4), K311.layer("Dropout", "drop", rate=0.5), K311.dense())
        assert told(K311.keras(tmp_path / "model.keras", dropping), "tf2.20") == ()

    def test_are_reported_for_a_profile_by_the_name_it_was_given(self, tmp_path: Path) -> None:
        recorded(tmp_path / "profiles" / "prod.json", "2.9", "2.9", "3.10")
        path = handmade.write_saved_model(tmp_path / "model", {"DisableCopyOnRead": 1})
        (finding,) = told(path, "profiles/prod.json")
        assert finding.runtime == "profiles/prod.json (TensorFlow 2.9.3, Keras 2.9.0)"

    def test_come_from_the_profile_as_it_is_now(self, tmp_path: Path) -> None:
        path = handmade.write_saved_model(tmp_path / "model", {"DisableCopyOnRead": 1})
        profile = recorded(tmp_path / "prod.json", "2.9", "2.9", "3.10")
        assert told(path, "prod.json")
        recorded(profile, "2.15", "2.15")
        os.utime(profile, ns=(1, 1))
        assert told(path, "prod.json") == ()

    def test_of_a_profile_that_went_away_are_an_error(self, tmp_path: Path) -> None:
        path = handmade.write_saved_model(tmp_path / "model", {"Relu": 1})
        with pytest.raises(
            SettingsError, match=r"option 'loads_in': the profile gone\.json cannot be read: No such file"
        ):
            told(path, "gone.json")

    def test_say_nothing_that_only_the_command_takes(self, tmp_path: Path) -> None:
        path = K33.h5(tmp_path / "model.h5", coded(K33, "3.11"))
        (finding,) = (each for each in told(path, "tf2.20") if each.kind is Kind.LAMBDA_REFUSED)
        assert finding.fix[0] == "if you trust the file: @pytest.mark.model_roundtrip(safe_mode=False)"
        assert not [line for line in finding.fix if "--" in line]

    @pytest.mark.parametrize(
        ("loss", "optimizer", "runtime"),
        [
            ("mse", "Adam", "tf2.16"),
            ({"class_name": "MeanSquaredError", "config": {"reduction": "auto"}}, "Adam", "tf2.21"),
            ("mean_squared_error", "Lion", "tf2.9"),
        ],
        ids=["short-name", "reduction", "newer-optimizer"],
    )
    def test_say_by_which_option_a_compile_configuration_is_left_out(
        self, loss: Any, optimizer: str, runtime: str, tmp_path: Path
    ) -> None:
        path = K215.h5(tmp_path / "model.h5", small(K215), compiled(loss, optimizer))
        lines = [line for finding in told(path, runtime) for line in finding.fix]
        assert "if you only predict with it: @pytest.mark.model_roundtrip(compile_model=False)" in lines
        assert not [line for line in lines if "load_model(" in line]

    def test_heed_the_safe_mode(self, tmp_path: Path) -> None:
        path = K311.keras(tmp_path / "model.keras", coded(K311, "3.13"))
        assert [each.kind for each in told(path, "tf2.20")] == [Kind.LAMBDA_REFUSED]
        assert told(path, "tf2.20", safe_mode=False) == ()


class TestDeclared:
    @pytest.mark.parametrize("write", [K215.h5, K215.keras], ids=["h5", "keras"])
    def test_classes_are_known_there_as_they_are_here(self, write: Callable[..., Path], tmp_path: Path) -> None:
        path = write(tmp_path / f"model.{write.__name__}", with_own_layer(K215))
        assert told(path, "tf2.15") == ()
        assert told(path, "tf2.15", custom_objects={"Scale": object}, loaded=self.of_unknown(path)) == ()

    def test_classes_that_nobody_knows_are_unknown_there_too(self, tmp_path: Path) -> None:
        path = K215.h5(tmp_path / "model.h5", with_own_layer(K215))
        (finding,) = told(path, "tf2.15", loaded=self.of_unknown(path))
        assert (finding.kind, finding.subject) == (Kind.UNKNOWN_LAYER, "Scale")

    def test_a_class_of_this_keras_is_not_taken_for_the_users_own(self, tmp_path: Path) -> None:
        layer = K311.layer("RMSNormalization", "normal", [(4,)], axis=-1, epsilon=1e-6)
        path = K311.h5(tmp_path / "model.h5", K311.sequential(K311.input(4), layer))
        assert Kind.UNKNOWN_LAYER in {each.kind for each in told(path, "tf2.18")}

    def test_ops_of_a_library_are_known_there_as_they_are_here(self, tmp_path: Path) -> None:
        path = handmade.write_saved_model(tmp_path / "model", {"FancyCustomMul": 1})
        assert told(path, "tf2.9") == ()
        (finding,) = told(path, "tf2.9", loaded=LoadResult(ProcessExit(0), unknown_ops=("FancyCustomMul",)))
        assert (finding.kind, finding.subject) == (Kind.UNKNOWN_OP, "FancyCustomMul")

    def test_what_a_function_found_here_is_there_as_well(self, tmp_path: Path) -> None:
        path = K215.h5(tmp_path / "model.h5", coded(K215, "3.11", "global"))
        assert told(path, "tf2.15", safe_mode=False) == ()
        assert told(path, "tf2.15", safe_mode=False, loaded=LoadResult(ProcessExit(1), stage="load")) != ()

    def test_an_activation_of_the_users_is_judged_as_one(self, tmp_path: Path) -> None:
        path = K215.h5(tmp_path / "model.h5", activated(K215, CLIPPED))
        (finding,) = told(path, "tf2.15", custom_objects={"clipped": object})
        assert (finding.kind, finding.subject) == (Kind.CONFIG_CHANGED, "own function")

    @staticmethod
    def of_unknown(path: Path) -> LoadResult:
        inventory = read_inventory(path)
        positions = [index for index, layer in enumerate(inventory.layers) if layer.class_name == "Scale"]
        return LoadResult(ProcessExit(0), unknown_objects=tuple(positions))


def test_a_model_that_loads_everywhere_it_names_has_no_findings(tmp_path: Path) -> None:
    assert told(K215.h5(tmp_path / "model.h5", small(K215)), "tf2.15", "tf2.13", "tf2.21+tf_keras") == ()
