"""Each text that sets an option is pasted where it belongs, and read as Python, a shell, pytest and an ini file do."""

from __future__ import annotations

import ast
import importlib
import shlex
import sys
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from pytest_modelcompat.plugin.options import command_line_layer, ini_layer
from pytest_modelcompat.results.flags import FLAGS, IN_INI, INI_PREFIX, SWITCHES
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.option_syntax import OptionFix, OptionSyntax
from pytest_modelcompat.settings.table import WITH_FLAG, WITH_INI

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OBJECTS = {
    "Scale": "shop_of_syntax.layers.Scale",
    "shop>Scale": "shop_of_syntax.layers.Scale",
    "Inner": "shop_of_syntax.layers.Outer.Inner",
    'it\'s "odd" $HOME; rm *': "shop_of_syntax.layers.Outer.Inner",
    "back\\slash=x": "shop_of_syntax.layers.Scale",
}
VALUES: dict[str, Any] = {
    "formats": ["keras", "h5"],
    "runtimes": ["local", "tf2.15+keras3.1"],
    "loads_in": ["tf2.15", "profiles/a b#c.json"],
    "custom_objects": OBJECTS,
    "imports": ["shop.layers", "tensorflow_text"],
    "op_libraries": ["libs/it's here.so", "a;b.so"],
    "checks": ["predictions", "training"],
    "saved_model_loaders": ["object", "tf_keras"],
    "allow_unsafe": {"WriteFile": "its own log, since 1.4", "op ReadFile": "what's = in it; $HOME"},
    "compare": ["logits=topk(5, 0.9)", "cosine(0.99)"],
    "stochastic": ["z", "a b"],
    "rtol": 1e-3,
    "atol": 0.5,
    "seed": 7,
    "timeout": 600.0,
    "memory_limit": "8GB",
    "isolation": "off",
    "compile_model": False,
}


def expected(option: str) -> Any:
    """What pytest's options give for the value; custom objects as what their places are when they are imported."""
    return {name: class_at(path) for name, path in OBJECTS.items()} if option == "custom_objects" else VALUES[option]


def class_at(path: str) -> Any:
    """The class itself, found from the imported module."""
    found: Any = sys.modules["shop_of_syntax.layers"]
    for name in path.removeprefix("shop_of_syntax.layers.").split("."):
        found = getattr(found, name)
    return found


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's package, imported as the models under test are."""
    folder = tmp_path / "shop" / "shop_of_syntax"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "layers.py").write_text("class Scale: ...\n\n\nclass Outer:\n    class Inner: ...\n")
    monkeypatch.syspath_prepend(str(folder.parent))
    for name in ("shop_of_syntax", "shop_of_syntax.layers"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.import_module("shop_of_syntax.layers")


def given(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Options as pytest gives them, custom objects imported as the loader does it: the module, then its names."""
    if "custom_objects" in options:
        options = {"custom_objects": {name: imported(place) for name, place in options["custom_objects"].items()}}
    return options


def imported(place: str) -> Any:
    module, _, qualname = place.partition(":")
    found: Any = importlib.import_module(module)
    for name in qualname.split("."):
        found = getattr(found, name)
    return found


def value_of(option: str, imports: list[ast.stmt], call: ast.expr) -> Any:
    """The value of the one option of a call, where the imports above it have run."""
    assert isinstance(call, ast.Call)
    (keyword,) = call.keywords
    assert keyword.arg == option
    names: dict[str, Any] = {}
    exec(compile(ast.Module(imports, []), "<pasted>", "exec"), names)  # noqa: S102 - as if pasted into a test
    return eval(compile(ast.Expression(keyword.value), "<pasted>", "eval"), names)  # noqa: S307


@pytest.mark.parametrize("option", VALUES)
class TestWhereItIsPasted:
    def test_on_a_marker(self, option: str) -> None:
        text = OptionSyntax(OptionPlace.MARKER).write(option, VALUES[option])
        *imports, function = ast.parse(f"{text}\ndef test(): ...").body
        assert isinstance(function, ast.FunctionDef)
        decorator = function.decorator_list[0]
        assert ast.unparse(decorator).startswith("pytest.mark.model_roundtrip(")
        assert value_of(option, imports, decorator) == expected(option)

    def test_on_the_marker_of_an_artifact(self, option: str) -> None:
        text = OptionSyntax(OptionPlace.ARTIFACT_MARKER).write(option, VALUES[option])
        *imports, marker = text.split("\n")
        assert marker.startswith("@pytest.mark.model_artifact(..., ")
        pasted = value_of(option, ast.parse("\n".join(imports)).body, ast.parse(marker[1:], mode="eval").body)
        assert pasted == expected(option)

    def test_in_a_call(self, option: str) -> None:
        text = OptionSyntax(OptionPlace.CALL).write(option, VALUES[option])
        *imports, call = ast.parse(text).body
        assert isinstance(call, ast.Expr)
        assert ast.unparse(call).startswith("model_roundtrip(..., ")
        assert value_of(option, imports, call.value) == expected(option)

    def test_on_the_command_line(self, option: str, pytester: pytest.Pytester) -> None:
        text = OptionSyntax(OptionPlace.COMMAND_LINE).write(option, VALUES[option])
        config = pytester.parseconfig(*shlex.split(text))
        assert given(command_line_layer(config).options) == {option: expected(option)}

    def test_in_an_ini_file(self, option: str, pytester: pytest.Pytester, tmp_path: Path) -> None:
        text = OptionSyntax(OptionPlace.INI).write(option, VALUES[option])
        file = tmp_path / "pytest.ini"
        file.write_text(f"[pytest]\n{text}\n")
        config = pytester.parseconfig("-c", str(file))
        assert given(ini_layer(config).options) == {option: expected(option)}


@pytest.mark.parametrize(
    ("place", "written"),
    [
        (
            OptionPlace.ARTIFACT_MARKER,
            'safe_mode=False, allow_unsafe={"WriteFile": "log", "TFSMLayer": "the reason"})',
        ),
        (OptionPlace.COMMAND_LINE, "--modelcompat-unsafe --modelcompat-allow-unsafe 'TFSMLayer=the reason'"),
    ],
)
def test_unsafe_content_is_allowed_in_one_line(place: OptionPlace, written: str) -> None:
    syntax = OptionSyntax(place, declared={"allow_unsafe": {"WriteFile": "log"}})
    assert syntax.unsafe(["TFSMLayer"], safe_mode=False).endswith(written)
    assert "safe_mode" not in syntax.unsafe(["TFSMLayer"], safe_mode=True)


def test_flags_and_ini_options_are_the_plugins() -> None:
    assert {option.name for option in WITH_INI} == set(IN_INI)
    assert {option.name for option in WITH_FLAG} == {*FLAGS, *SWITCHES}
    # In a test, targets are code: a text that names a function stands in an ini file and in a flag alone.
    assert {*VALUES, "train"} == set(IN_INI)
    assert INI_PREFIX == "modelcompat_"


def test_unsafe_has_a_flag_of_its_own(pytester: pytest.Pytester) -> None:
    text = OptionSyntax(OptionPlace.COMMAND_LINE).write("safe_mode", value=False)
    assert command_line_layer(pytester.parseconfig(text)).options == {"safe_mode": False}
    assert OptionSyntax(OptionPlace.MARKER).write("safe_mode", value=False).endswith("(safe_mode=False)")


def test_safe_mode_that_stays_on_is_never_the_flag_for_unsafe() -> None:
    text = OptionSyntax(OptionPlace.COMMAND_LINE).write("safe_mode", value=True)
    assert text == "in a test: @pytest.mark.model_roundtrip(safe_mode=True)"


@pytest.mark.parametrize("place", [OptionPlace.COMMAND_LINE, OptionPlace.INI])
def test_what_only_a_test_can_have_says_so(place: OptionPlace) -> None:
    text = OptionSyntax(place).allowed("allow_ops", 'Er"f')
    assert text == 'in a test: @pytest.mark.model_roundtrip(allow_ops={"Er\\"f": "the reason"})'
    assert OptionSyntax(place).write("inputs", "...") == "in a test: @pytest.mark.model_roundtrip(inputs=...)"


def test_a_class_is_found_where_this_process_has_it() -> None:
    syntax = OptionSyntax(defining_modules={"Scale": "shop.layers.Scale"})
    *imports, marker = syntax.custom_object("shop>Scale").split("\n")
    assert imports == ["from shop.layers import Scale"]
    assert marker.endswith('{"shop>Scale": Scale})')
    assert syntax.defining_module("shop>Scale") == "shop.layers"
    assert syntax.defining_module("Other") == "your_module"


def test_names_of_the_tests_own_module_need_no_import() -> None:
    syntax = OptionSyntax(defining_modules={"Scale": "shop.layers.Scale"}, test_module="shop.layers")
    assert syntax.custom_object("Scale") == '@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})'


def test_two_classes_of_one_name_stay_two() -> None:
    text = OptionSyntax().write("custom_objects", {"a>Scale": "shop.a.Scale", "b>Scale": "shop.b.Scale"})
    assert text.split("\n")[:2] == ["from shop.a import Scale", "import shop.b"]
    assert text.endswith('{"a>Scale": Scale, "b>Scale": shop.b.Scale})')


@pytest.mark.parametrize(
    ("place", "written"),
    [
        (OptionPlace.MARKER, 'from test_m import Scale\n@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})'),
        (OptionPlace.COMMAND_LINE, "--modelcompat-custom-object test_m:Scale"),
    ],
)
def test_a_class_that_a_function_makes_is_moved_first(place: OptionPlace, written: str) -> None:
    syntax = OptionSyntax(place, {"Scale": "test_m.test_it.<locals>.Scale"})
    move, rest = syntax.custom_object("Scale").split("\n", 1)
    assert move == "move Scale out of test_it() to the top level of test_m, where a fresh process finds it"
    assert rest == written
    assert syntax.defining_module("Scale") == "test_m"


def test_a_class_inside_another_has_the_module_that_can_be_imported() -> None:
    syntax = OptionSyntax(OptionPlace.COMMAND_LINE, {"Inner": "shop_of_syntax.layers.Outer.Inner"})
    assert syntax.custom_object("Inner") == "--modelcompat-custom-object shop_of_syntax.layers:Outer.Inner"
    assert syntax.defining_module("Inner") == "shop_of_syntax.layers"


class TestDeclaredAlready:
    """A place has each option once: what the case has already stands in what is printed."""

    HAD: ClassVar[Mapping[str, Any]] = {
        "custom_objects": {"Scale": "shop_of_syntax.layers.Scale"},
        "imports": ("shop.layers",),
        "allow_ops": {"Relu": "new"},
    }

    @pytest.mark.parametrize(
        ("option", "value", "whole"),
        [
            ("custom_objects", {"Inner": "shop_of_syntax.layers.Outer.Inner"}, '"Scale": Scale, "Inner": Outer.Inner'),
            ("imports", ["tensorflow_text", "shop.layers"], '["shop.layers", "tensorflow_text"]'),
            ("allow_ops", {"Erf": "the reason"}, '{"Relu": "new", "Erf": "the reason"}'),
            ("op_libraries", ["libs/mine.so"], '["libs/mine.so"]'),
        ],
    )
    def test_in_code(self, option: str, value: Any, whole: str) -> None:
        assert whole in OptionSyntax(declared=self.HAD).write(option, value)

    def test_in_an_ini_file(self) -> None:
        written = OptionSyntax(OptionPlace.INI, declared=self.HAD).write("imports", ["tensorflow_text"])
        assert written == "modelcompat_imports = shop.layers tensorflow_text"

    def test_a_flag_is_one_more(self) -> None:
        written = OptionSyntax(OptionPlace.COMMAND_LINE, declared=self.HAD).write("imports", ["tensorflow_text"])
        assert written == "--modelcompat-import tensorflow_text"

    def test_formats_are_chosen_and_not_added_to(self) -> None:
        assert OptionSyntax(declared=self.HAD).formats(["keras"]).endswith('(formats=["keras"])')


class TestFix:
    SYNTAX = OptionSyntax(OptionPlace.COMMAND_LINE, {"Scale": "shop.layers.Scale"})

    def test_words_are_filled_in_before_it_is_written(self) -> None:
        fix = OptionFix("custom_objects", {"$name": "$bare"}, lead="or $how: ")
        line = fix.line(self.SYNTAX, {"name": "shop>Scale", "bare": "Scale", "how": "declare it"})
        assert line == "or declare it: --modelcompat-custom-object 'shop>Scale=shop.layers:Scale'"

    def test_an_artifact_that_something_else_saved(self) -> None:
        fix = OptionFix("formats", ["keras"], lead="or leave .h5: ", for_artifact="save it again, as .keras")
        assert fix.line(OptionSyntax(OptionPlace.ARTIFACT_MARKER), {}) == "or leave .h5: save it again, as .keras"
        assert fix.line(self.SYNTAX, {}) == "or leave .h5: --modelcompat-format keras"
