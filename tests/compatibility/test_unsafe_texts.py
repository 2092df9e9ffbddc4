"""What is said of unsafe content: each rule's finding as a whole, its subject, places, cause, fix and details."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.artifacts.inventory import (
    Asset,
    Code,
    FileName,
    Hazard,
    Inventory,
    LambdaUse,
    LayerUse,
    NameSource,
    ObjectUse,
    OpLocation,
    OpUse,
    Reference,
)
from pytest_modelcompat.compatibility.unsafe import unsafe_content
from pytest_modelcompat.compatibility.unsafe.container import _HAZARDS
from pytest_modelcompat.compatibility.unsafe.rules import TRUSTED_FIX, name_of
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Finding, Kind, Severity

OR_TRUSTED = f"or {TRUSTED_FIX}"
PLACE = OpLocation("node", "__inference_serve_1")
NODE = 'node "node" of function __inference_serve_1'
DO_OUTSIDE = ("do this outside the model, and export the model again", "or run it only if you trust its source")


def unsafe(*custom: str, format_: str = "keras", runtime: str = "", **held: Any) -> tuple[Finding, ...]:
    profile = load_profile(runtime) if runtime else None
    return unsafe_content(Inventory(Path("m"), format_, **held), custom=custom, profile=profile)


def said(finding: Finding) -> tuple[Any, ...]:
    """All that is said, but for what all of them share."""
    assert (finding.kind, finding.severity) == (Kind.UNSAFE_CONTENT, Severity.WARNING)
    return finding.code, finding.subject, finding.where, finding.cause, finding.fix, dict(finding.details)


def holding(*names: str, path: tuple[str, ...] = ("double",)) -> LambdaUse:
    return LambdaUse(path, has_bytecode=True, codes=(Code(((3, 11),), names=names),))


def op(name: str, *, own: int = 0, files: tuple[FileName, ...] = (), **values: tuple[str, ...]) -> OpUse:
    return OpUse(name, 1, (PLACE,), tuple(values), values=values, files=files, own=own)


REPLACE = "replace it by a layer or a registered function of your own, and save the model again"
LOOKS_UP = "a Keras that trusts the file looks up"
RUNS = "loading with safe_mode=False, or with a Keras that has no safe mode, runs it"


@pytest.mark.parametrize(
    ("uses", "subject", "where", "refers"),
    [
        ([holding()], "Python bytecode in a Lambda layer", ('"double"',), ""),
        ([holding("os", "a")], "Python bytecode in a Lambda layer", ('"double"',), "; it refers to a, os"),
        ([holding("b", path=("compile",))], "Python bytecode in compile()", ("compile()",), "; it refers to b"),
        (
            [holding("b", path=("compile",)), holding("a")],
            "Python bytecode in a Lambda layer",
            ("compile()", '"double"'),
            "; it refers to a, b",
        ),
        (
            [holding(*"abcdefghij")],
            "Python bytecode in a Lambda layer",
            ('"double"',),
            "; it refers to a, b, c, d, e, f, g, h and 2 more",
        ),
    ],
)
def test_bytecode(uses: list[LambdaUse], subject: str, where: tuple[str, ...], refers: str) -> None:
    (finding,) = unsafe(lambdas=tuple(uses))
    assert said(finding) == ("U101", subject, where, f"{RUNS}{refers}", (REPLACE, OR_TRUSTED), {"name": "bytecode"})


@pytest.mark.parametrize(
    ("config", "subject"),
    [
        ({"filepath": "/models/x"}, "TFSMLayer: /models/x"),
        ({"filepath": "x" * 200}, f"TFSMLayer: {'x' * 200}"),
        ({"filepath": "x" * 201}, "TFSMLayer"),
        ({"filepath": ["x"]}, "TFSMLayer"),
        ({}, "TFSMLayer"),
    ],
)
def test_a_layer_that_loads_something_more(config: dict[str, Any], subject: str) -> None:
    layers = (LayerUse("Dense", ("dense",)), LayerUse("TFSMLayer", ("inner",), config=config))
    (finding,) = unsafe(layers=layers)
    does = "rebuilding it loads the SavedModel that its configuration names, with everything in it"
    assert said(finding) == ("U103", subject, ('"inner"',), does, (TRUSTED_FIX,), {})
    assert not unsafe("TFSMLayer", layers=layers)


@pytest.mark.parametrize(
    ("name", "key"), [("TorchModuleWrapper", "module"), ("JaxLayer", "call_fn"), ("FlaxLayer", "module")]
)
def test_layers_of_other_frameworks(name: str, key: str) -> None:
    (finding,) = unsafe(layers=(LayerUse(name, ("inner",), config={key: "gA"}),))
    assert (finding.code, finding.subject) == ("U103", f"{name}: gA")


@pytest.mark.parametrize(
    ("class_name", "path", "over"),
    [
        ("StringLookup", "/data/a.txt", "of the host"),
        ("shop>StringLookup", "/data/a.txt", "of the host"),
        ("IndexLookup", "gs://bucket/a.txt", "over the network"),
        ("TextVectorization", "HTTP://x/a.txt", "over the network"),
        ("StringLookup", "a://", "over the network"),
        ("StringLookup", "C:/a.txt", "of the host"),
        ("StringLookup", "1://a.txt", "of the host"),
    ],
)
def test_a_vocabulary_that_is_a_file(class_name: str, path: str, over: str) -> None:
    layers = (
        LayerUse("Dense", ("dense",), config={"vocabulary": path}),
        LayerUse(class_name, ("terms",), config={"vocabulary": path}),
    )
    (finding,) = unsafe(layers=layers)
    assert said(finding) == (
        "U105",
        f"{class_name}(vocabulary={path!r})",
        ('"terms"',),
        f"rebuilding it reads this file {over}; its lines become part of the model",
        ("build the layer from a list of terms, and save the model again",),
        {},
    )


def test_a_name_that_leads_out() -> None:
    layers = (LayerUse("ReLU", ("fine",)), LayerUse("ReLU", ("tower", "../x"), position=1, siblings=2))
    (finding,) = unsafe(layers=layers)
    assert said(finding) == (
        "U108",
        "the name ../x",
        ('"../x" inside "tower"',),
        "Keras makes folders of the names of layers: saving the model writes outside of its folder",
        ("name the layer otherwise, and save the model again",),
        {},
    )


def called(name: str, module: str, registered: str | None = None, path: str = "price") -> Reference:
    return Reference(name, (path,), module, registered, is_function=True)


def test_a_function_that_no_model_needs() -> None:
    cause = "no part of a model; loading or calling the model runs it"
    (finding,) = unsafe(references=(called("get_file", "keras.utils"), called("get_file", "keras.utils", path="last")))
    assert said(finding) == (
        "U102",
        "the function get_file",
        ('"price"', '"last"'),
        f"keras.utils.get_file is {cause}",
        (TRUSTED_FIX,),
        {},
    )
    (finding,) = unsafe(lambdas=(LambdaUse(("price",), has_bytecode=False, function_name="get_file"),))
    assert finding.cause == f"it is {cause}"


@pytest.mark.parametrize(
    ("registered", "other"),
    [(None, ""), ("system", ""), ("function", ""), ("popen", ", or os.popen")],
)
def test_a_function_of_python(registered: str | None, other: str) -> None:
    (finding,) = unsafe(references=(called("system", "os", registered),))
    assert said(finding) == (
        "U106",
        "os.system",
        ('"price"',),
        f"{LOOKS_UP} os.system{other} in Python's own library, and calls it with what the file says",
        (TRUSTED_FIX,),
        {},
    )


def test_a_function_of_another_module() -> None:
    (finding,) = unsafe(references=(called("discount", "shop.pricing"),))
    assert said(finding) == (
        "U107",
        "shop.pricing.discount",
        ('"price"',),
        "a Keras that trusts the file imports the module shop.pricing, and calls what it names there",
        (
            "register the function and pass it in custom_objects, so that Keras imports no module that the file names",
            OR_TRUSTED,
        ),
        {},
    )


def test_a_class_of_another_module() -> None:
    (finding,) = unsafe(layers=(LayerUse("Scale", ("scale",), module="shop.layers"),))
    assert said(finding) == (
        "U104",
        "shop.layers.Scale",
        ('"scale"',),
        "a Keras that trusts the file imports the module shop.layers, which runs its code",
        (
            "register the class and pass it in custom_objects, so that Keras imports no module that the file names",
            OR_TRUSTED,
        ),
        {},
    )


@pytest.mark.parametrize("what", _HAZARDS)
def test_a_hazard_of_the_container(what: str) -> None:
    rule, danger, fix = _HAZARDS[what]
    (finding,) = unsafe(hazards=(Hazard(what, "x", "it is odd"),))
    assert said(finding) == (rule.code, f"{what} x", (), f"it is odd: {danger}", (fix,), {"name": what})
    (finding,) = unsafe(hazards=(Hazard(what, "x", ""),))
    assert finding.cause == danger
    assert name_of(finding) == what


def test_an_asset_outside() -> None:
    (finding,) = unsafe(assets=(Asset("assets/fine.txt"), Asset("/etc/passwd")))
    assert said(finding) == (
        "U305",
        "asset /etc/passwd",
        (),
        "it lies outside the model's folder: loading the model reads a file of the host",
        ("export the model again",),
        {"name": "asset"},
    )


@pytest.mark.parametrize(
    ("use", "code", "does"),
    [
        (op("ReadFile"), "U201", "it reads files of the host when the graph runs"),
        (op("WriteFile"), "U202", "it writes files on the host when the graph runs"),
        (op("MatchingFiles"), "U203", "it lists files of the host when the graph runs"),
        (op("RpcCall"), "U204", "it opens network connections when the graph runs"),
        (op("PyFunc"), "U205", "it calls a Python function of the process that runs the graph"),
        (
            op("NobodysOp"),
            "U207",
            "no TensorFlow and no known package has it: its code is in a library that has to be loaded",
        ),
        (op("ExperimentalMatchingFilesDataset"), "U203", "it lists files of the host when the graph runs"),
    ],
)
def test_an_op_that_reaches_out(use: OpUse, code: str, does: str) -> None:
    (finding,) = unsafe(format_="saved_model", ops=(op("Relu"), use))
    assert said(finding) == (code, f"op {use.op}", (NODE,), does, DO_OUTSIDE, {})


NATIVE = "it calls a native function of the process that runs the graph, by its name"


@pytest.mark.parametrize(
    ("use", "code", "does", "target"),
    [
        (op("XlaCustomCall", target_name=('"evil"',)), "U206", NATIVE, '"evil"'),
        (
            op("PrintV2", output_stream=('"file:///x"', '"stderr"')),
            "U202",
            "it writes files on the host",
            '"file:///x"',
        ),
        (op("DebugIdentityV2", debug_urls=('["grpc://a"]',)), "U204", "it opens network connections", '["grpc://a"]'),
        (op("DebugIdentityV2", debug_urls=('["file:///a"]',)), "U202", "it writes files on the host", '["file:///a"]'),
        (
            op("DebugIdentityV2", debug_urls=('["file:///a"]', '["grpc://b"]')),
            "U204",
            "it opens network connections",
            '["file:///a"], ["grpc://b"]',
        ),
        (op("DecodeProto", descriptor_source=('"local://"', '"/x.pb"')), "U201", "it reads files", '"/x.pb"'),
    ],
)
def test_an_op_that_an_attribute_sends_out(use: OpUse, code: str, does: str, target: str) -> None:
    (finding,) = unsafe(format_="saved_model", ops=(use,))
    assert (finding.code, dict(finding.details), finding.where) == (code, {"target": target}, (NODE,))
    assert finding.cause.startswith(does)


def given(source: NameSource, value: str = "", node: str = "save") -> FileName:
    return FileName(OpLocation(node, "f"), source, value)


OWN = ", and not the model's own: "


@pytest.mark.parametrize(
    ("name", "files", "code", "elsewhere", "target"),
    [
        (
            "SaveV2",
            [given(NameSource.CONSTANT, "/b"), given(NameSource.CONSTANT, "/a", "other")],
            "U202",
            "the name of its file stands in the graph",
            "/a, /b",
        ),
        ("RestoreV2", [given(NameSource.CONSTANT, "/a")], "U201", "the name of its file stands in the graph", "/a"),
        ("RestoreV2", [given(NameSource.UNKNOWN)], "U201", "where the name of its file comes from is not known", ""),
        (
            "MergeV2Checkpoints",
            [given(NameSource.UNKNOWN)],
            "U202",
            "where the name of its file comes from is not known",
            "",
        ),
        (
            "InitializeTableFromTextFileV2",
            [given(NameSource.CONSTANT, "/a")],
            "U201",
            "the name of its file stands in the graph",
            "/a",
        ),
    ],
)
def test_a_saver_of_another_file(name: str, files: list[FileName], code: str, elsewhere: str, target: str) -> None:
    (finding,) = unsafe(format_="saved_model", ops=(op(name, files=tuple(files)), op("SaveV2")))
    assert finding.code == code
    assert finding.cause.endswith(f" when the graph runs{OWN}{elsewhere}")
    assert dict(finding.details) == ({"target": target} if target else {})
    assert finding.where == ('node "save" of function f', 'node "other" of function f')[: len(files)]


def test_what_reads_its_own_assets_alone() -> None:
    assert not unsafe(format_="saved_model", ops=(op("ReadFile", own=1),))
    assert not unsafe(format_="saved_model", ops=(op("PrintV2"), op("FixedUnigramCandidateSampler")))


def test_another_part_says_where_it_is() -> None:
    other = Inventory(
        Path("m"),
        "saved_model",
        ops=(op("ReadFile"),),
        hazards=(Hazard("pickle", "x", ""),),
        part="the second graph",
    )
    found = unsafe(format_="saved_model", others=(other,))
    assert [each.where for each in found] == [("in the second graph",), (f"{NODE} in the second graph",)]


def test_another_part_is_judged_on_the_same_terms() -> None:
    layer = LayerUse("Scale", ("scale",), module="shop.layers")
    reference = called("discount", "shop.pricing")
    other = Inventory(Path("m"), "keras", layers=(layer,), references=(reference,))
    assert {each.code for each in unsafe(others=(other,))} == {"U104", "U107"}
    assert {each.code for each in unsafe("Scale", others=(other,))} == {"U107"}
    assert {each.code for each in unsafe("Scale", others=(other,), runtime="tf2.18")} == {"U107", "U109"}
    # What the first part has too is said once.
    assert len(unsafe(layers=(layer,), references=(reference,), others=(other,))) == 2


def test_the_parts_of_a_part_count_too() -> None:
    inner = Inventory(Path("m"), "keras", hazards=(Hazard("pickle", "x", ""),), part="the inner one")
    outer = Inventory(Path("m"), "keras", others=(inner,))
    (finding,) = unsafe(others=(outer,))
    assert finding.where == ("in the inner one",)


@pytest.mark.parametrize(
    ("use", "code"),
    [
        # A function that has no role stands where a layer does, and is called like one.
        (ObjectUse("object", "discount", ("price",), "shop.pricing"), "U107"),
        (ObjectUse("activation", "discount", ("price",), "shop.pricing"), "U104"),
        (ObjectUse("object", "Scale", ("price",), "shop.layers", is_class=True), "U104"),
        (ObjectUse("object", "discount", ("price",), "shop.pricing", is_class=True), "U107"),
        (ObjectUse("object", "get_file", ("price",)), "U102"),
        (ObjectUse("activation", "get_file", ("price",)), ""),
        (ObjectUse("activation", "get_file", ("price",), "keras.utils"), "U102"),
        (LayerUse("system", ("price",), "os"), "U106"),
        (LayerUse("eval", ("price",), "builtins"), "U106"),
        (LayerUse("Scale", ("price",), "builtins"), ""),
        (LayerUse("dict", ("price",), "builtins"), ""),
        (LayerUse("TensorSpec", ("price",), "tensorflow.python.framework"), ""),
        (LayerUse("TensorSpec", ("price",), "shop.framework"), "U104"),
        (ObjectUse("object", "TensorSpec", ("price",), "tensorflow.python.framework"), "U107"),
        (LayerUse("WriteFile", ("price",), "tensorflow.raw_ops"), "U107"),
    ],
)
def test_which_rule_a_name_breaks(use: LayerUse | ObjectUse, code: str) -> None:
    held: dict[str, Any] = {"layers": (use,)} if isinstance(use, LayerUse) else {"objects": (use,)}
    assert [each.code for each in unsafe(**held)] == [code] * bool(code)


@pytest.mark.parametrize(
    ("name", "module", "registered", "is_unsafe"),
    [
        ("rotary", "keras_hub.src", "keras_hub>rotary", False),
        ("rotary", "keras_hub.src", "keras_cv>rotary", True),
        ("rotary", "keras_hub.src", "keras_hub>other", True),
        ("rotary", "keras_hub.src", None, True),
    ],
)
def test_functions_of_the_packages_that_keras_trusts(
    name: str, module: str, registered: str | None, is_unsafe: bool
) -> None:
    assert bool(unsafe(references=(called(name, module, registered),))) is is_unsafe


def test_a_lambda_that_a_reference_names_as_well_is_said_once() -> None:
    reference = Reference("discount", ("price",), "shop.pricing", None, is_function=True)
    for path, name, count in ((("price",), "discount", 1), (("other",), "get_file", 2), (("price",), "get_file", 2)):
        uses = (LambdaUse(path, has_bytecode=False, function_name=name),)
        assert len(unsafe(references=(reference,), lambdas=uses)) == count
    nameless = (
        LambdaUse(("price",), has_bytecode=False),
        LambdaUse(("last",), has_bytecode=False, function_name="get_file"),
    )
    assert len(unsafe(lambdas=nameless)) == 1


@pytest.mark.parametrize("custom", ["discount", "shop>discount"])
def test_a_class_is_declared_by_either_of_its_names_a_function_by_one(custom: str) -> None:
    function = Reference("discount", ("price",), "shop.pricing", "shop>discount", is_function=True)
    layer = LayerUse("discount", ("price",), "shop.pricing", "shop>discount")
    assert not unsafe(custom, layers=(layer,))
    assert bool(unsafe(custom, references=(function,))) is (custom == "shop>discount")
