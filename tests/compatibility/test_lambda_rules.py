"""Bytecode: which Keras refuses it where, which Python runs it, and what its function finds there."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_modelcompat.artifacts.inventory import Code, LambdaUse, LayerUse
from pytest_modelcompat.compatibility.rules.lambdas import (
    in_arguments,
    in_compile,
    in_saved_model,
    is_refused,
    lambda_bytecode,
    named_functions,
)
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity, Stage
from tests.compatibility.judging import before, h5, keras_file, saved_model

SEQUENTIAL = {"class_name": "Sequential", "config": {"layers": []}}
FUNCTIONAL = {"class_name": "Functional", "config": {"layers": [], "output_layers": []}}
OF_3_8 = Code(((3, 8),), runs_on=((3, 8), (3, 9)))
OF_3_13 = Code(((3, 13),), runs_on=((3, 13),))


def layer(name: str = "double", class_name: str = "Lambda", **config: Any) -> LayerUse:
    return LayerUse(class_name, (name,), config={"trainable": True, **config}, position=1, siblings=1)


def holding(*codes: Code, path: tuple[str, ...] = ("double",), key: str = "") -> LambdaUse:
    return LambdaUse(path, has_bytecode=True, codes=codes, key=key)


def held(format_: str, *uses: LambdaUse, root: Any = SEQUENTIAL, layers: Any = None, keras: str = "3.6.0") -> Any:
    layers = (layer(),) if layers is None else layers
    make = h5 if format_ == "h5" else keras_file
    return make(keras, root=root, layers=layers, lambdas=uses)


def found(inventory: Any, runtime: str, *custom: str, safe_mode: bool = False, **profile: Any) -> list[Finding]:
    return list(lambda_bytecode(before(inventory, runtime, *custom, safe_mode=safe_mode, **profile)))


@pytest.mark.parametrize(
    ("format_", "runtime", "refused"),
    [
        ("keras", "tf2.12", False),
        ("keras", "tf2.13", True),
        ("keras", "tf2.21", True),
        ("h5", "tf2.15", False),
        ("h5", "tf2.16+keras3.10", False),
        ("h5", "tf2.16+keras3.11", True),
        ("h5", "tf2.21", True),
    ],
)
@pytest.mark.parametrize("is_recorded", [True, False])
def test_which_keras_refuses_bytecode(format_: str, runtime: str, refused: bool, is_recorded: bool) -> None:
    profile: dict[str, Any] = {} if is_recorded else {"refuses": None}
    inventory = held(format_, holding(OF_3_8))
    assert is_refused(before(inventory, runtime, **profile)) is refused
    assert not is_refused(before(inventory, runtime, safe_mode=False, **profile))
    kinds = {each.kind for each in found(inventory, runtime, safe_mode=True, **profile)}
    assert (Kind.LAMBDA_REFUSED in kinds) is refused


def test_tensorflow_refuses_nothing() -> None:
    assert not is_refused(before(saved_model(), "tf2.21"))


def test_what_is_said_of_what_is_refused() -> None:
    (finding,) = found(held("keras", holding(), holding(path=("inner",))), "tf2.21", safe_mode=True)
    assert finding == Finding(
        Kind.LAMBDA_REFUSED,
        "Lambda",
        where=('"double"', '"inner"'),
        cause="it holds Python bytecode, which Keras 3.15 does not run unless safe_mode=False is given",
        fix=(
            "if you trust the file, load it with safe_mode=False",
            "if you do that already, add --unsafe",
            "or write the function as a layer of its own, or register it: @keras.utils.register_keras_serializable()",
            "and save the model again",
        ),
        stage=Stage.CONFIG,
        source="keras-team/keras#19151",
    )


@pytest.mark.parametrize(
    ("classes", "subject"),
    [(["Lambda"], "Lambda"), (["Conv2D"], "Conv2D"), (["Conv2D", "Conv2D"], "Conv2D"), (["Conv2D", "Dense"], "Lambda")],
)
def test_the_class_of_the_layers_that_hold_it(classes: list[str], subject: str) -> None:
    layers = tuple(layer(f"at_{number}", each) for number, each in enumerate(classes))
    uses = [holding(path=each.path) for each in layers]
    (finding,) = found(held("keras", *uses, layers=(*layers, layer("other", "LSTM"))), "tf2.21", safe_mode=True)
    assert finding.subject == subject


@pytest.mark.parametrize(
    ("format_", "use", "runtime", "is_read"),
    [
        ("keras", holding(OF_3_8), "tf2.21", True),
        ("keras", holding(OF_3_8, key="mask"), "tf2.21", False),
        ("keras", holding(OF_3_8, key="mask"), "tf2.15", True),
        ("h5", holding(OF_3_8, key="mask"), "tf2.21", True),
        ("keras", holding(OF_3_8, key="build_config"), "tf2.21", False),
        ("h5", holding(OF_3_8, key="build_config"), "tf2.15", False),
        ("keras", holding(OF_3_8, path=("compile",)), "tf2.21", False),
        ("keras", LambdaUse(("double",), has_bytecode=False, codes=(OF_3_8,)), "tf2.21", False),
    ],
)
def test_what_a_keras_looks_at(format_: str, use: LambdaUse, runtime: str, is_read: bool) -> None:
    assert bool(found(held(format_, use), runtime)) is is_read


def test_each_piece_of_bytecode_is_judged() -> None:
    findings = found(
        held("h5", holding(OF_3_8, OF_3_13, Code(((3, 11),), runs_on=((3, 11),)))), "tf2.15", python=(3, 8)
    )
    assert [each.cause.split(",")[0] for each in findings] == [
        *("it holds bytecode of CPython 3.13", "it holds bytecode of CPython 3.11"),
    ]


def test_what_compile_was_given_is_judged_elsewhere() -> None:
    assert not found(held("h5", holding(OF_3_8, path=("compile",))), "tf2.15")


@pytest.mark.parametrize(("format_", "is_read"), [("h5", False), ("keras", True)])
def test_an_operation_of_an_h5_file_is_not_read(format_: str, is_read: bool) -> None:
    operation = LayerUse("GetItem", ("double",), config={"name": "double"})
    assert bool(found(held(format_, holding(OF_3_8), layers=(operation,)), "tf2.21")) is is_read


GIVEN = {"value": ["4wEAAAA", None, None]}


@pytest.mark.parametrize(
    ("config", "role"),
    [
        ({"activation": GIVEN}, "activation"),
        ({"activation": {"class_name": "function", "config": GIVEN}}, "activation"),
        ({"kernel_initializer": GIVEN}, "initializer"),
        ({"bias_regularizer": GIVEN}, "regularizer"),
        ({"kernel_constraint": GIVEN}, "constraint"),
        ({"function": GIVEN}, ""),
        ({"activation": "relu"}, ""),
        ({"activation": {"value": ["4wEAAAA", None]}}, ""),
        ({"activation": {"value": [1, None, None]}}, ""),
        ({"activation": {"value": "4wE"}}, ""),
        ({"activation": {"config": "relu"}}, ""),
        ({"activation": None}, ""),
    ],
)
def test_a_lambda_in_the_place_of_a_name(config: dict[str, Any], role: str) -> None:
    inventory = held("keras", holding(OF_3_8), layers=(layer(class_name="Dense", **config),))
    findings = list(in_arguments(before(inventory, "tf2.21")))
    assert [(each.kind, each.subject, each.stage, each.blame) for each in findings] == [
        (Kind.CONFIG_CHANGED, role, Stage.CONFIG, Blame.WRITER),
    ] * bool(role)
    # What is not read is not refused for its lambda.
    assert bool(found(inventory, "tf2.21")) is not bool(role)


def test_lambdas_of_one_role_are_said_together() -> None:
    layers = (
        layer("first", "Dense", activation=GIVEN),
        layer("second", "Dense", activation=GIVEN, kernel_initializer=GIVEN),
    )
    findings = list(in_arguments(before(held("keras", layers=layers), "tf2.21")))
    assert [(each.subject, len(each.where)) for each in findings] == [("activation", 2), ("initializer", 1)]


@pytest.mark.parametrize(
    ("format_", "runtime", "path", "refused"),
    [
        ("h5", "tf2.15", ("each", "inner"), False),
        ("h5", "tf2.16+keras3.0", ("each", "inner"), True),
        ("h5", "tf2.16+keras3.10", ("each", "inner"), True),
        ("h5", "tf2.16+keras3.11", ("each", "inner"), False),
        ("keras", "tf2.16+keras3.10", ("each", "inner"), False),
        ("h5", "tf2.16+keras3.10", ("double",), False),
        ("h5", "tf2.16+keras3.10", ("tower", "inner"), False),
    ],
)
def test_bytecode_in_a_wrapper_of_an_h5_file(format_: str, runtime: str, path: tuple[str, ...], refused: bool) -> None:
    tower = LayerUse("Sequential", ("tower",), config={"layers": []})
    inventory = held(format_, holding(OF_3_8, path=path), layers=(layer(), tower))
    findings = found(inventory, runtime)
    assert [each.kind for each in findings] == [Kind.LAMBDA_REFUSED if refused else Kind.PYTHON_BYTECODE]
    if refused:
        (finding,) = findings
        assert finding.cause.endswith("does not run inside another layer of an .h5 file, even with safe_mode=False")
        assert finding.where == ('"inner" inside "each"',)


@pytest.mark.parametrize(
    ("code", "python", "cause", "stage"),
    [
        (OF_3_8, (3, 9), "", None),
        (OF_3_8, (3, 10), "it holds bytecode of CPython 3.8, and CPython 3.10 crashes on it", Stage.CRASH),
        (OF_3_8, (3, 11), "and CPython 3.11 raises ValueError: bad marshal data", Stage.BUILD),
        (OF_3_13, (3, 14), "it holds bytecode of CPython 3.13, and CPython 3.14 crashes on it", Stage.CRASH),
        (Code(((3, 8), (3, 9)), loops=True, runs_on=((3, 8),)), (3, 10), "never ends running it", Stage.HANG),
        (Code(problem="it ends early"), (3, 11), "its Python bytecode cannot be read: it ends early", Stage.BUILD),
    ],
)
def test_what_a_python_makes_of_bytecode(code: Code, python: tuple[int, int], cause: str, stage: Stage | None) -> None:
    findings = found(held("h5", holding(code), keras="2.15.0"), "tf2.15", python=python)
    assert [each.stage for each in findings] == [stage] * bool(cause)
    for each in findings:
        assert cause in each.cause
        assert (each.kind, each.subject, each.where) == (Kind.PYTHON_BYTECODE, "Lambda", ('"double"',))
        assert (each.blame, each.source) == (Blame.WRITER, "measured")


@pytest.mark.parametrize(
    ("runs_on", "fix"),
    [
        (((3, 9), (3, 10)), "load it with Python 3.9 or 3.10"),
        (((3, 8), (3, 9)), "load it with Python 3.9"),
        (((3, 6),), "write the function as a layer of its own"),
    ],
)
def test_a_python_is_named_that_the_runtime_is_published_for(runs_on: Any, fix: str) -> None:
    (finding,) = found(held("h5", holding(Code(((3, 8),), runs_on=runs_on)), keras="2.15.0"), "tf2.15")
    assert finding.fix[0].startswith(fix)
    assert finding.fix[-1] == "and save the model again"
    assert len(finding.fix) == 2 + fix.startswith("load")


@pytest.mark.parametrize(
    ("runtime", "names", "absent"),
    [
        ("tf2.4", ("K", "copy", "np", "warnings"), ""),
        ("tf2.4", ("tf",), "tf"),
        ("tf2.5", ("tf", "K"), "tf"),
        ("tf2.6", ("K", "tf", "operator"), ""),
        ("tf2.7", ("np", "sys", "tf", "textwrap"), ""),
        ("tf2.7", ("K", "tf"), "K"),
        ("tf2.15", ("K", "copy", "np"), "K and copy"),
        ("tf2.16", ("np", "os", "marshal"), "np"),
        ("tf2.16", ("print", "len", "os", "python_types"), ""),
        ("tf2.16", ("mine", "yours", "tf"), "mine, yours and tf"),
    ],
)
def test_the_names_that_a_function_finds(runtime: str, names: tuple[str, ...], absent: str) -> None:
    code = Code(((3, 9),), runs_on=((3, 11),), globals=names)
    findings = found(held("h5", holding(code)), runtime, python=(3, 11))
    assert len(findings) == bool(absent)
    for each in findings:
        assert f"its function uses the name {absent}, which is not defined" in each.cause
        assert (each.kind, each.blame, each.source) == (Kind.PYTHON_BYTECODE, Blame.WRITER, "measured")
        assert each.where == ('"double"',)
    # Where the Python does not run it, that is what is said.
    assert not any("uses the name" in each.cause for each in found(held("h5", holding(code)), runtime, python=(3, 12)))


def test_keras_2_looks_among_custom_objects_too() -> None:
    code = Code(((3, 11),), runs_on=((3, 11),), globals=("mine", "yours"))
    inventory = held("h5", holding(code), keras="2.15.0")
    (finding,) = found(inventory, "tf2.15", python=(3, 11))
    given, to_the_command, *_ = finding.fix
    assert given.startswith('pass custom_objects={"mine": mine, "yours": yours} to load_model, or import the module')
    assert to_the_command == "if you do that already, add --custom mine --custom yours"
    assert finding.fix[2].startswith("or write the function as a layer of its own")
    assert not found(inventory, "tf2.15", "mine", "yours", python=(3, 11))
    (finding,) = found(inventory, "tf2.16", "mine", "yours", python=(3, 11))
    assert finding.fix[0].startswith("write the function as a layer of its own")


@pytest.mark.parametrize(
    ("runtime", "module", "is_found"),
    [
        ("tf2.15", "tensorflow.python.ops.gen_nn_ops", True),
        ("tf2.15", "shop.models", False),
        ("tf2.16", "tensorflow.python.ops.gen_nn_ops", False),
    ],
)
def test_keras_2_looks_into_the_module_of_a_function_of_tensorflow(runtime: str, module: str, is_found: bool) -> None:
    code = Code(((3, 11),), runs_on=((3, 11),), globals=("_execute",))
    inventory = held("h5", holding(code), layers=(layer(module=module),))
    assert bool(found(inventory, runtime, python=(3, 11))) is not is_found


def test_a_decorated_function_of_tensorflow_is_stored_without_the_function_in_it() -> None:
    code = Code(((3, 11),), runs_on=((3, 11),), globals=())
    decorated = layer(module="tensorflow.python.ops.math_ops", function=["4w", None, ["op_dispatch_handler"]])
    (finding,) = found(held("h5", holding(code), layers=(decorated,)), "tf2.15", python=(3, 11))
    assert "of the function in it only the name op_dispatch_handler" in finding.cause
    assert finding.fix[0].startswith("call it in a lambda of your own, as Lambda(lambda x: tf.math.abs(x)) does")
    # The text that a function of the user's own encloses may be one.
    own = layer(module="shop.models", function=["4w", None, ["relu"]])
    assert not found(held("h5", holding(code), layers=(own,)), "tf2.15", python=(3, 11))


@pytest.mark.parametrize(
    ("format_", "root", "runtime", "shape", "stage"),
    [
        ("keras", SEQUENTIAL, "tf2.16+keras3.4", None, Stage.BUILD),
        ("keras", SEQUENTIAL, "tf2.16+keras3.5", None, Stage.FIRST_CALL),
        ("h5", SEQUENTIAL, "tf2.16+keras3.5", None, Stage.BUILD),
        ("keras", FUNCTIONAL, "tf2.16+keras3.5", None, Stage.BUILD),
        ("keras", FUNCTIONAL, "tf2.16+keras3.5", [4], Stage.FIRST_CALL),
        ("h5", SEQUENTIAL, "tf2.15", [4], Stage.BUILD),
        ("h5", SEQUENTIAL, "tf2.16", [4], Stage.FIRST_CALL),
        ("h5", FUNCTIONAL, "tf2.16", None, Stage.BUILD),
    ],
)
def test_where_a_function_is_first_called(format_: str, root: Any, runtime: str, shape: Any, stage: Stage) -> None:
    code = Code(((3, 11),), runs_on=((3, 11),), globals=("mine",))
    inventory = held(format_, holding(code), root=root, layers=(layer("other"), layer(output_shape=shape)))
    (finding,) = found(inventory, runtime, python=(3, 11))
    assert finding.stage is stage


def test_the_layer_of_a_function_may_be_no_layer() -> None:
    code = Code(((3, 11),), runs_on=((3, 11),), globals=("mine",))
    (finding,) = found(held("h5", holding(code), layers=()), "tf2.16", python=(3, 11))
    assert finding.stage is Stage.BUILD


def test_a_functional_model_in_a_sequential_calls_its_own_functions() -> None:
    code = Code(((3, 11),), runs_on=((3, 11),), globals=("mine",))
    tower = LayerUse("Functional", ("tower",), config={"layers": [], "output_layers": []})
    for path, stage in ((("tower", "double"), Stage.BUILD), (("double",), Stage.FIRST_CALL)):
        (finding,) = found(held("keras", holding(code, path=path), layers=(tower,)), "tf2.18", python=(3, 11))
        assert finding.stage is stage


def given_to_compile(runtime: str, code: Code, *, safe_mode: bool = False, **profile: Any) -> list[Finding]:
    inventory = held("keras", holding(code, path=("compile",)), holding(code, path=("compile",)))
    return list(in_compile(before(inventory, runtime, safe_mode=safe_mode, **profile)))


def test_a_lambda_that_compile_was_given_is_refused() -> None:
    (finding,) = given_to_compile("tf2.21", OF_3_13, safe_mode=True)
    assert (finding.kind, finding.subject, finding.stage) == (Kind.LAMBDA_REFUSED, "compile()", Stage.CONFIG)
    assert finding.blame is Blame.WRITER
    assert finding.fix[0].startswith("load it with load_model(path, compile=False)")
    assert finding.fix[2:] == (
        "or, if you trust the file, load it with safe_mode=False",
        "if you do that already, add --unsafe",
        "or give compile() a function with a name, and save the model again",
    )
    assert not list(in_compile(before(held("keras", holding(OF_3_13)), "tf2.21")))


@pytest.mark.parametrize(
    ("code", "python", "is_unreadable"),
    [
        (OF_3_8, (3, 9), False),
        (OF_3_8, (3, 11), True),
        (OF_3_8, (3, 7), True),
        # What fails where it is called is not called by a load.
        (OF_3_13, (3, 14), False),
        (Code(((3, 6),), runs_on=((3, 6),)), (3, 7), False),
        (Code(((3, 6),), runs_on=((3, 6),)), (3, 11), True),
        (Code(((3, 11),), runs_on=((3, 11),)), (3, 7), True),
        (Code(problem="it ends early"), (3, 11), True),
    ],
)
def test_a_lambda_that_compile_was_given_and_a_python_cannot_read(
    code: Code, python: tuple[int, int], is_unreadable: bool
) -> None:
    findings = given_to_compile("tf2.16", code, python=python)
    assert [(each.kind, each.subject) for each in findings] == [(Kind.PYTHON_BYTECODE, "compile()")] * is_unreadable
    assert all(each.cause.startswith(("it holds bytecode", "its Python bytecode")) for each in findings)


def lambda_of(name: str | None, *, has_bytecode: bool = False) -> LambdaUse:
    return LambdaUse(("triple",), has_bytecode=has_bytecode, function_name=name)


@pytest.mark.parametrize(
    ("use", "is_unknown"),
    [
        (lambda_of("tripled"), True),
        (lambda_of("tripled", has_bytecode=True), False),
        (lambda_of(None), False),
        (lambda_of(""), False),
        (lambda_of("mine"), False),
    ],
)
def test_a_function_that_a_lambda_names(use: LambdaUse, is_unknown: bool) -> None:
    findings = list(named_functions(before(held("h5", use), "tf2.15", "mine")))
    assert [(each.subject, each.where, each.stage) for each in findings] == [
        ("tripled", ('"triple"',), Stage.CONFIG),
    ] * is_unknown


def test_bytecode_in_a_saved_models_metadata() -> None:
    inventory = saved_model(lambdas=(lambda_of("tripled"), holding(OF_3_8)))
    (finding,) = in_saved_model(before(inventory, "tf2.15"))
    assert (finding.kind, finding.severity, finding.where) == (Kind.PYTHON_BYTECODE, Severity.NOTE, ('"double"',))
    assert not list(in_saved_model(before(saved_model(lambdas=(lambda_of("tripled"),)), "tf2.15")))
